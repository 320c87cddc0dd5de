"""A board is changed while it streams: what stays goes on, and no sample of it is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pedalboard
from numpy.typing import NDArray

from ..contract import StreamTakenError
from .latency import leaves
from .natives import NativeRun
from .parts import Held, Part, Path, Split, Stage, runs

__all__ = ["changed"]


def changed(before: Path, after: Path, sample_rate: float, channels: int) -> Path:
    """What runs from now on.

    Parameters
    ----------
    before : what ran.
    after : what is wanted, not begun.
    sample_rate, channels : of the stream.
    """
    edit = _Edit(before, (sample_rate, channels))
    path = edit.path(before, after)
    for begin in edit.later:  # a plugin that moved was drained in its old place first
        begin()
    return path


class _Edit:
    def __init__(self, before: Path, format: tuple[float, int]) -> None:
        self._format = format
        self._held = {key: count for run in runs(before) for key, count in run.held().items()}
        self._largest = min((run.largest for run in runs(before) if run.largest), default=0)
        self.later: list[Callable[[], None]] = []

    def path(self, before: Path, after: Path) -> Path:
        """The parts of ``after``; those of ``before`` that are meant, where there are any."""
        wanted = {key: place for place, key in enumerate(key for part in after.parts for key in _keys(part))}
        staying = self._staying(before, wanted)
        rests = self._rests(before, staying)
        kept = {key for key, _ in staying}
        old = {_identity(part): part for part in before.parts if kept.issuperset(_keys(part))}
        parts: list[Part] = []
        for new in after.parts:
            for piece in _cut(new, rests) if isinstance(new, NativeRun) else [new]:
                for key in _keys(piece):
                    parts += rests.pop(key, [])
                parts.append(self._going_on(old.get(_identity(piece)), piece))
        return Path([*parts, *rests.pop(None, [])])

    def _staying(self, before: Path, wanted: Mapping[int, int]) -> dict[tuple[int, int], int]:
        """Which keys stay, in the order in which they were.

        A latent plugin that another one has overtaken does not: the sound would come in another order.

        Returns
        -------
        By key and new place: the furthest new place of the latent ones before it.
        """
        staying: dict[tuple[int, int], int] = {}
        furthest = -1
        for part in before.parts:
            for key in _keys(part):
                is_latent = bool(self._held.get(key) if isinstance(part, NativeRun) else part.latency(*self._format))
                if key in wanted and not (is_latent and wanted[key] < furthest):
                    staying[key, wanted[key]] = furthest
                    furthest = max(furthest, wanted[key]) if is_latent else furthest
        return staying

    def _going_on(self, old: Part | None, new: Part) -> Part:
        if isinstance(old, Split) and isinstance(new, Split):
            return self._split(old, new)
        if old is not None:
            return old
        if isinstance(new, NativeRun) and self._largest:
            run = new  # bound now
            self.later.append(lambda: run.join(*self._format, held=self._held, largest=self._largest))
        else:
            self.later.append(lambda: new.begin(*self._format))
        return new

    def _split(self, old: Split, new: Split) -> Split:
        running = list(zip(old.keys, old.branches, strict=True))
        branches: list[tuple[int, Path]] = []
        for key, branch in zip(new.keys, new.branches, strict=True):
            place = next((i for i, (of_branch, _) in enumerate(running) if of_branch == key), None)
            if place is None:
                self.later.append(lambda branch=branch: branch.begin(*self._format))  # type: ignore[misc]
            else:
                branch = self.path(running.pop(place)[1], branch)
            branches.append((key, branch))
        for _, gone in running:
            _drained(gone)
        split = Split(branches, new.key)
        split.go_on(old, self._format[1])
        return split

    def _rests(self, before: Path, staying: Mapping[tuple[int, int], int]) -> dict[int | None, list[Part]]:
        """What plugins held that go, by the key before which it is heard (None: behind all)."""
        rests: dict[int | None, list[Part]] = {}
        ahead = list(staying.items())
        going: list[Part] = []
        for part in before.parts:
            for key in _keys(part):
                if not ahead or key != ahead[0][0][0]:
                    if not isinstance(part, NativeRun):
                        going.append(part)
                    elif key in self._held:
                        going.append(part.take(key, self._held.pop(key)))
                    continue
                _settle(going, rests, ahead)
                del ahead[0]
        _settle(going, rests, ahead)
        return rests


def _settle(
    going: list[Part], rests: dict[int | None, list[Part]], ahead: Sequence[tuple[tuple[int, int], int]]
) -> None:
    """Put what parts held that go before the first of those that stay behind them, as these stand now."""
    rest = _drained(Path(going))
    going.clear()
    if rest.shape[1]:
        least = ahead[0][1] if ahead else -1
        places = {place: key for (key, place), _ in ahead if place > least}
        rests.setdefault(places[min(places)] if places else None, []).append(Held(rest))


def _keys(part: Part) -> list[int]:
    """Identities of what a part consists of."""
    if isinstance(part, NativeRun):
        return [id(leaf) for plugin in part.plugins for leaf in leaves(plugin)]
    if isinstance(part, Stage):
        return [id(part.processor)]
    return [part.key if isinstance(part, Split) else id(part)]


def _identity(part: Part) -> tuple[Any, ...]:
    """Equal for parts that run the same plugins, connected in the same way."""
    if isinstance(part, NativeRun):
        return tuple(_connected(plugin) for plugin in part.plugins)
    return (type(part), *_keys(part))


def _connected(plugin: pedalboard.Plugin | None) -> tuple[Any, ...]:
    if isinstance(plugin, pedalboard.PluginContainer):
        return (isinstance(plugin, pedalboard.Mix), *(_connected(child) for child in plugin))
    return (id(plugin),)


def _cut(run: NativeRun, rests: Mapping[int | None, list[Part]]) -> list[NativeRun]:
    """A run cut where something is heard first."""
    pieces: list[list[pedalboard.Plugin]] = [[]]
    for plugin in _opened(run.plugins, rests):
        if pieces[-1] and any(id(leaf) in rests for leaf in leaves(plugin)):
            pieces.append([])
        pieces[-1].append(plugin)
    return [NativeRun(piece) for piece in pieces]


def _opened(
    plugins: Iterable[pedalboard.Plugin], rests: Mapping[int | None, list[Part]]
) -> Iterator[pedalboard.Plugin]:
    """Plugins, and what is in chains amid which something is heard first."""
    for plugin in plugins:
        within = list(leaves(plugin))[1:] if isinstance(plugin, pedalboard.Chain) else []  # a mix has no such place
        if isinstance(plugin, pedalboard.Chain) and any(id(leaf) in rests for leaf in within):
            yield from _opened((child for child in plugin if child is not None), rests)
        else:
            yield plugin


def _drained(path: Path) -> NDArray[np.float32]:
    rest = np.empty((1, 0), np.float32)
    with suppress(StreamTakenError):  # it plays elsewhere: what it held is gone
        rest = path.drain()
    return rest
