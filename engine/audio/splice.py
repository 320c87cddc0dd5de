"""MP4 and MOV with another sound: the movie as it is, but for the one track.

Pictures, subtitles, timecodes and whatever else stands in the movie keep their boxes and bytes; only where these lie is
told anew. The new track has the samples of a :class:`Spool`, and of the old one all that is not about samples: its
number, language, names, what it refers to. Sound alone goes into the movie that FFmpeg makes for the first packets.
"""

from __future__ import annotations

import heapq
import os
import struct
from array import array
from pathlib import Path

import numpy as np

from .boxes import Content, NotPlain, Tree, boxes, plain, remade, written
from .containers import MediaError, open_media
from .interleave import chunks_of, copy_piece, gathered, gathered_chunks, joined
from .movie import Movie, TrackBox
from .packets import beginning
from .pieces import PiecedFile
from .reader import open_plain
from .sniff import kind_of
from .spool import Spool, Spooled

__all__ = ["KeptMovie", "write_sound"]

_BLOCK = 1 << 20
_ONCE = 1 << 16  # speed one
_UNKNOWN = 0xFFFFFFFF
_ELSEWHERE = {"mdia.minf.stbl.saio", "mdia.minf.stbl.senc"}
"""Further offsets; encrypted tracks have them."""
_MDAT = 16  # bytes of its header
_CLOCKED = (72, 76, 80, 84, 88, 92)
"""Where QuickTime's header of a movie tells further times, in version 0; zeros in ISO/IEC 14496-12, section 8.2.2."""


