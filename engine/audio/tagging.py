"""Metadata into the file that is made: as it stands where the family is the same, translated elsewhere."""

from __future__ import annotations

import copy
import io
import os
import struct
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import id3
from .chunks import Family, layout_of, pack_chunk
from .formats import AudioInfo
from .metadata import Metadata, aiff_texts, as_comments, caf_info, from_tags, info_list, info_names
from .mpeg import id3_size
from .pieces import PiecedFile
from .speakers import packed_for_caf, usual_mask

__all__ = ["ShiftedFile", "chunks_for", "count_bytes", "family_of", "insert_chunks", "losses", "tag_file"]

_FAMILIES: Mapping[str, str] = {
    "WAV": "RIFF", "WAVEX": "RIFF", "RF64": "RIFF", "W64": "W64", "AIFF": "AIFF", "CAF": "CAF", "FLAC": "FLAC",
    "OGG": "OGG", "MP3": "MP3", "MP4": "MP4", "MOV": "MP4", "MATROSKA": "MATROSKA", "WEBM": "MATROSKA",
}  # fmt: skip
_HOLDS = {
    "RIFF": ("tags", "pictures", "chapters"), "AIFF": ("tags", "pictures", "chapters"), "CAF": ("tags",),
    "FLAC": ("tags", "pictures", "chapters"), "OGG": ("tags", "pictures", "chapters"),
    "MP3": ("tags", "pictures", "chapters"), "MP4": ("tags", "pictures", "chapters"),
    "MATROSKA": ("tags", "pictures", "chapters"), "WEBM": ("tags", "chapters"),
}  # fmt: skip
_LARGEST_HEADER = 1 << 20


def family_of(format: str) -> str:
    """Which metadata a format holds; formats of one family hold the same."""
    return _FAMILIES.get(format, format)


def metadata_of(info: AudioInfo) -> Metadata:
    """What is to be written."""
    return info.metadata if info.metadata is not None else from_tags(info.tags)


def losses(info: AudioInfo) -> list[str]:
    """What a file of this format cannot hold, in words, beside what no file keeps."""
    metadata, family = metadata_of(info), family_of(info.format)
    if metadata.family == family and info.format != "WEBM":
        return []
    lost = list(metadata.only_here)
    held = _HOLDS.get(info.format, _HOLDS.get(family, ()))
    lost += [what for what in ("tags", "pictures", "chapters") if getattr(metadata, what) and what not in held]
    return lost


# Chunks, which stand before the sound


def chunks_for(info: AudioInfo) -> bytes:
    """The chunks of a file to come, as they will stand in it; empty for formats without chunks."""
    metadata, family = metadata_of(info), family_of(info.format)
    if family not in ("RIFF", "AIFF", "CAF", "W64"):
        return b""
    kind: Family = {"RIFF": "RIFF", "AIFF": "AIFF", "CAF": "CAF", "W64": "W64"}[family]  # type: ignore[assignment]
    chunks = list(metadata.chunks) if metadata.family == family else _translated(metadata, family)
    if family == "CAF" and info.channel_mask is not None and not any(id == b"chan" for id, _ in chunks):
        chunks.append((b"chan", packed_for_caf(info.channel_mask)))
    if info.format == "RF64":  # libsndfile, and with it Audacity, stumbles over odd sizes there
        chunks = [(id, content + bytes(len(content) & 1)) for id, content in chunks]
    return b"".join(pack_chunk(kind, id, content) for id, content in chunks)


def _translated(metadata: Metadata, family: str) -> list[tuple[bytes, bytes]]:
    tags, chunks = metadata.tags, []
    if family == "RIFF" and any(name in info_names() for name in tags):
        chunks.append((b"LIST", info_list(tags)))
    if family == "AIFF":
        chunks += aiff_texts(tags)
    if family == "CAF" and tags:
        chunks.append((b"info", caf_info(tags)))
    further = set(tags) - info_names() or metadata.pictures or metadata.chapters
    if (family == "RIFF" and further) or (family == "AIFF" and (tags or further)):
        chapters = [(c.start, c.end, c.title) for c in metadata.chapters]
        tag = id3.packed(id3.make(tags, metadata.pictures, chapters))
        chunks.append((b"id3 " if family == "RIFF" else b"ID3 ", tag))
    return chunks


