"""Native pedalboard plugins as parts of a stream.

What has to be known about them:

- They tell channels from samples by the array's shape, and the first plugin of a call remembers. An empty stock `Chain`
  in front of every call, shown a clear shape once, makes that certain and costs nothing.
- They are prepared for blocks of some largest size. A larger block prepares them again, and filters, delays and reverbs
  then lose what they hold. So a run of plugins keeps the size it began with, and larger blocks are cut.
- Latency shows only as missing output.
"""

from __future__ import annotations

import types
from collections.abc import Hashable, Iterator, Sequence
from weakref import WeakKeyDictionary

import numpy as np
import pedalboard
from numpy.typing import NDArray
from pedalboard_native._internal import AddLatency

from .describe import native_classes, native_parameters

__all__ = ["NativeRun", "check_native", "fit", "leaves", "native_latency"]

Samples = NDArray[np.float32]
_SMALLEST_PREPARED = 512
_LONGEST_LATENCY = 1 << 22

_latencies: WeakKeyDictionary[pedalboard.Plugin, dict[tuple[Hashable, ...], int]] = WeakKeyDictionary()


def check_native(plugin: pedalboard.Plugin) -> None:
    """Refuse natives that cannot work in a board.

    Raises
    ------
    ValueError : an instrument.
    TypeError : a Python subclass with its own ``process``, which native calls would silently skip.
    """
    if plugin.is_instrument:
        raise ValueError(f"{plugin!r} is an instrument: it does not take audio and cannot be part of a board")
    for name in ("process", "__call__"):
        if isinstance(getattr(type(plugin), name, None), types.FunctionType):
            raise TypeError(
                f"{type(plugin).__name__} overrides {name} in Python, which native calls skip; "
                "derive from phaseaware.plugin.Processor instead"
            )


def leaves(plugin: pedalboard.Plugin) -> Iterator[pedalboard.Plugin]:
    """A native plugin, or the plugins in a native container."""
    if isinstance(plugin, pedalboard.PluginContainer):
        for child in plugin:
            if child is not None:
                yield from leaves(child)
    else:
        yield plugin


def fit(y: Samples, samples: int) -> Samples:
    """Cut (channels, n) to ``samples`` or fill up with silence."""
    missing = samples - y.shape[1]
    return y[:, :samples] if missing <= 0 else np.pad(y, ((0, 0), (0, missing)))


def _guard(sample_rate: float, channels: int) -> pedalboard.Chain:
    guard = pedalboard.Chain([])
    guard.process(np.zeros((channels, channels + 1), np.float32), sample_rate)
    return guard


def native_latency(plugin: pedalboard.Plugin, sample_rate: float, channels: int) -> int:
    """Latency of a native plugin in samples; found by feeding silence, after which the plugin is reset."""
    reported = getattr(plugin, "reported_latency_samples", None)
    if reported is not None:
        return int(reported)
    known = _latencies.setdefault(plugin, {})
    # Parameters may change it: a limiter's look-ahead, a resampler's rate.
    key = sample_rate, channels, *(value for leaf in leaves(plugin) for value in _parameters(leaf))
    if key not in known:
        known[key] = _probe(plugin, sample_rate, channels)
    return known[key]


def _parameters(plugin: pedalboard.Plugin) -> tuple[Hashable, ...]:
    kind = type(plugin).__name__
    return tuple(getattr(plugin, name) for name in native_parameters(kind)) if kind in native_classes() else ()


def _probe(plugin: pedalboard.Plugin, sample_rate: float, channels: int) -> int:
    guard, fed, returned, size = _guard(sample_rate, channels), 0, 0, 512
    while not returned and fed < _LONGEST_LATENCY:
        silence = np.zeros((channels, size), np.float32)
        returned += pedalboard.process(silence, sample_rate, [guard, plugin], _SMALLEST_PREPARED, False).shape[1]
        fed += size
        size = fed
    _reset(plugin)
    return fed - returned


def _reset(plugin: pedalboard.Plugin) -> None:
    for leaf in leaves(plugin):
        leaf.reset()


