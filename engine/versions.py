"""The vocabulary of the comparison: what can be heard, its names, and which mask makes it. Loads nothing heavy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Literal, Protocol, Self, TypeVar

from .limits import MaskName

__all__ = ["IDEAL", "LETTER_OF", "MASK_OF", "Ground", "Letter", "Version"]

Letter = Literal["A", "B"]
Ground = Literal["dark", "light"]
"""What a colour stands on: a window or a page, or paper."""
IDEAL = "IDEAL"
"""Badge of what was made with masks that are computed from the known speech and noise."""
MASK_OF: Mapping[Letter, MaskName] = {"A": "phase-aware", "B": "real"}
LETTER_OF: Mapping[MaskName, Letter] = {mask: letter for letter, mask in MASK_OF.items()}


class _Subtractable(Protocol):
    def __sub__(self, other: Any, /) -> Self: ...


S = TypeVar("S", bound=_Subtractable)
"""Samples, or whatever the parts of a version are given as."""


class Version(StrEnum):
    """What can be heard of a recording.

    Examples
    --------
    >>> Version.of_mask("real").letter
    'B'
    >>> [version.label for version in Version]
    ['Noisy', 'Phase-aware', 'Real mask', 'Delta', 'Removed', 'Clean speech']
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
    CLEAN = "clean"
    """The speech itself, where it is known."""

    @classmethod
    def of_mask(cls, mask: MaskName) -> Version:
        """The output of a mask."""
        return cls(mask)

    @classmethod
    def of_letter(cls, letter: Letter) -> Version:
        """A or B."""
        return cls(MASK_OF[letter])

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
        return {Version.REAL: "Real mask", Version.CLEAN: "Clean speech"}.get(self, self.value.capitalize())

    def parts(self, removed_by: MaskName = "phase-aware") -> tuple[Version, Version | None]:
        """What it is made of: one that is there (noisy, A, B, clean), and the one that is taken from it, if any."""
        if self is Version.DELTA:
            return Version.PHASE_AWARE, Version.REAL
        if self is Version.REMOVED:
            return Version.NOISY, Version.of_mask(removed_by)
        return self, None

    def of(self, sound: Callable[[Version], S], *, removed_by: MaskName = "phase-aware") -> S:
        """Its samples.

        Parameters
        ----------
        sound : gives the samples of NOISY, PHASE_AWARE, REAL or CLEAN; asked for what is needed only.
        removed_by : whose removed sound it is, where it is REMOVED.

        Examples
        --------
        >>> sounds = {Version.NOISY: 7, Version.PHASE_AWARE: 5, Version.REAL: 4}
        >>> {str(version): version.of(sounds.__getitem__) for version in Version if not version.needs_stems}
        {'noisy': 7, 'phase-aware': 5, 'real': 4, 'delta': 1, 'removed': 2}
        """
        minuend, subtrahend = self.parts(removed_by)
        return sound(minuend) if subtrahend is None else sound(minuend) - sound(subtrahend)

    def title(self, *, removed_by: MaskName = "phase-aware", ideal: bool = False) -> str:
        """For people, with what A and B have to do with it.

        Parameters
        ----------
        removed_by : as for :meth:`of`.
        ideal : A and B come from ideal masks, computed from the stems.

        Examples
        --------
        >>> [version.title() for version in Version]
        ['noisy', 'phase-aware (A)', 'real mask (B)', 'delta A − B', 'removed by A', 'clean speech']
        >>> Version.REAL.title(ideal=True)
        'real mask (B) IDEAL'
        """
        label, letter = self.label.lower(), self.letter
        letters = [part.letter for part in self.parts(removed_by) if part is not None]
        if letter is not None:
            label = f"{label} ({letter})"
        elif self is Version.DELTA:
            label = f"{label} {' − '.join(map(str, letters))}"
        elif self is Version.REMOVED:
            label = f"{label} by {letters[-1]}"
        return f"{label} {IDEAL}" if ideal and self.is_rendered else label

    def colour(self, ground: Ground = "dark") -> str:
        """As #rrggbb: A is blue and B is orange everywhere, which colour-blind people tell apart too.

        Examples
        --------
        >>> Version.PHASE_AWARE.colour(), Version.REAL.colour("light")
        ('#4da3ff', '#e8710a')
        """
        return _COLOURS[self][ground]

    @property
    def is_rendered(self) -> bool:
        """It has to be made; the noisy recording and the clean speech are there as they are."""
        return self not in (Version.NOISY, Version.CLEAN)

    @property
    def needs_stems(self) -> bool:
        """It is known only where speech and noise are."""
        return self is Version.CLEAN


_COLOURS: Mapping[Version, Mapping[Ground, str]] = {
    Version.NOISY: {"dark": "#c3ccd6", "light": "#000000"},
    Version.PHASE_AWARE: {"dark": "#4da3ff", "light": "#1f77b4"},
    Version.REAL: {"dark": "#ff9f40", "light": "#e8710a"},
    Version.DELTA: {"dark": "#e0d7ff", "light": "#000000"},
    Version.REMOVED: {"dark": "#b7e4c7", "light": "#000000"},
    Version.CLEAN: {"dark": "#7fe0b0", "light": "#0b7a4b"},
}
