"""A video with another sound: the movie of MP4 or MOV as it is, but for the one track.

Pictures, subtitles, timecodes and whatever else stands in the movie keep their boxes and bytes; only where these lie is
told anew. The new track has the samples of a file that holds nothing else, and of the old one all that is not about
samples: its number, language, names, what it refers to.
"""

from __future__ import annotations

import heapq
import os
import struct
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from .boxes import Data, NotPlain, box, boxes, plain, remade
from .containers import MediaError, open_media
from .movie import Movie, TrackBox
from .packets import beginning
from .pieces import PiecedFile
from .reader import open_plain
from .samples import Samples
from .sniff import kind_of
from .spool import Spool, sample_tables

__all__ = ["KeptMovie"]

_TOGETHER = 0.5
"""Seconds of sound that lie together."""
_BLOCK = 1 << 20
_AT_ONCE = 1 << 12
_ONCE = 1 << 16  # speed one
_UNKNOWN = 0xFFFFFFFF
_ELSEWHERE = {"mdia.minf.stbl.saio", "mdia.minf.stbl.senc"}
"""Further offsets; encrypted tracks have them."""
_MDAT = 16  # bytes of its header
_CLOCKED = (72, 76, 80, 84, 88, 92)
"""Where QuickTime's header of a movie tells further times, in version 0; zeros in ISO/IEC 14496-12, section 8.2.2."""


class _Piece(NamedTuple):
    """Bytes that lie together in a file, a chunk of a track: when they begin, s, and where they are."""

    time: float
    track: int
    handle: int
    offset: int
    length: int


