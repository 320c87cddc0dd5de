"""Figures on pairs of stems: noisy and the masks, by signal-to-noise ratio and by noise, with paired statistics."""

from __future__ import annotations

import datetime
import platform
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import metrics
from ..masks import SEAM_HZ
from ..model import MaskModel
from ..runtime import onnxruntime
from .pairs import outputs, pairs

__all__ = ["METRICS", "Evaluation", "bootstrap_interval", "evaluate", "paired_p", "report", "scores"]

Samples = NDArray[np.float32]

_TOP = 20_000.0  # Hz; above it most recordings hold nothing
_LEAST = 6
METRICS = ("PESQ-WB", "ESTOI", "SI-SDR", "SI-SDR <6k", "LSD <6k", "LSD 6-20k", "SIG", "BAK", "OVRL", "level")
_SI_SDR = METRICS.index("SI-SDR")
_BY_GROUP = ("PESQ-WB", "SI-SDR", "SI-SDR <6k", "LSD <6k", "LSD 6-20k", "OVRL", "level")


def scores(estimate: Samples, speech: Samples, rate: int) -> NDArray[np.float64]:
    """All of :data:`METRICS` for one output, shape (n,), at ``rate`` Hz; the level is relative to the speech, in dB."""
    y, s = estimate, speech
    low, high = (0, SEAM_HZ), (SEAM_HZ, _TOP)
    return np.array(
        [
            metrics.pesq_wb(y, s, rate),
            metrics.estoi(y, s, rate),
            metrics.si_sdr(y, s, sample_rate=rate),
            metrics.si_sdr(y, s, band=low, sample_rate=rate),
            metrics.log_spectral_distance(y, s, band=low, sample_rate=rate),
            metrics.log_spectral_distance(y, s, band=high, sample_rate=rate),
            *metrics.dnsmos(y, rate),
            10 * np.log10(np.sum(y**2, dtype=float) / np.sum(s**2, dtype=float)),
        ]
    )


@dataclass(frozen=True)
class Evaluation:
    """Scores of one model on one set.

    Attributes
    ----------
    systems : "noisy" and the model's masks.
    names, snr_db, noise : per pair.
    scores : shape (pairs, systems, metrics), in the order of ``systems`` and :data:`METRICS`.
    """

    systems: tuple[str, ...]
    names: list[str]
    snr_db: NDArray[np.float64]
    noise: list[str]
    scores: NDArray[np.float64]

    def difference(self, metric: str) -> NDArray[np.float64]:
        """Phase-aware minus real mask, per pair."""
        of = self.scores[:, :, METRICS.index(metric)]
        return of[:, self.systems.index("phase-aware")] - of[:, self.systems.index("real")]


def evaluate(model: MaskModel, folder: str | Path) -> Evaluation:
    """Score noisy and each mask of the model on every pair of a folder."""
    names, snrs, noises, found = [], [], [], []
    for row, speech, noise, rate in pairs(Path(folder)):
        noisy = speech + noise
        found.append([scores(y, speech, rate) for y in (noisy, *outputs(model, noisy, rate))])
        names.append(row["name"])
        snrs.append(float(row["snr_db"]))
        noises.append(row["noise"])
    return Evaluation(("noisy", *model.info.masks), names, np.array(snrs), noises, np.array(found))


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
    lines = [
        f"Set: {set_name}, {len(result.names)} pairs. Model: {model.info.name} {model.info.version}. "
        f"onnxruntime {onnxruntime.__version__}, numpy {np.__version__}, Python {platform.python_version()}. "
        f"{datetime.date.today().isoformat()}.",
        "",
        "| system | " + " | ".join(METRICS) + " |",
        "|---|" + "---|" * len(METRICS),
    ]
    for i, system in enumerate(result.systems):
        cells = []
        for j in range(len(METRICS)):
            x = result.scores[:, i, j]
            low, high = bootstrap_interval(x)
            cells.append(f"{x.mean():.2f} [{low:.2f}, {high:.2f}]")
        lines.append(f"| {system} | " + " | ".join(cells) + " |")
    if {"phase-aware", "real"} <= set(result.systems):
        lines += _comparison(result)
    order = " → ".join([result.systems[0], " / ".join(result.systems[1:])])
    by_snr = {f"{snr:g} dB": result.snr_db == snr for snr in np.unique(result.snr_db)}
    by_noise = {kind: np.array(result.noise) == kind for kind in sorted(set(result.noise))}
    gain = result.scores[:, 1, _SI_SDR] - result.scores[:, 0, _SI_SDR]
    least = {result.names[i]: np.arange(len(gain)) == i for i in np.argsort(gain)[:_LEAST]}
    lines += _groups(result, f"By signal-to-noise ratio ({order}):", by_snr)
    lines += _groups(result, f"By noise ({order}):", by_noise)
    lines += _groups(result, f"The {_LEAST} pairs whose SI-SDR gains least ({order}):", least)
    return "\n".join(lines)


def _groups(result: Evaluation, title: str, groups: dict[str, NDArray[np.bool_]]) -> list[str]:
    """A table of the means of each group of pairs."""
    columns = [METRICS.index(metric) for metric in _BY_GROUP]
    lines = ["", title, "", "| | pairs | " + " | ".join(_BY_GROUP) + " |", "|---|---|" + "---|" * len(columns)]
    for name, members in groups.items():
        means = result.scores[members].mean(axis=0)
        cells = [f"{means[0, j]:.2f} → " + " / ".join(f"{x:.2f}" for x in means[1:, j]) for j in columns]
        lines.append(f"| {name} | {members.sum()} | " + " | ".join(cells) + " |")
    return lines


def _comparison(result: Evaluation) -> list[str]:
    levels = np.unique(result.snr_db)
    lines = ["", "Phase-aware minus real mask (mean, 95 % bootstrap interval, one-sided paired bootstrap p):", "",
             "| metric | all | " + " | ".join(f"{snr:g} dB" for snr in levels) + " |",
             "|---|---|" + "---|" * len(levels)]  # fmt: skip
    for name in METRICS:
        d = result.difference(name)
        low, high = bootstrap_interval(d)
        p = "" if name == "level" else f", p = {paired_p(-d if name.startswith('LSD') else d):.4f}"
        by_snr = [f"{d[result.snr_db == snr].mean():+.2f}" for snr in levels]
        lines.append(f"| {name} | {d.mean():+.3f} [{low:+.3f}, {high:+.3f}]{p} | " + " | ".join(by_snr) + " |")
    return lines
