"""Bit rates of lossy codecs: what they take, and how libsndfile is told.

libsndfile knows no bit rates but a compression level from 0 to 1, which each of its encoders maps to a rate or a
quality in a way of its own (``mpeg_l3_encode.c``, ``ogg_opus.c``, ``ogg_vorbis.c``, version 1.2).
"""

from __future__ import annotations

import io
import struct
from functools import lru_cache
from typing import Any

import numpy as np
import soundfile

__all__ = ["LOSSY", "PacketSizes", "highest_bitrate", "libsndfile_options", "nominal_bitrate"]

LOSSY = frozenset({"MPEG_LAYER_III", "VORBIS", "OPUS", "AAC"})
"""Subtypes that are written at a bit rate."""
_USUAL = {"VORBIS": 0.2, "OPUS": 0.5, "MPEG_LAYER_III": 0.1}
"""Compression levels where no rate is asked for: coding speech once more should not be heard."""
_LARGEST_LEVEL = 0.999
_TAG_BYTES = 192
_HALVINGS = 9
_FAR_BELOW = 4


class PacketSizes:
    """Bytes of packets that last equally long. Coders spend next to nothing on silence, so that the mean of a recording
    with long pauses tells too little of the rate at which its sound was coded.
    """

    def __init__(self) -> None:
        self._kinds: dict[int, tuple[int, int]] = {}  # packets and bytes, by number of bits that their size takes

    def add(self, size: int) -> None:
        """One more packet."""
        packets, total = self._kinds.get(size.bit_length(), (0, 0))
        self._kinds[size.bit_length()] = packets + 1, total + size

    @property
    def total(self) -> int:
        """Bytes, if silence had been coded as what is heard: packets far below those that hold most of the bytes.

        Examples
        --------
        >>> sizes = PacketSizes()
        >>> for size in [300, 10, 300, 10]:
        ...     sizes.add(size)
        >>> sizes.total
        1200
        """
        kinds = self._kinds.values()
        total = sum(bytes_of for _, bytes_of in kinds)
        usual = sum(bytes_of / packets * bytes_of for packets, bytes_of in kinds) / max(1, total)
        heard = [kind for kind in kinds if _FAR_BELOW * kind[1] > kind[0] * usual]
        of_heard = sum(packets for packets, _ in heard)
        return round(sum(packets for packets, _ in kinds) * sum(n for _, n in heard) / of_heard) if of_heard else 0


def libsndfile_options(subtype: str, sample_rate: int, channels: int, bitrate: int | None) -> dict[str, Any]:
    """Arguments of ``soundfile.SoundFile`` for a bit rate in bit/s; None: the usual quality.

    Examples
    --------
    >>> libsndfile_options("OPUS", 48_000, 2, 128_000)
    {'compression_level': 0.768}
    """
    if subtype not in _USUAL:
        return {}
    if bitrate is None:
        return {"compression_level": _USUAL[subtype]}
    if subtype == "MPEG_LAYER_III":
        rates = _mpeg_kbps(sample_rate)
        low, high = rates[0], rates[-1]
        kbps = min(rates, key=lambda rate: abs(rate - bitrate / 1000))
        # LAME leaves out the tag that tells the length where a frame has no room for it.
        frame = (144_000 if sample_rate >= 32_000 else 72_000) * kbps // sample_rate
        mode = "CONSTANT" if frame >= _TAG_BYTES else "AVERAGE"
        return {"compression_level": _bounded((high - kbps) / (high - low)), "bitrate_mode": mode}
    if subtype == "OPUS":
        return {"compression_level": _bounded(1 - (bitrate / channels - 6000) / 250_000)}
    return {"compression_level": _vorbis_level(sample_rate, channels, bitrate)}


@lru_cache(maxsize=64)
def _vorbis_level(sample_rate: int, channels: int, bitrate: int) -> float:
    """Vorbis has qualities; which rate one aims at, depends on all else, and the encoder writes it into the header."""

    def nominal(level: float) -> int:
        target = io.BytesIO()
        with soundfile.SoundFile(
            target, "w", sample_rate, channels, "VORBIS", format="OGG", compression_level=level
        ) as file:
            file.write(np.zeros((1, channels), np.float32))
        return nominal_bitrate(target.getvalue()[:58])

    low, high = 0.0, _LARGEST_LEVEL
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if nominal(middle) > bitrate else (low, middle)
    return _bounded((low + high) / 2)


def nominal_bitrate(head: bytes) -> int:
    """What a Vorbis encoder aimed at, bit/s, by a file's first 58 bytes; 0: unknown (Vorbis I, section 4.2.2)."""
    if len(head) < 58 or head[28:35] != b"\x01vorbis":
        return 0
    return max(0, int(struct.unpack("<i", head[48:52])[0]))


def highest_bitrate(subtype: str, sample_rate: int, channels: int) -> int:
    """The most bit/s that a lossy codec takes.

    Examples
    --------
    >>> highest_bitrate("MPEG_LAYER_III", 22_050, 2)
    160000
    """
    if subtype == "MPEG_LAYER_III":
        return _mpeg_kbps(sample_rate)[-1] * 1000
    if subtype == "AAC":
        return 6 * sample_rate * channels  # 6144 bits of each 1024 samples (ISO 14496-3, section 4.5.3.3)
    return (256_000 if subtype == "OPUS" else 250_000) * channels


def _mpeg_kbps(sample_rate: int) -> tuple[int, ...]:
    """ISO 11172-3 and 13818-3, section 2.4.2.3; of MPEG-2.5 LAME takes the lower half."""
    if sample_rate >= 32_000:
        return (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
    rates = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
    return rates if sample_rate >= 16_000 else rates[:8]


def _bounded(level: float) -> float:
    return round(min(_LARGEST_LEVEL, max(0.0, level)), 6)
