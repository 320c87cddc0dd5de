"""A band of frequencies, heard alone: a filter without memory, so that any stretch of it is what it is in the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine import SAMPLE_RATE
from scipy.signal import firwin, oaconvolve

__all__ = ["NARROWEST_HZ", "Band"]

NARROWEST_HZ = 100.0
_TAPS = 2047
_TOP = SAMPLE_RATE / 2
Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Band:
    """From ``low`` to ``high`` Hz; :meth:`between` keeps both in range and far enough apart.

    Examples
    --------
    >>> Band.between(900, 400)
    Band(low=400.0, high=900.0)
    >>> Band.between(1000, 1000)
    Band(low=950.0, high=1050.0)
    """

    low: float
    high: float

    @classmethod
    def between(cls, one: float, other: float) -> Band:
        """A band between two frequencies in either order."""
        low, high = sorted((min(max(one, 0.0), _TOP), min(max(other, 0.0), _TOP)))
        missing = max(0.0, NARROWEST_HZ - (high - low))
        low = max(0.0, low - missing / 2)
        high = min(_TOP, max(high + missing / 2, low + NARROWEST_HZ))
        return cls(float(min(low, high - NARROWEST_HZ)), float(high))

    @property
    def reach(self) -> int:
        """Samples on both sides that a filtered sample needs."""
        return _TAPS // 2

    @property
    def taps(self) -> NDArray[np.float64]:
        """A linear-phase filter (windowed sinc, Hamming), delay compensated: some 80 Hz from pass to stop."""
        return _designed(self.low, self.high)

    def filtered(self, read: Callable[[int, int], Samples], start: int, stop: int) -> Samples:
        """The band of what ``read`` gives, between two positions: shape (n, channels)."""
        x = read(start - self.reach, stop + self.reach)
        return oaconvolve(x.astype(np.float64), self.taps[:, None], mode="valid", axes=0).astype(np.float32)


@lru_cache(maxsize=8)
def _designed(low: float, high: float) -> NDArray[np.float64]:
    if low <= 1 and high >= _TOP - 1:
        return np.eye(1, _TAPS, _TAPS // 2)[0]
    edges = [f for f in (low, high) if 1 < f < _TOP - 1]
    return firwin(_TAPS, edges, pass_zero=low <= 1, fs=SAMPLE_RATE)
