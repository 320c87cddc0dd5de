"""The example runs, and does what it says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pedalboard import Compressor, HighpassFilter, Limiter
from phaseaware.plugin import PhaseAware

from .conftest import speechlike

EXAMPLE = Path(__file__).parents[3] / "plugin" / "examples" / "native_board.py"
BUILDER = Path(__file__).parents[3] / "plugin" / "native" / "build.sh"


@pytest.mark.parametrize("channels", [1, 2])
def test_native_board(channels: int, tmp_path: Path, rng: np.random.Generator) -> None:
    soundfile.write(tmp_path / "noisy.wav", speechlike(rng, channels, 24_000).T, 48_000, "FLOAT")
    subprocess.run([sys.executable, EXAMPLE, tmp_path / "noisy.wav", tmp_path / "clean.wav"], check=True)
    y = soundfile.read(tmp_path / "noisy.wav", dtype="float32", always_2d=True)[0].T
    # The bundles carry the model for streams.
    denoise = PhaseAware(reduction_db=24, link="stereo", model="live")
    parts = HighpassFilter(80), denoise, Compressor(-20, 2.5, 10, 150), Limiter(-1.5)
    for part in parts:
        y = part(y, 48_000)
    made, rate = soundfile.read(tmp_path / "clean.wav", dtype="float32", always_2d=True)
    assert rate == 48_000
    # A 16-bit file; in one chain the high-pass rings on into what the model hears beyond the end.
    np.testing.assert_allclose(made.T[:, :-2048], y[:, :-2048], atol=1e-4)
    assert made.shape == y.T.shape


def test_the_builder_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "dirname").symlink_to("/usr/bin/dirname")
    command = ["/bin/bash", BUILDER, sys.executable]
    done = subprocess.run(
        command, env={"PATH": str(tmp_path), "DPF_DIR": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    missing, advice = done.stdout.splitlines()
    assert "missing: cmake g++ make dpf-source" in missing
    assert "apt-get install --no-install-recommends cmake g++ make dpf-source" in advice
