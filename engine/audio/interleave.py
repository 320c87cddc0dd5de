"""Chunks of tracks: where their bytes lie, and in which order they come to lie in a new file."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, NamedTuple

import numpy as np

from .movie import TrackBox
from .pieces import PiecedFile
from .samples import Samples

__all__ = ["Piece", "chunks_of", "copy_piece", "gathered", "gathered_chunks", "joined"]

_TOGETHER = 0.5
"""Seconds of sound that lie together."""
_BLOCK = 1 << 20
_AT_ONCE = 1 << 12


class Piece(NamedTuple):
    """Bytes that lie together in a file, a chunk of a track: when they begin, s, and where they are."""

    time: float
    track: int
    handle: int
    offset: int
    length: int


def chunks_of(track: TrackBox, number: int, handle: int) -> Iterator[Piece]:
    """Where the bytes of a track lie."""
    samples, count, start = track.samples, 0, 0
    for first in range(0, len(samples.chunks), _AT_ONCE):
        offsets = samples.chunks[first : first + _AT_ONCE]
        counts = samples.in_chunks(first, first + len(offsets))
        ends = np.cumsum(counts)
        count = int(ends[-1])
        lengths = np.add.reduceat(samples.sizes(start, start + count), ends - counts)
        times = samples.begins(start + ends - counts) / track.ticks
        start += count
        for time, offset, length in zip(times.tolist(), offsets.tolist(), lengths.tolist(), strict=True):
            yield Piece(time, number, handle, offset, length)


def gathered(track: TrackBox, samples: Samples) -> int:
    """How many samples lie together."""
    return max(1, round(_TOGETHER * track.ticks / max(1, int(samples.runs[:, 1].max()))))


def gathered_chunks(track: TrackBox, samples: Samples, each: int, number: int, handle: int) -> Iterator[Piece]:
    """The bytes of a track that is alone in its file, some samples at once."""
    (at,) = samples.chunks[:1].tolist()
    for start in range(0, samples.count, each):
        stop = min(start + each, samples.count)
        length = int(samples.sizes(start, stop).sum())
        yield Piece(float(samples.begins(np.array([start]))[0]) / track.ticks, number, handle, at, length)
        at += length


def joined(pieces: Iterable[Piece], places: Sequence[array[int]], at: int) -> Iterator[Piece]:
    """The same bytes in fewer pieces; where each comes to lie is noted for its track."""
    run: Piece | None = None
    for piece in pieces:
        places[piece.track].append(at)
        at += piece.length
        if run is not None and run.handle == piece.handle and run.offset + run.length == piece.offset:
            run = run._replace(length=run.length + piece.length)
            continue
        if run is not None:
            yield run
        run = piece
    if run is not None:
        yield run


def copy_piece(piece: Piece, out: IO[bytes]) -> None:
    """Its bytes, behind what was written.

    Raises
    ------
    OSError : it cannot be written, or the file has become shorter.
    """
    for start in range(0, piece.length, _BLOCK):
        count = min(_BLOCK, piece.length - start)
        data = PiecedFile(piece.handle).at(piece.offset + start, count)
        if len(data) < count:
            raise OSError("the video ends earlier than it did")
        out.write(data)
