"""Noisy/target pairs made anew for every step: voices, rooms, noises, levels, bandwidths.

An example is a function of ``(seed, index)`` alone, so a resumed run continues with the very mixtures it would have
seen, whatever the number of loader processes.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from ..stft import HOP
from . import noises
from .augment import active_rms, convolve_room, cut_above, decibel, random_envelope, random_eq, rms, roll_off, speed
from .config import Data
from .corpus import FULL_BAND, NARROW_BAND, Clip, Corpus
from .targets import without_floor

__all__ = ["Mixtures"]

Samples = NDArray[np.float32]
_NEARLY_CLEAN_DB = 50.0
_SHORT_NOISE = 1.5  # seconds; below it a noise is an event that recurs, above it a texture that goes on


class Mixtures:
    """Draws training examples from a corpus.

    Parameters
    ----------
    corpus : needs speech; noise and rooms are used where there are any.
    data : the distribution of the mixtures.
    seed : examples with equal seed and index are equal.
    """

    def __init__(self, corpus: Corpus, data: Data, seed: int) -> None:
        corpus.look_for_silence()
        self.corpus, self.data, self.seed = corpus, data, seed
        self.samples = round(data.segments * data.seconds * FULL_BAND / HOP) * HOP
        self._voices = {rate: _by_voice(corpus, rate) for rate in (FULL_BAND, NARROW_BAND)}
        if not self._voices[FULL_BAND][0]:
            raise ValueError(f"{corpus.folder}: no speech at 44.1 kHz or above; the top band needs some")
        self._noises = [c for c in corpus.clips if c.kind == "noise" and c.length > c.rate // 20]
        self._rooms = [c for c in corpus.clips if c.kind == "rir"]
        # A long recording holds more kinds of moments than a short one, but not in proportion to its length.
        weight = np.array([min(c.length / c.rate, 60) ** 0.5 for c in self._noises])
        self._noise_weight = weight / weight.sum() if len(weight) else weight

    def __call__(self, index: int) -> tuple[Samples, Samples]:
        """Stream ``index``: (noisy, target), float32 of ``segments`` times ``seconds`` at 48 kHz."""
        rng = np.random.default_rng([self.seed, index])
        kind = rng.random()
        narrow = rng.random() < self.data.narrow_band_speech and bool(self._voices[NARROW_BAND][0])
        if kind < self.data.noise_only:
            target = floor = np.zeros(self.samples, np.float32)
            cutoff = FULL_BAND / 2
        else:
            target, floor, cutoff = self._speech(rng, NARROW_BAND if narrow else FULL_BAND)
        clean = kind > 1 - self.data.clean_only
        noise = np.zeros(self.samples, np.float32) if clean else self._noise_mixture(rng)

        # Where the speech ends at its encoder's low-pass the noise must mostly end too: otherwise the lesson would be
        # that everything above 15 kHz is noise.
        if cutoff < 19_000 and (narrow or rng.random() < 0.85):
            noise = cut_above(noise, cutoff, FULL_BAND)
        if rng.random() < self.data.low_pass:
            low_pass = np.exp(rng.uniform(np.log(3400), np.log(16_000)))
            target, floor, noise = (cut_above(x, low_pass, FULL_BAND) for x in (target, floor, noise))

        speech_level, noise_level = active_rms(target), rms(noise)
        if speech_level > 0 and noise_level > 0:
            snr = rng.uniform(*self.data.snr_db)
            if rng.random() < self.data.nearly_clean:
                snr = rng.uniform(self.data.snr_db[1], _NEARLY_CLEAN_DB)
            noise = noise * (speech_level / noise_level / decibel(snr))
        noisy = target + floor + noise
        gain = decibel(rng.uniform(*self.data.level_dbfs)) / max(rms(noisy), 1e-9)
        gain = min(gain, 1 / max(float(np.abs(noisy).max()), 1e-9)) if rng.random() < 0.95 else gain
        return (noisy * gain).astype(np.float32), (target * gain).astype(np.float32)

    def _speech(self, rng: np.random.Generator, rate: int, *, varied: bool = True) -> tuple[Samples, Samples, float]:
        """One voice saying some of its clips with pauses: the speech, the steady noise of the recordings (in no other
        room than theirs), and the bandwidth in Hz."""
        voices, weight = self._voices[rate]
        clips = voices[int(rng.choice(len(voices), p=weight))]
        need = round(self.samples * (rate / FULL_BAND) * 1.2)
        pieces, have, band = [], 0, rate / 2
        if rng.random() < 0.5:
            pieces.append(np.zeros(int(rng.uniform(0, 0.5) * rate), np.float32))
            have += len(pieces[0])
        while have < need:
            clip = clips[int(rng.integers(len(clips)))]
            first = int(rng.integers(max(1, clip.length - need))) if clip.length > need else 0
            piece = self.corpus.read(clip, first, need)
            pieces.append(piece * np.float32(decibel(rng.uniform(-4, 4))))
            pieces.append(np.zeros(int(rng.exponential(0.2) * rate), np.float32))
            have += len(piece) + len(pieces[-1])
            band = min(band, clip.bandwidth)
        x = np.concatenate(pieces)[:need]
        factor = rng.uniform(0.85, 1.18) if varied and rng.random() < self.data.speech_speed else 1.0
        if rate != FULL_BAND or factor != 1.0:
            x = speed(x, factor * rate / FULL_BAND)
        recorded = _fit(x, self.samples)
        x = without_floor(recorded) if varied else recorded
        floor = recorded - x
        if varied and rng.random() < self.data.speech_eq:
            x = random_eq(rng, x, FULL_BAND, 6.0)
        if varied and self._rooms and rng.random() < self.data.speech_room:
            x = convolve_room(x, self._room(rng, longest=rng.uniform(0.1, 0.5)))
        return x, floor, band * factor

    def _room(self, rng: np.random.Generator, longest: float) -> Samples:
        """A room response whose reverberation time is shortened to at most about ``longest`` seconds."""
        response = self.corpus.read(self._rooms[int(rng.integers(len(self._rooms)))])
        # An exponential of 60 dB in `longest` seconds: the product's decay rate is the sum of both rates.
        return response * np.exp(-np.log(1000) / longest * np.arange(len(response)) / FULL_BAND).astype(np.float32)

    def _noise_mixture(self, rng: np.random.Generator) -> Samples:
        count = 1 + int(rng.choice(len(self.data.noise_sources), p=np.array(self.data.noise_sources)))
        total = np.zeros(self.samples, np.float32)
        for _ in range(count):
            x = self._noise_source(rng)
            level = rms(x)
            if level > 0:
                total += x * np.float32(decibel(rng.uniform(-10, 0)) / level)
        if rng.random() < self.data.rumble:
            x = noises.rumble(rng, self.samples)
            total += x * np.float32(decibel(rng.uniform(-10, 15)) * rms(total) / max(rms(x), 1e-9))
        return total

    def _noise_source(self, rng: np.random.Generator) -> Samples:
        which = rng.random()
        if which < self.data.babble:
            x = self._babble(rng)
        elif which < self.data.babble + self.data.generated or not self._noises:
            x = noises.generate(rng, self.samples)
        else:
            x = self._recorded(rng)
        if self._rooms and rng.random() < 0.15:
            x = convolve_room(x, self._room(rng, longest=rng.uniform(0.2, 1.5)))
        if rng.random() < 0.5:
            x = random_eq(rng, x, FULL_BAND, 10.0)
        if rng.random() < self.data.dull_noise:
            # Traffic, wind and engines end far below the voice's sibilants, which must then be left alone.
            x = roll_off(x, np.exp(rng.uniform(np.log(150), np.log(6000))), rng.uniform(6, 30), FULL_BAND)
        if rng.random() < 0.25:
            x = x * random_envelope(rng, len(x), 8.0)
        return x

    def _recorded(self, rng: np.random.Generator) -> Samples:
        clip = self._noises[int(rng.choice(len(self._noises), p=self._noise_weight))]
        factor = np.exp(rng.uniform(np.log(0.65), np.log(1.5))) if rng.random() < self.data.noise_speed else 1.0
        need = int(self.samples * factor * clip.rate / FULL_BAND) + 1
        first = int(rng.integers(clip.length - need)) if clip.length > need else 0
        x = self.corpus.read(clip, first, need)
        if rng.random() < 0.15:
            x = x[::-1]
        if factor != 1.0 or clip.rate != FULL_BAND:
            x = speed(x, factor * clip.rate / FULL_BAND)
        if len(x) >= self.samples:
            return x[: self.samples]
        if len(x) < _SHORT_NOISE * FULL_BAND:
            return _scatter(rng, x, self.samples)
        return _loop(x, self.samples)

    def _babble(self, rng: np.random.Generator) -> Samples:
        """Three to twelve voices at several distances, in one or two rooms."""
        total = np.zeros(self.samples, np.float32)
        groups = 1 + int(rng.random() < 0.5)
        for _ in range(groups):
            group = np.zeros(self.samples, np.float32)
            for _ in range(int(rng.integers(2, 7)) + (groups == 1)):
                rate = NARROW_BAND if self._voices[NARROW_BAND][0] and rng.random() < 0.4 else FULL_BAND
                voice, _, _ = self._speech(rng, rate, varied=False)
                group += voice * np.float32(decibel(rng.uniform(-8, 0)) / max(active_rms(voice), 1e-9))
            if self._rooms and rng.random() < 0.85:
                group = convolve_room(group, self._room(rng, longest=rng.uniform(0.3, 1.5)))
            total += group
        return total


def _by_voice(corpus: Corpus, rate: int) -> tuple[list[list[Clip]], NDArray[np.float64]]:
    """Clips grouped by voice, and each voice's weight: the square root of its duration, so that many voices count."""
    voices: dict[str, list[Clip]] = defaultdict(list)
    for clip in corpus.clips:
        if clip.kind == "speech" and clip.rate == rate and clip.length > rate // 10:
            voices[clip.who].append(clip)
    groups = list(voices.values())
    weight = np.array([sum(c.length for c in clips) ** 0.5 for clips in groups])
    return groups, weight / max(weight.sum(), 1)


