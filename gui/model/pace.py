"""Leaves the processor to the window while the view is moved."""

from __future__ import annotations

import time

__all__ = ["Pace"]

_MOVING, _REST = 0.2, 0.08  # seconds since the view was last moved; between two pieces of work while it is


class Pace:
    """Rests between pieces of background work while the view is moved.

    All threads share one interpreter. Those that rest stay several times as fast as the sound is played (a piece of
    rendering is 0.09 s of sound or more).
    """

    def __init__(self) -> None:
        self._moved_at = -_MOVING

    def view_moved(self) -> None:
        """The view is being moved or zoomed."""
        self._moved_at = time.monotonic()

    def rest(self) -> None:
        """What decoder and renderer call after each piece."""
        if time.monotonic() - self._moved_at < _MOVING:
            time.sleep(_REST)
