"""The command as a whole: help, version, typos, and the subcommands that only tell something."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from phaseaware.engine.controls import CONTROLS, Number
from phaseaware.engine.errors import PhaseAwareError, UsageError
from phaseaware.plugin.command import models

from tests import fakes

from .running import Command, put, tones, tree

COMMANDS = ("process", "compare", "demo", "models", "presets", "live", "gui")
HEAVY = {"numpy", "onnxruntime", "soundfile", "soxr", "matplotlib", "pedalboard", "tqdm", "PyQt6", "scipy"}


@pytest.mark.parametrize(
    "arguments", [["--help"], *([command, "--help"] for command in COMMANDS), ["--version"], ["typo"]]
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    """What makes --help answer in under 0.3 s."""
    code = "import sys; from phaseaware.plugin.command.main import main; main(sys.argv[1:]); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert not HEAVY & set(ran.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(phaseaware: Command, command: str) -> None:
    assert command in phaseaware("--help").out
    ran = phaseaware(command, "--help")
    assert ran.status == 0
    assert ran.out.startswith(f"usage: phaseaware {command}")


def test_version(phaseaware: Command) -> None:
    ran = phaseaware("--version")
    assert ran.status == 0
    assert ran.out.startswith("phaseaware ")


@pytest.mark.parametrize("arguments", [[], ["proces"], ["--halp"], ["models", "--all"]])
def test_typos_are_one_line(phaseaware: Command, arguments: list[str]) -> None:
    phaseaware(*arguments).failed_with(2, "--help")


@pytest.mark.parametrize("arguments", [
    ["process", ""], ["process", "x.wav", ""], ["process", "x.wav", "-o", ""], ["compare", "", "-o", "y"],
    ["compare", "x.wav", "-o", ""], ["compare", "x.wav", "-o", "y", "--speech", ""], ["demo", "-o", ""],
    ["plugin", "install", "--to", ""],
])  # fmt: skip
def test_a_name_that_is_empty_is_not_this_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phaseaware: Command, arguments: list[str]
) -> None:
    """A shell's variable that is not set."""
    put(tmp_path / "x.wav", tones(100, 1, 48_000))
    monkeypatch.chdir(tmp_path)
    phaseaware(*arguments).failed_with(2, "the name is empty")
    assert tree(tmp_path) == ["x.wav"]


