"""Native pedalboard plugins as parts of a stream.

What has to be known about them:

- They tell channels from samples by the array's shape, and the first plugin of a call remembers. An empty stock `Chain`
  in front of every call, shown a clear shape once, makes that certain and costs nothing.
- They are prepared for blocks of some largest size. A larger block prepares them again, and filters, delays and reverbs
  then lose what they hold. So a run of plugins keeps the size it began with, and larger blocks are cut.
- Latency shows only as missing output (:mod:`latency`).
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pedalboard
from numpy.typing import NDArray
from pedalboard_native._internal import AddLatency

from ..contract import silenced
from .latency import leaves, measure, native_latency, silent_guard

__all__ = ["NativeRun", "check_native", "fit"]

Samples = NDArray[np.float32]
_SMALLEST_PREPARED = 512
_LONGEST_LATENCY = 1 << 22


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
    measure(plugin)


def fit(y: Samples, samples: int) -> Samples:
    """Cut (channels, n) to ``samples`` or fill up with silence."""
    missing = samples - y.shape[1]
    return y[:, :samples] if missing <= 0 else np.pad(y, ((0, 0), (0, missing)))


def _reset(plugin: pedalboard.Plugin) -> None:
    for leaf in leaves(plugin):
        leaf.reset()


def _sum_held(plugin: pedalboard.Plugin | None, held: Mapping[int, int]) -> int:
    if not isinstance(plugin, pedalboard.PluginContainer):
        return held.get(id(plugin), 0)
    of_children = [_sum_held(child, held) for child in plugin]
    return max(of_children, default=0) if isinstance(plugin, pedalboard.Mix) else sum(of_children)


class NativeRun:
    """Neighbouring native plugins of a chain: one native call for all of them, as one stock container.

    (A list of plugins would not do: only in a container do the tails of the first ones run into latent plugins behind.)

    Parameters
    ----------
    plugins : natives, in order.
    """

    def __init__(self, plugins: Sequence[pedalboard.Plugin]) -> None:
        self.plugins = list(plugins)
        alone = len(self.plugins) == 1 and isinstance(self.plugins[0], pedalboard.PluginContainer)
        self._stock = self.plugins[0] if alone else pedalboard.Chain(self.plugins)
        self._format = (0.0, 0)
        self._largest = 0  # block size that the plugins are prepared for; 0: not known to be
        self._fed = self._returned = 0
        self._seen: int | None = None  # latency; another thread may read it, so it is one value
        self.muted = 0
        """Samples that were NaN or inf, and are silence."""
        self._instead: Samples | None = None  # silence for what the plugins held when they were reset amid a stream

    def whole(self, x: Samples, sample_rate: float, buffer_size: int) -> Samples:
        """A whole signal, latency compensated by pedalboard."""
        self._meet(sample_rate, len(x))
        y, muted = silenced(pedalboard.process(x, sample_rate, [self._guard, self._stock], buffer_size, True))
        self.muted += muted
        return y

    def _meet(self, sample_rate: float, channels: int) -> None:
        if self._format != (sample_rate, channels):
            self._format, self._largest = (sample_rate, channels), 0
            self._guard = silent_guard(sample_rate, channels)

    def begin(self, sample_rate: float, channels: int, *, prepared: int = 0) -> None:
        """Start a new stream.

        ``prepared`` > 0: the plugins are prepared for blocks of that size and, as in stock boards, go on with what they
        hold of the signal before.
        """
        self._meet(sample_rate, channels)
        self._fed = self._returned = 0
        self._seen = self._instead = None
        if prepared:
            self._largest = prepared
        else:
            measure(self._stock, sample_rate, channels, again=True)
            self.reset()

    def join(self, sample_rate: float, channels: int, *, held: Mapping[int, int], largest: int) -> None:
        """Go on amid a running stream.

        Parameters
        ----------
        held : the samples that a plugin holds, by its identity; a plugin that is not named starts from silence.
        largest : block size that the named ones are prepared for.
        """
        self._meet(sample_rate, channels)
        self._largest = largest
        for leaf in leaves(self._stock):
            if id(leaf) not in held:
                measure(leaf, sample_rate, channels, again=True)
                leaf.reset()
                self._prepare([leaf])
        self._fed += _sum_held(self._stock, held)

    def held(self) -> dict[int, int]:
        """Samples that each plugin holds of the stream, by its identity; empty before the first block."""
        found: dict[int, int] = {}
        if not self._largest:
            return found
        arrived = self._fed
        for leaf in leaves(self._stock):
            found[id(leaf)] = min(arrived, native_latency(leaf, *self._format))
            arrived -= found[id(leaf)]
        return found

    def take(self, key: int, held: int) -> NativeRun:
        """A run of one of the plugins alone, by its identity, which goes on with the samples that it holds."""
        alone = NativeRun([leaf for leaf in leaves(self._stock) if id(leaf) == key])
        alone._meet(*self._format)
        alone._largest, alone._fed = self._largest, held
        return alone

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
        y = self._sound(self._call(x, min(buffer_size, self._largest)), x.shape[1])
        self._fed += x.shape[1]
        self._returned += y.shape[1]
        if self._returned:
            self._seen = self._fed - self._returned
        return y

    def _sound(self, y: Samples, fed: int) -> Samples:
        """A block that came out, with silence for NaN and inf. Filters keep those for good, so they begin anew."""
        if self._instead is not None:
            y = np.concatenate([self._instead, y], axis=1)
            self._instead, y = y[:, fed:].copy(), y[:, :fed]
        y, muted = silenced(y)
        if muted:
            self.muted += muted
            held, largest = self._fed + fed - self._returned - y.shape[1], self._largest
            self.reset()
            self._largest = largest
            self._prepare(self.plugins)
            self._instead = np.zeros((len(y), held), np.float32)
        return y

    def _call(self, x: Samples, buffer_size: int) -> Samples:
        return pedalboard.process(x, self._format[0], [self._guard, self._stock], buffer_size, False)

    def _prepare(self, plugins: Iterable[pedalboard.Plugin]) -> None:
        """Have the plugins, which are silent, make room for the largest block.

        The plugin in front keeps the silence to itself: the others are prepared and hear nothing. (To let them
        hear it and reset them would not do: a reset takes the room from VST3 plugins.)
        """
        (sample_rate, channels), size = self._format, self._largest
        silence = np.zeros((channels, size), np.float32)
        pedalboard.process(silence, sample_rate, [self._guard, AddLatency(size), *plugins], size, False)

    def drain(self) -> Samples:
        """What the plugins still hold of the stream, found by feeding silence; then they are reset."""
        channels, pending = self._format[1], self._fed - self._returned
        rest: list[Samples] = [np.empty((channels, 0), np.float32) if self._instead is None else self._instead]
        have, silent = rest[0].shape[1], 0
        while have < pending and silent < _LONGEST_LATENCY:
            size = max(pending - have, _SMALLEST_PREPARED)
            rest.append(self._call(np.zeros((channels, size), np.float32), self._largest or size))
            have += rest[-1].shape[1]
            silent += size
        self.reset()
        self._fed = self._returned = 0
        self._seen = self._instead = None
        y, muted = silenced(fit(np.concatenate(rest, axis=1), pending))
        self.muted += muted
        return y

    def reset(self) -> None:
        """Have the plugins forget everything but their parameters."""
        for plugin in self.plugins:
            _reset(plugin)
        self._largest = 0

    def latency(self, sample_rate: float, channels: int) -> int:
        """Samples held back: seen if the stream runs and something came out, else as the plugins' twins do."""
        if self._seen is not None:
            return self._seen
        return sum(native_latency(plugin, sample_rate, channels) for plugin in self.plugins)
