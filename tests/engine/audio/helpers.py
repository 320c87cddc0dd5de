"""WAV files byte by byte, and reading and writing in one go."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine.audio import BLOCK, AudioInfo, AudioReader, AudioWriter

CASES = Path(__file__).parent / "cases"
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


def chunk(id: bytes, content: bytes, *, size: int | None = None) -> bytes:
    """A RIFF chunk; ``size``: what its header says."""
    return id + struct.pack("<I", len(content) if size is None else size) + content + bytes(len(content) & 1)


def ramp(samples: int, channels: int = 1) -> NDArray[np.int16]:
    """Of shape (samples, channels): no two neighbours alike, never silent."""
    n = np.arange(samples * channels, dtype=np.int64).reshape(samples, channels)
    return ((n * 7919) % 60_001 - 30_000).astype(np.int16)


def wav(
    samples: int, *, channels: int = 1, before: bytes = b"", behind: bytes = b"", data_size: int | None = None,
    riff_size: int | None = None, mask: int | None = None,
) -> bytes:  # fmt: skip
    """A file of :func:`ramp`, 16 bit, 48 kHz, with what its header is to say."""
    fmt = struct.pack("<HIIHH", channels, RATE, RATE * channels * 2, channels * 2, 16)
    if mask is None:
        fmt = struct.pack("<H", 1) + fmt
    else:
        pcm = bytes.fromhex("0100000000001000800000aa00389b71")
        fmt = struct.pack("<H", 0xFFFE) + fmt + struct.pack("<HHI", 22, 16, mask) + pcm
    data = chunk(b"data", ramp(samples, channels).astype("<i2").tobytes(), size=data_size)
    body = b"WAVE" + chunk(b"fmt ", fmt) + before + data + behind
    return b"RIFF" + struct.pack("<I", len(body) if riff_size is None else riff_size) + body


def read(path: Path) -> tuple[Samples, AudioReader]:
    """All samples, and the reader, closed."""
    with AudioReader(path) as reader:
        x = np.concatenate(list(reader.blocks()), axis=1)
    assert x.shape == (reader.info.channels, reader.info.frames)
    return x, reader


def copy(source: Path, target: Path) -> AudioWriter:
    """Through the two classes, as the name of the target says."""
    with AudioReader(source) as reader, AudioWriter(target, reader.info.for_name(target), overwrite=True) as writer:
        for block in reader.blocks():
            writer.write(block)
    return writer


def chunks(path: Path) -> list[tuple[bytes, bytes]]:
    """Names and contents in a RIFF file, which must be well-formed to its end."""
    data = path.read_bytes()
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
    found, position = [], 12
    while position < len(data):
        size = struct.unpack("<I", data[position + 4 : position + 8])[0]
        assert position + 8 + size <= len(data)
        found.append((data[position : position + 4], data[position + 8 : position + 8 + size]))
        position += 8 + size + (size & 1)
    return found


def info(format: str = "WAV", subtype: str = "FLOAT", *, channels: int = 1, rate: int = RATE, **more: Any) -> AudioInfo:
    """What to write."""
    return AudioInfo(sample_rate=rate, channels=channels, frames=0, format=format, subtype=subtype, **more)


def write(path: Path, x: Samples, like: AudioInfo, *, cut: int = 7919, overwrite: bool = False) -> AudioWriter:
    """Piece by piece."""
    with AudioWriter(path, like, overwrite=overwrite) as writer:
        for start in range(0, x.shape[1], cut):
            writer.write(x[:, start : start + cut])
    return writer


def samples_of(path: Path, samples: int = BLOCK) -> Samples:
    """All of a file, block by block."""
    with AudioReader(path) as reader:
        return np.concatenate(list(reader.blocks(samples)), axis=1)


def copy_file(source: Path, target: Path) -> Samples:
    """From file to file through the two classes; returns what was carried."""
    with AudioReader(source) as reader, AudioWriter(target, reader.info) as writer:
        blocks = list(reader.blocks())
        for block in blocks:
            writer.write(block)
    return np.concatenate(blocks, axis=1)
