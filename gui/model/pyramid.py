"""Multi-resolution store of picture columns: a stretch of any length is read at screen resolution in constant time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .store import DiskArray

__all__ = ["FACTOR", "Pyramid", "strongest"]

FACTOR = 4
Codes = NDArray[np.uint8]


def strongest(columns: Codes, groups: int) -> Codes:
    """Pool columns of shape (m, bins, planes) into ``groups <= m`` of nearly equal width.

    Per bin the column with the largest first plane is taken, with all its planes: a maximum that stays a point of the
    signal, so that a rotation is shown beside the magnitude it belongs to.
    """
    m = len(columns)
    if groups == m:
        return columns
    edges = np.arange(groups + 1) * m // groups
    pick = np.minimum(edges[:-1, None] + np.arange(int(np.diff(edges).max())), edges[1:, None] - 1)
    if columns.shape[2] == 1:
        return columns[pick].max(axis=1)
    best = columns[..., 0][pick].argmax(axis=1)  # (groups, bins): offset within the group
    rows = np.minimum(edges[:-1, None] + best, edges[1:, None] - 1)
    return columns[rows, np.arange(columns.shape[1])]


class Pyramid:
    """Columns of codes, each level four times coarser than the one below, on disk.

    Parameters
    ----------
    columns : number of columns at the finest level.
    bins : codes per column.
    planes : codes per bin; the first decides which column stands for four.
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
            coarse.write(first, strongest(columns, stop - first))

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
        return strongest(columns, min(wanted, len(columns))), first * size, min(last * size, self.columns)
