"""The vocabulary of the comparison: what can be heard, its names, and which mask makes it. Loads nothing heavy."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from .limits import MaskName

__all__ = ["Letter", "Version"]

Letter = Literal["A", "B"]


class Version(StrEnum):
    """What can be heard of a recording.

    Examples
    --------
    >>> Version.of_mask("real").letter
    'B'
    >>> [version.title for version in Version]
    ['Noisy', 'Phase-aware', 'Real mask', 'Delta', 'Removed']
    """

    NOISY = "noisy"
    PHASE_AWARE = "phase-aware"
    """A."""
    REAL = "real"
    """B."""
    DELTA = "delta"
    """A - B."""
    REMOVED = "removed"
    """Noisy minus A or B."""

    @classmethod
    def of_mask(cls, mask: MaskName) -> Version:
        """The output of a mask."""
        return cls(mask)

    @property
    def mask(self) -> MaskName | None:
        """The mask whose output it is; None: it is not that of one mask."""
        if self is Version.PHASE_AWARE:
            return "phase-aware"
        return "real" if self is Version.REAL else None

    @property
    def letter(self) -> Letter | None:
        """A or B; None: neither."""
        if self is Version.PHASE_AWARE:
            return "A"
        return "B" if self is Version.REAL else None

    @property
    def title(self) -> str:
        """For people."""
        return "Real mask" if self is Version.REAL else self.value.capitalize()

    @property
    def is_rendered(self) -> bool:
        """It has to be made; the noisy recording is there as it is."""
        return self is not Version.NOISY