def test_a_fault_of_ours_ends_in_a_traceback_and_what_users_can_put_right_in_one_line(
    phaseaware: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error, status in (
        (UsageError("so"), 2),
        (PhaseAwareError("so"), 1),
        (FileNotFoundError("so"), 2),
        (OSError("so"), 1),
    ):
        monkeypatch.setattr(models, "_models", _raising(error))
        phaseaware("models").failed_with(status, "so")
    for fault in (ValueError("ours"), TypeError("ours"), RuntimeError("ours"), KeyError("ours")):
        monkeypatch.setattr(models, "_models", _raising(fault))
        with pytest.raises(type(fault), match="ours"):
            phaseaware("models")


def _raising(error: Exception) -> Callable[[object], int]:
    def run(_: object) -> int:
        raise error

    return run


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_console_that_lacks_a_character_does_not_end_the_command(
    encoding: str, passing: Path, tmp_path: Path
) -> None:
    source = put(tmp_path / "x→é.wav", tones(4000, 1, 48_000))
    command = [sys.executable, "-m", "phaseaware.plugin.command", "process", source, "-o", tmp_path / "y.wav"]
    ran = subprocess.run(
        [*map(os.fspath, command), "--model", str(passing)],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": encoding},
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"\\u2192" in ran.stdout
    assert (tmp_path / "y.wav").is_file()


@pytest.mark.parametrize(
    ("command", "lacks"),
    [("process", {"bypass"}), ("compare", {"mask", "output", "bypass"}), ("live", {"output", "bypass"})],
)
def test_options_are_the_controls_as_declared(command: str, lacks: set[str], phaseaware: Command) -> None:
    text = " ".join(phaseaware(command, "--help").out.split())
    for name, control in CONTROLS.items():
        option = "--" + name.replace("_", "-")
        assert (control.about in text) == (name not in lacks), name
        if name in lacks:
            continue
        wrong: list[object] = ["ideal"]
        if isinstance(control, Number):
            wrong += [control.low - 0.01, control.high + 0.01, "nan"]
        for value in wrong:
            ran = phaseaware(command, *(["x.wav"] if command != "live" else []), f"{option}={value}", "--model=none")
            ran.failed_with(2, option)


# models


def test_models_describes_a_file(phaseaware: Command, tmp_path: Path) -> None:
    metadata = {"training_data": "ten hours of birds", "hours_seen": "10"}
    model = fakes.history_model(tmp_path / "m.onnx", lookahead=2, metadata=metadata)
    ran = phaseaware("models", model)
    assert ran.status == 0
    for part in (
        "phase-aware, real", "48000 Hz", "2 frames (21.3 ms)", "2048 samples (42.7 ms)", "ten hours of birds",
        "CC0-1.0", "hours seen     10", "1 tensors, 1026 numbers", "contract       1",
    ):  # fmt: skip
        assert part in ran.out


def test_models_says_why_a_file_is_refused(phaseaware: Command, tmp_path: Path) -> None:
    good = fakes.constant_model(tmp_path / "good.onnx")
    wrong = fakes.constant_model(tmp_path / "wrong.onnx", metadata={"sample_rate": "44100"})
    (tmp_path / "text.onnx").write_text("no model")
    stateless = fakes.history_model(tmp_path / "stateless.onnx", keep_state_output=False)
    ran = phaseaware("models", wrong, good, tmp_path / "text.onnx", stateless, tmp_path / "none.onnx")
    ran.failed_with(
        2, "refused: wrong.onnx: sample_rate=44100", "refused: text.onnx: not an ONNX model",
        "refused: stateless.onnx: state 'state_previous'", "none.onnx: no such model file",
    )  # fmt: skip
    assert "good.onnx" in ran.out


def test_models_lists_the_shipped(phaseaware: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from phaseaware.engine import model
    from phaseaware.plugin.command import model_text

    shipped = {
        "studio": fakes.constant_model(tmp_path / "studio.onnx", metadata={"version": "7.1", "hours_seen": "12"}),
        "broken": fakes.constant_model(tmp_path / "broken.onnx", metadata={"hop": "256"}),
    }
    monkeypatch.setattr(model, "shipped_models", lambda: shipped)
    monkeypatch.setattr(model_text, "shipped_models", lambda: shipped)
    ran = phaseaware("models")
    assert ran.status == 0
    for part in ("7.1", "12 h", "CC0-1.0", "32.0 ms", "phase-aware, real  (default for recordings)"):
        assert part in ran.out
    assert "refused: broken.onnx: hop=256" in ran.out


# presets, gui


def test_presets(phaseaware: Command, tmp_path: Path) -> None:
    ran = phaseaware("presets")
    assert ran.status == 0
    assert "neutral" in ran.out
    wrong = tmp_path / "p.toml"
    wrong.write_text("schema = 1\nname = 3\n")
    phaseaware("presets", wrong).failed_with(2, "p.toml")
    phaseaware("presets", "neutrel").failed_with(2, "did you mean 'neutral'")


def test_gui_without_qt_says_what_to_install(phaseaware: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("PyQt6", "phaseaware.gui"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "PyQt6", None)
    phaseaware("gui").failed_with(1, "pip install 'phaseaware[gui]'")


_SOUND = "SOUND"


@pytest.mark.parametrize(
    ("status", "said", "commands"),
    [
        (2, "no such file", [["process", "none.wav", "-o", "y.wav"], ["compare", "none.wav", "-o", "y"]]),
        (2, "no such file", [["compare", _SOUND, "--speech", "none.wav", "-o", "y"]]),
        (
            2, "no such model file",
            [
                ["process", _SOUND, "-o", "y.wav", "--model", "none.onnx"], ["models", "none.onnx"],
                ["compare", _SOUND, "-o", "y", "--model", "none.onnx"], ["live", "--model", "none.onnx"],
            ],
        ),
        (
            2, "not an ONNX model",
            [
                ["process", _SOUND, "-o", "y.wav", "--model", _SOUND], ["models", _SOUND],
                ["compare", _SOUND, "-o", "y", "--model", _SOUND], ["live", "--model", _SOUND],
            ],
        ),
        (
            2, "no preset 'nonesuch'",
            [
                ["process", _SOUND, "-o", "y.wav", "--preset", "nonesuch"], ["presets", "nonesuch"],
                ["live", "--preset", "nonesuch"],
            ],
        ),
        (1, "is empty", [["process", "empty.wav", "-o", "y.wav"], ["compare", "empty.wav", "-o", "y"]]),
    ],
)  # fmt: skip
def test_the_same_mistake_ends_every_command_with_the_same_status(
    status: int, said: str, commands: list[list[str]], phaseaware: Command, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    source = put(tmp_path / "x.wav", tones(4000, 1, 48_000))
    (tmp_path / "empty.wav").touch()
    for command in commands:
        phaseaware(*(source if word == _SOUND else word for word in command)).failed_with(status, said)
        assert tree(tmp_path) == ["empty.wav", "x.wav"]
