"""Packets of sound, on the disk until a movie takes them: FFmpeg's muxer would keep 64 bytes of each in memory."""

from __future__ import annotations

import io
import struct
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, NamedTuple

import numpy as np

from .boxes import Column, Leaf, NotPlain, Stored, Tree, inside, plain, rows_of
from .movie import STBL, Movie, TrackBox
from .pieces import PiecedFile
from .samples import Samples

__all__ = ["Spool", "Spooled"]

_FIRST = 64
"""Packets that FFmpeg sees: enough for what its headers say of a codec."""
_SIZES = 12  # bytes of the head of this table
_AFRESH = {"stsd", "stts", "stsz", "stsc", "stco", "co64"}


class Spooled(NamedTuple):
    """What a spool holds: the track by FFmpeg's headers; of the packets where they lie, and the table of their sizes;
    the file that holds them, one behind the other; their bytes in all.
    """

    track: TrackBox
    samples: Samples
    sizes: Leaf
    handle: int
    total: int

    def tables(self, each: int, offsets: tuple[str, Leaf]) -> Tree:
        """The boxes that tell of the samples, where ``each`` of them lie in a chunk, and the chunks at ``offsets``."""
        whole, rest = divmod(self.samples.count, each)
        spread = [(1, each, 1)] * bool(whole) + [(whole + 1, rest, 1)] * bool(rest)
        left: Tree = [
            (path.removeprefix(STBL), self._of_all(inner) if path.endswith("sbgp") else inner)
            for path, inner in inside(self.track.content)
            if path.startswith(STBL) and path.removeprefix(STBL) not in _AFRESH
        ]
        stsd = self._described(self.track.header(f"{STBL}stsd"))
        stts, stsc = rows_of(self.samples.runs), rows_of(np.array(spread))
        return [("stsd", stsd), ("stts", stts), ("stsz", self.sizes), ("stsc", stsc), offsets, *left]

    def _described(self, stsd: bytes) -> bytes:
        """What it says of bit rates, where FFmpeg knows the first packets only: the mean (ISO/IEC 14496-12, section
        8.5.2.2, and 14496-1, section 7.2.6.6), and a largest one that is not below it.
        """
        seconds = int((self.samples.runs[:, 0] * self.samples.runs[:, 1]).sum()) / self.track.ticks
        mean, new = round(8 * self.total / seconds), bytearray(stsd)
        for name, largest in ((b"btrt", 8), (b"\x04\x80\x80\x80", 10)):
            if (at := stsd.find(name)) >= 0:
                (old,) = struct.unpack_from(">I", new, at + largest)
                struct.pack_into(">II", new, at + largest, max(old, mean), mean)
        return bytes(new)

    def _of_all(self, groups: Leaf) -> bytes:
        """Groups of samples (section 8.9.2) of which the last one goes on to the end."""
        new = bytearray(bytes(groups))
        (count,) = struct.unpack_from(">I", new, len(new) - 8)
        struct.pack_into(">I", new, len(new) - 8, count + self.samples.count - self.track.samples.count)
        return bytes(new)


class Spool:
    """Packets of one track.

    Parameters
    ----------
    folder : where there is room for them.
    format : FFmpeg's muxer; ``options`` : for it.

    Attributes
    ----------
    head : PyAV's container that takes the first packets, whose stream gives the encoder.
    """

    def __init__(self, folder: Path, format: str, options: dict[str, str]) -> None:
        import av

        self._file: IO[bytes] = TemporaryFile(dir=folder)  # noqa: SIM115
        self._sizes: IO[bytes] = TemporaryFile(dir=folder)  # noqa: SIM115
        self._sizes.write(bytes(_SIZES))
        self._count = self._bytes = 0
        self._head_file: IO[bytes] = TemporaryFile(dir=folder)  # noqa: SIM115
        self._head_bytes = io.BytesIO()  # PyAV prints what a full disk raises
        self.head: Any = av.open(self._head_bytes, "w", format=format, options=options)
        self._runs: list[list[int]] = []

    def add(self, packets: list[Any]) -> None:
        """Append what the encoder gives.

        Raises
        ------
        OSError, av.error.FFmpegError : it cannot be written.
        """
        for packet in packets:
            if packet.size:
                self._file.write(packet)
                self._sizes.write(struct.pack(">I", packet.size))
                self._count, self._bytes = self._count + 1, self._bytes + packet.size
                if self._runs and self._runs[-1][1] == packet.duration:
                    self._runs[-1][0] += 1
                else:
                    self._runs.append([1, packet.duration])
            if not packet.size or self._count <= _FIRST:  # an empty one closes FLAC's header
                self.head.mux(packet)

    @cached_property
    def head_handle(self) -> int:
        """Of the file of the first packets; after ``head`` was closed.

        Raises
        ------
        OSError : the disk.
        """
        self._head_file.write(self._head_bytes.getvalue())
        self._head_file.flush()
        return self._head_file.fileno()

    def movie(self) -> Movie:
        """Of the first packets; after ``head`` was closed.

        Raises
        ------
        NotPlain : it is not as it is known.
        """
        return Movie(PiecedFile(self.head_handle))

    def spooled(self) -> Spooled:
        """All of it; after ``head`` was closed.

        Raises
        ------
        NotPlain : the headers are not as they are known.
        """
        if not self._runs:
            raise NotPlain("no sound")
        (track,) = (track for track in self.movie().tracks if track.kind == "soun")
        runs, size = np.array(self._runs, np.int64), track.samples.size
        zero, count = np.zeros(1, np.int64), self._count
        sizes: Leaf
        if track.samples.is_indexed:
            sizes = self._size_table()
            samples = Samples(Column(sizes[4:], ">u4"), count, runs, zero, zero, zero + count, zero)
        elif isinstance(size, int):
            count = int((runs[:, 0] * runs[:, 1]).sum())
            with plain():
                sizes = struct.pack(">III", 0, size, count)
            samples = Samples(size, count, np.array([[count, 1]]), zero, zero, zero + count, zero)
        else:
            raise NotPlain("PCM of several sizes")
        self._file.flush()
        return Spooled(track, samples, sizes, self._file.fileno(), self._bytes)

    def _size_table(self) -> Stored:
        """Section 8.7.3.2."""
        self._sizes.seek(0)
        self._sizes.write(struct.pack(">III", 0, 0, self._count))
        self._sizes.flush()
        file = PiecedFile(self._sizes.fileno())
        return Stored(file, 0, file.size)

    def close(self) -> None:
        """Forget all of it."""
        for file in (self._file, self._sizes, self._head_file):
            with suppress(OSError):  # where the disk is full, it is once more
                file.close()
