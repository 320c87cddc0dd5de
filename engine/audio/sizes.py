"""What a file of chunks promises, compared with what is there.

Recorders that lose power and programs that write to a pipe leave sizes open: 0, all ones, the largest number less a
header. Such a file is whole as far as anybody knows: it is read to its end and a note says so. A size that is a number
like any other, and larger than what is there, means that the file was cut: it is refused.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from .chunks import Chunk, Layout
from .pieces import Piece, PiecedFile, patched

__all__ = ["Verdict", "block_align", "container_bits", "judge"]

_SLACK = 64
"""Bytes. Some programs count a header, or a few bytes of it, among the sound; fewer than these are no loss."""
_NO_FILE = 1 << 60
"""Bytes, more than any file has: 64 bits that are all ones, or all but the first, as FFmpeg's, less a header."""
_COUNTED = {b"NONE": 0, b"sowt": 0, b"twos": 0, b"raw ": 0, b"in24": 0, b"in32": 0, b"fl32": 0, b"FL32": 0,
            b"fl64": 0, b"FL64": 0, b"ulaw": 1, b"alaw": 1, b"ULAW": 1, b"ALAW": 1}  # fmt: skip
"""AIFF-C's kinds of sound with a fixed number of bytes a sample; 0: by the bits."""

_USUAL = {b"LIST", b"RIFF", b"bext", b"cue ", b"smpl", b"inst", b"acid", b"id3 ", b"ID3 ", b"iXML", b"axml", b"_PMX",
          b"fact", b"PEAK", b"levl", b"JUNK"}  # fmt: skip
"""Names of what stands behind the sound of WAV files, by which a chunk is known that is not whole."""
_SAMPLES = {b"\1\0", b"\3\0", b"\6\0", b"\7\0", b"\xfe\xff"}
"""Kinds of WAV whose blocks are samples: PCM, float, A-law, µ-law, and extensible."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How much sound there is.

    Attributes
    ----------
    promised, there : bytes of sound, by the header and in the file. ``promised`` is 0 where the header leaves it open.
    note : what is odd about the header, for the user.
    pieces : the file with a header that is right; None if it need not be changed.
    """

    promised: int
    there: int
    note: str | None = None
    pieces: tuple[Piece, ...] | None = None

    @property
    def is_cut(self) -> bool:
        """Whether a part of the sound is missing."""
        return self.promised > self.there


def judge(file: PiecedFile, layout: Layout) -> Verdict:
    """Compare the header's sizes with the file."""
    data = layout.data
    if data is None:
        return Verdict(promised=0, there=0)
    if layout.family == "AIFF":
        return _judge_aiff(file, layout, data)
    start, size = data.start, data.size
    if layout.family == "CAF":
        start, size = start + 4, size - 4 if size >= 0 else -1  # the chunk begins with a count of edits
    there = max(0, layout.size - start)
    if layout.family == "RF64" and size > there and not _is_open(layout, data):
        return Verdict(promised=size, there=there)
    if _is_open(layout, data):
        note = f"its header leaves the length open ({_size_text(data.size)}), as one written to a pipe or not finished"
    elif there < size <= there + _SLACK or (size > there and data.size in (layout.size, layout.size - 8)):
        note = f"its header counts {size - there} bytes more than there are"
    elif size > there:
        return Verdict(promised=size, there=there)
    elif _goes_on(file, layout, data):
        note = f"its header counts {size} bytes of sound, and {there} are there"
    elif size & 1 and there > size and _lacking(file, layout, data) == 1:
        return Verdict(
            promised=0, there=size + 1, note=f"its header counts {size} bytes of sound, which is no whole number of "
            "samples; the byte behind them is taken",
            pieces=patched(layout.size, {data.start - 4: struct.pack(">I" if layout.big else "<I", size + 1)}),
        )  # fmt: skip
    else:
        behind = layout.stray if layout.family != "AU" else 0
        stray = f"{behind} bytes behind its last chunk are no chunk, and are left out" if behind > 1 else None
        return Verdict(promised=size, there=size, note=stray)
    note += "; all that is there is taken"
    return Verdict(promised=0, there=there, note=note, pieces=_repaired(file, layout, data, there))


