"""What a file says beside its sound: tags, pictures, chapters, and the chunks and blocks of its format.

Within one family of formats everything is copied as it stands. From one family to another go tags, pictures and
chapters; what the other has no place for is named. As cleaning keeps length and rate, positions in samples stay right.
"""

from __future__ import annotations

import base64
import io
import re
import struct
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from . import ape, id3
from .chunks import Layout, layout_of
from .mpeg import id3_size
from .pieces import PiecedFile
from .speakers import mask_of_caf

if TYPE_CHECKING:
    from mutagen.flac import Picture

__all__ = ["UNREAD", "Chapter", "Metadata", "from_file", "from_tags", "info_names"]

UNREAD = "tags that cannot be read"
_MOST_BYTES = 1 << 28
"""Of chunks in all; more than this is no description of a sound."""
_OF_SOUND = {b"fmt ", b"data", b"fact", b"PEAK", b"ds64", b"JUNK", b"junk", b"FLLR", b"PAD ", b"filr", b"free",
             b"COMM", b"SSND", b"FVER", b"desc", b"pakt", b"kuki", b"peak", b"slnt", b"wavl",
             b"RIFF"}  # fmt: skip
"""Chunks that the sound itself decides, and padding: they are made anew."""
_STALE = {b"levl": "levl (the old sound's envelope)", b"ovvw": "ovvw (the old sound's overview)",
          b"MD5 ": "MD5 (the old sound's sum)"}  # fmt: skip
_SPOKEN = {
    b"bext": "bext (broadcast extension, timecode)", b"cue ": "cue points", b"adtl": "labels and notes",
    b"smpl": "sampler loops", b"inst": "instrument settings", b"INST": "instrument settings", b"MARK": "markers",
    b"mark": "markers", b"COMT": "comments with times", b"regn": "regions", b"plst": "playlist",
    b"chan": "channel layout",
}  # fmt: skip

INFO = {"title": b"INAM", "artist": b"IART", "album": b"IPRD", "genre": b"IGNR", "date": b"ICRD",
        "tracknumber": b"ITRK", "comment": b"ICMT", "copyright": b"ICOP", "software": b"ISFT",
        "engineer": b"IENG", "keywords": b"IKEY", "subject": b"ISBJ", "source": b"ISRC", "technician": b"ITCH",
        "medium": b"IMED"}  # fmt: skip
"""Names of Vorbis comments to those of LIST INFO."""
_INFO_NAMES = {id: name for name, id in INFO.items()} | {b"IPRT": "tracknumber", b"itrk": "tracknumber"}
_AIFF_TEXTS = {b"NAME": "title", b"AUTH": "artist", b"(c) ": "copyright", b"ANNO": "comment"}


