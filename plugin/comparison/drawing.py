"""What a comparison has gathered, as its pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from phaseaware.engine.audio import printable
from phaseaware.engine.limits import MASK_NAMES
from phaseaware.engine.masks import IdealMask
from phaseaware.engine.stft import HOP, SAMPLE_RATE
from phaseaware.engine.versions import IDEAL, Version

from . import figures, palettes
from .frequencies import FrequencyAxis
from .progress import Steps
from .sounds import Sounds
from .sources import Sources

__all__ = ["about_delta", "draw", "picture_names"]

_LOW = "-below-6-khz"


def picture_names(*, has_ideals: bool) -> list[str]:
    """What :func:`draw` draws."""
    names = ["spectrograms", "masks", f"masks{_LOW}", "difference"]
    return [*names, "ideal-masks", f"ideal-masks{_LOW}"] if has_ideals else names


def about_delta(sounds: Sounds) -> str:
    """How strong A - B is, and how much of it the phase-aware band has, in the first channel."""
    delta, a = (sounds.levels[version].energy for version in (Version.DELTA, Version.PHASE_AWARE))
    if not delta.sum() or not a.sum():
        return "A and B are equal"
    below = 10 * np.log10(a.sum() / delta.sum())
    share = 100 * delta[0] / delta.sum()
    # Nearly all is not all.
    percent = ">99.9" if 99.95 <= share < 100 else f"{share:.1f}"
    return f"A − B lies {below:.1f} dB below A; {percent} % of its energy is below 6 kHz"


def draw(drawings: Mapping[str, Path], sources: Sources, sounds: Sounds, steps: Steps) -> list[str]:
    """Write the pictures, and return what must be said about them."""
    info, masks = sources.info, sounds.masks
    heard = palettes.decibels(masks.power)
    whole, low = (axis(info.sample_rate / 2) for axis in (FrequencyAxis.whole, FrequencyAxis.below_seam))
    channel = " (first channel)" if info.channels > 1 else ""
    title = f"{printable(sources.path.stem)}{channel}"
    a, b = (masks.masks[name] for name in MASK_NAMES)
    draw_masks = partial(figures.mask_figure, noisy=heard, seconds=info.seconds)
    drawn: dict[str, Callable[[], Figure]] = {
        "spectrograms": lambda: figures.spectrogram_figure(
            *(palettes.decibels(level.power) for level in sounds.levels.values()),
            title=title, seconds=info.seconds, frequencies=whole, about_delta=about_delta(sounds),
        ),
        "masks": lambda: draw_masks(a, b, title=f"{title}: the masks", frequencies=whole),
        f"masks{_LOW}": lambda: draw_masks(a, b, title=f"{title}: the masks below 6 kHz", frequencies=low),
        "difference": lambda: figures.difference_figure(
            a, b, heard, title=f"{title}: A against B", seconds=info.seconds, frequencies=whole
        ),
    }  # fmt: skip
    if sounds.ideal is not None:
        shown = sounds.ideal.overview.masks
        ideals = shown["hybrid"], shown[IdealMask.PSM.value]
        draw_ideals = partial(
            draw_masks, *ideals, names=(f"{IDEAL} phase-aware mask (A)", f"{IDEAL} real mask, PSM (B)")
        )
        drawn |= {
            "ideal-masks": lambda: draw_ideals(title=f"{title}: the ideal masks", frequencies=whole),
            f"ideal-masks{_LOW}": lambda: draw_ideals(
                title=f"{title}: the ideal masks below 6 kHz", frequencies=low
            ),
        }  # fmt: skip
    for name, path in drawings.items():  # one at a time, as each takes tens of megabytes
        figure = drawn[name]()
        figures.save_figure(figure, path)
        figure.clear()
        steps.advance("pictures", 1 / len(drawings))
    remarks = ["The pictures and the shares show the first channel."] if channel else []
    if masks.frames_per_column > 1:
        seconds = masks.frames_per_column * HOP / SAMPLE_RATE
        remarks.append(
            f"The pictures show the whole file; a column is {seconds:.2g} s: spectrograms have its loudest level, "
            "masks are those of the frame in which the noisy sound is loudest."
        )
    return remarks
