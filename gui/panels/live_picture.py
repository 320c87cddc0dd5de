"""The running spectrogram of live sound."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QRect, QSize, Qt
from PyQt6.QtGui import QBrush, QColor, QImage, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from ..model.running import RunningSpectrogram
from ..view import FrequencyScale
from ..view.theme import EDGE, FAINT, HATCH, LUTS, PANEL

__all__ = ["LivePicture"]

_LOWEST_CODE, _HIGHEST_CODE = 31, 201  # -105 to -20 dB
_ROWS = 160


class LivePicture(QWidget):
    """Draws the last seconds, on a mel axis up to half the sample rate."""

    def __init__(self) -> None:
        super().__init__()
        self.running = RunningSpectrogram()
        self._highest_hz = 24_000.0
        self.setMinimumHeight(60)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Running spectrogram of what is heard")
        self.setToolTip("What is heard, the last seconds; the line is at 6 kHz")
        shares = np.clip((np.arange(256) - _LOWEST_CODE) / (_HIGHEST_CODE - _LOWEST_CODE), 0, 1)
        self._colours = LUTS["level"][np.rint(255 * shares).astype(int)]

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(400, 140)

    def begin(self, sample_rate: float) -> None:
        """Forget what was drawn."""
        self.running = RunningSpectrogram()
        self._highest_hz = sample_rate / 2
        self.update()

    def _height(self, hz: float) -> float:
        scale = FrequencyScale.MEL
        return float(scale.height(hz) / scale.height(self._highest_hz))

    def image(self) -> QImage:
        """The columns as they are, transparent where nothing was heard yet."""
        codes = self.running.codes
        scale = FrequencyScale.MEL
        hz = scale.hz(np.linspace(0, float(scale.height(self._highest_hz)), _ROWS))
        bins = np.clip(np.rint(hz / self._highest_hz * (codes.shape[1] - 1)).astype(int), 0, codes.shape[1] - 1)
        seen = codes[:, bins].T[::-1]
        rgba = np.concatenate([self._colours[seen], np.where(seen[..., None] > 0, 255, 0).astype(np.uint8)], axis=2)
        return QImage(rgba.tobytes(), len(codes), _ROWS, 4 * len(codes), QImage.Format.Format_RGBA8888).copy()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(PANEL))
        painter.fillRect(self.rect(), QBrush(QColor(HATCH), Qt.BrushStyle.BDiagPattern))  # not silence
        painter.drawImage(QRect(0, 0, self.width(), self.height()), self.image())
        y = round(self.height() * (1 - self._height(6000)))
        painter.setPen(QColor(EDGE))
        painter.drawLine(0, y, self.width(), y)
        painter.setPen(QColor(FAINT))
        painter.drawText(4, y - 3, "6 kHz")
        painter.end()
