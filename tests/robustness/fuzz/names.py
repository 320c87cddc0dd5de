"""Fuzz target: names of files, of outputs, and of presets.

``python -m tests.robustness.fuzz.names SECONDS [FOLDER]`` (Linux, the package atheris).
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import tempfile
from pathlib import Path

import soundfile
from phaseaware.plugin.command import main as command
from phaseaware.plugin.presets import PresetError, find_preset

from tests import fakes

from .driver import fuzz

__all__ = ["one_input", "seeds"]

LARGEST = 600
_home = tempfile.TemporaryDirectory()
_model = Path(_home.name) / "m.onnx"
_sound = Path(_home.name) / "sound.wav"


def seeds() -> list[bytes]:
    """Names parted by 0: the suffix asked for, then files in a folder."""
    names = [
        ["", "a.wav"], ["-x", "a.wav", "b.WAV"], ["{name}{name}", "\x1b[2J.wav", "-o.wav"], ["/../x", "a.wav"],
        ["--", ".wav", "..wav", " .wav"], ["%s", "a b\n.wav", "{name}.wav"], ["", "deep/a.wav", "deep/deeper/b.wav"],
        ["-clean", "Ünïcödé.wav", "a-clean.wav", "ＡＢ.wav"], ["", ".phaseaware-0123456789ab.part", "a.wav"],
        ["x" * 200, "y" * 240 + ".wav"], ["", "\udcff\udcfe.wav"], ["\u202e", "gpj.exe\u202e.wav"],
    ]  # fmt: skip
    return ["\0".join(parts).encode(errors="surrogateescape") for parts in names]


def one_input(content: bytes) -> None:
    """All is cleaned, or refused; nothing lands elsewhere, nothing hidden is left, and what is said can be printed.

    Raises
    ------
    Exception : anything else, which is a fault.
    """
    if not _model.exists():
        fakes.constant_model(_model, masks={"mask_phase_aware": 1})
        soundfile.write(_sound, [0.1] * 100, 48_000, "PCM_16")
    pattern, *names = (os.fsdecode(part) for part in content.split(b"\0"))
    place = Path(_home.name) / "place"
    source, out = place / "in", place / "out"
    source.mkdir(parents=True)
    try:
        for name in names[:6]:
            inside = os.path.normpath(source / name.lstrip("/"))
            if inside.startswith(f"{source}{os.sep}"):
                with contextlib.suppress(OSError, ValueError):
                    os.makedirs(os.path.dirname(inside), exist_ok=True)
                    os.link(_sound, inside)
        _presets(pattern)
        _process(source, out, pattern)
        assert {path.name for path in place.iterdir()} <= {"in", "out"}
        assert sorted(path.name for path in Path(_home.name).iterdir()) == ["m.onnx", "place", "sound.wav"]
    finally:
        shutil.rmtree(place)


def _process(source: Path, out: Path, pattern: str) -> None:
    before = sorted(source.rglob("*"))
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        asked = ["process", str(source), "-o", str(out), "--model", str(_model), "--jobs", "1"]
        status = command([*asked, f"--suffix={pattern}"] if pattern else asked)
    assert status in (0, 1, 2), status
    text = said.getvalue()
    assert all(c.isprintable() or c in "\n\r" for c in text), text
    assert "unexpected" not in text, text
    assert "Traceback" not in text, text
    after = [path for path in sorted(source.rglob("*")) if not path.name.endswith(".part")]
    assert after == [path for path in before if not path.name.endswith(".part")]
    if out.exists():
        assert not list(out.rglob(".phaseaware-*.part"))
        sounds = [path for path in out.rglob("*") if path.is_file() and path.suffix.lower() == ".wav"]
        assert all(soundfile.info(os.fsencode(path)).frames == 100 for path in sounds)


def _presets(name: str) -> None:
    try:
        found = find_preset(name)
    except (FileNotFoundError, PresetError):
        return
    assert found.is_file()


def main() -> None:
    """Arguments: seconds, and a folder for the corpus."""
    from phaseaware.engine.audio import commit, names
    from phaseaware.plugin.files.plan import Naming
    from phaseaware.plugin.presets import library

    plan = sys.modules[Naming.__module__]  # the package has a function of that name
    fuzz(one_input, seeds(), watched=[commit, names, plan, Naming, library], largest=LARGEST)


if __name__ == "__main__":
    main()
