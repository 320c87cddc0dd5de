"""How each kind of pane looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from phaseaware.engine.versions import Version

from ..model.codes import ANGLE_CODES, DIFFERENCE_CODES, LEVEL_CODES, MASK_CODES, Scale
from .colour_bar import Range
from .kinds import Kind
from .theme import COLOURS, LABELS, LUTS, TEXT

__all__ = ["LOOKS", "Look"]


@dataclass(frozen=True, kw_only=True)
class Look:
    """How a kind of pane looks.

    Attributes
    ----------
    title, short : where there is room, and where there is little.
    colour : of the title.
    codes, lut, default, limits, unit : the colour scale: values as numbers, colours, range and its limits.
    remark : shown beside the title where there is room.
    tells_seam : the line at the seam has its text.
    has_fixed_range : the colour scale's range cannot be changed.
    """

    title: str
    short: str
    colour: str
    codes: Scale
    lut: np.ndarray
    default: Range
    limits: Range
    unit: str = " dB"
    remark: str = ""
    tells_seam: bool = False
    has_fixed_range: bool = False

    @property
    def is_centred(self) -> bool:
        """The middle colour is 0 dB, whatever the range."""
        return self.unit == " dB" and self.limits[0] < 0 < self.limits[1] and self.lut is not LUTS["level"]

    def colours(self, low: float, high: float) -> np.ndarray:
        """RGBA of each code, shape (256, 4), for a range; code 0, nothing known, is transparent."""
        rgb = self._rgb(self.codes.lowest + (np.arange(256) - 1) * self.codes.step, low, high)
        alpha = np.full((256, 1), 255, np.uint8)
        alpha[0] = 0
        return np.concatenate([rgb, alpha], axis=1)

    def ramp(self, low: float, high: float) -> np.ndarray:
        """RGB of 256 values from the lowest to the highest shown."""
        return self._rgb(np.linspace(low, high, 256), low, high)

    def _rgb(self, values: np.ndarray, low: float, high: float) -> np.ndarray:
        if self.is_centred:
            share = np.where(values < 0, 0.5 - 0.5 * values / min(low, -1e-9), 0.5 + 0.5 * values / max(high, 1e-9))
        else:
            share = (values - low) / (high - low)
        return self.lut[np.clip(np.rint(share * 255), 0, 255).astype(int)]


_LEVELS: dict[str, Any] = {"codes": LEVEL_CODES, "lut": LUTS["level"], "default": (-110, -25), "limits": (-120, 6)}
_GAINS: dict[str, Any] = {"codes": MASK_CODES, "lut": LUTS["mask"], "default": (-30, 12), "limits": (-78, 45)}
_ANGLES: dict[str, Any] = {
    "codes": ANGLE_CODES, "lut": LUTS["rotation"], "default": (-180, 180), "limits": (-180, 180), "unit": "°",
    "has_fixed_range": True,
}  # fmt: skip
_RATIOS: dict[str, Any] = {
    "codes": DIFFERENCE_CODES, "lut": LUTS["difference"], "default": (-24, 24), "limits": (-60, 60),
}  # fmt: skip
_COLOUR_A, _COLOUR_B, _COLOUR_DELTA = (COLOURS[v] for v in (Version.PHASE_AWARE, Version.REAL, Version.DELTA))

LOOKS = {
    Kind.NOISY: Look(title=f"1a  {LABELS[Version.NOISY]}", short="1a", colour=COLOURS[Version.NOISY], **_LEVELS),
    Kind.PHASE_AWARE: Look(
        title=f"1b  {LABELS[Version.PHASE_AWARE]}", short="1b  A", colour=_COLOUR_A, tells_seam=True, **_LEVELS
    ),
    Kind.REAL: Look(title=f"1c  {LABELS[Version.REAL]}", short="1c  B", colour=_COLOUR_B, **_LEVELS),
    Kind.DELTA: Look(title="1d  The signal A − B", short="1d  A − B", colour=_COLOUR_DELTA, **_LEVELS),
    Kind.LEVEL_DIFFERENCE: Look(
        title="1d  Level of A against B", remark="blue: A louder, orange: B louder", short="1d  |A/B|",
        colour=_COLOUR_DELTA, **_RATIOS,
    ),
    Kind.PHASE_DIFFERENCE: Look(
        title="1d  Phase of A against B", remark="hue: ∠(A/B); faint: not heard", short="1d  ∠(A/B)",
        colour=_COLOUR_DELTA, tells_seam=True, **_ANGLES,
    ),
    Kind.CLEAN: Look(title=f"{LABELS[Version.CLEAN]}", short="Clean", colour=COLOURS[Version.CLEAN], **_LEVELS),
    Kind.SWIPE: Look(
        title="A left, B right of the line", remark="drag it, or keys , and .; N blinks", short="A | B", colour=TEXT,
        **_LEVELS,
    ),
    Kind.MASK_MAGNITUDE: Look(
        title="Mask A: magnitude", remark="yellow to magenta: above one", short="|Mask A|", colour=_COLOUR_A,
        tells_seam=True, **_GAINS,
    ),
    Kind.MASK_ROTATION: Look(
        title="Mask A: rotation", remark="hue: angle, brightness: magnitude", short="∠ Mask A", colour=_COLOUR_A,
        tells_seam=True, **_ANGLES,
    ),
    Kind.MASK_REAL: Look(title="Mask B: real, 0 to 1", short="Mask B", colour=_COLOUR_B, **_GAINS),
    Kind.MASK_SWIPE: Look(
        title="Mask A left, mask B right of the line", remark="drag it, or keys , and .; N blinks",
        short="Mask A | B", colour=TEXT, tells_seam=True, **_GAINS,
    ),
    Kind.MASK_RATIO: Look(
        title="|Mask A| / |mask B|", remark="blue: A lets more through, orange: B", short="|A|/|B|", colour=TEXT,
        **_RATIOS,
    ),
}  # fmt: skip
