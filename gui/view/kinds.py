"""What a pane can show, what part of a recording is in view, and the picture made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine.versions import Version

from ..model.channels import Channels
from ..model.spectra import SpectrumSettings
from .scales import FrequencyScale

__all__ = ["DIFFERENCES", "SPECTROGRAMS", "VERSION_OF", "Kind", "Picture", "View"]

_AS_FINE = 0.02


class Kind(StrEnum):
    """What a pane shows."""

    NOISY = "noisy"
    PHASE_AWARE = "phase-aware"
    REAL = "real"
    DELTA = "delta"
    LEVEL_DIFFERENCE = "level difference"
    PHASE_DIFFERENCE = "phase difference"
    CLEAN = "clean"
    SWIPE = "swipe"
    MASK_MAGNITUDE = "mask magnitude"
    MASK_ROTATION = "mask rotation"
    MASK_REAL = "real mask"
    MASK_SWIPE = "mask swipe"
    MASK_RATIO = "mask ratio"


DIFFERENCES = (Kind.DELTA, Kind.LEVEL_DIFFERENCE, Kind.PHASE_DIFFERENCE)
"""What picture 1d can be; the first is what the article shows."""
SPECTROGRAMS = (Kind.NOISY, Kind.PHASE_AWARE, Kind.REAL, Kind.DELTA, Kind.CLEAN, Kind.SWIPE)
"""Levels on one scale."""
VERSION_OF: Mapping[Kind, Version] = {
    Kind.NOISY: Version.NOISY, Kind.PHASE_AWARE: Version.PHASE_AWARE, Kind.REAL: Version.REAL,
    Kind.CLEAN: Version.CLEAN, **dict.fromkeys(DIFFERENCES, Version.DELTA),
    Kind.MASK_MAGNITUDE: Version.PHASE_AWARE, Kind.MASK_ROTATION: Version.PHASE_AWARE, Kind.MASK_REAL: Version.REAL,
}  # fmt: skip
"""What is heard where the title of a pane is clicked."""


@dataclass(frozen=True, kw_only=True)
class View:
    """What part of the recording is wanted, and how finely.

    Attributes
    ----------
    start, stop : s.
    low, high : heights on the frequency scale.
    columns, rows : pixels.
    floor_db : below this level nobody hears a cell: differences are faded there.
    kinds : panes in view; what they do not need is not made.
    spectrum, channels : how spectrograms are made, and of what.
    """

    start: float
    stop: float
    low: float
    high: float
    columns: int
    rows: int
    scale: FrequencyScale
    floor_db: float
    kinds: frozenset[Kind]
    spectrum: SpectrumSettings = field(default_factory=SpectrumSettings)
    channels: Channels = Channels.ALL

    def is_served_by(self, other: View) -> bool:
        """Pictures of another view do as well: they differ only in how far they reach, and reach almost as far."""
        if replace(self, start=0, stop=0, columns=0) != replace(other, start=0, stop=0, columns=0):
            return False
        width, other_width = self.stop - self.start, other.stop - other.start
        as_fine = abs(self.columns * other_width / (other.columns * width) - 1) < _AS_FINE
        slack = width / 8
        return as_fine and other.start <= self.start + slack and self.stop - slack <= other.stop


@dataclass(frozen=True)
class Picture:
    """One pane's image: codes of shape (columns, rows), or RGBA of shape (columns, rows, 4), and where it lies.

    ``is_complete``: nothing is unknown, so that nothing below it is seen through it.
    """

    image: NDArray[np.uint8]
    start: float
    stop: float
    low: float
    high: float
    is_complete: bool

    def covers(self, time: tuple[float, float], height: tuple[float, float]) -> bool:
        """It hides all that lies below it in this part."""
        return (
            self.is_complete
            and self.start <= time[0] and time[1] <= self.stop
            and self.low <= height[0] and height[1] <= self.high
        )  # fmt: skip
