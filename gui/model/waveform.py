"""The waveform of what is heard, at any resolution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine import SAMPLE_RATE
from phaseaware.engine.limits import MaskName
from phaseaware.engine.stft import HOP
from phaseaware.engine.versions import Version

from .mixer import read_version
from .recording import Recording
from .renderer import Slot
from .store import DiskArray

__all__ = ["Waveform"]

Line = NDArray[np.floating]


@dataclass(frozen=True)
class Waveform:
    """A version of a recording, at the gain at which it is heard."""

    recording: Recording
    slot: Slot | None = None
    version: Version = Version.NOISY
    removed_by: MaskName = "phase-aware"
    gain: float = 1.0

    @property
    def peaks(self) -> DiskArray:
        """Lowest and highest sample of each 512; noisy where the version is not there."""
        if self.version is Version.CLEAN and self.recording.clean is not None:
            return self.recording.clean.peaks
        if self.version.is_rendered and self.slot is not None:
            return self.slot.peaks_of(self.version, self.removed_by)
        return self.recording.noisy.peaks

    def line(self, start: float, stop: float, columns: int) -> tuple[Line, Line]:
        """Times in s and values of a line that shows a stretch in about so many columns."""
        columns = max(1, columns)
        first = max(0, int(start * SAMPLE_RATE) // HOP)
        last = min(self.peaks.rows, -(-int(stop * SAMPLE_RATE) // HOP) + 1)
        if last - first < columns / 8:  # closer than the peaks: the samples themselves
            a, b = max(0, int(start * SAMPLE_RATE)), min(self.recording.samples, int(stop * SAMPLE_RATE) + 1)
            y = read_version(self._known, self.removed_by, self.recording, self.slot, a, b) * self.gain
            if self.recording.channels > 1:  # as in the peaks: what all channels reach
                y = np.stack([y.min(axis=1), y.max(axis=1)], axis=1)
            return np.repeat(np.arange(a, b) / SAMPLE_RATE, y.shape[1]), y.ravel()
        low, high, edges = _pooled(self.peaks.read(first, last), columns)
        x = np.repeat((first + edges) * HOP / SAMPLE_RATE, 2)
        return x, np.stack([low, high], axis=1).ravel() * self.gain

    @property
    def _known(self) -> Version:
        there = self.slot is not None if self.version.is_rendered else True
        stems = self.recording.clean is not None or not self.version.needs_stems
        return self.version if there and stems else Version.NOISY

    def outline(self, columns: int) -> NDArray[np.floating]:
        """Lowest and highest value of the whole in so many columns, shape (columns or fewer, 2)."""
        low, high, _ = _pooled(self.peaks.read(0, self.peaks.rows), max(1, columns))
        return np.stack([low, high], axis=1) * self.gain


def _pooled(peaks: NDArray[np.float32], columns: int) -> tuple[Line, Line, NDArray[np.intp]]:
    groups = max(1, min(columns, len(peaks)))
    edges = np.arange(groups) * len(peaks) // groups
    if not len(peaks):
        return np.zeros(1), np.zeros(1), edges
    return np.minimum.reduceat(peaks[:, 0], edges), np.maximum.reduceat(peaks[:, 1], edges), edges