class _Template:
    """A movie, to be written once more with another sound in one of its tracks.

    Parameters
    ----------
    movie : in the file of this ``handle``.
    sound : its track of sound.
    ticks : of the new movie's clock, in a second.
    """

    def __init__(self, movie: Movie, handle: int, sound: TrackBox, ticks: int) -> None:
        self._movie, self._handle, self._old, self._ticks = movie, handle, sound, ticks
        self.sound_start = 0.0

    def check(self) -> None:
        """Whether all will be found in the file, and has a place in the new one: so that no work is done in vain."""
        size = PiecedFile(self._handle).size
        self._head(0)
        for track in self._movie.tracks:
            _check_boxes(track)
            if track is self._old:
                continue
            _check_samples(track)
            if any(piece.offset + piece.length > size for piece in chunks_of(track, 0, self._handle)):
                raise NotPlain("samples that lie behind the end")
            self._kept(track, ("stco", b""))

    def write(self, spool: Spool, path: Path) -> None:
        """Write it, with the sound that is in the spool.

        Raises
        ------
        NotPlain : its headers are not as FFmpeg writes them, or all is too long.
        OSError : the disk; or the source has changed.
        """
        sound = spool.spooled()
        each = gathered(sound.track, sound.samples)
        pieces = [
            gathered_chunks(sound.track, sound.samples, each, number, sound.handle)
            if track is self._old
            else chunks_of(track, number, self._handle)
            for number, track in enumerate(self._movie.tracks)
        ]
        places = [array("Q") for _ in pieces]
        with plain(), open(path, "wb") as out:
            out.write(_brand(PiecedFile(self._handle)))
            begin = out.tell()
            out.write(bytes(_MDAT))
            end = begin + _MDAT
            for piece in joined(heapq.merge(*pieces), places, end):
                copy_piece(piece, out)
                end += piece.length
            tracks = []
            for track, place in zip(self._movie.tracks, places, strict=True):
                offsets = _offsets(place, end)
                is_sound = track is self._old
                tracks.append(self._sounding(sound, each, offsets) if is_sound else self._kept(track, offsets))
            for part in written([("moov", self._movie_of(tracks))]):
                out.write(part)
            out.seek(begin)
            out.write(struct.pack(">I4sQ", 1, b"mdat", end - begin))

    def _movie_of(self, tracks: list[Tree]) -> Tree:
        """The movie box with these tracks."""
        left, head = iter(tracks), self._head(max(_length(track) for track in tracks))
        return [
            (name, next(left) if name == "trak" else head if name == "mvhd" else inner)
            for name, inner in self._movie.boxes
        ]

    def _head(self, longest: int) -> bytes:
        """The movie's header by the new clock."""
        old = self._movie.head
        new = bytearray(old)
        wide = 12 if old[0] == 1 else 0
        struct.pack_into(">I", new, 20 if wide else 12, self._ticks)
        for at in _CLOCKED:
            struct.pack_into(">I", new, at + wide, self._scaled(struct.unpack_from(">I", old, at + wide)[0]))
        return _lasting(bytes(new), longest, 16)

    def _scaled(self, ticks: int, *, limit: int = _UNKNOWN) -> int:
        """From the old clock to the new one."""
        if ticks == limit:
            return ticks
        new = (ticks * self._ticks * 2 + self._movie.ticks) // (2 * self._movie.ticks)
        if new >= limit:
            raise NotPlain("times that have no place")
        return new

    def _kept(self, track: TrackBox, offsets: tuple[str, bytes]) -> Tree:
        """A track at other places, by the new clock."""

        def change(path: str, content: Content) -> tuple[str, Content]:
            if path == "tkhd":
                return path, self._with_length(track, None)
            if path == "edts.elst":
                rows = [(self._scaled(int(row["f0"])), int(row["f1"]), int(row["f2"])) for row in track.edits]
                return "elst", _edits(rows)
            if path in ("mdia.minf.stbl.stco", "mdia.minf.stbl.co64"):
                return offsets
            return path.rpartition(".")[2], content

        return remade(track.content, change)

    def _with_length(self, track: TrackBox, ticks: int | None) -> bytes:
        """Its header (section 8.3.2) with another length; None: its own by the new clock."""
        content = track.header("tkhd")
        if ticks is None:
            wide = content[0] == 1
            (old,) = struct.unpack_from(">Q" if wide else ">I", content, 28 if wide else 20)
            ticks = self._scaled(old, limit=(1 << 64) - 1 if wide else _UNKNOWN)
        return _lasting(content, ticks, 20)

    def _sounding(self, sound: Spooled, each: int, offsets: tuple[str, bytes]) -> Tree:
        """The old sound's track with other samples."""
        runs, new = sound.samples.runs, sound.track
        ticks = int((runs[:, 0] * runs[:, 1]).sum())
        cut = int(new.edits[0]["f1"]) if len(new.edits) else 0  # the encoder's delay
        late = round(self.sound_start * self._ticks)
        rows: list[tuple[int, int]] = [(late, -1)] * bool(late) + [
            (round((ticks - cut) * self._ticks / new.ticks), cut)
        ]
        old, head = self._old.header("mdia.mdhd"), bytearray(_lasting(new.header("mdia.mdhd"), ticks, 16))
        struct.pack_into(">H", head, 32 if head[0] else 20, *struct.unpack_from(">H", old, 32 if old[0] else 20))

        def change(path: str, content: Content) -> tuple[str, Content] | None:
            if path == "edts":
                return None
            if path == "tkhd":
                return path, self._with_length(self._old, sum(length for length, _ in rows))
            if path == "mdia.mdhd":
                return "mdhd", bytes(head)
            return (path.rpartition(".")[2], sound.tables(each, offsets) if path == "mdia.minf.stbl" else content)

        parts = remade(self._old.content, change)
        place = [name for name, _ in parts].index("tkhd") + 1
        parts.insert(place, ("edts", [("elst", _edits([(length, time, _ONCE) for length, time in rows]))]))
        return parts


