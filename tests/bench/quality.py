"""Quality on pairs of stems, beside rivals: ``python -m tests.bench.quality PAIRS [--rivals FOLDER]``.

PAIRS is a folder of ``NAME.clean.flac`` and ``NAME.noise.flac`` with ``index.csv``. Every system gets the same files
(48 kHz, 16 bit). Rivals do not say what their output is late by, so it is found by correlation with the input, one
delay for all files of a system, and taken back.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from phaseaware.engine import metrics
from phaseaware.engine.evaluation.exchange import exchanged
from phaseaware.engine.evaluation.pairs import pairs
from phaseaware.engine.masks import SEAM_HZ
from phaseaware.engine.stft import SAMPLE_RATE, stft

from . import rivals
from .measure import cores

Samples = NDArray[np.float32]
FURTHEST = 9600  # samples, 0.2 s: more than any system's delay
TOP = 20_000.0  # Hz; above it most recordings hold nothing
METRICS: dict[str, Callable[[Samples, Samples], float]] = {
    "PESQ-WB": metrics.pesq_wb,
    "ESTOI": metrics.estoi,
    "SI-SDR, dB": metrics.si_sdr,
    "LSD 0–6 kHz, dB": lambda y, s: metrics.log_spectral_distance(y, s, band=(0, SEAM_HZ)),
    "LSD 6–20 kHz, dB": lambda y, s: metrics.log_spectral_distance(y, s, band=(SEAM_HZ, TOP)),
}


def delay(outputs: list[Samples], inputs: list[Samples]) -> int:
    """Samples by which outputs are late (early: negative): median over the files of the correlation's peak."""
    found = []
    for y, x in zip(outputs, inputs, strict=True):
        size = len(x) + len(y)
        correlation = np.fft.irfft(np.fft.rfft(y, size) * np.fft.rfft(x, size).conj(), size)
        near = np.concatenate([correlation[-FURTHEST:], correlation[: FURTHEST + 1]])
        found.append(int(np.argmax(np.abs(near))) - FURTHEST)
    return int(np.median(found))


def shifted(y: Samples, late: int, samples: int) -> Samples:
    """An output without its delay, and as long as its input; zeros where nothing came."""
    y = y[late:] if late >= 0 else np.concatenate([np.zeros(-late, np.float32), y])
    return np.pad(y, (0, max(0, samples - len(y))))[:samples]


def scores(y: Samples, s: Samples) -> list[float]:
    """All metrics, DNSMOS last."""
    return [*(metric(y, s) for metric in METRICS.values()), *metrics.dnsmos(y)]


def phase_scores(y: Samples, s: Samples, x: Samples) -> list[float]:
    """SI-SDR below the seam of output ``y``, of its magnitudes with the phase of the noisy ``x`` and with that of the
    speech ``s``, and of the speech's magnitudes with the phase of the output."""
    Y, S, X = stft(y), stft(s), stft(x)
    made = (y, exchanged(Y, X, len(s)), exchanged(Y, S, len(s)), exchanged(S, Y, len(s)))
    return [metrics.si_sdr(z, s, band=(0, SEAM_HZ)) for z in made]


def tables(folder: Path, environments: Path | None = None) -> list[list[str]]:
    """Means over all pairs, as Markdown: quality, and what the phases found are worth."""
    speech: dict[str, Samples] = {}
    with tempfile.TemporaryDirectory() as scratch, ProcessPoolExecutor(cores()) as pool:
        noisy = Path(scratch) / "noisy"
        noisy.mkdir()
        for row, s, v, rate in pairs(folder):
            if rate != SAMPLE_RATE:
                raise ValueError(f"{row['name']}: {rate=} Hz is not {SAMPLE_RATE}")
            speech[row["name"]] = s
            soundfile.write(noisy / f"{row['name']}.wav", np.clip(s + v, -1, 1), rate)
        inputs = [soundfile.read(noisy / f"{name}.wav", dtype="float32")[0] for name in speech]
        names = [*METRICS, "DNSMOS SIG", "BAK", "OVRL"]
        lines = [
            f"| {len(speech)} pairs | " + " | ".join(names) + " | delay taken back |",
            "|---" * (len(names) + 2) + "|",
        ]
        phases = [
            "| SI-SDR below 6 kHz, dB | output | its magnitudes, noisy phase | its magnitudes, speech's phase "
            "| speech's magnitudes, its phase |",
            "|---|---|---|---|---|",
        ]

        def add(label: str, outputs: list[Samples], late: str) -> None:
            found = list(pool.map(scores, outputs, speech.values()))
            lines.append(
                f"| {label} | " + " | ".join(f"{mean:.2f}" for mean in np.mean(found, axis=0)) + f" | {late} |"
            )
            found = list(pool.map(phase_scores, outputs, speech.values(), inputs))
            phases.append(f"| {label} | " + " | ".join(f"{mean:.2f}" for mean in np.mean(found, axis=0)) + " |")
            print(lines[-1], phases[-1], sep="\n", flush=True)

        add("noisy", inputs, "")
        ours = [s for s in rivals.ALL if not s.requirements]
        others = rivals.ready(environments) if environments else []
        for system in [*ours, *(other for other in others if not other.time_only)]:
            target = Path(scratch) / system.key.replace(":", "-")
            target.mkdir()
            rivals.drive(environments or Path(), system, noisy, target, "--many")
            outputs = [soundfile.read(target / f"{name}.wav", dtype="float32")[0] for name in speech]
            late = delay(outputs, inputs) if system.requirements else 0
            outputs = [shifted(y, late, len(s)) for y, s in zip(outputs, speech.values(), strict=True)]
            add(system.label, outputs, f"{late}" if system.requirements else "")
    return [lines, phases]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.quality", description=__doc__)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--rivals", type=Path, help="environments made by `python -m tests.bench.rivals --prepare`")
    arguments = parser.parse_args()
    tables(arguments.pairs, arguments.rivals)


if __name__ == "__main__":
    main()
