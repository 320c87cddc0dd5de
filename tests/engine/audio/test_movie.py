"""MP4 read a stretch at a time: the same packets, times and samples as all at once."""

from __future__ import annotations

import os
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phaseaware.engine.audio import AudioFileError, AudioReader, packets
from phaseaware.engine.audio import boxes as boxes_module
from phaseaware.engine.audio.boxes import NotPlain, box, remade, rows_of
from phaseaware.engine.audio.containers import Tally, open_media
from phaseaware.engine.audio.movie import Movie
from phaseaware.engine.audio.pieces import PiecedFile
from phaseaware.engine.audio.samples import Samples, clipped
from phaseaware.engine.audio.sniff import kind_of

from .helpers import CASES, RATE, copy, read

av = pytest.importorskip("av", reason="needs the [media] extra")

CODECS = {"aac": ".mp4", "alac": ".mp4", "flac": ".mp4", "libopus": ".mp4", "libmp3lame": ".mp4", "ac3": ".mp4",
          "mp2": ".mp4", "eac3": ".mp4"}  # fmt: skip


def movie(path: Path, codec: str = "aac", *, seconds: float = 2.0, start: float = 0.0, movflags: str = "") -> Path:
    """Moving pictures, of which some are told by others that come later, and noise that begins at ``start``, s."""
    options = {"movflags": movflags} if movflags else {}
    with av.open(str(path), "w", format=path.suffix[1:], options=options | {"strict": "-2"}) as out:
        try:
            sound = out.add_stream(codec, rate=RATE, layout="stereo")
            pictures = out.add_stream("libx264", rate=25, width=32, height=32, pix_fmt="yuv420p")
        except ValueError:
            pytest.skip(f"this PyAV has no encoder {codec}, or no libx264")
        out.set_chapters(
            [{"id": 1, "start": 0, "end": 900, "time_base": Fraction(1, 1000), "metadata": {"title": "One"}}]
        )
        for number in range(round(25 * seconds)):
            picture = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 7 * number % 256, np.uint8), format="rgb24")
            picture.pts = number
            out.mux(pictures.encode(picture.reformat(format="yuv420p")))
        x = 0.1 * np.random.default_rng(1).standard_normal((1, 2 * round(RATE * seconds)), np.float32)
        frame = av.AudioFrame.from_ndarray(x, format="flt", layout="stereo")
        frame.sample_rate, frame.pts = RATE, 0
        form, size = sound.codec_context.format.name, sound.codec_context.frame_size
        for piece in av.AudioResampler(format=form, layout="stereo", rate=RATE, frame_size=size).resample(frame):
            piece.pts += round(RATE * start)
            out.mux(sound.encode(piece))
        out.mux([*pictures.encode(None), *sound.encode(None)])
    return path


def opened(path: Path) -> PiecedFile:
    return PiecedFile(os.open(path, os.O_RDONLY))


def told(path: Path) -> list[tuple[Any, ...]]:
    """Each packet's times, contents and what is decoded of it."""
    file = opened(path)
    with open_media(file, kind_of(file) or "") as container:
        id, others = container.streams.audio[0].id, {s.id for s in container.streams} - {container.streams.audio[0].id}
    found = []
    for packet, decoder in packets.sound_packets(file, kind_of(file) or "", id, others, Tally()):
        frames = [(frame.pts, frame.time_base, frame.to_ndarray().tobytes()) for frame in decoder.decode(packet)]
        found.append((packet.pts, packet.dts, packet.duration, packet.is_discard, bytes(packet), frames))
    return found


