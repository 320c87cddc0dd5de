"""Where the parts of the window are."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from .widgets import scrolled

__all__ = ["arranged", "beside"]


def beside(panel: QWidget) -> QScrollArea:
    """A panel for the side: as wide as it needs, scrolled where it is too high."""
    area = scrolled(panel)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFixedWidth(max(300, panel.sizeHint().width() + 12))
    return area


def arranged(whole: QWidget, middle: QWidget, side: QWidget, *below: QWidget) -> None:
    """The middle and the side beside it, the others below."""
    row = QHBoxLayout()
    row.setSpacing(6)
    row.addWidget(middle, 1)
    row.addWidget(side)
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    column.addLayout(row, 1)
    for widget in below:
        column.addWidget(widget)
