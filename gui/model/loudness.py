"""Loudness in slots that are filled in any order, as the renderer goes; gated when asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine import SAMPLE_RATE
from phaseaware.engine.loudness import ABSOLUTE_GATE, RELATIVE_GATE, KWeighting, in_lufs, mean_square_of

__all__ = ["SLOT", "LoudnessTrack", "integrated", "momentary"]

SLOT = SAMPLE_RATE // 10
"""Samples per slot: gating blocks of 400 ms overlap by 75 %, so they are sums of four slots of 100 ms."""

Samples = NDArray[np.float32]


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

    def add(self, start: int, power: NDArray[np.float64]) -> None:
        """Add K-weighted power, shape (n,), whose first is that of sample ``start``."""
        n = min(len(power), self._samples - start)
        if n <= 0:
            return
        power = power[:n]
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
    blocks = blocks[blocks > mean_square_of(ABSOLUTE_GATE)]
    if not len(blocks):
        return float("-inf")
    gated = blocks[blocks > blocks.mean() * 10 ** (RELATIVE_GATE / 10)]
    return float(in_lufs(gated.mean()))


def momentary(x: Samples) -> float:
    """Loudness in LUFS of a block of shape (n, channels), ungated; its first 100 ms only let the filters settle."""
    power = KWeighting(SAMPLE_RATE, channels=x.shape[1]).power(x.T)[SLOT:]
    return float(in_lufs(power.mean())) if len(power) else float("-inf")
