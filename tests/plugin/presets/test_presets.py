"""Presets: loaded and saved without loss; what is wrong is refused with its line."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pedalboard
import phaseaware.plugin.presets.library as presets_module
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pedalboard_native._internal import AddLatency
from phaseaware.plugin import (
    Chain,
    Mix,
    Pedalboard,
    PhaseAware,
    PresetError,
    list_presets,
    load_preset,
    processor,
    save_preset,
)
from phaseaware.plugin.board import freeze, native_classes, native_parameters
from phaseaware.plugin.presets import file as preset_file
from phaseaware.plugin.presets import find_preset, shipped_folder, user_folder
from phaseaware.plugin.presets.file import line_of

from tests.plugin.helpers import RATE, noise

NEEDED = {"gentle-voice", "broadcast-voice", "podcast-chain", "field-interview", "noise-only", "neutral"}


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, constant: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's folder is the test's; the default model is a fake."""
    monkeypatch.setattr(presets_module.platformdirs, "user_config_dir", lambda *a, **k: str(tmp_path / "config"))
    monkeypatch.setattr(processor, "default_model", lambda: constant)


def _settings(plugin: Any) -> Any:
    """All settings of a tree."""
    if isinstance(plugin, PhaseAware):
        return plugin.settings()
    if isinstance(plugin, (Pedalboard, Chain, Mix)):
        return type(plugin), [_settings(child) for child in plugin]
    return freeze(plugin)


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_shipped_presets_load_and_process(name: str, rng: np.random.Generator) -> None:
    preset = load_preset(name)
    assert preset.title
    assert preset.description
    y = preset.board()(noise(rng, 2, 6000), RATE)
    assert y.shape == (2, 6000)
    assert np.isfinite(y).all()
    assert preset.board().latency_samples == 1536


def test_all_are_listed_with_what_they_are_for() -> None:
    listed = {preset.name: preset for preset in list_presets()}
    assert set(listed) >= NEEDED
    assert not any(preset.is_user for preset in listed.values())
    assert listed["podcast-chain"].title == "Podcast chain"
    assert [type(plugin).__name__ for plugin in load_preset("podcast-chain").board()] == [
        "HighpassFilter", "PhaseAware", "Compressor", "Limiter",
    ]  # fmt: skip
    assert load_preset("noise-only").plugin.output == "removed"


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_saving_a_loaded_preset_loses_nothing(name: str, tmp_path: Path) -> None:
    preset = load_preset(name)
    path = save_preset(preset.plugin, tmp_path / "again.toml", title=preset.title, description=preset.description)
    again = load_preset(path)
    assert (again.title, again.description) == (preset.title, preset.description)
    assert _settings(again.plugin) == _settings(preset.plugin)
    twice = save_preset(again.plugin, tmp_path / "twice.toml", title=again.title, description=again.description)
    assert twice.read_text() == path.read_text()


def _in_range(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high)


CONTROLS = st.fixed_dictionaries(
    {
        "mask": st.sampled_from(["phase-aware", "real"]),
        "reduction_db": st.none() | _in_range(0, 100),
        "strength_low": _in_range(0, 2),
        "strength_high": _in_range(0, 2),
        "output": st.sampled_from(["speech", "removed"]),
        "mix": _in_range(0, 1),
        "link": st.sampled_from(["auto", "channels", "stereo"]),
        "bypass": st.booleans(),
    }
)
NATIVES = st.one_of(
    st.builds(pedalboard.Gain, _in_range(-90, 40)),
    st.builds(pedalboard.HighpassFilter, _in_range(1, 20_000)),
    st.builds(pedalboard.Compressor, _in_range(-60, 0), _in_range(1, 20), _in_range(0.1, 500), _in_range(1, 2000)),
    st.builds(pedalboard.Delay, _in_range(0, 2), _in_range(0, 0.9), _in_range(0, 1)),
    st.builds(pedalboard.BrickwallLimiter, true_peak=st.booleans()),
    st.builds(pedalboard.LadderFilter, st.sampled_from(list(pedalboard.LadderFilter.Mode.__members__.values()))),
)


