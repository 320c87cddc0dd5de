"""Changes of one signal that keep its length: spectral shaping, rooms, speed, level envelopes."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import fftconvolve

__all__ = [
    "active_rms",
    "convolve_room",
    "cut_above",
    "decibel",
    "random_envelope",
    "random_eq",
    "rms",
    "roll_off",
    "shape_spectrum",
    "speed",
]

Samples = NDArray[np.float32]


def decibel(value: float) -> float:
    """Amplitude factor of a level in dB."""
    return float(10 ** (value / 20))


def rms(x: Samples) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(x), dtype=np.float64)))


def active_rms(x: Samples, rate: int = 48_000) -> float:
    """RMS over the 20 ms segments within 30 dB of the loudest: the level of the speech without its pauses."""
    size = rate // 50
    power = np.square(x[: len(x) // size * size]).reshape(-1, size).mean(axis=1)
    peak = power.max(initial=0.0)
    return float(np.sqrt(power[power > peak * 1e-3].mean())) if peak > 0 else 0.0


def shape_spectrum(x: Samples, gain: NDArray[np.floating], frequencies: NDArray[np.floating], rate: int) -> Samples:
    """Zero-phase filter with a gain (linear) given at some frequencies (Hz, rising) and interpolated between them."""
    n = next_fast_len(len(x), real=True)
    f = np.fft.rfftfreq(n, 1 / rate)
    response = np.interp(f, frequencies, gain).astype(np.float32)
    return irfft(rfft(x, n) * response, n)[: len(x)]


def random_eq(rng: np.random.Generator, x: Samples, rate: int, range_db: float) -> Samples:
    """A smooth random equalizer curve: independent gains up to ±range_db at points half to two octaves apart."""
    points = np.cumprod(rng.uniform(1.4, 4.0, size=12)) * 40
    gains = 10 ** (rng.uniform(-range_db, range_db, size=12) / 20)
    return shape_spectrum(x, gains, points, rate)


def cut_above(x: Samples, cutoff: float, rate: int, *, width: float = 0.04) -> Samples:
    """Low-pass as resamplers and lossy encoders do it: flat to ``cutoff`` Hz, gone ``width``·cutoff higher."""
    if cutoff >= rate / 2:
        return x
    return shape_spectrum(x, np.array([1.0, 1.0, 0.0]), np.array([0.0, cutoff, cutoff * (1 + width)]), rate)


def roll_off(x: Samples, corner: float, slope_db: float, rate: int) -> Samples:
    """Flat to ``corner`` Hz, falling by ``slope_db`` an octave above it: what is far away or behind a wall."""
    octaves = np.arange(0, np.log2(rate / 2 / corner) + 0.25, 0.25)
    return shape_spectrum(x, 10 ** (-slope_db * octaves / 20), corner * 2**octaves, rate)


def convolve_room(x: Samples, response: Samples) -> Samples:
    """Convolve with a room response, keep the length and the energy."""
    wet = fftconvolve(x, response)[: len(x)].astype(np.float32)
    return wet * (rms(x) / max(rms(wet), 1e-9))


def speed(x: Samples, factor: float, rate: int = 48_000) -> Samples:
    """Play ``factor`` times as fast (pitch and formants move along)."""
    return soxr.resample(x, rate * factor, rate, quality="MQ")


def random_envelope(rng: np.random.Generator, samples: int, range_db: float, points: int = 6) -> Samples:
    """Slowly varying gain (linear) of up to ±range_db, interpolated in dB between a few points."""
    t = np.linspace(0, points - 1, samples)
    return (10 ** (np.interp(t, np.arange(points), rng.uniform(-range_db, range_db, points)) / 20)).astype(np.float32)
