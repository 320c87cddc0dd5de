"""How far ideal masks reach."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import metrics
from ..masks import SEAM_HZ, IdealMask, ideal_mask
from ..stft import FRAME_LENGTH, SAMPLE_RATE, istft, stft
from .pairs import pairs

__all__ = ["ceilings"]

_CASES: tuple[tuple[str, IdealMask, dict[str, float | int]], ...] = (
    ("IRM", IdealMask.IRM, {}),
    ("IRM, power form", IdealMask.WIENER, {}),
    ("IAM in [0, 1]", IdealMask.IAM_CLIPPED, {}),
    ("PSM (best real mask)", IdealMask.PSM, {}),
    ("complex to 2 kHz + PSM", IdealMask.HYBRID, {"seam_bin": round(2000 * FRAME_LENGTH / SAMPLE_RATE)}),
    ("complex to 6 kHz + PSM, magnitude ≤ 1", IdealMask.HYBRID, {"max_magnitude": 1.0}),
    ("complex to 6 kHz + PSM, magnitude ≤ 5", IdealMask.HYBRID, {"max_magnitude": 5.0}),
    ("complex to 6 kHz + PSM", IdealMask.HYBRID, {}),
)


def ceilings(folder: str | Path) -> str:
    """Mean figures of the ideal masks on a folder of stems at 48 kHz, as a Markdown table."""
    scores: dict[str, list[tuple[float, float, float]]] = {name: [] for name, _, _ in _CASES}
    for row, speech, noise, rate in pairs(Path(folder)):
        if rate != SAMPLE_RATE:
            raise ValueError(f"{row['name']}: {rate} Hz; ideal masks are measured at {SAMPLE_RATE} Hz")
        S, V = stft(speech), stft(noise)
        for name, kind, options in _CASES:
            y = istft(ideal_mask(kind, S, V, **options) * (S + V), len(speech))  # type: ignore[arg-type]
            low = metrics.si_sdr(y, speech, band=(0, SEAM_HZ))
            scores[name].append((metrics.si_sdr(y, speech), low, metrics.pesq_wb(y, speech)))
    lines = ["| ideal mask | SI-SDR, dB | SI-SDR <6k, dB | PESQ-WB |", "|---|---|---|---|"]
    for name, values in scores.items():
        full, low, pesq = np.mean(values, axis=0)
        lines.append(f"| {name} | {full:.1f} | {low:.1f} | {pesq:.2f} |")
    return "\n".join(lines)
