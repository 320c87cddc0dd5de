"""The vocabulary of the comparison: what can be heard, its names, and which mask makes it. Loads nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from .limits import MaskName

__all__ = ["LETTER_OF", "MASK_OF", "Letter", "Version"]

Letter = Literal["A", "B"]
MASK_OF: Mapping[Letter, MaskName] = {"A": "phase-aware", "B": "real"}
LETTER_OF: Mapping[MaskName, Letter] = {mask: letter for letter, mask in MASK_OF.items()}


class Version(StrEnum):
    """What can be heard of a recording.

    Examples
    --------
    >>> Version.of_mask("real").letter
    'B'
    >>> [version.label for version in Version]
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
        """The mask whose output it is; None where it is not that of one mask."""
        return next((mask for mask in LETTER_OF if mask == self.value), None)

    @property
    def letter(self) -> Letter | None:
        """A, B, or None for the others."""
        return None if self.mask is None else LETTER_OF[self.mask]

    @property
    def label(self) -> str:
        """For people."""
        return "Real mask" if self is Version.REAL else self.value.capitalize()

    @property
    def is_rendered(self) -> bool:
        """It has to be made; the noisy recording is there as it is."""
        return self is not Version.NOISY
