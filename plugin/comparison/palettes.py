"""From levels and masks to colours, and what range of them there is to show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, Normalize
from numpy.typing import NDArray
from phaseaware.engine.stft import window
from phaseaware.engine.versions import Version

__all__ = [
    "AUDIBLE_DB", "DIFFERENCE_MAP", "GAIN_MAP", "LEVEL_MAP", "ROTATION_MAP", "TURN", "audibility", "decibels",
    "faded", "gain_db", "gain_range", "level_norm", "rotation_colours",
]  # fmt: skip

AUDIBLE_DB = 60.0
"""Cells so far below the loudest are not heard beside it."""
LEVEL_MAP = "magma"
TURN = Normalize(-180, 180)
"""Of degrees, to the cyclic map."""
_RANGE_DB = 80.0  # spectrograms reach so far down from their top
_LOWEST_GAIN_DB = -80.0

Levels = NDArray[np.floating]
Mask = NDArray[np.complex64]
RGB = tuple[int, int, int]
WHITE: RGB = (255, 255, 255)

# A louder is blue, B louder orange: the colours say which one has more.
DIFFERENCE_MAP = LinearSegmentedColormap.from_list(
    "difference",
    ["#8a3d00", Version.REAL.colour("light"), "#ffffff", Version.PHASE_AWARE.colour("light"), "#0a3556"],
)
# Up to a gain of one everything is grey; what goes beyond is red.
GAIN_MAP = LinearSegmentedColormap.from_list(
    "gain", [(0, "#101820"), (0.5, "#f2f2f2"), (0.52, "#ff9d8a"), (0.75, "#e0002a"), (1, "#7a0060")]
)


def decibels(power: NDArray[np.floating]) -> Levels:
    """Level of power spectra ``|X|²`` in dB relative to a full-scale sine."""
    full_scale = float(window().sum() / 2) ** 2
    return 10 * np.log10(np.maximum(power, 1e-20) / full_scale)


def gain_db(M: Mask) -> Levels:
    """Magnitude of a mask in dB."""
    return 20 * np.log10(np.maximum(np.abs(M), 10 ** (_LOWEST_GAIN_DB / 20)))


def level_norm(noisy: Levels) -> Normalize:
    """The range of all spectrograms, from the loudest cells of the noisy sound down."""
    top = max(-100.0, 5 * np.ceil(float(np.percentile(noisy, 99.9)) / 5))
    return Normalize(top - _RANGE_DB, top)


def gain_range(gains: Sequence[Levels], noisy: Levels) -> tuple[float, float]:
    """Below and above 0 dB, the gains in dB that occur where something is heard; the rarest at both ends left out.

    Parameters
    ----------
    gains, noisy : in dB, shape (T, 513) each.
    """
    heard = noisy > noisy.max() - AUDIBLE_DB
    low, high = np.percentile(np.concatenate([gain[heard] for gain in gains]), (1, 99.9))
    return float(np.clip(5 * np.floor(low / 5), -60, -20)), float(np.clip(3 * np.ceil(high / 3), 6, 24))


def audibility(noisy: Levels, *gains: Levels) -> Levels:
    """From 0, where nobody hears the louder of what the gains leave, to 1, from 20 dB above on; all in dB."""
    louder = noisy + np.max(gains, axis=0)
    return np.clip((louder - (louder.max() - AUDIBLE_DB)) / 20, 0, 1)


def faded(colours: NDArray[np.floating], opacity: Levels, ground: RGB = WHITE) -> NDArray[np.uint8]:
    """RGB of colours on a ground.

    Parameters
    ----------
    colours : RGB or RGBA from 0 to 1, shape (..., 3 or 4); their own opacity counts for nothing.
    opacity : shape (...), from 0 to 1; more counts as 1.
    """
    alpha = np.clip(opacity, 0, 1)[..., None]
    return np.rint(255 * alpha * colours[..., :3] + (1 - alpha) * np.asarray(ground)).astype(np.uint8)


def rotation_colours(M: Mask, opacity: Levels, ground: RGB = WHITE) -> NDArray[np.uint8]:
    """RGB of the angles of M, shape (T, 513, 3): hue is the angle."""
    return faded(ROTATION_MAP(TURN(np.degrees(np.angle(M)))), opacity, ground)


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


ROTATION_MAP = _hue_circle()