class ShiftedFile(io.RawIOBase):
    """A file that begins ``gap`` bytes later than it does: room for what is to stand before the sound.

    libsndfile calls it from C, where an exception would be printed and forgotten, so errors are kept in ``error``.
    """

    def __init__(self, path: Path, gap: int) -> None:
        super().__init__()
        self._file, self._gap = open(path, "r+b", buffering=0), gap  # noqa: SIM115 (closed with this)
        self.error: OSError | None = None
        self._file.truncate(gap)  # libsndfile asks for its size, and gives up where that is below 0
        self.seek(0)

    def write(self, data: Any) -> int:
        """Bytes at the position; fewer when the disk is full."""
        view = memoryview(data).cast("B")
        done = 0
        try:
            while done < len(view):
                done += self._file.write(view[done:]) or 0
        except OSError as error:
            self.error = error
        return done

    def readinto(self, buffer: Any) -> int:
        """As of a file."""
        return self._file.readinto(buffer) or 0

    def read(self, size: int = -1) -> bytes:
        """As of a file."""
        return self._file.read(size) or b""

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """To another position."""
        return self._file.seek(offset + self._gap * (whence == os.SEEK_SET), whence) - self._gap

    def tell(self) -> int:
        """The position."""
        return self._file.tell() - self._gap

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def insert_chunks(path: Path, chunks: bytes, *, channel_mask: int | None = None) -> None:
    """Put chunks between the header and the sound of a file that was written behind a gap of their size.

    The header moves to the front, its sizes grow, and the sound stays where it is. The mask of an extensible header is
    set too.
    """
    gap = len(chunks)
    with open(path, "r+b") as file:
        size = os.fstat(file.fileno()).st_size
        layout = layout_of(PiecedFile(file.fileno(), [(gap, size)]))
        if layout is None or layout.data is None:
            return
        begin = layout.data.start - {"W64": 24, "CAF": 12}.get(layout.family, 8)
        file.seek(gap)
        header = bytearray(file.read(min(begin, _LARGEST_HEADER)))
        if layout.family in ("RIFF", "AIFF"):
            order = ">I" if layout.big else "<I"
            header[4:8] = struct.pack(order, struct.unpack(order, header[4:8])[0] + gap)
        elif layout.family in ("W64", "RF64"):
            at = 16 if layout.family == "W64" else 20
            header[at : at + 8] = struct.pack("<Q", struct.unpack("<Q", header[at : at + 8])[0] + gap)
        fmt = layout.find(b"fmt ")
        is_extensible = fmt is not None and fmt.size >= 40 and header[fmt.start : fmt.start + 2] == b"\xfe\xff"
        if channel_mask is not None and fmt is not None and is_extensible:
            header[fmt.start + 20 : fmt.start + 24] = struct.pack("<I", channel_mask)
        file.seek(0)
        file.write(bytes(header) + chunks)


def count_bytes(path: Path, frames: int, channels: int) -> None:
    """Set the length of an AIFF file of one-byte samples, where libsndfile counts the byte that makes it even."""
    with open(path, "r+b") as file:
        layout = layout_of(PiecedFile(file.fileno()))
        comm, data = (layout.find(b"COMM"), layout.data) if layout else (None, None)
        if comm is None or data is None:
            return
        for at, value in ((comm.start + 2, frames), (data.start - 4, 8 + frames * channels)):
            file.seek(at)
            file.write(struct.pack(">I", value))


# By mutagen, into a file that is there


def tag_file(path: Path, info: AudioInfo) -> None:
    """Write the metadata of formats without chunks into a file that is whole.

    Raises
    ------
    OSError, mutagen.MutagenError : it cannot be written.
    """
    metadata, family = metadata_of(info), family_of(info.format)
    mask = None if info.channel_mask == usual_mask(info.channels) else info.channel_mask
    if family == "FLAC" and (not metadata.is_empty or mask is not None):
        _tag_flac(path, metadata, mask)
    elif family == "OGG" and not metadata.is_empty:
        _tag_ogg(path, metadata, info.subtype)
    elif family == "MP3" and not metadata.is_empty:
        _tag_mp3(path, metadata)
    elif family == "MP4" and not metadata.is_empty:
        from .mp4tags import write_mp4

        write_mp4(path, metadata)


def _tag_flac(path: Path, metadata: Metadata, mask: int | None) -> None:
    from mutagen.flac import FLAC, VCFLACDict

    flac = FLAC(path)
    if metadata.family == "FLAC" and metadata.native:
        # The vendor's name is that of the program that made this sound.
        vendor = flac.tags.vendor if flac.tags is not None else ""
        flac.metadata_blocks = [*(b for b in flac.metadata_blocks if b.code in (0, 3)), *copy.copy(metadata.native)]
        flac.tags = next((block for block in flac.metadata_blocks if isinstance(block, VCFLACDict)), None)
        if flac.tags is not None and vendor:
            flac.tags.vendor = vendor
    else:
        if flac.tags is None:
            flac.add_tags()
        for name, text in as_comments(_without_pictures(metadata)):
            flac.tags.append((name, text))
        for picture in metadata.pictures:
            flac.add_picture(picture)
        if mask is not None:
            flac.tags["WAVEFORMATEXTENSIBLE_CHANNEL_MASK"] = f"0x{mask:04X}"
    flac.save()


def _without_pictures(metadata: Metadata) -> Metadata:
    return Metadata(family=metadata.family, tags=metadata.tags, chapters=metadata.chapters)


def _tag_ogg(path: Path, metadata: Metadata, subtype: str) -> None:
    from mutagen.oggopus import OggOpus
    from mutagen.oggvorbis import OggVorbis

    if subtype not in ("OPUS", "VORBIS"):
        return
    ogg = (OggOpus if subtype == "OPUS" else OggVorbis)(path)
    if ogg.tags is None:
        ogg.add_tags()
    comments = metadata.native if metadata.family == "OGG" and metadata.native else as_comments(metadata)
    ogg.tags.clear()
    ogg.tags.extend(comments)
    ogg.save()


def _tag_mp3(path: Path, metadata: Metadata) -> None:
    from mutagen.id3 import ID3

    version_1 = b""
    if metadata.family == "MP3" and metadata.native:
        tag, version_1 = metadata.native.get("ID3"), metadata.native.get("ID3v1", b"")
        if "APEv2" in metadata.native:
            metadata.native["APEv2"].save(path)
    else:
        chapters = [(c.start, c.end, c.title) for c in metadata.chapters]
        tag = id3.make(metadata.tags, metadata.pictures, chapters)
    if tag is None:
        return
    tag = copy.deepcopy(tag)
    version = id3.as_written(tag)
    # An empty tag of the encoder's own must not stand before this one.
    with suppress(Exception):
        ID3(path).delete(path)
    tag.save(path, v1=0, v2_version=version)
    with open(path, "r+b") as file:
        size = id3_size(file.read(10))
        file.seek(0)
        ordered = id3.in_time(file.read(size))
        file.seek(0)
        file.write(ordered)
        file.seek(0, os.SEEK_END)
        file.write(version_1)
