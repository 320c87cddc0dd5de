"""Noises made by formulas, to widen a small collection of recordings.

Each generator takes a random generator and a number of samples and returns float32 samples at 48 kHz of any level.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

__all__ = ["GENERATORS", "generate"]

RATE = 48_000
Samples = NDArray[np.float32]


def _filtered(
    rng: np.random.Generator, samples: int, response: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> Samples:
    n = next_fast_len(samples, real=True)
    f = np.fft.rfftfreq(n, 1 / RATE)
    noise = rfft(rng.standard_normal(n, dtype=np.float32))
    return irfft(noise * response(np.maximum(f, 1.0)).astype(np.float32), n)[:samples]


def _walk(rng: np.random.Generator, samples: int, rate_hz: float) -> Samples:
    """Slow random fluctuation, unit variance, band-limited to about ``rate_hz``."""
    points = max(4, int(samples / RATE * rate_hz) + 4)
    return np.interp(np.linspace(0, points - 1, samples), np.arange(points), rng.standard_normal(points)).astype(
        np.float32
    )


def _bands(f: NDArray[np.float64], rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Sum of a few resonance-like bumps at random frequencies between 60 Hz and 10 kHz."""
    response = np.zeros_like(f)
    for _ in range(count):
        centre = np.exp(rng.uniform(np.log(60), np.log(10_000)))
        response += rng.uniform(0.2, 1) / (1 + ((f - centre) / (centre * rng.uniform(0.03, 0.5))) ** 2)
    return response


def coloured(rng: np.random.Generator, samples: int) -> Samples:
    """Noise whose power falls (or rises) as a random power of frequency, with bumps."""
    slope = rng.uniform(-1.2, 0.4)
    return _filtered(rng, samples, lambda f: f**slope * (0.3 + _bands(f, rng, int(rng.integers(0, 5)))))


def hum(rng: np.random.Generator, samples: int) -> Samples:
    """Mains hum: harmonics of 50 or 60 Hz, slightly drifting, with buzz."""
    f0 = rng.choice([50.0, 60.0]) * (1 + 0.002 * _walk(rng, samples, 0.5))
    return _harmonics(rng, f0, decay=rng.uniform(0.3, 1.6), count=int(rng.integers(4, 60)))


def _harmonics(rng: np.random.Generator, f0: NDArray[np.floating], decay: float, count: int) -> Samples:
    phase = 2 * np.pi * np.cumsum(f0) / RATE
    # Chebyshev-like recurrence: exp(j·m·phase) by repeated multiplication is cheaper than `count` sines.
    turn = np.exp(1j * phase).astype(np.complex64)
    z = np.ones_like(turn)
    out = np.zeros(len(f0), np.float32)
    for m in range(1, min(count, int(18_000 / np.max(f0))) + 1):
        z = z * turn
        gain = rng.uniform(0.1, 1) * m**-decay
        out += np.float32(gain) * (z * np.complex64(np.exp(2j * np.pi * rng.random()))).real
    return out


def engine(rng: np.random.Generator, samples: int) -> Samples:
    """Motor: harmonics of a wandering speed and noise modulated by it."""
    f0 = np.exp(rng.uniform(np.log(18), np.log(220))) * np.exp(0.08 * _walk(rng, samples, rng.uniform(0.3, 3)))
    tone = _harmonics(rng, f0, decay=rng.uniform(0.3, 1.3), count=40)
    phase = 2 * np.pi * np.cumsum(f0) / RATE * rng.choice([0.5, 1.0, 2.0])
    depth = rng.uniform(0, 0.9)
    rush = coloured(rng, samples)
    rush *= (1 + depth * np.sin(phase)).astype(np.float32) / max(float(rush.std()), 1e-9)
    return tone / max(float(tone.std()), 1e-9) + np.float32(rng.uniform(0.2, 2)) * rush


def fan(rng: np.random.Generator, samples: int) -> Samples:
    """Ventilation: broad noise, slowly swaying, with the tones of the blades."""
    air = _filtered(rng, samples, lambda f: 1 / (1 + (f / rng.uniform(200, 3000)) ** rng.uniform(0.8, 2)))
    air *= (1 + 0.1 * _walk(rng, samples, 2)) / max(float(air.std()), 1e-9)
    f0 = rng.uniform(60, 500) * (1 + 0.003 * _walk(rng, samples, 1))
    return air + np.float32(rng.uniform(0, 0.5)) * _harmonics(rng, f0, decay=1.0, count=8)


