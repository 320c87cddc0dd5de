"""What may be a target: a recording with noise in its pauses teaches a model to leave noise in pauses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from ..controls import Render
from ..model import MaskModel
from ..rates import separate
from ..stft import FRAME_LENGTH, SAMPLE_RATE, istft, stft
from .augment import active_rms

__all__ = ["cleaned", "floor_db", "without_floor"]

Samples = NDArray[np.float32]
_HEARD_FROM = 100.0  # Hz; rumble below it says nothing of what is heard
_SEGMENT = 50  # a second
_LEAST_PAUSE_DB = 18.0
_OVERSUBTRACTION = 4.0
_DIGITAL_SILENCE = 1e-7  # power of a frame's bins
_DEPTH = 10 ** (-30 / 20)


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
            y = separate(y[None], mask_model, Render(mask="phase-aware"), sample_rate=SAMPLE_RATE)[0, 0, len(before) :]
            x = soxr.resample(y, SAMPLE_RATE, rate)[: len(x)] if rate != SAMPLE_RATE else y
        yield kind, who, rate, x


def without_floor(x: Samples) -> Samples:
    """Speech at 48 kHz without the steady noise of its recording, by spectral subtraction.

    Frames within 3 dB of the quietest fiftieth tell the noise, unless they are within 18 dB of the speech: then there
    is no pause, and nothing is taken away. Four times its power is subtracted, of power smoothed over 3 × 3 bins, down
    to -30 dB (M. Berouti et al., "Enhancement of speech corrupted by acoustic noise", ICASSP 1979). With noise that far
    below the speech this changes the speech little, and a network learns the mean of what it is shown.
    """
    X = stft(x)
    power = np.abs(X) ** 2
    heard = power[:, round(_HEARD_FROM * FRAME_LENGTH / SAMPLE_RATE) + 1 :].sum(axis=1)
    there = heard > _DIGITAL_SILENCE
    if not there.any():
        return x
    quiet, loud = 2 * np.quantile(heard[there], 0.02), heard[heard > heard.max() * 1e-3].mean()
    if 10 * np.log10(loud / quiet) < _LEAST_PAUSE_DB:
        return x
    noise = power[there & (heard <= quiet)].mean(axis=0)
    smooth = uniform_filter(power, 3)
    gain = np.clip(1 - _OVERSUBTRACTION * noise / np.maximum(smooth, 1e-20), _DEPTH, 1)
    return istft(X * gain.astype(np.float32), len(x))
