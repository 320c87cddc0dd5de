"""Pictures of sound as codes: written while it comes in, or made of a stretch of samples with any frame and window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine import SAMPLE_RATE
from phaseaware.engine.masks import SEAM_HZ
from phaseaware.engine.stft import BINS, FRAME_LENGTH, HOP, frame_count
from scipy.signal import get_window

from .codes import LEVEL_CODES, encode_angle
from .pyramid import Pyramid
from .store import DiskArray

__all__ = [
    "FRAME_LENGTHS",
    "WINDOWS",
    "PairPictures",
    "PairWriter",
    "SpectrogramWriter",
    "SpectrumSettings",
    "Window",
    "columns_of",
]

Samples = NDArray[np.float32]
Codes = NDArray[np.uint8]
Window = Literal["hann", "blackmanharris", "boxcar"]
WINDOWS: tuple[Window, ...] = get_args(Window)
FRAME_LENGTHS = (256, 512, 1024, 2048, 4096, 8192)
_MOST_COLUMNS = 2048
_BINS_PER_BATCH = 1 << 20  # of spectra held at once


@dataclass(frozen=True, kw_only=True)
class SpectrumSettings:
    """How spectrograms are made.

    Attributes
    ----------
    frame_length : samples; one of FRAME_LENGTHS.
    window : scipy's name.

    Examples
    --------
    >>> SpectrumSettings().is_default, SpectrumSettings(frame_length=4096).bins
    (True, 2049)
    """

    frame_length: int = FRAME_LENGTH
    window: Window = "hann"

    def __post_init__(self) -> None:
        if self.frame_length not in FRAME_LENGTHS:
            raise ValueError(f"{self.frame_length=} is not one of {', '.join(map(str, FRAME_LENGTHS))}")
        if self.window not in WINDOWS:
            raise ValueError(f"{self.window=} is not one of {', '.join(map(repr, WINDOWS))}")

    @property
    def is_default(self) -> bool:
        """As the pictures that are kept of the whole recording."""
        return self == SpectrumSettings()

    @property
    def bins(self) -> int:
        """Of a column."""
        return self.frame_length // 2 + 1


def _scaled_window(settings: SpectrumSettings) -> NDArray[np.float32]:
    """A full-scale sine on a bin has a level of 0 dB."""
    w = get_window(settings.window, settings.frame_length)
    return (2 * w / w.sum()).astype(np.float32)


_WINDOW = _scaled_window(SpectrumSettings())


def _power(X: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Mean over the channels of spectra of shape (columns, channels, bins)."""
    return (X.real**2 + X.imag**2).mean(axis=1)


