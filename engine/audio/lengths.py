"""What is known of a file's whole length: some formats tell it, others cannot."""

from __future__ import annotations

import struct

from .pieces import PiecedFile

__all__ = ["length_note", "media_size"]

_TELLING = {"FLAC", "MP4", "MOV", "3GP", "WV", "TTA", "APE", "WAV", "RF64", "W64", "AIFF", "CAF", "AU"}


def length_note(format: str) -> str:
    """What to tell of a format that does not say how long its sound is; empty for those that do."""
    if format in _TELLING:
        return ""
    tag = "without a Xing or Info tag " if format == "MP3" else ""
    return f"{format} {tag}does not tell its length, so whether it is whole is not known; all that is there is taken"


def media_size(file: PiecedFile, kind: str) -> int | None:
    """How long the file is by its container, in bytes; None: it does not tell."""
    if kind in ("MATROSKA", "WEBM"):
        return _matroska_size(file)
    if kind == "AVI":
        size = int(struct.unpack("<I", file.at(4, 4).rjust(4, b"\0"))[0]) + 8
        return None if size <= 8 or size >= 2**31 else size
    if kind == "ASF":
        return _asf_size(file)
    return _mp4_size(file) if kind in ("MP4", "MOV", "3GP") else None


def _vint(data: bytes) -> tuple[int | None, int]:
    """An EBML size and its own bytes (RFC 8794, section 4); None: unknown."""
    if not data or not data[0]:
        return None, 1
    length = 9 - data[0].bit_length()
    value = int.from_bytes(data[:length], "big") & (1 << 7 * length) - 1
    return (None if value == (1 << 7 * length) - 1 else value), length


def _matroska_size(file: PiecedFile) -> int | None:
    head = file.at(4, 8)
    size, length = _vint(head)
    if size is None:
        return None
    segment = 4 + length + size
    data = file.at(segment, 12)
    if data[:4] != b"\x18\x53\x80\x67":
        return None
    size, length = _vint(data[4:])
    return None if size is None else segment + 4 + length + size


def _asf_size(file: PiecedFile) -> int | None:
    """File properties, ASF specification, section 3.2."""
    head = file.at(0, 1 << 16)
    at = head.find(bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365"))
    if at < 0 or len(head) < at + 92:
        return None
    size, flags = struct.unpack("<Q", head[at + 40 : at + 48])[0], struct.unpack("<I", head[at + 88 : at + 92])[0]
    return None if flags & 1 or not size else int(size)  # 1: a broadcast


def _mp4_size(file: PiecedFile) -> int | None:
    """The end of the last box (ISO 14496-12, section 4.2)."""
    position = 0
    for _ in range(10_000):
        head = file.at(position, 16)
        if len(head) < 8:
            return None
        size = struct.unpack(">I", head[:4])[0]
        if size == 1 and len(head) == 16:
            size = struct.unpack(">Q", head[8:])[0]
        if size == 0 or not head[4:8].isalnum():  # to the end of the file; or no box
            return None
        if size < 8:
            return None
        position += size
        if position >= file.size:
            return position
    return None
