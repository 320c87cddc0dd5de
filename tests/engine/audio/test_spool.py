"""Sound alone in MP4 and MOV: as FFmpeg would write it, though it sees the first packets only."""

from __future__ import annotations

import struct
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import mutagen.mp4
import numpy as np
import pytest
from phaseaware.engine.audio import AudioInfo, AudioReader, AudioWriter, sinks, splice, spool
from phaseaware.engine.audio.boxes import NotPlain
from phaseaware.engine.audio.metadata import Chapter, Metadata
from phaseaware.engine.audio.movie import STBL, Movie
from phaseaware.engine.audio.pieces import PiecedFile

from .helpers import RATE, read
from .test_mp4boxes import opened

av = pytest.importorskip("av", reason="needs the [media] extra")

KINDS = [("MP4", "AAC"), ("MP4", "ALAC_16"), ("MP4", "ALAC_24"), ("MP4", "FLAC_24"), ("MP4", "OPUS"), ("MOV", "AAC"),
         ("MOV", "PCM_16"), ("MOV", "PCM_24"), ("MOV", "FLOAT")]  # fmt: skip
CHAPTERS = (Chapter(0.0, 1.0, "One"), Chapter(1.0, 2.0, "Zwei – и три"))


def written(path: Path, kind: tuple[str, str], x: np.ndarray) -> Path:
    metadata = Metadata(family="MP4", tags={"title": ("A title",), "language": ("deu",)}, chapters=CHAPTERS)
    info = AudioInfo(
        sample_rate=RATE, channels=len(x), frames=x.shape[1], format=kind[0], subtype=kind[1], metadata=metadata
    )
    with AudioWriter(path, replace(info, tags=metadata.tags)) as writer:
        for start in range(0, x.shape[1], 1_000):
            writer.write(x[:, start : start + 1_000])
    return path


def noise(seconds: float = 2.0) -> np.ndarray:
    rng = np.random.default_rng(1)
    return 0.1 * rng.standard_normal((2, round(seconds * RATE)), np.float32)


def _by_ffmpeg(packets: spool.Spool, path: Path) -> None:
    """What it makes of the packets that it sees."""
    path.write_bytes(PiecedFile(packets.head_handle).read())


@pytest.mark.parametrize("kind", KINDS, ids="-".join)
def test_the_first_packets_are_enough(tmp_path: Path, kind: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples, tags, chapters and times are those of a file of which FFmpeg saw all packets."""
    name = "m4a" if kind[0] == "MP4" else "mov"
    found = []
    for first in (3, 10**9):
        monkeypatch.setattr(spool, "_FIRST", first)
        if first > 3:
            monkeypatch.setattr(sinks, "write_sound", _by_ffmpeg)
        path = written(tmp_path / f"{first}.{name}", kind, noise())
        x, reader = read(path)
        assert x.shape == noise().shape
        with av.open(str(path)) as container:
            stream = container.streams.audio[0]
            times = [(p.pts, p.dts, p.duration, bytes(p)) for p in container.demux(stream)]
            if kind[1].startswith(("PCM", "FLOAT")):  # of PCM as many samples at once as one likes
                times = [b"".join(content for *_, content in times)]
            told = stream.start_time, stream.duration, stream.frames, stream.language, container.duration
            chapters = [(c["start"] * c["time_base"], c["metadata"]["title"]) for c in container.chapters()]
        found.append((x.tobytes(), reader.info, reader.info.metadata, times, told, chapters))
    assert found[0] == found[1]
    assert found[0][-1] == [(chapter.start, chapter.title) for chapter in CHAPTERS]
    assert found[0][1].tags["title"] == "A title"


@pytest.mark.parametrize("name", ["a.m4a", "a.mov"])
def test_headers_tell_the_rate_of_all_packets(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not that of the first ones, which are silent here."""
    monkeypatch.setattr(spool, "_FIRST", 3)
    x = noise()
    x[:, :RATE] = 0
    path = written(tmp_path / name, ("MP4" if name == "a.m4a" else "MOV", "AAC"), x)
    with opened(path) as file:
        (track,) = (track for track in Movie(file).tracks if track.kind == "soun")
        samples = track.samples
        mean = 8 * samples.sizes(0, samples.count).sum() * track.ticks / samples.runs.prod(1).sum()
        stsd = track.header(f"{STBL}stsd")
    rates = struct.unpack_from(">II", stsd, stsd.index(b"\x04\x80\x80\x80") + 10)
    assert rates[0] >= rates[1] == round(mean)
    if name == "a.m4a":
        assert struct.unpack_from(">II", stsd, stsd.index(b"btrt") + 8)[1] == round(mean)
        assert mutagen.mp4.MP4(path).info.bitrate == round(mean)


@pytest.mark.parametrize("name", ["a.m4a", "a.mov"])
@pytest.mark.parametrize("codec", ["aac", "alac"])
def test_sound_of_days(tmp_path: Path, name: str, codec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """More samples than 32 bits count, here of few packets that last long."""
    monkeypatch.setattr(spool, "_FIRST", 3)
    packets = spool.Spool(tmp_path, "mp4" if name == "a.m4a" else "mov", {"movie_timescale": str(RATE)})
    form, kind, cut = ("fltp", "f4", 1024) if codec == "aac" else ("s16p", "i2", 0)
    stream = packets.head.add_stream(codec, rate=RATE, layout="mono", format=form)
    packets.head.start_encoding()
    size = stream.codec_context.frame_size
    frame = av.AudioFrame.from_ndarray(np.zeros((1, size), kind), form, "mono")
    frame.sample_rate = RATE
    for number in range(5):
        frame.pts = number * size
        encoded = stream.encode(frame)
        if number == 4:
            for packet in encoded:
                packet.duration = 1 << 31
            encoded *= 3
        packets.add(encoded)
    packets.head.close()
    ticks = sum(count * length for count, length in packets._runs)
    assert ticks > 1 << 32
    splice.write_sound(packets, tmp_path / name)
    packets.close()
    with av.open(str(tmp_path / name)) as container:
        (sound,) = container.streams
        assert (sound.start_time, sound.duration * sound.time_base) == (0, Fraction(ticks - cut, RATE))
        assert container.duration == pytest.approx((ticks - cut) / RATE * 1e6, abs=1)
    assert mutagen.mp4.MP4(tmp_path / name).info.length == ticks / RATE


@pytest.mark.parametrize("kind", KINDS, ids="-".join)
def test_no_samples_are_a_movie_without_tracks(tmp_path: Path, kind: tuple[str, str]) -> None:
    path = written(tmp_path / f"a.{kind[0].lower()}", kind, np.empty((1, 0), np.float32))
    with av.open(str(path)) as container:
        assert not container.streams.audio


def test_apples_programs_know_it_as_sound(tmp_path: Path) -> None:
    path = written(tmp_path / "a.m4a", ("MP4", "AAC"), noise())
    assert path.read_bytes()[4:12] == b"ftypM4A "
    with AudioReader(path) as reader:
        assert reader.info.format == "MP4"


def test_a_spool_of_nothing_is_told(tmp_path: Path) -> None:
    empty = spool.Spool(tmp_path, "mp4", {})
    empty.head.add_stream("aac", rate=RATE, layout="mono")
    empty.head.start_encoding()
    empty.head.close()
    with pytest.raises(NotPlain, match="no sound"):
        empty.spooled()
    empty.close()
    assert not list(tmp_path.iterdir())
