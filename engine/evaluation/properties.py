"""What a model must not harm: clean speech, quiet voices, sibilants, narrow bands, silence; and no drift."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from .. import metrics
from ..controls import Render
from ..model import MaskModel
from ..rates import separate
from ..separator import Separator
from ..stft import SAMPLE_RATE
from .pairs import pairs

__all__ = ["properties"]

Samples = NDArray[np.float32]
_RENDERS = Render().pair()
_SIBILANTS = (4000.0, 12_000.0)
_QUIETER_DB = 20.0


def _separated(x: Samples, model: MaskModel) -> Samples:
    """Mono in, (renders, samples) out."""
    return separate(x[None], model, _RENDERS, sample_rate=SAMPLE_RATE)[:, 0]


def _level(x: NDArray[np.floating]) -> float:
    """RMS level in dBFS."""
    return float(10 * np.log10(np.mean(np.square(x, dtype=np.float64)) + 1e-20))


def properties(model: MaskModel, folder: str | Path, *, drift_minutes: int = 30) -> str:
    """Measure a model on a folder of stems at 48 kHz and on generated noise; returns a Markdown table.

    Both masks are measured; every pair's speech counts once.
    """
    clean, sibilants, quieter, telephone = [], [], [], []
    seen = set()
    for row, speech, noise, rate in pairs(Path(folder)):
        if rate != SAMPLE_RATE:
            raise ValueError(f"{row['name']}: {rate} Hz; measured at {SAMPLE_RATE} Hz")
        noisy = speech + noise
        usual, small = _separated(noisy, model), _separated(noisy * np.float32(10 ** (-_QUIETER_DB / 20)), model)
        quieter.append([_level(b) - _level(a) + _QUIETER_DB for a, b in zip(usual, small, strict=True)])
        if speech[:4800].tobytes() in seen:
            continue
        seen.add(speech[:4800].tobytes())
        out = _separated(speech, model)
        clean.append([metrics.si_sdr(y, speech) for y in out])
        sibilants.append(
            [_level(metrics.band_pass(y, *_SIBILANTS)) - _level(metrics.band_pass(speech, *_SIBILANTS)) for y in out]
        )
        narrow = _through_8_khz(speech)
        telephone.append([metrics.si_sdr(y, narrow) for y in _separated(narrow, model)])
    rows: list[tuple[str, list[list[float]]]] = [
        ("clean speech passed through, SI-SDR, dB", clean),
        ("clean speech through 8 kHz sampling and passed through, SI-SDR, dB", telephone),
        ("level of clean speech from 4 to 12 kHz after passing through, dB", sibilants),
        (f"noisy speech {_QUIETER_DB:.0f} dB quieter: change of the output's level beyond that, dB", quieter),
    ]
    lines = ["| property | phase-aware, mean (worst) | real mask, mean (worst) |", "|---|---|---|"]
    for name, values in rows:
        scores = np.array(values)
        mean = scores.mean(axis=0)
        # A ratio is worst where it is least, a change where it is largest in either direction.
        badness = scores if name.endswith("SI-SDR, dB") else -np.abs(scores)
        worst = np.take_along_axis(scores, badness.argmin(axis=0)[None], axis=0)[0]
        lines.append(f"| {name} | {mean[0]:.2f} ({worst[0]:.2f}) | {mean[1]:.2f} ({worst[1]:.2f}) |")
    silence = _separated(np.zeros(SAMPLE_RATE, np.float32), model)
    lines.append(
        f"| silence in: largest sample out | {np.abs(silence[0]).max():.1e} | {np.abs(silence[1]).max():.1e} |"
    )
    first, last, peak = _long_noise(model, drift_minutes)
    cells = [f"{first[i]:.1f} → {last[i]:.1f} (largest minute {peak[i]:.1f})" for i in range(2)]
    lines.append(
        f"| white noise at −30 dBFS, {drift_minutes} minutes: residual of the second → last minute, dBFS "
        f"| {cells[0]} | {cells[1]} |"
    )
    return "\n".join(lines)


def _through_8_khz(x: Samples) -> Samples:
    narrow = soxr.resample(soxr.resample(x, SAMPLE_RATE, 8000), 8000, SAMPLE_RATE)
    out = np.zeros_like(x)
    out[: min(len(x), len(narrow))] = narrow[: len(x)]
    return out


def _long_noise(model: MaskModel, minutes: int) -> tuple[list[float], list[float], list[float]]:
    """Levels of the residual: second minute, last minute, loudest minute from the second on; per mask."""
    rng = np.random.default_rng(0)
    separator = Separator(model, _RENDERS)
    levels = []
    for _ in range(minutes):
        x = (10 ** (-30 / 20) * rng.standard_normal((1, 60 * SAMPLE_RATE))).astype(np.float32)
        levels.append([_level(y) for y in separator.process(x)[:, 0]])
    later = np.array(levels[1:] or levels)
    return list(later[0]), list(later[-1]), list(later.max(axis=0))
