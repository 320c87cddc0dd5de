"""Axes of time and frequency, and how the mouse moves along them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QFontMetricsF, QPainter, QPen
from PyQt6.QtWidgets import QGraphicsItem

from .scales import FrequencyScale
from .theme import TEXT

__all__ = ["AXIS_WIDTH", "CACHED", "TIME_HEIGHT", "FrequencyAxis", "TimeAxis", "TimeBox", "keep_quiet"]

AXIS_WIDTH, TIME_HEIGHT = 42, 20
CACHED = QGraphicsItem.CacheMode.DeviceCoordinateCache
"""Drawn once, as pixels: texts and patterns took a third of a pane's time in each frame."""
_TICK_PIXELS = 70
_TICK_SECONDS = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 18_000.0)


class TimeBox(pg.ViewBox):  # type: ignore[misc]
    """Wheel zooms time at the cursor (Ctrl: frequency, Shift: moves), dragging zooms in, the middle button moves.

    Signals
    -------
    clicked, picked : s, and with it the height, of a click.
    brushed : two corners (s and height), dragged with Shift held.
    """

    clicked = pyqtSignal(float)
    picked = pyqtSignal(float, float)
    brushed = pyqtSignal(object, object)

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setMouseMode(pg.ViewBox.RectMode)
        self.rbScaleBox.setPen(pg.mkPen(TEXT, width=1))
        self.rbScaleBox.setBrush(pg.mkBrush(255, 255, 255, 40))
        self.disableAutoRange()

    def wheelEvent(self, ev: Any, axis: int | None = None) -> None:  # noqa: N802
        modifiers = ev.modifiers()
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            (low, high), _ = self.viewRange()
            self.translateBy(x=-np.sign(ev.delta()) * (high - low) / 10)
            ev.accept()
        else:
            super().wheelEvent(ev, axis=1 if modifiers & Qt.KeyboardModifier.ControlModifier else 0)

    def showAxRect(self, ax: QRectF, **kwargs: Any) -> None:  # noqa: N802
        super().showAxRect(ax, padding=0, **kwargs)  # exactly what was framed

    def mouseClickEvent(self, ev: Any) -> None:  # noqa: N802
        if ev.button() == Qt.MouseButton.LeftButton:
            # The axes hand their clicks on, in coordinates of their own; beside the box there is no time to go to.
            point = self.mapFromScene(ev.scenePos())
            if 0 <= point.x() <= self.width():
                place = self.mapToView(point)
                self.clicked.emit(float(place.x()))
                if 0 <= point.y() <= self.height():
                    self.picked.emit(float(place.x()), float(place.y()))
            ev.accept()

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:  # noqa: N802
        brushing = ev.button() == Qt.MouseButton.LeftButton and ev.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if not brushing:
            super().mouseDragEvent(ev, axis)
            return
        ev.accept()
        if ev.isFinish():
            self.rbScaleBox.hide()
            first, last = self.mapToView(ev.buttonDownPos()), self.mapToView(ev.pos())
            self.brushed.emit((first.x(), first.y()), (last.x(), last.y()))
        else:
            self.updateScaleBox(ev.buttonDownPos(), ev.pos())


class FrequencyAxis(pg.AxisItem):  # type: ignore[misc]
    """Hz on the left, on the scale that is chosen."""

    def __init__(self) -> None:
        super().__init__("left", maxTickLength=-4)
        self.scale_kind = FrequencyScale.LINEAR
        self.setWidth(AXIS_WIDTH)
        self.setStyle(tickTextOffset=4)
        self.setCacheMode(CACHED)

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[None, list[float]]]:  # noqa: N802
        # A label at the very edge would be cut in half.
        edge = (maxVal - minVal) * min(0.25, 7 / max(size, 1))
        self._ticks = self.scale_kind.ticks(minVal + edge, maxVal - edge, max(2, int(size / 22)))
        return [(None, [y for y, _ in self._ticks])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:  # noqa: N802
        texts = dict(self._ticks)
        return [texts.get(v, "") for v in values]


class TimeAxis(pg.AxisItem):  # type: ignore[misc]
    """Time as people write it: seconds, from a minute on minutes and seconds."""

    def __init__(self, place: str) -> None:
        super().__init__(place, maxTickLength=-5)

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:  # noqa: N802
        least = (maxVal - minVal) * _TICK_PIXELS / max(size, 1)
        fine = [step * 10.0**power for power in (-4, -3, -2, -1) for step in (1, 2, 5)]
        return [(next((step for step in (*fine, *_TICK_SECONDS) if step >= least), _TICK_SECONDS[-1]), 0)]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:  # noqa: N802
        digits = max(0, -math.floor(math.log10(spacing) + 1e-9))
        return [_time_text(value, digits, clock=self.range[1] >= 60) for value in values]

    def generateDrawSpecs(self, p: QPainter) -> tuple[Any, list[Any], list[Any]]:  # noqa: N802
        # It changes in each frame while the view moves, and needs little of what pyqtgraph works out for any axis.
        bounds, (low, high) = self.mapRectFromParent(self.geometry()), self.range
        [(spacing, _)] = self.tickSpacing(low, high, bounds.width())
        values = [i * spacing for i in range(math.ceil(low / spacing), math.floor(high / spacing) + 1)]
        at_top = self.orientation == "top"
        edge, outward = (bounds.bottom(), -1) if at_top else (bounds.top(), 1)
        tick = edge + outward * self.style["tickLength"]
        text_edge = edge + outward * (max(0, self.style["tickLength"]) + self.style["tickTextOffset"][1])
        metrics, room, line = QFontMetricsF(p.font()), self.boundingRect(), QPen(self.tickPen())
        ticks, texts, taken = [], [], -math.inf
        for value, text in zip(values, self.tickStrings(values, 1.0, spacing), strict=True):
            x = bounds.left() + (value - low) / (high - low) * bounds.width()
            ticks.append((line, QPointF(x, edge), QPointF(x, tick)))
            width, height = metrics.horizontalAdvance(text) + 2, metrics.height()
            place = QRectF(x - width / 2, text_edge - height if at_top else text_edge, width, height)
            if room.contains(place) and place.left() >= taken:
                texts.append((place, Qt.AlignmentFlag.AlignCenter.value, text))
                taken = place.right()
        return (self.pen(), QPointF(bounds.left(), edge), QPointF(bounds.right(), edge)), ticks, texts


def _time_text(seconds: float, digits: int, *, clock: bool) -> str:
    if not clock:
        return f"{seconds:.{digits}f}"
    minutes, rest = divmod(round(seconds, digits), 60)
    hours, minutes = divmod(int(minutes), 60)
    text = f"{rest:0{2 + bool(digits) + digits}.{digits}f}"
    return f"{hours}:{minutes:02d}:{text}" if hours else f"{minutes}:{text}"


def keep_quiet(plot: pg.PlotWidget) -> None:
    """Nothing but what is drawn in it: no buttons, no focus, and no axis labels kept up to date that are not shown.

    It covers what lies below it, so that Qt need not paint that first.
    """
    plot.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
    plot.hideButtons()
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    for place in ("left", "right", "top", "bottom"):
        plot.getPlotItem().getAxis(place).enableAutoSIPrefix(False)
