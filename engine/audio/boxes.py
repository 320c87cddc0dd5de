"""Boxes of MP4 and MOV (ISO/IEC 14496-12, section 4.2), and the tables in them. Large ones stay in their file."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .pieces import PiecedFile

__all__ = [
    "Change", "Column", "Content", "Data", "Leaf", "NotPlain", "Stored", "Tree", "box", "boxes", "column", "inside",
    "length_of", "numbers", "plain", "remade", "rows_of", "table", "tree", "written",
]  # fmt: skip

_CONTAINERS = {"edts", "mdia", "mdia.minf", "mdia.minf.stbl"}
_HEADERS = {"tkhd", "edts.elst", "mdia.mdhd", "mdia.hdlr", "mdia.minf.dinf", "mdia.minf.stbl.stsd"}
_LARGE = 1 << 16
_BLOCK = 1 << 20


class Stored:
    """Bytes that stay in a file until they are asked for; slices of them do so too."""

    def __init__(self, file: PiecedFile, begin: int, end: int) -> None:
        self._file, self._begin, self._end = file, begin, end

    def __len__(self) -> int:
        return self._end - self._begin

    def __getitem__(self, wanted: slice) -> Stored:
        start, stop, _ = wanted.indices(len(self))
        return Stored(self._file, self._begin + start, self._begin + max(start, stop))

    def __bytes__(self) -> bytes:
        data = self._file.at(self._begin, len(self))
        if len(data) < len(self):
            raise OSError("the file ends earlier than it did")
        return data


Data = bytes | memoryview
Leaf = Data | Stored
"""What a box holds that holds no others."""
Tree = list[tuple[str, "Content"]]
"""Names and contents of boxes."""
Content = Leaf | Tree
Change = Callable[[str, Content], tuple[str, Content] | None]


class NotPlain(Exception):  # noqa: N818 (FFmpeg may know better)
    """It is not as these modules understand it; the message says why."""


@contextmanager
def plain() -> Iterator[None]:
    """While boxes are read or written: what is missing in them makes them not plain, or too large for them."""
    try:
        yield
    except (LookupError, struct.error):
        raise NotPlain("a box that is missing or cut, or a number that has no place") from None


def boxes(data: Leaf) -> Iterator[tuple[str, Leaf]]:
    """Names and contents of the boxes that stand one behind the other.

    Raises
    ------
    NotPlain : something else stands there.

    Examples
    --------
    >>> [(name, bytes(content)) for name, content in boxes(box("free", b"12") + box("skip", b""))]
    [('free', b'12'), ('skip', b'')]
    """
    view, at = data if isinstance(data, Stored) else memoryview(data), 0
    while at < len(view):
        head = bytes(view[at : at + 16])
        if len(head) < 8:
            raise NotPlain("bytes that are no box")
        size, begin = struct.unpack_from(">I", head)[0], at + 8
        if size == 1 and len(head) == 16:
            size, begin = struct.unpack_from(">Q", head, 8)[0], at + 16
        if size < begin - at or at + size > len(view):
            raise NotPlain("a box that ends elsewhere")
        yield str(head[4:8], "latin-1"), view[begin : at + size]
        at += size


def tree(content: Leaf, *, within: str = "") -> Tree:
    """The boxes of a track, those that hold others with these; but for the headers what is large stays in its file."""
    found: Tree = []
    for name, inner in boxes(content):
        path = within + name
        if path in _CONTAINERS:
            found.append((name, tree(inner, within=f"{path}.")))
        else:
            found.append((name, bytes(inner) if len(inner) <= _LARGE or path in _HEADERS else inner))
    return found


def length_of(content: Content) -> int:
    """Bytes that it takes."""
    return sum(8 + length_of(inner) for _, inner in content) if isinstance(content, list) else len(content)


def written(content: Content) -> Iterator[Data]:
    """Its bytes, part by part."""
    if isinstance(content, list):
        for name, inner in content:
            with plain():
                yield struct.pack(">I", 8 + length_of(inner)) + name.encode("latin-1")
            yield from written(inner)
    elif isinstance(content, Stored):
        for start in range(0, len(content), _BLOCK):
            yield bytes(content[start : start + _BLOCK])
    else:
        yield content


def box(name: str, content: Content) -> bytes:
    """A box of less than 4 GiB."""
    return b"".join(written([(name, content)]))


def remade(content: Tree, change: Change, *, within: str = "") -> Tree:
    """The boxes of a track, each as ``change`` has it: a function of the path, as ``"mdia.hdlr"``, and the content that
    gives name and content; None: left out.
    """
    parts = []
    for name, inner in content:
        path = within + name
        new = change(path, remade(inner, change, within=f"{path}.") if isinstance(inner, list) else inner)
        if new is not None:
            parts.append(new)
    return parts


def inside(content: Tree, within: str = "") -> Iterator[tuple[str, Leaf]]:
    """Paths and contents of all boxes of a track that hold no others."""
    for name, inner in content:
        path = within + name
        if isinstance(inner, list):
            yield from inside(inner, f"{path}.")
        else:
            yield path, inner


def _counted(content: Leaf, kind: str) -> tuple[np.dtype[np.void], int]:
    rows = np.dtype([(f"f{i}", part) for i, part in enumerate(kind.split(","))])
    with plain():
        (count,) = struct.unpack(">I", bytes(content[4:8]))
    if len(content) < 8 + count * rows.itemsize:
        raise NotPlain("a table that is cut")
    return rows, int(count)


def table(content: Leaf, kind: str) -> NDArray[np.void]:
    """Rows of a box that holds version, flags and a count before them; ``kind`` as of NumPy's records."""
    rows, count = _counted(content, kind)
    return np.frombuffer(bytes(content) if isinstance(content, Stored) else content, rows, count, 8)


class Column:
    """The only numbers in the rows of a table that stays in its file; a slice of them is an array."""

    def __init__(self, content: Stored, kind: str) -> None:
        self._content, (self._rows, self._count) = content, _counted(content, kind)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, wanted: slice) -> NDArray[np.integer[Any]]:
        start, stop, _ = wanted.indices(self._count)
        each = self._rows.itemsize
        return np.frombuffer(bytes(self._content[8 + start * each : 8 + max(start, stop) * each]), self._rows)["f0"]


def column(content: Leaf, kind: str) -> NDArray[np.integer[Any]] | Column:
    """The only numbers in the rows of a table."""
    return Column(content, kind) if isinstance(content, Stored) else table(content, kind)["f0"]


def numbers(content: Leaf, kind: str) -> NDArray[np.int64]:
    """Rows of a box as integers, [rows, fields]."""
    rows = table(content, kind)
    return np.stack([rows[name].astype(np.int64) for name in rows.dtype.names or ()], 1)


def rows_of(values: NDArray[np.int64]) -> bytes:
    """A box's content: version, flags, count and rows of 32 bits."""
    return struct.pack(">II", 0, len(values)) + (values & 0xFFFFFFFF).astype(">u4").tobytes()
