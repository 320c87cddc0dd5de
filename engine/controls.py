"""What can be set, declared once: name, unit, range, default and words of each control. Loads nothing heavy.

From here follow the checks of :class:`Render`, the properties of ``plugin.PhaseAware``, the keys of presets, the
options of the command and the sliders of the window; the native plugin's parameters are tested against it.
"""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Generic, TypeVar

from .limits import LINKS, MASK_NAMES, OUTPUTS, Link, MaskName, Output
from .versions import MASK_OF

__all__ = ["CONTROLS", "Choice", "Control", "Number", "Render", "Switch"]

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Control(Generic[T]):
    """One control.

    Attributes
    ----------
    name : of the property, of the preset's key and, with dashes, of the option.
    title : caption.
    text : what it does, in a few words.
    default : value where none is given.
    """

    name: str
    title: str
    text: str
    default: T

    @property
    def values(self) -> str:
        """The values that it takes, for people."""
        raise NotImplementedError

    @property
    def default_text(self) -> str:
        """The default, for people."""
        return str(self.default)

    @property
    def about(self) -> str:
        """What it does, its values and its default, in one line.

        Examples
        --------
        >>> CONTROLS["mix"].about
        'share of the processed sound: 0 to 1 (default: 1)'
        """
        return f"{self.text}: {self.values} (default: {self.default_text})"

    def checked(self, value: Any) -> T:
        """The value, as Python's own type.

        Raises
        ------
        ValueError, TypeError : it is none; the message names the control and its values.
        """
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Number(Control[T]):
    """A number from ``low`` to ``high``, and None if ``none`` says what that means.

    Attributes
    ----------
    low, high : both included.
    step : what a turn by hand changes it by.
    unit : "" for a factor or a share.
    none : meaning of None; "": there is no None.
    """

    low: float
    high: float
    step: float
    unit: str = ""
    none: str = ""

    @property
    def values(self) -> str:
        return f"{self.low:g} to {self.high:g}{self.unit and ' ' + self.unit}"

    @property
    def default_text(self) -> str:
        return self.none if self.default is None else f"{self.default:g}"

    def checked(self, value: Any) -> T:
        taken: Any = value
        if not (value is None and self.none):
            number = isinstance(value, numbers.Real) and not isinstance(value, bool)
            if not number or not self.low <= value <= self.high:
                low, high, unit = self.low, self.high, self.unit and " " + self.unit
                raise ValueError(f"{self.name}={value!r} is not a number from {low:g} to {high:g}{unit}")
            taken = value if isinstance(value, int | float) else float(value)
        return taken


@dataclass(frozen=True, kw_only=True)
class Choice(Control[T]):
    """One of several words."""

    choices: tuple[T, ...]

    @property
    def values(self) -> str:
        *others, last = map(str, self.choices)
        return f"{', '.join(others)} or {last}"

    def checked(self, value: Any) -> T:
        for choice in self.choices:
            if isinstance(value, str) and value == choice:
                return choice
        raise ValueError(f"{self.name}={value!r} is not one of {', '.join(map(repr, self.choices))}")


@dataclass(frozen=True, kw_only=True)
class Switch(Control[bool]):
    """On or off."""

    default: bool = False

    @property
    def values(self) -> str:
        return "True or False"

    def checked(self, value: Any) -> bool:
        numpy_bool = str(getattr(value, "dtype", "")) == "bool" and value.ndim == 0
        if not isinstance(value, bool) and not numpy_bool:
            raise TypeError(f"{self.name}={value!r} is not True or False")
        return bool(value)


MASK: Choice[MaskName] = Choice(name="mask", title="Mask", text="which mask", default="phase-aware", choices=MASK_NAMES)
REDUCTION_DB: Number[float | None] = Number(
    name="reduction_db", title="Reduction limit", text="most that is taken away",
    default=None, none="no limit but the model's", low=0, high=100, step=0.5, unit="dB",
)  # fmt: skip
STRENGTH_LOW: Number[float] = Number(
    name="strength_low", title="Strength below 6 kHz", text="factor of the reduction in dB below 6 kHz",
    default=1.0, low=0, high=2, step=0.05,
)  # fmt: skip
STRENGTH_HIGH: Number[float] = Number(
    name="strength_high", title="Strength above 6 kHz", text="factor of the reduction in dB above 6 kHz",
    default=1.0, low=0, high=2, step=0.05,
)  # fmt: skip
MIX: Number[float] = Number(
    name="mix", title="Mix", text="share of the processed sound", default=1.0, low=0, high=1, step=0.01
)
OUTPUT: Choice[Output] = Choice(
    name="output", title="Output", text="the speech, or what is taken away from the sound", default="speech",
    choices=OUTPUTS,
)  # fmt: skip
LINK: Choice[Link] = Choice(
    name="link", title="Link", default="auto", choices=LINKS,
    text="one mask for all channels (stereo), which keeps the image, or one each; auto: one for two channels",
)  # fmt: skip
BYPASS = Switch(name="bypass", title="Bypass", text="let the sound through bit for bit, delayed by the latency")

CONTROLS: Mapping[str, Control[Any]] = {
    control.name: control for control in (MASK, REDUCTION_DB, STRENGTH_LOW, STRENGTH_HIGH, OUTPUT, MIX, LINK, BYPASS)
}
"""All of them by name. The first six are those of :class:`Render`."""


@dataclass(frozen=True, kw_only=True)
class Render:
    """What is made of a mask: one version of the output.

    All controls act on the mask, in the frame that it belongs to, so nothing is delayed against anything else and a
    partly wet output does not comb.

    Attributes
    ----------
    mask : which of the model's masks.
    reduction_db : most that is taken away, in dB (0 to 100); None: no limit but the model's. ``M' = g + (1 - g) M``,
        ``g = 10^(-reduction_db/20)``. Single bins that the phase-aware mask turns by about half a circle may lose
        more, as the two cancel there.
    strength_low, strength_high : 0 (nothing happens) to 2, for the bands below and above the seam. The mask's gain in
        dB is multiplied by it; its rotation too, up to 1. Gains above one do not grow beyond strength 1.
    output : the speech, or what was removed (noisy minus speech).
    mix : share of the processed sound, 0 (dry) to 1.

    Raises
    ------
    ValueError : a value is out of range.

    Examples
    --------
    >>> Render(reduction_db=120)
    Traceback (most recent call last):
    ...
    ValueError: reduction_db=120 is not a number from 0 to 100 dB
    """

    mask: MaskName = MASK.default
    reduction_db: float | None = REDUCTION_DB.default
    strength_low: float = STRENGTH_LOW.default
    strength_high: float = STRENGTH_HIGH.default
    output: Output = OUTPUT.default
    mix: float = MIX.default

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, CONTROLS[field.name].checked(getattr(self, field.name)))

    def pair(self) -> tuple[Render, Render]:
        """The same with A's mask and with B's.

        Examples
        --------
        >>> a, b = Render(reduction_db=12).pair()
        >>> a.mask, b.mask, b.reduction_db
        ('phase-aware', 'real', 12)
        """
        return replace(self, mask=MASK_OF["A"]), replace(self, mask=MASK_OF["B"])
