"""ID3 tags and what they mean in the names of Vorbis comments, both ways."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from .pieces import PiecedFile

if TYPE_CHECKING:
    from mutagen.flac import Picture
    from mutagen.id3 import ID3

__all__ = [
    "Found", "appended", "as_written", "damaged", "in_time", "make", "merged", "packed", "parse", "understand",
    "unknown",
]  # fmt: skip

_NAMES = {
    "TIT2": "title", "TPE1": "artist", "TALB": "album", "TCON": "genre", "TDRC": "date", "TRCK": "tracknumber",
    "TPE2": "albumartist", "TCOM": "composer", "TPOS": "discnumber", "TCOP": "copyright", "TENC": "encodedby",
    "TBPM": "bpm", "TSRC": "isrc", "TPUB": "publisher", "TLAN": "language", "TIT1": "grouping", "TIT3": "subtitle",
    "TKEY": "key", "TEXT": "lyricist", "TPE3": "conductor", "TPE4": "remixer", "TSOP": "artistsort",
    "TSOA": "albumsort", "TSOT": "titlesort", "TSO2": "albumartistsort", "TSOC": "composersort", "TSST": "discsubtitle",
    "TDOR": "originaldate", "TMED": "media", "TMOO": "mood", "TOPE": "originalartist", "TOAL": "originalalbum",
    "TOWN": "owner", "TRSN": "station", "TSSE": "software",
}  # fmt: skip
_FRAMES = {name: frame for frame, name in _NAMES.items()}
_LINKS = {"WOAR": "website", "WCOP": "license", "WPUB": "publisherurl", "WOAF": "url", "WOAS": "sourceurl"}


@dataclass
class Found:
    """What a tag says.

    Attributes
    ----------
    chapters : start and end in s, and title.
    only_here : frames that other formats have no place for, in words.
    """

    tags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()
    chapters: list[tuple[float, float, str]] = field(default_factory=list)
    only_here: list[str] = field(default_factory=list)


def parse(content: bytes) -> Found:
    """Understand a tag that lies in a chunk."""
    from mutagen import MutagenError
    from mutagen.id3 import ID3

    try:
        found = understand(ID3(io.BytesIO(content)))
        found.only_here += damaged(io.BytesIO(content))
        return found
    except (MutagenError, ValueError, OSError):
        return Found(only_here=["an ID3 tag that is damaged"])


def understand(tag: ID3) -> Found:
    """Read the frames."""
    from mutagen.flac import Picture

    found, pictures = Found(), []
    tags: dict[str, list[str]] = {}
    for frame in tag.values():
        kind = frame.FrameID
        if kind in _NAMES:
            tags.setdefault(_NAMES[kind], []).extend(str(text) for text in frame.text)
        elif kind == "TXXX":
            tags.setdefault(frame.desc.lower() or "text", []).extend(map(str, frame.text))
        elif kind == "COMM":
            tags.setdefault("comment" if not frame.desc else f"comment:{frame.desc.lower()}", []).extend(frame.text)
        elif kind == "USLT":
            tags.setdefault("lyrics", []).append(frame.text)
        elif kind == "WXXX" or kind in _LINKS:
            tags.setdefault(_LINKS.get(kind, "url"), []).append(frame.url)
        elif kind == "APIC" and frame.mime != "-->":
            picture = Picture()
            picture.type, picture.mime, picture.desc, picture.data = frame.type, frame.mime, frame.desc, frame.data
            pictures.append(picture)
        elif kind == "CHAP":
            titles = [str(sub) for sub in frame.sub_frames.values() if sub.FrameID == "TIT2"]
            further = [sub.FrameID for sub in frame.sub_frames.values() if sub.FrameID != "TIT2"]
            found.only_here += [f"the ID3 frame {kind} of chapters" for kind in further]
            found.chapters.append((frame.start_time / 1000, frame.end_time / 1000, titles[0] if titles else ""))
        elif kind not in ("CTOC", "TLEN", "TFLT", "TSIZ"):
            found.only_here.append(f"the ID3 frame {kind}")
    found.only_here = list(dict.fromkeys([*found.only_here, *unknown(tag)]))
    found.tags = {name: tuple(texts) for name, texts in tags.items() if texts}
    found.pictures = tuple(pictures)
    found.chapters.sort()
    return found


def unknown(tag: ID3) -> list[str]:
    """Frames that mutagen does not know, in words; it writes those of ID3v2.2 no more."""
    width = 3 if tag.version[:2] == (2, 2) else 4
    return [f"the ID3 frame {raw[:width].decode('latin-1')}" for raw in tag.unknown_frames]


class _Asked(dict[str, Any]):
    """Kinds of frames, which remembers those that were asked for."""

    def __init__(self, kinds: Mapping[str, Any]) -> None:
        super().__init__(kinds)
        self.names: dict[str, None] = {}

    def __getitem__(self, name: str) -> Any:
        kind = super().__getitem__(name)
        self.names[name] = None
        return kind


def damaged(file: IO[bytes]) -> list[str]:
    """Kinds of frames of which mutagen understands none, in words; it drops these without a word.

    Raises
    ------
    mutagen.MutagenError : as for ``ID3``.
    """
    from mutagen.id3 import ID3, Frames, Frames_2_2

    asked = _Asked(Frames | Frames_2_2)
    frames = list(ID3(file, known_frames=asked, translate=False, load_v1=False).values())
    inside = [sub for frame in frames for sub in getattr(frame, "sub_frames", {}).values()]  # of chapters
    there = {frame.FrameID for frame in (*frames, *inside)}
    return [
        f"the ID3 frame {name}, which is damaged" for name in asked.names
        if name not in there and (name in Frames or Frames_2_2[name].__base__.__name__ not in there)
    ]  # fmt: skip


def make(
    tags: Mapping[str, Iterable[str]], pictures: Iterable[Picture], chapters: Iterable[tuple[float, float, str]]
) -> ID3:
    """A tag that says the same."""
    from mutagen import id3

    tag = id3.ID3()
    made: Any  # its classes are named by what they hold
    for name, texts in tags.items():
        if name in _FRAMES:
            made = getattr(id3, _FRAMES[name])(encoding=3, text=list(texts))
        elif name == "comment":
            made = id3.COMM(encoding=3, lang="XXX", desc="", text=list(texts))
        elif name == "lyrics":
            made = id3.USLT(encoding=3, lang="XXX", desc="", text="\n".join(texts))
        else:
            made = id3.TXXX(encoding=3, desc=name, text=list(texts))
        tag.add(made)
    for number, picture in enumerate(pictures):
        description = picture.desc or ("" if not number else str(number))  # it tells several of a type apart
        tag.add(id3.APIC(encoding=3, mime=picture.mime, type=picture.type, desc=description, data=picture.data))
    names = []
    for number, (start, end, title) in enumerate(chapters):
        names.append(f"chp{number}")
        tag.add(
            id3.CHAP(
                element_id=names[-1], start_time=round(start * 1000), end_time=round(end * 1000),
                sub_frames=[id3.TIT2(encoding=3, text=[title])],
            )
        )  # fmt: skip
    if names:
        top = id3.CTOCFlags.TOP_LEVEL | id3.CTOCFlags.ORDERED
        tag.add(id3.CTOC(element_id="toc", flags=top, child_element_ids=names, sub_frames=[]))
    return tag


def packed(tag: ID3) -> bytes:
    """The tag as bytes, for a chunk."""
    target = io.BytesIO()
    tag.save(target, v2_version=as_written(tag), padding=lambda info: 0)
    return in_time(target.getvalue())


def in_time(tag: bytes) -> bytes:
    """A tag that mutagen has written, by the size of its frames, with its chapters in order: many readers know no table
    of contents, and take them as they stand."""
    frames, position, width = [], 10, 7 if tag[3] == 4 else 8
    while tag[position : position + 4].strip(b"\0"):
        size = sum(byte << width * place for place, byte in enumerate(tag[position + 7 : position + 3 : -1]))
        frames.append(tag[position : position + 10 + size])
        position += 10 + size
    chapters = iter(sorted((frame for frame in frames if frame[:4] == b"CHAP"), key=_start_of))
    ordered = [next(chapters) if frame[:4] == b"CHAP" else frame for frame in frames]
    return tag[:10] + b"".join(ordered) + tag[position:]


def _start_of(chapter: bytes) -> bytes:
    """Four bytes behind its name."""
    return chapter[10:].partition(b"\0")[2][:4]


def as_written(tag: ID3) -> int:
    """The version in which a tag is to be saved, its own or 3, and for which it is prepared."""
    if tag.version >= (2, 4, 0):
        return 4
    tag.update_to_v23()
    return 3


def appended(file: PiecedFile) -> bytes:
    """A tag at the end of a file (ID3v2.4, section 5), before one of version 1; empty: there is none.

    mutagen looks at the beginning only.
    """
    end = file.size - 128 * (file.at(max(0, file.size - 128), 3) == b"TAG")
    foot = file.at(max(0, end - 10), 10)
    if foot[:3] != b"3DI" or max(foot[6:]) > 0x7F:
        return b""
    size = 20 + (foot[6] << 21 | foot[7] << 14 | foot[8] << 7 | foot[9])
    tag = file.at(max(0, end - size), size)
    return tag if tag[:3] == b"ID3" else b""


def merged(first: ID3 | None, second: ID3) -> ID3:
    """What the first says, and what only the second does; a tag of version 1 says least."""
    if first is None:
        return second
    if first.version < (2,):
        first, second = second, first
    for key, frame in second.items():
        if key not in first:
            first.add(frame)
    return first
