"""Streams of blocks, for tests of processors and boards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, cycle
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 48_000
Samples = NDArray[np.float32]


def noise(rng: np.random.Generator, *shape: int, level: float = 0.2) -> Samples:
    """White noise."""
    return (level * rng.standard_normal(shape)).astype(np.float32)


def blocks(x: Samples, sizes: Iterable[int]) -> Iterator[Samples]:
    """Cut (channels, n) into blocks of the given sizes, over and over. The first, of 3 at least, tells the layout."""
    start = 0
    first, *rest = sizes
    for size in chain([max(3, first)], cycle([*rest, first])):
        if start >= x.shape[1]:
            return
        yield x[:, start : start + size]
        start += size


def stream(processor: Any, x: Samples, sizes: Iterable[int], *, rate: float = RATE, buffer_size: int = 8192) -> Samples:
    """All of a stream: blocks and flush, for (channels, n)."""
    made = [processor.process(block, rate, buffer_size, reset=False) for block in blocks(x, sizes)]
    return np.concatenate([*made, processor.flush()], axis=1)


def stock_stream(
    board: Any, x: Samples, sizes: Iterable[int], *, rate: float = RATE, buffer_size: int = 8192
) -> Samples:
    """The same for stock plugins, which have no flush."""
    return np.concatenate([board.process(b, rate, buffer_size, reset=False) for b in blocks(x, sizes)], axis=1)


def largest_step(y: Samples) -> float:
    """Largest difference of neighbouring samples."""
    return float(np.abs(np.diff(y)).max())
