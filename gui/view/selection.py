"""What is selected, drawn over the pictures: the loop, the brushed band, the cross-hair."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtWidgets import QGraphicsRectItem

__all__ = ["LOOP_COLOUR", "BandFrame", "CrossHair", "LoopRegion"]

LOOP_COLOUR = "#ffd166"
_OWN = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier


class LoopRegion(pg.LinearRegionItem):  # type: ignore[misc]
    """The loop: its lines are dragged to resize it, what is between them to move it.

    With Shift or Ctrl held the mouse means what is below it.
    """

    def __init__(self, *, opacity: int = 45) -> None:
        super().__init__(
            brush=(255, 209, 102, opacity), hoverBrush=(255, 209, 102, opacity + 20),
            pen=pg.mkPen(LOOP_COLOUR, width=1), hoverPen=pg.mkPen(LOOP_COLOUR, width=4),
        )  # fmt: skip
        self.setVisible(False)

    def hoverEvent(self, ev: Any) -> None:  # noqa: N802
        if ev.isExit() or not ev.modifiers() & _OWN:
            super().hoverEvent(ev)

    def mouseDragEvent(self, ev: Any) -> None:  # noqa: N802
        if ev.modifiers() & _OWN:
            ev.ignore()
        else:
            super().mouseDragEvent(ev)

    def show_loop(self, loop: tuple[float, float] | None) -> None:
        """Show a loop in s, or none; tells nobody."""
        self.blockSignals(True)
        self.setVisible(loop is not None)
        if loop is not None and tuple(self.getRegion()) != loop:
            self.setRegion(loop)
        self.blockSignals(False)


class BandFrame(QGraphicsRectItem):
    """The band and time that alone are heard."""

    def __init__(self) -> None:
        super().__init__()
        pen = pg.mkPen(LOOP_COLOUR, width=2)
        pen.setCosmetic(True)
        self.setPen(pen)
        self.setVisible(False)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def show_band(self, time: tuple[float, float], heights: tuple[float, float] | None) -> None:
        """Show a band between two times, or none."""
        self.setVisible(heights is not None)
        if heights is not None:
            self.setRect(QRectF(time[0], heights[0], time[1] - time[0], heights[1] - heights[0]))


class CrossHair:
    """Two lines at the pointer, in all panes; and a ring where somebody is to look there."""

    def __init__(self, box: pg.ViewBox) -> None:
        pen = pg.mkPen(255, 255, 255, 110, width=1)
        self._lines = pg.InfiniteLine(angle=90, pen=pen), pg.InfiniteLine(angle=0, pen=pen)
        for line in self._lines:
            line.setVisible(False)
            box.addItem(line, ignoreBounds=True)
        self.ring = pg.ScatterPlotItem(size=18, pen=pg.mkPen("#ffffff", width=2), brush=None)
        self.ring.setVisible(False)
        box.addItem(self.ring, ignoreBounds=True)

    def show_at(self, place: tuple[float, float] | None, *, ringed: bool = False) -> None:
        """Time in s and height, or nowhere."""
        self.ring.setVisible(ringed and place is not None)
        if ringed and place is not None:
            self.ring.setData([place[0]], [place[1]])
        for i, line in enumerate(self._lines):
            line.setVisible(place is not None)
            if place is not None:
                line.setValue(place[i])

    @property
    def place(self) -> tuple[float, float] | None:
        """Where it is shown."""
        return (self._lines[0].value(), self._lines[1].value()) if self._lines[0].isVisible() else None
