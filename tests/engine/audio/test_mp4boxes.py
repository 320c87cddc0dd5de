"""Tracks of MP4 out of sight: of the others nothing changes."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mutagen.mp4
import numpy as np
import pytest
from phaseaware.engine.audio import AudioReader
from phaseaware.engine.audio.containers import open_media
from phaseaware.engine.audio.metadata import UNREAD
from phaseaware.engine.audio.mp4boxes import without_tracks
from phaseaware.engine.audio.mp4tags import read_mp4
from phaseaware.engine.audio.pieces import PiecedFile
from phaseaware.engine.audio.sniff import kind_of

from .helpers import CASES, RATE, copy

av = pytest.importorskip("av", reason="needs the [media] extra")


def write(path: Path, *, movflags: str = "", muxer: str = "mov") -> Path:
    """Pictures with a timecode, and two sounds that begin at other times."""
    options = {"movflags": movflags} if movflags else {}
    with av.open(str(path), "w", format=muxer, options=options) as out:
        video = out.add_stream("mpeg4", rate=25, width=32, height=32, pix_fmt="yuv420p")
        video.metadata["timecode"] = "01:02:03:04"
        sounds = [out.add_stream(codec, rate=RATE, layout="mono") for codec in ("aac", "pcm_s16le")]
        for number in range(30):
            picture = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 7 * number, np.uint8), format="rgb24")
            picture.pts = number
            out.mux(video.encode(picture))
        out.mux(video.encode(None))
        rng = np.random.default_rng(1)
        for stream, start in zip(sounds, (0, 9_600), strict=True):
            form = stream.codec_context.format.name
            for number in range(40):
                x = rng.standard_normal((1, 1024)) / 9
                x = x.astype(np.float32) if form == "fltp" else (x * 2**15).astype(np.int16)
                frame = av.AudioFrame.from_ndarray(x, format=form, layout="mono")
                frame.sample_rate, frame.pts = RATE, start + 1024 * number
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
    return path


@contextmanager
def opened(path: Path) -> Iterator[PiecedFile]:
    handle = os.open(path, os.O_RDONLY)
    try:
        yield PiecedFile(handle)
    finally:
        os.close(handle)


def packets(file: PiecedFile) -> dict[int, list[tuple[int | None, int | None, bytes]]]:
    """By track, times and contents."""
    with open_media(file, kind_of(file) or "") as container:
        found: dict[int, list[tuple[int | None, int | None, bytes]]] = {s.id: [] for s in container.streams}
        for packet in container.demux():
            if packet.size:
                found[packet.stream.id].append((packet.pts, packet.dts, bytes(packet)))
    return found


@pytest.mark.parametrize("movflags", ["", "faststart"])
@pytest.mark.parametrize("hidden", [{1}, {2}, {3}, {1, 2}, {2, 3}, {2, 3, 4}, {9}])
def test_the_tracks_that_are_seen_are_as_they_were(tmp_path: Path, movflags: str, hidden: set[int]) -> None:
    with opened(write(tmp_path / "a.mov", movflags=movflags)) as file:
        whole = packets(file)
        assert set(whole) == {1, 2, 3, 4}  # the last: the timecode
        left = packets(without_tracks(file, hidden))
    assert left == {number: content for number, content in whole.items() if number not in hidden}


def test_what_cannot_be_told_stays_as_it_is(tmp_path: Path) -> None:
    write(tmp_path / "fragments.mp4", muxer="mp4", movflags="frag_keyframe+empty_moov")
    write(tmp_path / "a.mkv", muxer="matroska")
    (tmp_path / "damaged.mp4").write_bytes((CASES / "talk.mp4").read_bytes()[:-2_000])
    (tmp_path / "empty").write_bytes(b"")
    twice = write(tmp_path / "twice.mov").read_bytes()
    second = twice.index(b"tkhd", twice.index(b"tkhd") + 1) + 16
    (tmp_path / "twice.mov").write_bytes(twice[:second] + b"\0\0\0\1" + twice[second + 4 :])
    for path in (*tmp_path.iterdir(), CASES / "broadcast.wav"):
        with opened(path) as file:
            assert without_tracks(file, {1}) is file, path.name


@pytest.mark.parametrize("movflags", ["", "faststart", "frag_keyframe+empty_moov"])
def test_sound_among_others_is_that_of_a_file_of_its_own(tmp_path: Path, movflags: str) -> None:
    write(tmp_path / "a.mov", movflags=movflags)
    with AudioReader(tmp_path / "a.mov") as reader:
        x = np.concatenate(list(reader.blocks(4_096)), axis=1)
    with av.open(str(tmp_path / "a.mov")) as container:
        decoded = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    np.testing.assert_array_equal(x, decoded[:, : x.shape[1]])
    assert x.shape[1] >= 40 * 1024


def test_tags_behind_sound_that_mutagen_does_not_understand_are_told(tmp_path: Path) -> None:
    damaged = (CASES / "talk.m4a").read_bytes().replace(b"mdhd", b"free")
    for content, left_out in ((damaged, (UNREAD,)), (damaged.replace(b"ilst", b"free"), ())):
        (tmp_path / "a.m4a").write_bytes(content)
        with opened(tmp_path / "a.m4a") as file:
            assert read_mp4(file).left_out == left_out


def test_all_other_tracks_go_into_a_copy(tmp_path: Path) -> None:
    write(tmp_path / "a.mov")
    copy(tmp_path / "a.mov", tmp_path / "b.mov")
    found = []
    for name in ("a.mov", "b.mov"):
        with opened(tmp_path / name) as file:
            found.append(packets(file))
    old, new = found
    assert list(new) == [1, 2, 3, 4]
    for number in (1, 3):  # pictures, and the sound that is not cleaned
        assert [content for *_, content in new[number]] == [content for *_, content in old[number]]


XMP = struct.pack(">I", 29) + b"uuid" + bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + b"<x/>\n"


@pytest.mark.parametrize("name", ["talk.m4a", "talk.mp4"])
def test_xmp_is_kept_and_other_boxes_are_named(tmp_path: Path, name: str) -> None:
    other = struct.pack(">I", 25) + b"uuid" + b"c" * 16 + b"2"
    data = (CASES / name).read_bytes() + other + XMP
    (tmp_path / name).write_bytes(data)
    for title in (None, "T"):
        if title:
            tagged = mutagen.mp4.MP4(tmp_path / name)
            tagged["\xa9nam"] = title
            tagged.save()
        assert copy(tmp_path / name, tmp_path / f"b-{name}").notes == (f"not kept: the MP4 box {'63' * 16}",)
        assert (tmp_path / f"b-{name}").read_bytes().count(XMP) == 1
        assert copy(tmp_path / f"b-{name}", tmp_path / f"c-{name}").notes == ()
        assert (tmp_path / f"c-{name}").read_bytes().endswith(XMP)
        assert copy(tmp_path / f"b-{name}", tmp_path / "b.flac").notes == (
            "not kept, as FLAC has no place for it: XMP",
        )


def test_xmp_where_quicktime_has_it_is_named(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mov"), "w") as out:
        out.metadata["xmp"] = "<x/>"
        sound = out.add_stream("pcm_s16le", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.full((1, 4_800), 900, np.int16), format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        out.mux([*sound.encode(frame), *sound.encode(None)])
    assert copy(tmp_path / "a.mov", tmp_path / "b.mov").notes == ("not kept: XMP in QuickTime's user data",)
