"""Below the masks that are compared: how far mask A turns, and one cell as arrows."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from phaseaware.engine.versions import Version
from PyQt6.QtCore import QPointF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QWidget

from ..model.cell import Cell, cell_at, rotation_histogram
from .axes import keep_quiet
from .pictures import Source
from .theme import BACKGROUND, COLOURS, EDGE, FAINT, LUTS, TEXT

__all__ = ["Comparator", "RotationHistogram", "VectorDiagram"]

_LOWEST, _HEIGHT = 90, 190
_AXIS = 60
"""Pixels beside the bars."""
_SHARES = (1, 5, 20, 50, 100)
"""Percent, on the axis."""
_PART = 0.3  # of the room that the pictures and it have
_ORDER = (Version.NOISY, Version.CLEAN, Version.REAL, Version.PHASE_AWARE)


class RotationHistogram(pg.PlotWidget):  # type: ignore[misc]
    """How many of the cells that are heard mask A turns by how much."""

    def __init__(self) -> None:
        super().__init__()
        keep_quiet(self)
        self.setBackground(BACKGROUND)
        self.setMouseEnabled(x=False, y=False)
        self.setMenuEnabled(False)
        self.setXRange(-180, 180, padding=0.07)  # room for the first and the last number
        self.getAxis("bottom").setTicks([[(a, f"{a}°".replace("-", "−")) for a in range(-180, 181, 60)]])
        self.getAxis("left").setTicks([[(math.sqrt(share / 100), f"{share} %") for share in _SHARES]])
        self.setToolTip(
            "Of the cells below 6 kHz in view that are heard, the share that mask A turns by each "
            "angle, in steps of 5°.\nThe scale is that of roots, so that rare large turns are seen too"
        )
        self._texts = ("Rotation by mask A below 6 kHz, in view", "Rotation by mask A")
        self._say()
        self._bars = pg.BarGraphItem(x=[0], height=[0], width=5)
        self.addItem(self._bars)
        self.addItem(pg.InfiniteLine(0, pen=pg.mkPen(COLOURS[Version.REAL], width=2), label="B: 0° always",
                                     labelOpts={"color": COLOURS[Version.REAL], "position": 0.9}))  # fmt: skip
        self.share_turned = 0.0
        """Of the cells, those that are turned by more than 10 degrees."""

    def show_shares(self, edges: np.ndarray, shares: np.ndarray) -> None:
        """Bars in the hues of the rotation's picture."""
        middles = (edges[:-1] + edges[1:]) / 2
        hues = LUTS["rotation"][np.clip(((middles + 180) / 360 * 255).astype(int), 0, 255)]
        self.share_turned = float(shares[np.abs(middles) > 10].sum())
        heights = np.sqrt(shares)  # rare large turns are to be seen too
        self._bars.setOpts(
            x=middles, height=heights, width=float(edges[1] - edges[0]) * 0.9,
            brushes=[QColor(*map(int, h)) for h in hues],
        )  # fmt: skip
        self.setYRange(0, max(0.05, float(heights.max()) * 1.1), padding=0)
        turned = f"A turns {100 * self.share_turned:.0f} % by more than 10°"
        self._texts = (f"Below 6 kHz, in view, {turned}", turned)
        self._say()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        super().resizeEvent(event)
        if event is not None and hasattr(self, "_texts"):  # not while it is being made
            self._say()

    def _say(self) -> None:
        """As much as there is room for beside the axis."""
        title, room = self.plotItem.titleLabel, self.width() - _AXIS
        for text in self._texts:
            self.setTitle(text, size="9pt", color=COLOURS[Version.PHASE_AWARE])
            title.setMinimumWidth(0)  # else a long title pushes the bars out of a narrow widget
            if title.item.boundingRect().width() <= room:
                break