@pytest.mark.parametrize("start", [0.0, 0.3])
@pytest.mark.parametrize("codec", CODECS)
def test_a_stretch_at_a_time_is_all_at_once(
    tmp_path: Path, codec: str, start: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = movie(tmp_path / f"a{CODECS[codec]}", codec, start=start)
    whole, opened_so_far = told(path), []
    monkeypatch.setattr(packets, "open_media", lambda *of: opened_so_far.append(of) or open_media(*of))
    for stretch in (3, 16, len(whole) - 2):
        monkeypatch.setattr(packets, "STRETCH", stretch)
        assert told(path) == whole
    assert len(opened_so_far) > 3


@pytest.mark.parametrize("name", ["talk.m4a", "talk.mp4"])
def test_so_it_is_with_cases(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = told(CASES / name)
    for stretch in (3, len(whole) - 2):
        monkeypatch.setattr(packets, "STRETCH", stretch)
        assert told(CASES / name) == whole


@pytest.mark.parametrize("codec", ["aac", "alac"])
def test_a_long_movie_is_read_and_written_as_a_short_one(
    tmp_path: Path, codec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lengths, chapters, and pictures that are told by others which come later: from the beginning alone."""
    path = movie(tmp_path / "a.mp4", codec, start=0.3)
    x, reader = read(path)
    copy(path, tmp_path / "b.mp4")
    monkeypatch.setattr(packets, "STRETCH", 9)
    path.touch()  # so that it is counted anew
    y, other = read(path)
    assert other.info == reader.info
    assert other.info.metadata == reader.info.metadata
    np.testing.assert_array_equal(x, y)
    copy(path, tmp_path / "c.mp4")
    assert (tmp_path / "c.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


@pytest.mark.parametrize("left", [0, 100, 20_000])
def test_a_file_that_is_cut_while_it_is_read_is_refused(
    tmp_path: Path, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its tables, which are read as they are needed, are gone then."""
    monkeypatch.setattr(packets, "STRETCH", 9)
    monkeypatch.setattr(boxes_module, "_LARGE", 16)
    path = movie(tmp_path / "a.mp4")
    with AudioReader(path) as reader:
        blocks = reader.blocks(1000)
        next(blocks)
        os.truncate(path, left)
        with pytest.raises(AudioFileError, match=r"ends early|has changed"):
            list(blocks)


@pytest.mark.parametrize("codec", ["aac", "alac", "ac3"])
@pytest.mark.parametrize(("cut", "seconds"), [(0.1, 1.5), (1.0, 0.9), (1.5, 0.2), (1.9, 0.1)])
def test_what_edits_cut_away_may_be_long(
    tmp_path: Path, codec: str, cut: float, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As who trims a film without coding it once more."""
    path = movie(tmp_path / "a.mp4", codec)
    (track,) = (track for track in Movie(opened(path)).tracks if track.kind == "soun")
    old, film = bytes(track.parts["edts.elst"]), path.read_bytes()
    assert film.count(old) == 1
    ticks = Movie(opened(path)).ticks
    new = old[:8] + struct.pack(">Iii", round(seconds * ticks), round(cut * track.ticks), 1 << 16)
    path.write_bytes(film.replace(old, new))
    x, reader = read(path)
    whole = [packet for packet in told(path) if not packet[3]]
    for stretch in (3, 16, 60):
        monkeypatch.setattr(packets, "STRETCH", stretch)
        assert [packet for packet in told(path) if not packet[3]] == whole
        path.touch()  # so that it is counted anew
        y, other = read(path)
        assert other.info == reader.info
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("codec", ["aac", "alac"])
@pytest.mark.parametrize(
    "rows",
    [[(1.0, 0.1)], [(0.5, -1), (1.0, 0.1)], [(0.5, 0.1), (0.7, 1.0)], [(0.2, -1), (0.3, -1), (0.5, 0.1), (0.7, 1.0)],
     [(0.5, 0.0), (0.4, -1), (0.7, 1.0)]],
)  # fmt: skip
def test_the_length_is_that_of_all_edits_after_the_beginning(
    tmp_path: Path, codec: str, rows: list[tuple[float, float]]
) -> None:
    path = movie(tmp_path / "a.mp4", codec)
    film = Movie(opened(path))
    place = next(n for n, track in enumerate(film.tracks) if track.kind == "soun")
    ticks = film.tracks[place].ticks
    edits = [(round(length * film.ticks), -1 if at < 0 else round(at * ticks), 1 << 16) for length, at in rows]
    content = struct.pack(">II", 0, len(edits)) + b"".join(struct.pack(">Iii", *row) for row in edits)
    data = path.read_bytes()
    tracks = iter(
        remade(track.content, lambda path, inner: (path.split(".")[-1], content if path == "edts.elst" else inner))
        if n == place else track.content
        for n, track in enumerate(film.tracks)
    )  # fmt: skip
    new = b"".join(box(name, next(tracks) if name == "trak" else inner) for name, inner in film.boxes)
    path.write_bytes(data[: data.rindex(b"moov") - 4] + box("moov", new))
    x, _ = read(path)
    first = next(n for n, (_, at) in enumerate(rows) if at >= 0)
    assert x.shape[1] == round(sum(length for length, _ in rows[first:]) * RATE)


@pytest.mark.parametrize(
    "behind", [bytes(5), bytes(4_096), b"\0\0\0\x10\xff\xff\xff\xff" + bytes(8), b"\0\0\0\x08free"]
)
def test_what_lies_behind_the_last_box_changes_nothing(
    tmp_path: Path, behind: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = movie(tmp_path / "a.mp4")
    monkeypatch.setattr(packets, "STRETCH", 9)
    whole, _ = read(path)
    copy(path, tmp_path / "b.mp4")
    path.write_bytes(path.read_bytes() + behind)
    np.testing.assert_array_equal(read(path)[0], whole)
    copy(path, tmp_path / "c.mp4")
    assert (tmp_path / "c.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_of_a_long_movie_only_the_beginning_is_shown(tmp_path: Path) -> None:
    film = Movie(opened(movie(tmp_path / "a.mp4")))
    shown = Movie(film.shown(9))
    assert [min(9, track.samples.count) for track in film.tracks] == [track.samples.count for track in shown.tracks]
    for old, new in zip(film.tracks, shown.tracks, strict=True):
        assert (new.id, new.length) == (old.id, old.length)
        assert (new.samples.runs.prod(1)).sum() == old.samples.runs.prod(1).sum()


@st.composite
def tracks(draw: st.DrawFn) -> tuple[Samples, list[tuple[int, int, int]]]:
    """Tables of a track, and offset, size and duration of each sample."""
    in_chunk = draw(st.lists(st.integers(1, 5), min_size=1, max_size=8))
    count, offset = sum(in_chunk), 0
    each = draw(st.integers(0, 9))
    sizes = [each] * count if each else draw(st.lists(st.integers(1, 99), min_size=count, max_size=count))
    lasting = draw(st.lists(st.integers(1, 3), min_size=count, max_size=count))
    rows, chunks, at = [], [], 0
    for length in in_chunk:
        offset += draw(st.integers(0, 50))
        chunks.append(offset)
        for _ in range(length):
            rows.append((offset, sizes[at], lasting[at]))
            offset, at = offset + sizes[at], at + 1
    spread = [(n + 1, k, 1) for n, k in enumerate(in_chunk) if not n or in_chunk[n - 1] != k]
    content = {
        "stts": rows_of(np.array([(1, n) for n in lasting])),
        "stsz": struct.pack(">III", 0, each, count) + b"".join(struct.pack(">I", n) for n in sizes if not each),
        "stsc": rows_of(np.array(spread)),
        "stco": rows_of(np.array(chunks).reshape(-1, 1)),
    }
    return Samples.of(content), rows


@given(tracks(), st.data())
def test_part_of_a_track(track: tuple[Samples, list[tuple[int, int, int]]], data: st.DataObject) -> None:
    samples, rows = track
    start = data.draw(st.integers(0, samples.count - 1))
    stop = data.draw(st.integers(start + 1, samples.count))
    part = Samples.of(samples.part(start, stop))
    wanted = np.array(rows[start:stop])
    assert part.count == stop - start
    np.testing.assert_array_equal(part.chunks, wanted[:, 0])
    np.testing.assert_array_equal(part.sizes(0, part.count), wanted[:, 1])
    np.testing.assert_array_equal(np.repeat(part.runs[:, 1], part.runs[:, 0]), wanted[:, 2])
    begins = np.cumsum([0, *(lasting for *_, lasting in rows)])
    np.testing.assert_array_equal(samples.begins(np.arange(len(rows) + 1)), begins)


@given(tracks(), st.sampled_from(["stts", "stsz", "stsc", "stco"]), st.data())
def test_tables_that_do_not_agree_are_not_believed(
    track: tuple[Samples, list[tuple[int, int, int]]], name: str, data: st.DataObject
) -> None:
    samples, _ = track
    tables = samples.part(0, samples.count)
    name = "co64" if name == "stco" else name
    del tables[name]
    with pytest.raises(NotPlain):
        Samples.of(tables)
    tables = samples.part(0, samples.count)
    tables[name] = tables[name][: data.draw(st.integers(8, len(tables[name]) - 1))]
    with pytest.raises(NotPlain):
        Samples.of(tables)


def test_runs_are_cut_where_samples_are() -> None:
    assert clipped(np.array([[3, 7], [2, 5]]), 1, 4).tolist() == [[2, 7], [1, 5]]
