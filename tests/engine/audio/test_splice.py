"""A video with another sound: all else in its movie stays, byte by byte."""

from __future__ import annotations

import os
import struct
from array import array
from collections.abc import Iterator
from pathlib import Path

import mutagen.mp4
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phaseaware.engine.audio import AudioFileError, AudioReader, AudioWriter
from phaseaware.engine.audio import packets as packets_module
from phaseaware.engine.audio.boxes import NotPlain, box, boxes, table
from phaseaware.engine.audio.movie import Movie
from phaseaware.engine.audio.splice import KeptMovie, _edits, _lasting, _offsets

from .helpers import RATE, copy, read
from .test_movie import movie
from .test_mp4boxes import opened, packets, write
from .test_pictures import insert

av = pytest.importorskip("av", reason="needs the [media] extra")

HOLDING = {"moov", "trak", "mdia", "minf", "stbl", "edts", "udta"}
OF_SOUND = {"tkhd", "edts", "elst", "mdhd", "stts", "stsz", "stsc", "stco", "co64", "stsd", "sgpd", "sbgp"}


def leaves(data: bytes, within: str = "") -> Iterator[tuple[str, bytes]]:
    """Paths and contents of a movie's boxes, its tracks numbered."""
    tracks = 0
    for name, inner in boxes(data):
        tracks += name == "trak"
        path = f"{within}{name}{tracks}" if name == "trak" else f"{within}{name}"
        if name in HOLDING:
            yield from leaves(bytes(inner), f"{path}.")
        else:
            yield path, bytes(inner)


def movie_box(path: Path) -> list[tuple[str, bytes]]:
    (content,) = (bytes(inner) for name, inner in boxes(path.read_bytes()) if name == "moov")
    return list(leaves(content))


def sound_of(path: Path) -> int:
    with opened(path) as file:
        return [track.kind for track in Movie(file).tracks].index("soun") + 1


@pytest.mark.parametrize("movflags", ["", "faststart"])
@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_boxes_stay_but_those_that_tell_of_the_sound(tmp_path: Path, suffix: str, movflags: str) -> None:
    a, b = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    movie(a, movflags=movflags)
    if not movflags:  # what nobody knows, in the movie and in the sound's track
        data = insert(a.read_bytes(), [b"moov"], box("what", b"ever"))
        a.write_bytes(insert(data, [b"moov", b"trak"], box("meta", b"anything")))
    assert copy(a, b).notes == ()
    old, new, sound = movie_box(a), movie_box(b), f"trak{sound_of(a)}."
    kept = [
        [(path, inner) for path, inner in found if not (path.startswith(sound) and path.split(".")[-1] in OF_SOUND)]
        for found in (old, new)
    ]
    names = [[path for path, _ in found] for found in kept]
    assert names[0] == names[1]
    moved = {path for (path, was), (_, now) in zip(*kept, strict=True) if was != now}
    assert {path.split(".")[-1] for path in moved} <= {"mvhd", "tkhd", "elst", "stco"}
    assert movflags or "what" in names[1]


