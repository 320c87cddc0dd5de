"""What is known of a model file before it is loaded: counts, operators, the child's verdict, and its memory."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from phaseaware.engine import MaskModel, ModelError, shipped_models
from phaseaware.engine.model_check import OPERATORS, RefusedError, checked_graph, operators, verdict, vetted, wire
from phaseaware.engine.model_check.graph import MOST_ELEMENTS

from tests import fakes
from tests.robustness.hostile import graph_model


def field(number: int, content: bytes) -> bytes:
    """A field of bytes, as protobuf writes it."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


# Counting


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (field(7, b"\x0a\x00" * 10_000_000), "more than 150000 fields"),
        (b"\x72\x00" * 10_000_000, "more than 150000 fields"),
        (b"\xfa\x3e\x00" * 10_000_000, "more than 150000 fields"),
        (field(7, field(1, field(5, b"\x40\x01" * 10_000_000))), "more than 150000 fields"),
        (field(7, field(2, b"x" * 20_000_000)), "a text of 20000000 bytes"),
        (field(7, field(5, field(7, bytes(20_000_000)))), "packed whole numbers"),
        (b"\x80" * 20_000_000, "ends within a field"),
        (b"\x0a\x05abc", "ends within a field"),
        (b"\x0b", "a type that ONNX does not use"),
    ],
    ids=["nodes", "metadata", "unknown", "attributes", "text", "packed", "endless number", "cut", "group"],
)
def test_counted_before_it_is_parsed(content: bytes, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdict, "_try_in_child", lambda content: pytest.fail("a child is started"))
    monkeypatch.setattr(wire, "_model_class", lambda: pytest.fail("it is parsed"))
    for check in (vetted, checked_graph):
        with pytest.raises(RefusedError, match=message):
            check(content)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_rewritten(content: bytes) -> None:
    try:
        again = checked_graph(content)
    except RefusedError as error:
        said = str(error)
        assert said.isprintable()
    else:
        assert checked_graph(again) == again


def test_the_walk_sees_every_field_of_a_model() -> None:
    """Against onnx's own parser: the bound lies exactly at the number of fields of the shipped model's messages."""
    content = next(iter(shipped_models().values())).read_bytes()
    model = onnx.load_from_string(content)
    nodes = len(model.graph.node)
    seen = 0
    for bound in (nodes, 100_000):
        wire_bound, wire.MOST_FIELDS = wire.MOST_FIELDS, bound
        try:
            wire.bound_fields(content)
            seen += 1
        except RefusedError:
            pass
        finally:
            wire.MOST_FIELDS = wire_bound
    assert seen == 1


# Operators


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_inputs_are_those_of_the_standard(name: str) -> None:
    """The table against onnx's description, over the versions that are allowed."""
    known = {s.since_version: s for s in onnx.defs.get_all_schemas_with_history() if (s.name, s.domain) == (name, "")}
    current = {max((v for v in known if v <= opset), default=0) for opset in operators.OPSETS} - {0}
    schemas = [known[version] for version in current]
    least, most = operators._INPUTS[name]
    variadic = any(s.max_input > 100 for s in schemas)
    assert (most == operators.MANY) == variadic
    if not variadic and name != "Attention":  # whose caches are left out
        assert least == min(s.min_input for s in schemas)
        assert most == max(s.max_input for s in schemas)
    attributes = {(a.name, str(a.type).rpartition(".")[2]) for s in schemas for a in s.attributes.values()}
    tables: dict[str, Any] = {
        "INT": operators._WHOLE,
        "FLOAT": operators._REAL,
        "STRING": operators._TEXTS,
        "TENSOR": {"value"},
    }
    left_out = {
        "value_string",
        "value_strings",
        "sparse_value",
        "seed",
        "momentum",
        "left_window_size",
        "right_window_size",
    }
    for attribute, kind in attributes:
        assert attribute in left_out or attribute in tables[kind.removesuffix("S")], attribute


def _refused(*nodes: onnx.NodeProto, constants: list[TensorProto] | None = None, opset: int = 17) -> str:
    model = graph_model(nodes, constants or [])
    model.opset_import[0].version = opset
    with pytest.raises(RefusedError) as caught:
        checked_graph(model.SerializeToString())
    return str(caught.value)


