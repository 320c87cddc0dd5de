"""Figures of merit of the files of a comparison, against the speech that is known."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine import metrics
from phaseaware.engine.audio import AudioInfo, AudioReader
from phaseaware.engine.masks import SEAM_HZ
from phaseaware.engine.stft import SAMPLE_RATE
from phaseaware.engine.versions import Version

from .sources import Sources, beginning, finite
from .titles import IDEAL_TITLES, TITLES

__all__ = ["measure"]

Samples = NDArray[np.float32]
_SCORED_SECONDS = 60


def measure(sources: Sources, sounds: Mapping[str, Path], remarks: list[str]) -> dict[str, dict[str, float]]:
    """Title to figure of merit to value (NaN where it is unknown), of the first minute and channel.

    Parameters
    ----------
    sources : the noisy file with a stem at least.
    sounds : what was made of it, by name.
    remarks : what the user must know is appended.
    """
    info = sources.info
    samples = min(info.frames, _SCORED_SECONDS * info.sample_rate)
    if samples < info.frames:
        remarks.append(f"The figures against the speech are those of the first {_SCORED_SECONDS} s.")
    if info.channels > 1:
        remarks.append("The figures against the speech are those of the first channel.")
    reference = sources.first(samples)[0]
    extra = [module for module in ("pesq", "pystoi", "scipy") if find_spec(module) is None]
    if extra:
        remarks.append("PESQ and ESTOI need the evaluation extra: pip install 'phaseaware[eval]'")
    titles = {name: TITLES[name] for name in (Version.NOISY, Version.REAL, Version.PHASE_AWARE)} | IDEAL_TITLES
    scores = {}
    for name, title in titles.items():
        with AudioReader(sounds[name]) as reader:
            y = finite(beginning(reader.blocks(), samples)[0])
        scores[title] = {what: figure(reference) for what, figure in _figures(y, info, extra=not extra).items()}
    return scores


def _figures(y: Samples, info: AudioInfo, *, extra: bool) -> dict[str, Callable[[Samples], float]]:
    rate, half = info.sample_rate, info.sample_rate / 2
    low = (0.0, min(SEAM_HZ, half))
    figures: dict[str, Callable[[Samples], float]] = {
        "SI-SDR": lambda s: metrics.si_sdr(y, s),
        "SI-SDR < 6 kHz": lambda s: metrics.si_sdr(y, s, band=low, sample_rate=rate),
        "LSD < 6 kHz": lambda s: metrics.log_spectral_distance(y, s, band=low, sample_rate=rate),
    }
    if half > SEAM_HZ:
        high = (SEAM_HZ, min(half, SAMPLE_RATE / 2))
        figures["LSD > 6 kHz"] = lambda s: metrics.log_spectral_distance(y, s, band=high, sample_rate=rate)
    if extra:
        figures["PESQ-WB"] = lambda s: metrics.pesq_wb(y, s, rate)
        figures["ESTOI"] = lambda s: metrics.estoi(y, s, rate)
    return {name: _or_nan(figure) for name, figure in figures.items()}


def _or_nan(figure: Callable[[Samples], float]) -> Callable[[Samples], float]:
    """Silence or a fraction of a second cannot be judged by every measure."""

    def judge(reference: Samples) -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)  # pystoi warns and returns 1e-5
            try:
                return figure(reference)
            except (ValueError, IndexError, ZeroDivisionError, RuntimeWarning):
                return math.nan

    return judge
