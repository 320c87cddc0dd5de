"""What a file says of its old sound alone, of which the new one is another: it is not kept."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from . import id3
from .metadata import Metadata

__all__ = ["without_stale"]

_ITUNES = re.compile(r"(.*:)?itun(norm|smpb)(:.*)?", re.IGNORECASE)
"""Loudness, and the encoder's delay and padding: as comments in ID3, which would be obeyed in MP4."""


def without_stale(metadata: Metadata) -> Metadata:
    """Tags without it. What mutagen read is changed."""
    if not any(map(_is_stale, metadata.tags)):
        return metadata
    for held in _native(metadata):
        _drop(held)
    return replace(
        metadata,
        tags={name: texts for name, texts in metadata.tags.items() if not _is_stale(name)},
        chunks=tuple((id, _retagged(id, content)) for id, content in metadata.chunks),
    )


def _is_stale(name: str) -> bool:
    """Whether a tag is, by its name in any kind of file."""
    return _ITUNES.fullmatch(name) is not None


def _native(metadata: Metadata) -> Iterator[Any]:
    """What mutagen has made: mappings, and lists of Vorbis comments."""
    native = metadata.native or {}
    if metadata.family == "FLAC":
        yield from (block for block in native if block.code == 4)
    elif metadata.family == "MP3":
        yield from native.values()
    else:
        yield native


def _drop(held: Any) -> None:
    if isinstance(held, list):
        held[:] = [(name, text) for name, text in held if not _is_stale(name)]
    else:
        for name in [name for name in held if _is_stale(name)]:
            del held[name]


def _retagged(id: bytes, content: bytes) -> bytes:
    from mutagen import MutagenError
    from mutagen.id3 import ID3

    if id[:4].lower() != b"id3 ":
        return content
    try:
        tag = ID3(io.BytesIO(content))
    except (MutagenError, ValueError, OSError):  # damaged, and told to be
        return content
    _drop(tag)
    return id3.packed(tag)
