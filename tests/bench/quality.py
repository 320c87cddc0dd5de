"""Quality beside rivals: ``python -m tests.bench.quality PAIRS [--recordings FOLDER] [--rivals FOLDER]``.

PAIRS is a folder of ``NAME.clean.flac`` and ``NAME.noise.flac`` with ``index.csv``; FOLDER has real recordings, whose
speech nobody knows, and DNSMOS judges them. Every system gets the same files
(48 kHz, 16 bit). Rivals do not say what their output is late by, so it is found by correlation with the input, one
delay for all files of a system, and taken back.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
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
    inputs: dict[str, Samples] = {}
    for row, s, v, rate in pairs(folder):
        if rate != SAMPLE_RATE:
            raise ValueError(f"{row['name']}: {rate=} Hz is not {SAMPLE_RATE}")
        speech[row["name"]] = s
        inputs[row["name"]] = np.clip(s + v, -1, 1)
    names = [*METRICS, "DNSMOS SIG", "BAK", "OVRL"]
    quality = _head(f"{len(speech)} pairs", [*names, "delay taken back"])
    phases = _head(
        "SI-SDR below 6 kHz, dB",
        ["output", "its magnitudes, noisy phase", "its magnitudes, speech's phase", "speech's magnitudes, its phase"],
    )
    with ProcessPoolExecutor(cores()) as pool:
        for label, outputs, late in _systems(inputs, environments):
            found = pool.map(scores, outputs, speech.values())
            quality.append(f"{_row(label, list(found))} {late} |")
            found = pool.map(phase_scores, outputs, speech.values(), inputs.values())
            phases.append(_row(label, list(found)))
    return [quality, phases]


def without_reference(folder: Path, environments: Path | None = None) -> list[str]:
    """Means of DNSMOS P.835 over real recordings (FLAC, 48 kHz, mono), whose speech nobody knows, as Markdown."""
    inputs: dict[str, Samples] = {}
    for path in sorted(folder.glob("*.flac")):
        inputs[path.stem], rate = soundfile.read(path, dtype="float32")
        if rate != SAMPLE_RATE or inputs[path.stem].ndim != 1:
            raise ValueError(f"{path.name}: not one channel at {SAMPLE_RATE} Hz")
    lines = _head(f"{len(inputs)} recordings without reference", ["DNSMOS SIG", "BAK", "OVRL"])
    with ProcessPoolExecutor(cores()) as pool:
        for label, outputs, _ in _systems(inputs, environments):
            lines.append(_row(label, list(pool.map(metrics.dnsmos, outputs))))
    return lines


def _systems(inputs: dict[str, Samples], environments: Path | None) -> Iterator[tuple[str, list[Samples], str]]:
    """Label, outputs of the inputs' lengths, and delay taken back, of the inputs themselves and of each system."""
    yield "noisy", list(inputs.values()), ""
    others = rivals.ready(environments) if environments else []
    with tempfile.TemporaryDirectory() as scratch:
        noisy = Path(scratch) / "noisy"
        noisy.mkdir()
        for name, x in inputs.items():
            soundfile.write(noisy / f"{name}.wav", x, SAMPLE_RATE)
        for system in [*rivals.OURS, *(other for other in others if not other.time_only)]:
            target = Path(scratch) / system.key.replace(":", "-")
            target.mkdir()
            rivals.drive(environments or Path(), system, noisy, target, "--many")
            outputs = [soundfile.read(target / f"{name}.wav", dtype="float32")[0] for name in inputs]
            late = delay(outputs, list(inputs.values())) if system.requirements else 0
            outputs = [shifted(y, late, len(x)) for y, x in zip(outputs, inputs.values(), strict=True)]
            yield system.label, outputs, f"{late}" if system.requirements else ""


def _head(first: str, columns: list[str]) -> list[str]:
    return [f"| {first} | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]


def _row(label: str, found: Sequence[Sequence[float]]) -> str:
    return f"| {label} | " + " | ".join(f"{mean:.2f}" for mean in np.mean(found, axis=0)) + " |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.quality", description=__doc__)
    parser.add_argument("pairs", type=Path, nargs="?")
    parser.add_argument("--recordings", type=Path, help="folder of real noisy recordings without reference")
    parser.add_argument("--rivals", type=Path, help="environments made by `python -m tests.bench.rivals --prepare`")
    arguments = parser.parse_args()
    if not arguments.pairs and not arguments.recordings:
        parser.error("neither PAIRS nor --recordings is given")
    if arguments.pairs:
        for table in tables(arguments.pairs, arguments.rivals):
            print(*table, "", sep="\n", flush=True)
    if arguments.recordings:
        print(*without_reference(arguments.recordings, arguments.rivals), sep="\n")


if __name__ == "__main__":
    main()
