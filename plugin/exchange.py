"""A separator that can be exchanged for another while its stream runs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine.rates import AnyRateSeparator

from .bypass import FADE_SAMPLES, ramp

__all__ = ["Exchangeable"]

Samples = NDArray[np.float32]


class Exchangeable:
    """Plays the part of one separator. A new one hears the sound from the exchange on and fades in.

    Parameters
    ----------
    separator : the first.
    """

    def __init__(self, separator: AnyRateSeparator) -> None:
        self._current = separator
        self._next: AnyRateSeparator | None = None
        self._fed = self._returned = self._next_start = 0

    @property
    def latency_samples(self) -> int:
        """Constant."""
        return self._current.latency_samples

    @property
    def newest(self) -> AnyRateSeparator:
        """The separator whose sound is or will be heard."""
        return self._next or self._current

    @property
    def is_fading(self) -> bool:
        """An exchange is under way; another one has to wait."""
        return self._next is not None

    def exchange(self, separator: AnyRateSeparator) -> None:
        """Fade to another separator of the same latency, channel count and number of renders."""
        if self._fed == 0:
            self._current = separator
        else:
            self._next, self._next_start = separator, self._fed

    def process(self, x: Samples) -> Samples:
        """Feed (channels, n); returns (renders, channels, m)."""
        self._fed += x.shape[1]
        incoming = self._next.process(x) if self._next else None
        return self._mix(self._current.process(x), incoming)

    def flush(self) -> Samples:
        """The rest of the stream."""
        incoming = self._next.flush() if self._next else None
        return self._mix(self._current.flush(), incoming)

    def _mix(self, y: Samples, incoming: Samples | None) -> Samples:
        self._returned += y.shape[2]
        if incoming is None or not incoming.shape[2]:
            return y
        # Both have the same latency, so they end at the same sample of the stream.
        count = incoming.shape[2]
        weight = ramp(self._returned - count - self._next_start, count)
        tail = y[:, :, -count:]
        faded = np.where(weight == 1, incoming, tail + weight * (incoming - tail))
        mixed = np.concatenate([y[:, :, :-count], faded], axis=2)
        if self._next and self._returned >= self._next_start + FADE_SAMPLES:
            self._current, self._next = self._next, None
        return mixed