def passing(rng: np.random.Generator, samples: int) -> Samples:
    """Vehicles passing by: tyre noise and motors under bell-shaped envelopes."""
    t = np.arange(samples) / RATE
    out = np.zeros(samples, np.float32)
    for _ in range(int(rng.integers(1, 4))):
        middle, width = rng.uniform(-0.5, t[-1] + 0.5), rng.uniform(0.3, 2.0)
        bell = 1 / (1 + ((t - middle) / width) ** 2)
        tyre = _filtered(rng, samples, lambda f: (f / 100) ** 0.5 / (1 + (f / rng.uniform(500, 2000)) ** 2))
        vehicle = tyre / max(float(tyre.std()), 1e-9)
        if rng.random() < 0.6:
            motor = engine(rng, samples)
            vehicle = vehicle + np.float32(rng.uniform(0.1, 1)) * motor / max(float(motor.std()), 1e-9)
        out += (bell**2).astype(np.float32) * vehicle
    return out


def wind(rng: np.random.Generator, samples: int) -> Samples:
    """Wind on a microphone: low rumble in gusts, sometimes a whistle."""
    corner = rng.uniform(40, 500)
    rumble = _filtered(rng, samples, lambda f: 1 / (1 + (f / corner) ** rng.uniform(1.5, 3)))
    gusts = np.exp(rng.uniform(0.3, 1.2) * _walk(rng, samples, rng.uniform(0.5, 4)))
    out = rumble * gusts / max(float(rumble.std()), 1e-9)
    if rng.random() < 0.3:
        hiss = _filtered(rng, samples, lambda f: _bands(f, rng, 2))
        out += np.float32(rng.uniform(0.05, 0.4)) * hiss * gusts / max(float(hiss.std()), 1e-9)
    return out


def rumble(rng: np.random.Generator, samples: int) -> Samples:
    """Traffic, footsteps, rotors, a hand on the microphone: below 20 to 80 Hz, steady, in gusts or in pulses."""
    corner, slope = np.exp(rng.uniform(np.log(20), np.log(80))), rng.uniform(2, 6)
    x = _filtered(rng, samples, lambda f: 1 / (1 + (f / corner) ** slope))
    swing = np.exp(rng.uniform(0, 1.2) * _walk(rng, samples, np.exp(rng.uniform(np.log(0.5), np.log(20)))))
    return x * swing


