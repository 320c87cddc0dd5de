"""Sound of MP4, Matroska and others, through PyAV; videos keep their pictures."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from phaseaware.engine.audio import AudioFileError, AudioInfo, AudioReader, AudioWriter
from phaseaware.engine.audio.metadata import Metadata

from tests.robustness.variant_kinds import sound, write_media

from .helpers import CASES, RATE, copy, read

av = pytest.importorskip("av", reason="needs the [media] extra")

VIDEO = [".mp4", ".mov", ".mkv"]


def pictures(path: Path) -> list[tuple[float, bytes]]:
    """Times and contents of the packets of the moving picture."""
    with av.open(str(path)) as container:
        (stream,) = container.streams.video
        return [(float(p.pts * p.time_base), bytes(p)) for p in container.demux(stream) if p.size]


def lag(x: NDArray[np.float32], y: NDArray[np.float32], most: int = 1100) -> int:
    """Samples by which ``y`` is late."""
    length = min(len(x), len(y)) - 2 * most
    middle = x[most : most + length]
    products = [float(middle @ y[most + shift : most + shift + length]) for shift in range(-most, most + 1)]
    return int(np.argmax(products)) - most


def write(path: Path, x: NDArray[np.float32], info: AudioInfo, *, cut: int = 7_919) -> AudioWriter:
    with AudioWriter(path, info, overwrite=True) as writer:
        for start in range(0, x.shape[1], cut):
            writer.write(x[:, start : start + cut])
    return writer


def info(format: str, subtype: str, *, channels: int = 1, rate: int = RATE, **more: Any) -> AudioInfo:
    return AudioInfo(sample_rate=rate, channels=channels, frames=0, format=format, subtype=subtype, **more)


@pytest.mark.parametrize("name", ["talk.m4a", "talk.mp4"])
def test_lengths_are_true(name: str) -> None:
    x, reader = read(CASES / name)
    assert x.shape == (1, 6 * RATE)
    assert reader.notes == ()
    assert (reader.info.container is not None) == (name == "talk.mp4")


@pytest.mark.parametrize("suffix", VIDEO)
def test_a_video_keeps_its_pictures_and_their_times(tmp_path: Path, suffix: str) -> None:
    x = read(CASES / "talk.mp4")[0]
    writer = copy(CASES / "talk.mp4", tmp_path / f"b{suffix}")
    assert writer.notes == ()
    old, new = pictures(CASES / "talk.mp4"), pictures(tmp_path / f"b{suffix}")
    assert [content for _, content in new] == [content for _, content in old]
    assert max(abs(a - b) for (a, _), (b, _) in zip(old, new, strict=True)) < 0.0011  # Matroska counts milliseconds
    y = read(tmp_path / f"b{suffix}")[0]
    assert lag(x[0], y[0]) == 0
    assert x.shape[1] <= y.shape[1] < x.shape[1] + 1024 * (suffix == ".mkv") + 1


def test_only_the_sound_goes_into_a_sound_file(tmp_path: Path) -> None:
    for name in ("b.wav", "b.m4a", "b.flac"):
        copy(CASES / "talk.mp4", tmp_path / name)
        y, reader = read(tmp_path / name)
        assert y.shape == (1, 6 * RATE)
        assert reader.info.container is None
    np.testing.assert_allclose(read(tmp_path / "b.wav")[0], read(CASES / "talk.mp4")[0], atol=2**-15)


@pytest.mark.parametrize("delay", [0.1, 0.5])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_sound_that_begins_late_stays_late(tmp_path: Path, delay: float, suffix: str) -> None:
    """A click stays where it is beside the pictures, whatever the container does with delays."""
    x = 1e-3 * np.random.default_rng(1).standard_normal((1, RATE)).astype(np.float32)
    x[0, 24_000:24_100] = 0.5
    write_media(tmp_path / f"a{suffix}", {".mp4": "mp4", ".mkv": "matroska"}[suffix], "aac", x, RATE, pictures=True,
                delay=delay)  # fmt: skip
    copy(tmp_path / f"a{suffix}", tmp_path / f"b{suffix}")

    def click(path: Path) -> float:
        with av.open(str(path)) as container:
            for frame in container.decode(audio=0):
                y = frame.to_ndarray()[0]
                if np.abs(y).max() > 0.3:
                    return float(frame.time) + int(np.abs(y).argmax()) / RATE
        raise AssertionError("no click")

    assert click(tmp_path / f"b{suffix}") == pytest.approx(click(tmp_path / f"a{suffix}"), abs=0.002)
    assert click(tmp_path / f"b{suffix}") == pytest.approx(0.5 + delay, abs=0.003)


@pytest.mark.parametrize(
    ("suffix", "format", "subtype", "lossless"),
    [
        (".m4a", "MP4", "AAC", False), (".m4a", "MP4", "ALAC_16", True), (".m4a", "MP4", "ALAC_24", True),
        (".mov", "MOV", "PCM_16", True), (".mov", "MOV", "PCM_24", True), (".mov", "MOV", "FLOAT", True),
        (".mka", "MATROSKA", "FLAC_16", True), (".mka", "MATROSKA", "FLAC_24", True),
        (".mka", "MATROSKA", "OPUS", False), (".webm", "WEBM", "OPUS", False), (".mka", "MATROSKA", "PCM_32", True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("channels", [1, 2, 6, 8])
def test_what_is_read_is_what_was_written(
    tmp_path: Path, suffix: str, format: str, subtype: str, lossless: bool, channels: int
) -> None:
    if "ALAC" in subtype and channels > 2:
        with pytest.raises(AudioFileError, match="at most 2 channels"):
            info(format, subtype, channels=channels).check_writable(tmp_path / "a.m4a")
        return
    for samples in (1, 1023, 4097, 20_011):
        x = np.random.default_rng(samples).uniform(-0.3, 0.3, (channels, samples)).astype(np.float32)
        write(tmp_path / f"a{suffix}", x, info(format, subtype, channels=channels))
        y, reader = read(tmp_path / f"a{suffix}")
        assert (reader.info.format, reader.info.subtype) == (format, subtype)
        filled = 648 if (subtype, samples) == ("OPUS", 1) else samples  # less than the first packet
        assert y.shape == (channels, filled)
        if lossless:
            np.testing.assert_allclose(y, x, rtol=0, atol=2**-15 if "16" in subtype else 2**-23)
    if not lossless:
        x = np.clip(sound(20_011, channels, RATE), -0.9, 0.9)
        write(tmp_path / f"a{suffix}", x, info(format, subtype, channels=channels))
        y = read(tmp_path / f"a{suffix}")[0]
        # Of the fourth channel, the LFE, AAC keeps the lowest tones only, which are alike a sample later.
        lags = [lag(a, b) for number, (a, b) in enumerate(zip(x, y, strict=True)) if (channels, number) != (6, 3)]
        assert set(lags) == {0}


@pytest.mark.parametrize(
    ("suffix", "muxer", "codec", "more"),
    [
        (".aac", "adts", "aac", 2_100), (".ac3", "ac3", "ac3", 2_000), (".mkv", "matroska", "aac", 2_100),
        (".avi", "avi", "libmp3lame", 3_500), (".ts", "mpegts", "aac", 2_100), (".wav", "wav", "ac3", 2_000),
        (".wv", "wv", "wavpack", 0), (".tta", "tta", "tta", 0), (".mka", "matroska", "libopus", 0),
        (".voc", "voc", "pcm_s16le", 0),
    ],
)  # fmt: skip
def test_formats_that_are_only_read(tmp_path: Path, suffix: str, muxer: str, codec: str, more: int) -> None:
    x = sound(20_011, 2, RATE)
    write_media(tmp_path / f"a{suffix}", muxer, codec, x, RATE)
    y, reader = read(tmp_path / f"a{suffix}")
    assert x.shape[1] <= y.shape[1] <= x.shape[1] + more
    copy(tmp_path / f"a{suffix}", tmp_path / "b.wav")
    np.testing.assert_allclose(read(tmp_path / "b.wav")[0], np.clip(y, -1, 1), atol=2**-14)
    if codec in ("wavpack", "tta", "pcm_s16le"):
        np.testing.assert_allclose(y, x, atol=2**-7)  # PyAV chooses 8 bits
    if suffix in (".aac", ".ac3", ".ts", ".voc"):
        assert "does not tell its length" in " ".join(reader.notes)
        with pytest.raises(AudioFileError, match="can only be read; name an output file that ends in"):
            reader.info.for_name(tmp_path / f"b{suffix}")


def test_amr_of_a_telephone(tmp_path: Path) -> None:
    write_media(tmp_path / "a.amr", "amr", "libopencore_amrnb", sound(8_000, 1, 8_000), 8_000)
    x, reader = read(tmp_path / "a.amr")
    assert reader.info.sample_rate == 8_000
    assert 8_000 <= x.shape[1] <= 8_400


@pytest.mark.parametrize(("name", "kind"), [("talk.m4a", "MP4"), ("talk.mp4", "MP4"), ("cbr-no-info.mp3", "MP3")])
@pytest.mark.parametrize("wrong", [".mp3", ".wav", ".flac", ".m4a", ".ogg"])
def test_the_content_decides_and_not_the_name(tmp_path: Path, name: str, kind: str, wrong: str) -> None:
    path = tmp_path / f"a{wrong}"
    path.write_bytes((CASES / name).read_bytes())
    x, reader = read(path)
    np.testing.assert_array_equal(x, read(CASES / name)[0])
    assert reader.info.format == kind
    if (wrong, kind) not in ((".mp3", "MP3"), (".m4a", "MP4")):
        assert f"is {kind} by its content" in reader.notes[0]


@pytest.mark.parametrize("name", ["talk.m4a", "talk.mp4"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_cut_file_is_refused(tmp_path: Path, name: str, share: float) -> None:
    data = (CASES / name).read_bytes()
    (tmp_path / name).write_bytes(data[: int(share * len(data))])
    with pytest.raises(AudioFileError, match=r"ends early|damaged"):
        AudioReader(tmp_path / name)


@pytest.mark.parametrize(("suffix", "muxer"), [(".mkv", "matroska"), (".avi", "avi"), (".wma", "asf")])
def test_a_cut_file_of_a_container_that_tells_its_size_is_refused(tmp_path: Path, suffix: str, muxer: str) -> None:
    codec = "wmav2" if muxer == "asf" else "libmp3lame"
    write_media(tmp_path / f"a{suffix}", muxer, codec, sound(100_000, 1, RATE), RATE)
    data = (tmp_path / f"a{suffix}").read_bytes()
    (tmp_path / f"a{suffix}").write_bytes(data[: len(data) // 2])
    with pytest.raises(AudioFileError, match="ends early"):
        AudioReader(tmp_path / f"a{suffix}")


def test_pictures_without_sound_are_refused(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as out:
        video = out.add_stream("mpeg4", rate=25)
        video.width = video.height = 32
        video.pix_fmt = "yuv420p"
        out.mux(video.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        out.mux(video.encode(None))
    with pytest.raises(AudioFileError, match="only pictures"):
        AudioReader(tmp_path / "a.mp4")


def test_a_playlist_opens_no_other_file(tmp_path: Path) -> None:
    copy(CASES / "talk.m4a", tmp_path / "secret.wav")
    (tmp_path / "a.mp4").write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n{tmp_path / 'secret.wav'}\n")
    (tmp_path / "b.mp4").write_text(f"ffconcat version 1.0\nfile {tmp_path / 'secret.wav'}\n")
    for name in ("a.mp4", "b.mp4"):
        with pytest.raises(AudioFileError, match="not a sound file"):
            AudioReader(tmp_path / name)


def test_without_pyav_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(AudioFileError, match=r"PyAV, which is missing: pip install 'phaseaware\[media\]'"):
        AudioReader(CASES / "talk.m4a")
    with pytest.raises(AudioFileError, match=r"pip install 'phaseaware\[media\]'"):
        AudioWriter(tmp_path / "a.m4a", info("MP4", "AAC"))
    assert list(tmp_path.iterdir()) == []


def test_a_video_that_does_not_take_its_sound_has_a_name_that_does() -> None:
    like = info("WEBM", "VORBIS", channels=2, rate=44_100, container=Path("a.webm"))
    with pytest.raises(AudioFileError, match=r"\.mkv for the video, \.wav for its sound \(rates: 48000 Hz\)"):
        like.for_name("b.webm")


@pytest.mark.parametrize(
    ("name", "rate", "channels"), [("a.webm", 44_100, 2), ("a.m4a", 192_000, 2), ("a.m4a", 48_000, 9)]
)
def test_rates_and_channels_that_do_not_fit_are_refused(name: str, rate: int, channels: int) -> None:
    with pytest.raises(AudioFileError, match="does not take"):
        info("WAV", "PCM_16", channels=channels, rate=rate).for_name(name)


def test_tags_chapters_and_covers_of_mp4_stay(tmp_path: Path) -> None:
    from .test_metadata import TEXTS, everything, held, png

    write(tmp_path / "a.m4a", sound(20_011, 1, RATE), info("MP4", "AAC", metadata=everything()))
    copy(tmp_path / "a.m4a", tmp_path / "b.m4a")
    for name in ("a.m4a", "b.m4a"):
        found = held(tmp_path / name)
        for tag, texts in TEXTS.items():
            assert "; ".join(found.tags[tag]) == "; ".join(texts)
        assert [picture.data for picture in found.pictures] == [png()]
        assert [(round(c.start, 3), c.title) for c in found.chapters] == [(0.0, "one"), (0.05, "zwei")]


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    with AudioReader(CASES / "talk.mp4") as reader:
        like = reader.info.for_name(tmp_path / "a.mp4")
    with pytest.raises(KeyboardInterrupt), AudioWriter(tmp_path / "a.mp4", like) as writer:  # noqa: PT012
        writer.write(np.zeros((1, 9_000), np.float32))
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_video_keeps_the_order_of_its_tracks_and_what_they_say(tmp_path: Path) -> None:
    """Players choose the first sound, or that which is marked."""
    import av

    with av.open(str(tmp_path / "a.mkv"), "w", format="matroska") as out:
        video = out.add_stream("mpeg4", rate=25, width=32, height=32, pix_fmt="yuv420p")
        sounds = [out.add_stream("pcm_s16le", rate=RATE, layout="mono") for _ in range(2)]
        sounds[0].disposition = av.stream.Disposition.default
        for stream, language in zip(sounds, ("ita", "fra"), strict=True):
            stream.metadata.update({"language": language, "title": f"in {language}"})
        out.metadata["creation_time"] = "2020-01-02T03:04:05.000000Z"
        video.metadata["timecode"] = "01:02:03:04"
        picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        picture.pts = 0
        out.mux([*video.encode(picture), *video.encode(None)])
        for stream in sounds:
            frame = av.AudioFrame.from_ndarray(np.full((1, 4_800), 900, np.int16), format="s16", layout="mono")
            frame.sample_rate, frame.pts = RATE, 0
            out.mux([*stream.encode(frame), *stream.encode(None)])
    for name in ("b.mkv", "b.mov"):
        copy(tmp_path / "a.mkv", tmp_path / name)
        with av.open(str(tmp_path / name)) as found:
            assert [stream.type for stream in found.streams][:3] == ["video", "audio", "audio"]
            assert [stream.metadata["language"] for stream in found.streams.audio] == ["ita", "fra"]
            assert [bool(stream.disposition & 1) for stream in found.streams.audio] == [True, False]
            assert found.metadata["creation_time"] == "2020-01-02T03:04:05.000000Z"
            texts = {name.lower(): text for name, text in found.streams.video[0].metadata.items()}
            assert texts["timecode"] == "01:02:03:04"


@pytest.mark.parametrize("suffix", [".mov", ".mp4", ".m4a", ".flac"])
@pytest.mark.parametrize("title", [{}, {"title": "T"}])
def test_what_a_telephone_says_of_a_recording_stays(tmp_path: Path, suffix: str, title: dict[str, str]) -> None:
    """In QuickTime's own list, and in the movie's header, where mutagen does not look. Twice, as it is read and written
    in other ways then."""
    said = {"com.apple.quicktime.make": "A", "com.apple.quicktime.location.iso6709": "+48.1+011.5/",
            "creation_time": "2020-01-02T03:04:05.000000Z"}  # fmt: skip
    like = AudioInfo(
        sample_rate=RATE, channels=1, frames=0, format="MOV", subtype="PCM_16",
        metadata=Metadata(family="", tags={name: (text,) for name, text in (said | title).items()}),
    )  # fmt: skip
    with AudioWriter(tmp_path / "a.mov", like) as writer:
        writer.write(np.zeros((1, 4_800), np.float32))
    copy(tmp_path / "a.mov", tmp_path / f"b{suffix}")
    copy(tmp_path / f"b{suffix}", tmp_path / f"c{suffix}")
    metadata = read(tmp_path / f"c{suffix}")[1].info.metadata
    assert metadata is not None
    assert {name: text for name in said | title for text in metadata.tags.get(name, ())} == said | title


def test_what_stands_beside_sound_alone_is_named(tmp_path: Path) -> None:
    import av

    with av.open(str(tmp_path / "a.mka"), "w", format="matroska") as out:
        sound = out.add_stream("pcm_s16le", rate=RATE, layout="mono")
        out.add_attachment("notes.txt", "text/plain", b"hello")
        out.metadata["title"], sound.metadata["title"] = "Of the file", "Of the track"
        frame = av.AudioFrame.from_ndarray(np.full((1, 4_800), 900, np.int16), format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        out.mux([*sound.encode(frame), *sound.encode(None)])
    notes = " ".join(copy(tmp_path / "a.mka", tmp_path / "b.mka").notes)
    assert "notes.txt" in notes
    assert "the title of the track, Of the track" in notes


@pytest.mark.parametrize("name", ["a.mka", "a.mkv", "a.webm"])
def test_tags_of_matroska_keep_their_names(tmp_path: Path, name: str) -> None:
    tags = ["title", "artist", "album", "album_artist", "composer", "genre", "track", "disc", "date", "comment", "own"]
    write_media(tmp_path / name, "webm" if name == "a.webm" else "matroska", "libopus", sound(4_800, 1, RATE), RATE)
    with av.open(str(tmp_path / name)) as old, av.open(str(tmp_path / f"b{name}"), "w") as new:
        new.metadata.update({tag: f"some {tag}" for tag in tags})
        stream = new.add_stream_from_template(old.streams.audio[0])
        for packet in old.demux(old.streams.audio[0]):
            if packet.size:
                packet.stream = stream
                new.mux(packet)
    copy(tmp_path / f"b{name}", tmp_path / f"c{name}")
    said = []
    for letter in "bc":
        with av.open(str(tmp_path / (letter + name))) as container:
            said.append({tag: text for tag, text in container.metadata.items() if tag.lower() != "encoder"})
    assert {tag.lower(): text for tag, text in said[0].items()} == {tag: f"some {tag}" for tag in tags}
    assert said[1] == said[0]
