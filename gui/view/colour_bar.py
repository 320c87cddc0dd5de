"""The scale beside a pane: its colours, their values, and the range dragged on it."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PyQt6.QtWidgets import QWidget

from .theme import FAINT, TEXT

__all__ = ["BAR_WIDTH", "ColourBar", "Range"]

BAR_WIDTH = 64
_STEP_DB, _NARROWEST_DB = 3.0, 6.0
Range = tuple[float, float]


class ColourBar(QWidget):
    """Colours and their values. Dragging near an end moves it, elsewhere both; a double click resets; the wheel too.

    With the focus Up and Down do so: both ends, with Shift the upper, with Ctrl the lower one; Delete resets. Until the
    range is changed by hand it is fitted to what is there, and again after a reset.

    Signals
    -------
    changed : lowest and highest value.
    """

    changed = pyqtSignal(float, float)

    def __init__(self, lut: np.ndarray, default: Range, limits: Range, unit: str, *, fixed: bool = False) -> None:
        super().__init__()
        self._default, self._limits, self._unit, self.fixed = default, limits, unit, fixed
        self.range = default
        self.is_fitted = not fixed
        """Nobody has chosen another range."""
        self.set_ramp(lut)
        self._grip: tuple[float, Range, str] | None = None
        self.setFixedWidth(BAR_WIDTH)
        if not fixed:
            self.setCursor(Qt.CursorShape.SizeVerCursor)
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.setToolTip(
                "Drag an end to move it, the middle to move both; double click: default range\n"
                "Keys: C to come here, then Up and Down, with Shift the upper end, with Ctrl the lower; Del: default"
            )
        self.setAccessibleName(f"Colour scale in {unit}")

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(BAR_WIDTH, 60)

    def set_ramp(self, rgb: np.ndarray) -> None:
        """Colours from the lowest value to the highest, shape (256, 3)."""
        data = np.ascontiguousarray(rgb[::-1, None, :]).tobytes()
        self._image = QImage(data, 1, 256, 3, QImage.Format.Format_RGB888).copy()

    def fit(self, low: float, high: float) -> bool:
        """Take a range that fits what is there, unless another was chosen; whether it is a new one."""
        self._default = (low, high)
        changed = self.is_fitted and self.range != (low, high)
        if changed:
            self.set_range(low, high)
        return changed

    def set_range(self, low: float, high: float) -> None:
        """Show another range, without telling."""
        self.range = (low, high)
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        painter = QPainter(self)
        bar = QRectF(4, 4, 9, self.height() - 8)
        painter.drawImage(bar, self._image)
        painter.setPen(QColor(FAINT))
        metrics = painter.fontMetrics()
        low, high = self.range
        for share in (0.0, 0.5, 1.0) if self.height() > 3.6 * metrics.height() else (0.0, 1.0):
            value = low + share * (high - low)
            y = bar.bottom() - share * bar.height()
            text = f"{value:+.0f}" if self._limits[0] < 0 < self._limits[1] and value else f"{value:.0f}"
            if share == 1:
                text += self._unit
            text = text.replace("-", "−")
            base = min(max(y + metrics.ascent() / 2, metrics.ascent() + 1), self.height() - metrics.descent() - 1)
            painter.drawText(QPointF(16, base), text)
        if self.hasFocus():
            painter.setPen(QPen(QColor(TEXT), 1))
            painter.drawRect(self.rect().adjusted(1, 1, -2, -2))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        assert event is not None
        if not self.fixed:
            share = 1 - event.position().y() / max(1, self.height())
            self._grip = (
                event.position().y(),
                self.range,
                "low" if share < 1 / 3 else "high" if share > 2 / 3 else "both",
            )

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        assert event is not None
        if self._grip is not None:
            begun, (low, high), end = self._grip
            shift = (begun - event.position().y()) / max(1, self.height()) * (high - low)
            self._move(low, high, shift, end)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        self._grip = None

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        self._grip = None
        if not self.fixed:
            self._reset()

    def wheelEvent(self, event: QWheelEvent | None) -> None:  # noqa: N802
        assert event is not None
        if not self.fixed:
            self._move(*self.range, _STEP_DB if event.angleDelta().y() > 0 else -_STEP_DB, "both")

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        assert event is not None
        modifiers = event.modifiers()
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            end = (
                "high"
                if modifiers & Qt.KeyboardModifier.ShiftModifier
                else "low"
                if modifiers & Qt.KeyboardModifier.ControlModifier
                else "both"
            )
            self._move(*self.range, _STEP_DB if event.key() == Qt.Key.Key_Up else -_STEP_DB, end)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._reset()
        else:
            super().keyPressEvent(event)

    def _move(self, low: float, high: float, shift: float, end: str) -> None:
        """Shift one end or both of a range; where it is centred on zero, both move apart or together."""
        if self._limits[0] == -self._limits[1]:
            high = max(_NARROWEST_DB / 2, high + (shift if end != "low" else -shift))
            self._set(-high, high)
        else:
            self._set(low + shift * (end != "high"), high + shift * (end != "low"))

    def _reset(self) -> None:
        self._set(*self._default)
        self.is_fitted = True

    def _set(self, low: float, high: float) -> None:
        low, high = max(low, self._limits[0]), min(high, self._limits[1])
        if high - low >= _NARROWEST_DB:
            self.is_fitted = False
            self.set_range(low, high)
            self.changed.emit(low, high)
