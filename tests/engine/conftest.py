"""Fixtures of the engine's tests."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.signals import voice_like


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pairs of stems to measure on."""
    folder = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(9)
    with (folder / "index.csv").open("w", newline="") as f:
        rows = csv.writer(f)
        rows.writerow(["name", "snr_db", "noise"])
        for name, snr in (("a", 0), ("b", 10)):
            rows.writerow([name, snr, "hiss"])
            soundfile.write(folder / f"{name}.clean.flac", voice_like(rng, 60_000), 48_000)
            soundfile.write(folder / f"{name}.noise.flac", 0.05 * rng.standard_normal(60_000), 48_000)
    return folder