@dataclass(frozen=True)
class Chapter:
    """A part of the recording with a name; times in s."""

    start: float
    end: float
    title: str


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """All that a file says beside its sound.

    Attributes
    ----------
    family : whose ``chunks`` and ``native`` these are: "RIFF", "AIFF", "CAF", "W64", "FLAC", "OGG", "MP3", "MP4", ….
    tags : names as of Vorbis comments, in lower case, to all their values.
    pictures, chapters : of the recording.
    chunks : names and contents, in their order, as they stand in the file.
    native : what mutagen read: what a file of the same family gets.
    only_here : what no other family has a place for, in words.
    left_out : what is kept by no file, in words: it describes the old sound, or cannot be read.
    """

    family: str
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    chunks: tuple[tuple[bytes, bytes], ...] = ()
    native: Any = None
    only_here: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to keep."""
        return not (self.tags or self.pictures or self.chapters or self.chunks or self.native or self.only_here)


def from_tags(tags: Mapping[str, str]) -> Metadata:
    """Tags alone."""
    return Metadata(family="", tags={name.lower(): (text,) for name, text in tags.items() if text})


def from_file(file: PiecedFile, kind: str | None, subtype: str) -> Metadata | None:
    """What a file holds whose container libsndfile knows, or which is tagged as MP3 is; None: another."""
    if (layout := layout_of(file)) is not None:
        return from_chunks(file, layout)
    if kind == "FLAC":
        return from_flac(file)
    if kind == "OGG":
        return from_ogg(file, subtype)
    if kind in ("WV", "APE", "TTA"):  # of several texts FFmpeg gives the first
        return replace(from_id3(file), family=kind, native=None)
    return from_id3(file) if kind == "MP3" else None


# Chunks


def from_chunks(file: PiecedFile, layout: Layout) -> Metadata:
    """What WAV, RF64, W64, AIFF and CAF files hold."""
    is_rifx = layout.family == "RIFF" and layout.big
    family = "RIFX" if is_rifx else "RIFF" if layout.family == "RF64" else layout.family
    order = " (big-endian)" * is_rifx  # which no output is
    chunks: list[tuple[bytes, bytes]] = []
    only_here: list[str] = []
    left_out: list[str] = []
    tags: dict[str, tuple[str, ...]] = {}
    found = id3.Found()
    size = 0
    if family == "AU" and layout.data is not None and file.at(24, max(0, layout.data.start - 24)).strip(b"\0"):
        left_out.append("the annotation in its header")
    for chunk in () if family == "AU" else layout.chunks:
        id = chunk.id[:4]
        if id in _OF_SOUND:
            continue
        if id in _STALE or not 0 <= chunk.size <= layout.size - chunk.start or size + chunk.size > _MOST_BYTES:
            left_out.append(_STALE.get(id, f"{_name(id)} (incomplete)"))
            continue
        size += chunk.size
        content = file.at(chunk.start, chunk.size)
        chunks.append((chunk.id, content))
        if id.lower() == b"id3 ":
            found = id3.parse(content)
            only_here += found.only_here
        elif id == b"LIST" and content[:4] == b"INFO":
            tags |= _read_info(content, ">" if is_rifx else "<")
        elif id == b"LIST" and content[:4] == b"adtl":
            only_here.append(_SPOKEN[b"adtl"] + order)
        elif family == "AIFF" and id in _AIFF_TEXTS:
            tags[_AIFF_TEXTS[id]] = (*tags.get(_AIFF_TEXTS[id], ()), _text(content))
        elif family == "CAF" and id == b"info":
            tags |= _read_caf_info(content)
        elif family == "CAF" and id == b"chan" and mask_of_caf(content) is not None:
            pass  # it goes with the sound
        else:
            only_here.append(_SPOKEN.get(id, _name(id)) + order)
    return Metadata(
        family=family, tags=tags | found.tags, pictures=found.pictures,
        chapters=tuple(Chapter(*chapter) for chapter in found.chapters), chunks=tuple(chunks),
        only_here=tuple(dict.fromkeys(only_here)), left_out=tuple(dict.fromkeys(left_out)),
    )  # fmt: skip


def _name(id: bytes) -> str:
    return f"the chunk {id.decode('ascii', 'replace').strip()}"


def _text(content: bytes) -> str:
    content = content.split(b"\0")[0]
    for encoding in ("utf-8", "cp1252"):
        with suppress(UnicodeDecodeError):
            return content.decode(encoding)
    return content.decode("latin-1")


def _read_info(content: bytes, order: str) -> dict[str, tuple[str, ...]]:
    tags: dict[str, tuple[str, ...]] = {}
    position = 4
    while position + 8 <= len(content):
        id, size = struct.unpack(order + "4sI", content[position : position + 8])
        name = _INFO_NAMES.get(id, id.decode("latin-1").lower())
        if text := _text(content[position + 8 : position + 8 + size]):
            tags[name] = (*tags.get(name, ()), text)
        position += 8 + size + (size & 1)
    return tags


_CAF_NAMES = {"year": "date", "track number": "tracknumber", "comments": "comment"}


def _read_caf_info(content: bytes) -> dict[str, tuple[str, ...]]:
    parts = content[4:].split(b"\0")
    tags: dict[str, tuple[str, ...]] = {}
    for name, text in zip(parts[::2], parts[1::2], strict=False):
        if text:
            key = _text(name).lower()
            tags[_CAF_NAMES.get(key, key)] = (_text(text),)
    return tags


def caf_info(tags: Mapping[str, Iterable[str]]) -> bytes:
    """The content of an information chunk."""
    back = {new: old for old, new in _CAF_NAMES.items()}
    pairs = [(back.get(name, name), "; ".join(texts)) for name, texts in tags.items()]
    strings = b"".join(f"{name}\0{text}\0".encode() for name, text in pairs)
    return struct.pack(">I", len(pairs)) + strings


def info_list(tags: Mapping[str, Iterable[str]]) -> bytes:
    """The content of a LIST INFO chunk: what has a name there."""
    content = b"INFO"
    for name, texts in tags.items():
        for text in texts if name in INFO else ():
            data = text.encode() + b"\0"
            content += INFO[name] + struct.pack("<I", len(data)) + data + bytes(len(data) & 1)
    return content


def aiff_texts(tags: Mapping[str, Iterable[str]]) -> list[tuple[bytes, bytes]]:
    """AIFF's text chunks."""
    names = {name: id for id, name in _AIFF_TEXTS.items()}
    return [(names[name], text.encode()) for name, texts in tags.items() if name in names for text in texts]


