"""Boxes of MP4 and MOV (ISO/IEC 14496-12, section 4.2), and the tables in them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

__all__ = ["Change", "Data", "NotPlain", "box", "boxes", "inside", "numbers", "plain", "remade", "rows_of", "table"]

_CONTAINERS = {"edts", "mdia", "mdia.minf", "mdia.minf.stbl"}
Data = bytes | memoryview
Change = Callable[[str, Data], tuple[str, Data] | None]


class NotPlain(Exception):  # noqa: N818 (FFmpeg may know better)
    """It is not as these modules understand it; the message says why."""


@contextmanager
def plain() -> Iterator[None]:
    """While boxes are read or written: what is missing in them makes them not plain, or too large for them."""
    try:
        yield
    except (LookupError, struct.error):
        raise NotPlain("a box that is missing or cut, or a number that has no place") from None


def boxes(data: Data) -> Iterator[tuple[str, memoryview]]:
    """Names and contents of the boxes that stand one behind the other.

    Raises
    ------
    NotPlain : something else stands there.

    Examples
    --------
    >>> [(name, bytes(content)) for name, content in boxes(box("free", b"12") + box("skip", b""))]
    [('free', b'12'), ('skip', b'')]
    """
    view, at = memoryview(data), 0
    while at < len(view):
        if len(view) - at < 8:
            raise NotPlain("bytes that are no box")
        size, begin = struct.unpack_from(">I", view, at)[0], at + 8
        if size == 1 and len(view) - at >= 16:
            size, begin = struct.unpack_from(">Q", view, at + 8)[0], at + 16
        if size < begin - at or at + size > len(view):
            raise NotPlain("a box that ends elsewhere")
        yield str(view[at + 4 : at + 8], "latin-1"), view[begin : at + size]
        at += size


def box(name: str, content: Data) -> bytes:
    """A box of less than 4 GiB."""
    return b"".join([struct.pack(">I", 8 + len(content)), name.encode("latin-1"), content])


def remade(content: Data, change: Change, *, within: str = "") -> bytes:
    """The boxes of a track, each as ``change`` has it: a function of the path, as ``"mdia.hdlr"``, and the content that
    gives name and content; None: left out.
    """
    parts = []
    for name, inner in boxes(content):
        path = within + name
        new = change(path, remade(inner, change, within=f"{path}.") if path in _CONTAINERS else inner)
        if new is not None:
            parts.append(box(*new))
    return b"".join(parts)


def inside(content: Data, within: str = "") -> Iterator[tuple[str, memoryview]]:
    """Paths and contents of all boxes of a track that hold no others."""
    for name, inner in boxes(content):
        path = within + name
        if path in _CONTAINERS:
            yield from inside(inner, f"{path}.")
        else:
            yield path, inner


def table(content: Data, kind: str) -> NDArray[np.void]:
    """Rows of a box that holds version, flags and a count before them; ``kind`` as of NumPy's records."""
    rows = np.dtype([(f"f{i}", part) for i, part in enumerate(kind.split(","))])
    with plain():
        (count,) = struct.unpack_from(">I", content, 4)
    if len(content) < 8 + count * rows.itemsize:
        raise NotPlain("a table that is cut")
    return np.frombuffer(content, rows, count, 8)


def numbers(content: Data, kind: str) -> NDArray[np.int64]:
    """Rows of a box as integers, [rows, fields]."""
    rows = table(content, kind)
    return np.stack([rows[name].astype(np.int64) for name in rows.dtype.names or ()], 1)


def rows_of(values: NDArray[np.int64]) -> bytes:
    """A box's content: version, flags, count and rows of 32 bits."""
    return struct.pack(">II", 0, len(values)) + (values & 0xFFFFFFFF).astype(">u4").tobytes()
