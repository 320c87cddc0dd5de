"""What containers read by PyAV say beside their sound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .containers import Tally, is_cover, survive
from .media import MediaSource
from .metadata import Chapter, Metadata
from .mp4tags import is_of_movie, language_of, read_asf, read_mp4
from .names import printable
from .pieces import PiecedFile

if TYPE_CHECKING:
    from mutagen.flac import Picture

__all__ = ["is_technical", "matroska_tags", "read_metadata"]

_TECHNICAL = {"encoder", "major_brand", "minor_version", "compatible_brands", "handler_name", "vendor_id", "duration",
              "language", "bps", "number_of_frames", "number_of_bytes"}  # fmt: skip
_NAMES = {"track": "tracknumber", "disc": "discnumber", "album_artist": "albumartist", "year": "date"}
_MATROSKA = {new: old for old, new in _NAMES.items() if old != "year"}
_MIME = {"mjpeg": "jpeg"}
_FAMILIES = {"MP4": "MP4", "MOV": "MP4", "3GP": "MP4", "MATROSKA": "MATROSKA", "WEBM": "MATROSKA"}


def read_metadata(media: MediaSource, file: PiecedFile, kind: str) -> tuple[Metadata, int | None]:
    """Tags, pictures and chapters; and the length in samples if iTunes has left it."""
    family = _FAMILIES.get(kind, kind)
    with media.open() as container:
        texts, of_track = dict(container.metadata), dict(container.streams.audio[0].metadata)
        others = () if media.track.pictures else (*_others(container), *_second(of_track, texts))
        if not (media.track.pictures and family in ("MATROSKA", "MP4")):  # there its name is not that of the video
            texts = of_track | texts
        chapters, covers = _chapters(container), _covers(container)
        language = container.streams.audio[0].language
    spoken: dict[str, tuple[str, ...]] = {"language": (language,)} if language and language != "und" else {}
    tags: dict[str, tuple[str, ...]] = {
        _NAMES.get(name.lower(), name.lower()): (text,)
        for name, text in texts.items()
        if text and not is_technical(name)
    } | spoken
    if family == "MP4":
        found = read_mp4(file)
        known, native = dict(found.tags), found.native
        length = _gapless(known.pop("itunsmpb", ()))
        known.pop("itunnorm", None)
        for name in [name for name in native or () if name.endswith((":iTunSMPB", ":iTunNORM"))]:
            del native[name]  # the old sound's
        return replace(
            found,
            tags=(known or tags) | {n: t for n, t in tags.items() if is_of_movie(n)} | spoken,
            chapters=chapters,
            native=native or None,
        ), length
    if kind == "ASF":
        tags, other = read_asf(file)
        return Metadata(family=family, tags=tags, chapters=chapters, only_here=tuple(other)), None
    return Metadata(family=family, tags=tags, chapters=chapters, pictures=covers, left_out=others), None


def matroska_tags(tags: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """As FFmpeg names them, which writes for some of them what Matroska's own list has: PART_NUMBER for a track."""
    own = {name for name in tags if name == "language" and language_of(tags)}
    return {_MATROSKA.get(name, name): "; ".join(texts) for name, texts in tags.items() if name not in own}


def is_technical(name: str) -> bool:
    """Whether a tag tells of the coding, not of the recording."""
    return name.lower() in _TECHNICAL or name.startswith(("_STATISTICS", "DURATION")) or "-eng" in name


def _chapters(container: Any) -> tuple[Chapter, ...]:
    """A container's chapters, from where its first track begins, as what is written begins there."""
    found, origin = [], (container.start_time or 0) / 1_000_000
    for chapter in container.chapters():
        start, end = (max(0.0, float(chapter[name] * chapter["time_base"]) - origin) for name in ("start", "end"))
        title: Mapping[str, str] = chapter["metadata"]
        found.append(Chapter(start, end, title.get("title", "")))
    return tuple(found)


def _covers(container: Any) -> tuple[Picture, ...]:
    """Pictures that stand still, which FFmpeg shows as streams of one packet."""
    from mutagen.flac import Picture

    wanted = [stream for stream in container.streams.video if is_cover(stream)]
    found: dict[int, Picture] = {}
    for packet in survive(container.demux(wanted), Tally()) if wanted else ():
        if packet.size and packet.stream.index not in found:
            picture = Picture()
            picture.type, picture.data = 3, bytes(packet)
            name = packet.stream.codec_context.name
            picture.mime = packet.stream.metadata.get("mimetype") or f"image/{_MIME.get(name, name)}"
            found[packet.stream.index] = picture
        if len(found) == len(wanted):
            break
    return tuple(found.values())


def _others(container: Any) -> Iterator[str]:
    """What stands beside sound alone, where no video is made that would take it along, in words."""
    for stream in container.streams:
        if stream.type == "attachment":
            yield f"the attachment {printable(stream.metadata.get('filename', ''))}".rstrip()
        elif stream.type not in ("audio", "video"):
            yield f"track {stream.index + 1} ({stream.type})"


def _second(of_track: Mapping[str, str], of_file: Mapping[str, str]) -> Iterator[str]:
    """What a track says otherwise than its file, in words: there is room for one of them."""
    for name, text in of_track.items():
        if not is_technical(name) and of_file.get(name, text) != text:
            yield f"the {name.lower()} of the track, {printable(text)}"


def _gapless(texts: tuple[str, ...]) -> int | None:
    """iTunSMPB: delay, padding and samples, hexadecimal, behind a zero."""
    fields = texts[0].split() if texts else []
    try:
        return int(fields[3], 16) or None
    except (IndexError, ValueError):
        return None
