"""Tags of MP4 (iTunes' atoms) and of Windows Media, and what they mean in the names of Vorbis comments."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from .metadata import UNREAD, Metadata
from .mp4boxes import append_xmp, beside_movie
from .pieces import PiecedFile

__all__ = ["is_of_movie", "language_of", "movie_tags", "read_asf", "read_mp4", "renew_mp4", "write_mp4"]

_TEXTS = {
    "\xa9nam": "title", "\xa9ART": "artist", "\xa9alb": "album", "\xa9gen": "genre", "\xa9day": "date",
    "\xa9cmt": "comment", "cprt": "copyright", "aART": "albumartist", "\xa9wrt": "composer", "\xa9lyr": "lyrics",
    "\xa9grp": "grouping", "desc": "description", "ldes": "longdescription", "\xa9too": "software",
    "soar": "artistsort", "soal": "albumsort", "sonm": "titlesort", "soaa": "albumartistsort", "soco": "composersort",
    "tvsh": "show", "catg": "category", "keyw": "keywords",
}  # fmt: skip
_ATOMS = {name: atom for atom, name in _TEXTS.items()}
_PAIRS = {"trkn": "tracknumber", "disk": "discnumber"}
_FREE = "----:com.apple.iTunes:"
_ASF = {
    "title": "title", "author": "artist", "wm/albumtitle": "album", "wm/genre": "genre", "wm/year": "date",
    "wm/tracknumber": "tracknumber", "description": "comment", "copyright": "copyright",
    "wm/albumartist": "albumartist", "wm/composer": "composer", "wm/partofset": "discnumber", "wm/lyrics": "lyrics",
}  # fmt: skip


_APPLE = "com.apple.quicktime."


def is_of_movie(name: str) -> bool:
    """Whether a tag stands elsewhere than iTunes' list, which is all that mutagen knows: FFmpeg reads and writes it."""
    return name in ("creation_time", "location") or name.startswith(_APPLE)


def language_of(tags: Mapping[str, tuple[str, ...]]) -> str:
    """What is spoken, where a tag has the three letters (ISO 639-2) by which tracks tell it; else empty."""
    (text,) = tags.get("language", ("",))[:1]
    return text if len(text) == 3 and text.isalpha() and text.islower() else ""


def _is_numbered(atom: str) -> bool:
    """Whether an atom is one of QuickTime's, whose name stands elsewhere: FFmpeg reads and writes these."""
    return atom.startswith("\0")