def _impacts(rng: np.random.Generator, samples: int, times: NDArray[np.int64], longest_ms: float) -> Samples:
    """Decaying resonances struck at the given times."""
    out = np.zeros(samples + RATE // 4, np.float32)
    shapes = []
    t = np.arange(RATE // 4) / RATE
    for _ in range(4):
        decay = np.exp(rng.uniform(np.log(0.5), np.log(longest_ms))) / 1000
        ring = rng.standard_normal(len(t)) * rng.uniform(0, 1)
        for _ in range(3):
            ring += np.sin(2 * np.pi * np.exp(rng.uniform(np.log(150), np.log(9000))) * t + rng.uniform(0, 6.28))
        shapes.append((ring * np.exp(-t / decay)).astype(np.float32))
    for start in times:
        shape = shapes[int(rng.integers(len(shapes)))]
        out[start : start + len(shape)] += np.float32(np.exp(rng.normal(0, 0.6))) * shape
    return out[:samples]


def clicks(rng: np.random.Generator, samples: int) -> Samples:
    """Keystrokes, cutlery, clock ticks: short impacts, irregular or regular."""
    if rng.random() < 0.4:
        period = rng.uniform(0.12, 1.0)
        times = np.arange(rng.uniform(0, period), samples / RATE, period)
        times = times + rng.normal(0, 0.01 * period, len(times))
    else:
        times = rng.uniform(0, samples / RATE, int(rng.integers(3, 50)))
    return _impacts(rng, samples, np.clip(times * RATE, 0, samples - 1).astype(np.int64), 40)


def rain(rng: np.random.Generator, samples: int) -> Samples:
    """Rain: hiss and many small drops."""
    corner = rng.uniform(300, 3000)
    hiss = _filtered(rng, samples, lambda f: (f / corner) / (1 + (f / corner) ** rng.uniform(1, 1.8)))
    times = rng.integers(0, samples, int(samples / RATE * rng.uniform(20, 150)))
    drops = _impacts(rng, samples, times, 4)
    return hiss / max(float(hiss.std()), 1e-9) + np.float32(rng.uniform(0.1, 1.5)) * drops / max(
        float(drops.std()), 1e-9
    )


def pulses(rng: np.random.Generator, samples: int) -> Samples:
    """Rotors, saws, pumps: noise in pulses of a steady rate between 3 and 40 per second."""
    rate = np.exp(rng.uniform(np.log(3), np.log(40))) * (1 + 0.03 * _walk(rng, samples, 1))
    phase = np.cumsum(rate) / RATE
    sharpness = rng.uniform(1, 12)
    envelope = np.exp(sharpness * (np.cos(2 * np.pi * phase) - 1)).astype(np.float32) + np.float32(rng.uniform(0, 0.3))
    noise = _filtered(rng, samples, lambda f: (0.05 + _bands(f, rng, 3)) / (1 + f / rng.uniform(200, 6000)))
    return noise * envelope


def tones(rng: np.random.Generator, samples: int) -> Samples:
    """Beeps, ring tones, sirens, whistles: gliding or switched tones with a few harmonics."""
    f0 = np.exp(rng.uniform(np.log(250), np.log(4000)))
    t = np.arange(samples) / RATE
    if rng.random() < 0.5:
        glide = 1 + rng.uniform(0, 0.4) * np.sin(2 * np.pi * rng.uniform(0.1, 6) * t + rng.uniform(0, 6))
        gate = np.ones(samples)
    else:
        steps = rng.choice([1, 1.122, 1.26, 1.335, 1.498, 0.75], int(t[-1] * 8) + 2)
        glide = np.repeat(steps, RATE // 8)[:samples]
        gate = ((t * rng.uniform(0.5, 5)) % 1 < rng.uniform(0.2, 0.9)).astype(float)
        ramp = np.hanning(480)
        gate = np.convolve(gate, ramp / ramp.sum(), "same")
    return _harmonics(rng, f0 * glide, decay=rng.uniform(0.8, 3), count=int(rng.integers(1, 8))) * gate.astype(
        np.float32
    )


def calls(rng: np.random.Generator, samples: int) -> Samples:
    """Barks, cries, squeaks: short bursts of gliding harmonics and breath through a few resonances, in series."""
    out = np.zeros(samples, np.float32)
    f0 = np.exp(rng.uniform(np.log(180), np.log(2500)))
    rough, breath = rng.uniform(0, 0.08), rng.uniform(0.05, 1.5)
    start = int(rng.uniform(0, 0.5) * RATE)
    while start < samples:
        n = min(int(np.exp(rng.uniform(np.log(0.05), np.log(0.6))) * RATE), samples - start)
        if n < RATE // 100:
            break
        t = np.linspace(0, 1, n)
        pitch = f0 * np.exp(rng.uniform(-0.5, 0.2) * t + rng.uniform(0, 0.3) * np.sin(np.pi * t))
        voice = _harmonics(rng, pitch * (1 + rough * rng.standard_normal(n)), decay=rng.uniform(0, 1.2), count=25)
        voice /= max(float(voice.std()), 1e-9)
        air = coloured(rng, n)
        voice += np.float32(breath) * air / max(float(air.std()), 1e-9)
        attack = rng.uniform(0.02, 0.3)
        out[start : start + n] += (np.minimum(t / attack, 1) * (1 - t) ** rng.uniform(0.3, 2)).astype(
            np.float32
        ) * voice
        start += n + int(rng.exponential(0.35) * RATE)
    return out


GENERATORS: tuple[Callable[[np.random.Generator, int], Samples], ...] = (
    coloured, hum, engine, fan, passing, wind, rumble, clicks, rain, pulses, tones, calls,
)  # fmt: skip


def generate(rng: np.random.Generator, samples: int) -> Samples:
    """Noise from a randomly chosen generator, unit RMS unless silent."""
    x = GENERATORS[int(rng.integers(len(GENERATORS)))](rng, samples).astype(np.float32)
    level = float(np.sqrt(np.mean(np.square(x))))
    return x / level if level > 1e-9 else x
