"""How long MP3 files are: by their frames, whatever their tags count."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from phaseaware.engine.audio import AudioFileError, AudioInfo, AudioReader, AudioWriter
from phaseaware.engine.audio.mpeg import find_parts, parse_header
from phaseaware.engine.audio.pieces import PiecedFile

from .helpers import CASES, RATE, read


@pytest.mark.parametrize(("name", "seconds"), [("vbr-no-xing.mp3", 24.0), ("cbr-no-info.mp3", 6.0)])
def test_mp3_without_a_tag_is_read_whole(name: str, seconds: float) -> None:
    x, reader = read(CASES / name)
    # The file does not tell the encoder's delay and padding: at most three frames of 1152.
    assert seconds * RATE <= x.shape[1] <= seconds * RATE + 3 * 1152
    assert x.shape[1] % 1152 == 0
    assert np.abs(x[0, -RATE:]).max() > 0
    assert "does not tell its length" in reader.notes[0]


def _mp3(path: Path, samples: int, *, rate: int = RATE, channels: int = 1) -> bytes:
    info = AudioInfo(sample_rate=rate, channels=channels, frames=0, format="MP3", subtype="MPEG_LAYER_III")
    with AudioWriter(path, info, overwrite=True) as writer:
        writer.write(np.random.default_rng(0).uniform(-0.3, 0.3, (channels, samples)).astype(np.float32))
    return path.read_bytes()


def _without_tag(data: bytes, path: Path) -> bytes:
    """The frames behind the tag's."""
    path.write_bytes(data)
    with open(path, "rb") as file:
        tag = find_parts(PiecedFile(file.fileno()))[0].pieces[0]
    assert isinstance(tag, tuple)
    return data[tag[1] :]


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_joined_mp3_files_have_the_length_of_their_parts(tmp_path: Path, rate: int, channels: int) -> None:
    one = _mp3(tmp_path / "a.mp3", 20_000, rate=rate, channels=channels)
    x = read(tmp_path / "a.mp3")[0]
    assert x.shape == (channels, 20_000)
    (tmp_path / "b.mp3").write_bytes(one + b"ID3\4\0\0\0\0\0\5tag.." + one)
    y, reader = read(tmp_path / "b.mp3")
    np.testing.assert_array_equal(y, np.concatenate([x, x], axis=1))
    assert "2 recordings" in reader.notes[0]


