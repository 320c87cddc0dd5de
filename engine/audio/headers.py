"""What is told in the headers of formats that are older than tags: NIST's Sphere, and the Amiga's 8SVX and 16SV."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from .metadata import Metadata
from .pieces import PiecedFile

__all__ = ["from_header"]

_LARGEST = 1 << 20
_OF_SOUND = re.compile("sample_|channel|conversion_")
"""Sphere's fields that tell how the sound is coded, and its sum and extremes."""
_TEXTS = {b"NAME": "title", b"AUTH": "artist", b"(c) ": "copyright", b"ANNO": "comment"}


def from_header(file: PiecedFile) -> Metadata | None:
    """The texts of a header as tags; None: it has no place for any."""
    head = file.at(0, 16)
    if head[:8] == b"NIST_1A\n":
        found = _sphere(file, head[8:])
    elif head[:4] == b"FORM" and head[8:12] in (b"8SVX", b"16SV"):
        found = _amiga(file)
    else:
        return None
    tags: dict[str, tuple[str, ...]] = {}
    for name, text in found:
        if text:
            tags[name] = (*tags.get(name, ()), text)
    return Metadata(family="", tags=tags)


def _sphere(file: PiecedFile, size: bytes) -> Iterator[tuple[str, str]]:
    """Lines of a name, a type (-i, -r, -s with a length) and a value, up to ``end_head``."""
    length = min(int(size), _LARGEST) if size.strip().isdigit() else 0
    for line in file.at(0, length).decode("latin-1").partition("end_head")[0].splitlines():
        if (match := re.fullmatch(r"(\w+) -(?:i|r|s\d+) (.*)", line)) and not _OF_SOUND.match(match[1]):
            yield match[1].lower(), match[2].strip()


def _amiga(file: PiecedFile) -> Iterator[tuple[str, str]]:
    position = 12
    while len(head := file.at(position, 8)) == 8:
        id, size = struct.unpack(">4sI", head)
        if id in _TEXTS:
            yield _TEXTS[id], file.at(position + 8, min(size, _LARGEST)).partition(b"\0")[0].decode("latin-1").strip()
        position += 8 + size + (size & 1)
