"""Sound files: what is written is what is read, and nothing half-written is left."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from phaseaware.engine.audio import SUFFIXES, AudioFileError, AudioInfo, AudioReader, AudioWriter
from phaseaware.engine.audio.formats import MEDIA, READ_ONLY

from .helpers import CODED, LOSSLESS, LOSSY, RATE, Samples, copy_file, info, samples_of, write


@pytest.mark.parametrize(("name", "format", "subtype", "step"), LOSSLESS)
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_what_is_read_is_what_was_written(
    tmp_path: Path, rng: np.random.Generator, name: str, format: str, subtype: str, step: float, channels: int
) -> None:
    x = rng.uniform(-0.99, 0.99, (channels, 9_001)).astype(np.float32)
    writer = write(tmp_path / name, x, info(format, subtype, channels=channels))
    assert writer.frames == 9_001
    assert writer.clipped == 0
    with AudioReader(tmp_path / name) as reader:
        found = reader.info
    assert (found.format, found.subtype, found.channels, found.frames) == (format, subtype, channels, 9_001)
    np.testing.assert_allclose(samples_of(tmp_path / name), x, rtol=0, atol=step)


@pytest.mark.parametrize(("name", "format", "subtype"), LOSSY + CODED)
@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
@pytest.mark.parametrize("samples", [1, 1152, 12_345])
def test_coded_sound_keeps_rate_length_and_place(
    tmp_path: Path, rng: np.random.Generator, name: str, format: str, subtype: str, rate: int, samples: int
) -> None:
    source = tmp_path / name
    soundfile.write(source, 0.1 * rng.standard_normal(samples), rate, subtype=subtype, format=format)
    target = tmp_path / ("copy-" + name)
    carried = copy_file(source, target)
    with AudioReader(target) as reader:
        assert (reader.info.sample_rate, reader.info.subtype) == (rate, subtype)
        assert reader.info.frames == carried.shape[1]
    if subtype not in ("IMA_ADPCM", "MS_ADPCM", "GSM610"):  # these hold whole blocks only
        assert carried.shape[1] == samples
    if samples > 10_000 and subtype != "GSM610":
        # Encoder delay would move the sound: the correlation must peak at no shift.
        back = samples_of(target)[0]
        shifts = range(-3, 4)
        middle = carried[0, 1000:-1000]
        products = [float(middle @ back[1000 + s : len(back) - 1000 + s]) for s in shifts]
        assert shifts[int(np.argmax(products))] == 0


@pytest.mark.parametrize(("name", "format", "subtype"), LOSSY + CODED)
def test_coded_sound_takes_tags(tmp_path: Path, name: str, format: str, subtype: str) -> None:
    like = info(format, subtype, rate=8_000, tags={"title": "T"})
    write(tmp_path / name, np.full((1, 4_000), 0.1, np.float32), like)
    with AudioReader(tmp_path / name) as reader:
        assert reader.info.tags["title"] == "T"
        assert reader.info.frames >= 4_000


@pytest.mark.parametrize(("name", "format", "subtype"), CODED)
@pytest.mark.parametrize("samples", [1, 4_000, 4_001])
def test_silence_that_fills_up_a_block_is_told(
    tmp_path: Path, name: str, format: str, subtype: str, samples: int
) -> None:
    x = np.full((1, samples), 0.25, np.float32)
    writer = write(tmp_path / name, x, info(format, subtype))
    more = samples_of(tmp_path / name).shape[1] - samples
    assert more == 0 or subtype != "ULAW"
    told = (f"{more} samples of silence at its end fill up the last block of its codec",) if more else ()
    assert writer.notes == told


def test_layers_that_are_only_read_become_the_one_that_is_written() -> None:
    assert info("MP3", "MPEG_LAYER_II").for_name("a.mp3").subtype == "MPEG_LAYER_III"


@pytest.mark.parametrize("rate", [8_000, 192_000])
@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.w64", "a.caf", "a.aiff", "a.au"])
def test_the_lowest_and_highest_rates(tmp_path: Path, x: Samples, name: str, rate: int) -> None:
    like = info("WAV", "PCM_16", channels=2, rate=rate).for_name(name)
    write(tmp_path / name, x, like)
    with AudioReader(tmp_path / name) as reader:
        assert (reader.info.sample_rate, reader.info.frames) == (rate, x.shape[1])


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    samples=st.integers(1, 5000), cut=st.integers(1, 3000), block=st.integers(1, 3000),
    name=st.sampled_from(["a.wav", "a.flac", "a.ogg"]),
)  # fmt: skip
def test_blocks_do_not_change_the_file(tmp_path: Path, samples: int, cut: int, block: int, name: str) -> None:
    x = np.random.default_rng(samples).uniform(-0.5, 0.5, (1, samples)).astype(np.float32)
    like = info("WAV", "PCM_16").for_name(name)
    write(tmp_path / name, x, like, cut=cut, overwrite=True)
    write(tmp_path / ("whole-" + name), x, like, cut=samples, overwrite=True)
    blocks = samples_of(tmp_path / name, block)
    assert blocks.shape == (1, samples)
    np.testing.assert_array_equal(blocks, samples_of(tmp_path / name))
    if name != "a.ogg":  # Vorbis decides by what it has been given so far
        assert (tmp_path / name).read_bytes() == (tmp_path / ("whole-" + name)).read_bytes()


def test_blocks_have_the_length_asked_for(tmp_path: Path, x: Samples) -> None:
    write(tmp_path / "a.wav", x, info(channels=2))
    with AudioReader(tmp_path / "a.wav") as reader:
        assert [block.shape for block in reader.blocks(8192)] == [(2, 8192), (2, 8192), (2, 20_011 - 16_384)]


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.opus", "a.mp3", "a.caf", "a.aiff"])
def test_tags_stay(tmp_path: Path, x: Samples, name: str) -> None:
    tags = {"title": "Küche", "artist": "A. Nyone", "comment": "take 3"}
    write(tmp_path / name, x, info("WAV", "PCM_16", channels=2, tags=tags).for_name(name))
    copy_file(tmp_path / name, tmp_path / ("copy-" + name))
    with AudioReader(tmp_path / ("copy-" + name)) as reader:
        assert {key: reader.info.tags.get(key) for key in tags} == tags


def test_tags_that_a_format_lacks_are_no_error(tmp_path: Path, x: Samples) -> None:
    write(tmp_path / "a.w64", x, info("W64", "PCM_16", channels=2, tags={"title": "lost"}))
    with AudioReader(tmp_path / "a.w64") as reader:
        assert dict(reader.info.tags) == {}


def test_minutes_in_one_block_do_not_crash_the_encoder(tmp_path: Path) -> None:
    """libsndfile 1.2.2 overflows the stack when it gets a minute of Ogg Vorbis in one piece."""
    minutes = AudioInfo(sample_rate=8000, channels=1, frames=0, format="OGG", subtype="VORBIS")
    with AudioWriter(tmp_path / "x.ogg", minutes) as writer:
        writer.write(np.zeros((1, 3_000_000), np.float32))
    assert soundfile.info(tmp_path / "x.ogg").frames == 3_000_000


# Clipping


@pytest.mark.parametrize(
    ("name", "subtype"),
    [("a.wav", "PCM_U8"), ("a.wav", "PCM_16"), ("a.wav", "PCM_24"), ("a.wav", "PCM_32"), ("a.flac", "PCM_24")],
)
def test_beyond_full_scale_is_clipped_and_counted(tmp_path: Path, name: str, subtype: str) -> None:
    x = np.array([[0.5, 1.5, -1.5, 1.0, -1.0, 40.0, -0.5]], np.float32)
    writer = write(tmp_path / name, x, info("FLAC" if name.endswith("flac") else "WAV", subtype), cut=2)
    assert writer.clipped == 3
    step = 2**-7 if subtype == "PCM_U8" else 2**-15
    np.testing.assert_allclose(samples_of(tmp_path / name), np.clip(x, -1, 1), atol=step)


def test_floats_are_not_clipped(tmp_path: Path) -> None:
    x = np.array([[0.5, 1.5, -40.0]], np.float32)
    assert write(tmp_path / "a.wav", x, info()).clipped == 0
    np.testing.assert_array_equal(samples_of(tmp_path / "a.wav"), x)


def test_nan_and_inf_are_counted_when_read_and_refused_when_written(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.array([0.1, np.nan, np.inf, -np.inf]), RATE, "FLOAT")
    with AudioReader(tmp_path / "a.wav") as reader:
        (block,) = reader.blocks()
        assert reader.not_finite == 3
    for bad in (block[:, 1:2], block[:, 2:3], block[:, 3:]):
        with pytest.raises(AudioFileError, match="NaN or inf"):
            write(tmp_path / "out.wav", bad, info())
    assert os.listdir(tmp_path) == ["a.wav"]


# Other names


@pytest.mark.parametrize(
    ("format", "subtype", "name", "expected"),
    [
        ("WAV", "PCM_24", "b.flac", ("FLAC", "PCM_24")),
        ("WAV", "FLOAT", "b.flac", ("FLAC", "PCM_24")),
        ("WAV", "DOUBLE", "b.aiff", ("AIFF", "DOUBLE")),
        ("WAV", "PCM_U8", "b.flac", ("FLAC", "PCM_16")),
        ("FLAC", "PCM_24", "b.wav", ("WAV", "PCM_24")),
        ("MP3", "MPEG_LAYER_III", "b.wav", ("WAV", "PCM_16")),
        ("MP3", "MPEG_LAYER_III", "b.WAV", ("WAV", "PCM_16")),
        ("WAVEX", "PCM_24", "b.wav", ("WAVEX", "PCM_24")),
        ("RF64", "PCM_24", "b.wav", ("RF64", "PCM_24")),
        ("OGG", "OPUS", "b.ogg", ("OGG", "OPUS")),
        ("OGG", "VORBIS", "b.opus", ("OGG", "OPUS")),
        ("WAV", "PCM_16", "b.mp3", ("MP3", "MPEG_LAYER_III")),
    ],
)
def test_the_suffix_decides_the_format(format: str, subtype: str, name: str, expected: tuple[str, str]) -> None:
    new = info(format, subtype, channels=2).for_name(name)
    assert (new.format, new.subtype) == expected


@pytest.mark.parametrize("suffix", [suffix for suffix, (format, _) in SUFFIXES.items() if format not in READ_ONLY])
def test_all_suffixes_can_be_written_and_read(tmp_path: Path, x: Samples, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    like = info("WAV", "PCM_16", channels=2).for_name(path)
    if like.format in MEDIA:
        pytest.importorskip("av", reason="needs the [media] extra")
    write(path, x, like)
    assert samples_of(path).shape == x.shape


def test_long_wav_files_become_rf64() -> None:
    hours = AudioInfo(sample_rate=RATE, channels=8, frames=3 * 3600 * RATE, format="FLAC", subtype="PCM_24")
    assert hours.for_name("a.wav").format == "RF64"
    assert hours.for_name("a.flac").format == "FLAC"
    assert replace(hours, format="WAVEX").for_name("a.wav").format == "RF64"


@pytest.mark.parametrize(
    ("like", "name", "reason"),
    [
        (info(), "a.wva", r"no sound format has the suffix '\.wva'; known: \.wav"),
        (info(), "a", "no sound format has the suffix ''"),
        (info(rate=44_100), "a.opus", "does not take 1 channel.* at 44100 Hz"),
        (info(rate=96_000), "a.mp3", "does not take 1 channel.* at 96000 Hz"),
        (info(channels=8), "a.mp3", "does not take 8 channel"),
    ],
)
def test_formats_that_do_not_fit_are_refused(like: AudioInfo, name: str, reason: str) -> None:
    with pytest.raises(AudioFileError, match=reason):
        like.for_name(name)