def _is_open(layout: Layout, data: Chunk) -> bool:
    """Whether a size is one of those that stand for "not known"."""
    size = data.size
    if layout.family == "CAF":
        return size < 0 or (size <= 4 and layout.size > data.start + 4 and layout.chunks[-1] is data)
    behind = layout.chunks[-1] is not data
    if size == 0 or (layout.family == "W64" and size < 0):
        return layout.size - data.start > 0 and not behind
    if layout.family in ("W64", "RF64") and size >= _NO_FILE:
        return True
    if data.end <= layout.size and (behind or layout.size - data.end < _SLACK):
        return False
    return 2**31 - 2**16 < size <= 2**31 + 2**8 or 2**32 - 2**16 <= size < 2**32


def _goes_on(file: PiecedFile, layout: Layout, data: Chunk) -> bool:
    """Whether the sound goes on behind its counted end: the count ran over 2³², or only the file's own was kept."""
    behind = layout.size - data.end - (data.size & 1)
    if layout.family != "RIFF" or file.at(data.end + (data.size & 1), 4) in _USUAL:
        return False
    if not _ends_with(layout, data) or behind < (_lacking(file, layout, data) or block_align(file, layout)):
        return False
    whole = struct.unpack(">I" if layout.big else "<I", file.at(4, 4))[0] + 8
    return abs(whole - layout.size) <= 1 or (behind > _SLACK and behind % 2**32 <= _SLACK)


def _ends_with(layout: Layout, data: Chunk) -> bool:
    """Whether no chunk stands behind the sound, or what looks like one by four letters is longer than the file."""
    *before, last = layout.chunks
    return last is data or (before[-1] is data and last.end > layout.size)


def _lacking(file: PiecedFile, layout: Layout, data: Chunk) -> int:
    """Bytes that the last sample lacks by the header's count."""
    fmt = layout.find(b"fmt ")
    is_counted = (
        layout.family == "RIFF" and fmt is not None and file.at(fmt.start, 2)[:: -1 if layout.big else 1] in _SAMPLES
    )
    return -data.size % block_align(file, layout) if is_counted else 0


def _size_text(size: int) -> str:
    return str(size) if size <= 0 else f"{size:#x}"


