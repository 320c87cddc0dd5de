"""What a preset may not be: nested beyond reason, of endless keys, out of range; and on which line it says so."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pedalboard
import pytest
import soundfile
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st
from phaseaware.engine.audio import AudioFileError
from phaseaware.plugin import Pedalboard, PhaseAware, clean
from phaseaware.plugin.board import build_native, native_classes, native_parameters
from phaseaware.plugin.presets import PresetError, list_presets, load_preset, save_preset, user_folder
from phaseaware.plugin.presets import file as preset_file
from phaseaware.plugin.presets.lines import DEEPEST, MOST_PARTS, check_bounds, lines_of
from phaseaware.plugin.presets.ranges import MOST_PLUGINS, range_of

from tests.plugin.helpers import RATE, noise

HEAD = 'schema = 1\nname = "Mine"\n'
KEYS = st.text(st.characters(codec="utf-8"), max_size=6)
NUMBERS = st.floats(allow_nan=False)
LEAVES = st.text(st.characters(codec="utf-8"), max_size=12) | st.booleans() | NUMBERS
VALUES = st.recursive(
    LEAVES | st.integers(-(2**63), 2**63 - 1),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


def _places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([place] if place else []), *(p for key, entry in inner for p in _places(entry, (*place, key)))]


@settings(max_examples=200)
@given(data=st.dictionaries(KEYS, VALUES, max_size=6), multiline=st.booleans())
def test_every_entry_has_its_line(data: dict[str, Any], multiline: bool) -> None:
    text = tomli_w.dumps(data, multiline_strings=multiline)
    data, lines = tomllib.loads(text), text.splitlines()
    found = lines_of(text)
    assert set(found) == set(_places(data))
    assert check_bounds(text) is None
    for place, line in found.items():
        # What begins on its line is there, and is not before it.
        before = "".join(f"{text_line}\n" for text_line in text.split("\n")[: line - 1])
        try:
            value: Any = tomllib.loads(before)
            for key in place:
                value = value[key]
        except (tomllib.TOMLDecodeError, KeyError, IndexError):
            continue
        pytest.fail(f"{place} is there before line {line} of {lines}")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a.b = 1\n'c.d'.e = 2\n", {("a",): 1, ("a", "b"): 1, ("c.d", "e"): 2}),
        ("a = '''\n]\n[x]\n'''\n[b]\n", {("a",): 1, ("b",): 5}),
        ('a = """\n\\"""\n""""\nb = 1 # [\nc = 2\n', {("b",): 4, ("c",): 5}),
        (
            "[[a]]\n[a.b]\nc = [ # x\n {d = 1.5, 'e' = [\n2]},\n]\n[[a]]\n",
            {("a", 0, "b", "c", 0, "e", 0): 5, ("a", 1): 7},
        ),
        ("a = 1979-05-27 07:32:00\nb = {}\nc = []\n[ d . 'e' ]\n", {("b",): 2, ("c",): 3, ("d", "e"): 4}),
    ],
)
def test_lines_of_what_no_writer_writes(text: str, lines: dict[tuple[Any, ...], int]) -> None:
    tomllib.loads(text)
    found = lines_of(text)
    assert {place: found[place] for place in lines} == lines


@settings(max_examples=300)
@given(st.text(st.sampled_from("ab.=[]{}'\"\\#, \n1"), max_size=60))
def test_any_text_is_looked_through(text: str) -> None:
    check_bounds(text)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(lines_of(text)) == set(_places(data))


ENDLESS = {
    "dotted key": ".".join("a" * 65_000) + " = 1",
    "quoted dotted key": ".".join(["'a'"] * 30_000) + " = 1",
    "table": "[" + " . ".join("a" * 30_000) + "]",
    "inline": "a = {" + ".".join("a" * 60_000) + " = 1}",
    "long word": "a" * 100_000 + " = 1",
    "lists": "a = " + "[" * 60_000,
    "tables": "a = " + "{a=" * 40_000,
    "behind texts": "b = '''[[['''\nc = \"[\\\"[\"\n" + "a = " + "[" * 1000 + "]" * 1000,
}


