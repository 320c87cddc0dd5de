"""A and B in one pane: left and right of a line, or one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyqtgraph as pg
from phaseaware.engine.versions import Version
from PyQt6.QtCore import QTimer

from .kinds import Kind, Picture

__all__ = ["SWIPED", "SWIPED_AS", "SwipeLine"]

SWIPED = {
    Kind.SWIPE: (Kind.PHASE_AWARE, Kind.REAL),
    Kind.MASK_SWIPE: (Kind.MASK_MAGNITUDE, Kind.MASK_REAL),
}
"""What is left of the line, and right of it."""
SWIPED_AS = {Kind.SWIPE: "", Kind.MASK_SWIPE: "Mask "}
"""What is said before the letter of the one that is seen."""
_BLINK_MS = 500


class SwipeLine:
    """The line between two pictures; while it blinks they take turns instead.

    Parameters
    ----------
    box : where the line is.
    draw : draws what is to be seen.
    turned : called when the other one is seen, or both again.
    """

    def __init__(self, box: pg.ViewBox, draw: Callable[[Picture], None], turned: Callable[[], object]) -> None:
        self._box, self._draw_picture, self._turned = box, draw, turned
        self._pair: tuple[Picture, Picture] | None = None
        self.line = pg.InfiniteLine(
            angle=90, movable=True, pen=pg.mkPen("#5ce1e6", width=3), hoverPen=pg.mkPen("#ffff66", width=3)
        )
        self.line.sigPositionChanged.connect(self._draw)
        box.addItem(self.line, ignoreBounds=True)
        self._timer = QTimer(box)
        self._timer.timeout.connect(self._turn)
        self._shows_second = False

    def show_pair(self, left: Picture, right: Picture) -> None:
        """Other pictures; the line stays in view."""
        self._pair = left, right
        (start, stop), _ = self._box.viewRange()
        if not start < self.line.value() < stop:
            self.line.setValue((start + stop) / 2)
        self._draw()

    def clear(self) -> None:
        """There are none."""
        self._pair = None

    @property
    def blinks(self) -> bool:
        """They take turns."""
        return self._timer.isActive()

    @property
    def shown(self) -> Version | None:
        """Whose picture alone is seen while they take turns; None: both are."""
        if not self.blinks:
            return None
        return Version.REAL if self._shows_second else Version.PHASE_AWARE

    def toggle_blinking(self) -> None:
        """Begin or end it."""
        if self.blinks:
            self._timer.stop()
        else:
            self._shows_second = False
            self._timer.start(_BLINK_MS)
        self.line.setVisible(not self.blinks)
        self._draw()
        self._turned()

    def stop(self) -> None:
        """Blink no more."""
        if self.blinks:
            self.toggle_blinking()

    def _turn(self) -> None:
        self._shows_second = not self._shows_second
        self._draw()
        self._turned()

    def move(self, share: float) -> None:
        """Move the line by a share of what is in view, and not out of it."""
        (start, stop), _ = self._box.viewRange()
        self.line.setValue(min(max(start, self.line.value() + share * (stop - start)), stop))

    def _draw(self) -> None:
        if self._pair is None:
            return
        a, b = self._pair
        if self.blinks:
            self._draw_picture(b if self._shows_second else a)
            return
        share = (self.line.value() - a.start) / (a.stop - a.start)
        cut = int(np.clip(round(share * len(a.image)), 0, len(a.image)))
        image = np.asfortranarray(np.concatenate([a.image[:cut], b.image[cut:]]))
        self._draw_picture(replace(a, image=image, is_complete=a.is_complete and b.is_complete))
