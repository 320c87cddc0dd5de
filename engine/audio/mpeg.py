"""MPEG audio (MP3 and its older layers): where the frames are, and how many.

A file without a Xing or Info tag does not tell its length, and what decoders give instead is an estimate from the
first bytes. Frames are counted here, from header to header. Files that were joined consist of several recordings, each
with its own tag: they are found, and each is decoded by itself, so that delay and padding go where they belong.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

from .pieces import Piece, PiecedFile

__all__ = ["MpegPart", "find_parts", "first_frame", "id3_end", "id3_size", "parse_header"]

_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_KBPS = {
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""By MPEG-1 (or a later version) and layer, ISO 11172-3 and 13818-3, section 2.4.2.3."""
_SEARCH = 1 << 16
_SURE = 5
"""Headers in their places, one behind the other, that chance does not make."""
_LARGEST_FRAME = 2_881  # layer II at 384 kbit/s and 32 kHz has 1728, layer III of MPEG-2.5 the most
_WINDOW = 1 << 18
_MOST_VALUES = 288  # pairs in half a frame of layer III
_NO_WINDOW = 0b100  # one that differs from the usual, and is the usual


@dataclass(frozen=True)
class _Header:
    """One frame header: what stays the same within a recording, and the frame's size in bytes."""

    version: int
    layer: int
    rate: int
    channels: int
    size: int

    @property
    def samples(self) -> int:
        if self.layer == 1:
            return 384
        return 576 if self.layer == 3 and self.version != 3 else 1152

    def goes_with(self, other: _Header) -> bool:
        mine = self.version, self.layer, self.rate, self.channels
        return mine == (other.version, other.layer, other.rate, other.channels)


@dataclass(frozen=True, kw_only=True)
class MpegPart:
    """One recording in the file.

    Attributes
    ----------
    pieces : it alone, in a form of which libsndfile reads all.
    frames : MPEG frames that hold sound.
    samples : their samples; None: libsndfile knows by the tag, which may tell delay and padding too.
    promised : frames by its tag; None without one.
    broken : bytes within it that are no frame, or an incomplete one.
    mute : frames that cannot be decoded; they are shown as silent ones, so that what follows stays in its place.
    behind : bytes behind it that have nothing of a frame, as tags of other kinds.
    end : where it ends in the file, with tags that stand behind it.
    before : bytes before the first that are neither a tag nor a frame.
    """

    pieces: tuple[Piece, ...]
    frames: int
    samples: int | None
    promised: int | None
    broken: int
    mute: int
    behind: int
    end: int
    before: int = 0


def id3_size(head: bytes) -> int:
    """Bytes of an ID3v2 tag that begins here, from its first ten; 0: none begins."""
    if len(head) < 10 or head[:3] != b"ID3" or max(head[6:10]) > 0x7F:
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return 10 + size + 10 * bool(head[5] & 0x10)


def id3_end(file: PiecedFile) -> int:
    """Where the ID3v2 tags end with which a file begins; 0: it begins with none."""
    end = 0
    while size := id3_size(file.at(end, 10)):
        end += size
    return end


