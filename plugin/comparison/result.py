"""What a comparison has found."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Comparison", "Measured"]


@dataclass(frozen=True)
class Measured:
    """One sound: levels of its file in dBFS; share above one, largest gain and mean |angle| of its mask below 6 kHz."""

    title: str
    rms_db: float
    peak_db: float
    above_one: float | None = None
    largest_gain_db: float | None = None
    mean_rotation: float | None = None


@dataclass
class Comparison:
    """What was written and measured.

    Attributes
    ----------
    files : sounds, pictures, and the page.
    scores : title to figure of merit to value (NaN where it is unknown); empty without stems.
    remarks : sentences for the user.
    left_out : whether there is sound in the files that was not taken, which the remarks say.
    """

    folder: Path
    files: list[Path] = field(default_factory=list)
    versions: list[Measured] = field(default_factory=list)
    about_delta: str = ""
    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    left_out: bool = False

    @property
    def page(self) -> Path:
        """All of it in one file."""
        return self.folder / "index.html"
