"""A and B from one inference, and what the masks look like. The cells (# %%) run in a notebook too.

python compare_masks.py noisy.wav masks.png
"""

# %% The two outputs
from __future__ import annotations

import sys

import numpy as np
import soundfile
from matplotlib.figure import Figure
from numpy.typing import NDArray
from phaseaware.plugin import PhaseAware

source, target, *others = sys.argv[1:]
model = others[0] if others else None
noisy, rate = soundfile.read(source, dtype="float32")
processor = PhaseAware(model=model)
a, b = processor.process_both(noisy, rate)
print(f"A - B: {20 * np.log10(np.std(a - b) / np.std(noisy)):.1f} dB of the noisy signal's level")

# %% The masks behind them
found = processor.analyse(noisy, rate)
phase_aware, real = found.masks["phase-aware"][0].T, found.masks["real"][0].T


def decibels(x: NDArray[np.complex64]) -> NDArray[np.floating]:
    """Magnitude in dB."""
    return np.asarray(20 * np.log10(np.abs(x) + 1e-6))


figure = Figure(figsize=(10, 9), layout="constrained")
panels = [
    ("noisy, dB", decibels(found.spectrum[0].T), {"cmap": "magma", "vmin": -70, "vmax": 20}),
    ("phase-aware mask, dB: above 0 it amplifies", decibels(phase_aware), {"cmap": "RdBu_r", "vmin": -30, "vmax": 30}),
    ("phase-aware mask, rotation / π", np.angle(phase_aware) / np.pi, {"cmap": "twilight", "vmin": -1, "vmax": 1}),
    ("real mask, dB", decibels(real), {"cmap": "RdBu_r", "vmin": -30, "vmax": 30}),
]  # fmt: skip
for axes, (title, values, colours) in zip(figure.subplots(4, sharex=True, sharey=True), panels, strict=True):
    image = axes.pcolormesh(found.times, found.frequencies / 1000, values, **colours)
    axes.axhline(6, color="gray", linewidth=0.5)
    axes.set(title=title, ylabel="kHz")
    figure.colorbar(image, ax=axes)
axes.set_xlabel("s")
figure.savefig(target)
