"""Arrays on disk and what of them has been filled: the memory used does not grow with the length of a recording."""

from __future__ import annotations

import tempfile
import threading
import weakref
from bisect import bisect_right, insort
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["Coverage", "DiskArray", "DiskRecords"]


class DiskArray:
    """Rows of numbers in an unnamed temporary file, zero until written; safe to use from several threads.

    The file vanishes with the object, also after a crash. What was not written takes no room on disk.

    Parameters
    ----------
    rows : number of rows.
    row_shape : shape of one row.
    dtype : of the numbers.
    """

    def __init__(self, rows: int, row_shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self.rows, self.row_shape, self.dtype = rows, row_shape, np.dtype(dtype)
        self._row_bytes = int(np.prod(row_shape)) * self.dtype.itemsize
        self._file = tempfile.TemporaryFile(prefix="phaseaware-", buffering=0)  # noqa: SIM115 (closed with self)
        weakref.finalize(self, self._file.close)
        self._lock = threading.Lock()
        self._file.truncate(rows * self._row_bytes)

    def write(self, start: int, values: NDArray[Any]) -> None:
        """Store rows from ``start`` on; those beyond the end are dropped.

        Raises
        ------
        OSError : the disk is full.
        """
        values = np.ascontiguousarray(values[: max(0, self.rows - start)], self.dtype)
        if not values.size:
            return
        data = memoryview(values.data).cast("B")
        with self._lock:
            self._file.seek(start * self._row_bytes)
            while data:
                data = data[self._file.write(data) :]

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Rows ``start`` to ``stop`` (exclusive), shape ``(stop - start, *row_shape)``; zeros outside the array."""
        out = np.zeros((max(0, stop - start), *self.row_shape), self.dtype)
        first, last = max(0, start), min(self.rows, stop)
        if first < last:
            target = memoryview(out[first - start : last - start].data).cast("B")
            with self._lock:
                self._file.seek(first * self._row_bytes)
                while target and (count := self._file.readinto(target)):
                    target = target[count:]
        return out


class DiskRecords:
    """Byte strings by number, in an unnamed temporary file; what is stored again takes its room again. One thread."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="phaseaware-", buffering=0)  # noqa: SIM115 (closed with self)
        weakref.finalize(self, self._file.close)
        self._places: dict[int, tuple[int, int]] = {}
        self._numbers: list[int] = []
        self._end = 0

    def last(self, number: int) -> int | None:
        """The largest number not beyond this one that has a record."""
        i = bisect_right(self._numbers, number)
        return self._numbers[i - 1] if i else None

    def __setitem__(self, number: int, record: bytes) -> None:
        """Raises OSError: the disk is full."""
        place, left = self._end, memoryview(record)
        self._file.seek(place)
        while left:
            left = left[self._file.write(left) :]
        if number not in self._places:
            insort(self._numbers, number)
        self._places[number] = place, len(record)
        self._end += len(record)

    def __getitem__(self, number: int) -> bytes:
        place, size = self._places[number]
        self._file.seek(place)
        return self._file.read(size)


class Coverage:
    """Which samples of a signal are there: disjoint, sorted intervals.

    One thread adds, any thread asks: the intervals are replaced as a whole.
    """

    def __init__(self, samples: int) -> None:
        self.samples = samples
        self.intervals: tuple[tuple[int, int], ...] = ()

    def add(self, start: int, stop: int) -> None:
        """Mark ``[start, stop)`` as there."""
        stop = min(stop, self.samples)
        if start >= stop:
            return
        apart = [(a, b) for a, b in self.intervals if b < start or a > stop]
        touching = [(a, b) for a, b in self.intervals if not (b < start or a > stop)]
        joined = min([start, *(a for a, _ in touching)]), max([stop, *(b for _, b in touching)])
        self.intervals = tuple(sorted([*apart, joined]))

    def clear(self) -> None:
        """Nothing is there any more."""
        self.intervals = ()

    def ready_until(self, position: int) -> int:
        """End of the filled stretch that contains ``position``; ``position`` itself where nothing is there."""
        for a, b in self.intervals:
            if a <= position < b:
                return b
        return position

    def next_gap(self, position: int) -> tuple[int, int] | None:
        """The first unfilled stretch at or after ``position``, else the first one before it; None when all is there."""
        edges = [0, *(edge for interval in self.intervals for edge in interval), self.samples]
        gaps = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]
        for a, b in gaps:
            if b > position:
                return max(a, position), b
        return gaps[0] if gaps else None

    @property
    def filled(self) -> int:
        """Number of samples that are there."""
        return sum(b - a for a, b in self.intervals)
