"""Integrated loudness and true peak after ITU-R BS.1770-5, block by block in constant memory.

The filters are pyloudnorm's. Gating is done here, as pyloudnorm wants the whole signal at once: the mean square of each
gating block goes into a bin of a histogram, a thousandth of a LU wide, with the sum of those in it. So both gates are
exact but for blocks that are that close to the relative one. (The window gates
what it has rendered so far, in any order: ``gui/model/loudness``.)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .audio.speakers import usual_mask
from .limiter import oversampling
from .rates import RateConverter

__all__ = ["ABSOLUTE_GATE", "RELATIVE_GATE", "KWeighting", "Loudness", "LoudnessMeter", "in_lufs", "mean_square_of"]

Samples = NDArray[np.float32]
_OFFSET = -0.691
ABSOLUTE_GATE, RELATIVE_GATE = -70.0, -10.0
"""LUFS, and LU beside the mean of what passes the first."""
_LOUDEST, _BINS_PER_LU = 30.0, 1000
_SURROUND = 1.41
_LOW_FREQUENCY, _SIDES, _BACKS = 0x8, (0x200, 0x400), (0x10, 0x20)


@dataclass(frozen=True)
class Loudness:
    """What was measured.

    Attributes
    ----------
    integrated : gated loudness in LUFS; -inf where no block of 400 ms passes the absolute gate.
    true_peak : in dBTP; -inf for silence.
    """

    integrated: float
    true_peak: float


class KWeighting:
    """Streaming K-weighting, to one power of all channels.

    Parameters
    ----------
    sample_rate, channels, channel_mask : as for :class:`LoudnessMeter`.
    """

    def __init__(self, sample_rate: int, *, channels: int, channel_mask: int | None = None) -> None:
        self._filters = _filters(sample_rate)
        self._states = [np.zeros((channels, 2)) for _ in self._filters]
        self._weights = _weights(channels, channel_mask)

    def power(self, block: Samples) -> NDArray[np.float64]:
        """Of the next samples, shape (channels, n): filtered, squared, summed by the channels' weights, (n,)."""
        from scipy.signal import lfilter

        y = block.astype(np.float64)
        for i, (b, a) in enumerate(self._filters):
            y, self._states[i] = lfilter(b, a, y, axis=1, zi=self._states[i])
        return np.asarray(self._weights @ (y * y))


class LoudnessMeter:
    """Measures blocks of any length as one signal.

    Parameters
    ----------
    sample_rate : Hz.
    channels : number of channels.
    channel_mask : which loudspeakers they are for, as in WAVE_FORMAT_EXTENSIBLE: low frequency effects do not count,
        surround channels count 1.5 dB more. None: those that are usual for their number.

    Examples
    --------
    A sine of -20 dBFS in both channels, near 1 kHz, has -20 LUFS (BS.1770-5, annex 1):

    >>> import numpy as np
    >>> t = np.arange(5 * 48_000) / 48_000
    >>> meter = LoudnessMeter(48_000, channels=2)
    >>> meter.add(np.tile(0.1 * np.sin(2 * np.pi * 997 * t), (2, 1)).astype(np.float32))
    >>> measured = meter.finish()
    >>> f"{measured.integrated:.1f} LUFS, {measured.true_peak:.1f} dBTP"
    '-20.0 LUFS, -20.0 dBTP'
    """

    def __init__(self, sample_rate: int, *, channels: int, channel_mask: int | None = None) -> None:
        self._weighting = KWeighting(sample_rate, channels=channels, channel_mask=channel_mask)
        self._step = round(sample_rate / 10)  # gating blocks of 400 ms overlap by three quarters
        self._held = np.empty(0)
        self._last: NDArray[np.float64] = np.empty(0)  # mean squares of the latest three steps
        bins = round((_LOUDEST - ABSOLUTE_GATE) * _BINS_PER_LU)
        self._counts, self._sums = np.zeros(bins), np.zeros(bins)
        self._up = RateConverter(sample_rate, oversampling(sample_rate) * sample_rate, channels)
        self._channels, self._peak = channels, 0.0

    def add(self, block: Samples) -> None:
        """The next samples, shape (channels, n)."""
        if not block.shape[1]:
            return
        self._add_peak(block, last=False)
        power = np.concatenate([self._held, self._weighting.power(block)])
        whole = len(power) // self._step * self._step
        self._held = power[whole:]
        steps = np.concatenate([self._last, power[:whole].reshape(-1, self._step).mean(axis=1)])
        if len(steps) >= 4:
            self._count(np.lib.stride_tricks.sliding_window_view(steps, 4).mean(axis=1))
        self._last = steps[-3:]

    def _count(self, mean_squares: NDArray[np.float64]) -> None:
        passing = mean_squares[mean_squares > mean_square_of(ABSOLUTE_GATE)]
        bins = ((in_lufs(passing) - ABSOLUTE_GATE) * _BINS_PER_LU).astype(int).clip(0, len(self._counts) - 1)
        np.add.at(self._counts, bins, 1)
        np.add.at(self._sums, bins, passing)

    def _add_peak(self, block: Samples, *, last: bool) -> None:
        between = self._up.process(block, last=last)
        self._peak = max(self._peak, float(np.abs(block).max(initial=0)), float(np.abs(between).max(initial=0)))

    def finish(self) -> Loudness:
        """The signal has ended."""
        self._add_peak(np.empty((self._channels, 0), np.float32), last=True)
        peak = 20 * float(np.log10(self._peak)) if self._peak else float("-inf")
        count = self._counts.sum()
        if not count:
            return Loudness(float("-inf"), peak)
        gate = float(in_lufs(self._sums.sum() / count)) + RELATIVE_GATE
        first = max(0, int(np.ceil((gate - ABSOLUTE_GATE) * _BINS_PER_LU)))
        return Loudness(float(in_lufs(self._sums[first:].sum() / self._counts[first:].sum())), peak)


def _weights(channels: int, mask: int | None) -> NDArray[np.float64]:
    """By BS.1770-5, table 3: what is 60 to 120 degrees to the side counts more."""
    if not mask or mask.bit_count() != channels:
        mask = usual_mask(channels)
    places = [1 << i for i in range(mask.bit_length()) if mask >> i & 1]
    has_sides = any(place in places for place in _SIDES)
    wide = _SIDES if has_sides else _BACKS if channels > 3 else ()
    weights = [0.0 if place == _LOW_FREQUENCY else _SURROUND if place in wide else 1.0 for place in places]
    return np.array(weights if len(weights) == channels else [1.0] * channels)


@cache
def _filters(sample_rate: int) -> tuple[tuple[NDArray[np.float64], NDArray[np.float64]], ...]:
    from pyloudnorm import IIRfilter

    shelf = IIRfilter(4.0, 1 / np.sqrt(2), 1500.0, sample_rate, "high_shelf")
    high_pass = IIRfilter(0.0, 0.5, 38.0, sample_rate, "high_pass")
    return (shelf.b, shelf.a), (high_pass.b, high_pass.a)


def in_lufs(mean_square: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Loudness of a mean :meth:`KWeighting.power`; -inf for none."""
    with np.errstate(divide="ignore"):
        return np.asarray(_OFFSET + 10 * np.log10(mean_square))


def mean_square_of(loudness: float) -> float:
    """The mean :meth:`KWeighting.power` of a loudness in LUFS."""
    return float(10 ** ((loudness - _OFFSET) / 10))
