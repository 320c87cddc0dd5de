"""Figures of several trainings on pairs of stems: ablations, and the learning curve of one run.

An ablation changes one thing in the network, with the same data and budget. Each variant is a run of its own below one
folder: cut off at any time, the next call goes on where it was.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..evaluation.evaluate import METRICS, Evaluation, bootstrap_interval, evaluate, paired_p
from .config import TrainingConfig
from .corpus import Corpus
from .export import export
from .loop import Trainer, load_network

__all__ = ["VARIANTS", "ablate", "curve"]

VARIANTS: dict[str, dict[str, Any]] = {
    "as-shipped": {},
    "raw-phase": {"phase_conversion": False},
    "no-relative-phase": {"relative_phase": False},
    "frame-alone": {"taps": ()},
    "no-bin-recurrence": {"bin_units": 0},
    "lookahead-1": {"lookahead": 1},
    "lookahead-3": {"lookahead": 3},
    "lookahead-8": {"lookahead": 8},
    "seam-4k": {"seam_hz": 4000.0},
    "seam-8k": {"seam_hz": 8000.0},
    "bounded-at-1": {"clamp": 1.0},
    "clamp-5": {"clamp": 5.0},
    "phase-aware-alone": {"heads": ("phase-aware",)},
    "real-alone": {"heads": ("real",)},
}
_SHOWN = ("PESQ-WB", "ESTOI", "SI-SDR", "SI-SDR <6k", "LSD <6k", "LSD 6-20k", "OVRL")


def ablate(
    config: TrainingConfig, corpus: Corpus, folder: str | Path, pairs: str | Path, *,
    hours: float, anneal_hours: float, variants: Iterable[str] = tuple(VARIANTS), device: str = "cpu", workers: int = 1,
) -> Iterator[str]:  # fmt: skip
    """Train, export and score each variant; yields the lines of a Markdown table as they are known.

    Parameters
    ----------
    folder : one sub-folder a variant is made in it.
    pairs : folder of stems, as for :func:`evaluate.evaluate`.
    hours, anneal_hours : hours of audio seen at a constant learning rate, and while it falls to zero.
    variants : some of :data:`VARIANTS`.
    """
    yield f"{hours:g} + {anneal_hours:g} hours of audio seen by each."
    yield ""
    yield from _head("variant")
    for name in variants:
        network = dataclasses.replace(config.network, **VARIANTS[name])
        changed = dataclasses.replace(config, name=name, hours=hours, anneal_hours=anneal_hours, network=network)
        run = Path(folder) / name
        if not (run / "annealed.pt").exists():
            trainer = Trainer(changed, corpus, run, device=device, workers=workers)
            trainer.train()
            trainer.anneal()
        yield from _rows(name, _evaluation(changed, run / "annealed.pt", pairs))


def curve(config: TrainingConfig, checkpoints: Iterable[str | Path], pairs: str | Path) -> Iterator[str]:
    """Score the averaged weights of checkpoints of one run; yields the lines of a Markdown table, by hours seen."""
    yield from _head("hours seen")
    for hours, path in sorted((load_network(path, config)[1], Path(path)) for path in checkpoints):
        yield from _rows(f"{hours:.1f}", _evaluation(config, path, pairs))


def _evaluation(config: TrainingConfig, checkpoint: Path, pairs: str | Path) -> Evaluation:
    about = {"version": "0", "training_data": "that of the run", "licence": "that of the data"}
    with tempfile.TemporaryDirectory() as folder:
        return evaluate(export(checkpoint, config, Path(folder, "model.onnx"), **about), pairs)


def _head(first: str) -> Iterator[str]:
    yield f"| {first} | mask | " + " | ".join(_SHOWN) + " | phase-aware − real: SI-SDR <6k |"
    yield "|---|---|" + "---|" * (len(_SHOWN) + 1)


def _rows(name: str, result: Evaluation) -> Iterator[str]:
    columns = [METRICS.index(metric) for metric in _SHOWN]
    difference = ""
    if {"phase-aware", "real"} <= set(result.systems):
        d = result.difference("SI-SDR <6k")
        low, high = bootstrap_interval(d)
        difference = f"{d.mean():+.3f} [{low:+.3f}, {high:+.3f}], p = {paired_p(d):.4f}"
    for i, mask in enumerate(result.systems[1:], start=1):
        figures = " | ".join(f"{x:.2f}" for x in result.scores[:, i, columns].mean(axis=0))
        yield f"| {name} | {mask} | {figures} | {difference if i == 1 else ''} |"
