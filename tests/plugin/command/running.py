"""Run the command in this process and look at what it leaves."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from phaseaware.plugin.command.main import main
from phaseaware.plugin.files.manifest import FOLDER

Samples = NDArray[np.float32]
PHASEAWARE = [sys.executable, "-m", "phaseaware.plugin"]
"""The command in a process of its own."""


@dataclass(frozen=True)
class Ran:
    """Exit status and what was printed."""

    status: int
    out: str
    err: str

    def failed_with(self, status: int, *said: str) -> None:
        """Check that it failed with one line for each thing said, and no traceback."""
        lines = self.err.splitlines()
        assert self.status == status, self.err
        assert "Traceback" not in self.err
        assert len(lines) == len(said), self.err
        for line, part in zip(lines, said, strict=True):
            assert part in line


Command = Callable[..., Ran]


def runner(capsys: pytest.CaptureFixture[str]) -> Command:
    """A function that runs ``phaseaware`` with arguments."""

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Ran(status, printed.out, printed.err)

    return run


def tones(samples: int, channels: int, rate: int) -> Samples:
    """A low tone of its own in each channel, faded at both ends, at about -10 dBFS; shape (samples, channels)."""
    t = np.arange(samples) / rate
    edge = np.minimum(1, np.minimum(np.arange(samples), np.arange(samples)[::-1]) / 2000)
    fade = np.sin(np.pi / 2 * edge) ** 2
    return np.stack([0.3 * fade * np.sin(2 * np.pi * (300 + 70 * c) * t) for c in range(channels)], axis=1).astype("f4")


def put(path: Path, x: Samples, rate: int = 48_000, subtype: str | None = "FLOAT", format: str | None = None) -> Path:
    """Write samples of shape (samples, channels)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, x, rate, subtype, format=format)
    return path


def get(path: Path) -> Samples:
    """Samples of shape (samples, channels)."""
    return soundfile.read(path, dtype="float32", always_2d=True)[0]


def tree(folder: Path) -> list[str]:
    """All files below a folder, hidden ones too, but not the records of the manifest."""
    paths = (path for path in folder.rglob("*") if not path.is_dir() and path.parent.name != FOLDER)
    return sorted(str(path.relative_to(folder)) for path in paths)
