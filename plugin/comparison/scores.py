"""Figures of merit of the files of a comparison, against the speech that is known."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from functools import cache, cached_property, partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine import metrics
from phaseaware.engine.audio import AudioReader
from phaseaware.engine.masks import SEAM_HZ
from phaseaware.engine.stft import SAMPLE_RATE
from phaseaware.engine.versions import Version

from .progress import Steps
from .sources import Sources, beginning, finite
from .titles import IDEAL_TITLES, TITLES

__all__ = ["SCORED", "measure"]

Samples = NDArray[np.float32]
_SCORED_SECONDS = 60

SCORED: Mapping[str, str] = {
    **{str(name): TITLES[name] for name in (Version.NOISY, Version.REAL, Version.PHASE_AWARE)},
    **IDEAL_TITLES,
}
"""Titles of the sounds that are judged, by name."""


def measure(
    sources: Sources, sounds: Mapping[str, Path], remarks: list[str], steps: Steps
) -> dict[str, dict[str, float]]:
    """Title to figure of merit to value (NaN where it is unknown), of the first minute and channel.

    Parameters
    ----------
    sources : the noisy file with a stem at least.
    sounds : what was made of it, by name.
    remarks : what the user must know is appended.
    steps : are told how far it is.
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
    judge, scores = _Judge(reference, info.sample_rate, extra=not extra), {}
    for name, title in SCORED.items():
        with AudioReader(sounds[name]) as reader:
            y = finite(beginning(reader.blocks(), samples)[0])
        scores[title] = judge.judge(y)
        steps.advance("figures", 1 / len(SCORED))
    return scores


class _Judge:
    """Figures of merit against one reference; what they need of it is computed once."""

    def __init__(self, reference: Samples, sample_rate: int, *, extra: bool) -> None:
        self._reference, self._rate, self._extra = reference, sample_rate, extra
        half = sample_rate / 2
        self._low = (0.0, min(SEAM_HZ, half))
        self._bands = {"LSD < 6 kHz": self._low}
        if half > SEAM_HZ:
            self._bands["LSD > 6 kHz"] = (SEAM_HZ, min(half, SAMPLE_RATE / 2))

    @cached_property
    def _reference_below(self) -> NDArray[np.floating]:
        return metrics.band_pass(self._reference, *self._low, self._rate)

    @cached_property
    def _reference_powers(self) -> NDArray[np.float64]:
        return metrics.frame_powers(self._reference)

    def _distance(self, powers: Callable[[], NDArray[np.float64]], band: tuple[float, float]) -> float:
        return metrics.spectral_distance(powers(), self._reference_powers, band=band, sample_rate=self._rate)

    def judge(self, y: Samples) -> dict[str, float]:
        """Each figure, NaN where it is unknown."""
        s, rate = self._reference, self._rate
        powers = cache(lambda: metrics.frame_powers(y))
        figures: dict[str, Callable[[], float]] = {
            "SI-SDR": lambda: metrics.si_sdr(y, s),
            "SI-SDR < 6 kHz": lambda: metrics.si_sdr(metrics.band_pass(y, *self._low, rate), self._reference_below),
        }
        for name, band in self._bands.items():
            figures[name] = partial(self._distance, powers, band)
        if self._extra:
            figures["PESQ-WB"] = lambda: metrics.pesq_wb(y, s, rate)
            figures["ESTOI"] = lambda: metrics.estoi(y, s, rate)
        return {name: _or_nan(figure) for name, figure in figures.items()}


def _or_nan(figure: Callable[[], float]) -> float:
    """Silence or a fraction of a second cannot be judged by every measure."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)  # pystoi warns and returns 1e-5
        try:
            return figure()
        except (ValueError, IndexError, ZeroDivisionError, RuntimeWarning):
            return math.nan
