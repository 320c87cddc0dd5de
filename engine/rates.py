"""Any sample rate: a :class:`separator.Separator` between two streaming converters (soxr)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import soxr
from numpy.typing import NDArray

from .controls import Render
from .frames import Frames
from .limits import HIGHEST_RATE, LOWEST_RATE, MOST_CHANNELS, Link
from .model import MaskModel
from .separator import Separator, check_block, sane
from .stft import SAMPLE_RATE

__all__ = ["AnyRateSeparator", "RateConverter", "separate"]

Samples = NDArray[np.float32]
_QUALITY = "HQ"
_SLICE = 256
_PROBE_SECONDS, _PROBE_BLOCK = 2, 32


class RateConverter:
    """Streaming rate conversion, aligned, as soxr compensates its filters' delay; equal rates pass through.

    Parameters
    ----------
    source, target : Hz.
    channels : number of channels.
    """

    def __init__(self, source: float, target: float, channels: int) -> None:
        self._channels = channels
        self._stream = None if source == target else soxr.ResampleStream(source, target, channels, "float32", _QUALITY)

    def process(self, x: Samples, *, last: bool = False) -> Samples:
        """A block of shape (channels, n) to (channels, m); ``last``: and all that was held back."""
        if self._stream is None:
            return x
        return self._stream.resample_chunk(np.ascontiguousarray(x.T), last=last).reshape(-1, self._channels).T


def _in_slices(converter: RateConverter, x: Samples, *, last: bool = False) -> Samples:
    """As ``converter.process``: after one large block soxr holds back far more than after the same samples in small."""
    starts = range(0, max(1, x.shape[1]), _SLICE)
    return np.concatenate(
        [converter.process(x[:, i : i + _SLICE], last=last and i == starts[-1]) for i in starts], axis=1
    )


@lru_cache(maxsize=64)
def _conversion_delay(source: float, target: float) -> int:
    """Most input samples that a converter holds back before their output appears.

    soxr filters in blocks and does not say how large they are, so it is found out: silence goes in, the longest wait is
    noted. What comes out depends only on how much went in, so between two probes the wait grows by at most one block.
    """
    converter = RateConverter(source, target, 1)
    silence = np.zeros((1, _PROBE_BLOCK), np.float32)
    longest, fed, returned = 0.0, 0, 0
    while fed < _PROBE_SECONDS * source:
        returned += converter.process(silence).shape[1]
        fed += _PROBE_BLOCK
        longest = max(longest, fed - returned * source / target)
    return math.ceil(longest) + _PROBE_BLOCK


class AnyRateSeparator:
    """:class:`separator.Separator` for any sample rate from 8 to 192 kHz, with the same contract.

    After ``n`` samples ``max(0, n - latency_samples)`` have come out, aligned with the input. At 48 kHz nothing is
    converted; at other rates the converters add to the latency (about 40 ms at 44.1 kHz) and what lies above 24 kHz is
    lost.

    Parameters
    ----------
    model, renders, channels, link, warm, observer : as for :class:`separator.Separator`.
    sample_rate : Hz.

    Raises
    ------
    ValueError : sample_rate outside 8 to 192 kHz, or what :class:`separator.Separator` refuses.

    Examples
    --------
    >>> from phaseaware.engine import MaskModel, Render
    >>> separator = AnyRateSeparator(MaskModel(), Render(), sample_rate=44_100)
    >>> ready = separator.process(np.zeros((1, 44_100), np.float32))
    >>> ready.shape[2] == 44_100 - separator.latency_samples
    True
    """

    def __init__(
        self,
        model: MaskModel,
        renders: Render | Sequence[Render] | None = None,
        *,
        sample_rate: float,
        channels: int = 1,
        link: Link = "auto",
        warm: bool = False,
        observer: Callable[[Frames], object] | None = None,
    ) -> None:
        if not LOWEST_RATE <= sample_rate <= HIGHEST_RATE:
            raise ValueError(f"{sample_rate=} Hz is not from {LOWEST_RATE} to {HIGHEST_RATE}")
        self.sample_rate = sample_rate
        self._separator = Separator(model, renders, channels=channels, link=link, warm=warm, observer=observer)
        self.latency_samples = self._separator.latency_samples
        """Samples at ``sample_rate`` that must be fed beyond a sample before it comes out; constant."""
        if sample_rate != SAMPLE_RATE:
            held_at_48k = self._separator.latency_samples + _conversion_delay(SAMPLE_RATE, sample_rate)
            held = _conversion_delay(sample_rate, SAMPLE_RATE)
            self.latency_samples = held + math.ceil(held_at_48k * sample_rate / SAMPLE_RATE)
        self.reset()

    @property
    def model(self) -> MaskModel:
        """The model in use."""
        return self._separator.model

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._separator.channels

    @property
    def renders(self) -> tuple[Render, ...]:
        """The versions made; see :attr:`separator.Separator.renders`."""
        return self._separator.renders

    @renders.setter
    def renders(self, renders: Sequence[Render]) -> None:
        self._separator.renders = tuple(renders)

    def reset(self) -> None:
        """Forget the stream; the settings stay."""
        self._separator.reset()
        self._fed = self._returned = 0
        if self.sample_rate != SAMPLE_RATE:
            versions = len(self.renders)
            self._up = RateConverter(self.sample_rate, SAMPLE_RATE, self.channels)
            self._down = RateConverter(SAMPLE_RATE, self.sample_rate, self.channels * versions)
            self._ready = np.empty((versions, self.channels, 0), np.float32)

    def process(self, block: Samples) -> Samples:
        """Feed a block of shape (channels, n); returns (renders, channels, m), m from 0 to n."""
        if self.sample_rate == SAMPLE_RATE:
            return self._separator.process(block)
        check_block(block, self.channels)
        self._fed += block.shape[1]
        if block.shape[1]:
            # NaN would live on in the converter's filter, so it is taken out here already.
            self._push(self._separator.process(_in_slices(self._up, sane(block))))
        return self._take(max(0, self._fed - self.latency_samples) - self._returned)

    def flush(self) -> Samples:
        """The rest of the stream; then a new one begins."""
        if self.sample_rate == SAMPLE_RATE:
            return self._separator.flush()
        self._push(self._separator.process(self._up.process(np.empty((self.channels, 0), np.float32), last=True)))
        self._push(self._separator.flush(), last=True)
        # Two conversions round the length twice: up to two samples may be missing at the very end.
        missing = max(0, self._fed - self._returned - self._ready.shape[2])
        self._ready = np.pad(self._ready, ((0, 0), (0, 0), (0, missing)))
        rest = self._take(self._fed - self._returned)
        self.reset()
        return rest

    def _push(self, made: Samples, *, last: bool = False) -> None:
        versions, channels, samples = made.shape
        converted = _in_slices(self._down, made.reshape(versions * channels, samples), last=last)
        self._ready = np.concatenate([self._ready, converted.reshape(versions, channels, converted.shape[1])], axis=2)

    def _take(self, count: int) -> Samples:
        taken, self._ready = self._ready[:, :, :count], self._ready[:, :, count:]
        self._returned += taken.shape[2]
        return taken


def separate(
    x: Samples,
    model: MaskModel,
    renders: Render | Sequence[Render] | None = None,
    *,
    sample_rate: float,
    link: Link = "auto",
    warm: bool = True,
) -> Samples:
    """A whole signal at once.

    Parameters
    ----------
    x : float32 or float64, shape (channels, n), full scale 1.
    sample_rate : of ``x``, in Hz; converted to 48 kHz and back where it is another.
    model, renders, link, warm : as for :class:`separator.Separator`; not ``warm``, the samples are those of a stream.

    Returns
    -------
    float32, shape (renders, channels, n), aligned with the input.

    Raises
    ------
    TypeError, ValueError : as :class:`AnyRateSeparator` and :meth:`AnyRateSeparator.process`.

    Examples
    --------
    >>> import numpy as np
    >>> from phaseaware.engine import MaskModel, Render, separate
    >>> noisy = np.zeros((2, 44_100), np.float32)
    >>> phase_aware, real = separate(noisy, MaskModel(), Render().pair(), sample_rate=44_100)
    >>> real.shape
    (2, 44100)
    """
    if x.ndim != 2 or len(x) > MOST_CHANNELS:
        raise ValueError(f"{x.shape=} is not (channels, samples); x[None] makes it of one channel, x.T turns it round")
    separator = AnyRateSeparator(model, renders, sample_rate=sample_rate, channels=len(x), link=link, warm=warm)
    return np.concatenate([separator.process(x), separator.flush()], axis=2)