class VectorDiagram(QWidget):
    """A cell: noisy, A, B and clean as arrows with lengths and angles."""

    def __init__(self) -> None:
        super().__init__()
        self.cell: Cell | None = None
        self.setMinimumWidth(220)
        self.setAccessibleName("Cell as arrows")
        self.setToolTip("The cell that was clicked in a picture: what the masks make of the noisy number there")

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(380, _HEIGHT)

    def show_cell(self, cell: Cell | None) -> None:
        """Draw another cell; None: how to get one."""
        self.cell = cell
        self.update()

    def lines(self) -> list[tuple[Version, str]]:
        """What is said of each arrow."""
        if self.cell is None:
            return []
        lines = []
        for version in _ORDER:
            if version in self.cell.arrows:
                length, angle = self.cell.polar(version)
                db = f"{20 * math.log10(length):+.1f} dB" if length > 1e-4 else "nothing"
                turn = f", {angle:+.0f}°" if version is not Version.NOISY and length > 1e-4 else ""
                lines.append((version, f"{version.letter or version.label}: {db}{turn}".replace("-", "−")))
        return lines

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = painter.fontMetrics()
        if self.cell is None:
            painter.setPen(QColor(FAINT))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap,
                             "Click a cell in a picture: its arrows are drawn here")  # fmt: skip
            painter.end()
            return
        painter.setPen(QColor(TEXT))
        painter.drawText(6, metrics.ascent() + 2, f"{self.cell.seconds:.3f} s, {self.cell.hz:.0f} Hz; noisy is 1 at 0°")
        for row, (version, text) in enumerate(self.lines()):
            painter.setPen(QColor(COLOURS[version]))
            painter.drawText(6, (row + 2) * metrics.height() + 4, text)
        taken = metrics.horizontalAdvance("Clean speech: +00.0 dB, −180°") + 10
        side = max(40.0, min(self.height() - 26.0, self.width() - taken))
        centre = QPointF(self.width() - side / 2 - 4, self.height() / 2 + 8)
        self._draw_arrows(painter, centre, side / 2)
        painter.end()

    def _draw_arrows(self, painter: QPainter, centre: QPointF, radius: float) -> None:
        assert self.cell is not None
        scale = radius / max(1.0, *(abs(arrow) for arrow in self.cell.arrows.values()))
        painter.setPen(QPen(QColor(EDGE), 1))
        painter.drawEllipse(centre, scale, scale)
        painter.drawLine(centre - QPointF(radius, 0), centre + QPointF(radius, 0))
        painter.drawLine(centre - QPointF(0, radius), centre + QPointF(0, radius))
        for version in _ORDER:
            if version not in self.cell.arrows:
                continue
            arrow = self.cell.arrows[version] * scale
            tip = centre + QPointF(arrow.real, -arrow.imag)
            colour = QColor(COLOURS[version])
            width = {Version.CLEAN: 6, Version.NOISY: 4}.get(version, 3)
            painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(centre, tip)
            if abs(arrow) > 6:
                along = arrow / abs(arrow)
                wings = [tip - QPointF((along * w).real, -(along * w).imag) for w in (9 + 5j, 9 - 5j)]
                painter.setBrush(colour)
                painter.drawPolygon(QPolygonF([tip, *wings]))


class Comparator(QWidget):
    """Histogram and arrows, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.histogram, self.vectors = RotationHistogram(), VectorDiagram()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.histogram, 1)
        row.addWidget(self.vectors, 1)
        self.fit(1000)

    def fit(self, height: int) -> None:
        """Leave enough of so many pixels to the pictures above."""
        self.setFixedHeight(int(np.clip(_PART * height, _LOWEST, _HEIGHT)))

    def show_source(self, source: Source | None, time: tuple[float, float], floor_db: float) -> None:
        """The histogram of what is in view."""
        if source is not None and source.pictures is not None:
            self.histogram.show_shares(*rotation_histogram(source.recording, source.pictures, *time, floor_db=floor_db))

    def pick(self, source: Source, seconds: float, hz: float) -> None:
        """The cell at a place."""
        if source.pictures is not None:
            self.vectors.show_cell(cell_at(source.recording, source.pictures, seconds, hz))
