"""How a board runs: a sequence of parts, each a run of natives, one of our processors, or parallel branches.

All parts take and give (channels, samples) blocks whose samples are aligned: the n-th that comes out belongs to the
n-th that went in. So branches of unequal latency are mixed by waiting for the slowest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..contract import BlockStream
from .natives import NativeRun, fit, leaves

__all__ = ["Part", "Path", "Split", "Stage", "identity", "runs"]

Samples = NDArray[np.float32]


class Part(Protocol):
    """What a sequence is made of."""

    def whole(self, x: Samples, sample_rate: float, buffer_size: int) -> Samples:
        """A whole signal: as many samples out as in, aligned."""

    def begin(self, sample_rate: float, channels: int, *, prepared: int = 0) -> None:
        """Start a new stream; ``prepared``: see :meth:`natives.NativeRun.begin`."""

    def feed(self, x: Samples, buffer_size: int) -> Samples:
        """The next block of the stream, which may be empty."""

    def drain(self) -> Samples:
        """The rest of the stream."""

    def latency(self, sample_rate: float, channels: int) -> int:
        """Samples held back."""


class Stage(BlockStream):
    """One of our processors."""

    def begin(self, sample_rate: float, channels: int, *, prepared: int = 0) -> None:
        super().begin(sample_rate, channels)


class Path:
    """Parts one after the other."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = list(parts)

    def whole(self, x: Samples, sample_rate: float, buffer_size: int) -> Samples:
        for part in self.parts:
            x = fit(part.whole(x, sample_rate, buffer_size), x.shape[1])
        return x

    def begin(self, sample_rate: float, channels: int, *, prepared: int = 0) -> None:
        for part in self.parts:
            part.begin(sample_rate, channels, prepared=prepared)

    def feed(self, x: Samples, buffer_size: int) -> Samples:
        for part in self.parts:
            x = part.feed(x, buffer_size)
        return x

    def drain(self) -> Samples:
        rest: Samples | None = None
        for part in self.parts:
            passed = [] if rest is None else [part.feed(rest, max(rest.shape[1], 1))]
            rest = np.concatenate([*passed, part.drain()], axis=1)
        return np.empty((1, 0), np.float32) if rest is None else rest

    def latency(self, sample_rate: float, channels: int) -> int:
        return sum(part.latency(sample_rate, channels) for part in self.parts)


class Split:
    """Paths side by side, their outputs added."""

    def __init__(self, branches: Sequence[Path]) -> None:
        self.branches = list(branches)

    def whole(self, x: Samples, sample_rate: float, buffer_size: int) -> Samples:
        total = np.zeros_like(x)
        for branch in self.branches:
            total += branch.whole(x, sample_rate, buffer_size)
        return total

    def begin(self, sample_rate: float, channels: int, *, prepared: int = 0) -> None:
        self._waiting = [np.empty((channels, 0), np.float32) for _ in self.branches]
        self._pending = 0
        for branch in self.branches:
            branch.begin(sample_rate, channels, prepared=prepared)

    def feed(self, x: Samples, buffer_size: int) -> Samples:
        self._waiting = [
            np.concatenate([waiting, branch.feed(x, buffer_size)], axis=1)
            for waiting, branch in zip(self._waiting, self.branches, strict=True)
        ]
        self._pending += x.shape[1]
        return self._add(min([self._pending, *(waiting.shape[1] for waiting in self._waiting)]), len(x))

    def _add(self, count: int, channels: int) -> Samples:
        total = np.zeros((channels, count), np.float32)
        for waiting in self._waiting:
            total += waiting[:, :count]
        self._waiting = [waiting[:, count:].copy() for waiting in self._waiting]
        self._pending -= count
        return total

    def drain(self) -> Samples:
        if not self._waiting:
            return np.empty((1, 0), np.float32)
        channels = len(self._waiting[0])
        self._waiting = [
            fit(np.concatenate([waiting, branch.drain()], axis=1) if branch.parts else waiting, self._pending)
            for waiting, branch in zip(self._waiting, self.branches, strict=True)
        ]
        return self._add(self._pending, channels)

    def latency(self, sample_rate: float, channels: int) -> int:
        return max((branch.latency(sample_rate, channels) for branch in self.branches), default=0)


def runs(path: Path) -> list[NativeRun]:
    """All runs of natives in a path."""
    found: list[NativeRun] = []
    for part in path.parts:
        if isinstance(part, NativeRun):
            found.append(part)
        elif isinstance(part, Split):
            for branch in part.branches:
                found += runs(branch)
    return found


def identity(part: Part) -> tuple[Any, ...]:
    """Which plugins it runs, and how they are connected: equal for parts that can stand for each other."""
    if isinstance(part, NativeRun):
        return ("run", *(id(leaf) for plugin in part.plugins for leaf in leaves(plugin)))
    if isinstance(part, Stage):
        return ("stage", id(part.processor))
    assert isinstance(part, Split)
    return ("split", *(tuple(identity(p) for p in branch.parts) for branch in part.branches))