class _Columns:
    """Spectra of samples that come piece by piece: frames of 1024 samples (Hann), hop 512."""

    def __init__(self, before: Samples) -> None:
        self._held = before

    def take(self, x: Samples) -> NDArray[np.complex64]:
        """Samples of shape (n, channels) in, the columns complete by now out: (count, channels, 513)."""
        x = np.concatenate([self._held, x])
        count = max(0, len(x) // HOP - 1)
        self._held = x[count * HOP :]
        if not count:
            return np.empty((0, x.shape[1], BINS), np.complex64)
        frames = np.lib.stride_tricks.sliding_window_view(x, FRAME_LENGTH, axis=0)[: (count - 1) * HOP + 1 : HOP]
        return np.fft.rfft(frames * _WINDOW, axis=-1).astype(np.complex64, copy=False)

    def last(self, end: int) -> NDArray[np.complex64]:
        """The column at the signal's last sample: it reaches beyond the end."""
        return self.take(np.zeros((2 * HOP - end % HOP, self._held.shape[1]), np.float32))


class SpectrogramWriter:
    """Writes the picture of samples that come piece by piece.

    Column ``n`` is centred on sample ``512 n``. Channels are added up by power, halved for two, and so on.
    """

    def __init__(self, pyramid: Pyramid, start: int, before: Samples) -> None:
        """``start``: position of the first sample to come, a multiple of 512; ``before``: the 512 samples before it."""
        self._pyramid = pyramid
        self._column = start // HOP
        self._columns = _Columns(before)

    def write(self, x: Samples) -> None:
        """Samples of shape (n, channels)."""
        self._store(self._columns.take(x))

    def finish(self, end: int) -> None:
        """The signal has ended."""
        self._store(self._columns.last(end))

    def _store(self, X: NDArray[np.complex64]) -> None:
        if len(X):
            self._pyramid.write(self._column, LEVEL_CODES.encode_power(_power(X))[..., None])
            self._column += len(X)


class PairPictures:
    """Pictures of A, of B and of A - B.

    Attributes
    ----------
    a, b : levels.
    delta : two planes: level of the signal A - B, and the angle of A against B.
    shares : power of A - B below and above the seam, per column, shape (columns, 2); its sum over the bins of a
        column in units of a full-scale sine.
    """

    def __init__(self, samples: int) -> None:
        frames = frame_count(samples)
        self.a, self.b, self.delta = Pyramid(frames, BINS), Pyramid(frames, BINS), Pyramid(frames, BINS, planes=2)
        self.shares = DiskArray(frames, (2,), np.float32)

    def band_levels(self, start: float, stop: float) -> tuple[float, float]:
        """Level of A - B in dB below and above the seam between two times in s; -inf for silence.

        0 dB is a full-scale sine.
        """
        first = max(0, int(start * SAMPLE_RATE) // HOP)
        power = self.shares.read(first, min(self.shares.rows, int(stop * SAMPLE_RATE) // HOP + 1)).astype(np.float64)
        with np.errstate(divide="ignore"):
            low, high = 10 * np.log10(power.mean(axis=0)) if len(power) else (-np.inf, -np.inf)
        return float(low), float(high)


_SEAM = round(SEAM_HZ * FRAME_LENGTH / SAMPLE_RATE)
_NOISE_BINS = float(FRAME_LENGTH * (_WINDOW**2).sum() / _WINDOW.sum() ** 2)
"""Bins over which the window spreads the power of a sine (its equivalent noise bandwidth)."""


class PairWriter:
    """Writes the pictures of A and B, which come piece by piece and side by side.

    The spectrum of A - B is the difference of their spectra.
    """

    def __init__(self, pictures: PairPictures, start: int, before: tuple[Samples, Samples]) -> None:
        """``start`` and ``before`` as for :class:`SpectrogramWriter`."""
        self._pictures = pictures
        self._column = start // HOP
        self._columns = tuple(_Columns(x) for x in before)

    def write(self, a: Samples, b: Samples) -> None:
        """Samples of shape (n, channels) each."""
        self._store(*(columns.take(x) for columns, x in zip(self._columns, (a, b), strict=True)))

    def finish(self, end: int) -> None:
        """The signals have ended."""
        self._store(*(columns.last(end) for columns in self._columns))

    def _store(self, A: NDArray[np.complex64], B: NDArray[np.complex64]) -> None:
        if not len(A):
            return
        pictures, first = self._pictures, self._column
        power = _power(A - B)
        for pyramid, X in ((pictures.a, A), (pictures.b, B)):
            pyramid.write(first, LEVEL_CODES.encode_power(_power(X))[..., None])
        angle = encode_angle((A * B.conj()).sum(axis=1))
        pictures.delta.write(first, np.stack([LEVEL_CODES.encode_power(power), angle], axis=-1))
        split = np.add.reduceat(power, (0, _SEAM), axis=1) / _NOISE_BINS
        pictures.shares.write(first, split[: max(0, pictures.shares.rows - first)])
        self._column += len(A)


def columns_of(
    read: Callable[[int, int], Samples], settings: SpectrumSettings, start: int, stop: int, wanted: int
) -> tuple[NDArray[np.complex64], float, float]:
    """Spectra of a stretch of sound, as many as are wanted at most: what was not written beforehand.

    Parameters
    ----------
    read : samples between two positions, shape (n, channels); zeros outside the recording.
    start, stop : samples.
    wanted : columns; where they are farther apart than a quarter of a frame, what lies between is not shown.

    Returns
    -------
    X : shape (columns, channels, bins).
    begin, end : samples that they stand for.
    """
    n = settings.frame_length
    count = max(1, min(wanted, _MOST_COLUMNS, 4 * (stop - start) // n + 1))
    step = max(1, (stop - start) / count)
    centres = (start + (np.arange(count) + 0.5) * step).astype(np.int64)
    w = _scaled_window(settings)
    batch = max(1, _BINS_PER_BATCH // n)
    spectra = [
        np.fft.rfft(np.stack([read(c - n // 2, c - n // 2 + n).T for c in centres[i : i + batch]]) * w, axis=-1)
        for i in range(0, count, batch)
    ]
    return np.concatenate(spectra), float(start), float(start + count * step)
