"""Sound files: what is written is what is read, and nothing half-written is left."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from phaseaware.engine import audio
from phaseaware.engine.audio import SUFFIXES, AudioFileError, AudioInfo, AudioReader, AudioWriter
from phaseaware.engine.audio.formats import MEDIA, READ_ONLY

RATE = 48_000
LOSSLESS = [
    ("a.wav", "WAV", "PCM_U8", 2**-7), ("a.wav", "WAV", "PCM_16", 2**-15), ("a.wav", "WAV", "PCM_24", 2**-23),
    ("a.wav", "WAV", "PCM_32", 2**-22), ("a.wav", "WAV", "FLOAT", 0), ("a.wav", "WAV", "DOUBLE", 0),
    ("a.wav", "WAVEX", "PCM_24", 2**-23), ("a.w64", "W64", "PCM_24", 2**-23), ("a.rf64", "RF64", "FLOAT", 0),
    ("a.caf", "CAF", "PCM_24", 2**-23), ("a.caf", "CAF", "ALAC_16", 2**-15), ("a.au", "AU", "FLOAT", 0),
    ("a.aiff", "AIFF", "PCM_24", 2**-23), ("a.flac", "FLAC", "PCM_16", 2**-15), ("a.flac", "FLAC", "PCM_24", 2**-23),
]  # fmt: skip
LOSSY = [("a.ogg", "OGG", "VORBIS"), ("a.opus", "OGG", "OPUS"), ("a.mp3", "MP3", "MPEG_LAYER_III")]
CODED = [("a.wav", "WAV", subtype) for subtype in ("ULAW", "IMA_ADPCM", "MS_ADPCM", "GSM610")]

Samples = NDArray[np.float32]


def info(format: str = "WAV", subtype: str = "FLOAT", *, channels: int = 1, rate: int = RATE, **more: Any) -> AudioInfo:
    return AudioInfo(sample_rate=rate, channels=channels, frames=0, format=format, subtype=subtype, **more)


def write(path: Path, x: Samples, like: AudioInfo, *, cut: int = 7919, overwrite: bool = False) -> AudioWriter:
    with AudioWriter(path, like, overwrite=overwrite) as writer:
        for start in range(0, x.shape[1], cut):
            writer.write(x[:, start : start + cut])
    return writer


def read(path: Path, samples: int = audio.BLOCK) -> Samples:
    with AudioReader(path) as reader:
        return np.concatenate(list(reader.blocks(samples)), axis=1)


def copy_file(source: Path, target: Path) -> Samples:
    """From file to file through the two classes; returns what was carried."""
    with AudioReader(source) as reader, AudioWriter(target, reader.info) as writer:
        blocks = list(reader.blocks())
        for block in blocks:
            writer.write(block)
    return np.concatenate(blocks, axis=1)


@pytest.fixture
def x(rng: np.random.Generator) -> Samples:
    return (0.2 * rng.standard_normal((2, 20_011))).clip(-0.99, 0.99).astype(np.float32)


# Round trips


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
        told = reader.info
    assert (told.format, told.subtype, told.channels, told.frames) == (format, subtype, channels, 9_001)
    np.testing.assert_allclose(read(tmp_path / name), x, rtol=0, atol=step)


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
        back = read(target)[0]
        shifts = range(-3, 4)
        middle = carried[0, 1000:-1000]
        products = [float(middle @ back[1000 + s : len(back) - 1000 + s]) for s in shifts]
        assert shifts[int(np.argmax(products))] == 0


@pytest.mark.parametrize("rate", [8_000, 192_000])
@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.w64", "a.caf", "a.aiff", "a.au"])
def test_the_lowest_and_highest_rates(tmp_path: Path, x: Samples, name: str, rate: int) -> None:
    like = info("WAV", "PCM_16", channels=2, rate=rate).for_name(name)
    write(tmp_path / name, x, like)
    with AudioReader(tmp_path / name) as reader:
        assert (reader.info.sample_rate, reader.info.frames) == (rate, x.shape[1])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    samples=st.integers(1, 5000), cut=st.integers(1, 3000), block=st.integers(1, 3000),
    name=st.sampled_from(["a.wav", "a.flac", "a.ogg"]),
)  # fmt: skip
def test_blocks_do_not_change_the_file(tmp_path: Path, samples: int, cut: int, block: int, name: str) -> None:
    x = np.random.default_rng(samples).uniform(-0.5, 0.5, (1, samples)).astype(np.float32)
    like = info("WAV", "PCM_16").for_name(name)
    write(tmp_path / name, x, like, cut=cut, overwrite=True)
    write(tmp_path / ("whole-" + name), x, like, cut=samples, overwrite=True)
    blocks = read(tmp_path / name, block)
    assert blocks.shape == (1, samples)
    np.testing.assert_array_equal(blocks, read(tmp_path / name))
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
    np.testing.assert_allclose(read(tmp_path / name), np.clip(x, -1, 1), atol=2**-7 if subtype == "PCM_U8" else 2**-15)


def test_floats_are_not_clipped(tmp_path: Path) -> None:
    x = np.array([[0.5, 1.5, -40.0]], np.float32)
    assert write(tmp_path / "a.wav", x, info()).clipped == 0
    np.testing.assert_array_equal(read(tmp_path / "a.wav"), x)


def test_nan_and_inf_are_counted_when_read_and_refused_when_written(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.array([0.1, np.nan, np.inf, -np.inf]), RATE, "FLOAT")
    with AudioReader(tmp_path / "a.wav") as reader:
        (block,) = reader.blocks()
        assert reader.not_finite == 3
    for bad in (block[:, 1:2], block[:, 2:3], block[:, 3:]):
        with pytest.raises(AudioFileError, match="NaN or inf"):
            write(tmp_path / "out.wav", bad, info())
    assert os.listdir(tmp_path) == ["a.wav"]


# What cannot be read


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
    assert read(path).shape == (1, 30_000)
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(AudioFileError, match=r"ends early|damaged"):
        read(path)


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
    assert read(tmp_path / "a.wav").shape[1] > 1001


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF000, 0x7FFFFFFF])
def test_headers_left_open_by_a_pipe_are_no_error(tmp_path: Path, x: Samples, size: int) -> None:
    """A program that cannot seek back writes the length as the largest number, or nearly."""
    path = tmp_path / "a.wav"
    soundfile.write(path, x.T, RATE, "PCM_16")
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = data[4:8] = size.to_bytes(4, "little")
    path.write_bytes(data)
    assert read(path).shape == x.shape


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
    np.testing.assert_allclose(read(path), x, atol=2**-15)


def test_a_missing_pad_byte_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(1001), RATE, "PCM_24")
    data = path.read_bytes()
    assert len(data) % 2 == 0
    path.write_bytes(data[:-1])
    assert read(path).shape == (1, 1001)


# What cannot be written


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path, x: Samples) -> None:
    with AudioWriter(tmp_path / "a.wav", info(channels=2)) as writer:
        writer.write(x)
        assert "a.wav" not in names(tmp_path)
    assert names(tmp_path) == ["a.wav"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
def test_an_exception_leaves_nothing(tmp_path: Path, x: Samples, name: str, error: type[BaseException]) -> None:
    like = info("WAV", "PCM_16", channels=2).for_name(name)
    with pytest.raises(error), AudioWriter(tmp_path / name, like) as writer:  # noqa: PT012
        writer.write(x)
        raise error
    assert names(tmp_path) == []


def test_an_exception_leaves_the_file_that_was_there(tmp_path: Path, x: Samples) -> None:
    (tmp_path / "a.wav").write_bytes(b"precious")
    writer = AudioWriter(tmp_path / "a.wav", info(channels=2), overwrite=True)
    with pytest.raises(KeyboardInterrupt), writer:  # noqa: PT012
        writer.write(x)
        raise KeyboardInterrupt
    assert (tmp_path / "a.wav").read_bytes() == b"precious"
    assert names(tmp_path) == ["a.wav"]


def test_nothing_is_overwritten_unless_asked(tmp_path: Path, x: Samples) -> None:
    (tmp_path / "a.wav").write_bytes(b"precious")
    with pytest.raises(AudioFileError, match="exists already"):
        AudioWriter(tmp_path / "a.wav", info(channels=2))
    assert (tmp_path / "a.wav").read_bytes() == b"precious"
    write(tmp_path / "a.wav", x, info(channels=2), overwrite=True)
    np.testing.assert_array_equal(read(tmp_path / "a.wav"), x)


def test_a_file_that_came_meanwhile_is_kept(tmp_path: Path, x: Samples) -> None:
    writer = AudioWriter(tmp_path / "a.wav", info(channels=2))
    with pytest.raises(AudioFileError, match="exists already"), writer:  # noqa: PT012
        writer.write(x)
        (tmp_path / "a.wav").write_bytes(b"precious")
    assert (tmp_path / "a.wav").read_bytes() == b"precious"
    assert names(tmp_path) == ["a.wav"]


def test_a_missing_folder_and_a_folder_as_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="No such file or directory"):
        AudioWriter(tmp_path / "no" / "a.wav", info())
    with pytest.raises(AudioFileError, match="is a folder"):
        AudioWriter(tmp_path, info(), overwrite=True)


@pytest.mark.skipif(os.name != "posix", reason="links as POSIX has them")
def test_the_file_behind_a_link_is_replaced(tmp_path: Path, x: Samples) -> None:
    (tmp_path / "link.wav").symlink_to("a.wav")
    (tmp_path / "a.wav").touch()
    write(tmp_path / "link.wav", x, info(channels=2), overwrite=True)
    assert (tmp_path / "link.wav").is_symlink()
    assert read(tmp_path / "a.wav").shape == x.shape


@pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")
def test_the_rights_are_those_of_a_new_file(tmp_path: Path, x: Samples) -> None:
    before = os.umask(0o027)
    try:
        write(tmp_path / "a.wav", x, info(channels=2))
    finally:
        os.umask(before)
    assert (tmp_path / "a.wav").stat().st_mode & 0o777 == 0o640


_WRITE = """
import os, sys
import numpy as np
from phaseaware.engine.audio import AudioFileError, AudioInfo, AudioWriter

