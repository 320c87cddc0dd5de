"""The controls of the window as values, as people read and type them, and the script that does the same."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from phaseaware.engine import Render
from phaseaware.engine.controls import CONTROLS, Number

from .renderer import Renders

__all__ = ["NUMBERS", "Controls", "as_script", "typed", "value_text"]


@dataclass(frozen=True, kw_only=True)
class Controls:
    """What both versions share; the values and ranges of :class:`phaseaware.engine.Render`.

    Examples
    --------
    >>> Controls(mix=0.5).renders()[1].mask
    'real'
    """

    reduction_db: float | None = CONTROLS["reduction_db"].default
    strength_low: float = CONTROLS["strength_low"].default
    strength_high: float = CONTROLS["strength_high"].default
    mix: float = CONTROLS["mix"].default

    def __post_init__(self) -> None:
        self.renders()

    def renders(self) -> Renders:
        """A and B. Raises ValueError for a value out of range."""
        return Render(**asdict(self)).pair()

    @classmethod
    def of(cls, processor: Any) -> Controls:
        """Those of a processor that has properties of these names."""
        return cls(**{field.name: getattr(processor, field.name) for field in fields(cls)})

    def apply_to(self, processor: Any) -> None:
        """Set a processor's properties."""
        for name, value in asdict(self).items():
            setattr(processor, name, value)


def _numbers() -> dict[str, Number[Any]]:
    declared = {field.name: CONTROLS[field.name] for field in fields(Controls)}
    return {name: control for name, control in declared.items() if isinstance(control, Number)}


NUMBERS = _numbers()
"""How each of the controls is declared."""
_NO_LIMIT = "no limit"


def value_text(control: Number[Any], value: float | None) -> str:
    """A value as people read it.

    Examples
    --------
    >>> value_text(NUMBERS["mix"], 0.8), value_text(NUMBERS["reduction_db"], None)
    ('80 %', 'no limit')
    """
    if value is None:
        return _NO_LIMIT
    return f"{value:.1f} {control.unit}" if control.unit else f"{100 * value:.0f} %"


def typed(control: Number[Any], text: str) -> float | None:
    """A value as people type it: with its unit or without, shares as percent, with a comma or a point.

    Raises
    ------
    ValueError : it is none; the message says what would be.

    Examples
    --------
    >>> typed(NUMBERS["mix"], "80 %"), typed(NUMBERS["reduction_db"], "12,5"), typed(NUMBERS["reduction_db"], "none")
    (0.8, 12.5, None)
    >>> typed(NUMBERS["mix"], "much")
    Traceback (most recent call last):
    ...
    ValueError: Mix: 'much' is not a number from 0 % to 100 %
    """
    bare = text.strip().lower()
    if control.none and bare in (_NO_LIMIT, "none", "∞", ""):
        return None
    found = re.fullmatch(rf"([+-]?\d+(?:[.,]\d+)?)\s*(?:%|{re.escape(control.unit.lower()) or '%'})?", bare)
    value = float(found[1].replace(",", ".")) / (1 if control.unit else 100) if found else None
    if value is None or not control.low <= value <= control.high:
        low, high = (value_text(control, end) for end in (control.low, control.high))
        raise ValueError(f"{control.title}: {text!r} is not a number from {low} to {high}")
    return value


_SCRIPT = """\
# Made by PhaseAware: both versions of {name!r}.
import soundfile
from phaseaware.engine import MaskModel, Render
from phaseaware.engine.rates import AnyRateSeparator

renders = Render({settings}).pair()

with soundfile.SoundFile({path!r}) as noisy:
    separator = AnyRateSeparator(
        MaskModel({model!r}), renders, sample_rate=noisy.samplerate, channels=noisy.channels, warm=True
    )
    written = dict(samplerate=noisy.samplerate, channels=noisy.channels, format="WAV", subtype="FLOAT")
    with (
        soundfile.SoundFile({stem!r} + " phase-aware.wav", "w", **written) as a,
        soundfile.SoundFile({stem!r} + " real.wav", "w", **written) as b,
    ):
        for block in noisy.blocks(65536, dtype="float32", always_2d=True):
            for file, x in zip((a, b), separator.process(block.T)):
                file.write(x.T)
        for file, x in zip((a, b), separator.flush()):
            file.write(x.T)
"""


def as_script(controls: Controls, *, path: Path, model: Path | None) -> str:
    """A Python script that writes A and B beside the recording, with these controls."""
    settings = ", ".join(f"{name}={value!r}" for name, value in asdict(controls).items())
    return _SCRIPT.format(
        name=path.name, path=str(path), stem=str(path.with_suffix("")), model=None if model is None else str(model),
        settings=settings,
    )  # fmt: skip