@pytest.mark.parametrize("case", ENDLESS)
def test_endless_keys_and_nests_never_reach_the_parser(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preset_file.tomllib, "loads", lambda text: pytest.fail("parsed"))
    file = tmp_path / "endless.toml"
    file.write_text(ENDLESS[case])
    with pytest.raises(PresetError, match=r"endless\.toml:[13]: (nested|a key|a word)"):
        load_preset(file)


def test_what_is_just_allowed() -> None:
    for text in (
        "a = " + "[" * DEEPEST + "]" * DEEPEST,
        ".".join("a" * MOST_PARTS) + " = 1",
        "a = '" + "[." * 500 + "'",
    ):
        assert check_bounds(text) is None
        tomllib.loads(text)
    assert check_bounds("a = " + "[" * (DEEPEST + 1)) is not None
    assert check_bounds(".".join("a" * (MOST_PARTS + 1)) + " = 1") is not None


RANGED = [
    (kind, name)
    for kind, cls in native_classes().items()
    if kind != "Convolution"
    for name in native_parameters(kind)
    if isinstance(getattr(cls(), name), float)
]


@pytest.mark.parametrize(("kind", "name"), RANGED)
def test_native_parameters_are_held_to_their_ranges(kind: str, name: str, tmp_path: Path) -> None:
    low, high = range_of(kind, name)
    file = tmp_path / "p.toml"
    for value in (low - 1, high * 1.01 + 1, 1e16, -1e16):
        file.write_text(HEAD + f'[processor]\nplugin = "{kind}"\n{name} = {value!r}\n')
        with pytest.raises(PresetError, match=rf"p\.toml:5: {name}=.* is not"):
            load_preset(file)
    for value in (low, high):
        if (name.endswith("_hz") and not value) or (name == "release_ms" and not value):
            continue
        file.write_text(HEAD + f'[processor]\nplugin = "{kind}"\n{name} = {value!r}\n')
        plugin: Any = load_preset(file).plugin
        assert getattr(plugin, name) == pytest.approx(value)
        board = Pedalboard([plugin])
        board(np.full((2, 300), 0.1, np.float32), RATE)
        assert board.muted_samples == 0
        save_preset(plugin, file, overwrite=True)
        assert load_preset(file).plugin is not None


def test_what_could_not_be_loaded_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(PresetError, match=r"target_sample_rate=.* is not from 1000"):
        save_preset(build_native("Resample", {"target_sample_rate": 1e9}), tmp_path / "p.toml")
    assert not list(tmp_path.iterdir())


def test_plugins_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "many.toml"
    for count, says in ((MOST_PLUGINS, None), (MOST_PLUGINS + 1, "more than 64 plugins")):
        file.write_text(HEAD + '[[board]]\nplugin = "Gain"\n' * count)
        if says is None:
            assert len(load_preset(file).board()) == count
        else:
            with pytest.raises(PresetError, match=says):
                load_preset(file)


@pytest.mark.parametrize("value", ["[1]", "[[]]", "{}", "{a = [1]}", "2020-01-01", "00:00:00", "nan", "-inf", '""'])
@pytest.mark.parametrize("kind", ["PhaseAware", "Convolution", "PitchShift", "LadderFilter"])
def test_values_of_any_type_are_refused(kind: str, value: str, tmp_path: Path) -> None:
    """TOML has lists, tables and dates, which no parameter takes, and which Python cannot all look up in a dict."""
    soundfile.write(tmp_path / "room.wav", noise(np.random.default_rng(0), 500), RATE)
    names = PhaseAware().settings() if kind == "PhaseAware" else native_parameters(kind)
    file = tmp_path / "p.toml"
    for name in ("plugin", *names):
        entries = {"plugin": f'"{kind}"'}
        if kind == "Convolution":
            entries["impulse_response_filename"] = '"room.wav"'
        entries[name] = value
        file.write_text(HEAD + "[processor]\n" + "".join(f"{key} = {entry}\n" for key, entry in entries.items()))
        with pytest.raises(PresetError, match=r"p\.toml:\d+: "):
            load_preset(file)


