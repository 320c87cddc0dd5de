"""One sound on disk at 48 kHz and what is drawn and measured of it, filled while it is being decoded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine.loudness import KWeighting
from phaseaware.engine.stft import BINS, HOP, SAMPLE_RATE, frame_count

from .loudness import LoudnessTrack
from .pyramid import Pyramid
from .spectra import SpectrogramWriter
from .store import DiskArray

__all__ = ["Sound", "peak_rows", "peak_store", "write_peaks"]

Samples = NDArray[np.float32]


class Sound:
    """Samples, waveform, picture and loudness.

    Attributes
    ----------
    track : samples, shape (samples, channels).
    peaks : lowest and highest sample of each stretch of 512 samples, shape (n, 2).
    spectrogram, loudness : filled along.
    """

    def __init__(self, samples: int, channels: int) -> None:
        self.track = DiskArray(samples, (channels,), np.float32)
        self.peaks = peak_store(samples)
        self.spectrogram = Pyramid(frame_count(samples), BINS)
        self.loudness = LoudnessTrack(samples)
        self._weighting = KWeighting(SAMPLE_RATE, channels=channels)
        self._picture = SpectrogramWriter(self.spectrogram, 0, np.zeros((HOP, channels), np.float32))

    def add(self, position: int, x: Samples) -> None:
        """The next samples of shape (n, channels); ``position`` is a multiple of 512."""
        self.track.write(position, x)
        self._picture.write(x)
        self.loudness.add(position, self._weighting.power(x.T))
        write_peaks(self.peaks, position, x)

    def finish(self, end: int) -> None:
        """The sound has ended."""
        self._picture.finish(end)


def peak_store(samples: int) -> DiskArray:
    """Room for the peaks of so many samples."""
    return DiskArray(-(-samples // HOP), (2,), np.float32)


def write_peaks(peaks: DiskArray, position: int, x: Samples) -> None:
    """Peaks of samples of shape (n, channels) from ``position`` on, a multiple of 512."""
    if len(x):
        peaks.write(position // HOP, peak_rows(x))


def peak_rows(x: Samples) -> Samples:
    """Lowest and highest sample of both channels heard, for each 512 samples.

    Examples
    --------
    >>> peak_rows(np.array([[0.5], [-0.25]], np.float32)).tolist()
    [[-0.25, 0.5]]
    """
    starts = np.arange(0, len(x), HOP)
    heard = x[:, :2]
    return np.stack(
        [np.minimum.reduceat(heard.min(axis=1), starts), np.maximum.reduceat(heard.max(axis=1), starts)], axis=1
    )
