"""The ends of a loop."""

from __future__ import annotations

from .mixer import FADE

__all__ = ["loop_within"]

_SHORTEST = 4 * FADE


def loop_within(start: int, stop: int, end: int) -> tuple[int, int] | None:
    """A loop between two samples, in either order, of a recording of ``end`` samples; widened where it is too short.

    Examples
    --------
    >>> loop_within(96_000, 48_000, 80_000)
    (48000, 80000)
    >>> loop_within(0, 0, 0) is None
    True
    """
    start, stop = sorted((min(max(start, 0), end), min(max(stop, 0), end)))
    stop = min(max(stop, start + _SHORTEST), end)
    start = max(0, min(start, stop - _SHORTEST))
    return (start, stop) if stop > start else None
