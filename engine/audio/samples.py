"""Where the samples of a track of MP4 or MOV lie."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .boxes import Column, Leaf, NotPlain, column, numbers, plain, rows_of, table

__all__ = ["Samples", "clipped"]


@dataclass(frozen=True)
class Samples:
    """Where the samples of a track lie, in the container's sense: packets. Tables stay as the file has them.

    Attributes
    ----------
    size : bytes of each, [n]; one number if all are as long.
    count : n.
    runs : of durations: how many, and how long, in the track's ticks, [r, 2].
    chunks : offset in the file of each chunk, [c].
    first, each : chunks from ``first`` on have ``each`` samples, [k].
    before : samples before these, [k].
    """

    size: NDArray[np.integer[Any]] | Column | int
    count: int
    runs: NDArray[np.int64]
    chunks: NDArray[np.integer[Any]] | Column
    first: NDArray[np.integer[Any]]
    each: NDArray[np.integer[Any]]
    before: NDArray[np.int64]

    @classmethod
    def of(cls, tables: Mapping[str, Leaf]) -> Samples:
        """From the boxes ``stsz``, ``stts``, ``stsc`` and ``stco`` or ``co64`` (sections 8.6.1.2, 8.7.3 to 8.7.5).

        Raises
        ------
        NotPlain : they do not agree, or one is missing.
        """
        with plain():
            size, count = struct.unpack(">II", bytes(tables["stsz"][4:12]))
            runs = numbers(tables["stts"], ">u4,>u4")
            wide = "stco" not in tables
            chunks = column(tables["co64" if wide else "stco"], ">u8" if wide else ">u4")
            spread = table(tables["stsc"], ">u4,>u4,>u4")
        first, each = (spread[name].astype(np.int32) for name in ("f0", "f1"))
        first -= 1
        lengths = np.append(first, len(chunks))[1:] - first
        if len(first) == 0 < len(chunks) or first[:1].any() or (lengths <= 0).any() or (each <= 0).any():
            raise NotPlain("chunks that are not in order")
        counts = lengths * each.astype(np.int64)
        if counts.sum() != count or runs[:, 0].sum() != count:
            raise NotPlain("tables of other lengths")
        before = np.cumsum(counts) - counts
        return cls(size or column(tables["stsz"][4:], ">u4"), count, runs, chunks, first, each, before)

    @property
    def is_indexed(self) -> bool:
        """Whether FFmpeg keeps an index of them: for PCM, of which each lasts a tick, it does so for chunks only."""
        return self.runs.tolist() != [[self.count, 1]]

    def in_chunks(self, start: int, stop: int) -> NDArray[np.int64]:
        """Number of samples in each of the chunks from ``start`` to ``stop``."""
        wanted = np.arange(start, stop, dtype=self.first.dtype)
        return self.each[np.searchsorted(self.first, wanted, "right") - 1].astype(np.int64)

    def chunk_of(self, number: int) -> tuple[int, int]:
        """Which chunk holds a sample, and which sample is the first there."""
        run = int(np.searchsorted(self.before, number, "right")) - 1
        chunks, _ = divmod(number - int(self.before[run]), int(self.each[run]))
        return int(self.first[run]) + chunks, int(self.before[run]) + chunks * int(self.each[run])

    def begins(self, wanted: NDArray[np.int64]) -> NDArray[np.float64]:
        """When samples begin, in the track's ticks: the sum of the durations before them."""
        counts = np.concatenate([[0], np.cumsum(self.runs[:, 0])])
        ticks = np.concatenate([[0], np.cumsum(self.runs[:, 0] * self.runs[:, 1])])
        return np.interp(wanted, counts, ticks)

    def sizes(self, start: int, stop: int) -> NDArray[np.int64]:
        """Bytes of the samples from ``start`` to ``stop``."""
        part = self.size if isinstance(self.size, int) else self.size[start:stop].astype(np.int64)
        return np.broadcast_to(part, stop - start)

    def part(self, start: int, stop: int) -> dict[str, bytes]:
        """Tables of the samples from ``start`` to ``stop`` only, each in a chunk of its own."""
        (chunk, begin), (last, _) = self.chunk_of(start), self.chunk_of(stop - 1)
        counts = self.in_chunks(chunk, last + 1)
        sizes = self.sizes(begin, begin + int(counts.sum()))
        ahead = np.cumsum(sizes) - sizes
        # Ahead counts from the first of these chunks, offsets from the beginning of each.
        starts = self.chunks[chunk : last + 1].astype(np.int64) - ahead[np.cumsum(counts) - counts]
        wanted = slice(start - begin, stop - begin)
        offsets, count = (np.repeat(starts, counts) + ahead)[wanted], stop - start
        return {
            "stts": rows_of(clipped(self.runs, start, stop)),
            "stsz": struct.pack(">III", 0, 0, count) + sizes[wanted].astype(">u4").tobytes(),
            "stsc": rows_of(np.ones((1, 3), np.int64)),
            "co64": struct.pack(">II", 0, count) + offsets.astype(">u8").tobytes(),
        }


def clipped(runs: NDArray[np.int64], start: int, stop: int) -> NDArray[np.int64]:
    """Runs of equal values, [r, 2], of the samples from ``start`` to ``stop`` only.

    Examples
    --------
    >>> clipped(np.array([[3, 1024], [2, 512]]), 2, 4).tolist()
    [[1, 1024], [1, 512]]
    """
    counts = np.concatenate([[0], np.cumsum(runs[:, 0])])
    left = np.stack([np.diff(np.clip(counts, start, stop)), runs[:, 1]], 1)
    return np.asarray(left[left[:, 0] > 0])
