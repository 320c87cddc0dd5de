"""The figures of a comparison as tables of text."""

from __future__ import annotations

from collections.abc import Sequence

from .page import Table
from .result import Comparison

__all__ = ["tables"]

_ABOUT_MASKS = (
    "|M| > 1: share of the cells below 6 kHz in which the mask amplifies. "
    "Mean rotation: of what the mask lets through below 6 kHz."
)
_ABOUT_SCORES = (
    "SI-SDR, PESQ-WB (1 to 4.6) and ESTOI (0 to 1): higher is better. LSD (log-spectral distance): lower is better."
)


def tables(result: Comparison) -> Sequence[Table]:
    """Levels and masks, and the figures against the speech where there are any."""
    rows: list[tuple[str, ...]] = [("", "RMS", "peak", "|M| > 1", "largest gain", "mean rotation")]
    rows += [
        (
            version.title,
            f"{version.rms_db:.1f} dBFS",
            f"{version.peak_db:.1f} dBFS",
            "" if version.above_one is None else f"{100 * version.above_one:.1f} %",
            "" if version.largest_gain_db is None else f"{round(version.largest_gain_db, 1) + 0.0:.1f} dB",
            "" if version.mean_rotation is None else f"{version.mean_rotation:.0f}°",
        )
        for version in result.versions
    ]
    made = [Table("levels and masks", rows, f"{result.about_delta}. {_ABOUT_MASKS}")]
    if result.scores:
        columns = list(next(iter(result.scores.values())))
        figures: list[tuple[str, ...]] = [("", *columns)]
        for title, scores in result.scores.items():
            figures.append((title, *(_figure(name, scores[name]) for name in columns)))
        made.append(Table("against the speech", figures, _ABOUT_SCORES))
    return made


def _figure(name: str, value: float) -> str:
    if value != value:
        return "–"
    if name == "ESTOI":
        return f"{value:.3f}"
    if name == "PESQ-WB":
        return f"{value:.2f}"
    return f"{value:.1f} dB"
