"""The contract of a processor: what pedalboard's native plugins do, and `flush` and `latency_samples`.

:class:`Processor` keeps the outside of the contract (arrays, layouts, streams, locks); a subclass implements
four methods that see nothing but (channels, samples) float32 blocks. Boards and live sound, which know the layout, feed
a processor such blocks through a :class:`BlockStream`.
"""

from __future__ import annotations

import threading
import warnings
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .layout import Format, LayoutMemory, check_buffer_size, check_sample_rate

__all__ = ["BlockStream", "Processor", "StreamTakenError", "silenced"]

Samples = NDArray[np.float32]
_SLICE = 1 << 17  # samples of a whole signal processed at once: bounds the memory, and changes are heard soon


class StreamTakenError(RuntimeError):
    """A processor was used elsewhere while something streams through it: it holds one stream."""


def silenced(y: Samples) -> tuple[Samples, int]:
    """Sound with silence for NaN and inf, and at how many samples, shape (..., channels, n)."""
    with np.errstate(invalid="ignore"):
        if np.isfinite(y.sum(dtype=np.float64)):
            return y, 0
    bad = ~np.isfinite(y)
    return np.where(bad, np.float32(0), y), int(bad.any(axis=tuple(range(y.ndim - 1))).sum())


class Processor(ABC):
    """Base of all processors here.

    A subclass implements ``_begin``, ``_feed``, ``_drain`` and ``_latency``. ``_feed`` returns the output that has
    become certain, aligned: over a stream, as many samples as were fed, less the latency; ``_drain`` returns the rest.

    Examples
    --------
    >>> class Half(Processor):
    ...     def _begin(self, sample_rate, channels): self.channels = channels
    ...     def _feed(self, x, buffer_size): return x / 2
    ...     def _drain(self): return np.empty((self.channels, 0), np.float32)
    ...     def _latency(self, sample_rate): return 0
    >>> Half()(np.ones(3), 48_000)
    array([0.5, 0.5, 0.5], dtype=float32)
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._layout = LayoutMemory()
        self._form = Format(1, False)
        self._running: tuple[float, int] | None = None
        self._muted = 0
        # Marks of the latest stream (none after a reset), and of the latest that was this processor's caller's own.
        self._stream_token: object = None
        self._own_token: object = None

    # What a subclass does

    @abstractmethod
    def _begin(self, sample_rate: float, channels: int) -> None:
        """Start a new stream; whatever was pending is dropped."""

    @abstractmethod
    def _feed(self, x: Samples, buffer_size: int) -> Samples:
        """Process a block of shape (channels, n), n >= 1; returns (channels, m), m from 0 to n."""

    @abstractmethod
    def _drain(self) -> Samples:
        """The rest of the stream, (channels, m)."""

    @abstractmethod
    def _latency(self, sample_rate: float) -> int:
        """Latency in samples at this rate."""

    def _whole(self, x: Samples, sample_rate: float, buffer_size: int) -> Samples:
        """A whole signal, (channels, n) in and out."""
        self._start(sample_rate, len(x))
        made = [self._audible(self._feed(x[:, i : i + _SLICE], buffer_size)) for i in range(0, x.shape[1], _SLICE)]
        return np.concatenate([*made, self._finish()], axis=-1)

    def _start(self, sample_rate: float, channels: int) -> None:
        self._stream_token = object()
        self._begin(sample_rate, channels)
        self._running = (sample_rate, channels)

    def _finish(self) -> Samples:
        if self._running is None:
            raise RuntimeError("no stream is running")
        rest = self._drain()
        self._running = None
        return self._audible(rest)

    def _audible(self, y: Samples) -> Samples:
        """What may reach an ear: a model, or an effect set to extremes, may make NaN or inf."""
        y, muted = silenced(y)
        self._muted += muted
        return y

    # What a caller does

    def process(
        self, input_array: NDArray[Any], sample_rate: float, buffer_size: int = 8192, reset: bool = True
    ) -> NDArray[np.float32]:
        """Process an array, or the next block of a stream.

        Parameters
        ----------
        input_array : float32 or float64, full scale ±1. 1-D is mono; of a 2-D array the smaller dimension is the
            channels. It is not changed. NaN and inf count as silence, in the output too (a RuntimeWarning tells).
        sample_rate : Hz.
        buffer_size : samples that native plugins process at once; no influence on the result.
        reset : True: the array is a whole signal. False: it is the next block of a stream. A new sample rate or
            channel count starts a new stream.

        Returns
        -------
        A new C-contiguous float32 array of the input's layout. ``reset=True``: as many samples as were given, aligned
        with them. ``reset=False``: 0 to that many; :meth:`flush` gives the rest, ``latency_samples`` of them.

        Raises
        ------
        TypeError : the input is not a float array, or ``sample_rate`` or ``buffer_size`` not a number.
        ValueError : the input has the wrong shape or consists of integers that were not scaled, or ``sample_rate`` or
            ``buffer_size`` is out of range.
        """
        sample_rate, buffer_size = check_sample_rate(sample_rate), check_buffer_size(buffer_size)
        with self._lock:
            return self._process(input_array, sample_rate, buffer_size, reset)

    def _process(self, input_array: NDArray[Any], sample_rate: float, buffer_size: int, reset: bool) -> Samples:
        if isinstance(input_array, np.ndarray) and input_array.ndim in (1, 2) and input_array.size == 0:
            if reset:
                self._running = None
            return np.zeros(input_array.shape, np.float32)
        x, form = self._layout.arrange(input_array)
        muted = self.muted_samples
        if reset:
            self._stream_token = None
            try:
                y = self._audible(self._whole(x, sample_rate, buffer_size))
            finally:
                self._running = None
        else:
            if self._running != (sample_rate, len(x)) or self._stream_token is not self._own_token:
                self._start(sample_rate, len(x))
                self._own_token = self._stream_token
            y = self._audible(self._feed(x, buffer_size))
        self._form = form
        if self.muted_samples > muted:
            warnings.warn(
                f"{self!r} made NaN or inf, which are given as silence; its model or an effect in it is at fault "
                "(muted_samples counts them)",
                RuntimeWarning,
                stacklevel=3,
            )
        return form.restore(y)

    def __call__(
        self, input_array: NDArray[Any], sample_rate: float, buffer_size: int = 8192, reset: bool = True
    ) -> NDArray[np.float32]:
        """The same as :meth:`process`."""
        return self.process(input_array, sample_rate, buffer_size, reset)

    def flush(self) -> NDArray[np.float32]:
        """The rest of the stream, in the layout of its last block; then a new stream begins.

        The samples that were fed but have not come out: ``latency_samples``, fewer if fewer were fed. Where no stream
        is running: an empty array.
        """
        with self._lock:
            if self._running is None or self._stream_token is not self._own_token:
                return np.zeros(0, np.float32)
            return self._form.restore(self._finish())

    def reset(self) -> None:
        """Forget the stream and the layout of its blocks; the parameters stay."""
        with self._lock:
            self._running = self._stream_token = None
            self._muted = 0
            self._layout.forget()

    @property
    def latency_samples(self) -> int:
        """Samples that must be fed beyond a sample before it comes out; at 48 kHz until a stream says otherwise."""
        running = self._running
        return self._latency(running[0] if running else 48_000)

    @property
    def muted_samples(self) -> int:
        """Samples that were NaN or inf since the last :meth:`reset`, and silent: a model or an effect failed."""
        return self._muted

    @property
    def is_effect(self) -> bool:
        """True: takes audio."""
        return True

    @property
    def is_instrument(self) -> bool:
        """False: does not make audio from MIDI."""
        return False


class BlockStream:
    """A processor fed (channels, samples) float32 blocks, which it neither checks nor arranges.

    Parameters
    ----------
    processor : shares its one stream with its own methods.
    user : who streams, for messages.

    Raises
    ------
    StreamTakenError : in a running stream; the processor was reset, or used by another, since it began.

    Examples
    --------
    >>> import numpy as np
    >>> from phaseaware.plugin import PhaseAware
    >>> stream = BlockStream(PhaseAware(mix=0, model="live"))
    >>> stream.begin(48_000, 2)
    >>> stream.feed(np.zeros((2, 4096), np.float32), 512).shape
    (2, 2560)
    >>> stream.drain().shape
    (2, 1536)
    """

    def __init__(self, processor: Processor, *, user: str = "another") -> None:
        self.processor, self._user = processor, user
        self._token: object = None

    def _check(self) -> None:
        if self._token is None:
            raise RuntimeError("no stream is running")
        if self.processor._stream_token is not self._token:
            raise StreamTakenError(
                f"{self.processor!r} was used elsewhere, or reset, while {self._user} streams through it; a processor "
                "holds one stream: give each user its own, as copy.copy makes one"
            )

    def whole(self, x: Samples, sample_rate: float, buffer_size: int) -> Samples:
        """A whole signal: as many samples out as in, aligned."""
        with self.processor._lock:
            return self.processor._audible(self.processor._whole(x, sample_rate, buffer_size))

    def begin(self, sample_rate: float, channels: int) -> None:
        """Start a new stream."""
        with self.processor._lock:
            self.processor._start(sample_rate, channels)
            self._token = self.processor._stream_token

    def feed(self, x: Samples, buffer_size: int) -> Samples:
        """The next block, which may be empty; as many samples come out, less the latency."""
        if not x.shape[1]:
            return x
        with self.processor._lock:
            self._check()
            return self.processor._audible(self.processor._feed(x, buffer_size))

    def drain(self) -> Samples:
        """The rest of the stream.

        Raises
        ------
        RuntimeError : none is running.
        """
        with self.processor._lock:
            self._check()
            self._token = None
            return self.processor._finish()

    def latency(self, sample_rate: float, channels: int) -> int:
        """Samples held back, whatever the number of channels."""
        return self.processor._latency(sample_rate)
