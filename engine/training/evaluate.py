"""Figures on pairs of stems: noisy, phase-aware and real mask, by signal-to-noise ratio, with paired statistics.

The set is a folder of ``NAME.clean.flac`` and ``NAME.noise.flac`` with ``index.csv`` (name, snr_db, noise).
"""

from __future__ import annotations

import csv
import datetime
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import soundfile
from numpy.typing import NDArray

from .. import metrics
from ..masks import SEAM_HZ, Render
from ..model import MaskModel
from ..rates import AnyRateSeparator

__all__ = ["Evaluation", "bootstrap_interval", "evaluate", "paired_p", "report"]

Metric = Callable[[NDArray[np.float32], NDArray[np.float32], int], float]
_TOP = 20_000.0  # Hz; above it most recordings hold nothing

METRICS: dict[str, Metric] = {
    "PESQ-WB": lambda y, s, rate: metrics.pesq_wb(y, s, rate),
    "ESTOI": lambda y, s, rate: metrics.estoi(y, s, rate),
    "SI-SDR": lambda y, s, rate: metrics.si_sdr(y, s, sample_rate=rate),
    "SI-SDR <6k": lambda y, s, rate: metrics.si_sdr(y, s, band=(0, SEAM_HZ), sample_rate=rate),
    "LSD <6k": lambda y, s, rate: metrics.log_spectral_distance(y, s, band=(0, SEAM_HZ), sample_rate=rate),
    "LSD 6-20k": lambda y, s, rate: metrics.log_spectral_distance(y, s, band=(SEAM_HZ, _TOP), sample_rate=rate),
    "level": lambda y, s, rate: float(10 * np.log10(np.sum(y**2, dtype=float) / np.sum(s**2, dtype=float))),
}
_RENDERS = (Render(mask="phase-aware"), Render(mask="real"))
SYSTEMS = ("noisy", "phase-aware", "real")


@dataclass(frozen=True)
class Evaluation:
    """Scores of one model on one set.

    Attributes
    ----------
    names, snr_db, noise : per pair.
    scores : shape (pairs, systems, metrics), in the order of :data:`SYSTEMS` and :data:`METRICS`.
    """

    names: list[str]
    snr_db: NDArray[np.float64]
    noise: list[str]
    scores: NDArray[np.float64]


def pairs(folder: Path) -> Iterator[tuple[dict[str, str], NDArray[np.float32], NDArray[np.float32], int]]:
    """Rows of the index with their stems (mono) and sample rate."""
    with (folder / "index.csv").open(newline="", encoding="utf-8") as f:
        for row in csv.DictReader(f):
            speech, rate = soundfile.read(folder / f"{row['name']}.clean.flac", dtype="float32")
            noise, _ = soundfile.read(folder / f"{row['name']}.noise.flac", dtype="float32")
            yield row, speech, noise, rate


def evaluate(model: MaskModel, folder: str | Path) -> Evaluation:
    """Score noisy, phase-aware and real mask on every pair of a folder."""
    names, snrs, noises, scores = [], [], [], []
    for row, speech, noise, rate in pairs(Path(folder)):
        noisy = speech + noise
        separator = AnyRateSeparator(model, _RENDERS, sample_rate=rate)
        outputs = np.concatenate([separator.process(noisy[None]), separator.flush()], axis=2)[:, 0]
        scores.append([[m(y, speech, rate) for m in METRICS.values()] for y in (noisy, *outputs)])
        names.append(row["name"])
        snrs.append(float(row["snr_db"]))
        noises.append(row["noise"])
    return Evaluation(names, np.array(snrs), noises, np.array(scores))


def bootstrap_interval(x: NDArray[np.float64], *, draws: int = 10_000, seed: int = 0) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean (B. Efron and R. Tibshirani, 1993)."""
    means = np.random.default_rng(seed).choice(x, (draws, len(x))).mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def paired_p(difference: NDArray[np.float64], *, draws: int = 10_000, seed: int = 0) -> float:
    """One-sided paired bootstrap: share of resampled mean differences that are not above zero."""
    means = np.random.default_rng(seed).choice(difference, (draws, len(difference))).mean(axis=1)
    return float((np.count_nonzero(means <= 0) + 1) / (draws + 1))


def report(result: Evaluation, model: MaskModel, set_name: str) -> str:
    """The evaluation as Markdown."""
    names = list(METRICS)
    lines = [
        f"Set: {set_name}, {len(result.names)} pairs. Model: {model.info.name} {model.info.version}. "
        f"onnxruntime {onnxruntime.__version__}, numpy {np.__version__}, Python {platform.python_version()}. "
        f"{datetime.date.today().isoformat()}.",
        "",
        "| system | " + " | ".join(names) + " |",
        "|---|" + "---|" * len(names),
    ]
    for i, system in enumerate(SYSTEMS):
        cells = []
        for j in range(len(names)):
            x = result.scores[:, i, j]
            low, high = bootstrap_interval(x)
            cells.append(f"{x.mean():.2f} [{low:.2f}, {high:.2f}]")
        lines.append(f"| {system} | " + " | ".join(cells) + " |")
    lines += ["", "Phase-aware minus real mask (mean, 95 % bootstrap interval, one-sided paired bootstrap p):", "",
              "| metric | all | " + " | ".join(f"{snr:g} dB" for snr in np.unique(result.snr_db)) + " |",
              "|---|---|" + "---|" * len(np.unique(result.snr_db))]  # fmt: skip
    for j, name in enumerate(names):
        d = result.scores[:, 1, j] - result.scores[:, 2, j]
        low, high = bootstrap_interval(d)
        better = -d if name.startswith("LSD") else d
        p = "" if name == "level" else f", p = {paired_p(better):.4f}"
        by_snr = [f"{d[result.snr_db == snr].mean():+.2f}" for snr in np.unique(result.snr_db)]
        lines.append(f"| {name} | {d.mean():+.3f} [{low:+.3f}, {high:+.3f}]{p} | " + " | ".join(by_snr) + " |")
    lines += ["", "By noise (SI-SDR noisy → phase-aware / real; PESQ-WB noisy → phase-aware / real):", "",
              "| noise | pairs | SI-SDR | PESQ-WB |", "|---|---|---|---|"]  # fmt: skip
    si_sdr, pesq = names.index("SI-SDR"), names.index("PESQ-WB")
    for kind in sorted(set(result.noise)):
        of_kind = result.scores[[n == kind for n in result.noise]].mean(axis=0)
        cell = [f"{of_kind[0, j]:.2f} → {of_kind[1, j]:.2f} / {of_kind[2, j]:.2f}" for j in (si_sdr, pesq)]
        lines.append(f"| {kind} | {result.noise.count(kind)} | " + " | ".join(cell) + " |")
    return "\n".join(lines)
