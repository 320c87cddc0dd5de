"""What a file says of its old sound alone, of which the new one is another: it is not kept."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from . import id3
from .metadata import Metadata, caf_info

__all__ = ["without_stale"]

_ITUNES = re.compile(r"(.*:)?itun(norm|smpb)(:.*)?", re.IGNORECASE)
"""Loudness, and the encoder's delay and padding: as comments in ID3, which would be obeyed in MP4."""
_FRAME = "the ID3 frame "
_GAIN = re.compile(rf"(.*:)?(replaygain|r128|mp3gain)_\w+|({_FRAME})?(RVA2|RVAD|RGAD|XRVA)(:.*)?", re.IGNORECASE)
_LOUDNESS, _UNKNOWN = slice(412, 422), bytes.fromhex("ff7f") * 5
"""In ``bext`` from version 2 on (EBU Tech 3285, section 2.3), and what stands there where it is not told."""


def without_stale(metadata: Metadata) -> Metadata:
    """All but that; gains and loudness are named. What mutagen read is changed."""
    chunks = tuple((id, _blanked(id, content)) for id, content in metadata.chunks)
    gains = [name for name in (*metadata.tags, *metadata.only_here) if _GAIN.fullmatch(name)]
    gains += ["bext's loudness"] if chunks != metadata.chunks else []
    tags = {name: texts for name, texts in metadata.tags.items() if not _is_stale(name)}
    if any(map(_is_stale, (*metadata.tags, *metadata.only_here))):
        chunks = tuple((id, _retagged(id, content, metadata.family, tags)) for id, content in chunks)
        for held in _native(metadata):
            _drop(held)
    return replace(
        metadata,
        chunks=chunks,
        tags=tags,
        only_here=tuple(what for what in metadata.only_here if not _is_stale(what)),
        left_out=(*metadata.left_out, *([f"{', '.join(gains)} (of the old sound)"] if gains else [])),
    )


def _is_stale(name: str) -> bool:
    """Whether a tag is, by its name in any kind of file."""
    return (_ITUNES.fullmatch(name) or _GAIN.fullmatch(name)) is not None


def _native(metadata: Metadata) -> Iterator[Any]:
    """What mutagen has made: mappings, and lists of Vorbis comments."""
    native = metadata.native or {}
    if metadata.family == "FLAC":
        yield from (block for block in native if block.code == 4)
    elif metadata.family == "MP3":
        yield from (held for name, held in native.items() if name != "ID3v1")
    else:
        yield native


def _drop(held: Any) -> None:
    if isinstance(held, list):
        held[:] = [(name, text) for name, text in held if not _is_stale(name)]
    else:
        for name in [name for name in held if _is_stale(name)]:
            del held[name]
        if hasattr(held, "unknown_frames"):  # of ID3
            held.unknown_frames = [raw for raw in held.unknown_frames if not _is_stale(raw[:4].decode("latin-1"))]


def _blanked(id: bytes, content: bytes) -> bytes:
    version, loudness = int.from_bytes(content[346:348], "little"), content[_LOUDNESS]
    if id != b"bext" or version < 2 or len(loudness) < len(_UNKNOWN) or loudness in (_UNKNOWN, bytes(10)):
        return content
    return content[: _LOUDNESS.start] + _UNKNOWN + content[_LOUDNESS.stop :]


def _retagged(id: bytes, content: bytes, family: str, tags: Mapping[str, tuple[str, ...]]) -> bytes:
    from mutagen import MutagenError
    from mutagen.id3 import ID3

    if family == "CAF" and id == b"info":
        return caf_info(tags)
    if id[:4].lower() != b"id3 ":
        return content
    try:
        tag = ID3(io.BytesIO(content))
    except (MutagenError, ValueError, OSError):  # damaged, and told to be
        return content
    _drop(tag)
    return id3.packed(tag)