class KeptMovie:
    """The movie of a video, to be written once more with another first sound track.

    Parameters
    ----------
    source : the video.
    format : that is asked for, ``"MP4"`` or ``"MOV"``.
    ticks : of the new movie's clock, in a second: the sample rate.

    Attributes
    ----------
    sound_start : when the sound begins, s.

    Raises
    ------
    NotPlain : it is of another kind, or not as this module understands it.
    OSError : it cannot be read.
    """

    def __init__(self, source: Path, format: str, ticks: int) -> None:
        self._ticks = ticks
        self._handle: int | None = open_plain(source)
        try:
            file = PiecedFile(self._handle)
            if kind_of(file) != format:
                raise NotPlain("a container of another kind")
            self._state = os.fstat(self._handle)
            self._movie = Movie(file)
            with plain(), open_media(beginning(file), format) as container:
                sound = container.streams.audio[0]
                self._old = self._movie.track(sound.id)
                self.sound_start = max(0.0, float((sound.start_time or 0) * (sound.time_base or 0)))
            with plain():
                self._check(file.size)
            self._brand = _brand(file)
        except BaseException as error:
            self.close()
            if isinstance(error, MediaError):
                raise NotPlain(str(error)) from None
            raise

    def _check(self, size: int) -> None:
        """Whether all will be found in the file, and has a place in the new one: so that no work is done in vain."""
        assert self._handle is not None
        self._head()
        for track in self._movie.tracks:
            _check_boxes(track)
            if track is self._old:
                continue
            _check_samples(track)
            if any(piece.offset + piece.length > size for piece in _chunks(track, 0, self._handle)):
                raise NotPlain("samples that lie behind the end")
            self._kept(track, ("stco", b""))

    def write(self, spool: Spool, path: Path) -> None:
        """Write it, with the sound that is in the spool.

        Raises
        ------
        NotPlain : its headers are not as FFmpeg writes them, or all is too long.
        OSError : the disk; or the source has changed.
        """
        assert self._handle is not None
        sound, samples = spool.track()
        each = _gathered(sound, samples)
        pieces = [
            _together(sound, samples, each, number, spool.handle)
            if track is self._old
            else _chunks(track, number, self._handle)
            for number, track in enumerate(self._movie.tracks)
        ]
        places = [array("Q") for _ in pieces]
        with plain(), open(path, "wb") as out:
            out.write(self._brand)
            begin = out.tell()
            out.write(bytes(_MDAT))
            end = begin + _MDAT
            for piece in _joined(heapq.merge(*pieces), places, end):
                _copy(piece, out)
                end += piece.length
            tracks = []
            for track, place in zip(self._movie.tracks, places, strict=True):
                table = _offsets(place, end)
                is_sound = track is self._old
                tracks.append(self._sounding(sound, samples, each, table) if is_sound else self._kept(track, table))
            self._write_movie(tracks, out)
            out.seek(begin)
            out.write(struct.pack(">I4sQ", 1, b"mdat", end - begin))
        self._check_unchanged()

    def _write_movie(self, tracks: list[bytes], out: IO[bytes]) -> None:
        """The movie box with these tracks: part by part, as it is large."""
        left, head = iter(tracks), self._head(max(_length(track) for track in tracks))
        new = [
            (name, next(left) if name == "trak" else head if name == "mvhd" else inner)
            for name, inner in self._movie.boxes
        ]
        out.write(struct.pack(">I", 8 + sum(8 + len(inner) for _, inner in new)) + b"moov")
        for name, inner in new:
            out.write(struct.pack(">I", 8 + len(inner)) + name.encode("latin-1"))
            out.write(inner)

    def _head(self, longest: int | None = None) -> bytes:
        """The movie's header by the new clock."""
        old = dict(self._movie.boxes)["mvhd"]
        new = bytearray(old)
        wide = 12 if old[0] == 1 else 0
        struct.pack_into(">I", new, 20 if wide else 12, self._ticks)
        for at in _CLOCKED:
            struct.pack_into(">I", new, at + wide, self._scaled(struct.unpack_from(">I", old, at + wide)[0]))
        struct.pack_into(">Q" if wide else ">I", new, 24 if wide else 16, longest or 0)
        return bytes(new)

    def _scaled(self, ticks: int, *, limit: int = _UNKNOWN) -> int:
        """From the old clock to the new one."""
        if ticks == limit:
            return ticks
        new = (ticks * self._ticks * 2 + self._movie.ticks) // (2 * self._movie.ticks)
        if new >= limit:
            raise NotPlain("times that have no place")
        return new

    def _kept(self, track: TrackBox, table: tuple[str, bytes]) -> bytes:
        """A track at other places, by the new clock."""

        def change(path: str, content: Data) -> tuple[str, Data]:
            if path == "tkhd":
                return path, self._with_length(content, None)
            if path == "edts.elst":
                rows = [(self._scaled(int(row["f0"])), int(row["f1"]), int(row["f2"])) for row in track.edits]
                return "elst", _edits(rows)
            if path in ("mdia.minf.stbl.stco", "mdia.minf.stbl.co64"):
                return table
            return path.rpartition(".")[2], content

        return remade(track.content, change)

    def _with_length(self, content: Data, ticks: int | None) -> bytes:
        """A track's header (section 8.3.2) with another length; None: its own by the new clock."""
        new, wide = bytearray(content), content[0] == 1
        form, at = (">Q", 28) if wide else (">I", 20)
        (old,) = struct.unpack_from(form, content, at)
        limit = (1 << 64) - 1 if wide else _UNKNOWN
        struct.pack_into(form, new, at, self._scaled(old, limit=limit) if ticks is None else ticks)
        return bytes(new)

    def _sounding(self, sound: TrackBox, samples: Samples, each: int, table: tuple[str, bytes]) -> bytes:
        """The old sound's track with other samples."""
        ticks = int((samples.runs[:, 0] * samples.runs[:, 1]).sum())
        cut = int(sound.edits[0]["f1"]) if len(sound.edits) else 0  # the encoder's delay
        late = round(self.sound_start * self._ticks)
        rows = [(late, -1)] * bool(late) + [(round((ticks - cut) * self._ticks / sound.ticks), cut)]
        old, head = self._old.parts["mdia.mdhd"], bytearray(sound.parts["mdia.mdhd"])
        struct.pack_into(">Q" if head[0] else ">I", head, 24 if head[0] else 16, ticks)
        struct.pack_into(">H", head, 32 if head[0] else 20, *struct.unpack_from(">H", old, 32 if old[0] else 20))
        new = {"mdia.mdhd": bytes(head), "mdia.minf.stbl": sample_tables(sound, samples, each, table)}

        def change(path: str, content: Data) -> tuple[str, Data] | None:
            if path == "edts":
                return None
            if path == "tkhd":
                return path, self._with_length(content, sum(length for length, _ in rows))
            return path.rpartition(".")[2], new.get(path, content)

        parts = list(boxes(remade(self._old.content, change)))
        place = [name for name, _ in parts].index("tkhd") + 1
        parts.insert(place, ("edts", memoryview(box("elst", _edits([(*row, _ONCE) for row in rows])))))
        return b"".join(box(*part) for part in parts)

    def _check_unchanged(self) -> None:
        assert self._handle is not None
        now = os.fstat(self._handle)
        if (now.st_size, now.st_mtime_ns) != (self._state.st_size, self._state.st_mtime_ns):
            raise OSError("the video has changed while it was read")

    def close(self) -> None:
        """Close the source."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _check_boxes(track: TrackBox) -> None:
    """Whether no other box tells where something lies."""
    if odd := _ELSEWHERE & set(track.parts):
        raise NotPlain(f"a track with {odd.pop()}")
    if track.kind == "hint":
        raise NotPlain("a track that tells how to send others")
    references = dict(boxes(track.parts["mdia.minf.dinf"])).get("dref", memoryview(bytes(8)))
    if not all(inner[3] & 1 for _, inner in boxes(references[8:])):
        raise NotPlain("a track that lies in another file")


def _check_samples(track: TrackBox) -> None:
    """Whether the size that the table of PCM tells is right: it may be 1, whatever the description says."""
    samples = track.samples
    if track.kind != "soun" or samples.is_indexed:
        return
    entry = track.parts["mdia.minf.stbl.stsd"]
    (version,) = struct.unpack_from(">H", entry, 24)
    if version == 1:  # QuickTime's
        frames, _, size = struct.unpack_from(">III", entry, 44)
    elif version == 2:
        size, frames = struct.unpack_from(">II", entry, 72)
    else:
        channels, bits = struct.unpack_from(">HH", entry, 32)
        frames, size = 1, channels * bits // 8
    if frames != 1 or samples.size != size:
        raise NotPlain("samples whose size stands elsewhere")


def _brand(file: PiecedFile) -> bytes:
    """The box that tells what kind of file it is, which comes first; QuickTime's old ones have none."""
    head = file.at(0, 8)
    size = int.from_bytes(head[:4], "big")
    return file.at(0, size) if head[4:] == b"ftyp" and 8 <= size < _BLOCK else b""