def movie_tags(tags: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Those tags, as FFmpeg takes them."""
    return {name.replace(".iso6709", ".ISO6709"): texts[0] for name, texts in tags.items() if is_of_movie(name)}


def read_mp4(file: PiecedFile) -> Metadata:
    """Tags and pictures, all atoms for a file of the same kind, and what has no place elsewhere."""
    from mutagen import MutagenError
    from mutagen.flac import Picture
    from mutagen.mp4 import MP4, MP4Cover

    xmp, left_out = beside_movie(file)
    chunks = ((b"XMP", xmp),) if xmp else ()
    other = ["XMP"] if xmp else []
    try:
        atoms = MP4(file.as_file()).tags
    except (MutagenError, ValueError, OSError, KeyError):
        left_out += [UNREAD] if _has_tags(file) else []
        return Metadata(family="MP4", chunks=chunks, only_here=tuple(other), left_out=tuple(left_out))
    tags: dict[str, tuple[str, ...]] = {}
    pictures = []
    for atom in [atom for atom in atoms or () if _is_numbered(atom)]:
        del atoms[atom]
    for atom, values in (atoms or {}).items():
        if atom in _TEXTS:
            tags[_TEXTS[atom]] = tuple(map(str, values))
        elif atom in _PAIRS:
            number, total = values[0]
            tags[_PAIRS[atom]] = (f"{number}/{total}" if total else str(number),)
        elif atom == "tmpo":
            tags["bpm"] = tuple(map(str, values))
        elif atom == "covr":
            for cover in values:
                picture = Picture()
                picture.type, picture.data = 3, bytes(cover)
                picture.mime = "image/png" if cover.imageformat == MP4Cover.FORMAT_PNG else "image/jpeg"
                pictures.append(picture)
        elif atom.startswith("----:"):
            name = atom.split(":")[-1].lower()
            tags[name] = tuple(bytes(value).decode("utf-8", "replace") for value in values)
        else:
            other.append(f"the MP4 atom {atom}")
    left_out += [f"the MP4 atom {name}, which cannot be read" for name in getattr(atoms, "_failed_atoms", ())]
    return Metadata(
        family="MP4", tags=tags, pictures=tuple(pictures), chunks=chunks, native=atoms, only_here=tuple(other),
        left_out=tuple(left_out),
    )  # fmt: skip


def _has_tags(file: PiecedFile) -> bool:
    """Whether there is a list of tags, in a file of which mutagen reads none; for it may stumble over the sound."""
    from mutagen import MutagenError
    from mutagen.mp4 import AtomError, Atoms

    try:
        return b"moov.udta.meta.ilst" in Atoms(file.as_file())
    except (MutagenError, AtomError, ValueError, OSError):
        return True


def write_mp4(path: Path, metadata: Metadata) -> None:
    """Write tags and pictures, and of MP4 the XMP.

    Raises
    ------
    OSError, mutagen.MutagenError : it cannot be written.
    """
    _write_tags(path, metadata)
    for _, xmp in metadata.chunks if metadata.family == "MP4" else ():
        append_xmp(path, xmp)


def renew_mp4(path: Path, metadata: Metadata) -> None:
    """Of a movie that was kept, with its tags: leave those only that are still true, and put the XMP behind it.

    Raises
    ------
    OSError, mutagen.MutagenError : it cannot be written.
    """
    from mutagen.mp4 import MP4

    mp4, true = MP4(path), metadata.native or {}
    if mp4.tags is not None and (stale := [atom for atom in mp4.tags if not _is_numbered(atom) and atom not in true]):
        for atom in stale:
            del mp4.tags[atom]
        mp4.save()
    for _, xmp in metadata.chunks:
        append_xmp(path, xmp)


def _write_tags(path: Path, metadata: Metadata) -> None:
    from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm

    mp4 = MP4(path)
    if mp4.tags is None:
        mp4.add_tags()
    if metadata.family == "MP4" and metadata.native:
        for atom in [atom for atom in mp4.tags if not _is_numbered(atom)]:
            del mp4.tags[atom]
        mp4.tags.update(copy.copy(metadata.native))
        mp4.save()
        return
    for name, texts in metadata.tags.items():
        if is_of_movie(name) or (name == "language" and language_of(metadata.tags)):
            continue  # FFmpeg has written it
        if name in _ATOMS:
            mp4.tags[_ATOMS[name]] = list(texts)
        elif (pair := _pair(name, texts[0])) is not None:
            mp4.tags[next(atom for atom, known in _PAIRS.items() if known == name)] = [pair]
        elif name == "bpm" and texts[0].isdecimal():
            mp4.tags["tmpo"] = [int(texts[0])]
        else:
            mp4.tags[_FREE + name] = [MP4FreeForm(text.encode()) for text in texts]
    covers = [
        MP4Cover(p.data, MP4Cover.FORMAT_PNG if "png" in p.mime.lower() else MP4Cover.FORMAT_JPEG)
        for p in metadata.pictures
    ]
    if covers:
        mp4.tags["covr"] = covers
    mp4.save()


def _pair(name: str, text: str) -> tuple[int, int] | None:
    if name not in _PAIRS.values():
        return None
    number, _, total = text.partition("/")
    with suppress(ValueError):
        pair = int(number), int(total or 0)
        if all(0 <= value < 1 << 16 for value in pair):
            return pair
    return None


def read_asf(file: PiecedFile) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """Tags of Windows Media, and what has no place elsewhere."""
    from mutagen import MutagenError
    from mutagen.asf import ASF

    try:
        attributes = ASF(file.as_file()).tags or []
    except (MutagenError, ValueError, OSError, KeyError):
        return {}, [UNREAD]  # it is never written, so whatever is only here is named
    tags: dict[str, tuple[str, ...]] = {}
    other = []
    for name, value in attributes:
        if isinstance(value.value, bytes):
            other.append(f"the attribute {name}")
        elif text := str(value):
            key = _ASF.get(name.lower(), name.lower().removeprefix("wm/"))
            # Programs write the usual ones twice, in both lists that there are.
            tags[key] = tuple(dict.fromkeys((*tags.get(key, ()), text)))
    return tags, other
