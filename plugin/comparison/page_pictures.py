"""The pictures of a page: bare, for a dark ground; the page draws axes, seam and playhead over them."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import matplotlib
import numpy as np
from matplotlib.colors import Colormap, Normalize, TwoSlopeNorm
from matplotlib.image import imsave
from numpy.typing import NDArray
from phaseaware.engine.stft import SAMPLE_RATE
from phaseaware.engine.versions import IDEAL, Version

from . import palettes
from .frequencies import FrequencyAxis
from .ideal import IDEAL_PAIR
from .overview import LevelOverview
from .palettes import Levels, Mask
from .titles import ideal_name

__all__ = ["Legend", "Picture", "View", "pictures"]

_ROWS = 300
_QUALITY = 60
_GROUND = (16, 20, 24)  # the page's

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class View:
    """A picture on one frequency axis, as WebP in base64."""

    name: str
    axis: FrequencyAxis
    image: str


@dataclass(frozen=True)
class Legend:
    """What colours mean: CSS colours in equal steps, place and text of the ticks, what is measured."""

    colours: list[str]
    ticks: list[tuple[float, str]]
    unit: str


@dataclass(frozen=True)
class Picture:
    """One panel.

    Attributes
    ----------
    version : that is heard where its title is clicked.
    group : pictures of one group stand together.
    badge : in front of the title, or empty.
    """

    title: str
    version: str
    colour: str
    views: list[View]
    legend: Legend
    group: str
    badge: str = ""


def pictures(
    sounds: Mapping[str, Samples],
    masks: Mapping[str, Mask],
    *,
    names: Mapping[Version, str],
    nyquist_hz: float,
    ideal: bool,
) -> list[Picture]:
    """Spectrograms 1a to 1d of the first channel, then the masks.

    Parameters
    ----------
    sounds : at 48 kHz, shape (channels, n).
    masks : by version, and by :func:`titles.ideal_name`; shape (columns, 513) each.
    names : what 1a to 1d are called.
    nyquist_hz : half the sample rate of the recording.
    ideal : A and B are made by ideal masks.
    """
    axes = {"all": FrequencyAxis.whole(nyquist_hz), "low": FrequencyAxis.below_seam(nyquist_hz)}
    levels = {version: _levels(version.of(sounds.__getitem__)[0]) for version in names}
    norm = palettes.level_norm(levels[Version.NOISY])
    colours = matplotlib.colormaps[palettes.LEVEL_MAP]
    legend = _legend(colours, norm, np.arange(norm.vmin or 0, (norm.vmax or 0) + 1, 20), "dB per bin")
    made = [
        Picture(
            f"1{number}  {names[version]}",
            version,
            version.colour(),
            _views(colours(norm(shown)), axes),
            legend,
            "1 spectrograms",
            IDEAL if ideal and version.is_rendered else "",
        )
        for number, (version, shown) in zip("abcd", levels.items(), strict=True)
    ]
    pairs = [(IDEAL if ideal else "", {version: str(version) for version in (Version.PHASE_AWARE, Version.REAL)})]
    pairs.append((IDEAL, {version: ideal_name(kind) for version, kind in IDEAL_PAIR.items()}))
    for badge, pair in pairs:
        if all(name in masks for name in pair.values()):
            made += _mask_pictures(
                {v: masks[name] for v, name in pair.items()}, pair, badge, levels[Version.NOISY], axes
            )
    return made


def _mask_pictures(
    masks: Mapping[Version, Mask],
    heard: Mapping[Version, str],
    badge: str,
    noisy: Levels,
    axes: Mapping[str, FrequencyAxis],
) -> list[Picture]:
    """Magnitude of A, of B, and the rotation of A."""
    group = "3 ideal masks" if badge else "2 masks"
    gains = {version: palettes.gain_db(M) for version, M in masks.items()}
    low, high = palettes.gain_range(list(gains.values()), noisy)
    norm = TwoSlopeNorm(0, low, high)
    legend = _legend(
        palettes.GAIN_MAP, norm, [low, low / 2, 0, high / 2, high], "|M|, dB; red: amplifies, out of reach for B"
    )
    made = [
        Picture(
            f"{version.title()}: |mask|", heard[version], version.colour(),
            _views(palettes.GAIN_MAP(norm(gain)), axes), legend, group, badge,
        )
        for version, gain in gains.items()
    ]  # fmt: skip
    a = Version.PHASE_AWARE
    turned = palettes.rotation_colours(masks[a], np.abs(masks[a]), _GROUND) / 255
    legend = _legend(
        palettes.ROTATION_MAP, palettes.TURN, range(-180, 181, 90), "rotation, degrees; dark: |M| is small"
    )
    rotation = Picture(
        f"{a.title()}: ∠ mask = ∠(A / B)", heard[a], a.colour(), _views(turned, axes), legend, group, badge
    )
    return [*made, rotation]


def _levels(x: Samples) -> Levels:
    overview = LevelOverview(len(x), SAMPLE_RATE)
    overview.feed(x)
    overview.feed(x[:0], last=True)
    return palettes.decibels(overview.power)


def _views(colours: NDArray[np.floating], axes: Mapping[str, FrequencyAxis]) -> list[View]:
    """Of colours of shape (columns, 513, 3 or 4)."""
    return [View(name, axis, _webp(colours[:, axis.bins(_ROWS)[::-1], :3])) for name, axis in axes.items()]


def _webp(colours: NDArray[np.floating]) -> str:
    stream = io.BytesIO()
    imsave(stream, np.swapaxes(colours, 0, 1), format="webp", pil_kwargs={"quality": _QUALITY})
    return base64.b64encode(stream.getvalue()).decode("ascii")


def _legend(colours: Colormap, norm: Normalize, ticks: Iterable[float], unit: str) -> Legend:
    """Equal steps of colour, with the values where they lie."""
    steps = [matplotlib.colors.to_hex(colour) for colour in colours(np.linspace(0, 1, 17))]
    places = [(float(norm(value)), f"{value:+.0f}".replace("-", "−").replace("+0", "0")) for value in ticks]
    return Legend(steps, places, unit)