def _chunks(track: TrackBox, number: int, handle: int) -> Iterator[_Piece]:
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
            yield _Piece(time, number, handle, offset, length)


def _gathered(track: TrackBox, samples: Samples) -> int:
    """How many samples lie together."""
    return max(1, round(_TOGETHER * track.ticks / max(1, int(samples.runs[:, 1].max()))))


def _together(track: TrackBox, samples: Samples, each: int, number: int, handle: int) -> Iterator[_Piece]:
    """The bytes of a track that is alone in its file, some samples at once."""
    at = int(samples.chunks[0])
    for start in range(0, samples.count, each):
        stop = min(start + each, samples.count)
        length = int(samples.sizes(start, stop).sum())
        yield _Piece(float(samples.begins(np.array([start]))[0]) / track.ticks, number, handle, at, length)
        at += length


def _joined(pieces: Iterable[_Piece], places: Sequence[array[int]], at: int) -> Iterator[_Piece]:
    """The same bytes in fewer pieces; where each comes to lie is noted for its track."""
    run: _Piece | None = None
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


def _copy(piece: _Piece, out: IO[bytes]) -> None:
    for start in range(0, piece.length, _BLOCK):
        count = min(_BLOCK, piece.length - start)
        data = PiecedFile(piece.handle).at(piece.offset + start, count)
        if len(data) < count:
            raise OSError("the video ends earlier than it did")
        out.write(data)


def _offsets(places: array[int], end: int) -> tuple[str, bytes]:
    """The table of where chunks lie."""
    wide = end >= 1 << 32
    head = struct.pack(">II", 0, len(places))
    return "co64" if wide else "stco", head + np.array(places).astype(">u8" if wide else ">u4").tobytes()


def _edits(rows: list[tuple[int, int, int]]) -> bytes:
    """An edit list: length by the movie's clock, time by the track's, speed. Version 0 if it may be, as QuickTime's
    format knows no other.
    """
    is_wide = any(length > _UNKNOWN or time >= 1 << 31 for length, time, _ in rows)
    form = ">Qqi" if is_wide else ">Iii"
    return struct.pack(">II", is_wide << 24, len(rows)) + b"".join(struct.pack(form, *row) for row in rows)


def _length(track: bytes) -> int:
    """By its header; unknown counts as none."""
    head = dict(boxes(track))["tkhd"]
    wide = head[0] == 1
    (ticks,) = struct.unpack_from(">Q" if wide else ">I", head, 28 if wide else 20)
    return 0 if ticks in (_UNKNOWN, (1 << 64) - 1) else int(ticks)
