"""How far ideal masks reach, and what keeps a trained one from it: its magnitudes or its phase."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import metrics
from ..masks import SEAM_HZ, IdealMask, ideal_mask
from ..model import MaskModel
from ..stft import FRAME_LENGTH, SAMPLE_RATE, istft, stft
from .evaluate import outputs, pairs

__all__ = ["ceilings", "exchange", "exchanged"]

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


def exchanged(
    magnitudes: NDArray[np.complexfloating], phase: NDArray[np.complexfloating], samples: int
) -> NDArray[np.float32]:
    """The signal with one spectrum's magnitudes and another's phase (see :func:`stft.stft`)."""
    return istft(np.abs(magnitudes) * np.exp(1j * np.angle(phase)), samples)


def exchange(model: MaskModel, folder: str | Path) -> str:
    """Mean SI-SDR below the seam of one signal's magnitudes with another's phase, as a Markdown table.

    The spectra are those of noisy, of what each mask made of it, and of the speech. A row shows what a better phase
    would gain with these magnitudes, a column what better magnitudes would gain with this phase.
    """
    names = ("noisy", *model.info.masks, "speech")
    found = []
    for _, speech, noise, rate in pairs(Path(folder)):
        noisy = speech + noise
        spectra = [stft(x) for x in (noisy, *outputs(model, noisy, rate), speech)]
        found.append([[metrics.si_sdr(exchanged(of, phase, len(speech)), speech, band=(0, SEAM_HZ), sample_rate=rate)
                       for phase in spectra] for of in spectra[1:]])  # fmt: skip
    lines = ["SI-SDR <6k, dB, of one's magnitudes with another's phase:", "",
             "| magnitudes of | " + " | ".join(f"phase of {name}" for name in names) + " |",
             "|---|" + "---|" * len(names)]  # fmt: skip
    for name, row in zip(names[1:], np.mean(found, axis=0), strict=True):
        lines.append(f"| {name} | " + " | ".join(f"{x:.2f}" for x in row) + " |")
    return "\n".join(lines)