name, format, subtype, limit = sys.argv[1:]
x = np.random.default_rng(0).uniform(-0.5, 0.5, (1, 20_000)).astype(np.float32)
if limit == "user":
    os.setuid(65534)
elif limit != "none":
    import resource, signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
info = AudioInfo(sample_rate=48000, channels=1, frames=0, format=format, subtype=subtype)
try:
    with AudioWriter(name, info) as writer:
        for _ in range(20):
            writer.write(x)
except AudioFileError as error:
    print(error.reason)
    sys.exit(7)
"""


def write_elsewhere(path: Path, format: str, subtype: str, limit: str) -> subprocess.CompletedProcess[str]:
    """Twenty blocks of noise, by a process with a limit."""
    command = [sys.executable, "-c", _WRITE, str(path), format, subtype, limit]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of this kind")
@pytest.mark.parametrize(
    ("name", "format", "subtype"),
    [("a.wav", "WAV", "PCM_16"), ("a.flac", "FLAC", "PCM_16"), *LOSSY, ("a.caf", "CAF", "PCM_16")],
)
def test_a_full_disk_leaves_nothing(tmp_path: Path, name: str, format: str, subtype: str) -> None:
    """The limit on the size of files stands for the disk: writes beyond it fail."""
    done = write_elsewhere(tmp_path / name, format, subtype, "30000")
    assert done.returncode == 7, done.stderr
    assert "disk full" in done.stdout
    assert done.stderr == ""
    assert names(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="needs root to mount a small disk")
@pytest.mark.parametrize(
    ("name", "format", "subtype"), [("a.wav", "WAV", "PCM_16"), LOSSY[0], ("a.caf", "CAF", "ALAC_16")]
)
def test_a_disk_that_is_really_full_leaves_nothing(tmp_path: Path, name: str, format: str, subtype: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this root may not mount")
    try:
        done = write_elsewhere(disk / name, format, subtype, "none")
        assert done.returncode == 7, done.stderr
        assert re.search("the disk is full|is the disk full", done.stdout)  # ALAC tells nothing: read back
        assert names(disk) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.skipif(sys.platform == "win32", reason="rights as POSIX has them")
def test_a_read_only_folder_is_refused() -> None:
    # Not tmp_path: the other user that root becomes for this may not enter it.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        done = write_elsewhere(folder / "a.wav", "WAV", "PCM_16", "user" if os.geteuid() == 0 else "none")
        assert done.returncode == 7, done.stderr
        assert "Permission denied" in done.stdout
        assert names(folder) == []


def test_a_file_that_cannot_be_synchronised_leaves_nothing(
    tmp_path: Path, x: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Network disks tell that they are full only when data is brought to them."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AudioFileError, match="No space left on device"):
        write(tmp_path / "a.wav", x, info(channels=2))
    assert names(tmp_path) == []


def test_samples_lost_on_the_way_to_the_disk_are_noticed(tmp_path: Path, x: Samples) -> None:
    writer = AudioWriter(tmp_path / "a.wav", info(channels=2))
    with pytest.raises(AudioFileError, match="20011 samples were written and 20010 can be read back"), writer:  # noqa: PT012
        writer.write(x[:, :-1])
        writer.frames += 1
    assert names(tmp_path) == []


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
    assert read(path).shape == x.shape


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
        (info("MP3", "MPEG_LAYER_II"), "a.mp3", "MPEG_LAYER_II does not take"),
    ],
)
def test_formats_that_do_not_fit_are_refused(like: AudioInfo, name: str, reason: str) -> None:
    with pytest.raises(AudioFileError, match=reason):
        like.for_name(name)
