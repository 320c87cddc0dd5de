"""What cannot be read: one line says why."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from phaseaware.engine.audio import SUFFIXES, AudioFileError, AudioReader

from .helpers import LOSSLESS, LOSSY, RATE, Samples, info, samples_of, write


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no such file"),
        (b"", "empty"),
        (b"This is not sound. " * 100, "not a sound file"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "not a sound file that can be read, or damaged"),
        (b"fLaC" + bytes(200), "not a sound file that can be read, or damaged|no sound"),
    ],
)
@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".txt", ""])
def test_what_is_no_sound_file_is_refused(tmp_path: Path, content: bytes | None, reason: str, suffix: str) -> None:
    path = tmp_path / f"in{suffix}"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AudioFileError, match=reason) as caught:
        AudioReader(path)
    assert caught.value.path == path
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="is a folder"):
        AudioReader(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are those of POSIX")
def test_a_pipe_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.wav")
    for path in (tmp_path / "a.wav", Path("/dev/zero")):
        with pytest.raises(AudioFileError, match="save it to a file first"):
            AudioReader(path)


def test_headerless_sound_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.raw").write_bytes(bytes(1000))
    with pytest.raises(AudioFileError, match="no header"):
        AudioReader(tmp_path / "a.raw")


@pytest.mark.parametrize("name", ["a.wav", "a.w64", "a.caf", "a.au", "a.aiff", "a.ogg"])
def test_no_samples_are_refused(tmp_path: Path, name: str) -> None:
    format, subtype = SUFFIXES[Path(name).suffix]
    soundfile.write(tmp_path / name, np.zeros(0), RATE, format=format, subtype=subtype)
    with pytest.raises(AudioFileError, match="holds no sound"):
        AudioReader(tmp_path / name)


@pytest.mark.parametrize("rate", [1, 7_999, 192_001, 384_000])
def test_rates_out_of_range_are_refused(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(10), rate)
    with pytest.raises(AudioFileError, match=rf"{rate} Hz, is not from 8000 to 192000"):
        AudioReader(tmp_path / "a.wav")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_files_of_others_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch(0o000)
    with pytest.raises(AudioFileError, match="Permission denied"):
        AudioReader(tmp_path / "a.wav")


@pytest.mark.parametrize(
    ("name", "format", "subtype"),
    [(name, format, subtype) for name, format, subtype, _ in LOSSLESS] + LOSSY + [("a.wav", "WAV", "ULAW")],
)
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9, 0.997])
def test_files_that_end_early_are_refused(
    tmp_path: Path, rng: np.random.Generator, name: str, format: str, subtype: str, share: float
) -> None:
    path = tmp_path / name
    soundfile.write(path, rng.uniform(-0.5, 0.5, 30_000), RATE, format=format, subtype=subtype)
    whole = path.read_bytes()
    assert samples_of(path).shape == (1, 30_000)
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(AudioFileError, match=r"ends early|damaged"):
        samples_of(path)


def test_the_end_is_missed_without_reading_it_all(tmp_path: Path, rng: np.random.Generator) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, rng.uniform(-0.5, 0.5, 30_000), RATE)
    with AudioReader(path) as reader:
        reader.check_end()
        assert next(reader.blocks()).shape == (1, 30_000)  # and it is at its beginning again
    path.write_bytes(path.read_bytes()[:-2000])
    with AudioReader(path) as reader, pytest.raises(AudioFileError, match="ends early"):
        reader.check_end()


@pytest.mark.parametrize("subtype", ["IMA_ADPCM", "MS_ADPCM", "GSM610"])
def test_formats_of_whole_blocks_are_filled_up(tmp_path: Path, x: Samples, subtype: str) -> None:
    write(tmp_path / "a.wav", x[:1, :1001], info("WAV", subtype))
    assert samples_of(tmp_path / "a.wav").shape[1] > 1001


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF000, 0x7FFFFFFF])
def test_headers_left_open_by_a_pipe_are_no_error(tmp_path: Path, x: Samples, size: int) -> None:
    """A program that cannot seek back writes the length as the largest number, or nearly."""
    path = tmp_path / "a.wav"
    soundfile.write(path, x.T, RATE, "PCM_16")
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = data[4:8] = size.to_bytes(4, "little")
    path.write_bytes(data)
    assert samples_of(path).shape == x.shape


def test_a_flac_stream_of_unknown_length_is_read(tmp_path: Path, x: Samples) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, x.T, RATE, "PCM_16")
    data = bytearray(path.read_bytes())
    # STREAMINFO: the number of samples is the 36 bits before the MD5 sum, which is at bytes 26 to 41.
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    path.write_bytes(data)
    pytest.importorskip("av", reason="needs the [media] extra")
    with AudioReader(path) as reader:
        assert reader.info.frames == x.shape[1]
        assert any("does not tell its length" in note for note in reader.notes)
    np.testing.assert_allclose(samples_of(path), x, atol=2**-15)


def test_a_missing_pad_byte_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(1001), RATE, "PCM_24")
    data = path.read_bytes()
    assert len(data) % 2 == 0
    path.write_bytes(data[:-1])
    assert samples_of(path).shape == (1, 1001)