@pytest.mark.parametrize(("kind", "count", "channels"), [("Delay", 1, 1024), ("Delay", 64, 8), ("PitchShift", 9, 256)])
def test_no_preset_fills_the_memory(kind: str, count: int, channels: int, tmp_path: Path) -> None:
    """Each channel of a file has its own copy of all effects."""
    preset, source, out = (tmp_path / name for name in ("p.toml", "in.wav", "out.wav"))
    preset.write_text(HEAD + f'[[board]]\nplugin = "{kind}"\n' * count)
    soundfile.write(source, np.zeros((10, channels)), RATE)
    with pytest.raises(AudioFileError, match=rf"in\.wav: is not cleaned: .* GB with {channels} channels at"):
        clean(source, out, preset=preset)
    assert not out.exists()


@pytest.mark.parametrize(("rate", "channels"), [(192_000, 2), (RATE, 8)])
def test_what_an_effect_refuses_is_said_of_the_file(rate: int, channels: int, tmp_path: Path) -> None:
    preset, source = tmp_path / "p.toml", tmp_path / "in.wav"
    preset.write_text(HEAD + '[processor]\nplugin = "MP3Compressor"\n')
    soundfile.write(source, np.zeros((10_000, channels)), rate)
    with pytest.raises(AudioFileError, match=r"in\.wav: is not cleaned: MP3.* only supports"):
        clean(source, tmp_path / "out.wav", preset=preset)


@pytest.mark.parametrize(
    ("shape", "rate", "says"),
    [((48_000 * 13, 1), 48_000, "13.0 s long"), ((100, 3), 48_000, "3 channels"), ((8000 * 20, 2), 8000, "20.0 s")],
)
def test_impulse_responses_are_bounded(shape: tuple[int, int], rate: int, says: str, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "room.wav", np.zeros(shape, np.float32), rate)
    (tmp_path / "p.toml").write_text(
        HEAD + '[processor]\nplugin = "Convolution"\nimpulse_response_filename = "room.wav"\n'
    )
    with pytest.raises(PresetError, match=rf"p\.toml:5: 'room\.wav': {says}"):
        load_preset(tmp_path / "p.toml")
    (tmp_path / "room.wav").write_bytes(b"no sound")
    with pytest.raises(PresetError, match=r"p\.toml:5: 'room\.wav': "):
        load_preset(tmp_path / "p.toml")
    soundfile.write(tmp_path / "room.wav", noise(np.random.default_rng(0), 500), RATE)
    assert isinstance(load_preset(tmp_path / "p.toml").plugin, pedalboard.Convolution)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are those of POSIX")
def test_a_pipe_among_the_presets_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    user_folder().mkdir(parents=True)
    os.mkfifo(user_folder() / "pipe.toml")
    (description,) = (preset.description for preset in list_presets() if preset.name == "pipe")
    assert "not a plain file" in description


@pytest.mark.parametrize("name", ["circle.onnx", "x" * 5000 + ".onnx", "nul\\u0000.onnx", "a/" * 2000 + "x.onnx"])
def test_names_of_files_that_cannot_be(tmp_path: Path, name: str) -> None:
    (tmp_path / "circle.onnx").symlink_to("circle.onnx")
    path = tmp_path / "x.toml"
    path.write_text(f'schema = 1\nname = "x"\n[[board]]\nplugin = "PhaseAware"\nmodel = "{name}"\n')
    with pytest.raises(PresetError):
        load_preset(path)
