"""The movie of an MP4 or MOV file (ISO/IEC 14496-12): its boxes, and where the samples of its tracks lie.

FFmpeg keeps an index of all packets in memory, 36 bytes each, while a container is open. Who reads hours is shown the
movie a stretch at a time (:meth:`Movie.shown`, :meth:`Movie.stretch`): the same file, with its movie box out of sight
and another one at its end, which tells of some of the samples only.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from .boxes import (
    Change,
    Content,
    Data,
    Leaf,
    NotPlain,
    Stored,
    Tree,
    box,
    boxes,
    inside,
    numbers,
    plain,
    remade,
    rows_of,
    table,
    tree,
)
from .pieces import PiecedFile, patched
from .samples import Samples, clipped

__all__ = ["STBL", "Movie", "TrackBox"]

_LARGEST = 1 << 28  # bytes; a movie box of days
STBL = "mdia.minf.stbl."
"""Where the boxes are that tell of samples."""
_ODD = {"mvex", "cmov", "rmra"}
"""Fragments, compressed movies, references to other files."""


class TrackBox:
    """A track: its boxes, and what the headers among them say.

    Parameters
    ----------
    content : the boxes in ``trak``.

    Attributes
    ----------
    id : by which others refer to it; kind : what handles it, ``vide`` or ``soun`` among others.
    ticks : of its own clock, in a second; length : in these, by its header.
    edits : rows of its edit list: length in the movie's ticks, time in its own.
    """

    def __init__(self, content: Tree) -> None:
        self.content, self.parts = content, dict(inside(content))
        with plain():
            self.kind = str(self.header("mdia.hdlr")[8:12], "latin-1")
            head = self.header("tkhd")
            (self.id,) = struct.unpack_from(">I", head, 20 if head[0] else 12)
            head = self.header("mdia.mdhd")
            self.ticks, self.length = struct.unpack_from(">IQ" if head[0] else ">II", head, 20 if head[0] else 12)
            edits = bytes(self.parts.get("edts.elst", bytes(8)))
            self.edits = table(edits, ">u8,>i8,>i4" if edits[0] else ">u4,>i4,>i4")
        if not self.ticks:
            raise NotPlain("a clock that stands still")

    def header(self, path: str) -> bytes:
        """What a box among the headers holds."""
        return bytes(self.parts[path])

    @property
    def tables(self) -> dict[str, Leaf]:
        """The boxes that tell of its samples."""
        return {path.removeprefix(STBL): inner for path, inner in self.parts.items() if path.startswith(STBL)}

    @cached_property
    def samples(self) -> Samples:
        """Where its samples lie.

        Raises
        ------
        NotPlain : its tables do not agree.
        """
        return Samples.of(self.tables)


class Movie:
    """What the movie box tells.

    Parameters
    ----------
    file : of which it is; it is only read.

    Attributes
    ----------
    boxes : all of its boxes, in order; tracks : those that are tracks.
    head : its header; ticks : of its clock, in a second.

    Raises
    ------
    NotPlain : there is none, or fragments follow it, or it is damaged.
    """

    def __init__(self, file: PiecedFile) -> None:
        self._file = file
        self._at, content, self._end = self._found(file)
        self.boxes: Tree = [
            (name, tree(inner) if name == "trak" else bytes(inner) if name == "mvhd" else inner)
            for name, inner in boxes(content)
        ]
        names = [name for name, _ in self.boxes]
        if odd := _ODD & set(names):
            raise NotPlain(f"a movie with {odd.pop()}")
        self.tracks = [TrackBox(inner) for name, inner in self.boxes if name == "trak" and isinstance(inner, list)]
        if len({track.id for track in self.tracks}) < len(self.tracks) or names.count("mvhd") != 1:
            raise NotPlain("a movie of which headers come twice")
        (self.head,) = (bytes(inner) for name, inner in self.boxes if name == "mvhd" and not isinstance(inner, list))
        with plain():
            (self.ticks,) = struct.unpack_from(">I", self.head, 20 if self.head[0] == 1 else 12)
        if not self.ticks:
            raise NotPlain("a clock that stands still")

    @staticmethod
    def _found(file: PiecedFile) -> tuple[int, Stored, int]:
        """Where the movie box begins, its content, and the end of the last box."""
        at, found = 0, None
        while at < file.size:
            head = file.at(at, 16)
            if not head[4:8].isalnum():
                if found is not None:
                    break  # such as zeros of a card; nobody's
                raise NotPlain("bytes that are no box")
            size, begin = struct.unpack(">I", head[:4])[0], 8
            if size == 1 and len(head) == 16:
                size, begin = struct.unpack(">Q", head[8:])[0], 16
            if size < begin or at + size > file.size:
                raise NotPlain("a box that ends elsewhere")
            if head[4:8] in (b"moof", b"moov") and found is not None:
                raise NotPlain("a movie in several boxes")
            if head[4:8] == b"moov":
                if size > _LARGEST:
                    raise NotPlain("a movie box that is too large")
                found = at, Stored(file, at + begin, at + size)
            at += size
        if found is None:
            raise NotPlain("no movie box")
        return *found, at

    def track(self, id: int) -> TrackBox:
        """By its number."""
        for track in self.tracks:
            if track.id == id:
                return track
        raise NotPlain(f"no track {id}")

    def shown(self, most: int) -> PiecedFile:
        """The file with at most so many samples of each track; the lengths that it tells stay.

        Raises
        ------
        NotPlain : tables do not agree.
        """
        tracks = [_beginning(track, most) for track in self.tracks]
        if all(new is track.content for new, track in zip(tracks, self.tracks, strict=True)):
            return self._file
        return self._with(tracks, self.head)

    def stretch(self, track: TrackBox, start: int, stop: int) -> tuple[PiecedFile, int]:
        """The file with these samples of one track only, as if it began with them; and how much later they are, in the
        track's ticks.

        Raises
        ------
        NotPlain : edits that do more than to cut beginning and end, or decoding in another order.
        """
        late, cut, whole = self.edits(track)
        begin, end = (int(ticks) for ticks in track.samples.begins(np.array([start, stop])))
        length = (track.length if stop == track.samples.count else end) - begin
        new: dict[str, Leaf] = {**track.samples.part(start, stop)}
        if whole:
            edits = [(late, -1)] * bool(late) + [(whole, cut)] if start == 0 else [(max(1, cut + whole - begin), 0)]
            rows = b"".join(struct.pack(">QqI", *row, 1 << 16) for row in edits)
            new["elst"] = struct.pack(">II", 1 << 24, len(edits)) + rows
        new["mdhd"] = _patched(track.header("mdia.mdhd"), length=max(0, length))
        content = remade(track.content, _changer(new))
        # In the track's own ticks, so that nothing is rounded twice.
        later = self.edited(track, start) if start else 0
        return self._with([content], _patched(self.head, ticks=track.ticks)), later

    def edited(self, track: TrackBox, number: int) -> int:
        """When a sample begins as the edits have it, in the track's ticks."""
        late, cut, _ = self.edits(track)
        return int(track.samples.begins(np.array([number]))[0]) - cut + late

    def edit_rows(self, track: TrackBox) -> list[tuple[int, int]]:
        """Length of each edit and where it begins, in the track's ticks; -1: nothing is shown."""
        return [((int(row["f0"]) * track.ticks + self.ticks // 2) // self.ticks, int(row["f1"])) for row in track.edits]

    def edits(self, track: TrackBox) -> tuple[int, int, int]:
        """By how much it begins late, what is cut from its beginning, and how much is left of it, in the track's ticks;
        zeros: no edits.

        Raises
        ------
        NotPlain : they do more than that, or samples are decoded in another order.
        """
        rows = self.edit_rows(track)
        late = rows.pop(0)[0] if rows and rows[0][1] == -1 else 0
        if not rows and not late:
            return 0, 0, 0
        is_plain = len(rows) == 1 and rows[0][0] > 0 and rows[0][1] >= 0
        if not is_plain or any(row["f2"] != 1 << 16 for row in track.edits) or {"ctts", "stss"} & set(track.tables):
            raise NotPlain("edits or an order of its own")
        return late, rows[0][1], rows[0][0]

    def _with(self, tracks: Sequence[Tree], head: Data) -> PiecedFile:
        left = [(name, inner) for name, inner in self.boxes if name not in ("trak", "mvhd")]
        movie: Tree = [("mvhd", head), *(("trak", track) for track in tracks), *left]
        hidden = patched(self._end, {self._at + 4: b"free"})
        return self._file.showing((*hidden, box("moov", movie)))


def _beginning(track: TrackBox, most: int) -> Tree:
    samples, tables = track.samples, track.tables
    if samples.count <= most or not samples.is_indexed:
        return track.content
    cut = next((int(row["f1"]) for row in track.edits if row["f1"] >= 0), 0)
    if cut > samples.begins(np.array([most // 2]))[0]:
        raise NotPlain("edits that show nothing of the beginning")
    new: dict[str, Leaf] = {**samples.part(0, most)}
    # The last of them lasts as long as all that are not told.
    runs = clipped(samples.runs, 0, most - 1)
    rest = int((samples.runs[:, 0] * samples.runs[:, 1]).sum() - (runs[:, 0] * runs[:, 1]).sum())
    if rest >= 1 << 32:
        raise NotPlain("a length that has no place")
    new["stts"] = rows_of(np.concatenate([runs, [[1, rest]]]))
    if "ctts" in tables:
        later = clipped(numbers(tables["ctts"], ">u4,>i4"), 0, most)
        new["ctts"] = bytes(tables["ctts"][:4]) + rows_of(later)[4:]
    if "stss" in tables:
        keys = numbers(tables["stss"], ">u4")
        new["stss"] = rows_of(keys[keys[:, 0] <= most])
    return remade(track.content, _changer(new))


def _patched(head: Data, *, ticks: int | None = None, length: int | None = None) -> bytes:
    """A movie's or medium's header (sections 8.2.2, 8.4.2) with another clock or length."""
    new, wide = bytearray(head), head[0] == 1
    with plain():
        if ticks is not None:
            struct.pack_into(">I", new, 20 if wide else 12, ticks)
        if length is not None:
            struct.pack_into(">Q" if wide else ">I", new, 24 if wide else 16, length)
    return bytes(new)


_UNTOLD = {"sbgp", "sgpd", "sdtp", "subs", "stps", "stsh", "padb", "stdp", "ctts", "stss"}
"""What tells of samples by their numbers."""


def _changer(new: Mapping[str, Leaf]) -> Change:
    """Other boxes in place of the old ones."""

    def change(path: str, content: Content) -> tuple[str, Content] | None:
        name = path.rpartition(".")[2]
        name = "co64" if name == "stco" and "co64" in new else name
        if name not in new:
            return None if name in _UNTOLD else (name, content)
        return name, new[name]

    return change
