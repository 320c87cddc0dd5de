"""A file seen otherwise than it lies on the disk: parts of it, with other bytes in between.

libsndfile believes headers. Where one is wrong, it is shown a file in which it is right; the file itself is only read.
"""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any, cast

__all__ = ["Piece", "PiecedFile", "Shown", "ShownOnce", "patched", "replaced"]

Piece = bytes | int | tuple[int, int]
"""Bytes, a number of zeros, or start and end within the file."""


def patched(size: int, patches: Mapping[int, bytes]) -> tuple[Piece, ...]:
    """All of a file of ``size`` bytes, with other bytes at some offsets.

    Examples
    --------
    >>> patched(10, {4: b"ab"})
    ((0, 4), b'ab', (6, 10))
    """
    pieces: list[Piece] = []
    end = 0
    for offset, new in sorted(patches.items()):
        pieces += [(end, offset), new]
        end = offset + len(new)
    return (*pieces, (end, size))


def replaced(pieces: Sequence[Piece], offset: int, new: bytes) -> tuple[Piece, ...]:
    """Pieces with other bytes at an offset within the file.

    Examples
    --------
    >>> replaced([b"head", (4, 10)], 6, b"ab")
    (b'head', (4, 6), b'ab', (8, 10))
    """
    found: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, tuple) and piece[0] <= offset < piece[1]:
            found += [(piece[0], offset), new, (offset + len(new), piece[1])]
        else:
            found.append(piece)
    return tuple(found)


def _length(piece: Piece) -> int:
    if isinstance(piece, int):
        return piece
    return len(piece) if isinstance(piece, bytes) else piece[1] - piece[0]


def _read_at(handle: int, count: int, offset: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(handle, count, offset)
    os.lseek(handle, offset, os.SEEK_SET)  # Windows
    return os.read(handle, count)


class PiecedFile(io.RawIOBase):
    """Pieces one behind the other as a file to read, with a position of its own.

    Parameters
    ----------
    handle : of the file; it stays open, and its own position where it is.
    pieces : what is seen; None: all of the file.
    begin : where the file begins within what the handle has; ``pieces`` count from there.
    """

    def __init__(self, handle: int, pieces: Sequence[Piece] | None = None, *, begin: int = 0) -> None:
        super().__init__()
        self._handle, self._begin = handle, begin
        self._pieces = ((0, os.fstat(handle).st_size - begin),) if pieces is None else tuple(pieces)
        self._starts = [0]
        for piece in self._pieces:
            self._starts.append(self._starts[-1] + _length(piece))
        self._position = 0

    @property
    def size(self) -> int:
        """Bytes in all."""
        return self._starts[-1]

    def showing(self, pieces: Sequence[Piece] | None) -> PiecedFile:
        """The same file by other pieces."""
        return PiecedFile(self._handle, pieces, begin=self._begin)

    def again(self) -> PiecedFile:
        """The same, with a position of its own."""
        return self.showing(self._pieces)

    def behind(self, begin: int) -> PiecedFile:
        """All of the file from there on, as a file."""
        return PiecedFile(self._handle, begin=self._begin + begin)

    def at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset``."""
        self.seek(offset)
        return self._take(count)

    def _take(self, count: int) -> bytes:
        parts = []
        while count > 0 and (part := self._next(count)):
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def _next(self, count: int) -> bytes:
        if self._position >= self.size:
            return b""
        index = bisect_right(self._starts, self._position) - 1
        within, left = self._position - self._starts[index], self._starts[index + 1] - self._position
        piece = self._pieces[index]
        if isinstance(piece, bytes):
            part = piece[within : within + min(count, left)]
        elif isinstance(piece, int):
            part = bytes(min(count, left))
        else:
            part = _read_at(self._handle, min(count, left), self._begin + piece[0] + within)
        self._position += len(part)
        return part

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """As of a file."""
        view = memoryview(buffer).cast("B")
        data = self._take(len(view))
        view[: len(data)] = data
        return len(data)

    def tell(self) -> int:
        """The position."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """To another position."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise OSError(f"{offset=} lies before the beginning")
        self._position = base + offset
        return self._position

    def as_file(self) -> IO[bytes]:
        """At its beginning, for libraries that are typed to take a file."""
        self.seek(0)
        return cast(IO[bytes], self)


class Shown:
    """A file as libsndfile is shown it: as by the system, a position before the beginning is -1 and no exception.

    It is called from C, where an exception is printed and forgotten, be it a disk that fails or Ctrl-C. So what is
    raised is kept until the call is over, and libsndfile is told that the file ends.
    """

    def __init__(self, file: PiecedFile) -> None:
        self._file = file
        self._raised: BaseException | None = None
        self._is_before = False

    @contextmanager
    def calling(self) -> Iterator[None]:
        """While libsndfile is called. What was raised meanwhile comes before what libsndfile says."""
        try:
            yield
        finally:
            if (raised := self._raised) is not None:
                self._raised = None
                raise raised

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """To another position."""
        try:
            self._is_before = False
            return self._file.seek(offset, whence)
        except OSError:
            self._is_before = True
        except BaseException as error:
            self._raised = error
        return -1

    def tell(self) -> int:
        """The position; -1 where the last one asked for is not."""
        return -1 if self._is_before else self._file.tell()

    def readinto(self, buffer: Any) -> int:
        """As of a file."""
        try:
            return self._file.readinto(buffer)
        except BaseException as error:
            self._raised = error
            return 0


class ShownOnce:
    """A file as FFmpeg is shown it. PyAV raises again what is raised here, but prints what comes before it has done so;
    and FFmpeg asks again where a disk fails. So there is one exception, and from then on the file ends.
    """

    def __init__(self, file: PiecedFile) -> None:
        self._file, self._has_failed = file, False

    def read(self, size: int = -1) -> bytes:
        """As of a file."""
        if self._has_failed:
            return b""
        try:
            return self._file.read(size) or b""
        except BaseException:
            self._has_failed = True
            raise

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """To another position; -1 where it lies before the beginning."""
        try:
            return self._file.seek(offset, whence)
        except OSError:
            return -1

    def tell(self) -> int:
        """The position."""
        return self._file.tell()