def info_names() -> frozenset[str]:
    """Names that LIST INFO has."""
    return frozenset(INFO)


# By mutagen


def from_id3(file: PiecedFile) -> Metadata:
    """What MPEG files hold: ID3 (2 and 1), and APE tags."""
    from mutagen import MutagenError
    from mutagen.apev2 import APENoHeaderError, APEv2
    from mutagen.id3 import ID3, ID3NoHeaderError

    native: dict[str, Any] = {}
    left_out = []
    if (version_1 := file.at(max(0, file.size - 128), 128))[:3] == b"TAG":
        native["ID3v1"] = version_1
    for kind in (ID3, APEv2):
        try:
            native[kind.__name__] = kind(file.as_file())
            left_out += id3.damaged(file.as_file()) if kind is ID3 else []
        except (ID3NoHeaderError, APENoHeaderError):
            pass
        except (MutagenError, ValueError, OSError):
            left_out.append(UNREAD)
    try:
        if behind := id3.appended(file):
            native["ID3"] = id3.merged(native.get("ID3"), ID3(io.BytesIO(behind)))
    except (MutagenError, ValueError, OSError):
        left_out.append(UNREAD)
    if "ID3" in native and native["ID3"].version[:2] == (2, 2):
        left_out += id3.unknown(native["ID3"])
    found = id3.understand(native["ID3"]) if "ID3" in native else id3.Found()
    further = ape.understand(native["APEv2"]) if "APEv2" in native else id3.Found()
    return Metadata(
        family="MP3", tags=further.tags | found.tags, pictures=found.pictures or further.pictures,
        chapters=tuple(Chapter(*c) for c in found.chapters), native=native or None,
        only_here=(*found.only_here, *further.only_here), left_out=tuple(dict.fromkeys(left_out)),
    )  # fmt: skip


def from_flac(file: PiecedFile) -> Metadata:
    """What FLAC files hold."""
    from mutagen import MutagenError
    from mutagen.flac import FLAC

    try:
        flac = FLAC(file.as_file())
    except (MutagenError, ValueError, OSError):
        return Metadata(family="FLAC", left_out=(UNREAD,))
    # 0 is STREAMINFO, 1 padding, 3 the seek table: of the file, not of the recording.
    blocks = [block for block in flac.metadata_blocks if block.code not in (0, 1, 3)]
    only_here = ["the cue sheet"] if flac.cuesheet else []
    only_here += [f"an application's block ({block.data[:4]!r})" for block in blocks if block.code == 2]
    tags, pictures, chapters = _comments(flac.tags or ())
    strange = ["an ID3 tag before the FLAC stream"] if id3_size(file.at(0, 10)) else []
    strange += ["an ID3 tag behind the FLAC stream"] if file.at(max(0, file.size - 128), 3) == b"TAG" else []
    return Metadata(
        family="FLAC", tags=tags, pictures=(*flac.pictures, *pictures), chapters=chapters, native=blocks or None,
        only_here=tuple(only_here), left_out=tuple(strange),
    )  # fmt: skip


