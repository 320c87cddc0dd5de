"""The frequency axis of a picture: which bin a row shows, and where the ticks are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine.masks import SEAM_HZ
from phaseaware.engine.stft import BINS, FRAME_LENGTH, SAMPLE_RATE

__all__ = ["FrequencyAxis"]

_LOWEST_HZ = 80.0
_TICKS_KHZ = {
    "log": (0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 6.0, 10.0, 16.0, 24.0),
    "linear": (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0),
}


@dataclass(frozen=True)
class FrequencyAxis:
    """From ``lowest_hz`` at the bottom, 0, to ``highest_hz`` at the top, 1.

    Examples
    --------
    >>> axis = FrequencyAxis.whole(24_000)
    >>> float(axis.place(80)), float(axis.place(24_000))
    (0.0, 1.0)
    >>> axis.bins(4).tolist()
    [3, 14, 60, 251]
    >>> [label for _, label in FrequencyAxis.below_seam(4_000).ticks()]
    ['0', '1', '2', '3', '4']
    """

    kind: Literal["linear", "log"]
    lowest_hz: float
    highest_hz: float

    @classmethod
    def whole(cls, nyquist_hz: float) -> FrequencyAxis:
        """Everything that the masks reach, on a logarithmic axis."""
        return cls("log", _LOWEST_HZ, min(nyquist_hz, SAMPLE_RATE / 2))

    @classmethod
    def below_seam(cls, nyquist_hz: float) -> FrequencyAxis:
        """The phase-aware band alone, on a linear axis, where harmonics are evenly apart."""
        return cls("linear", 0.0, min(nyquist_hz, SEAM_HZ))

    def place(self, hz: float | NDArray[np.floating]) -> NDArray[np.floating]:
        """0 to 1 within the axis."""
        if self.kind == "linear":
            return np.asarray(hz) / self.highest_hz
        return np.log(np.asarray(hz) / self.lowest_hz) / np.log(self.highest_hz / self.lowest_hz)

    def bins(self, rows: int) -> NDArray[np.intp]:
        """The bin nearest to the middle of each of so many rows, from the bottom up."""
        middle = (np.arange(rows) + 0.5) / rows
        linear = self.kind == "linear"
        hz = self.highest_hz * middle if linear else self.lowest_hz * (self.highest_hz / self.lowest_hz) ** middle
        return np.minimum(np.rint(hz * FRAME_LENGTH / SAMPLE_RATE).astype(np.intp), BINS - 1)

    def ticks(self) -> list[tuple[float, str]]:
        """Place and label in kHz."""
        shown = [f for f in _TICKS_KHZ[self.kind] if self.lowest_hz <= 1000 * f <= self.highest_hz]
        return [(float(self.place(1000 * f)), f"{f:g}") for f in shown]

    @property
    def seam(self) -> float | None:
        """Where 6 kHz is; None where that is at the top or beyond."""
        return float(self.place(SEAM_HZ)) if self.highest_hz > SEAM_HZ else None