def test_numbers_are_saved_as_a_person_would_write_them(tmp_path: Path) -> None:
    """Natives keep 0.123456 as the float32 nearest to it, 0.12345600128…"""
    path = save_preset(pedalboard.Reverb(room_size=0.123456), tmp_path / "r.toml")
    assert "room_size = 0.123456\n" in path.read_text(encoding="utf-8")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_board_survives_saving(data: st.DataObject, tmp_path: Path) -> None:
    leaf = st.one_of(st.none(), NATIVES, CONTROLS.map(lambda controls: PhaseAware(**controls)))
    trees = st.recursive(
        leaf,
        lambda t: st.builds(lambda kind, held: kind(held), st.sampled_from([Chain, Mix, Pedalboard]), st.lists(t, max_size=3)),
        max_leaves=6,
    )  # fmt: skip
    plugin = data.draw(st.one_of(st.lists(trees, max_size=3).map(Pedalboard), trees.filter(lambda t: t is not None)))
    title = data.draw(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
    path = save_preset(plugin, tmp_path / "any.toml", title=title, description=title, overwrite=True)
    again = load_preset(path)
    assert (again.title, again.description) == (title, title)
    assert _settings(again.plugin) == _settings(plugin)


def test_every_native_class_survives_saving(tmp_path: Path, rng: np.random.Generator) -> None:
    for name, kind in native_classes().items():
        if name == "Convolution":
            soundfile.write(tmp_path / "room.wav", noise(rng, 100), RATE)
            plugin = pedalboard.Convolution(str(tmp_path / "room.wav"), 0.25)
        else:
            plugin = kind()
            assert native_parameters(name) or name in ("Invert",)
        path = save_preset(plugin, tmp_path / "native.toml", overwrite=True)
        assert _settings(load_preset(path).plugin) == _settings(plugin)


# ruff: noqa: E501 - a table of whole files, one a line
HEAD = 'schema = 1\nname = "Mine"\n'
WRONG = {
    "unknown top key": (HEAD + 'colour = "red"\nboard = []\n', 3, "unknown key 'colour'"),
    "unknown plugin": (HEAD + '[[board]]\nplugin = "Gain"\n[[board]]\nplugin = "Compresor"\n', 6, "did you mean 'Compressor'"),
    "no plugin": (HEAD + "[[board]]\ngain_db = 3\n", 3, "is missing"),
    "unknown parameter": (HEAD + '[[board]]\nplugin = "Gain"\ngain = 3\n', 5, "Gain has no 'gain'; did you mean 'gain_db'"),
    "unknown control": (HEAD + '[processor]\nplugin = "PhaseAware"\n\nreduction = 3\n', 6, "did you mean 'reduction_db'"),
    "out of range": (HEAD + '[processor]\nplugin = "PhaseAware"\nmix = 0.5\nreduction_db = 101\n', 6, "reduction_db=101"),
    "wrong choice": (HEAD + '[processor]\nmask = "ideal"\nplugin = "PhaseAware"\n', 4, "mask='ideal'"),
    "wrong type": (HEAD + '[[board]]\nplugin = "Gain"\ngain_db = "loud"\n', 5, "gain_db='loud'"),
    "a truth for a number": (HEAD + '[[board]]\nplugin = "Gain"\ngain_db = true\n', 5, "gain_db=True"),
    "not finite": (HEAD + '[[board]]\nplugin = "Gain"\ngain_db = nan\n', 5, "gain_db=nan"),
    "native range": (HEAD + '[[board]]\nplugin = "Compressor"\nratio = 0.5\n', 5, "atio"),
    "native choice": (HEAD + '[[board]]\nplugin = "LadderFilter"\nmode = "LPF13"\n', 5, "'LPF12'"),
    "unit": (HEAD + '[[board]]\nplugin = "HighpassFilter"\ncutoff_frequency_hz = -80\n', 5, "not > 0"),
    "bypass": (HEAD + '[processor]\nplugin = "PhaseAware"\nbypass = 1\n', 5, "bypass=1"),
    "nested": (
        HEAD + '[[board]]\nplugin = "Mix"\n[[board.plugins]]\nplugin = "Dry"\n[[board.plugins]]\nplugin = "Gain"\nq = 1\n',
        9,
        "Gain has no 'q'",
    ),
    "several lines": (HEAD + "board = [\n  {plugin = 'Gain', gain_db = 'x'},\n]\n", 4, "gain_db"),
    "both": (HEAD + 'board = []\n[processor]\nplugin = "Gain"\n', 4, "either"),
    "neither": (HEAD, 1, "either"),
    "no list": (HEAD + '[board]\nplugin = "Gain"\n', 3, r"write \[\[board\]\]"),
    "no table": (HEAD + "board = [3]\n", 3, "not a table"),
    "no schema": ('name = "Mine"\nboard = []\n', 1, "schema = 1"),
    "newer": ('# later\nschema = 2\nname = "Mine"\nboard = []\n', 2, "newer version"),
    "no name": ("schema = 1\nboard = []\n", 1, "name is missing"),
    "no TOML": (HEAD + "board = [\n\n", 5, "not TOML"),
    "a key twice": (HEAD + 'name = "Again"\nboard = []\n', 3, "not TOML"),
    "stock name": (HEAD + '[[board]]\nplugin = "VST3Plugin"\n', 4, "unknown plugin"),
    "code": (HEAD + '[[board]]\nplugin = "__import__(\'os\').system(\'true\')"\n', 4, "unknown plugin"),
    "dunder": (HEAD + '[[board]]\nplugin = "Gain"\n__class__ = 3\n', 5, "has no '__class__'"),
    "parameters of none": (HEAD + '[[board]]\nplugin = "Dry"\nmix = 1\n', 5, "Dry has no 'mix'"),
    "absolute path": (HEAD + '[processor]\nplugin = "PhaseAware"\nmodel = "/etc/model.onnx"\n', 5, "outside"),
    "climbing path": (HEAD + '[processor]\nplugin = "PhaseAware"\nmodel = "sub/../../model.onnx"\n', 5, "outside"),
    "missing file": (HEAD + '[processor]\nplugin = "PhaseAware"\nmodel = "model.onnx"\n', 5, "no such file"),
    "no model": (HEAD + '[processor]\nplugin = "PhaseAware"\nmodel = "wrong.toml"\n', 5, "not an ONNX model"),
    "beyond 64 bits": (HEAD + f'[[board]]\nplugin = "Gain"\ngain_db = {2**63}\n', 5, "whole number of 64 bits"),
    "beyond float32": (HEAD + '[[board]]\nplugin = "Gain"\ngain_db = 1e308\n', 5, "not a finite number"),
    "deep": (HEAD + "[[board]]\nplugin = 'Mix'\nplugins = " + "[{plugin = 'Mix', plugins = " * 20 + "[]" + "}]" * 20, 5, "16 deep"),
    "no impulse response": (HEAD + '[[board]]\nplugin = "Convolution"\n', 3, "needs impulse_response_filename"),
    "impulse response": (
        HEAD + '[[board]]\nplugin = "Convolution"\nimpulse_response_filename = "../room.wav"\n', 5, "outside",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_refused_with_its_line(case: str, tmp_path: Path) -> None:
    text, line, says = WRONG[case]
    file = tmp_path / "wrong.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PresetError, match=says) as caught:
        load_preset(file)
    assert str(caught.value).startswith(f"{file}:{line}: ")


def test_links_do_not_lead_out_of_the_folder(tmp_path: Path, constant: Path) -> None:
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "model.onnx").symlink_to(constant)
    file = tmp_path / "presets" / "linked.toml"
    file.write_text(HEAD + '[processor]\nplugin = "PhaseAware"\nmodel = "model.onnx"\n')
    with pytest.raises(PresetError, match="outside"):
        load_preset(file)


def test_files_beside_a_preset_travel_with_it(tmp_path: Path, constant: Path) -> None:
    folder = tmp_path / "presets"
    (folder / "models").mkdir(parents=True)
    model = shutil.copy(constant, folder / "models")
    path = save_preset(PhaseAware(model=model), folder / "mine.toml")
    assert 'model = "models/constant.onnx"' in path.read_text()
    moved = shutil.move(folder, tmp_path / "elsewhere")
    assert load_preset(Path(moved) / "mine.toml").plugin.model == Path(moved) / "models" / "constant.onnx"
    with pytest.raises(PresetError, match="outside"):
        save_preset(PhaseAware(model=constant), tmp_path / "other.toml")
    assert not (tmp_path / "other.toml").exists()


def test_users_presets(tmp_path: Path) -> None:
    path = save_preset(Pedalboard([PhaseAware(reduction_db=9)]), "My  Voice!", description="Mine.")
    assert path == user_folder() / "my-voice.toml" == find_preset("My Voice")
    assert user_folder().is_relative_to(tmp_path)
    (info,) = (preset for preset in list_presets() if preset.is_user)
    assert (info.name, info.title, info.description) == ("my-voice", "My  Voice!", "Mine.")
    with pytest.raises(FileExistsError, match="there already"):
        save_preset(pedalboard.Gain(), "my voice")
    assert load_preset("my-voice").board()[0].reduction_db == 9
    save_preset(pedalboard.Gain(), "my voice", overwrite=True)
    assert isinstance(load_preset("my-voice").plugin, pedalboard.Gain)
    # One of the user's hides a shipped one, which stays.
    save_preset(pedalboard.Gain(), "neutral")
    assert find_preset("neutral").parent == user_folder()
    assert (shipped_folder() / "neutral.toml").is_file()
    # A broken one is listed, with the reason.
    (user_folder() / "broken.toml").write_text("schema = ")
    assert "cannot be read" in next(p.description for p in list_presets() if p.name == "broken")
    assert not list(user_folder().glob("*.part"))


@pytest.mark.parametrize("stem", ["Anna's Interview", "ZOOM", "a + b"])
def test_presets_put_there_by_hand_are_found_by_the_name_that_is_listed(stem: str) -> None:
    user_folder().mkdir(parents=True)
    shutil.copy(find_preset("neutral"), user_folder() / f"{stem}.toml")
    assert stem in [preset.name for preset in list_presets()]
    assert load_preset(stem).path == user_folder() / f"{stem}.toml"


def test_missing_presets_are_named_with_what_there_is() -> None:
    with pytest.raises(FileNotFoundError, match="did you mean 'podcast-chain'"):
        load_preset("podcast-chian")
    with pytest.raises(FileNotFoundError, match="no such preset file"):
        load_preset("nowhere/mine.toml")
    with pytest.raises(PresetError, match="is not a name"):
        save_preset(pedalboard.Gain(), "!?")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are those of POSIX")
def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    """Reading these would never end."""
    os.mkfifo(tmp_path / "pipe.toml")
    for path in (tmp_path / "pipe.toml", Path("/dev/zero"), tmp_path):
        with pytest.raises(FileNotFoundError, match="is not a regular file"):
            load_preset(path)
    preset = 'schema = 1\nname = "a"\n[processor]\nplugin = "PhaseAware"\nmodel = "pipe.toml"\n'
    (tmp_path / "a.toml").write_text(preset)
    with pytest.raises(PresetError, match="it is not a regular file"):
        load_preset(tmp_path / "a.toml")


@pytest.mark.parametrize("name", ["x" * 300, "x" * 300 + ".toml", "a/" * 3000, "a\0b.toml"])
def test_names_that_no_file_can_have_are_missing_too(name: str) -> None:
    with pytest.raises(FileNotFoundError):
        load_preset(name)
    with pytest.raises(FileNotFoundError, match="no such model file"):
        PhaseAware(model=name)


@pytest.mark.parametrize(
    "plugin", [AddLatency(3), pedalboard.Chain([pedalboard.Gain()]), pedalboard.Convolution(np.ones(4, np.float32), sample_rate=RATE)]
)  # fmt: skip
def test_what_cannot_be_told_is_refused(plugin: Any, tmp_path: Path) -> None:
    with pytest.raises(PresetError):
        save_preset(Pedalboard([plugin]), tmp_path / "x.toml")
    assert not list(tmp_path.glob("x.toml*"))


def test_line_of_an_entry() -> None:
    text = "a = 1\n\n[b]\nc = [\n1,\n2]\n[[d]]\n[[d]]\ne = 'x'\n"
    lines = {
        ("a",): 1,
        ("b",): 3,
        ("b", "c"): 4,
        ("b", "c", 1): 6,
        ("d", 0): 7,
        ("d", 1): 8,
        ("d", 1, "e"): 9,
        ("z",): 1,
    }
    assert {place: line_of(text, place) for place in lines} == lines


def test_long_files_are_refused_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search for the line tries few of them; one digit too many is Python's own error, not TOML's."""
    tried: list[str] = []
    loads = preset_file.tomllib.loads
    monkeypatch.setattr(preset_file.tomllib, "loads", lambda text: tried.append(text) or loads(text))
    file = tmp_path / "long.toml"
    file.write_text(HEAD + "board = []\n" + "".join(f"a{i} = 1\n" for i in range(9000)))
    with pytest.raises(PresetError, match=r"long\.toml:4: unknown key 'a0'"):
        load_preset(file)
    assert len(tried) < 300
    file.write_text(HEAD + f"board = {'9' * 5000}")
    with pytest.raises(PresetError, match=r"long\.toml: not TOML"):
        load_preset(file)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PresetError, match="UTF-8"):
        load_preset(tmp_path / "x.toml")
    (tmp_path / "large.toml").write_text("#" * (1 << 20) + "\n")
    with pytest.raises(PresetError, match="larger than"):
        load_preset(tmp_path / "large.toml")
