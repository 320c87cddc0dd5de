"""Waveform of what is in view, with the time ruler and the loop."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from phaseaware.engine.versions import Version
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QWidget

from ..model.waveform import Waveform
from .axes import AXIS_WIDTH, TimeAxis, TimeBox, keep_quiet
from .colour_bar import BAR_WIDTH
from .selection import LoopRegion
from .theme import BACKGROUND, COLOURS

__all__ = ["WaveformStrip"]


class _Ruler(TimeAxis):
    """Time axis on which a loop is drawn by dragging."""

    dragged = pyqtSignal(float, float)

    def __init__(self) -> None:
        super().__init__("top")
        self.setHeight(22)
        self.setToolTip("Drag to loop; [ and ] set the ends at the playhead, Esc clears")
        self.setCursor(Qt.CursorShape.SplitHCursor)

    def mouseDragEvent(self, ev: Any) -> None:  # noqa: N802
        if ev.button() == Qt.MouseButton.LeftButton:
            ev.accept()
            box = self.linkedView()
            first, last = (box.mapSceneToView(self.mapToScene(p)).x() for p in (ev.buttonDownPos(), ev.pos()))
            self.dragged.emit(float(first), float(last))


class WaveformStrip(QWidget):
    """Draws the waveform of what is heard.

    Signals
    -------
    view_changed : the user has zoomed or moved: (start s, stop s).
    clicked : s.
    loop_changed : first and last s, as dragged.
    """

    view_changed = pyqtSignal(object)
    clicked = pyqtSignal(float)
    loop_changed = pyqtSignal(float, float)

    def __init__(self) -> None:
        super().__init__()
        self.box = TimeBox()
        self.box.setMouseEnabled(y=False)
        self.ruler = _Ruler()
        level = pg.AxisItem("left")
        level.setWidth(AXIS_WIDTH)
        level.setTicks([[(-0.5, "−0.5"), (0, "0"), (0.5, "0.5")]])
        self.plot = pg.PlotWidget(viewBox=self.box, axisItems={"top": self.ruler, "left": level})
        keep_quiet(self.plot)
        self.plot.setBackground(BACKGROUND)
        self.plot.getPlotItem().hideAxis("bottom")
        self.plot.getPlotItem().showAxis("top")
        self.plot.setMinimumHeight(62)
        self.curve = pg.PlotCurveItem(pen=pg.mkPen(COLOURS[Version.NOISY], width=1))
        self.box.addItem(self.curve)
        self.loop = LoopRegion()
        self.box.addItem(self.loop, ignoreBounds=True)
        self.playhead = pg.InfiniteLine(angle=90, pen=pg.mkPen("#ffffff", width=1))
        self.box.addItem(self.playhead, ignoreBounds=True)
        self._quiet = False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, BAR_WIDTH, 0)
        row.addWidget(self.plot)
        self.setAccessibleName("Waveform and loop")
        self.box.sigRangeChanged.connect(self._range_changed)
        self.box.clicked.connect(self.clicked)
        self.ruler.dragged.connect(self.loop_changed)
        self.loop.sigRegionChangeFinished.connect(self._loop_moved)

    def set_limits(self, duration: float) -> None:
        """How far one can zoom out and in."""
        self.box.setLimits(xMin=0, xMax=duration, yMin=-1.05, yMax=1.05, minXRange=min(0.05, duration), minYRange=2.1)

    def set_view(self, start: float, stop: float) -> None:
        """Show this part, without telling."""
        self._quiet = True
        self.box.setRange(xRange=(start, stop), yRange=(-1.05, 1.05), padding=0)
        self._quiet = False
        self.box.updateMatrix()  # as in Pane.set_view

    def set_loop(self, loop: tuple[float, float] | None) -> None:
        """Show a loop in s, or none, without telling."""
        self.loop.show_loop(loop)

    def draw(self, waveform: Waveform, start: float, stop: float) -> None:
        """Draw what is heard between two times."""
        self.curve.setPen(pg.mkPen(COLOURS[waveform.version], width=1))
        self.curve.setData(*waveform.line(start, stop, int(self.box.width())))

    def _range_changed(self) -> None:
        if not self._quiet:
            self.view_changed.emit(tuple(self.box.viewRange()[0]))

    def _loop_moved(self) -> None:
        low, high = self.loop.getRegion()
        self.loop_changed.emit(float(low), float(high))