def parse_header(head: bytes) -> _Header | None:
    """A frame's header from its first four bytes; None: it is none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    kbps, rate, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version == 1 or layer == 4 or kbps in (0, 15) or rate == 3:
        return None
    hz = _RATES[version][rate]
    bits = _KBPS[version == 3, layer][kbps - 1] * 1000
    if layer == 1:
        size = (12 * bits // hz + padding) * 4
    else:
        size = (72 if layer == 3 and version != 3 else 144) * bits // hz + padding
    return _Header(version, layer, hz, 1 if head[3] >> 6 == 3 else 2, size)


class _Bytes:
    """Bytes at any offset, read in large windows, as frames lie close together."""

    def __init__(self, file: PiecedFile) -> None:
        self._file, self._start, self._window = file, 0, b""
        self.size = file.size

    def at(self, offset: int, count: int) -> bytes:
        within = offset - self._start
        if within < 0 or within + count > len(self._window):
            self._start, self._window = offset, self._file.at(offset, max(_WINDOW, count))
            within = 0
        return self._window[within : within + count]


def first_frame(file: PiecedFile) -> int | None:
    """Where the sound of an MPEG file begins; behind what is neither a tag nor a frame, only where several frames
    follow each other. None: within the first bytes it does not."""
    source = _Bytes(file)
    start = _tags_size(source, 0, file.size)
    position, end = start, min(file.size, start + _SEARCH)
    while (found := _next_frame(source, position, end, None)) is not None:
        position, header = found
        follower, count = position, 0
        while count < _SURE and (like := parse_header(source.at(follower, 4))) and like.goes_with(header):
            follower, count = follower + like.size, count + 1
        if position == start or count == _SURE:
            return position
        position += 1
    return None


def find_parts(file: PiecedFile) -> list[MpegPart]:
    """The recordings in an MPEG file, in their order; empty if it is none."""
    position = first_frame(file)
    if position is None:
        return []
    source = _Bytes(file)
    before, end = position - _tags_size(source, 0, file.size), _without_tail(source, file.size)
    parts: list[MpegPart] = []
    while position < end and (found := _next_frame(source, position, end, None)):
        part, position = _part(source, *found, end)
        parts.append(part if parts else replace(part, before=before))
    return [part for part in parts if part.frames]


def _without_tail(source: _Bytes, size: int) -> int:
    """Where the sound ends at the latest: before ID3v1 and APE tags."""
    if size >= 128 and source.at(size - 128, 3) == b"TAG":
        size -= 128
    footer = source.at(size - 32, 32) if size >= 32 else b""
    if footer[:8] == b"APETAGEX":
        length, flags = struct.unpack("<I", footer[12:16])[0], struct.unpack("<I", footer[20:24])[0]
        size = max(0, size - length - 32 * bool(flags & 1 << 31))
    return size


def _next_frame(source: _Bytes, position: int, end: int, like: _Header | None) -> tuple[int, _Header] | None:
    """The next place where a frame begins: a header, and a second one where the first frame ends (or the file)."""
    while position + 4 <= end:
        window = source.at(position, min(_WINDOW, end - position))
        at = window.find(b"\xff")
        while 0 <= at <= len(window) - 4:
            header = parse_header(window[at : at + 4])
            if header is not None and (like is None or header.goes_with(like)):
                follower = position + at + header.size
                second = parse_header(source.at(follower, 4))
                if follower == end or (second is not None and second.goes_with(header)):
                    return position + at, header
            at = window.find(b"\xff", at + 1)
        position += max(1, len(window) - 3)
    return None


def _part(source: _Bytes, start: int, first: _Header, end: int) -> tuple[MpegPart, int]:
    """The recording that begins at ``start``, and where it ends: at the next tag, after the frames its own tag counts,
    at a frame of another kind, or with the file."""
    tag = _tag_frames(source.at(start, first.size), first)
    position = start + first.size if tag is not None else start
    frames = broken = mute = behind = back = 0
    pieces: list[Piece] = [(start, position)]
    begun = position
    while position < end:
        if tag and frames == tag and _is_more(source, position, end, first):
            break
        header = parse_header(source.at(position, 4))
        if header is None or not header.goes_with(first) or position + header.size > end:
            pieces.append((begun, position))
            skipped = _tags_size(source, position, end)
            found = _next_frame(source, position + skipped, end, None)
            begun = position if found is None else found[0]
            if found is None and header is None:
                behind = end - position - skipped
            else:
                broken += (end if found is None else found[0]) - position - skipped
            if found is None:
                position = begun = end
                break
            position, header = found
            if not header.goes_with(first) or _tag_frames(source.at(position, header.size), header) is not None:
                begun = position
                break
            continue
        if frames and _tag_frames(source.at(position, header.size), header) is not None:
            break
        side = position + (4 if source.at(position, 2)[1] & 1 else 6)  # behind a checksum, if there is one
        behind_side = side + _side(header)
        kept_back = _left_over(source.at(side, _side(header)), header, position + header.size - behind_side)
        if kept_back is None:
            pieces += [(begun, side), _silent(header, back)]
            begun, mute, kept_back = behind_side, mute + 1, back + position + header.size - behind_side
        back = kept_back
        frames += 1
        position += header.size
    pieces.append((begun, position))
    kept = [piece for piece in pieces[1:] if not isinstance(piece, tuple) or piece[1] > piece[0]]
    last = max((piece[1] for piece in kept if isinstance(piece, tuple)), default=position)
    counts = tag == frames or (tag == frames + 1 and not broken)  # some programs count the tag's own frame too
    if tag == frames:
        seen: tuple[Piece, ...] = (pieces[0], *kept)
    elif counts:
        at = _count_at(source.at(start, first.size), first)
        assert at is not None
        seen = ((start, start + at), struct.pack(">I", frames), (start + at + 4, start + first.size), *kept)
    else:
        # Without a tag libsndfile divides the file's size by the first frame's and reads no further. So it is shown a
        # file that is long enough in any case, of which the frames are read and nothing behind them.
        seen = (*kept, frames * _LARGEST_FRAME)
    part = MpegPart(
        pieces=seen, frames=frames, samples=None if counts else frames * first.samples, promised=tag,
        broken=broken, mute=mute, behind=behind, end=last + _tags_size(source, last, source.size, before=False),
    )  # fmt: skip
    return part, max(position, start + first.size)


def _tags_size(source: _Bytes, position: int, end: int, *, before: bool = True) -> int:
    """Bytes of the tags that begin here: ID3 and APE; with those that stand before a recording or without them."""
    start = position
    while position < end:
        head, size = source.at(position, 32), 0
        if head[:3] == b"TAG":
            size = 128
        elif head[:8] == b"APETAGEX":
            size = 32 + int.from_bytes(head[12:16], "little")
        elif before:
            size = id3_size(head)
        if not size or position + size > end:
            break
        position += size
    return position - start


def _is_more(source: _Bytes, position: int, end: int, first: _Header) -> bool:
    """Whether more sound follows: two frames at least, of any kind."""
    found = _next_frame(source, position + _tags_size(source, position, end), end, None)
    return found is not None and found[0] + found[1].size < end


def _side(header: _Header) -> int:
    """Bytes between a layer III header and the main data (side information)."""
    if header.version == 3:
        return 17 if header.channels == 1 else 32
    return 9 if header.channels == 1 else 17


def _left_over(side: bytes, header: _Header, size: int) -> int | None:
    """Bytes that a frame leaves for those behind it (ISO 11172-3 and 13818-3, section 2.4.1.7); None: what its side
    information says is not possible. Damage of the data behind it cannot be told.

    Parameters
    ----------
    side : the side information.
    size : bytes of the frame behind it.
    """
    if header.layer != 3:
        return 0
    bits, count = int.from_bytes(side, "big"), 8 * len(side)
    if header.version == 3:
        granules, back, width, scales = 2 * header.channels, bits >> count - 9, 59, 4
    else:
        granules, back, width, scales = header.channels, bits >> count - 8, 63, 9
    there = 8 * (size + back)
    for _ in range(granules):  # from the last to the first
        granule, bits = bits & (1 << width) - 1, bits >> width
        there -= granule >> width - 12
        values, window = granule >> width - 21 & 0x1FF, granule >> width - 32 - scales & 7
        if values > _MOST_VALUES or window == _NO_WINDOW:
            return None
    return there // 8 if there >= 0 else None


def _silent(header: _Header, back: int) -> bytes:
    """Side information of a silent frame, which keeps the ``back`` bytes before it for those behind it."""
    size, bits = _side(header), 9 if header.version == 3 else 8
    return (min(back, (1 << bits) - 1) << 8 * size - bits).to_bytes(size, "big")


def _tag_frames(frame: bytes, header: _Header) -> int | None:
    """Frames by a Xing, Info or VBRI tag (0: it does not say); None: this is no such frame."""
    at = _count_at(frame, header)
    return None if at is None else int.from_bytes(frame[at : at + 4], "big")


def _count_at(frame: bytes, header: _Header) -> int | None:
    """Where such a tag counts the frames (its end: it does not); None: this is no such frame."""
    if header.layer != 3:
        return None
    for at in (4 + _side(header), 6 + _side(header)):  # behind a checksum as well
        if frame[at : at + 4] in (b"Xing", b"Info"):
            return at + 8 if int.from_bytes(frame[at + 4 : at + 8], "big") & 1 else len(frame)
    return 50 if frame[36:40] == b"VBRI" else None
