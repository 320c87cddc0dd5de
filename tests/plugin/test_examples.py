"""The examples run, and do what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pedalboard import Compressor, Gain, HighpassFilter, Limiter
from phaseaware.plugin import PhaseAware

from .helpers import RATE, noise

EXAMPLES = Path(__file__).parents[2] / "plugin" / "examples"


@pytest.fixture
def noisy(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Half a second, stereo."""
    soundfile.write(tmp_path / "noisy.wav", noise(rng, RATE // 2, 2), RATE, "FLOAT")
    return tmp_path / "noisy.wav"


def _run(name: str, *arguments: Path) -> str:
    command = [sys.executable, EXAMPLES / f"{name}.py", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _compare(path: Path, expected: np.ndarray) -> None:
    found, rate = soundfile.read(path, dtype="float32")
    assert rate == RATE
    np.testing.assert_allclose(found, np.clip(expected, -1, 1), atol=1e-4)  # 16-bit files


def test_chain(noisy: Path, history: Path, tmp_path: Path) -> None:
    _run("chain", noisy, tmp_path / "clean.wav", history)
    y, _ = soundfile.read(noisy, dtype="float32")
    for part in (
        HighpassFilter(80),
        PhaseAware(model=history, reduction_db=24, link="stereo"),
        Compressor(-20, 2.5, 10, 150),
        Limiter(-1.5),
    ):
        y = part(y, RATE)
    _compare(tmp_path / "clean.wav", y)


def test_stream_file(noisy: Path, history: Path, tmp_path: Path) -> None:
    x, _ = soundfile.read(noisy, dtype="float32")
    long = np.tile(x, (24, 1))  # 12 s: more than one block
    soundfile.write(tmp_path / "long.wav", long, RATE, "FLOAT")
    _run("stream_file", tmp_path / "long.wav", tmp_path / "clean.wav", history)
    _compare(tmp_path / "clean.wav", PhaseAware(model=history)(HighpassFilter(80)(long, RATE), RATE))


def test_compare_masks(noisy: Path, history: Path, tmp_path: Path) -> None:
    printed = _run("compare_masks", noisy, tmp_path / "masks.png", history)
    assert "A - B" in printed
    assert (tmp_path / "masks.png").read_bytes().startswith(b"\x89PNG")


def test_parallel_dry(noisy: Path, history: Path, tmp_path: Path) -> None:
    x, _ = soundfile.read(noisy, dtype="float32")
    _run("parallel_dry", noisy, tmp_path / "mixed.wav", history)
    clean = Compressor(-24, 3)(PhaseAware(model=history)(x, RATE), RATE)
    _compare(tmp_path / "mixed.wav", (clean + Gain(-20)(x, RATE)) * 10 ** (-1 / 20))


def test_batch_folder(noisy: Path, history: Path, tmp_path: Path, rng: np.random.Generator) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    signals = {f"{i}.wav": noise(rng, 4000 + i, 1 + i % 2) for i in range(3)}
    for name, x in signals.items():
        soundfile.write(folder / name, x, RATE, "FLOAT")
    printed = _run("batch_folder", folder, tmp_path / "out", history)
    assert len(printed.splitlines()) == 3
    for name, x in signals.items():
        y = PhaseAware(model=history)(HighpassFilter(80)(x, RATE), RATE)
        _compare(tmp_path / "out" / name, y.squeeze())
