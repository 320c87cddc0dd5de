"""Pictures of spectra and masks: numpy in, matplotlib Figure out.

All have a shared time axis in seconds and a shared mel-scaled frequency axis with a line at the seam. *A* (phase-aware)
is blue and *B* (real mask) is orange.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray
from phaseaware.engine.audio import whole_file
from phaseaware.engine.masks import SEAM_BIN, SEAM_HZ
from phaseaware.engine.stft import BINS, FRAME_LENGTH, SAMPLE_RATE, window

__all__ = ["A_COLOUR", "B_COLOUR", "decibels", "mask_figure", "save_figure", "spectrogram_figure"]

A_COLOUR, B_COLOUR = "#1f77b4", "#e8710a"
RANGE_DB = 80.0
"""Spectrograms reach so far down from their top."""
DIFFERENCE_DB = 20.0
_MASK_LOW_DB, _MASK_HIGH_DB = -40.0, 12.0
_SEAM_COLOUR = "#0b7a4b"  # in the masks' pictures; none of their own colours
_TICKS_KHZ = (0.2, 0.5, 1, 2, 4, 6, 10, 16, 24)
_ROWS = 640
_SIZE, _DPI = (16.0, 10.0), 100  # 1600 x 1000 pixels

Levels = NDArray[np.floating]
Mask = NDArray[np.complex64]

# A louder is blue, B louder orange: the colours say which one has more.
_DIFFERENCE_MAP = LinearSegmentedColormap.from_list("difference", ["#8a3d00", B_COLOUR, "#ffffff", A_COLOUR, "#0a3556"])
# Up to a gain of one everything is grey; what goes beyond is red.
_GAIN_MAP = LinearSegmentedColormap.from_list(
    "gain", [(0, "#101820"), (0.5, "#f2f2f2"), (0.52, "#ff9d8a"), (0.75, "#e0002a"), (1, "#7a0060")]
)


def decibels(power: NDArray[np.floating]) -> Levels:
    """Level of power spectra ``|X|²`` in dB relative to a full-scale sine."""
    full_scale = float(window().sum() / 2) ** 2
    return 10 * np.log10(np.maximum(power, 1e-20) / full_scale)


def _hue_circle(count: int = 256) -> ListedColormap:
    """Hues of equal lightness and chroma, so that no angle looks stronger than another (B. Ottosson, "Oklab", 2020).

    Trained masks turn most cells by less than 30 degrees: half of the circle of hues lies there.
    """
    turn = np.linspace(-1, 1, count, endpoint=False)
    hue = np.sign(turn) * np.log1p(24 * np.abs(turn)) / np.log1p(24)  # a sixth of a half turn to a half of it
    angle = np.pi * hue + 4.36  # no rotation is blue
    L, a, b = 0.68, 0.14 * np.cos(angle), 0.14 * np.sin(angle)
    lms = np.stack(
        [
            L + 0.3963377774 * a + 0.2158037573 * b,
            L - 0.1055613458 * a - 0.0638541728 * b,
            L - 0.0894841775 * a - 1.2914855480 * b,
        ]
    )
    to_rgb = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    rgb = np.clip(to_rgb @ lms**3, 0, 1)
    srgb = np.where(rgb <= 0.0031308, 12.92 * rgb, 1.055 * rgb ** (1 / 2.4) - 0.055)
    return ListedColormap(srgb.T, name="rotation")


_ROTATION_MAP = _hue_circle()


def _mel(f: Any) -> Any:
    return 2595 * np.log10(1 + np.asarray(f) / 700)


class _Canvas:
    """Panels that share time and frequency."""

    def __init__(self, title: str, seconds: float, highest_hz: float) -> None:
        layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08, hspace=0.03, wspace=0.02)
        self.figure = Figure(figsize=_SIZE, dpi=_DPI, layout=layout)
        FigureCanvasAgg(self.figure)
        self.figure.suptitle(title, fontsize=17, fontweight="bold", parse_math=False)  # names may hold dollars
        self.seconds, self.highest_hz = seconds, min(highest_hz, SAMPLE_RATE / 2)
        rows = np.linspace(0, _mel(self.highest_hz), _ROWS)
        f = 700 * (10 ** (rows / 2595) - 1)
        self._bins = np.minimum(np.rint(f * FRAME_LENGTH / SAMPLE_RATE).astype(int), BINS - 1)

    def image(self, ax: Axes, values: NDArray[Any], **options: Any) -> Any:
        """Draw values of shape (T, 513) or colours of shape (T, 513, 4)."""
        picture = np.swapaxes(values[:, self._bins], 0, 1)
        extent = (0.0, self.seconds, 0.0, float(_mel(self.highest_hz)))
        drawn = ax.imshow(picture, origin="lower", aspect="auto", extent=extent, **options)
        ticks = [f for f in _TICKS_KHZ if f * 1000 <= self.highest_hz]
        ax.set_yticks([float(_mel(f * 1000)) for f in ticks], [f"{f:g}" for f in ticks])
        ax.xaxis.set_major_formatter(FuncFormatter(_clock if self.seconds >= 120 else lambda t, _: f"{t:g}"))
        ax.tick_params(labelsize=11)
        return drawn

    def seam(self, ax: Axes, colour: str, *, labels: bool = True) -> None:
        """The line at 6 kHz."""
        if self.highest_hz <= SEAM_HZ:
            return
        y = float(_mel(SEAM_HZ))
        ax.axhline(y, color=colour, linestyle=(0, (6, 4)), linewidth=1.2)
        if labels:
            ground = "black" if colour == "white" else "white"
            place: dict[str, Any] = {
                "xycoords": ("axes fraction", "data"), "textcoords": "offset points", "color": colour, "fontsize": 10.5,
                "ha": "right", "bbox": {"boxstyle": "round,pad=0.15", "color": ground, "alpha": 0.7, "linewidth": 0},
            }  # fmt: skip
            ax.annotate("phase-aware below 6 kHz ↓", (1, y), xytext=(-6, -6), va="top", **place)
            ax.annotate("magnitude only above ↑", (1, y), xytext=(-6, 6), va="bottom", **place)

    def name_axes(self, panels: Sequence[Sequence[Axes]]) -> None:
        """Label the outer axes."""
        for row in panels:
            row[0].set_ylabel("frequency, kHz", fontsize=12)
        for ax in panels[-1]:
            ax.set_xlabel("time, min:s" if self.seconds >= 120 else "time, s", fontsize=12)


def _clock(seconds: float, _: object = None) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _title(ax: Axes, text: str, colour: str = "black") -> None:
    ax.set_title(text, loc="left", fontsize=14, fontweight="bold", color=colour)


def spectrogram_figure(
    noisy: Levels, phase_aware: Levels, real: Levels, *, seconds: float, highest_hz: float = 24_000, title: str = ""
) -> Figure:
    """The four spectrograms: noisy, phase-aware (A), real mask (B), and A − B in dB.

    Parameters
    ----------
    noisy, phase_aware, real : levels in dB, shape (T, 513); see :func:`decibels`.
    seconds : what the T columns cover.
    highest_hz : top of the frequency axis in Hz, at most 24 kHz.

    Notes
    -----
    Levels more than 80 dB under the noisy sound's peaks count as equal in the difference, as nobody hears or sees them.
    """
    canvas = _Canvas(title, seconds, highest_hz)
    panels = canvas.figure.subplots(2, 2, sharex=True, sharey=True)
    top = max(-100.0, 5 * np.ceil(float(np.percentile(noisy, 99.9)) / 5))
    floor = top - RANGE_DB
    named = (
        ("1a  noisy", noisy, "black"),
        ("1b  phase-aware (A)", phase_aware, A_COLOUR),
        ("1c  real mask in [0, 1] (B)", real, B_COLOUR),
    )
    for i, (ax, (name, levels, colour)) in enumerate(zip(panels.flat, named, strict=False)):
        drawn = canvas.image(ax, levels, cmap="magma", vmin=floor, vmax=top)
        _title(ax, name, colour)
        canvas.seam(ax, "white", labels=i == 0)
    bar = canvas.figure.colorbar(drawn, ax=panels[0, :], aspect=28, pad=0.01)
    bar.set_label("level per bin, dB re full-scale sine", fontsize=12)
    ax = panels[1, 1]
    difference = np.maximum(phase_aware, floor) - np.maximum(real, floor)
    drawn = canvas.image(ax, difference, cmap=_DIFFERENCE_MAP, vmin=-DIFFERENCE_DB, vmax=DIFFERENCE_DB)
    _title(ax, "1d  difference A − B")
    canvas.seam(ax, "black", labels=False)
    bar = canvas.figure.colorbar(drawn, ax=panels[1, :], aspect=28, pad=0.01, extend="both")
    bar.set_label("← B louder    A − B, dB    A louder →", fontsize=12)
    canvas.name_axes(panels)
    return canvas.figure


def mask_figure(
    phase_aware: Mask,
    real: Mask,
    noisy: Levels,
    *,
    seconds: float,
    highest_hz: float = 24_000,
    title: str = "",
    names: tuple[str, str] = ("phase-aware mask (A)", "real mask (B)"),
) -> Figure:
    """Both masks: magnitudes in dB around 0, the rotation of A, and how often which gain occurs.

    Parameters
    ----------
    phase_aware, real : complex, shape (T, 513).
    noisy : levels in dB, shape (T, 513); what lies more than 60 dB under the loudest is left out of the distribution.
    seconds, highest_hz : as for :func:`spectrogram_figure`.
    names : of A and B.

    Notes
    -----
    Rotation is hue, magnitude (up to one) is opacity: what the mask takes away is white whatever its angle.
    """
    canvas = _Canvas(title, seconds, highest_hz)
    panels = canvas.figure.subplots(2, 2)
    gain_a, gain_b = (20 * np.log10(np.maximum(np.abs(M), 1e-4)) for M in (phase_aware, real))
    norm = TwoSlopeNorm(0, _MASK_LOW_DB, _MASK_HIGH_DB)
    named = ((gain_a, f"{names[0]}: magnitude", A_COLOUR), (gain_b, f"{names[1]}: magnitude", B_COLOUR))
    for i, (ax, (gain, name, colour)) in enumerate(zip(panels[0], named, strict=True)):
        # Resampling blends the neighbours' values; nearest keeps single cells above one red.
        drawn = canvas.image(ax, gain, cmap=_GAIN_MAP, norm=norm, interpolation="nearest")
        _title(ax, name, colour)
        canvas.seam(ax, _SEAM_COLOUR, labels=i == 0)
        bar = canvas.figure.colorbar(drawn, ax=ax, aspect=28, pad=0.01, ticks=[-40, -30, -20, -10, 0, 4, 8, 12])
        bar.set_label("← takes away    |M|, dB    amplifies →", fontsize=12)

    ax = panels[1, 0]
    turn = Normalize(-180, 180)
    colours = _ROTATION_MAP(turn(np.degrees(np.angle(phase_aware))), bytes=True)
    colours[..., 3] = np.rint(255 * np.clip(np.abs(phase_aware), 0, 1))
    canvas.image(ax, colours, interpolation="nearest")
    _title(ax, f"{names[0]}: rotation", A_COLOUR)
    canvas.seam(ax, _SEAM_COLOUR, labels=False)
    mappable = ScalarMappable(turn, _ROTATION_MAP)
    bar = canvas.figure.colorbar(mappable, ax=ax, aspect=28, pad=0.01, ticks=range(-180, 181, 90))
    bar.set_label("rotation, degrees; paler: smaller |M|", fontsize=12)

    _distribution(panels[1, 1], gain_a, gain_b, noisy, names)
    for ax in (panels[0, 1], panels[1, 0]):
        ax.sharex(panels[0, 0])
        ax.sharey(panels[0, 0])
    for ax in (panels[0, 0], panels[1, 0]):
        ax.set_ylabel("frequency, kHz", fontsize=12)
    for ax in (*panels[0], panels[1, 0]):
        ax.set_xlabel("time, min:s" if seconds >= 120 else "time, s", fontsize=12)
    return canvas.figure


def _distribution(ax: Axes, gain_a: Levels, gain_b: Levels, noisy: Levels, names: tuple[str, str]) -> None:
    """How often which gain occurs below the seam."""
    low = np.s_[:, :SEAM_BIN]
    heard = noisy[low] > noisy.max() - 60
    edges, highest = np.arange(_MASK_LOW_DB, _MASK_HIGH_DB + 0.5, 1.0), 0.1
    for gain, name, colour in ((gain_b, names[1], B_COLOUR), (gain_a, names[0], A_COLOUR)):
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
        "out of reach\nfor a [0, 1] mask", (edges[-1] / 2, 0.72), xycoords=("data", "axes fraction"), ha="center",
        va="top", fontsize=10.5, color="#a00020",
    )  # fmt: skip
    ax.set_xlim(edges[0], edges[-1])
    ax.set_ylim(0, 1.45 * highest)  # the outer bars, with all that lies beyond, are cut off
    ax.set_xlabel("|M|, dB", fontsize=12)
    ax.set_ylabel("share of the cells below 6 kHz, %", fontsize=12)
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
            figure.savefig(part, format="png", facecolor="white")
    except OSError as error:
        raise OSError(f"{path} could not be written: {error.strerror or error}") from error
