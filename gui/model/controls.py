"""The controls of the window as values, and the script that does the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from phaseaware.engine import Render
from phaseaware.engine.limits import MaskName, Output

from .renderer import Renders

__all__ = ["NO_LIMIT_DB", "Controls", "as_script"]

NO_LIMIT_DB = 60.0
"""The reduction control's upper end: from here on there is no limit."""


@dataclass(frozen=True, kw_only=True)
class Controls:
    """What both versions share; the values and ranges of :class:`phaseaware.engine.Render`."""

    reduction_db: float | None = None
    strength_low: float = 1.0
    strength_high: float = 1.0
    mix: float = 1.0

    def __post_init__(self) -> None:
        self.render("phase-aware")

    def render(self, mask: MaskName, output: Output = "speech") -> Render:
        """One version. Raises ValueError for a value out of range."""
        return Render(
            mask=mask,
            reduction_db=self.reduction_db,
            strength_low=self.strength_low,
            strength_high=self.strength_high,
            mix=self.mix,
            output=output,
        )

    def renders(self) -> Renders:
        """A and B."""
        return self.render("phase-aware"), self.render("real")


_SCRIPT = """\
# Made by PhaseAware: both versions of {name!r}.
import soundfile
from phaseaware.engine import MaskModel, Render
from phaseaware.engine.rates import AnyRateSeparator

settings = dict(
    reduction_db={reduction_db!r}, strength_low={strength_low!r}, strength_high={strength_high!r}, mix={mix!r}
)
renders = [Render(mask="phase-aware", **settings), Render(mask="real", **settings)]

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
    return _SCRIPT.format(
        name=path.name, path=str(path), stem=str(path.with_suffix("")), model=None if model is None else str(model),
        reduction_db=controls.reduction_db, strength_low=controls.strength_low, strength_high=controls.strength_high,
        mix=controls.mix,
    )  # fmt: skip
