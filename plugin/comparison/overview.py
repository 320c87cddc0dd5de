"""Spectra and masks of any length, gathered into as many columns as a picture has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine.masks import SEAM_BIN
from phaseaware.engine.rates import RateConverter
from phaseaware.engine.stft import BINS, SAMPLE_RATE, Analysis, frame_count

__all__ = ["COLUMNS", "LevelOverview", "MaskOverview", "frames_at_48k"]

COLUMNS = 1600
"""Most columns of a picture; more would not be seen."""

Spectrum = NDArray[np.complex64]


class _Columns:
    """Which column a frame belongs to."""

    def __init__(self, frames: int) -> None:
        self.frames_per_column = max(1, -(-frames // COLUMNS))
        self.count = -(-frames // self.frames_per_column)
        self._frame, self._frames = 0, frames

    def split(self, frames: int) -> list[tuple[int, slice]]:
        """Column and slice for each part of the next so many frames; what is beyond the end belongs nowhere."""
        start, stop = self._frame, min(self._frame + frames, self._frames)
        self._frame += frames
        size = self.frames_per_column
        return [
            (c, slice(max(start, c * size) - start, min(stop, (c + 1) * size) - start))
            for c in range(start // size, -(-stop // size))
        ]


class LevelOverview:
    """Largest power per column and bin of one channel, fed block by block at any sample rate.

    Attributes
    ----------
    power : shape (columns, 513).
    energy : of all frames, below and above the seam.
    """

    def __init__(self, samples: int, sample_rate: int) -> None:
        self._columns = _Columns(frames_at_48k(samples, sample_rate))
        self._analysis = Analysis()
        self._converter = RateConverter(sample_rate, SAMPLE_RATE, 1)
        self.power = np.zeros((self._columns.count, BINS), np.float32)
        self.energy = np.zeros(2)

    def feed(self, x: NDArray[np.float32], *, last: bool = False) -> None:
        """Samples of shape (n,)."""
        x = self._converter.process(x[None], last=last)
        if last:
            x = np.pad(x, ((0, 0), (0, 2048)))  # the last frame reaches beyond the end
        power = np.abs(self._analysis.process(x)[0]) ** 2
        self.energy += [power[:, :SEAM_BIN].sum(dtype=np.float64), power[:, SEAM_BIN:].sum(dtype=np.float64)]
        for column, part in self._columns.split(len(power)):
            np.maximum(self.power[column], power[part].max(axis=0), out=self.power[column])


class MaskOverview:
    """Masks per column and bin, as they are in the column's frame in which the noisy bin is loudest; and figures.

    Attributes
    ----------
    masks : complex64 of shape (columns, 513), one each.
    power : of the noisy spectrum, same shape.
    """

    def __init__(self, names: Sequence[str], frames: int) -> None:
        self._columns, self._frames = _Columns(frames), frames
        self.frames_per_column = self._columns.frames_per_column
        self.power = np.full((self._columns.count, BINS), -1, np.float32)
        self.masks = {name: np.zeros((self._columns.count, BINS), np.complex64) for name in names}
        self._above = dict.fromkeys(names, 0)
        self._largest = dict.fromkeys(names, 0.0)
        self._turn = dict.fromkeys(names, 0.0)
        self._weight = dict.fromkeys(names, 0.0)
        self._cells = 0

    def of_beginning(self, seconds: float) -> MaskOverview:
        """An empty one of the first frames only; this one where there are no more."""
        frames = frames_at_48k(round(seconds * SAMPLE_RATE), SAMPLE_RATE)
        return self if self._frames <= frames else MaskOverview(list(self.masks), frames)

    def add(self, spectrum: Spectrum, masks: Mapping[str, Spectrum]) -> None:
        """The next frames, shape (T, 513)."""
        power = np.abs(spectrum) ** 2
        for column, part in self._columns.split(len(power)):
            loudest = power[part].argmax(axis=0)[None]
            candidate = np.take_along_axis(power[part], loudest, axis=0)[0]
            louder = candidate > self.power[column]
            self.power[column][louder] = candidate[louder]
            for name, M in masks.items():
                self.masks[name][column][louder] = np.take_along_axis(M[part], loudest, axis=0)[0][louder]
                self._count(name, M[part], power[part])
            self._cells += (part.stop - part.start) * SEAM_BIN

    def _count(self, name: str, M: Spectrum, power: NDArray[np.float32]) -> None:
        low, weight = M[:, :SEAM_BIN], power[:, :SEAM_BIN]
        magnitude = np.abs(low)
        self._above[name] += int(np.count_nonzero(magnitude > 1.0001))
        self._largest[name] = max(self._largest[name], float(magnitude.max(initial=0)))
        heard = weight * magnitude**2
        self._turn[name] += float(np.sum(heard * np.abs(np.angle(low)), dtype=np.float64))
        self._weight[name] += float(np.sum(heard, dtype=np.float64))

    def above_one(self, name: str) -> float:
        """Share of the cells below the seam with |M| > 1."""
        return self._above[name] / max(1, self._cells)

    def largest_gain_db(self, name: str) -> float:
        """Largest |M| below the seam in dB."""
        return 20 * float(np.log10(max(self._largest[name], 1e-10)))

    def mean_rotation(self, name: str) -> float:
        """Mean |angle| below the seam in degrees, weighted with the energy that the mask lets through."""
        return float(np.degrees(self._turn[name] / self._weight[name])) if self._weight[name] > 0 else 0.0


def frames_at_48k(samples: int, sample_rate: int) -> int:
    """How many frames so many samples make at 48 kHz."""
    return frame_count(-(-samples * SAMPLE_RATE // sample_rate))