class NativeRun:
    """Neighbouring native plugins of a chain: one native call for all of them.

    Parameters
    ----------
    plugins : natives, in order.
    """

    def __init__(self, plugins: Sequence[pedalboard.Plugin]) -> None:
        self.plugins = list(plugins)
        self._format = (0.0, 0)
        self._largest = 0  # block size that the plugins are prepared for; 0: not known to be
        self._fed = self._returned = 0

    def whole(self, x: Samples, sample_rate: float, buffer_size: int) -> Samples:
        """A whole signal, latency compensated by pedalboard."""
        self._meet(sample_rate, len(x))
        return pedalboard.process(x, sample_rate, [self._chain_guard, *self.plugins], buffer_size, True)

    def _meet(self, sample_rate: float, channels: int) -> None:
        if self._format != (sample_rate, channels):
            self._format, self._largest = (sample_rate, channels), 0
            self._chain_guard = _guard(sample_rate, channels)

    def begin(self, sample_rate: float, channels: int, *, prepared: int = 0) -> None:
        """Start a new stream.

        ``prepared`` > 0: the plugins are prepared for blocks of that size and, as in stock boards, go on with what they
        hold of the signal before.
        """
        self._meet(sample_rate, channels)
        self._fed = self._returned = 0
        if prepared:
            self._largest = prepared
        else:
            for plugin in self.plugins:
                native_latency(plugin, sample_rate, channels)
            self.reset()

    def join(self, sample_rate: float, channels: int, *, new: Sequence[pedalboard.Plugin], largest: int) -> None:
        """Go on amid a running stream with plugins of which only the ``new`` ones start from silence."""
        self._meet(sample_rate, channels)
        self._largest = largest
        for plugin in self.plugins:
            if any(plugin is other for other in new):
                native_latency(plugin, sample_rate, channels)
                _reset(plugin)
                self._prepare([plugin])
            else:
                self._fed += native_latency(plugin, sample_rate, channels)

    @property
    def largest(self) -> int:
        """Block size that the plugins are prepared for, 0 before the first block."""
        return self._largest

    def feed(self, x: Samples, buffer_size: int) -> Samples:
        """The next block of the stream."""
        if not x.shape[1]:
            return x
        if not self._largest:
            self._largest = min(buffer_size, max(x.shape[1], _SMALLEST_PREPARED))
            if x.shape[1] < self._largest:
                self._prepare(self.plugins)
        y = self._call(x, min(buffer_size, self._largest))
        self._fed += x.shape[1]
        self._returned += y.shape[1]
        return y

    def _call(self, x: Samples, buffer_size: int) -> Samples:
        return pedalboard.process(x, self._format[0], [self._chain_guard, *self.plugins], buffer_size, False)

    def _prepare(self, plugins: Sequence[pedalboard.Plugin]) -> None:
        """Have the plugins, which are silent, make room for the largest block.

        The plugin in front keeps the silence to itself: the others are prepared and hear nothing. (To let them
        hear it and reset them would not do: a reset takes the room from VST3 plugins.)
        """
        (sample_rate, channels), size = self._format, self._largest
        silence = np.zeros((channels, size), np.float32)
        pedalboard.process(silence, sample_rate, [self._chain_guard, AddLatency(size), *plugins], size, False)

    def drain(self) -> Samples:
        """What the plugins still hold of the stream, found by feeding silence; then they are reset."""
        channels, pending = self._format[1], self._fed - self._returned
        rest: list[Samples] = [np.empty((channels, 0), np.float32)]
        have, silent = 0, 0
        while have < pending and silent < _LONGEST_LATENCY:
            size = max(pending - have, _SMALLEST_PREPARED)
            rest.append(self._call(np.zeros((channels, size), np.float32), self._largest or size))
            have += rest[-1].shape[1]
            silent += size
        self.reset()
        self._fed = self._returned = 0
        return fit(np.concatenate(rest, axis=1), pending)

    def reset(self) -> None:
        """Have the plugins forget everything but their parameters."""
        for plugin in self.plugins:
            _reset(plugin)
        self._largest = 0

    def latency(self, sample_rate: float, channels: int) -> int:
        """Samples held back: seen if the stream runs and something came out, else as the plugins were probed."""
        if self._returned:
            return self._fed - self._returned
        return sum(native_latency(plugin, sample_rate, channels) for plugin in self.plugins)