def from_ogg(file: PiecedFile, subtype: str) -> Metadata:
    """What Ogg Vorbis and Opus files hold."""
    from mutagen import MutagenError
    from mutagen.oggflac import OggFLAC
    from mutagen.oggopus import OggOpus
    from mutagen.oggspeex import OggSpeex
    from mutagen.oggvorbis import OggVorbis

    kinds: dict[str, Callable[..., Any]] = {"VORBIS": OggVorbis, "OPUS": OggOpus, "SPEEX": OggSpeex}
    try:
        native = kinds.get(subtype, OggFLAC)(file.as_file()).tags
    except (MutagenError, ValueError, OSError):
        return Metadata(family="OGG", left_out=(UNREAD,))
    tags, pictures, chapters = _comments(native or ())
    kept = [(name, text) for name, text in native or () if name.lower() != "encoder"]
    return Metadata(family="OGG", tags=tags, pictures=pictures, chapters=chapters, native=kept or None)


def _comments(
    comments: Iterable[tuple[str, str]],
) -> tuple[dict[str, tuple[str, ...]], tuple[Picture, ...], tuple[Chapter, ...]]:
    """Vorbis comments, with the pictures and chapters among them."""
    from mutagen import MutagenError
    from mutagen.flac import Picture

    tags: dict[str, tuple[str, ...]] = {}
    pictures: list[Picture] = []
    starts: dict[str, float] = {}
    titles: dict[str, str] = {}
    for name, text in comments:
        key = name.lower()
        if key == "metadata_block_picture":
            with suppress(MutagenError, ValueError, struct.error):
                pictures.append(Picture(base64.b64decode(text)))
        elif match := re.fullmatch(r"chapter(\d+)", key):
            with suppress(ValueError):
                hours, minutes, seconds = text.split(":")
                starts[match[1]] = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
        elif match := re.fullmatch(r"chapter(\d+)name", key):
            titles[match[1]] = text
        elif key not in ("encoder", "waveformatextensible_channel_mask"):
            tags[key] = (*tags.get(key, ()), text)
    order = sorted(starts, key=lambda number: starts[number])
    ends = [*(starts[number] for number in order[1:]), 0.0]
    chapters = tuple(
        Chapter(starts[number], max(end, starts[number]), titles.get(number, ""))
        for number, end in zip(order, ends, strict=False)
    )
    return tags, tuple(pictures), chapters


def as_comments(metadata: Metadata) -> list[tuple[str, str]]:
    """Tags, pictures and chapters as Vorbis comments."""
    comments = [(name.upper(), text) for name, texts in metadata.tags.items() for text in texts if _is_field(name)]
    for number, chapter in enumerate(metadata.chapters, 1):
        minutes, seconds = divmod(chapter.start, 60)
        clock = f"{int(minutes) // 60:02d}:{int(minutes) % 60:02d}:{seconds:06.3f}"
        comments += [(f"CHAPTER{number:03d}", clock), (f"CHAPTER{number:03d}NAME", chapter.title)]
    for picture in metadata.pictures:
        comments.append(("METADATA_BLOCK_PICTURE", base64.b64encode(picture.write()).decode("ascii")))
    return comments


def _is_field(name: str) -> bool:
    """Whether it may name a Vorbis comment."""
    return bool(name) and all(0x20 <= ord(c) <= 0x7D and c != "=" for c in name)
