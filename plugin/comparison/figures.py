"""Pictures of spectra and masks on paper: numpy in, matplotlib Figure out.

All have a time axis in seconds and a frequency axis with a line at the seam. *A* (phase-aware) is blue and *B* (real
mask) is orange.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray
from phaseaware.engine.audio import whole_file
from phaseaware.engine.masks import SEAM_BIN
from phaseaware.engine.versions import Version

from . import palettes
from .frequencies import FrequencyAxis
from .palettes import Levels, Mask

__all__ = ["difference_figure", "mask_figure", "save_figure", "spectrogram_figure"]

_DIFFERENCE_DB = 20.0
_A_COLOUR, _B_COLOUR = Version.PHASE_AWARE.colour("light"), Version.REAL.colour("light")
_SEAM_COLOUR = "#0b7a4b"  # in the masks' pictures; none of their own colours
_ROWS = 640
_SIZE, _DPI = (16.0, 10.0), 100  # 1600 x 1000 pixels


class _Canvas:
    """Panels that share time and frequency."""

    def __init__(self, title: str, seconds: float, frequencies: FrequencyAxis) -> None:
        layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08, hspace=0.03, wspace=0.02)
        self.figure = Figure(figsize=_SIZE, dpi=_DPI, layout=layout, facecolor="white")
        # A file may have dollars in its name.
        self.figure.suptitle(title, fontsize=17, fontweight="bold", parse_math=False)
        self.seconds, self.frequencies = seconds, frequencies
        self._bins = frequencies.bins(_ROWS)

    def image(self, ax: Axes, values: NDArray[Any], **options: Any) -> Any:
        """Draw values of shape (T, 513) or colours of shape (T, 513, 3)."""
        picture = np.swapaxes(values[:, self._bins], 0, 1)
        drawn = ax.imshow(picture, origin="lower", aspect="auto", extent=(0.0, self.seconds, 0.0, 1.0), **options)
        places, labels = zip(*self.frequencies.ticks(), strict=True)
        ax.set_yticks(places, labels)
        ax.xaxis.set_major_formatter(FuncFormatter(_clock if self.seconds >= 120 else lambda t, _: f"{t:g}"))
        ax.tick_params(labelsize=11)
        return drawn

    def seam(self, ax: Axes, colour: str, *, labels: bool = True) -> None:
        """The line at 6 kHz."""
        y = self.frequencies.seam
        if y is None:
            return
        ax.axhline(y, color=colour, linestyle=(0, (6, 4)), linewidth=1.2)
        if labels:
            ground = "black" if colour == "white" else "white"
            place: dict[str, Any] = {
                "xycoords": ("axes fraction", "data"), "textcoords": "offset points", "color": colour, "fontsize": 10.5,
                "ha": "right", "bbox": {"boxstyle": "round,pad=0.15", "color": ground, "alpha": 0.7, "linewidth": 0},
            }  # fmt: skip
            ax.annotate("phase-aware below 6 kHz ↓", (1, y), xytext=(-6, -6), va="top", **place)
            ax.annotate("magnitude only above ↑", (1, y), xytext=(-6, 6), va="bottom", **place)

    def bar(self, axes: Any, drawn: Any, label: str, **options: Any) -> None:
        """The scale of colours beside one panel or a row of them."""
        bar = self.figure.colorbar(drawn, ax=axes, aspect=28, pad=0.01, **options)
        bar.set_label(label, fontsize=12)

    def name_axes(self, left: Iterable[Axes], bottom: Iterable[Axes]) -> None:
        """Label the outer axes."""
        for ax in left:
            ax.set_ylabel("frequency, kHz", fontsize=12)
        for ax in bottom:
            ax.set_xlabel("time, min:s" if self.seconds >= 120 else "time, s", fontsize=12)


def _clock(seconds: float, _: object = None) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _title(ax: Axes, text: str, colour: str = "black") -> None:
    ax.set_title(text, loc="left", fontsize=14, fontweight="bold", color=colour)


def spectrogram_figure(
    noisy: Levels,
    phase_aware: Levels,
    real: Levels,
    delta: Levels,
    *,
    seconds: float,
    frequencies: FrequencyAxis,
    title: str = "",
    about_delta: str = "",
) -> Figure:
    """The four spectrograms on one scale: noisy, phase-aware (A), real mask (B), and the signal A − B.

    A ratio of magnitudes would not show in what phase A and B differ; their difference does.

    Parameters
    ----------
    noisy, phase_aware, real, delta : levels in dB, shape (T, 513); see :func:`palettes.decibels`.
    seconds : what the T columns cover.
    frequencies : the axis.
    about_delta : a line of text in the picture of A − B.
    """
    canvas = _Canvas(title, seconds, frequencies)
    panels = canvas.figure.subplots(2, 2, sharex=True, sharey=True)
    norm = palettes.level_norm(noisy)
    shown = {
        Version.NOISY: noisy, Version.PHASE_AWARE: phase_aware, Version.REAL: real, Version.DELTA: delta,
    }  # fmt: skip
    for ax, number, (version, levels) in zip(panels.flat, "abcd", shown.items(), strict=True):
        drawn = canvas.image(ax, levels, cmap=palettes.LEVEL_MAP, norm=norm)
        _title(ax, f"1{number}  {version.title()}", version.colour("light"))
        canvas.seam(ax, "white", labels=version is Version.NOISY)
    if about_delta:
        panels[1, 1].annotate(
            about_delta, (0.01, 0.98), xycoords="axes fraction", va="top", color="white", fontsize=12,
            bbox={"boxstyle": "round,pad=0.3", "color": "black", "alpha": 0.6, "linewidth": 0},
        )  # fmt: skip
    canvas.bar(panels, drawn, "level per bin, dB re full-scale sine")
    canvas.name_axes(panels[:, 0], panels[-1])
    return canvas.figure


def mask_figure(
    phase_aware: Mask,
    real: Mask,
    noisy: Levels,
    *,
    seconds: float,
    frequencies: FrequencyAxis,
    title: str = "",
    names: tuple[str, str] = ("phase-aware mask (A)", "real mask (B)"),
) -> Figure:
    """Both masks: magnitudes in dB around 0, the rotation of A, and how often which gain occurs below the seam.

    Parameters
    ----------
    phase_aware, real : complex, shape (T, 513).
    noisy : levels in dB, shape (T, 513); what lies more than 60 dB under the loudest is left out of the distribution,
        and does not widen the range of gains shown.
    seconds, frequencies : as for :func:`spectrogram_figure`.
    names : of A and B.

    Notes
    -----
    Rotation is hue, magnitude (up to one) is opacity: what the mask takes away is white whatever its angle.
    """
    canvas = _Canvas(title, seconds, frequencies)
    panels = canvas.figure.subplots(2, 2)
    gains = [palettes.gain_db(M) for M in (phase_aware, real)]
    low, high = palettes.gain_range(gains, noisy)
    norm, ticks = TwoSlopeNorm(0, low, high), [*range(-60, 1, 10), *range(3, 25, 3 if high <= 15 else 6)]
    named = zip(panels[0], gains, names, (_A_COLOUR, _B_COLOUR), strict=True)
    for ax, gain, name, colour in named:
        # Resampling blends the neighbours' values; nearest keeps single cells above one red.
        drawn = canvas.image(ax, gain, cmap=palettes.GAIN_MAP, norm=norm, interpolation="nearest")
        _title(ax, f"{name}: magnitude", colour)
        canvas.seam(ax, _SEAM_COLOUR, labels=ax is panels[0, 0])
        canvas.bar(ax, drawn, "← takes away    |M|, dB    amplifies →", ticks=[t for t in ticks if low <= t <= high])

    ax = panels[1, 0]
    canvas.image(ax, palettes.rotation_colours(phase_aware, np.abs(phase_aware)), interpolation="nearest")
    _title(ax, f"{names[0]}: rotation", _A_COLOUR)
    canvas.seam(ax, _SEAM_COLOUR, labels=False)
    canvas.bar(ax, _TURNS, "rotation, degrees; paler: smaller |M|", ticks=range(-180, 181, 90))

    _distribution(panels[1, 1], gains, noisy, names, np.arange(low, max(12.0, high) + 0.5))
    for ax in (panels[0, 1], panels[1, 0]):
        ax.sharex(panels[0, 0])
        ax.sharey(panels[0, 0])
    canvas.name_axes(panels[:, 0], (*panels[0], panels[1, 0]))
    return canvas.figure


def difference_figure(
    phase_aware: Mask, real: Mask, noisy: Levels, *, seconds: float, frequencies: FrequencyAxis, title: str = ""
) -> Figure:
    """How A differs from B in each cell, as both scale and turn the same noisy cell: in level, and in phase.

    Parameters are those of :func:`mask_figure`. What nobody hears of either fades to white.
    """
    canvas = _Canvas(title, seconds, frequencies)
    panels = canvas.figure.subplots(2, 1, sharex=True, sharey=True)
    gain_a, gain_b = palettes.gain_db(phase_aware), palettes.gain_db(real)
    heard = palettes.audibility(noisy, gain_a, gain_b)
    norm = Normalize(-_DIFFERENCE_DB, _DIFFERENCE_DB)
    levels = palettes.faded(palettes.DIFFERENCE_MAP(norm(gain_a - gain_b)), heard)
    phases = palettes.rotation_colours(phase_aware * real.conj(), heard)
    drawn: tuple[tuple[NDArray[np.uint8], str, ScalarMappable, dict[str, Any]], ...] = (
        (levels, "level difference |A| / |B|", ScalarMappable(norm, palettes.DIFFERENCE_MAP),
         {"label": "← B louder    dB    A louder →", "extend": "both"}),
        (phases, "phase difference ∠(A / B)", _TURNS, {"label": "degrees", "ticks": range(-180, 181, 90)}),
    )  # fmt: skip
    for ax, (colours, name, scale, options) in zip(panels, drawn, strict=True):
        canvas.image(ax, colours, interpolation="nearest")
        _title(ax, name)
        canvas.seam(ax, _SEAM_COLOUR, labels=ax is panels[0])
        canvas.bar(ax, scale, **options)
    canvas.name_axes(panels, panels[-1:])
    return canvas.figure


_TURNS = ScalarMappable(palettes.TURN, palettes.ROTATION_MAP)


def _distribution(
    ax: Axes, gains: Sequence[Levels], noisy: Levels, names: tuple[str, str], edges: NDArray[np.floating]
) -> None:
    """How often which gain occurs below the seam."""
    low = np.s_[:, :SEAM_BIN]
    heard, highest = noisy[low] > noisy.max() - palettes.AUDIBLE_DB, 0.1
    for gain, name, colour in zip(gains[::-1], names[::-1], (_B_COLOUR, _A_COLOUR), strict=True):
        values = gain[low][heard]
        # A gain of exactly one belongs to the left of 0 dB.
        share = 100 * np.histogram(np.clip(values - 1e-3, edges[0], edges[-1]), edges)[0] / max(1, values.size)
        highest = max(highest, *share[1:-1])
        above = 100 * float(np.mean(values > 1e-3)) if values.size else 0.0
        ax.stairs(share, edges, color=colour, fill=True, alpha=0.25)
        ax.stairs(share, edges, color=colour, linewidth=2, label=f"{name}: {above:.1f} % above 0 dB")
    ax.axvspan(0, edges[-1], color="#e0002a", alpha=0.08, linewidth=0)
    ax.axvline(0, color="#e0002a", linewidth=1.2)
    ax.annotate(
        "out of reach\nfor a mask\nin [0, 1]", (edges[-1] / 2, 0.72), xycoords=("data", "axes fraction"), ha="center",
        va="top", fontsize=10.5, color="#a00020",
    )  # fmt: skip
    ax.set_xlim(edges[0], edges[-1])
    ax.set_ylim(0, 1.45 * highest)  # the outer bars, with all that lies beyond, are cut off
    ax.set_xlabel("|M|, dB", fontsize=12)
    ax.set_ylabel("share of the audible cells below 6 kHz, %", fontsize=12)
    ax.tick_params(labelsize=11)
    ax.legend(loc="upper left", fontsize=11)
    _title(ax, "which gains occur below 6 kHz")


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a PNG of 1600 x 1000 pixels, whole or not at all.

    Raises
    ------
    OSError : it cannot be written.
    """
    try:
        with whole_file(Path(path), overwrite=True) as part:
            FigureCanvasAgg(figure).print_png(part)  # type: ignore[no-untyped-call]  # savefig would draw it twice
    except OSError as error:
        raise OSError(f"{path} could not be written: {error.strerror or error}") from error
