"""Bit rates of lossy codecs: what they take, and how libsndfile is told.

libsndfile knows no bit rates but a compression level from 0 to 1, which each of its encoders maps to a rate or a
quality in a way of its own (``mpeg_l3_encode.c``, ``ogg_opus.c``, ``ogg_vorbis.c``, version 1.2).
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["LOSSY", "highest_bitrate", "libsndfile_options"]

LOSSY = frozenset({"MPEG_LAYER_III", "VORBIS", "OPUS", "AAC"})
"""Subtypes that are written at a bit rate."""
_USUAL = {"VORBIS": 0.2, "OPUS": 0.5, "MPEG_LAYER_III": 0.1}
"""Compression levels where no rate is asked for: coding speech once more should not be heard."""
_LARGEST_LEVEL = 0.999
_TAG_BYTES = 220  # 192, and what the next lower rate has less
# Vorbis has qualities; what they give for two channels at 44.1 kHz, in kbit/s, as in its own documentation.
_VORBIS_KBPS = (64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 500)


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
        low, high = _mpeg_kbps(sample_rate)
        level = (high - bitrate / 1000) / (high - low)
        # LAME leaves out the tag that tells the length where a frame has no room for it.
        frame = (144 if sample_rate >= 32_000 else 72) * bitrate // sample_rate
        mode = "CONSTANT" if frame > _TAG_BYTES else "AVERAGE"
        return {"compression_level": _bounded(level), "bitrate_mode": mode}
    if subtype == "OPUS":
        return {"compression_level": _bounded(1 - (bitrate / channels - 6000) / 250_000)}
    qualities = np.linspace(0, 1, len(_VORBIS_KBPS))
    as_stereo = bitrate / 1000 * 2 / channels * max(1.0, 44_100 / sample_rate)
    return {"compression_level": _bounded(1 - float(np.interp(as_stereo, _VORBIS_KBPS, qualities)))}


def highest_bitrate(subtype: str, sample_rate: int, channels: int) -> int:
    """The most bit/s that a lossy codec takes.

    Examples
    --------
    >>> highest_bitrate("MPEG_LAYER_III", 22_050, 2)
    160000
    """
    if subtype == "MPEG_LAYER_III":
        return _mpeg_kbps(sample_rate)[1] * 1000
    if subtype == "AAC":
        return 6 * sample_rate * channels  # 6144 bits of each 1024 samples (ISO 14496-3, section 4.5.3.3)
    return (256_000 if subtype == "OPUS" else 250_000) * channels


def _mpeg_kbps(sample_rate: int) -> tuple[int, int]:
    return (32, 320) if sample_rate >= 32_000 else (8, 160) if sample_rate >= 16_000 else (8, 64)


def _bounded(level: float) -> float:
    return round(min(_LARGEST_LEVEL, max(0.0, level)), 6)
