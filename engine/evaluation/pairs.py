"""A set to measure on: a folder of ``NAME.clean.flac``, ``NAME.noise.flac`` and ``index.csv`` (name, snr_db, noise)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from ..controls import Render
from ..model import MaskModel
from ..rates import separate

__all__ = ["outputs", "pairs"]


def pairs(folder: Path) -> Iterator[tuple[dict[str, str], NDArray[np.float32], NDArray[np.float32], int]]:
    """Rows of the index with their stems (mono) and sample rate."""
    with (folder / "index.csv").open(newline="", encoding="utf-8") as f:
        for row in csv.DictReader(f):
            speech, rate = soundfile.read(folder / f"{row['name']}.clean.flac", dtype="float32")
            noise, _ = soundfile.read(folder / f"{row['name']}.noise.flac", dtype="float32")
            yield row, speech, noise, rate


def outputs(model: MaskModel, noisy: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """What each mask of the model makes of a mono signal, shape (masks, n)."""
    return separate(noisy[None], model, [Render(mask=mask) for mask in model.info.masks], sample_rate=rate)[:, 0]
