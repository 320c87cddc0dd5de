"""Two sound devices, two clocks: stretch sound by parts per million so that what waits between them stays as it is.

Devices of the same nominal rate differ by up to some hundred parts per million. At 100 ppm an output that is the faster
one has played 5 ms more than there is after a minute, and then runs dry again and again.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

__all__ = ["ClockFollower"]

Samples = NDArray[np.float32]
_HALF = 16  # taps on each side: 80 dB down to 0.85 of half the sample rate
_BETA = 8.0
_PHASES = 512
_SETTLING, _MEASURING, _SMOOTHING, _RETURNING = 0.5, 3.0, 2.0, 15.0  # s
_UNNOTICED = 0.005  # s of sound, below which it is not followed
_MOST = 2e-3  # 3.5 cents


class ClockFollower:
    """Makes more or fewer samples of a stream, as a queue behind it demands.

    Until the queue has changed by 5 ms nothing is done to the sound: it comes out bit for bit, 16 samples later. From
    then on it is resampled (windowed sinc, 32 taps), by at most 0.2 %, so that the queue returns to its length in about
    30 s. (soxr's resampler of variable rate is experimental and cannot begin at a ratio of one without a jump.)

    Parameters
    ----------
    channels : number of channels.
    sample_rate : Hz.
    """

    def __init__(self, *, channels: int, sample_rate: float) -> None:
        self._rate = sample_rate
        self._kept = np.zeros((channels, 2 * _HALF - 1), np.float32)
        self._position = _HALF - 1.0  # in _kept and what follows it: where the next sample is read
        self._seconds = self._smoothed = self._target = self._integral = 0.0
        self._measured = 0
        self._follows = False
        self.stretch = 0.0
        """By how much faster the sound is read than it is played; 1e-6 is one part per million."""

    def process(self, x: Samples, queued: float) -> Samples:
        """Samples of shape (channels, n) in, about as many out.

        Parameters
        ----------
        x : the next block.
        queued : samples that wait before and behind; only its changes matter.
        """
        self._steer(queued, x.shape[1] / self._rate)
        sound = np.concatenate([self._kept, x], axis=1)
        step = 1.0 + self.stretch
        # The last that can be read has _HALF samples after it.
        count = max(0, int(np.floor((sound.shape[1] - 1 - _HALF - self._position) / step)) + 1)
        places: NDArray[np.float64] = self._position + step * np.arange(count, dtype=np.float64)
        y = _read(sound, places)
        done = int(self._position + step * count) - (_HALF - 1)
        self._position += step * count - done
        self._kept = sound[:, done:]
        return y

    def _steer(self, queued: float, seconds: float) -> None:
        self._seconds += seconds
        if self._seconds < _SETTLING:
            return
        if self._seconds < _SETTLING + _MEASURING or not self._measured:
            self._measured += 1
            self._target += (queued - self._target) / self._measured
            self._smoothed = self._target
            return
        self._smoothed += (queued - self._smoothed) * min(1.0, seconds / _SMOOTHING)
        excess = (self._smoothed - self._target) / self._rate
        self._follows = self._follows or abs(excess) > _UNNOTICED
        if self._follows:
            # The excess grows by (difference of the clocks) - stretch each second: a proportional and an integral
            # term, critically damped, bring it to nought and keep it there.
            self._integral = float(np.clip(self._integral + excess * seconds / (4 * _RETURNING**2), -_MOST, _MOST))
            self.stretch = float(np.clip(excess / _RETURNING + self._integral, -_MOST, _MOST))


@cache
def _kernels() -> Samples:
    """Kaiser-windowed sincs of unit sum, shape (phases + 1, taps): row ``i`` reads ``i / phases`` after a sample."""
    offsets = np.arange(1 - _HALF, _HALF + 1)
    distance = np.arange(_PHASES + 1)[:, None] / _PHASES - offsets
    kernels = np.sinc(distance) * np.i0(_BETA * np.sqrt(np.maximum(0, 1 - (distance / _HALF) ** 2)))
    return (kernels / kernels.sum(axis=1, keepdims=True)).astype(np.float32)


def _read(sound: Samples, places: NDArray[np.float64]) -> Samples:
    """The sound at places between its samples; between two kernels by linear interpolation, which errs by -100 dB."""
    first = places.astype(np.intp)
    between = places - first
    if not between.any():
        return sound[:, first]
    phase = between * _PHASES
    row = phase.astype(np.intp)
    share = (phase - row).astype(np.float32)[:, None]
    kernels = _kernels()
    weights = kernels[row] * (1 - share) + kernels[row + 1] * share
    taps = sliding_window_view(sound, 2 * _HALF, axis=1)[:, first - (_HALF - 1)]
    return np.einsum("cnk,nk->cn", taps, weights)
