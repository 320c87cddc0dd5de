"""Packets of a sound track with the decoder that they are for; of MP4 without an index of hours in memory."""

from __future__ import annotations

import itertools
from collections.abc import Generator
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from fractions import Fraction
from typing import Any

import numpy as np

from .boxes import NotPlain
from .containers import Tally, open_media, survive
from .movie import Movie, TrackBox
from .mp4boxes import without_tracks
from .pieces import PiecedFile

__all__ = ["STRETCH", "beginning", "edited_seconds", "sound_packets"]

STRETCH = 1 << 14
"""Packets, nearly six minutes of AAC."""
_BEYOND = 8
"""Packets of the next stretch that one is shown too: what FFmpeg says of the last ones depends on what follows."""


def beginning(file: PiecedFile) -> PiecedFile:
    """Of a long movie the file by the first samples of each track, where that can be told; else the file itself."""
    try:
        return Movie(file).shown(STRETCH)
    except NotPlain:
        return file


def edited_seconds(file: PiecedFile, id: int) -> Fraction | None:
    """How long a track is by its edits, which FFmpeg does not tell where silence goes before; None: it has none."""
    try:
        movie = Movie(file)
        track = movie.track(id)
    except NotPlain:
        return None
    rows = list(itertools.dropwhile(lambda row: row[1] == -1, movie.edit_rows(track)))
    if any(length <= 0 or cut < -1 for length, cut in rows) or any(row["f2"] != 1 << 16 for row in track.edits):
        return None
    ticks = sum(length if cut == -1 else min(length, track.length - cut) for length, cut in rows)
    return Fraction(ticks, track.ticks) if ticks > 0 else None


def sound_packets(
    file: PiecedFile, kind: str, id: int, others: AbstractSet[int], tally: Tally
) -> Generator[tuple[Any, Any]]:
    """Each packet of a track, and PyAV's codec context that decodes it.

    Parameters
    ----------
    file : a container of this ``kind``.
    id : by which the container knows the track; ``others`` : its other tracks.
    tally : counts packets that the container itself cannot read.

    Raises
    ------
    MediaError : it cannot be opened.
    """
    long = _long(file, id)
    if long is None:
        with open_media(without_tracks(file, others), kind) as container:
            stream = container.streams.audio[0]
            for packet in survive(container.demux(stream), tally):
                yield packet, stream.codec_context
        return
    movie, track = long
    count = _heard(movie, track)
    starts = [*range(0, max(1, count - _BEYOND), STRETCH), count]
    with ExitStack() as first:
        decoder: Any = None
        for start, stop in itertools.pairwise(starts):
            part, later = movie.stretch(track, start, min(stop + _BEYOND, count))
            end = None if stop == count else movie.edited(track, stop)
            with ExitStack() as here:
                container = (here if decoder else first).enter_context(open_media(part, kind))
                stream = container.streams.audio[0]
                decoder = decoder or stream.codec_context
                for packet in survive(container.demux(stream), tally):
                    for name in ("pts", "dts"):
                        if (time := getattr(packet, name)) is not None:
                            setattr(packet, name, time + later)
                    if end is not None and (packet.dts is None or packet.dts >= end):
                        break
                    yield packet, decoder


def _heard(movie: Movie, track: TrackBox) -> int:
    """Number of packets without whole stretches at the end that are cut away."""
    count = track.samples.count
    late, _, whole = movie.edits(track)
    starts = range(STRETCH, count, STRETCH) if whole else ()
    return next((start for start in starts if movie.edited(track, start) >= late + whole), count)


def _long(file: PiecedFile, id: int) -> tuple[Movie, TrackBox] | None:
    """The track, if it is longer than a stretch and can be read by these."""
    try:
        movie = Movie(file)
        track = movie.track(id)
        if track.samples.count <= STRETCH or not track.samples.is_indexed:
            return None
        movie.stretch(track, 0, STRETCH)
        if movie.edits(track)[1] > track.samples.begins(np.array([STRETCH]))[0]:
            return None
    except NotPlain:
        return None
    return movie, track
