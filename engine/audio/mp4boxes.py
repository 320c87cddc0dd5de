"""Boxes of MP4 and MOV (ISO/IEC 14496-12): some of their tracks out of sight, and what stands beside the movie.

FFmpeg keeps an index of all tracks in memory, about 50 bytes a packet, for each container that is open: 15 MB for an
hour of video. Who reads a few tracks only is shown a file in which the others are free space.
"""

from __future__ import annotations

import struct
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TYPE_CHECKING

from .pieces import PiecedFile, patched

if TYPE_CHECKING:
    from mutagen.mp4 import Atom

__all__ = ["OUTSIDE", "append_xmp", "beside_movie", "has_dolby_vision", "without_tracks"]

OUTSIDE = "the MP4 box"
"""How what stands beside the movie is told."""
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


def without_tracks(file: PiecedFile, ids: AbstractSet[int]) -> PiecedFile:
    """The file without the tracks of these ids; the file itself where they cannot be told, or it is fragmented."""
    from mutagen.mp4 import AtomError, Atoms

    try:
        movie = Atoms(file.as_file())[b"moov"]
    except (AtomError, KeyError):
        return file
    tracks = [(_id(file, track), track.offset + 4) for track in movie.findall(b"trak")]
    found = [number for number, _ in tracks]
    is_fragmented = any(movie.findall(b"mvex"))
    if is_fragmented or None in found or len(set(found)) < len(found):
        return file
    return file.showing(patched(file.size, {at: b"free" for number, at in tracks if number in ids}))


def _id(file: PiecedFile, track: Atom) -> int | None:
    """Of the track header, section 8.3.2."""
    for header in track.findall(b"tkhd"):
        data = file.at(header.offset + header.length - header.datalength, 24)
        at = 20 if data[:1] == b"\1" else 12
        if len(data) == 24:
            return int(struct.unpack_from(">I", data, at)[0])
    return None


def beside_movie(file: PiecedFile) -> tuple[bytes, list[str]]:
    """Adobe's XMP as it stands in a box of its own, and in words what stands there too, but cannot be copied."""
    from mutagen import MutagenError
    from mutagen.mp4 import AtomError, Atoms

    try:
        atoms = Atoms(file.as_file())
    except (MutagenError, AtomError, ValueError, OSError):
        return b"", []
    xmp = b""
    others = ["XMP in QuickTime's user data"] if b"moov.udta.XMP_" in atoms else []
    for box in (box for box in atoms.atoms if box.name == b"uuid"):
        start = box.offset + box.length - box.datalength
        name = file.at(start, 16)
        if name == _XMP:
            xmp = file.at(start + 16, box.datalength - 16)
        else:  # it may point into the file, or sign its bytes
            others.append(f"{OUTSIDE} {name.hex()}")
    return xmp, others


def has_dolby_vision(file: PiecedFile) -> bool:
    """Whether the pictures of a track are described as Dolby Vision."""
    from mutagen.mp4 import AtomError, Atoms

    try:
        boxes = list(Atoms(file.as_file())[b"moov"].findall(b"stsd", recursive=True))
    except (AtomError, KeyError):
        return False
    return any(name in file.at(box.offset, box.length) for box in boxes for name in (b"dvcC", b"dvvC"))


def append_xmp(path: Path, xmp: bytes) -> None:
    """Put it behind all other boxes, where nothing moves.

    Raises
    ------
    OSError : it cannot be written.
    """
    with open(path, "ab") as file:
        file.write(struct.pack(">I", 24 + len(xmp)) + b"uuid" + _XMP + xmp)
