"""The whole recording as a thin bar: where the view is, the loop, the playhead; dragged to move the view."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PyQt6.QtWidgets import QWidget

from .axes import AXIS_WIDTH
from .colour_bar import BAR_WIDTH
from .selection import LOOP_COLOUR
from .theme import BACKGROUND, EDGE, PANEL, TEXT

__all__ = ["OverviewBar"]

_HEIGHT = 14


class OverviewBar(QWidget):
    """Draws an outline and where the view is in it.

    Signals
    -------
    centred : share of the recording, 0 to 1, that the middle of the view shall show.
    """

    centred = pyqtSignal(float)

    def __init__(self) -> None:
        super().__init__()
        self._outline = np.zeros((0, 2))
        self._colour = TEXT
        self._picture: QPixmap | None = None
        self._view, self._playhead = (0.0, 1.0), 0.0
        self._loop: tuple[float, float] | None = None
        self.setFixedHeight(_HEIGHT)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.SizeHorCursor)
        self.setToolTip("The whole recording: click or drag to move the view")
        self.setAccessibleName("Overview")

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(200, _HEIGHT)

    @property
    def columns(self) -> int:
        """Pixels of the outline."""
        return max(1, self.width() - AXIS_WIDTH - BAR_WIDTH)

    def set_outline(self, outline: np.ndarray, colour: str) -> None:
        """Lowest and highest values, shape (n, 2)."""
        self._outline, self._colour = outline, colour
        self._picture = None
        self.update()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        self._picture = None
        super().resizeEvent(event)

    def set_marks(self, view: tuple[float, float], loop: tuple[float, float] | None, playhead: float) -> None:
        """View, loop and playhead as shares of the recording."""
        moved = round(playhead * self.columns) != round(self._playhead * self.columns)
        if moved or (view, loop) != (self._view, self._loop):
            self.update()
        self._view, self._loop, self._playhead = view, loop, playhead

    def _drawn_outline(self) -> QPixmap:
        """The outline, drawn once and as pixels: a thousand lines took a quarter of a frame's time."""
        ratio = self.devicePixelRatioF()
        width, height = round(self.columns * ratio), round(self.height() * ratio)
        pixels = np.full((height, width), QColor(PANEL).rgb(), np.uint32)
        if len(self._outline):
            middle = height / 2
            top = max(1e-6, float(np.abs(self._outline).max()))
            outline = self._outline[np.arange(width) * len(self._outline) // width] / top * (middle - ratio)
            lowest, highest = np.rint(middle - outline.T)
            rows = np.arange(height)[:, None]
            pixels[(highest <= rows) & (rows <= lowest)] = QColor(self._colour).rgb()
        # A pixmap may share its image's memory, and the image that of the bytes, which nobody keeps.
        image = QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGB32).copy()
        picture = QPixmap.fromImage(image)
        picture.setDevicePixelRatio(ratio)
        return picture

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        if self._picture is None or self._picture.devicePixelRatioF() != self.devicePixelRatioF():
            self._picture = self._drawn_outline()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(BACKGROUND))
        left, width = AXIS_WIDTH, self.columns
        painter.drawPixmap(left, 0, self._picture)
        if self._loop is not None:
            a, b = self._loop
            loop = QColor(LOOP_COLOUR)
            loop.setAlpha(90)
            painter.fillRect(QRectF(left + a * width, 0, max(2, (b - a) * width), self.height()), loop)
        a, b = self._view
        if b - a < 0.999:
            shade = QColor(EDGE)
            shade.setAlpha(150)
            painter.fillRect(QRectF(left, 0, a * width, self.height()), shade)
            painter.fillRect(QRectF(left + b * width, 0, (1 - b) * width, self.height()), shade)
            painter.setPen(QColor(TEXT))
            painter.drawRect(QRectF(left + a * width, 0, max(3, (b - a) * width), self.height() - 1))
        painter.fillRect(QRectF(left + self._playhead * width, 0, 1, self.height()), QColor("#ffffff"))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        assert event is not None
        self.centred.emit(min(1.0, max(0.0, (event.position().x() - AXIS_WIDTH) / self.columns)))
