"""Channels stay those of their loudspeakers, whatever order a format has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from .helpers import RATE, Samples, copy, read


def _tones(x: Samples) -> list[int]:
    """Of each channel the loudest frequency in Hz, of a second of (samples, channels)."""
    return [int(np.argmax(np.abs(np.fft.rfft(channel)))) for channel in x.T]


@pytest.mark.parametrize(("suffix", "subtype"), [(".ogg", "VORBIS"), (".opus", "OPUS")])
@pytest.mark.parametrize(
    "order",
    [[0, 1, 2, 3], [0, 2, 1], [0, 2, 1, 3, 4], [0, 2, 1, 4, 5, 3], [0, 2, 1, 5, 6, 4, 3], [0, 2, 1, 6, 7, 4, 5, 3]],
)  # fmt: skip
def test_channels_keep_their_loudspeakers_in_vorbis_order(
    tmp_path: Path, suffix: str, subtype: str, order: list[int]
) -> None:
    """libsndfile gives and takes them as the files have them, such as L C R; ``order`` is that by WAV's numbers."""
    n, channels = np.arange(RATE), len(order)
    frequencies = [30 + 10 * channel for channel in range(channels)]  # which an LFE channel passes
    x = np.stack([0.2 * np.sin(2 * np.pi * f * n / RATE) for f in frequencies], axis=1)
    mask = {3: 0x7, 4: 0x33, 5: 0x37, 6: 0x3F, 7: 0x70F, 8: 0x63F}[channels]
    soundfile.write(tmp_path / f"a{suffix}", x[:, order], RATE, subtype, format="OGG")
    copy(tmp_path / f"a{suffix}", tmp_path / "a.wav")
    assert _tones(soundfile.read(tmp_path / "a.wav")[0]) == frequencies
    assert read(tmp_path / "a.wav")[1].info.channel_mask == mask
    soundfile.write(tmp_path / "b.wav", x, RATE)
    for source in ("a.wav", "b.wav", f"a{suffix}"):
        assert copy(tmp_path / source, tmp_path / f"b{suffix}").notes == ()
        assert _tones(soundfile.read(tmp_path / f"b{suffix}")[0][:, np.argsort(order)]) == frequencies


def test_channels_for_no_loudspeakers_are_left_in_their_order(tmp_path: Path) -> None:
    """Opus' mapping family 255."""
    x = np.stack([0.2 * np.sin(2 * np.pi * f * np.arange(RATE) / RATE) for f in (30, 40, 50)], axis=1)
    soundfile.write(tmp_path / "a.opus", x, RATE, "OPUS", format="OGG")
    content = bytearray((tmp_path / "a.opus").read_bytes())
    content[28 + 18] = 255
    end = content.index(b"OggS", 1)
    content[22:26] = bytes(4)
    content[22:26] = _ogg_sum(content[:end])
    (tmp_path / "a.opus").write_bytes(content)
    y, reader = read(tmp_path / "a.opus")
    assert _tones(y.T) == _tones(soundfile.read(tmp_path / "a.opus")[0])
    assert reader.info.channel_mask is None


def _ogg_sum(page: bytes) -> bytes:
    """Of a page whose sum is blank (RFC 3533, section 6)."""
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = crc << 1 ^ (0x104C11DB7 if crc >> 31 else 0)
    return crc.to_bytes(4, "little")
