"""Channels stay those of their loudspeakers, whatever order a format has."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from phaseaware.engine.audio import AudioInfo, AudioReader, AudioWriter
from phaseaware.engine.audio.formats import MEDIA
from phaseaware.engine.audio.speakers import usual_mask

from .helpers import RATE, Samples, copy, ramp, read, wav


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
    assert reader.info.channel_mask == 0
    assert copy(tmp_path / "a.opus", tmp_path / "b.wav").notes == ()
    assert read(tmp_path / "b.wav")[1].info.channel_mask == 0
    (note,) = copy(tmp_path / "a.opus", tmp_path / "b.opus").notes
    assert "no longer told" in note


def _ogg_sum(page: bytes) -> bytes:
    """Of a page whose sum is blank (RFC 3533, section 6)."""
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = crc << 1 ^ (0x104C11DB7 if crc >> 31 else 0)
    return crc.to_bytes(4, "little")


@pytest.mark.parametrize(
    ("mask", "channels"),
    [(0, 4), (0x33, 4), (0x107, 4), (0x3F, 6), (0x60F, 6), (0x63F, 8), (0xFF, 8), (0x3, 2), (0, 2), (0, 1), (0x603, 4)],
)
@pytest.mark.parametrize("suffix", [".wav", ".flac", ".rf64", ".caf"])
def test_channel_masks_stay(tmp_path: Path, mask: int, channels: int, suffix: str) -> None:
    (tmp_path / "a.wav").write_bytes(wav(480, channels=channels, mask=mask))
    with AudioReader(tmp_path / "a.wav") as reader:
        assert reader.info.channel_mask == mask
    writer = copy(tmp_path / "a.wav", tmp_path / f"b{suffix}")
    np.testing.assert_array_equal(read(tmp_path / "a.wav")[0], read(tmp_path / f"b{suffix}")[0])
    copy(tmp_path / f"b{suffix}", tmp_path / "c.wav")
    there = [AudioReader(tmp_path / name) for name in (f"b{suffix}", "c.wav")]
    for reader in there:
        reader.close()
        usual = {1: 4, 2: 3, 4: 0x33, 6: 0x3F, 8: 0x63F}[channels]
        assert reader.info.channel_mask == mask or (mask == usual and reader.info.channel_mask is None)
    assert writer.notes == ()


@pytest.mark.parametrize("suffix", [".wav", ".rf64"])
def test_no_mask_becomes_no_mask(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "a.wav").write_bytes(wav(480, channels=4))
    copy(tmp_path / "a.wav", tmp_path / f"b{suffix}")
    assert read(tmp_path / f"b{suffix}")[1].info.channel_mask in (None, 0)


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_ambisonics_are_told(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, ramp(480, 4), RATE, subtype, format="WAVEX")
    whole = path.read_bytes()
    plain, b_format = (bytes.fromhex(end) for end in ("00001000800000aa00389b71", "2107d3118644c8c1ca000000"))
    assert copy(path, tmp_path / "b.wav").notes == ()
    path.write_bytes(whole.replace(plain, b_format, 1))
    x, reader = read(path)
    assert x.shape == (4, 480)
    assert [note for note in reader.notes if "ambisonics" in note]


@pytest.mark.parametrize("number", [0x79_0006, 0x80_0008, 0x84_0004])
def test_layouts_of_caf_stay_or_are_named(tmp_path: Path, number: int) -> None:
    """L R C LFE Ls Rs, which a mask can tell, and others."""
    soundfile.write(tmp_path / "a.caf", ramp(480, number & 0xFF), RATE)
    whole = (tmp_path / "a.caf").read_bytes()
    layout = struct.pack(">4sqIII", b"chan", 12, number, 0, 0)
    at = whole.index(b"data")
    (tmp_path / "a.caf").write_bytes(whole[:at] + layout + whole[at:])
    assert copy(tmp_path / "a.caf", tmp_path / "b.caf").notes == ()
    assert layout in (tmp_path / "b.caf").read_bytes()
    notes = copy(tmp_path / "a.caf", tmp_path / "b.wav").notes
    assert (read(tmp_path / "b.wav")[1].info.channel_mask == 0x3F) != ("channel layout" in " ".join(notes))


def test_a_mask_that_cannot_be_kept_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(480, channels=6, mask=0x60F))
    (note,) = copy(tmp_path / "a.wav", tmp_path / "b.aiff").notes
    assert "0x60f" in note


@pytest.mark.parametrize("channels", range(1, 9))
@pytest.mark.parametrize(("format_", "subtype"), [(name, codecs[0]) for name, codecs in MEDIA.items()])
def test_a_layout_comes_back_or_its_loss_is_told(tmp_path: Path, format_: str, subtype: str, channels: int) -> None:
    pytest.importorskip("av", reason="needs the [media] extra")
    path, mask = tmp_path / "a.mkv", usual_mask(channels)
    info = AudioInfo(sample_rate=RATE, channels=channels, frames=0, format=format_, subtype=subtype, channel_mask=mask)
    with AudioWriter(path, info) as writer:
        writer.write(np.zeros((channels, RATE // 10), np.float32))
    found = read(path)[1].info.channel_mask
    is_kept = found == mask or channels <= 2  # of one or two channels nobody asks
    assert is_kept != any("mask" in note for note in writer.notes)


@pytest.mark.parametrize("mask", [0xB, 0x33, 0x63F])
def test_aac_keeps_the_layouts_that_it_has(tmp_path: Path, mask: int) -> None:
    pytest.importorskip("av", reason="needs the [media] extra")
    channels = mask.bit_count()
    like = AudioInfo(sample_rate=RATE, channels=channels, frames=0, format="MP4", subtype="AAC", channel_mask=mask)
    with AudioWriter(tmp_path / "a.m4a", like) as writer:
        writer.write(np.zeros((channels, 4_800), np.float32))
    assert read(tmp_path / "a.m4a")[1].info.channel_mask == mask
    assert writer.notes == ()
