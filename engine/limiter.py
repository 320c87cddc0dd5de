"""A look-ahead limiter for true peaks (ITU-R BS.1770-5, annex 2), block by block, with the samples where they were.

Of each sample the gain is found that its peaks allow, between the samples too. The least gain within ``W`` samples
around, averaged with a window that reaches as far, is nowhere above what any sample allows, and changes smoothly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .rates import RateConverter

__all__ = ["PeakLimiter", "oversampling"]

Samples = NDArray[np.float32]
_REACH = 0.01  # s: long enough for gains that are not heard as distortion, short enough that speech does not pump
_HIGHEST_OVERSAMPLED = 192_000


def oversampling(sample_rate: int) -> int:
    """How many times the samples are taken to find their true peak: four, as BS.1770 asks, to 192 kHz at most."""
    return max(1, min(4, _HIGHEST_OVERSAMPLED // sample_rate))


class PeakLimiter:
    """Keeps true peaks below a ceiling; all channels get the same gain, so the image stays.

    Parameters
    ----------
    sample_rate : Hz.
    channels : number of channels.
    ceiling : in dBTP.

    Attributes
    ----------
    most : the most that was taken away, dB.

    Examples
    --------
    >>> import numpy as np
    >>> limiter = PeakLimiter(48_000, channels=1, ceiling=-6)
    >>> x = np.sin(np.arange(48_000) / 7)[None].astype(np.float32)
    >>> y = np.concatenate([limiter.process(x), limiter.flush()], axis=1)
    >>> y.shape, f"{20 * np.log10(np.abs(y).max()):.1f} dB"
    ((1, 48000), '-6.0 dB')
    """

    def __init__(self, sample_rate: int, *, channels: int, ceiling: float) -> None:
        self._times = oversampling(sample_rate)
        self._up = RateConverter(sample_rate, self._times * sample_rate, channels)
        self._ceiling = 10 ** (ceiling / 20)
        self._reach = round(_REACH * sample_rate)
        window = np.hanning(2 * self._reach + 3)[1:-1]
        self._window = window / window.sum()
        self._held = np.empty((channels, 0), np.float32)  # samples whose gain is not known yet
        self._peaks = np.empty((channels, 0), np.float32)  # what is left of a sample that is not whole
        # Gains that samples allow, from 2 W before the next sample to come out.
        self._allowed = np.ones(2 * self._reach)
        self.most = 0.0

    def process(self, block: Samples) -> Samples:
        """Feed a block of shape (channels, n); as many samples, or fewer, come out."""
        return self._feed(block, last=False)

    def flush(self) -> Samples:
        """The rest."""
        channels = len(self._held)
        rest = self._feed(np.empty((channels, 0), np.float32), last=True)
        # What the converter did not give is no peak, and behind the end is silence.
        missing = self._held.shape[1] + 2 * self._reach - (len(self._allowed) - 2 * self._reach)
        self._allowed = np.concatenate([self._allowed, np.ones(max(0, missing))])
        return np.concatenate([rest, self._take()], axis=1)

    def _feed(self, block: Samples, *, last: bool) -> Samples:
        self._held = np.concatenate([self._held, block], axis=1)
        peaks = np.concatenate([self._peaks, self._up.process(block, last=last)], axis=1)
        whole = peaks.shape[1] // self._times * self._times
        self._peaks = peaks[:, whole:]
        highest = np.abs(peaks[:, :whole]).max(axis=0, initial=0).reshape(-1, self._times).max(axis=1)
        # Near half the rate the converter's filter takes from the samples too.
        first = len(self._allowed) - 2 * self._reach
        samples = np.abs(self._held[:, first : first + len(highest)]).max(axis=0, initial=0)
        highest[: len(samples)] = np.maximum(highest[: len(samples)], samples)
        with np.errstate(divide="ignore"):
            self._allowed = np.concatenate([self._allowed, np.minimum(1.0, self._ceiling / highest)])
        return self._take()

    def _take(self) -> Samples:
        from scipy.ndimage import minimum_filter1d
        from scipy.signal import oaconvolve

        reach = self._reach
        count = min(len(self._allowed) - 4 * reach, self._held.shape[1])
        if count <= 0:
            return self._held[:, :0]
        allowed = self._allowed[: count + 4 * reach]
        taken, self._held, self._allowed = self._held[:, :count], self._held[:, count:], self._allowed[count:]
        if allowed.min() == 1:
            return taken
        least = minimum_filter1d(allowed, 2 * reach + 1)[reach:-reach]
        gains = np.minimum(1.0, oaconvolve(least, self._window, mode="valid"))
        self.most = max(self.most, -20 * float(np.log10(gains.min())))
        return (taken * gains).astype(np.float32)
