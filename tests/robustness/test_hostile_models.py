"""Models that try to do harm are refused, with a message, before they did any."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from phaseaware.engine import MaskModel, ModelError, separate
from phaseaware.engine import model as model_module
from phaseaware.engine.audio import AudioFileError
from phaseaware.engine.model_check import LARGEST_FILE, OPERATORS, RefusedError, checked_graph, verdict
from phaseaware.engine.runtime import onnxruntime
from phaseaware.plugin import clean

from tests import fakes

from .hostile import HARMFUL, HOSTILE, TABLES, failing_late, graph_model, slow_model

_HARMFUL = Path(__file__).with_name("harmful")


@pytest.mark.parametrize("name", HOSTILE)
def test_refused(name: str, tmp_path: Path) -> None:
    make, says = HOSTILE[name]
    path = tmp_path / "hostile.onnx"
    path.write_bytes(make().SerializeToString())
    with pytest.raises(ModelError, match=says) as caught:
        MaskModel(path)
    assert str(caught.value).startswith("hostile.onnx: ")
    assert "\x1b" not in str(caught.value)


def test_what_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdict, "MOST_SECONDS", 1.5)
    path = tmp_path / "slow.onnx"
    path.write_bytes(slow_model().SerializeToString())
    with pytest.raises(ModelError, match=r"takes more than 1\.5 s"):
        MaskModel(path)


@pytest.mark.parametrize("name", HARMFUL)
def test_harmful_models_are_refused(name: str) -> None:
    with pytest.raises(ModelError, match=HARMFUL[name]):
        MaskModel(_HARMFUL / f"{name}.onnx")


@pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of POSIX")
@pytest.mark.parametrize("name", HARMFUL)
def test_the_trial_refuses_them_too(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the list of what is allowed: what nobody has thought of yet is held up by the child alone."""
    code = (
        "from phaseaware.engine.model_check import trial; trial.checked_graph = lambda content: content; trial.main()"
    )
    monkeypatch.setattr(verdict, "_START", code)
    with pytest.raises(RefusedError, match=r"MB of memory|takes more than|SIGSEGV|two runs on the same frames differ"):
        verdict._try_in_child((_HARMFUL / f"{name}.onnx").read_bytes())


def test_not_a_number_on_sound_is_loaded() -> None:
    """Harmless: who runs it refuses or mutes what is not finite."""
    assert MaskModel(_HARMFUL / "both_nan_on_sound.onnx").info.masks == ("phase-aware", "real")


@pytest.mark.parametrize("kind", TABLES)
def test_what_fails_only_when_heard_is_said(kind: str, tmp_path: Path) -> None:
    """No trial can be long enough to see it; who runs it gets an error that commands know, and no output."""
    path, out = tmp_path / "late.onnx", tmp_path / "out.wav"
    path.write_bytes(failing_late(kind).SerializeToString())
    model = MaskModel(path)
    frame, state = np.zeros((1, 513), np.complex64), {"state_x": np.full(1, 40, np.float32)}
    with pytest.raises(ModelError, match=r"late\.onnx: fails on this sound"):
        model.run(frame, state, ["real"])
    soundfile.write(tmp_path / "in.wav", np.zeros(48_000 * 8), 48_000)
    with pytest.raises(AudioFileError, match=r"in\.wav: is not cleaned: late\.onnx: fails on this sound"):
        clean(tmp_path / "in.wav", out, model=path, mask="real")
    assert {file.name for file in tmp_path.iterdir()} == {"late.onnx", "in.wav"}


def test_large_files_are_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "large.onnx"
    with open(path, "wb") as file:
        file.truncate(LARGEST_FILE + 1)  # a hole: takes no room
    with pytest.raises(ModelError, match="larger than 128 MB"):
        MaskModel(path)
    with pytest.raises(RefusedError, match="larger than 128 MB"):
        checked_graph(bytes(LARGEST_FILE + 1))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are those of POSIX")
def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    """Reading these would never end."""
    os.mkfifo(tmp_path / "pipe.onnx")
    for path in (tmp_path / "pipe.onnx", Path("/dev/zero"), tmp_path):
        with pytest.raises(FileNotFoundError, match="is not a regular file"):
            MaskModel(path)


def test_the_runtime_gets_only_what_was_checked(tmp_path: Path) -> None:
    """What the check does not know of is left out: here a text in a field of the future."""
    content = fakes.history_model(tmp_path / "m.onnx").read_bytes()
    unknown = b"\xfa\x3e\x04evil"  # field 1007, 4 bytes
    assert checked_graph(content + unknown) == checked_graph(content)
    assert b"evil" not in checked_graph(content + unknown)


def test_the_check_changes_nothing_that_is_heard(tmp_path: Path, rng: np.random.Generator) -> None:
    content = fakes.history_model(tmp_path / "m.onnx").read_bytes()
    feed = {"spectrum": rng.standard_normal((1, 7, 513, 2)), "state_previous": rng.standard_normal((1, 1, 513, 2))}
    feed = {name: value.astype(np.float32) for name, value in feed.items()}
    before, after = (onnxruntime.InferenceSession(c).run(None, feed) for c in (content, checked_graph(content)))
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_format_of_the_runtime_is_not_taken_for_onnx(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"\x08\x00\x00\x00ORTM" + bytes(100))
    with pytest.raises(ModelError, match="not an ONNX model"):
        MaskModel(path)


def test_no_operator_holds_a_graph_or_draws_by_chance() -> None:
    """The list against onnx's own description of its operators."""
    import onnx

    for name in OPERATORS:
        kind = onnx.defs.get_schema(name)
        assert not any(a.type in (onnx.defs.OpSchema.AttrType.GRAPH, onnx.defs.OpSchema.AttrType.GRAPHS)
                       for a in kind.attributes.values()), name  # fmt: skip
        assert "seed" not in kind.attributes or name == "Dropout"  # which is refused in training


def test_a_run_has_no_more_frames_than_were_tried(history_model: MaskModel, rng: np.random.Generator) -> None:
    """What was found out when the model was loaded therefore holds for every signal; the cut is not heard."""
    x = rng.standard_normal((1, (3 * model_module.MOST_FRAMES + 7) * 512)).astype(np.float32)
    lengths: list[int] = []
    session = history_model._session

    class Watched:
        def run(self, names: list[str], feed: dict[str, np.ndarray], options: object) -> list[np.ndarray]:
            lengths.append(feed["spectrum"].shape[1])
            return session.run(names, feed, options)

    whole = separate(x, history_model, sample_rate=48_000)
    X = rng.standard_normal((3 * model_module.MOST_FRAMES + 7, 513)).astype(np.complex64)
    history_model._session = Watched()
    try:
        masks, _ = history_model.run(X, history_model.initial_state(), ("real",))
        np.testing.assert_array_equal(separate(x, history_model, sample_rate=48_000), whole)
    finally:
        history_model._session = session
    assert max(lengths) == model_module.MOST_FRAMES
    state, frame_by_frame = history_model.initial_state(), []
    for frame in X:
        mask, state = history_model.run(frame[None], state, ("real",))
        frame_by_frame.append(mask["real"])
    np.testing.assert_array_equal(np.concatenate(frame_by_frame), masks["real"])


def test_a_plain_model_is_accepted(tmp_path: Path) -> None:
    """So that the refusals above are not those of the models' common frame."""
    from onnx import helper

    path = tmp_path / "plain.onnx"
    path.write_bytes(graph_model([helper.make_node("Identity", ["spectrum"], ["mask_real"])]).SerializeToString())
    assert MaskModel(path).info.masks == ("real",)