@pytest.mark.parametrize("kind", sorted(OPERATORS - {"Constant"}))
def test_a_missing_input_is_refused_for_every_operator(kind: str) -> None:
    node = helper.make_node(kind, [""], ["mask_real"])
    assert f"operator {kind}: an input is missing" in _refused(node)
    assert f"operator {kind}: an input is missing" in _refused(helper.make_node(kind, [], ["mask_real"]))


@pytest.mark.parametrize("kind", ["Concat", "Max", "Mean", "Min", "Sum"])
def test_every_input_of_a_list_is_needed(kind: str) -> None:
    assert "an input is missing" in _refused(helper.make_node(kind, ["spectrum", "", "spectrum"], ["mask_real"]))


def ints(name: str, *values: int) -> TensorProto:
    return helper.make_tensor(name, TensorProto.INT64, [len(values)], values)


def test_what_an_operator_may_not_do() -> None:
    one = helper.make_node
    assert "batch_dims=-1" in _refused(
        one("GatherND", ["spectrum", "i"], ["m"], batch_dims=-1), constants=[ints("i", 0)]
    )
    assert "to=8" not in _refused(one("Cast", ["spectrum"], ["m"], to=8))
    assert "type 8 are not supported" in _refused(one("Cast", ["spectrum"], ["m"], to=8))
    assert "'value_string' is not one" in _refused(one("Constant", [], ["m"], value_string="x"))
    assert "its axis is not one constant" in _refused(one("DFT", ["spectrum"], ["m"]), opset=20)
    assert "an output has no name" in _refused(one("Split", ["spectrum"], ["", "m"], axis=3))
    assert "training" in _refused(one("Dropout", ["spectrum", "", "t"], ["m"]), constants=[ints("t", 1)])
    assert "opset 12 is not from" in _refused(one("Identity", ["spectrum"], ["m"]), opset=12)
    for kind in ("GRU", "LSTM", "RNN"):
        node = one(kind, ["spectrum", "w", "w", "", "n"], ["m"], hidden_size=4)
        assert "sequence_lens is given" in _refused(node, constants=[ints("w", 1), ints("n", 1)])


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("ConstantOfShape", ["big"]), ("Expand", ["spectrum", "big"]), ("Tile", ["spectrum", "big"]),
        ("Range", ["zero", "big", "zero"]), ("Resize", ["spectrum", "", "", "big"]),
        ("OneHot", ["spectrum", "big", "zero"]), ("Pad", ["spectrum", "big"]),
    ],
)  # fmt: skip
def test_constant_shapes_are_bounded(kind: str, inputs: list[str]) -> None:
    for big in (MOST_ELEMENTS + 1, 2**62):
        constants = [ints("big", big), ints("zero", 0)]
        assert "constant shapes ask for more" in _refused(helper.make_node(kind, inputs, ["m"]), constants=constants)


@pytest.mark.parametrize("kind", ["Div", "Mod"])
@pytest.mark.parametrize("way", ["Cast", "ArgMax", "Where", "Pow"])
def test_whole_numbers_that_are_heard_divide_nothing(kind: str, way: str) -> None:
    """The smallest by -1 ends the process; a model could wait for a certain sound."""
    nodes = {
        "Cast": [helper.make_node("Cast", ["spectrum"], ["whole"], to=TensorProto.INT64)],
        "ArgMax": [helper.make_node("ArgMax", ["spectrum"], ["whole"])],
        "Where": [
            helper.make_node("Greater", ["spectrum", "spectrum"], ["loud"]),
            helper.make_node("Where", ["loud", "i", "i"], ["whole"]),
        ],
        "Pow": [helper.make_node("Pow", ["i", "spectrum"], ["whole"])],
    }[way]
    divided = helper.make_node(kind, ["whole", "i"], ["q"])
    said = _refused(*nodes, helper.make_node("Neg", ["whole"], ["other"]), divided, constants=[ints("i", -1)])
    assert "divides whole numbers that depend on the sound" in said