def _fit(x: Samples, samples: int) -> Samples:
    return x[:samples] if len(x) >= samples else np.pad(x, (0, samples - len(x)))


def _loop(x: Samples, samples: int) -> Samples:
    """Repeat with cross-fades of 50 ms (equal power: the ends are unrelated)."""
    fade = FULL_BAND // 20
    ramp = np.sin(np.linspace(0, np.pi / 2, fade, dtype=np.float32))
    piece = x.copy()
    piece[:fade] *= ramp
    piece[-fade:] *= ramp[::-1]
    out = np.zeros(samples + len(x), np.float32)
    for start in range(0, samples, len(x) - fade):
        out[start : start + len(x)] += piece
    return out[:samples]


def _scatter(rng: np.random.Generator, x: Samples, samples: int) -> Samples:
    """Let a short event recur after random pauses."""
    out = np.zeros(samples + len(x), np.float32)
    pause = np.exp(rng.uniform(np.log(0.05), np.log(1.0))) * FULL_BAND
    start = int(rng.integers(samples // 2))
    while start < samples:
        out[start : start + len(x)] += x * np.float32(decibel(rng.uniform(-6, 0)))
        start += int(len(x) * rng.uniform(0.5, 1.0) + rng.exponential(pause)) + 1
    return out[:samples]
