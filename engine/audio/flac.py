"""FLAC files: recordings that were joined, and how many samples there are, whatever the header counts (RFC 9639)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .mpeg import id3_end
from .pieces import Piece, PiecedFile

__all__ = ["FlacPart", "flac_parts"]

_MARKS = (b"fLaC\x00\x00\x00\x22", b"fLaC\x80\x00\x00\x22")
"""What a file begins with: STREAMINFO, of 34 bytes, comes first."""
_STREAMINFO = 8
_TOTAL = _STREAMINFO + 13
_WINDOW = 1 << 20
_LARGEST_HEADER = 16
_SIZES = {1: 192, **{code: 576 << code - 2 for code in range(2, 6)}, **{code: 256 << code - 8 for code in range(8, 16)}}


@dataclass(frozen=True)
class FlacPart:
    """One recording in the file.

    Attributes
    ----------
    pieces : it alone, with a header that counts what is there.
    promised : samples by its header; 0: it does not tell.
    there : by its last frame, if these are more than promised; else ``promised``.
    """

    pieces: tuple[Piece, ...]
    promised: int
    there: int


def flac_parts(file: PiecedFile) -> list[FlacPart]:
    """The recordings in a FLAC file, in their order; empty if it is none."""
    begin = id3_end(file)
    if file.at(begin, 8) not in _MARKS:
        return []
    starts = [begin, *_marks(file, begin + _STREAMINFO)]
    return [_part(file, start, end) for start, end in zip(starts, [*starts[1:], file.size], strict=True)]


def _marks(file: PiecedFile, position: int) -> Iterator[int]:
    """Where further recordings begin."""
    while len(window := file.at(position, _WINDOW)) > _STREAMINFO:
        at = window.find(b"fLaC")
        while at >= 0:
            if window[at : at + 8] in _MARKS:
                yield position + at
            at = window.find(b"fLaC", at + 1)
        position += len(window) - _STREAMINFO + 1


def _part(file: PiecedFile, start: int, end: int) -> FlacPart:
    info = file.at(start + _STREAMINFO, 34)
    promised = int.from_bytes(info[13:18].rjust(5, b"\0"), "big") & (1 << 36) - 1
    there = _there(file, start, end, info) if promised else 0
    if there <= promised:
        return FlacPart(((start, end),), promised, promised)
    total = (int.from_bytes(info[13:18], "big") >> 36 << 36 | there).to_bytes(5, "big")
    return FlacPart(((start, start + _TOTAL), total, (start + _TOTAL + 5, end)), promised, there)


def _there(file: PiecedFile, start: int, end: int, info: bytes) -> int:
    """Samples by the last frame; 0: it is not found."""
    frame = _first_frame(file, start)
    like = file.at(frame, 4)
    if len(like) < 4 or frame >= end:
        return 0
    begin = max(frame, end - _WINDOW)
    window = file.at(begin, end - begin)
    at = window.rfind(like[:2])
    while at >= 0:
        header = window[at : at + _LARGEST_HEADER]
        # Rate, channels and bits are told by each frame, and stay.
        if len(header) > 5 and header[2] & 0x0F == like[2] & 0x0F and header[3] == like[3]:
            last = _end_of(header, fixed=int.from_bytes(info[:2], "big"))
            if last is not None:
                return last
        at = window.rfind(like[:2], 0, at + 1) if at else -1
    return 0


def _first_frame(file: PiecedFile, start: int) -> int:
    position, is_last = start + 4, False
    while not is_last and len(head := file.at(position, 4)) == 4:
        is_last = bool(head[0] & 0x80)
        position += 4 + int.from_bytes(head[1:], "big")
    return position


def _end_of(header: bytes, *, fixed: int) -> int | None:
    """The sample behind a frame, by its header; None: it is none. ``fixed``: samples in a frame that has a number."""
    ones = 8 - (header[4] ^ 0xFF).bit_length()
    length = max(1, ones)
    if ones == 1 or ones > 7:
        return None
    number = header[4] & (0x7F >> ones)
    for byte in header[5 : 4 + length]:
        number = number << 6 | byte & 0x3F
    position, code, rate = 4 + length, header[2] >> 4, header[2] & 0x0F
    wide = {6: 1, 7: 2}.get(code, 0)
    size = int.from_bytes(header[position : position + wide], "big") + 1 if wide else _SIZES.get(code, 0)
    position += wide + {12: 1, 13: 2, 14: 2}.get(rate, 0)
    if not size or len(header) <= position or _crc8(header[:position]) != header[position]:
        return None
    return (number if header[1] & 1 else number * fixed) + size


def _crc8(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
    return crc