def test_real_numbers_that_are_heard_divide() -> None:
    nodes = [
        helper.make_node("Cast", ["spectrum"], ["whole"], to=TensorProto.INT64),
        helper.make_node("Cast", ["whole"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["real", "spectrum"], ["mask_real"]),
    ]
    checked_graph(graph_model(nodes).SerializeToString())


# The verdict


@pytest.fixture
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setattr(verdict.platformdirs, "user_cache_dir", lambda *a, **k: str(folder))
    return folder


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Contents that were given to a child."""
    contents: list[bytes] = []
    before = verdict._try_in_child
    monkeypatch.setattr(verdict, "_try_in_child", lambda content: (contents.append(content), before(content))[1])
    return contents


def test_shipped_models_are_known_by_their_hash(tried: list[bytes]) -> None:
    """After a new export: cd engine/models && sha256sum *.onnx > SHA256SUMS"""
    for path in shipped_models().values():
        content = path.read_bytes()
        assert hashlib.sha256(content).hexdigest() in verdict._shipped()
        assert vetted(content) is content
        checked_graph(content)
    assert tried == []


def test_shipped_models_pass_the_trial() -> None:
    for path in shipped_models().values():
        verdict._try_in_child(path.read_bytes())


def test_accepted_once_and_remembered(cache_folder: Path, tried: list[bytes], history_model: MaskModel) -> None:
    content = history_model.path.read_bytes()
    for _ in range(2):
        assert vetted(content) == checked_graph(content)
    assert tried == [content]
    (entry,) = cache_folder.rglob("*.json")
    assert json.loads(entry.read_bytes())["sha256"] == hashlib.sha256(content).hexdigest()
    assert [path for path in cache_folder.rglob("*") if path.is_file()] == [entry]


@pytest.mark.parametrize("content", [b"", b"{", b'{"verdict": "accepted"}', b"[" * 100_000, b"\xff" * 1000])
def test_torn_and_foreign_entries_are_ignored(
    content: bytes, cache_folder: Path, tried: list[bytes], history_model: MaskModel
) -> None:
    model = history_model.path.read_bytes()
    vetted(model)
    (entry,) = cache_folder.rglob("*.json")
    entry.write_bytes(content)
    vetted(model)
    assert len(tried) == 2
    vetted(model)  # written anew
    assert len(tried) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="pipes, links and modes of POSIX")
@pytest.mark.parametrize("kind", ["pipe", "link", "folder", "anybody's"])
def test_entries_that_are_not_ours_are_ignored(
    kind: str, cache_folder: Path, tried: list[bytes], history_model: MaskModel
) -> None:
    model = history_model.path.read_bytes()
    vetted(model)
    (entry,) = cache_folder.rglob("*.json")
    if kind == "anybody's":
        entry.chmod(0o666)
    else:
        kept = entry.rename(entry.with_suffix(".kept"))
        {"pipe": os.mkfifo, "link": lambda path: path.symlink_to(kept), "folder": os.mkdir}[kind](entry)
    vetted(model)
    assert len(tried) == 2


def test_a_cache_that_cannot_be_written_is_done_without(
    cache_folder: Path, tried: list[bytes], history_model: MaskModel
) -> None:
    cache_folder.write_text("in the way")
    for _ in range(2):
        vetted(history_model.path.read_bytes())
    assert len(tried) == 2


def test_an_older_checker_s_word_does_not_hold(
    cache_folder: Path, tried: list[bytes], history_model: MaskModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    vetted(history_model.path.read_bytes())
    monkeypatch.setattr(verdict, "CHECKER", verdict.CHECKER + 1)
    vetted(history_model.path.read_bytes())
    assert len(tried) == 2


def test_refusals_are_not_remembered(cache_folder: Path, tried: list[bytes]) -> None:
    for _ in range(2):
        with pytest.raises(RefusedError):
            vetted(b"")
    assert len(tried) == 2
    assert list(cache_folder.rglob("*")) == []


def test_what_was_tried_is_what_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is exchanged while the child looks at it."""
    path = fakes.constant_model(tmp_path / "m.onnx", masks={"mask_real": 0.25})
    other = fakes.constant_model(tmp_path / "n.onnx", masks={"mask_phase_aware": 0.75}).read_bytes()
    before = verdict._try_in_child

    def exchange(content: bytes) -> None:
        before(content)
        path.write_bytes(other)

    monkeypatch.setattr(verdict, "_try_in_child", exchange)
    assert MaskModel(path).info.masks == ("real",)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import os; os.abort()", "ends the process that tries it out"),
        ("raise SystemExit(3)", "ends the process that tries it out"),
        ("pass", "ends the process that tries it out"),
        ("print('[]')", "ends the process that tries it out"),
        ("import threading; threading.Event().wait()", "trying it out takes more than 0.5 s"),
        ("""import json; print(json.dumps({"verdict": "refused", "why": "\\x1b[2J" * 500}))""", "^�.2J"),
    ],
    ids=["crash", "status", "silence", "nonsense", "hang", "control characters"],
)
def test_however_a_child_ends(code: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdict, "_START", code)
    if "takes more" in said:
        monkeypatch.setattr(verdict, "MOST_SECONDS", 0.5)
    with pytest.raises(RefusedError, match=said) as caught:
        verdict._try_in_child(bytes(1000))
    assert str(caught.value).isprintable()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of Linux")
