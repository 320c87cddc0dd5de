"""What keeps a trained mask from its ceiling: its magnitudes or its phase."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import metrics
from ..masks import SEAM_HZ
from ..model import MaskModel
from ..stft import istft, stft
from .pairs import outputs, pairs

__all__ = ["exchange", "exchanged"]


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
