"""The sounds of a page: of one rate and scale, equally loud, and encoded for a browser.

FLAC of 16 bits where it fits: Chromium, Firefox and Safari decode it, and A − B of what they decode is A − B. Else
Opus, which many Safaris do not decode in Ogg: noisy, A and B a second time as MP3, mono. One encoding holds all
versions that are heard together, so its delay is theirs alike.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyloudnorm
import soundfile
from numpy.typing import NDArray
from phaseaware.engine.rates import RateConverter
from phaseaware.engine.stft import SAMPLE_RATE
from phaseaware.engine.versions import Version

__all__ = ["LONGEST_SECONDS", "Encoding", "encoded", "match_gains_db", "prepared"]

LONGEST_SECONDS = 120
"""A browser holds all versions as samples: 23 MB a minute and channel for eight."""
_MOST_CHANNELS = 2
_BYTES_PER_MINUTE = 7_500_000  # in base64, beside the pictures
_USED = 0.73  # of them; what base64 and Ogg leave
_LARGEST_MATCH_DB = 30.0
_HIGHEST_KBPS = 128.0  # of Opus, per channel
_MP3_KBPS, _MP3_LEVEL = 62.0, 0.6
_FALLBACK = (Version.NOISY, Version.PHASE_AWARE, Version.REAL)
_BLOCK = 4096

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Encoding:
    """Versions in one codec.

    Attributes
    ----------
    sounds : base64, by version.
    is_exact : differences of what is decoded are the differences.
    """

    name: str
    sounds: Mapping[str, str]
    is_exact: bool


def prepared(sounds: Mapping[str, Samples], sample_rate: int) -> tuple[dict[str, Samples], list[str]]:
    """The beginnings at 48 kHz, of at most two channels, quiet enough for integers; and what must be said about it.

    Parameters
    ----------
    sounds : shape (channels, n), all alike.
    sample_rate : in Hz.
    """
    remarks = []
    channels, samples = next(iter(sounds.values())).shape
    if channels > _MOST_CHANNELS:
        remarks.append(f"The page plays the first {_MOST_CHANNELS} of {channels} channels.")
    if samples > LONGEST_SECONDS * sample_rate:
        remarks.append(f"The page has the first {LONGEST_SECONDS} s.")
    made = {}
    for name, x in sounds.items():
        x = x[:_MOST_CHANNELS, : LONGEST_SECONDS * sample_rate]
        made[name] = RateConverter(sample_rate, SAMPLE_RATE, len(x)).process(x, last=True)
    peak = max(float(np.abs(x).max(initial=0)) for x in made.values())
    if peak >= 1:
        scale = 0.999 / peak
        made = {name: (scale * x).astype(np.float32) for name, x in made.items()}
        remarks.append(f"All sounds of the page are {-20 * np.log10(scale):.1f} dB quieter, so that none is clipped.")
    return made, remarks


def match_gains_db(sounds: Mapping[str, Samples]) -> dict[str, float]:
    """Gains in dB, 0 or below, that make all as loud as the quietest (ITU-R BS.1770); of silence and clicks 0.

    Parameters
    ----------
    sounds : at 48 kHz, shape (channels, n).

    Examples
    --------
    >>> x = np.random.default_rng(0).standard_normal((1, 48_000)).astype(np.float32) / 10
    >>> match_gains_db({"loud": x, "quiet": x / 2})
    {'loud': -6.0, 'quiet': 0.0}
    """
    meter = pyloudnorm.Meter(SAMPLE_RATE)
    levels = {}
    for name, x in sounds.items():
        if x.shape[1] >= meter.block_size * SAMPLE_RATE and x.any():
            levels[name] = float(meter.integrated_loudness(x.T.astype(np.float64)))
    finite = [level for level in levels.values() if np.isfinite(level)]
    quietest = min(finite, default=0.0)
    return {
        name: min(0.0, max(-_LARGEST_MATCH_DB, round(quietest - levels[name], 1)))
        if np.isfinite(levels.get(name, -np.inf))
        else 0.0
        for name in sounds
    }


def encoded(sounds: Mapping[str, Samples], progress: Callable[[float], object] = lambda share: None) -> list[Encoding]:
    """Encodings to be tried in this order.

    Parameters
    ----------
    sounds : at 48 kHz, shape (channels, n), within full scale; all versions but those that are differences of others.
    progress : called with the share done since the last call.
    """
    channels, samples = next(iter(sounds.values())).shape
    seconds = max(1, samples) / SAMPLE_RATE
    most_bytes = max(1.0, seconds / 60) * _BYTES_PER_MINUTE
    flac = _encode({name: _integers(x) for name, x in sounds.items()}, "FLAC", "PCM_24")
    if sum(map(len, flac.values())) <= most_bytes:
        progress(1)
        return [Encoding("FLAC", flac, is_exact=True)]
    differences = [version for version in Version if version.parts()[1] is not None]
    lossy = dict(sounds) | {str(version): version.of(sounds.__getitem__) for version in differences}
    available = _USED * 8 * most_bytes / seconds / 1000 - _MP3_KBPS * len(_FALLBACK)
    kbps = min(_HIGHEST_KBPS, available / len(lossy) / channels)
    # libsndfile's scale from 0, 256 kbit/s, to 1, 6 kbit/s.
    opus = _encode(
        {name: x.T for name, x in lossy.items()}, "OGG", "OPUS", (256 - kbps) / 250, lambda share: progress(0.8 * share)
    )
    mono = {str(name): sounds[name].mean(axis=0)[:, None] for name in _FALLBACK}
    mp3 = _encode(mono, "MP3", "MPEG_LAYER_III", _MP3_LEVEL, lambda share: progress(0.2 * share))
    return [Encoding("Opus", opus, is_exact=False), Encoding("MP3", mp3, is_exact=False)]


def _integers(x: Samples) -> NDArray[np.int32]:
    """16 bits, shape (n, channels), as the upper ones of 24: Chromium divides 16 bits by 32768 or 32767, by their sign.

    FLAC stores lower bits that are all zero in no space.
    """
    return np.rint(32768 * x.T).clip(-32768, 32767).astype(np.int32) << 16


def _encode(
    sounds: Mapping[str, NDArray[np.generic]],
    format: str,
    subtype: str,
    level: float | None = None,
    progress: Callable[[float], object] = lambda share: None,
) -> dict[str, str]:
    """All at the same time, as libsndfile does not hold the interpreter's lock."""
    made = {}
    with ThreadPoolExecutor() as pool:
        texts = pool.map(lambda x: _base64(x, format, subtype, level), sounds.values())
        for name, text in zip(sounds, texts, strict=True):
            made[name] = text
            progress(1 / len(sounds))
    return made


def _base64(x: NDArray[np.generic], format: str, subtype: str, level: float | None) -> str:
    stream = io.BytesIO()
    with soundfile.SoundFile(
        stream, "w", SAMPLE_RATE, x.shape[1], subtype, format=format, compression_level=level
    ) as file:
        for block in _blocks(x):  # libsndfile's Ogg encoders take their stack by the length of a call
            file.write(block)
    return base64.b64encode(stream.getvalue()).decode("ascii")


def _blocks(x: NDArray[np.generic]) -> Iterable[NDArray[np.generic]]:
    return (x[start : start + _BLOCK] for start in range(0, len(x), _BLOCK))