@pytest.mark.parametrize("start", [0.0, 0.3])
@pytest.mark.parametrize("codec", ["aac", "alac", "pcm_s16le"])
@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_all_tracks_keep_their_times(tmp_path: Path, suffix: str, codec: str, start: float) -> None:
    if codec == "pcm_s16le" and suffix == ".mp4":
        pytest.skip("MP4 holds no PCM")
    a, b = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    movie(a, codec, start=start)
    assert copy(a, b).notes == ()
    with av.open(str(a)) as old, av.open(str(b)) as new:
        for was, now in zip(old.streams, new.streams, strict=True):
            assert (now.id, now.type, now.start_time, now.language) == (was.id, was.type, was.start_time, was.language)
            assert now.type == "audio" or (now.duration, now.frames) == (was.duration, was.frames)
    found = []
    for path in (a, b):
        with opened(path) as file:
            found.append(packets(file))
    for number in found[0]:
        if number != sound_of(a):
            assert found[1][number] == found[0][number]
    x, _ = read(a)
    y, _ = read(b)
    assert y.shape == x.shape
    if codec != "aac":
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("start", [0, RATE // 3])
def test_a_click_stays_where_it_is_beside_the_pictures(tmp_path: Path, start: int) -> None:
    """Once cleaned and twice: delays of the encoder do not add up."""
    path = write(tmp_path / "a.mov")
    for name in ("b.mov", "c.mov"):
        with AudioReader(path) as reader, AudioWriter(tmp_path / name, reader.info) as writer:
            x = np.zeros((1, reader.info.frames), np.float32)
            x[0, start + 5_000] = 0.9
            writer.write(x)
        path = tmp_path / name
        y, _ = read(path)
        assert y.shape == x.shape
        assert int(np.abs(y).argmax()) == start + 5_000
        with av.open(str(path)) as container:
            assert container.streams.audio[0].start_time == 0


def test_what_is_not_plain_is_left_to_ffmpeg(tmp_path: Path) -> None:
    plain = movie(tmp_path / "plain.mp4").read_bytes()
    KeptMovie(tmp_path / "plain.mp4", "MP4", RATE).close()
    at = plain.index(b"url ") + 4
    elsewhere = plain[:at] + bytes(4) + plain[at + 4 :]
    encrypted = insert(plain, [b"moov", b"trak", b"mdia", b"minf", b"stbl"], box("saio", bytes(8)))
    at = plain.index(b"stts", plain.rindex(b"vide")) + 8
    wrong = plain[:at] + struct.pack(">I", 7) + plain[at + 4 :]
    movie(tmp_path / "fragments.mp4", movflags="frag_keyframe+empty_moov")
    for name, data in (("elsewhere", elsewhere), ("encrypted", encrypted), ("wrong", wrong)):
        (tmp_path / f"{name}.mp4").write_bytes(data)
    for name in ("elsewhere", "encrypted", "wrong", "fragments"):
        with pytest.raises(NotPlain):
            KeptMovie(tmp_path / f"{name}.mp4", "MP4", RATE)
    with pytest.raises(NotPlain, match="another kind"):
        KeptMovie(tmp_path / "plain.mp4", "MOV", RATE)
    copy(tmp_path / "fragments.mp4", tmp_path / "b.mp4")
    found = []
    for name in ("fragments.mp4", "b.mp4"):
        with opened(tmp_path / name) as file:
            found.append([content for *_, content in packets(file)[2]])
    assert found[0] == found[1]


def cuts(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The file with one of its movie's boxes under another name, shorter, or with a large number, for each of them."""
    (movie_at,) = (at for at in range(len(data)) if data[at : at + 4] == b"moov")

    def walk(begin: int, end: int) -> Iterator[tuple[int, int]]:
        while begin < end:
            size = struct.unpack_from(">I", data, begin)[0]
            if data[begin + 4 : begin + 8].decode("latin-1") in HOLDING:
                yield from walk(begin + 8, begin + size)
            else:
                yield begin, size
            begin += size

    for begin, size in walk(movie_at + 4, len(data)):
        name = data[begin + 4 : begin + 8].decode("latin-1")
        yield f"without {name}", data[: begin + 4] + b"free" + data[begin + 8 :]
        for at in range(begin + 8, begin + min(size, 60) - 3, 4):
            yield f"{name} with a large number at {at - begin}", data[:at] + b"\xff" * 4 + data[at + 4 :]
        for left in {n for n in (0, 1, 4, 7, 8, 12, 16, 20, 24, 40, 80) if n <= size - 16}:
            rest = box("free", bytes(size - 16 - left))
            kept = box(name, data[begin + 8 : begin + 8 + left])
            yield f"{name} of {left}", data[:begin] + kept + rest + data[begin + size :]


def test_of_damaged_boxes_it_is_only_told_that_they_are_not_plain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packets_module, "STRETCH", 9)
    for what, data in cuts(movie(tmp_path / "a.mp4", start=0.3).read_bytes()):
        (tmp_path / "b.mp4").write_bytes(data)
        with opened(tmp_path / "b.mp4") as file:
            packets_module.beginning(file)
            for id in (1, 2):
                packets_module.edited_seconds(file, id)
                packets_module._long(file, id)
        try:
            KeptMovie(tmp_path / "b.mp4", "MP4", RATE).close()
        except NotPlain:
            continue
        except Exception as error:
            pytest.fail(f"{what}: {error!r}")


def test_work_is_not_done_in_vain(tmp_path: Path) -> None:
    """Samples that are not there, and times that have no place by the new clock, are seen beforehand."""
    data = movie(tmp_path / "a.mp4").read_bytes()
    pictures = data.rindex(b"vide")
    far = bytearray(data)
    struct.pack_into(">I", far, data.index(b"stco", pictures) + 12, len(data) - 10)
    long = bytearray(data)
    header = data.rindex(b"tkhd", 0, pictures)
    struct.pack_into(">I", long, header + 24, 0x80000000)
    for content in (far, long):
        (tmp_path / "b.mp4").write_bytes(content)
        with pytest.raises(NotPlain):
            KeptMovie(tmp_path / "b.mp4", "MP4", 3 * RATE)


@pytest.mark.parametrize("codec", ["pcm_u8", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_f32le"])
def test_pcm_of_all_sizes_is_kept(tmp_path: Path, codec: str) -> None:
    """Of the sound that is made, and of another track."""
    a, b = tmp_path / "a.mov", tmp_path / "b.mov"
    with av.open(str(a), "w") as out:
        pictures = out.add_stream("mpeg4", rate=25, width=32, height=32, pix_fmt="yuv420p")
        sounds = [out.add_stream(codec, rate=rate, layout="stereo") for rate in (RATE, RATE, 2 * RATE)]
        picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        out.mux([*pictures.encode(picture), *pictures.encode(None)])
        for sound in sounds:
            x = 0.1 * np.random.default_rng(1).standard_normal((1, 2 * RATE), np.float32)
            frame = av.AudioFrame.from_ndarray(x, format="flt", layout="stereo")
            frame.sample_rate, frame.pts = sound.codec_context.sample_rate, 0
            form, rate = sound.codec_context.format.name, sound.codec_context.sample_rate
            for piece in av.AudioResampler(format=form, layout="stereo", rate=rate).resample(frame):
                out.mux([*sound.encode(piece), *sound.encode(None)])
    KeptMovie(a, "MOV", RATE).close()
    copy(a, b)
    found = []
    for path in (a, b):
        with opened(path) as file:
            found.append(packets(file))
    assert [found[0][number] for number in (1, 3, 4)] == [found[1][number] for number in (1, 3, 4)]


@given(st.lists(st.tuples(st.integers(0, 1 << 40), st.integers(-1, 1 << 40), st.integers(-(1 << 31), (1 << 31) - 1))))
def test_edits_are_read_as_they_were_written(rows: list[tuple[int, int, int]]) -> None:
    content = _edits(rows)
    wide = any(length >= 1 << 32 or time >= 1 << 31 for length, time, _ in rows)
    assert content[0] == wide  # QuickTime's format knows version 0 only
    found = table(content, ">u8,>i8,>i4" if wide else ">u4,>i4,>i4")
    assert [tuple(map(int, row)) for row in found] == rows


@pytest.mark.parametrize("ticks", [1 << 20, (1 << 32) - 1, 1 << 32, 1 << 40])
@pytest.mark.parametrize(("head", "at"), [("mvhd", 16), ("tkhd", 20), ("mdhd", 16)])
def test_headers_tell_any_length(tmp_path: Path, head: str, at: int, ticks: int) -> None:
    """And all else as before, in the version that takes it."""
    with opened(movie(tmp_path / "a.mp4", seconds=0.2)) as file:
        old = next(inner for path, inner in leaves(file.read()) if path.endswith(head))
    new = _lasting(old, ticks, at)
    assert new[0] == (ticks >= 1 << 32)
    assert old[0] == 0
    rest = new[at + 16 :] if new[0] else new[at + 4 :]
    assert rest == old[at + 4 :]
    times, form = (20, ">QQ") if new[0] else (12, ">II")
    assert struct.unpack(form, new[4:times]) == struct.unpack(">II", old[4:12])
    assert new[times : times + at - 12] == old[12:at]
    assert int.from_bytes(new[times + at - 12 : len(new) - len(rest)]) == ticks
    assert _lasting(new, ticks, at) == new


def test_a_video_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    path = movie(tmp_path / "a.mp4")
    with AudioReader(path) as reader:
        info, blocks = reader.info, list(reader.blocks())

    def begin_and_change() -> None:
        with AudioWriter(tmp_path / "b.mp4", info) as writer:
            for block in blocks:
                writer.write(block)
            os.utime(path, (1, 1))

    with pytest.raises(AudioFileError, match="changed while it was read"):
        begin_and_change()
    assert not (tmp_path / "b.mp4").exists()
    assert {p.name for p in tmp_path.iterdir()} == {"a.mp4"}


def test_of_tags_those_go_that_tell_of_the_old_sound(tmp_path: Path) -> None:
    movie(tmp_path / "a.mp4")
    stale = "----:com.apple.iTunes:iTunSMPB"
    for more in ({"\xa9nam": ["Title"]}, {}):
        tagged = mutagen.mp4.MP4(tmp_path / "a.mp4")
        tagged.clear()
        tagged.update({stale: [mutagen.mp4.MP4FreeForm(b" 0 0 0 0")]} | more)
        tagged.save()
        copy(tmp_path / "a.mp4", tmp_path / "b.mp4")
        assert dict(mutagen.mp4.MP4(tmp_path / "b.mp4").tags or {}) == more


def test_places_beyond_four_gib_have_room() -> None:
    assert _offsets(array("Q", [16, 1 << 31]), 1 << 31) == ("stco", struct.pack(">IIII", 0, 2, 16, 1 << 31))
    assert _offsets(array("Q", [16, 1 << 33]), 1 << 34) == ("co64", struct.pack(">IIQQ", 0, 2, 16, 1 << 33))
