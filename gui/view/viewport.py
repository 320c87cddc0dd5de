"""What is in view, as numbers: times in s and heights on the frequency scale. Nothing is drawn here."""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["SMALLEST_HEIGHT", "SMALLEST_SECONDS", "Viewport"]

SMALLEST_HEIGHT = 0.02
"""Of the frequency axis, when zoomed in most."""
SMALLEST_SECONDS = 0.05

Range = tuple[float, float]


def _zoomed(span: Range, factor: float, centre: float, smallest: float, whole: float) -> Range:
    low, high = span
    if not low <= centre <= high:
        centre = (low + high) / 2
    width = min(max((high - low) * factor, smallest), whole)
    first = min(max(0.0, centre - (centre - low) / (high - low) * width), whole - width)
    return first, first + width


def _moved(span: Range, share: float, whole: float) -> Range:
    low, high = span
    first = min(max(0.0, low + share * (high - low)), whole - (high - low))
    return first, first + high - low


@dataclass(frozen=True)
class Viewport:
    """A part of a recording's picture.

    Examples
    --------
    >>> Viewport((0.0, 4.0), (0.0, 1.0)).zoomed(0.5, 1.0, duration=4.0).time
    (0.5, 2.5)
    """

    time: Range = (0.0, 1.0)
    heights: Range = (0.0, 1.0)

    def zoomed(self, factor: float, seconds: float, *, duration: float) -> Viewport:
        """In time around a place, if it is in view, or the middle."""
        return replace(self, time=_zoomed(self.time, factor, seconds, min(SMALLEST_SECONDS, duration), duration))

    def moved(self, share: float, *, duration: float) -> Viewport:
        """In time by a share of its width."""
        return replace(self, time=_moved(self.time, share, duration))

    def turned(self, seconds: float, *, duration: float) -> Viewport:
        """The page that begins a little before a time."""
        width = self.time[1] - self.time[0]
        first = min(max(0.0, seconds - width / 20), duration - width)
        return replace(self, time=(first, first + width))

    def zoomed_in_frequency(self, factor: float, height: float) -> Viewport:
        """Around a height, if it is in view, or the middle."""
        return replace(self, heights=_zoomed(self.heights, factor, height, SMALLEST_HEIGHT, 1.0))

    def moved_in_frequency(self, share: float) -> Viewport:
        """By a share of its height."""
        return replace(self, heights=_moved(self.heights, share, 1.0))
