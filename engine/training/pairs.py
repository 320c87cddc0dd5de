"""A set of noisy/clean pairs for development, made of voices and noises that the training never has.

Every voice speaks in as many pairs, with its clips one after the other; noises and signal-to-noise ratios take turns.
Both stems are high-passed at 80 Hz: below it noise says little of what a listener hears, and much of a ratio in dB.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy import signal

from .augment import active_rms, cut_above, decibel, rms, speed
from .corpus import FULL_BAND, Clip, Corpus

__all__ = ["write_pairs"]

Samples = NDArray[np.float32]
_SNR_DB = (-5, 0, 5, 10, 15)
_LEVEL_DBFS = (-35.0, -18.0)
_HIGH_PASS = signal.butter(4, 80, "highpass", fs=FULL_BAND, output="sos")


def write_pairs(corpus: Corpus, out: str | Path, *, count: int = 60, seconds: float = 6.0, seed: int = 1) -> list[str]:
    """Write ``NAME.clean.flac``, ``NAME.noise.flac`` (48 kHz, mono) and ``index.csv``; returns the names.

    Equal arguments give equal files.

    Raises
    ------
    ValueError : the corpus lacks speech or noise.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    voices = _by_voice(corpus)
    noises = [c for c in corpus.clips if c.kind == "noise" and c.length > c.rate // 2]
    if not voices or not noises:
        raise ValueError(f"{corpus.folder}: pairs need both speech and noise")
    rng = np.random.default_rng(seed)
    samples = round(seconds * FULL_BAND)
    rows: list[tuple[str, str, str, int]] = []
    for i in range(count):
        voice = sorted(voices)[i % len(voices)]
        clip = noises[int(rng.integers(len(noises)))]
        snr = _SNR_DB[(i + i // len(voices)) % len(_SNR_DB)]
        speech, band = _speech(corpus, rng, voices[voice], samples)
        noise = _noise(corpus, rng, clip, len(speech))
        if band < FULL_BAND / 2:
            noise = cut_above(noise, band, FULL_BAND)
        speech, noise = (signal.sosfilt(_HIGH_PASS, x).astype(np.float32) for x in (speech, noise))
        noise *= active_rms(speech) / max(rms(noise), 1e-9) / decibel(snr)
        gain = min(decibel(rng.uniform(*_LEVEL_DBFS)) / rms(speech + noise), 0.9 / np.abs(speech + noise).max())
        name = f"{i:02}_{voice}_{clip.who}_{snr:+d}dB"
        for kind, x in (("clean", speech), ("noise", noise)):
            soundfile.write(out / f"{name}.{kind}.flac", x * gain, FULL_BAND, "PCM_24")
        rows.append((name, voice, clip.who, snr))
    with (out / "index.csv").open("w", newline="", encoding="utf-8") as f:
        csv.writer(f).writerows([("name", "speaker", "noise", "snr_db"), *rows])
    return [row[0] for row in rows]


def _by_voice(corpus: Corpus) -> dict[str, list[Clip]]:
    found: dict[str, list[Clip]] = defaultdict(list)
    for clip in corpus.clips:
        if clip.kind == "speech" and clip.length > clip.rate // 4:
            found[clip.who].append(clip)
    return found


def _at_full_band(corpus: Corpus, clip: Clip, start: int = 0, length: int | None = None) -> Samples:
    x = corpus.read(clip, start, length)
    return x if clip.rate == FULL_BAND else speed(x, clip.rate / FULL_BAND)


def _speech(corpus: Corpus, rng: np.random.Generator, clips: list[Clip], samples: int) -> tuple[Samples, float]:
    """Clips of one voice with pauses, at most ``samples``; and the bandwidth in Hz."""
    pieces: list[Samples] = []
    band = FULL_BAND / 2
    order = rng.permutation(len(clips))
    for i in order:
        pieces.append(_at_full_band(corpus, clips[i]))
        pieces.append(np.zeros(int(rng.uniform(0.1, 0.5) * FULL_BAND), np.float32))
        band = min(band, clips[i].bandwidth)
        if sum(map(len, pieces)) >= samples:
            break
    return np.concatenate(pieces)[:samples], band


def _noise(corpus: Corpus, rng: np.random.Generator, clip: Clip, samples: int) -> Samples:
    need = int(samples * clip.rate / FULL_BAND) + 1
    start = int(rng.integers(max(1, clip.length - need)))
    x = _at_full_band(corpus, clip, start, need)
    return np.resize(x, samples)
