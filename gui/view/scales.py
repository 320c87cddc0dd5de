"""Frequency axes: linear, logarithmic and mel, each from 0 (bottom) to 1 (24 kHz)."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from phaseaware.engine import SAMPLE_RATE

__all__ = ["FrequencyScale"]

_TOP = SAMPLE_RATE / 2
_LOG_BOTTOM = 50.0
_TICKS = {
    "linear": (0, 2000, 4000, 6000, 8000, 10_000, 12_000, 14_000, 16_000, 18_000, 20_000, 22_000, 24_000),
    "other": (50, 100, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 4000, 6000, 8000, 12_000, 16_000, 24_000),
}


class FrequencyScale(StrEnum):
    """How Hz become height."""

    LINEAR = "linear"
    LOG = "log"
    MEL = "mel"

    def height(self, hz: ArrayLike) -> NDArray[np.float64]:
        """Height, 0 to 1, of frequencies in Hz. Mel: 2595 log10(1 + f/700) (O'Shaughnessy 1987)."""
        f = np.asarray(hz, float)
        if self is FrequencyScale.LINEAR:
            return f / _TOP
        if self is FrequencyScale.MEL:
            return np.log1p(f / 700) / np.log1p(_TOP / 700)
        return np.log(np.maximum(f, 1e-3) / _LOG_BOTTOM) / np.log(_TOP / _LOG_BOTTOM)

    def hz(self, height: ArrayLike) -> NDArray[np.float64]:
        """Inverse of :meth:`height`."""
        y = np.asarray(height, float)
        if self is FrequencyScale.LINEAR:
            return y * _TOP
        if self is FrequencyScale.MEL:
            return 700 * np.expm1(y * np.log1p(_TOP / 700))
        return _LOG_BOTTOM * (_TOP / _LOG_BOTTOM) ** y

    def ticks(self, low: float, high: float, room: int) -> list[tuple[float, str]]:
        """At most ``room`` ticks between two heights, as (height, text); 6 kHz is kept before all others."""
        hz = [
            f for f in _TICKS["linear" if self is FrequencyScale.LINEAR else "other"] if low <= self.height(f) <= high
        ]
        if len(hz) < 3:
            step = 10 ** np.floor(np.log10(max(1.0, float(self.hz(high) - self.hz(low)))))
            hz = list(np.arange(np.ceil(self.hz(low) / step), np.floor(self.hz(high) / step) + 1) * step)
        kept: list[float] = []
        apart = (high - low) / max(1, room)
        for f in sorted(hz, key=lambda f: (f != 6000, f)):
            if all(abs(self.height(f) - self.height(g)) >= apart for g in kept):
                kept.append(f)
        return [(float(self.height(f)), f"{f / 1000:g}k" if f >= 1000 else f"{f:g}") for f in sorted(kept)]
