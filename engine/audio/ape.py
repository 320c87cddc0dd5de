"""APE tags and what they mean in the names of Vorbis comments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .id3 import Found

if TYPE_CHECKING:
    from mutagen.apev2 import APEv2

__all__ = ["understand"]

_NAMES = {"track": "tracknumber", "year": "date", "disc": "discnumber", "album artist": "albumartist",
          "album_artist": "albumartist"}  # fmt: skip
_COVER = "cover art ("
_SIGNS = {b"\x89PNG": "image/png", b"GIF8": "image/gif"}


def understand(tag: APEv2) -> Found:
    """Read the items: texts, links, and bytes, among which are pictures behind their file names."""
    from mutagen.apev2 import BINARY, APETextValue
    from mutagen.flac import Picture

    found, pictures = Found(), []
    for name, item in tag.items():
        key = name.lower()
        if key == "encoder":  # the old sound's
            continue
        if item.kind != BINARY:
            found.tags[_NAMES.get(key, key)] = tuple(item) if isinstance(item, APETextValue) else (item.value,)
        elif key.startswith(_COVER) and b"\0" in item.value:
            picture = Picture()
            picture.data = item.value.split(b"\0", 1)[1]
            picture.type, picture.mime = 4 if "back" in key else 3, _SIGNS.get(picture.data[:4], "image/jpeg")
            pictures.append(picture)
        else:
            found.only_here.append(f"the APE item {name}")
    found.pictures = tuple(pictures)
    return found
