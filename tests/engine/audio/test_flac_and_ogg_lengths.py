"""How long FLAC and Ogg files are: joined, damaged, or without a length in their headers."""

from __future__ import annotations

import struct
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile
from phaseaware.engine.audio import AudioFileError

from .helpers import RATE, ramp, read


@pytest.mark.parametrize(("name", "subtype"), [("a.ogg", "VORBIS"), ("a.opus", "OPUS")])
def test_joined_ogg_files_have_the_length_of_their_parts(tmp_path: Path, name: str, subtype: str) -> None:
    soundfile.write(tmp_path / name, ramp(20_000) / 2**16, RATE, format="OGG", subtype=subtype)
    x = read(tmp_path / name)[0]
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes() * 2)
    y, reader = read(tmp_path / name)
    np.testing.assert_array_equal(y, np.concatenate([x, x], axis=1))
    assert "2 recordings" in reader.notes[0]


def flac(path: Path, samples: int, **options: object) -> bytes:
    soundfile.write(path, ramp(samples), RATE, "PCM_16", format="FLAC", **options)
    return path.read_bytes()


@pytest.mark.parametrize("samples", [1, 100, 4_096, 48_000, 100_001])
@pytest.mark.parametrize("less", [1, 17, 5_000])
def test_a_flac_header_that_counts_too_few_loses_nothing(tmp_path: Path, samples: int, less: int) -> None:
    content = flac(tmp_path / "a.flac", samples)
    if less >= samples:
        return
    (tmp_path / "a.flac").write_bytes(content[:22] + struct.pack(">I", samples - less) + content[26:])
    x, reader = read(tmp_path / "a.flac")
    np.testing.assert_array_equal(x[0], ramp(samples)[:, 0] / np.float32(2**15))
    assert f"counts {samples - less} samples, and {samples} are there" in reader.notes[0]


@pytest.mark.parametrize("lengths", [(48_000, 48_000), (48_000, 100), (100, 20_000, 300)])
def test_joined_flac_files_have_the_length_of_their_parts(tmp_path: Path, lengths: tuple[int, ...]) -> None:
    parts = [flac(tmp_path / "part.flac", length) for length in lengths]
    (tmp_path / "a.flac").write_bytes(b"".join(parts))
    x, reader = read(tmp_path / "a.flac")
    expected = np.concatenate([ramp(length)[:, 0] for length in lengths]) / np.float32(2**15)
    np.testing.assert_array_equal(x[0], expected)
    assert f"consists of {len(lengths)} recordings" in reader.notes[0]


@pytest.mark.parametrize("bits", [12, 20])
@pytest.mark.parametrize("known", [True, False])
def test_only_a_flac_header_without_a_length_is_told(tmp_path: Path, bits: int, known: bool) -> None:
    """libsndfile reads no such bits, which is nothing to tell."""
    pytest.importorskip("av", reason="needs the [media] extra")
    content = bytearray(_verbatim_flac(bits))
    if not known:
        content[21] &= 0xF0
        content[22:26] = bytes(4)
    (tmp_path / "a.flac").write_bytes(content)
    x, reader = read(tmp_path / "a.flac")
    np.testing.assert_allclose(x[0], np.arange(16) / 64, atol=2**-11)
    note = "its header does not tell its length; all that is there is taken"
    assert reader.notes == (() if known else (note,))


def _verbatim_flac(bits: int) -> bytes:
    """One frame of 16 samples, n/64, at 48 kHz (RFC 9639)."""
    info = struct.pack(">HH", 16, 16) + bytes(6) + struct.pack(">Q", RATE << 44 | bits - 1 << 36 | 16) + bytes(16)
    head = bytes([0xFF, 0xF8, 0x6A, {12: 4, 20: 10}[bits], 0, 15])
    sound = "".join(f"{n << bits - 7:0{bits}b}" for n in range(16))
    frame = head + bytes([_crc(head, 8, 0x07), 2]) + int(sound, 2).to_bytes(2 * bits, "big")
    return b"fLaC\x80\0\0\x22" + info + frame + _crc(frame, 16, 0x8005).to_bytes(2, "big")


def _crc(data: bytes, bits: int, polynomial: int) -> int:
    crc = 0
    for byte in data:
        crc ^= byte << bits - 8
        for _ in range(8):
            crc = (crc << 1 ^ (polynomial if crc >> bits - 1 else 0)) & (1 << bits) - 1
    return crc


def test_flac_files_as_they_should_be_are_left_alone(tmp_path: Path) -> None:
    for samples in (1, 4_096, 4_097, 50_000):
        for behind in (b"", b"\0" * 200, b"TAG" + bytes(125)):
            (tmp_path / "a.flac").write_bytes(flac(tmp_path / "b.flac", samples) + behind)
            x, reader = read(tmp_path / "a.flac")
            assert x.shape == (1, samples)
            assert not reader.notes


@pytest.mark.parametrize(("name", "subtype"), [("a.ogg", "VORBIS"), ("a.opus", "OPUS")])
def test_ogg_pages_that_are_damaged_or_missing_are_told(tmp_path: Path, name: str, subtype: str) -> None:
    """libsndfile passes over them, and what is behind moves."""
    path, x = tmp_path / name, np.random.default_rng(0).standard_normal(3 * RATE) / 10
    soundfile.write(path, x, RATE, subtype, format="OGG")
    whole = path.read_bytes()
    starts = [at for at in range(len(whole)) if whole.startswith(b"OggS", at)]
    length = read(path)[0].shape
    for start, end in zip(starts[2:], [*starts[3:], len(whole)], strict=True):
        path.write_bytes(whole[: end - 1] + bytes([whole[end - 1] ^ 1]) + whole[end:])
        with pytest.raises(AudioFileError, match="damaged"):
            read(path)
        if start > starts[2] and end < len(whole):
            path.write_bytes(whole[:start] + whole[end:])
            with pytest.raises(AudioFileError, match="lacks Ogg pages"):
                read(path)
        path.write_bytes(whole[:start] + b"between" + whole[start:])
        y, reader = read(path)
        assert y.shape == length
        assert "7 bytes between" in " ".join(reader.notes)
    path.write_bytes(whole + b"behind")
    assert read(path)[0].shape == length
    assert "6 bytes behind" in " ".join(read(path)[1].notes)


@pytest.mark.parametrize(("name", "subtype"), [("a.ogg", "VORBIS"), ("a.opus", "OPUS")])
@pytest.mark.parametrize("size", [100, 5_000, 70_000, 200_000])
def test_ogg_headers_of_many_pages_are_no_gap(tmp_path: Path, name: str, subtype: str, size: int) -> None:
    path, x = tmp_path / name, np.random.default_rng(0).standard_normal((RATE // 2, 2)) / 10
    soundfile.write(path, x, RATE, subtype, format="OGG")
    there = read(path)[0]
    tags = mutagen.File(path)
    tags["comment"] = ["x" * size]
    tags.save()
    np.testing.assert_array_equal(read(path)[0], there)