@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ("bytearray(1 << 31)", "MB of memory"),
        ("while True: pass", "too much processor time"),
        ("import os; os.write(os.open('{}', os.O_CREAT | os.O_WRONLY), b'x')", "SIGXFSZ"),
        ("import os, itertools; [os.dup(0) for _ in itertools.count()]", "Too many open files"),
    ],
    ids=["memory", "time", "writing", "opening"],
)
def test_the_limits_hold(harm: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python ignores SIGXFSZ by itself, which native code would not get."""
    harm = harm.format(tmp_path / "made")
    code = (
        "import signal, sys; from phaseaware.engine.model_check import trial, RefusedError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n"
        "trial.MOST_SECONDS = 1\n"
        "def harm(content):\n"
        f"    try:\n        exec({harm!r}, {{}})\n"
        "    except OSError as error: raise RefusedError(str(error)) from None\n"
        "trial.try_out = harm; trial.main()"
    )
    monkeypatch.setattr(verdict, "_START", code)
    with pytest.raises(RefusedError, match=said):
        verdict._try_in_child(b"")
    assert not (tmp_path / "made").exists() or (tmp_path / "made").stat().st_size == 0


def test_a_child_finds_the_package_wherever_this_process_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An isolated child ignores PYTHONPATH and the user's packages; the working directory is no place for it."""
    monkeypatch.setattr(sys, "path", ["", "relative", str(tmp_path)])
    code = """import sys, json; print(json.dumps({"verdict": "refused", "why": " ".join(sys.argv[1:])}))"""
    monkeypatch.setattr(verdict, "_START", code)
    with pytest.raises(RefusedError) as caught:
        verdict._try_in_child(b"")
    assert str(caught.value) == str(tmp_path)


def test_a_large_parent_is_not_held_against_the_model(history_model: MaskModel) -> None:
    """What a process has taken before it starts another program counts as the latter's peak in Linux."""
    filled = np.ones((1100 << 20) // 8)
    verdict._try_in_child(history_model.path.read_bytes())
    del filled


def test_no_program_to_try_it_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(RefusedError, match="phaseaware models"):
        verdict._try_in_child(b"")


def test_a_model_slower_than_sound_is_refused(tmp_path: Path) -> None:
    """A thousand products of matrices a frame, whose factor is made of the sound so that nothing is known before."""
    size, count = 1000, 1200
    nodes = [
        helper.make_node("ReduceMean", ["spectrum"], ["x"], axes=[2, 3], keepdims=0),
        helper.make_node("ReduceMean", ["spectrum"], ["mean"], keepdims=0),
        helper.make_node("Reshape", ["x", "column"], ["t"]),
        helper.make_node("ConstantOfShape", ["dims"], ["noughts"]),
        helper.make_node("Add", ["noughts", "mean"], ["w"]),
        helper.make_node("Expand", ["t", "row"], ["h0"]),
        *(helper.make_node("MatMul", [f"h{i}", "w"], [f"h{i + 1}"]) for i in range(count)),
        helper.make_node("ReduceSum", [f"h{count}"], ["total"], keepdims=0),
        helper.make_node("Add", ["spectrum", "total"], ["mask_real"]),
    ]
    constants = [ints("column", -1, 1), ints("row", 1, size), ints("dims", size, size)]
    path = tmp_path / "slow.onnx"
    path.write_bytes(graph_model(nodes, constants).SerializeToString())
    with pytest.raises(ModelError, match=r"for a second of sound|processor time|takes more than"):
        MaskModel(path)
