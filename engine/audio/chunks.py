"""Files made of chunks: WAV, RF64, W64, AIFF, CAF (and AU, which is one header and the sound).

Here their chunks are listed; :mod:`sizes` judges what they promise.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .pieces import PiecedFile

__all__ = ["Chunk", "Family", "Layout", "is_name", "layout_of", "pack_chunk"]

Family = Literal["RIFF", "RF64", "W64", "AIFF", "CAF", "AU"]
_DATA = {"RIFF": b"data", "RF64": b"data", "W64": b"data", "AIFF": b"SSND", "CAF": b"data"}
_W64_RIFF = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
_MOST_CHUNKS = 100_000


@dataclass(frozen=True)
class Chunk:
    """One chunk.

    Attributes
    ----------
    id : four bytes, or the sixteen of W64.
    start, size : of its content, in bytes; ``size`` is what the header says, from which it may differ.
    """

    id: bytes
    start: int
    size: int

    @property
    def end(self) -> int:
        """Where the content ends by the header."""
        return self.start + self.size


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What a file of chunks consists of.

    Attributes
    ----------
    family : how its chunks are written.
    size : of the file, in bytes.
    chunks : in their order, up to the first that cannot be one.
    stray : bytes at the end that are no chunk.
    big : whether numbers are big-endian.
    """

    family: Family
    size: int
    chunks: tuple[Chunk, ...]
    stray: int
    big: bool

    @property
    def data(self) -> Chunk | None:
        """The sound."""
        return self.find(_DATA.get(self.family, b"data"))

    @property
    def sounds(self) -> tuple[Chunk, ...]:
        """All chunks of sound; there should be one."""
        return tuple(chunk for chunk in self.chunks if chunk.id[:4] == _DATA.get(self.family, b"data"))

    def find(self, id: bytes) -> Chunk | None:
        """The first chunk of a name."""
        return next((chunk for chunk in self.chunks if chunk.id[:4] == id), None)


def layout_of(file: PiecedFile) -> Layout | None:
    """The chunks of a file; None if it is not of this kind."""
    head, size = file.at(0, 40), file.size
    big = False
    if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        family: Family = "RIFF" if head[:3] == b"RIF" else "RF64"
        big, start = head[:4] == b"RIFX", 12
    elif head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        family, big, start = "AIFF", True, 12
    elif head[:4] == b"caff":
        family, big, start = "CAF", True, 8
    elif head[:16] == _W64_RIFF:
        family, start = "W64", 40
    elif head[:4] in (b".snd", b"dns.") and len(head) >= 24:
        big = head[:4] == b".snd"
        offset, length = struct.unpack(">II" if big else "<II", head[4:12])
        return Layout(family="AU", size=size, chunks=(Chunk(b"data", offset, length),), stray=0, big=big)
    else:
        return None
    chunks: list[Chunk] = []
    end = start
    for chunk in _walk(file, family, start, big):
        chunks.append(chunk)
        end = chunk.end
    return Layout(family=family, size=size, chunks=tuple(chunks), stray=max(0, size - end - 1), big=big)


def _walk(file: PiecedFile, family: Family, start: int, big: bool) -> Iterator[Chunk]:
    length_64 = None  # RF64 tells the size of its data elsewhere
    position, header = start, {"CAF": 12, "W64": 24}.get(family, 8)
    for _ in range(_MOST_CHUNKS):
        head = file.at(position, header)
        if len(head) < header or not is_name(head[:4]):
            return
        if family == "W64":
            id, size = head[:16], struct.unpack("<Q", head[16:])[0] - header
        elif family == "CAF":
            id, size = head[:4], struct.unpack(">q", head[4:])[0]
        else:
            id, size = head[:4], struct.unpack(">I" if big else "<I", head[4:])[0]
        if id == b"ds64" and size >= 24:
            length_64 = struct.unpack("<Q", file.at(position + 16, 8))[0]
        if family == "RF64" and id == b"data" and size == 0xFFFFFFFF and length_64 is not None:
            size = length_64
        chunk = Chunk(id, position + header, size)
        yield chunk
        if size < 0 or chunk.end >= file.size:
            return
        position = chunk.end + {"CAF": 0, "W64": -size % 8}.get(family, size & 1)
        # Some programs leave out the byte that makes sizes even.
        if family in ("RIFF", "RF64", "AIFF") and size & 1 and not is_name(file.at(position, 4)):
            position -= is_name(file.at(position - 1, 4))


def is_name(id: bytes) -> bool:
    """Whether a chunk may be called so."""
    return len(id) == 4 and all(0x20 <= byte < 0x7F for byte in id) and id.strip() != b""


def pack_chunk(family: Family, id: bytes, content: bytes, *, big: bool = False) -> bytes:
    """A chunk as it stands in a file of this family, filled up to where the next one may begin."""
    if family == "CAF":
        return id + struct.pack(">q", len(content)) + content
    if family == "W64":
        return id + struct.pack("<Q", len(content) + 24) + content + bytes(-len(content) % 8)
    size = struct.pack(">I" if big or family == "AIFF" else "<I", len(content))
    return id + size + content + bytes(len(content) & 1)