class KeptMovie(_Template):
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
        handle = open_plain(source)
        try:
            file = PiecedFile(handle)
            if kind_of(file) != format:
                raise NotPlain("a container of another kind")
            self._state = os.fstat(handle)
            movie = Movie(file)
            with plain(), open_media(beginning(file), format) as container:
                sound = container.streams.audio[0]
                super().__init__(movie, handle, movie.track(sound.id), ticks)
                self.sound_start = max(0.0, float((sound.start_time or 0) * (sound.time_base or 0)))
            with plain():
                self.check()
        except BaseException as error:
            os.close(handle)
            if isinstance(error, MediaError):
                raise NotPlain(str(error)) from None
            raise
        self._is_open = True

    def write(self, spool: Spool, path: Path) -> None:
        super().write(spool, path)
        now = os.fstat(self._handle)
        if (now.st_size, now.st_mtime_ns) != (self._state.st_size, self._state.st_mtime_ns):
            raise OSError("the video has changed while it was read")

    def close(self) -> None:
        """Close the source."""
        if self._is_open:
            os.close(self._handle)
            self._is_open = False


def write_sound(spool: Spool, path: Path) -> None:
    """Write what the spool holds, sound alone, as a movie.

    Raises
    ------
    NotPlain : its headers are not as FFmpeg writes them, or all is too long.
    OSError : the disk.
    """
    movie = spool.movie()
    if sound := next((track for track in movie.tracks if track.kind == "soun"), None):
        _Template(movie, spool.head_handle, sound, movie.ticks).write(spool, path)
    else:  # no samples, no track
        path.write_bytes(PiecedFile(spool.head_handle).read())


def _check_boxes(track: TrackBox) -> None:
    """Whether no other box tells where something lies."""
    if odd := _ELSEWHERE & set(track.parts):
        raise NotPlain(f"a track with {odd.pop()}")
    if track.kind == "hint":
        raise NotPlain("a track that tells how to send others")
    references = dict(boxes(track.header("mdia.minf.dinf"))).get("dref", bytes(8))
    if not all(bytes(inner)[3] & 1 for _, inner in boxes(references[8:])):
        raise NotPlain("a track that lies in another file")


def _check_samples(track: TrackBox) -> None:
    """Whether the size that the table of PCM tells is right: it may be 1, whatever the description says."""
    samples = track.samples
    if track.kind != "soun" or samples.is_indexed:
        return
    entry = track.header("mdia.minf.stbl.stsd")
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


def _offsets(places: array[int], end: int) -> tuple[str, bytes]:
    """The table of where chunks lie."""
    wide = end >= 1 << 32
    rows = np.frombuffer(places, np.uint64).astype(">u8" if wide else ">u4")
    return "co64" if wide else "stco", struct.pack(">II", 0, len(places)) + rows.tobytes()


def _lasting(head: bytes, ticks: int, at: int) -> bytes:
    """A header (sections 8.2.2, 8.3.2, 8.4.2) with another length, that stands ``at`` in version 0; in version 1, whose
    times have 64 bits, if it takes that.
    """
    if head[0] != 1 and ticks > _UNKNOWN:
        times = struct.unpack_from(">II", head, 4)
        head = b"\1" + head[1:4] + struct.pack(">QQ", *times) + head[12:at] + bytes(8) + head[at + 4 :]
    new, wide = bytearray(head), head[0] == 1
    struct.pack_into(">Q" if wide else ">I", new, at + 8 if wide else at, ticks)
    return bytes(new)


def _edits(rows: list[tuple[int, int, int]]) -> bytes:
    """An edit list: length by the movie's clock, time by the track's, speed. Version 0 if it may be, as QuickTime's
    format knows no other.
    """
    is_wide = any(length > _UNKNOWN or time >= 1 << 31 for length, time, _ in rows)
    form = ">Qqi" if is_wide else ">Iii"
    return struct.pack(">II", is_wide << 24, len(rows)) + b"".join(struct.pack(form, *row) for row in rows)


def _length(track: Tree) -> int:
    """By its header; unknown counts as none."""
    (head,) = (bytes(inner) for name, inner in track if name == "tkhd" and not isinstance(inner, list))
    wide = head[0] == 1
    (ticks,) = struct.unpack_from(">Q" if wide else ">I", head, 28 if wide else 20)
    return 0 if ticks in (_UNKNOWN, (1 << 64) - 1) else int(ticks)
