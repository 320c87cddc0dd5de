"""Ogg: recordings that were joined, and whether the last page is whole (RFC 3533)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from .bitrates import PacketSizes, nominal_bitrate
from .pieces import PiecedFile

__all__ = ["OggLayout", "ogg_layout"]

_AUDIO = (b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   ")

_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, kw_only=True)
class OggLayout:
    """What an Ogg file consists of.

    Attributes
    ----------
    links : start and end of each recording (RFC 3533 calls them links of a chain).
    is_cut : the last page is not whole.
    has_end : the last page is marked as the end of its stream.
    is_plain : each link is one stream of sound.
    broken : bytes between the pages that are none.
    damaged : pages that are not what their sum says. libsndfile passes them over, and what is behind them moves.
    gaps : pages of sound whose number does not follow that of the page before: what lay between is lost.
    behind : bytes behind the last page.
    sound_bytes : of the packets that hold sound, not headers, if silence were coded as sound is.
    nominal : bit rate that a Vorbis encoder aimed at, bit/s; 0: unknown.
    has_speakers : the channels are for loudspeakers, in Vorbis' order; Opus may have others (RFC 7845, section 5.1.1).
    """

    links: tuple[tuple[int, int], ...]
    is_cut: bool
    has_end: bool
    is_plain: bool
    broken: int
    damaged: int
    gaps: int
    behind: int
    sound_bytes: int
    nominal: int
    has_speakers: bool


def ogg_layout(file: PiecedFile) -> OggLayout | None:
    """Walk through the pages; None if the file does not begin with one."""
    starts: list[int] = []
    position, flags, broken, damaged, gaps, behind, started = 0, 0, 0, 0, 0, 0, 0
    sizes = PacketSizes()
    following: int | None = None  # number of the page behind one of sound
    is_cut, is_plain, in_head = False, True, False
    while position < file.size:
        head = file.at(position, 27 + 255)
        if head[:4] != b"OggS":
            if not starts:
                return None
            found = _resume(file, position)
            if found is None:  # something else behind the last page
                behind = file.size - position
                break
            broken += found - position
            position = found
            continue
        table = head[27 : 27 + head[26]] if len(head) > 26 else b""
        if len(head) < 27 or len(table) < head[26]:
            is_cut = True
            break
        flags, size = head[5], 27 + len(table) + sum(table)
        if flags & 2:  # a stream begins
            is_plain &= not in_head and file.at(position + 27 + len(table), 8).startswith(_AUDIO)
            if not in_head:
                starts.append(position)
        in_head = bool(flags & 2)
        number, time = (int.from_bytes(head[i:j], "little", signed=True) for i, j in ((18, 22), (6, 14)))
        if in_head:
            following = None
        gaps += following is not None and number != following
        if time > 0 or following is not None:  # of headers it is 0, or -1 where one goes on
            started = _add_packets(table, started, sizes)
            following = number + 1
        if position + size > file.size:
            is_cut = True
        else:
            damaged += not _is_intact(file.at(position, size))
        position += size
    if not starts:
        return None
    ends = [*starts[1:], file.size]
    links = tuple(zip(starts, ends, strict=True))
    first = file.at(starts[0] + 28, 19)  # behind the header of a page of one segment
    return OggLayout(
        links=links, is_cut=is_cut, has_end=bool(flags & 4), is_plain=is_plain, broken=broken, damaged=damaged,
        gaps=gaps, behind=behind, sound_bytes=sizes.total, nominal=nominal_bitrate(file.at(starts[0], 58)),
        has_speakers=first.startswith(b"\x01vorbis") or (first.startswith(b"OpusHead") and first[18:] == b"\x01"),
    )  # fmt: skip


def _add_packets(table: bytes, started: int, sizes: PacketSizes) -> int:
    """The packets that end in a page, by its table; of the last one that goes on, the bytes so far."""
    for length in table:
        started += length
        if length < 255:
            sizes.add(started)
            started = 0
    return started


def _is_intact(page: bytes) -> bool:
    """By the sum in its header. Ogg's begins with 0, and takes bits in the other order than zlib's."""
    blank = (page[:22] + bytes(4) + page[26:]).translate(_MIRRORED)
    found = zlib.crc32(blank, 0xFFFFFFFF) ^ 0xFFFFFFFF
    return found.to_bytes(4, "big").translate(_MIRRORED) == page[22:26]


def _resume(file: PiecedFile, position: int) -> int | None:
    while window := file.at(position, 1 << 18):
        at = window.find(b"OggS")
        if at >= 0:
            return position + at
        position += max(1, len(window) - 3)
    return None
