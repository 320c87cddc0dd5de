"""Multi-resolution store of picture columns: a stretch of any length is read at screen resolution in constant time."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .store import DiskArray

__all__ = ["FACTOR", "Pyramid", "strongest"]

FACTOR = 4
Codes = NDArray[np.uint8]


def strongest(codes: Codes, starts: NDArray[np.intp], stops: NDArray[np.intp], axis: Literal[0, 1] = 0) -> Codes:
    """Pool codes of shape (columns, bins, planes), 1 or 2 planes, along columns or bins: the strongest of each group.

    Where there are two planes, the one with the largest first plane is taken with its second (of equal ones, that with
    the largest second): a maximum that stays a point of the signal, so that a rotation is shown beside its magnitude.

    Parameters
    ----------
    starts, stops : first of each group and one past its last, shape (groups,); no group is empty.

    Examples
    --------
    >>> codes = np.array([[[1, 9]], [[3, 7]], [[2, 8]]], np.uint8)
    >>> strongest(codes, np.array([0, 1]), np.array([1, 3])).tolist()
    [[[1, 9]], [[3, 7]]]
    """
    # One member of every group after the other, and groups along the first axis: whole rows are moved, ten to thirty
    # times faster than cells, and other threads get the interpreter meanwhile. Two planes are one number, the first
    # its high byte.
    number = ">u2" if codes.shape[2] == 2 else "u1"
    numbers = np.ascontiguousarray(codes).view(number)[..., 0].astype(np.dtype(number).newbyteorder("="), copy=False)
    if axis == 1:
        numbers = _turned(numbers)
    top = numbers.take(starts, 0)
    candidates = np.empty_like(top)
    for i in range(1, int((stops - starts).max(initial=1))):
        numbers.take(np.minimum(starts + i, stops - 1), 0, out=candidates, mode="clip")
        np.maximum(top, candidates, out=top)
    pooled: Codes = top.astype(number, copy=False)[..., None].view(np.uint8)
    return pooled.swapaxes(0, 1) if axis == 1 else pooled


def _turned(numbers: NDArray[Any]) -> NDArray[Any]:
    """Transposed in memory; in pieces that fit the cache, which takes half the time."""
    turned = np.empty(numbers.shape[::-1], numbers.dtype)
    for first in range(0, len(numbers), 256):
        turned[:, first : first + 256] = numbers[first : first + 256].T
    return turned


def _fewer(columns: Codes, groups: int) -> Codes:
    """Columns pooled into ``groups <= len(columns)`` of nearly equal width."""
    if groups == len(columns):
        return columns
    edges = np.arange(groups + 1) * len(columns) // groups
    return strongest(columns, edges[:-1], edges[1:])


class Pyramid:
    """Columns of codes, each level four times coarser than the one below, on disk.

    Parameters
    ----------
    columns : number of columns at the finest level.
    bins : codes per column.
    planes : codes per bin, 1 or 2; the first decides which column stands for four.
    """

    def __init__(self, columns: int, bins: int, planes: int = 1) -> None:
        self.columns = columns
        self._levels = [DiskArray(columns, (bins, planes), np.uint8)]
        while self._levels[-1].rows > 1024:
            self._levels.append(DiskArray(-(-self._levels[-1].rows // FACTOR), (bins, planes), np.uint8))

    def write(self, first: int, codes: Codes) -> None:
        """Store columns of shape (n, bins, planes) from column ``first`` on, at all levels."""
        codes = codes[: max(0, self.columns - first)]
        if not len(codes):
            return
        self._levels[0].write(first, codes)
        stop = first + len(codes)
        for fine, coarse in zip(self._levels, self._levels[1:], strict=False):
            first, stop = first // FACTOR, -(-stop // FACTOR)
            columns = fine.read(first * FACTOR, stop * FACTOR)
            coarse.write(first, _fewer(columns, stop - first))

    def read(self, start: float, stop: float, wanted: int) -> tuple[Codes, float, float]:
        """At most about ``wanted`` columns that cover columns ``start`` to ``stop`` of the finest level.

        Returns
        -------
        codes : shape (m, bins, planes), m <= wanted unless wanted is less than 1.
        begin, end : which columns of the finest level they cover.
        """
        wanted = max(1, wanted)
        level, size = 0, 1
        while (stop - start) / size > FACTOR * wanted and level + 1 < len(self._levels):
            level, size = level + 1, size * FACTOR
        array = self._levels[level]
        first = int(np.clip(start // size, 0, array.rows - 1))
        last = int(np.clip(-(-stop // size), first + 1, array.rows))
        columns = array.read(first, last)
        return _fewer(columns, min(wanted, len(columns))), first * size, min(last * size, self.columns)
