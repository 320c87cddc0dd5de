"""What may be a target: a recording with noise in its pauses teaches a model to leave noise in pauses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from ..controls import Render
from ..model import MaskModel
from ..separator import separate
from ..stft import SAMPLE_RATE
from .augment import active_rms

__all__ = ["cleaned", "floor_db"]

Samples = NDArray[np.float32]
_HEARD_FROM = 100.0  # Hz; rumble below it says nothing of what is heard
_SEGMENT = 50  # a second


def floor_db(x: Samples, rate: int) -> float:
    """Level of the quietest fiftieth of the 20 ms segments against that of the speech, in dB; digital silence left out.

    Without pauses this is the level of the quietest speech: an upper bound of the noise's.
    """
    X = np.fft.rfft(x)
    X[: int(_HEARD_FROM * len(x) / rate)] = 0
    x = np.fft.irfft(X, len(x)).astype(np.float32)
    size = rate // _SEGMENT
    power = np.square(x[: len(x) // size * size]).reshape(-1, size).mean(axis=1)
    power = power[power > 1e-9]
    level = active_rms(x, rate)
    if not len(power) or level == 0:
        return -np.inf
    return float(10 * np.log10(np.quantile(power, 0.02) / level**2))


def cleaned(
    clips: Iterable[tuple[str, str, int, Samples]], model: str | Path, *, above_db: float = -36.0
) -> Iterator[tuple[str, str, int, Samples]]:
    """The clips; speech whose floor is above ``above_db`` comes out of a model (its phase-aware mask)."""
    mask_model = MaskModel(model)
    for kind, who, rate, x in clips:
        if kind == "speech" and floor_db(x, rate) > above_db:
            y = soxr.resample(x, rate, SAMPLE_RATE) if rate != SAMPLE_RATE else x
            # Half a second, mirrored, goes before it: a model that begins with a word is unsure of it.
            before = y[SAMPLE_RATE // 2 : 0 : -1]
            y = np.concatenate([before, y])
            y = separate(y[None], mask_model, Render(mask="phase-aware"))[0, 0, len(before) :]
            x = soxr.resample(y, SAMPLE_RATE, rate)[: len(x)] if rate != SAMPLE_RATE else y
        yield kind, who, rate, x
