"""Small parts of the window: labels and meters."""

from __future__ import annotations

from html import escape

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import (
    QFrame,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QWidget,
)

from ..view.theme import FAINT, TEXT, WARNING

__all__ = ["FittingLabel", "LevelMeter", "plain_label", "plain_tip", "scrolled"]


def plain_label(text: str = "") -> QLabel:
    """A label that shows its text as it is: left to itself Qt takes a name like <b>.wav for HTML."""
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setText(text)
    return label


def plain_tip(text: str) -> str:
    """A tool tip that shows a text of others as it is: Qt has no plain ones, and takes ``<img src=…>`` for a picture.

    Examples
    --------
    >>> plain_tip("a.wav"), plain_tip("<b>.wav")
    ('a.wav', "<span style='white-space: pre-wrap'>&lt;b&gt;.wav</span>")
    """
    return f"<span style='white-space: pre-wrap'>{escape(text)}</span>" if set(text) & set("<&") else text


class FittingLabel(QLabel):
    """One line of text, as long as there is room for; all of it is in the tool tip where it is not shown.

    With one text, it ends in … where there is no room.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._tip = ""
        self._texts: tuple[str, ...] = ("",)

    def set_texts(self, *texts: str) -> None:
        """The first one that fits is shown; for the last there is always room made."""
        if texts != self._texts:
            self._texts = texts
            super().setText(texts[0])
            self.updateGeometry()

    def setText(self, text: str | None) -> None:  # noqa: N802
        self.set_texts(text or "")

    def setToolTip(self, tip: str | None) -> None:  # noqa: N802
        self._tip = tip or ""
        super().setToolTip(plain_tip(self._tip))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        metrics = self.fontMetrics()
        least = metrics.horizontalAdvance(self._texts[-1]) if len(self._texts) > 1 else metrics.averageCharWidth() * 3
        return QSize(least, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        painter = QPainter(self)
        metrics = self.fontMetrics()
        fitting = (text for text in self._texts if metrics.horizontalAdvance(text) <= self.width())
        shown = next(fitting, metrics.elidedText(self._texts[-1], Qt.TextElideMode.ElideRight, self.width()))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, shown)
        painter.end()
        tip = self._tip if shown == self.text() else "\n".join(filter(None, (self.text(), self._tip)))
        super().setToolTip(plain_tip(tip))


def scrolled(page: QWidget) -> QScrollArea:
    """A page that can be scrolled where the window is too small for it."""
    area = QScrollArea()
    area.setWidget(page)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area


class LevelMeter(QWidget):
    """Two bars from -60 to 0: a peak in dBFS and, if not told otherwise, momentary loudness in LUFS."""

    def __init__(self, names: tuple[str, str] = ("Peak", "LUFS")) -> None:
        super().__init__()
        self._names = names
        self.peak_db = self.lufs = float("-inf")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        if names[1] == "LUFS":
            self.setToolTip("Of what is playing: peak in dBFS, and momentary loudness (400 ms, BS.1770) in LUFS")
        self.setAccessibleName(f"Meters: {names[0]} and {names[1]}")

    def sizeHint(self) -> QSize:  # noqa: N802
        metrics = self.fontMetrics()
        return QSize(170 + metrics.horizontalAdvance("Peak −60.0 dBFS LUFS"), 2 * metrics.height() + 2)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.sizeHint() - QSize(150, 0)

    def set_levels(self, peak_db: float, lufs: float) -> None:
        """Show these."""
        if (peak_db, lufs) != (self.peak_db, self.lufs):
            self.peak_db, self.lufs = peak_db, lufs
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        painter = QPainter(self)
        metrics = painter.fontMetrics()
        height = self.height() / 2
        names = metrics.horizontalAdvance("LUFS ")
        values = metrics.horizontalAdvance(" −60.0 dBFS")
        bar = self.width() - names - values
        for row, (name, value) in enumerate(zip(self._names, (self.peak_db, self.lufs), strict=True)):
            y = row * height
            painter.setPen(QColor(FAINT))
            painter.drawText(QRectF(0, y, names, height), Qt.AlignmentFlag.AlignVCenter, name)
            share = min(1.0, max(0.0, (value + 60) / 60))
            track = QRectF(names, y + height * 0.25, bar, height * 0.5)
            painter.fillRect(track, QColor("#27303a"))
            over = name != "LUFS" and value > 0
            colour = WARNING if over else ("#7fc8a9" if row == 0 else "#c9bfff")
            painter.fillRect(QRectF(track.x(), track.y(), track.width() * share, track.height()), QColor(colour))
            painter.setPen(QColor(WARNING if over else TEXT))
            unit = "" if name == "LUFS" else " dBFS"
            text = f" {value:.1f}{unit}" if value > -99 else " –"
            painter.drawText(
                QRectF(track.right(), y, values, height), Qt.AlignmentFlag.AlignVCenter, text.replace("-", "−")
            )
        painter.end()
