"""Bypass: the dry signal, delayed as long as the wet one, and a fade between the two."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["FADE_SAMPLES", "Bypass", "ramp"]

Samples = NDArray[np.float32]
FADE_SAMPLES = 480
"""Length of a fade: 10 ms at 48 kHz."""


def ramp(position: int, count: int) -> Samples:
    """Weights of ``count`` samples of a fade-in, the first of which is its sample ``position``: 0 … 1, linear."""
    return np.clip((position + np.arange(count, dtype=np.float32)) / FADE_SAMPLES, 0, 1)


class Bypass:
    """Fades between what went into a processor and what came out of it, aligned sample by sample.

    Attributes
    ----------
    engaged : bypassed or not; may be set at any time from any thread.
    """

    def __init__(self) -> None:
        self.engaged = False
        self.begin(1)

    def begin(self, channels: int) -> None:
        """Start a new stream."""
        self._dry = np.empty((channels, 0), np.float32)
        self._dryness = int(self.engaged) * FADE_SAMPLES  # place in the fade from wet (0) to dry (FADE_SAMPLES)

    def apply(self, x: Samples, y: Samples) -> Samples:
        """A block (channels, n) that went in, and the (..., channels, m) that came out; returns the latter, faded."""
        self._dry = np.concatenate([self._dry, x], axis=1)
        return self._fade(y)

    def drain(self, y: Samples) -> Samples:
        """As :meth:`apply`, for what comes out at the end of a stream."""
        return self._fade(y)

    def _fade(self, y: Samples) -> Samples:
        count = y.shape[-1]
        dry, self._dry = self._dry[:, :count], self._dry[:, count:].copy()
        target = int(self.engaged) * FADE_SAMPLES
        start = self._dryness
        if start == target:
            return y if target == 0 else np.broadcast_to(dry, y.shape).copy()
        if target > start:
            weight = ramp(start, count)
            self._dryness = min(target, start + count)
        else:
            weight = 1 - ramp(FADE_SAMPLES - start, count)
            self._dryness = max(target, start - count)
        mixed = y + weight * (dry - y)
        # Rounding must not touch what the fade has left behind.
        return np.where(weight == 1, dry, np.where(weight == 0, y, mixed))
