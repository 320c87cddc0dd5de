"""Boards: chains and mixes of native pedalboard plugins and our processors alike.

Stock containers accept only their own C++ plugins. These here look and sound the same and take both. They are no
subclasses of the stock ones, because a stock container would accept a subclass and then skip what it holds.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, MutableSequence
from contextlib import contextmanager
from typing import Any, overload

import numpy as np
import pedalboard
from numpy.typing import NDArray

from ..contract import Processor, StreamTakenError
from .describe import freeze, thaw
from .edits import changed
from .latency import leaves
from .natives import NativeRun, check_native
from .parts import Part, Path, Split, Stage, runs

__all__ = ["Chain", "DuplicatePluginError", "Mix", "Pedalboard", "Plugin", "members"]

Samples = NDArray[np.float32]
Plugin = pedalboard.Plugin | Processor | None
"""What a board holds: a native plugin, one of our processors (boards included), or None, which passes sound on."""


class DuplicatePluginError(ValueError, RuntimeError):
    """One instance stands at two places of a board. (A RuntimeError too, as native boards raise one.)"""


class Container(Processor, MutableSequence[Plugin]):
    """A list of plugins that is itself a processor.

    The list may be changed while another thread processes: the change holds from the next block on. In a stream the
    plugins that stay keep what they hold, and what a plugin held that goes is heard first, so the stream stays as late
    as it was until a new one begins; of a branch of a mix that goes, nothing more is heard.

    Parameters
    ----------
    plugins : natives, our processors, or None; default: none.

    Raises
    ------
    TypeError : something else, or a native whose ``process`` is overridden in Python.
    ValueError : an instrument plugin.
    """

    def __init__(self, plugins: Iterable[Plugin] | None = None) -> None:
        super().__init__()
        self._editing = threading.Lock()
        # Replaced as a whole, never changed in place: whoever reads it holds a consistent list.
        self._plugins: tuple[Plugin, ...] = tuple(self._check(plugin) for plugin in plugins or ())
        self._plan: Path | None = None
        self._plan_of: Structure = ()
        # Format and block size of the latest whole signal if only natives saw it: a stream after it goes on from there.
        self._whole_before: tuple[float, int, int] | None = None

    # The list

    @overload
    def __getitem__(self, index: int) -> Plugin: ...
    @overload
    def __getitem__(self, index: slice) -> list[Plugin]: ...
    def __getitem__(self, index: int | slice) -> Plugin | list[Plugin]:
        found = self._plugins[index]
        return list(found) if isinstance(found, tuple) else found

    @overload
    def __setitem__(self, index: int, value: Plugin) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: Iterable[Plugin]) -> None: ...
    def __setitem__(self, index: int | slice, value: Any) -> None:
        new: Any = [self._check(plugin) for plugin in value] if isinstance(index, slice) else self._check(value)
        with self._changing() as plugins:
            plugins.__setitem__(index, new)

    def __delitem__(self, index: int | slice) -> None:
        with self._changing() as plugins:
            del plugins[index]

    def __len__(self) -> int:
        return len(self._plugins)

    def __iter__(self) -> Iterator[Plugin]:
        return iter(self._plugins)

    def __contains__(self, plugin: object) -> bool:
        return any(plugin is other for other in self._plugins)

    def insert(self, index: int, plugin: Plugin) -> None:
        """Insert a plugin before ``index``."""
        plugin = self._check(plugin)
        with self._changing() as plugins:
            plugins.insert(index, plugin)

    def reverse(self) -> None:
        """Turn the order round, in one step."""
        with self._changing() as plugins:
            plugins.reverse()

    def copy(self) -> Container:
        """Another container with the same plugins."""
        return type(self)(self._plugins)

    __copy__ = copy

    @contextmanager
    def _changing(self) -> Iterator[list[Plugin]]:
        with self._editing:
            plugins = list(self._plugins)
            yield plugins
            self._plugins = tuple(plugins)

    def _check(self, plugin: Plugin) -> Plugin:
        if isinstance(plugin, pedalboard.Plugin):
            check_native(plugin)
        elif isinstance(plugin, Processor):
            if any(member is self for member in members(plugin)):
                raise ValueError(f"a {type(self).__name__} cannot be part of itself")
        elif plugin is not None:
            hint = " (a chain in a board is written Chain([...]))" if isinstance(plugin, (list, tuple)) else ""
            raise TypeError(
                "a board holds pedalboard plugins, processors of phaseaware.plugin and None, "
                f"not {type(plugin).__name__}{hint}"
            )
        return plugin

    def index(self, plugin: Any, start: int = 0, stop: int | None = None) -> int:
        """Place of this very instance; ValueError if it is not there."""
        for i in range(*slice(start, stop).indices(len(self._plugins))):
            if self._plugins[i] is plugin:
                return i
        raise ValueError(f"{plugin!r} is not in the {type(self).__name__}")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} with {len(self)} plugin{'s' * (len(self) != 1)}: {list(self)}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _thaw, (type(self), [freeze(plugin) for plugin in self._plugins])

    # Processing

    def _whole(self, x: Samples, sample_rate: float, buffer_size: int) -> Samples:
        _refuse_duplicates(self)
        stock = _to_stock(self)
        if stock is None:
            return self._counted(path := Path(_parts(self, streaming=False)), path.whole(x, sample_rate, buffer_size))
        # Not where branches have latency: they would go on out of step.
        aligned = not _holds_mix(self) or Path(_parts(self, streaming=True)).latency(sample_rate, len(x)) == 0
        self._whole_before = (sample_rate, len(x), min(buffer_size, x.shape[1])) if aligned else None
        return self._counted(path := Path([NativeRun([stock])]), path.whole(x, sample_rate, buffer_size))

    def _counted(self, path: Path, y: Samples) -> Samples:
        for run in runs(path):
            self._muted, run.muted = self._muted + run.muted, 0
        return y

    @property
    def muted_samples(self) -> int:
        """Samples that were given as silence, by the board and what it holds; see :attr:`Processor.muted_samples`."""
        return sum(plugin._muted for plugin in members(self) if isinstance(plugin, Processor))

    def _begin(self, sample_rate: float, channels: int) -> None:
        _refuse_duplicates(self)
        prepared = 0
        if self._whole_before is not None and self._whole_before[:2] == (sample_rate, channels):
            prepared = self._whole_before[2]
        self._whole_before = None
        self._stream_format = sample_rate, channels
        self._plan, self._plan_of = Path(_parts(self, streaming=True)), _structure(self)
        self._plan.begin(sample_rate, channels, prepared=prepared)

    def _feed(self, x: Samples, buffer_size: int) -> Samples:
        if _structure(self) != self._plan_of:
            _refuse_duplicates(self)
            assert self._plan is not None
            self._plan_of = _structure(self)
            self._plan = changed(self._plan, Path(_parts(self, streaming=True)), *self._stream_format)
        assert self._plan is not None
        try:
            return self._counted(self._plan, self._plan.feed(x, buffer_size))
        except StreamTakenError:
            self._running = None  # a part of the board has lost its stream: the next block begins a new one
            raise

    def _drain(self) -> Samples:
        assert self._plan is not None
        self._running = None
        rest = self._counted(self._plan, self._plan.drain())
        return rest if rest.size else np.empty((self._stream_format[1], 0), np.float32)

    def _latency(self, sample_rate: float) -> int:
        plan, running = self._plan, self._running  # without the lock, which a running call holds
        if running and plan and _structure(self) == self._plan_of:
            return plan.latency(*running)
        _refuse_duplicates(self)
        return Path(_parts(self, streaming=True)).latency(sample_rate, 1)

    def reset(self) -> None:
        """Forget the stream and the layout of its blocks, in all plugins; their parameters stay."""
        with self._lock:
            super().reset()
            self._whole_before = None
            for plugin in members(self):
                if isinstance(plugin, pedalboard.Plugin):
                    for leaf in leaves(plugin):
                        leaf.reset()
                elif plugin is not self:
                    plugin.reset()


class Chain(Container):
    """Plugins one after the other. Takes natives and our processors; else as ``pedalboard.Chain``.

    Examples
    --------
    >>> Chain([pedalboard.Gain(-6), None])(np.zeros((2, 480)), 48_000).shape
    (2, 480)
    """


class Pedalboard(Chain):
    """Plugins one after the other: the whole of what a signal passes. Else as ``pedalboard.Pedalboard``.

    Examples
    --------
    >>> from phaseaware.plugin import PhaseAware
    >>> board = Pedalboard([pedalboard.HighpassFilter(80), PhaseAware(), pedalboard.Compressor()])
    >>> board(np.zeros((2, 44_100)), 44_100).shape
    (2, 44100)
    """


class Mix(Container):
    """Plugins side by side, all at full level, their outputs added; ``None`` is the dry path.

    The branches are aligned, whatever their latencies, in streams too.

    Examples
    --------
    >>> from phaseaware.plugin import PhaseAware
    >>> both = Mix([None, PhaseAware(mix=0)])  # the dry path, and another as late as a mask
    >>> print(both(np.ones((1, 4800)), 48_000).round(3).min())
    2.0
    """


Structure = tuple[Any, ...]


def _thaw(kind: type[Container], frozen: list[Any]) -> Container:
    return kind([thaw(plugin) for plugin in frozen])


def _structure(plugin: Plugin) -> Structure:
    """What stands where, by identity."""
    if isinstance(plugin, Container):
        return (id(plugin), *(_structure(child) for child in plugin))
    return (id(plugin),)


def members(plugin: Plugin) -> Iterator[pedalboard.Plugin | Processor]:
    """A plugin and all that it holds."""
    if plugin is None:
        return
    yield plugin
    if isinstance(plugin, (Container, pedalboard.PluginContainer)):
        for child in plugin:
            yield from members(child)


def _refuse_duplicates(container: Container) -> None:
    seen: set[int] = set()
    for plugin in members(container):
        if id(plugin) in seen:
            raise DuplicatePluginError(
                f"the same {type(plugin).__name__} instance stands at two places of the board; "
                "each place needs its own, as a plugin remembers the sound that passes it"
            )
        seen.add(id(plugin))


def _to_stock(container: Container) -> pedalboard.Chain | pedalboard.Mix | None:
    """The same in stock containers, None if some plugin is not native."""
    plugins: list[Any] = []  # stock containers take None, their type hints do not know
    for plugin in container:
        if isinstance(plugin, Container):
            plugin = _to_stock(plugin)
            if plugin is None:
                return None
        elif isinstance(plugin, Processor):
            return None
        plugins.append(plugin)
    return pedalboard.Mix(plugins) if isinstance(container, Mix) else pedalboard.Chain(plugins)


def _holds_mix(container: Container) -> bool:
    return any(isinstance(plugin, Mix) for plugin in members(container))


def _parts(container: Container, *, streaming: bool, user: str = "") -> list[Part]:
    """The parts that a container consists of; neighbouring natives become one run.

    ``user``: the outermost container, for messages.

    In a stream, mixes are mixed here: stock ones do not keep their branches aligned from block to block.
    """
    user = user or f"a {type(container).__name__} of {len(container)}"
    if isinstance(container, Mix):
        branches = [(id(plugin), Path(_gather([plugin], streaming, user))) for plugin in container]
        return [Split(branches, id(container))]
    return _gather(container, streaming, user)


def _gather(plugins: Iterable[Plugin], streaming: bool, user: str) -> list[Part]:
    parts: list[Part] = []
    run: list[pedalboard.Plugin] = []
    for plugin in plugins:
        native: pedalboard.Plugin | None = None
        if isinstance(plugin, Container):
            if not (streaming and _holds_mix(plugin)):
                native = _to_stock(plugin)
        elif isinstance(plugin, pedalboard.Plugin):
            native = plugin
        if native is not None:
            run.append(native)
            continue
        new: list[Part] = []
        if isinstance(plugin, Container):
            new = _parts(plugin, streaming=streaming, user=user)
        elif isinstance(plugin, Processor):
            new = [Stage(plugin, user=user)]
        # A nested chain may begin with a run of natives that continues this one.
        for part in new:
            if isinstance(part, NativeRun):
                run += part.plugins
                continue
            if run:
                parts.append(NativeRun(run))
                run = []
            parts.append(part)
    if run:
        parts.append(NativeRun(run))
    return parts
