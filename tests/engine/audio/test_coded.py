"""Coded sound in WAV files that call it PCM."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from .helpers import RATE, chunk, copy, ramp, read, wav

av = pytest.importorskip("av", reason="needs the [media] extra")
TONE, SAMPLES = 500, 96_000
NOTE = "its samples begin like coded sound (DTS, IEC 61937); all that is there is taken"


def _ac3() -> list[bytes]:
    """Frames of a tone in stereo."""
    encoder = av.CodecContext.create("ac3", "w")
    encoder.sample_rate, encoder.layout, encoder.format, encoder.bit_rate = RATE, "stereo", "fltp", 192_000
    encoder.open()
    packets, size = [], encoder.frame_size
    for start in range(0, SAMPLES, size):
        tone = 0.3 * np.sin(2 * np.pi * TONE * np.arange(start, start + size) / RATE)
        frame = av.AudioFrame.from_ndarray(np.stack([tone, tone]).astype(np.float32), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = RATE, start
        packets += map(bytes, encoder.encode(frame))
    return [*packets, *map(bytes, encoder.encode(None))]


def _bursts(frames: list[bytes]) -> bytes:
    """IEC 61937-3: 1536 samples of AC-3 in as many of stereo."""
    swapped = [np.frombuffer(frame, "<i2").byteswap().tobytes() for frame in frames]
    return b"".join(
        (struct.pack("<4H", 0xF872, 0x4E1F, 1, 8 * len(frame)) + frame).ljust(6_144, b"\0") for frame in swapped
    )


def _as_wav(data: bytes) -> bytes:
    """Behind silence, as discs have it."""
    content = wav(0, channels=2)
    body = content[8 : content.index(b"data")] + chunk(b"data", bytes(4_000) + data)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_coded_sound_is_decoded_and_told(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(_as_wav(_bursts(_ac3())))
    x, reader = read(tmp_path / "a.wav")
    assert NOTE in reader.notes
    heard = np.abs(np.fft.rfft(x[:, RATE // 2 : RATE // 2 + RATE]))
    assert list(heard.argmax(axis=1)) == [TONE, TONE]
    assert abs(x).max() < 0.4
    copy(tmp_path / "a.wav", tmp_path / "b.wav")
    y, reader = read(tmp_path / "b.wav")
    assert (reader.info.subtype, reader.notes) == ("PCM_16", ())
    np.testing.assert_allclose(y, x, atol=2**-15)


@pytest.mark.parametrize("word", ["7ffe8001", "fe7f0180", "1fffe800", "ff1f00e8", "72f81f4e"])
def test_all_that_dts_and_iec_61937_begin_with_is_left_to_ffmpeg(tmp_path: Path, word: str) -> None:
    """Here it is chance, and what follows is samples."""
    (tmp_path / "a.wav").write_bytes(_as_wav(bytes.fromhex(word) + ramp(20_000, 2).tobytes()))
    x, reader = read(tmp_path / "a.wav")
    assert reader.notes == (NOTE,)
    np.testing.assert_array_equal(x[:, -20_000:].T, ramp(20_000, 2) / np.float32(2**15))
