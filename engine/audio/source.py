"""What a source of samples is, and what those of libsndfile and of PyAV share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .formats import AudioFileError, AudioInfo
from .metadata import Metadata

__all__ = ["AGAIN", "Damage", "Damaged", "MediaMissing", "NotOurs", "Samples", "Source", "joined", "plain_tags"]

Samples = NDArray[np.float32]
AGAIN = "get it again, or repair it in an editor"
_TAGS = ("title", "artist", "album", "genre", "date", "tracknumber", "comment", "copyright", "license", "software")

Damage = Callable[[int, str], AudioFileError]
"""The error for a position in samples and what the decoder says."""


class Damaged(Exception):  # noqa: N818 (what the reader makes an error of)
    """A file that cannot be read; the message says why."""


class MediaMissing(Damaged):
    """PyAV is needed and missing."""


class Source(Protocol):
    """A file that is being decoded."""

    info: AudioInfo
    notes: list[str]
    left_out: list[str]
    has_pictures: bool
    other_tracks: int

    def blocks(self, samples: int, damage: Damage) -> Iterator[Samples]:
        """Blocks of shape (channels, samples)."""

    def reaches_end(self) -> bool:
        """Whether the last sample can be read."""

    def close(self) -> None:
        """Close what is open."""


class NotOurs(Exception):  # noqa: N818
    """libsndfile does not read this. ``is_odd``: the user is to hear why, whoever does."""

    def __init__(self, reason: str, *, is_odd: bool = False) -> None:
        super().__init__(reason)
        self.is_odd = is_odd


def joined(parts: Sequence[Samples]) -> Samples:
    """Blocks one behind the other."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def plain_tags(metadata: Metadata | None) -> dict[str, str]:
    """The usual tags, one text each."""
    if metadata is None:
        return {}
    return {name: "; ".join(texts) for name, texts in metadata.tags.items() if name in _TAGS and any(texts)}
