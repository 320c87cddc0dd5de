"""Which library reads a file: libsndfile what it knows, PyAV the rest."""

from __future__ import annotations

from .mediafile import MediaFile
from .pieces import PiecedFile
from .sniff import kind_of
from .soundfiles import SoundFiles
from .source import Damaged, MediaMissing, NotOurs, Source

__all__ = ["open_source"]

_SOUNDFILE_KINDS = {"WAV", "AIFF", "CAF", "W64", "AU", "FLAC", "OGG", "MP3"}
_READABLE = (
    "readable are WAV, FLAC, AIFF, CAF, AU, W64, OGG, Opus, MP3, and with PyAV M4A, MP4, MKV, WebM, WMA and others"
)


def open_source(handle: int, identity: tuple[int, ...]) -> Source:
    """Look into a file and choose.

    Raises
    ------
    Damaged : it cannot be read.
    """
    file = PiecedFile(handle)
    kind = kind_of(file)
    if kind is not None and kind not in _SOUNDFILE_KINDS:
        return MediaFile(handle, kind, identity)
    try:
        return SoundFiles(file, kind)
    except NotOurs as error:
        if kind is None:
            raise Damaged(f"not a sound file that can be read, or damaged ({error}); {_READABLE}") from None
        try:
            opened = MediaFile(handle, kind, identity)
        except MediaMissing as missing:
            raise Damaged(f"libsndfile does not read it ({error}). {missing}") from None
        except Damaged:
            raise Damaged(f"not a sound file that can be read, or damaged ({error}); {_READABLE}") from None
        if error.is_odd:
            opened.notes.append(f"{error}; all that is there is taken")
        return opened