def _repaired(file: PiecedFile, layout: Layout, data: Chunk, there: int) -> tuple[Piece, ...]:
    """The file with right sizes; what is behind the sound is taken to be sound."""
    size, order = layout.size, ">" if layout.big else "<"
    if layout.family == "CAF":
        return patched(size, {data.start - 8: struct.pack(">q", there + 4)})
    if layout.family == "W64":
        return patched(size, {16: struct.pack("<Q", size), data.start - 8: struct.pack("<Q", there + 24)})
    if layout.family == "AU":
        return patched(size, {8: struct.pack(order + "I", min(there, 2**32 - 1))})
    align = block_align(file, layout)
    there -= there % align  # a sample that is not whole
    if layout.family == "RF64" or size >= 2**32:
        known = layout.find(b"ds64")
        ds64 = b"ds64" + struct.pack("<IQQQI", 28, size, there, there // align, 0)
        head_end = known.end if known else 12
        head = b"RF64\xff\xff\xff\xffWAVE" + ds64
        return (head, (head_end, data.start - 4), b"\xff\xff\xff\xff", (data.start, data.start + there))
    sizes = {4: struct.pack(order + "I", data.start + there - 8), data.start - 4: struct.pack(order + "I", there)}
    return patched(data.start + there, sizes)


def block_align(file: PiecedFile, layout: Layout) -> int:
    """Bytes that belong together, by the header: of a sample of all channels, or of a coded block."""
    fmt = layout.find(b"fmt ")
    if fmt is None or fmt.size < 16:
        return 1
    return max(1, struct.unpack(">H" if layout.big else "<H", file.at(fmt.start + 12, 2))[0])


def container_bits(file: PiecedFile, layout: Layout) -> tuple[int, int, bytes] | None:
    """How many bits the bytes of a sample have where a header gives those of the sound instead, by which they would be
    divided; where that number stands, and what should stand there. None: nothing is odd."""
    if layout.family == "CAF":
        return _container_bits_of_caf(file, layout)
    fmt = layout.find(b"fmt ")
    if fmt is None or fmt.size < 40 or fmt.end > layout.size:
        return None
    order = ">" if layout.big else "<"
    tag, channels, rate, per_second, align, bits = struct.unpack(order + "HHIIHH", file.at(fmt.start, 16))
    is_pcm = tag == 0xFFFE and struct.unpack(order + "H", file.at(fmt.start + 24, 2)) == (1,)
    width = _width(align, channels, bits)
    is_odd = is_pcm and per_second == rate * align and width
    return (width, fmt.start + 14, struct.pack(order + "H", width)) if is_odd else None


def _container_bits_of_caf(file: PiecedFile, layout: Layout) -> tuple[int, int, bytes] | None:
    desc = layout.find(b"desc")
    if desc is None or desc.size < 32 or desc.end > layout.size:
        return None
    kind, flags, align, frames, channels, bits = struct.unpack(">4s5I", file.at(desc.start + 8, 24))
    width = _width(align, channels, bits)
    is_odd = kind == b"lpcm" and not flags & 1 and frames == 1 and width
    return (width, desc.start + 28, struct.pack(">I", width)) if is_odd else None


def _width(align: int, channels: int, bits: int) -> int:
    """Bits of the whole bytes of a sample, if these are surely more than its own take; 0: they are not."""
    width = 8 * align // max(1, channels)
    return width if width in (16, 24, 32) and align == channels * width // 8 and (bits + 7) // 8 * 8 < width else 0


def _judge_aiff(file: PiecedFile, layout: Layout, data: Chunk) -> Verdict:
    comm = layout.find(b"COMM")
    if comm is None or comm.size < 18:
        return Verdict(promised=0, there=0)
    channels, frames, bits = struct.unpack(">HIH", file.at(comm.start, 8))
    kind = file.at(comm.start + 18, 4) if file.at(8, 4) == b"AIFC" else b"NONE"
    width = (_COUNTED.get(kind, 0) or (bits + 7) // 8) * channels if kind in _COUNTED else 0
    start = data.start + 8 + struct.unpack(">I", file.at(data.start, 4).rjust(4, b"\0"))[0]
    promised, there = data.size - (start - data.start), max(0, layout.size - start)
    last = layout.chunks[-1] is data
    # Programs that cannot seek back write nearly 2 GB, whatever the size of a sample.
    is_open = last and (
        promised <= 0 or 2**31 - 2**24 - 2**20 < data.size <= 2**31 + 2**8 or data.size >= 2**32 - 2**16
    )
    if is_open and there and width:
        count = there // width
        whole = {4: layout.size - 8, comm.start + 2: count, data.start - 4: layout.size - data.start}
        note = f"its header leaves the length open ({_size_text(data.size)}), as one written to a pipe or not finished"
        return Verdict(
            promised=0, there=there, note=f"{note}; all that is there is taken",
            pieces=patched(layout.size, {at: struct.pack(">I", value) for at, value in whole.items()}),
        )  # fmt: skip
    if width and frames * width > promised:  # the chunk itself was shortened
        promised = frames * width
    if there < promised <= there + _SLACK and width:
        count = there // width
        whole = {comm.start + 2: count, data.start - 4: layout.size - data.start}
        return Verdict(
            promised=0, there=there, note=f"its header counts {promised - there} bytes more than there are; "
            "all that is there is taken",
            pieces=patched(layout.size, {at: struct.pack(">I", value) for at, value in whole.items()}),
        )  # fmt: skip
    return Verdict(promised=promised, there=min(promised, there))