def test_a_part_without_tag_behind_one_with_it_is_not_lost(tmp_path: Path) -> None:
    one = _mp3(tmp_path / "a.mp3", 20_000)
    bare = _without_tag(one, tmp_path / "x")
    (tmp_path / "x.mp3").write_bytes(bare)
    alone = read(tmp_path / "x.mp3")[0].shape[1]
    assert alone >= 20_000
    (tmp_path / "b.mp3").write_bytes(one + bare)
    assert read(tmp_path / "b.mp3")[0].shape[1] == 20_000 + alone


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_count_of_mpeg_frames_may_include_the_tag_s_own(tmp_path: Path, rate: int, channels: int) -> None:
    whole = bytearray(_mp3(tmp_path / "a.mp3", 20_000, rate=rate, channels=channels))
    x = read(tmp_path / "a.mp3")[0]
    at = max(whole.find(b"Xing"), whole.find(b"Info")) + 8
    count = int.from_bytes(whole[at : at + 4], "big")
    whole[at : at + 4] = struct.pack(">I", count + 1)
    (tmp_path / "b.mp3").write_bytes(whole)
    y, reader = read(tmp_path / "b.mp3")
    np.testing.assert_array_equal(x, y)
    assert reader.notes == (
        f"its header counts {count + 1} MPEG frames, one more than there are; all that is there is taken",
    )
    (tmp_path / "b.mp3").write_bytes(whole + b"ID3\4\0\0\0\0\0\5tag.." + whole)
    np.testing.assert_array_equal(read(tmp_path / "b.mp3")[0], np.concatenate([x, x], axis=1))
    for cut in (1, len(whole) // 2):
        (tmp_path / "b.mp3").write_bytes(whole[:-cut])
        with pytest.raises(AudioFileError, match=f"of {count + 1} MPEG frames are there"):
            AudioReader(tmp_path / "b.mp3")


def test_recordings_of_other_rates_are_not_joined(tmp_path: Path) -> None:
    data = _mp3(tmp_path / "a.mp3", 20_000) + _mp3(tmp_path / "b.mp3", 20_000, rate=44_100)
    (tmp_path / "c.mp3").write_bytes(data)
    with pytest.raises(AudioFileError, match="48000 Hz and 1 at 44100 Hz; cut it"):
        AudioReader(tmp_path / "c.mp3")


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_recordings_of_other_channels_are_not_joined(tmp_path: Path, order: tuple[int, int]) -> None:
    parts = [_without_tag(_mp3(tmp_path / "a.mp3", 20_000, channels=count), tmp_path / "x") for count in order]
    (tmp_path / "c.mp3").write_bytes(b"".join(parts))
    with pytest.raises(AudioFileError, match=rf"{order[0]} channel\(s\) at 48000 Hz and {order[1]} at 48000 Hz; cut"):
        AudioReader(tmp_path / "c.mp3")


def test_what_is_no_frame_is_passed_over_and_told(tmp_path: Path) -> None:
    bare = _without_tag(_mp3(tmp_path / "a.mp3", 60_000), tmp_path / "x")
    with open(tmp_path / "x", "wb") as file:
        file.write(bare)
    (tmp_path / "b.mp3").write_bytes(bare)
    x = read(tmp_path / "b.mp3")[0]
    with open(tmp_path / "b.mp3", "rb") as file:
        end = find_parts(PiecedFile(file.fileno()))[0].pieces[0]
    assert isinstance(end, tuple)
    half = next(at for at in range(len(bare) // 2, len(bare)) if bare[at : at + 2] == bare[:2])
    (tmp_path / "b.mp3").write_bytes(bare[:half] + b"garbage" * 50 + bare[half:])
    y, reader = read(tmp_path / "b.mp3")
    assert abs(y.shape[1] - x.shape[1]) <= 1152
    assert any("no whole MPEG frame" in note for note in reader.notes)


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("tag", [True, False])
def test_frames_that_cannot_be_decoded_are_silent_and_told(tmp_path: Path, rate: int, channels: int, tag: bool) -> None:
    whole = _mp3(tmp_path / "a.mp3", 60_000, rate=rate, channels=channels)
    if not tag:
        whole = _without_tag(whole, tmp_path / "x")
    (tmp_path / "a.mp3").write_bytes(whole)
    x, reader = read(tmp_path / "a.mp3")
    assert reader.left_out == ()
    damaged, at = bytearray(whole), 0
    for number in range(15):
        if number >= 12:
            damaged[at + 4 : at + 13] = b"\xff" * 9  # of the side information
        frame = parse_header(whole[at : at + 4])
        assert frame is not None
        at += frame.size
    (tmp_path / "b.mp3").write_bytes(damaged)
    y, reader = read(tmp_path / "b.mp3")
    assert y.shape == x.shape
    (note,) = reader.left_out
    assert note.startswith("3 MPEG frames in it cannot be decoded")
    same = (x == y).all(axis=0)
    size = 1152 if rate >= 32_000 else 576
    assert np.count_nonzero(~same) <= size * 3 + 576 + 512  # half a frame and the filters' tails as well
    assert np.count_nonzero((y == 0).all(axis=0) & ~same) > size


@pytest.mark.parametrize("before", [bytes(1_000), b"\xff\xfb\x90\x64" + bytes(5_000), b"no frame " * 400])
@pytest.mark.parametrize(
    "tag", [b"", b"ID3\4\0\0\0\0\0\0", b"APETAGEX" + struct.pack("<IIII", 2000, 0, 0, 0) + bytes(8)]
)
def test_an_mp3_behind_bytes_that_are_no_frame_is_read_whole(tmp_path: Path, before: bytes, tag: bytes) -> None:
    sound = _mp3(tmp_path / "a.mp3", 30_000)
    x = read(tmp_path / "a.mp3")[0]
    (tmp_path / "a.mp3").write_bytes(tag + before + sound)
    y, reader = read(tmp_path / "a.mp3")
    np.testing.assert_array_equal(x, y)
    assert f"{len(before)} bytes before its sound" in " ".join(reader.notes)
