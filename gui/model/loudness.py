"""Loudness after ITU-R BS.1770-4, measured piece by piece so that long recordings need no memory.

The filters are pyloudnorm's; gating is done here because pyloudnorm wants the whole signal at once.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyloudnorm
from numpy.typing import NDArray
from phaseaware.engine import SAMPLE_RATE
from scipy.signal import lfilter

__all__ = ["SLOT", "KWeighting", "LoudnessTrack", "integrated", "momentary"]

SLOT = SAMPLE_RATE // 10
"""Samples per slot: gating blocks of 400 ms overlap by 75 %, so they are sums of four slots of 100 ms."""
_CHANNEL_WEIGHTS = (1.0, 1.0, 1.0, 1.41, 1.41)
_OFFSET = -0.691
_ABSOLUTE_GATE, _RELATIVE_GATE = -70.0, -10.0

Samples = NDArray[np.float32]


@lru_cache(maxsize=1)
def _filters() -> tuple[tuple[NDArray[np.float64], NDArray[np.float64]], ...]:
    shelf = pyloudnorm.IIRfilter(4.0, 1 / np.sqrt(2), 1500.0, SAMPLE_RATE, "high_shelf")
    high_pass = pyloudnorm.IIRfilter(0.0, 0.5, 38.0, SAMPLE_RATE, "high_pass")
    return (shelf.b, shelf.a), (high_pass.b, high_pass.a)


class KWeighting:
    """Streaming K-weighting of blocks of shape (n, channels) at 48 kHz."""

    def __init__(self, channels: int) -> None:
        self._states = [np.zeros((2, channels)) for _ in _filters()]

    def process(self, x: Samples) -> NDArray[np.float64]:
        """Weighted samples, the block's shape, float64."""
        y = x.astype(np.float64)
        for i, (b, a) in enumerate(_filters()):
            y, self._states[i] = lfilter(b, a, y, axis=0, zi=self._states[i])
        return y


def _power(y: NDArray[np.float64]) -> NDArray[np.float64]:
    weights = np.ones(y.shape[1])
    known = min(len(weights), len(_CHANNEL_WEIGHTS))
    weights[:known] = _CHANNEL_WEIGHTS[:known]
    return (y * y) @ weights


class LoudnessTrack:
    """Energy of a K-weighted signal in slots of 100 ms, filled in any order, each sample once."""

    def __init__(self, samples: int) -> None:
        slots = -(-samples // SLOT)
        self._samples = samples
        self._energy = np.zeros(slots)
        self._count = np.zeros(slots, np.int64)

    def clear(self) -> None:
        """Forget everything."""
        self._energy[:] = 0
        self._count[:] = 0

    def add(self, start: int, weighted: NDArray[np.float64]) -> None:
        """Add K-weighted samples, shape (n, channels), whose first is sample ``start``."""
        n = min(len(weighted), self._samples - start)
        if n <= 0:
            return
        power = _power(weighted[:n])
        first = start // SLOT
        bounds = np.arange(first, (start + n - 1) // SLOT + 1) * SLOT
        offsets = np.maximum(bounds - start, 0)
        slots = slice(first, first + len(bounds))
        self._energy[slots] += np.add.reduceat(power, offsets)
        self._count[slots] += np.diff(np.append(offsets, n))

    def complete(self) -> NDArray[np.bool_]:
        """Which slots are full."""
        return self._count >= SLOT

    def mean_squares(self) -> NDArray[np.float64]:
        """Mean square per slot; meaningful where :meth:`complete`."""
        return self._energy / SLOT


def integrated(mean_squares: NDArray[np.float64], complete: NDArray[np.bool_]) -> float:
    """Gated loudness in LUFS of the complete slots; -inf where no block of 400 ms passes the absolute gate."""
    if len(mean_squares) < 4:
        return float("-inf")
    blocks = np.lib.stride_tricks.sliding_window_view(mean_squares, 4).mean(axis=1)
    blocks = blocks[np.lib.stride_tricks.sliding_window_view(complete, 4).all(axis=1)]
    blocks = blocks[blocks > _mean_square(_ABSOLUTE_GATE)]
    if not len(blocks):
        return float("-inf")
    gated = blocks[blocks > blocks.mean() * 10 ** (_RELATIVE_GATE / 10)]
    return float(_loudness(gated.mean()))


def momentary(x: Samples) -> float:
    """Loudness in LUFS of a block of shape (n, channels), ungated; its first 100 ms only let the filters settle."""
    y = KWeighting(x.shape[1]).process(x)[SLOT:]
    return float(_loudness(_power(y).mean())) if len(y) else float("-inf")


def _loudness(mean_square: float) -> float:
    with np.errstate(divide="ignore"):
        return float(_OFFSET + 10 * np.log10(mean_square))


def _mean_square(loudness: float) -> float:
    return float(10 ** ((loudness - _OFFSET) / 10))
