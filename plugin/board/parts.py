"""How a board runs: a sequence of parts, each a run of natives, one of our processors, or parallel branches.

All parts take and give (channels, samples) blocks whose samples are aligned: the n-th that comes out belongs to the
n-th that went in. So branches of unequal latency are mixed by waiting for the slowest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..contract import BlockStream
from .natives import NativeRun, fit

__all__ = ["Held", "Part", "Path", "Split", "Stage", "runs"]

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


class Held:
    """What a plugin held that was taken out of a running stream: heard first, so that all else comes as much later.

    Parameters
    ----------
    rest : (channels, n), n >= 1.
    """

    def __init__(self, rest: Samples) -> None:
        self._rest = rest

    def whole(self, x: Samples, sample_rate: float, buffer_size: int) -> Samples:
        return x

    def begin(self, sample_rate: float, channels: int, *, prepared: int = 0) -> None:
        self._rest = np.empty((channels, 0), np.float32)

    def feed(self, x: Samples, buffer_size: int) -> Samples:
        joined = np.concatenate([self._rest, x], axis=1)
        self._rest = joined[:, x.shape[1] :].copy()
        return joined[:, : x.shape[1]]

    def drain(self) -> Samples:
        rest, self._rest = self._rest, self._rest[:, :0]
        return rest

    def latency(self, sample_rate: float, channels: int) -> int:
        return self._rest.shape[1]


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
    """Paths side by side, their outputs added.

    Parameters
    ----------
    branches : by the identity of what a path consists of.
    key : identity of the whole.
    """

    def __init__(self, branches: Sequence[tuple[int, Path]], key: int) -> None:
        self.key = key
        self.keys = [of_branch for of_branch, _ in branches]
        self.branches = [branch for _, branch in branches]
        self._seen: int | None = None  # latency; another thread may read it, so it is one value

    def whole(self, x: Samples, sample_rate: float, buffer_size: int) -> Samples:
        total = np.zeros_like(x)
        for branch in self.branches:
            total += branch.whole(x, sample_rate, buffer_size)
        return total

    def begin(self, sample_rate: float, channels: int, *, prepared: int = 0) -> None:
        self._waiting = [np.empty((channels, 0), np.float32) for _ in self.branches]
        self._channels, self._pending, self._seen = channels, 0, None
        for branch in self.branches:
            branch.begin(sample_rate, channels, prepared=prepared)

    def feed(self, x: Samples, buffer_size: int) -> Samples:
        self._waiting = [
            np.concatenate([waiting, branch.feed(x, buffer_size)], axis=1)
            for waiting, branch in zip(self._waiting, self.branches, strict=True)
        ]
        self._pending += x.shape[1]
        # Not more than came: after an edit there may be.
        count = min([x.shape[1], self._pending, *(waiting.shape[1] for waiting in self._waiting)])
        y = self._add(count, len(x))
        if count or self._seen is not None:
            self._seen = self._pending
        return y

    def _add(self, count: int, channels: int) -> Samples:
        total = np.zeros((channels, count), np.float32)
        for waiting in self._waiting:
            total += waiting[:, :count]
        self._waiting = [waiting[:, count:].copy() for waiting in self._waiting]
        self._pending -= count
        return total

    def drain(self) -> Samples:
        self._waiting = [
            fit(np.concatenate([waiting, branch.drain()], axis=1) if branch.parts else waiting, self._pending)
            for waiting, branch in zip(self._waiting, self.branches, strict=True)
        ]
        self._seen = None
        return self._add(self._pending, self._channels)

    def go_on(self, before: Split, channels: int) -> None:
        """Take over a running stream: what waits in the branches that stay, which lie as they did.

        A new branch hears the sound from now on; it is silent until that is due.
        """
        old = list(zip(before.keys, before._waiting, strict=True))
        self._channels, self._pending, self._seen, self._waiting = channels, before._pending, before._seen, []
        for key in self.keys:
            place = next((i for i, (of_branch, _) in enumerate(old) if of_branch == key), None)
            silence = np.zeros((channels, self._pending), np.float32)
            self._waiting.append(silence if place is None else old.pop(place)[1])

    def latency(self, sample_rate: float, channels: int) -> int:
        if self._seen is not None:
            return self._seen
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
