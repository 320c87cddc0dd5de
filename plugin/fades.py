"""Fades: to the dry signal, delayed as long as the wet one (bypass), and to another separator while a stream runs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine.rates import AnyRateSeparator

__all__ = ["FADE_SAMPLES", "Bypass", "Exchangeable", "ramp"]

Samples = NDArray[np.float32]
FADE_SAMPLES = 480
"""Length of a fade: 10 ms at 48 kHz."""


def ramp(position: int, count: int) -> Samples:
    """Weights of ``count`` samples of a fade-in, the first of which is its sample ``position``: 0 … 1, linear."""
    return np.clip((position + np.arange(count, dtype=np.float32)) / FADE_SAMPLES, 0, 1)


class Bypass:
    """Fades between what went into a processor and what came out of it, aligned sample by sample.

    Attributes
    ----------
    engaged : bypassed or not; may be set at any time from any thread.
    """

    def __init__(self) -> None:
        self.engaged = False
        self.begin(1)

    def begin(self, channels: int) -> None:
        """Start a new stream."""
        self._dry = np.empty((channels, 0), np.float32)
        self._dryness = int(self.engaged) * FADE_SAMPLES  # place in the fade from wet (0) to dry (FADE_SAMPLES)

    def apply(self, x: Samples, y: Samples) -> Samples:
        """A block (channels, n) that went in, and the (..., channels, m) that came out; returns the latter, faded."""
        self._dry = np.concatenate([self._dry, x], axis=1)
        return self._fade(y)

    def drain(self, y: Samples) -> Samples:
        """As :meth:`apply`, for what comes out at the end of a stream."""
        return self._fade(y)

    def _fade(self, y: Samples) -> Samples:
        count = y.shape[-1]
        dry, self._dry = self._dry[:, :count], self._dry[:, count:].copy()
        target = int(self.engaged) * FADE_SAMPLES
        start = self._dryness
        if start == target:
            return y if target == 0 else np.broadcast_to(dry, y.shape).copy()
        if target > start:
            weight = ramp(start, count)
            self._dryness = min(target, start + count)
        else:
            weight = 1 - ramp(FADE_SAMPLES - start, count)
            self._dryness = max(target, start - count)
        mixed = y + weight * (dry - y)
        # Rounding must not touch what the fade has left behind.
        return np.where(weight == 1, dry, np.where(weight == 0, y, mixed))


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
