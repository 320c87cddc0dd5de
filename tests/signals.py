"""Signals made by formulas for tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def voice_like(rng: np.random.Generator, samples: int, *, sample_rate: int = 48_000) -> NDArray[np.float32]:
    """Syllables of a gliding harmonic tone with formants, alternating with hiss and pauses; about -20 dBFS."""
    t = np.arange(samples) / sample_rate
    f0 = 120 * np.exp(0.3 * np.sin(2 * np.pi * 0.7 * t) + 0.1 * np.sin(2 * np.pi * 2.3 * t))
    phase = 2 * np.pi * np.cumsum(f0) / sample_rate
    voiced = sum(
        np.exp(-(((m * 120 - 600) / 900) ** 2)) * np.sin(m * phase) + 0.2 * np.sin(m * phase) / m for m in range(1, 40)
    )
    hiss = np.diff(rng.standard_normal(samples + 1))
    syllable = np.clip(np.sin(2 * np.pi * 2.0 * t), 0, 1) ** 0.5
    sibilant = np.clip(np.sin(2 * np.pi * 2.0 * t - 2.6), 0, 1) ** 4
    x = syllable * voiced + 0.3 * sibilant * hiss
    return (0.1 * x / np.sqrt(np.mean(x**2))).astype(np.float32)
