"""Headings and columns of the side's sections."""

from __future__ import annotations

from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from .widgets import plain_label

__all__ = ["Section", "chooser"]


class Section(QWidget):
    """A column of widgets under a heading."""

    def __init__(self, heading: str) -> None:
        super().__init__()
        self.setObjectName("row")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(4)
        self.column.addWidget(_heading(heading))

    def add_row(self, *widgets: QWidget, stretch: int = 1) -> None:
        """Widgets side by side."""
        row = QHBoxLayout()
        for widget in widgets:
            row.addWidget(widget, stretch)
        self.column.addLayout(row)


def _heading(text: str) -> QLabel:
    label = plain_label(text)
    label.setObjectName("heading")
    label.setIndent(0)
    return label


def chooser(name: str, tip: str) -> QComboBox:
    """A box to choose from, no wider than there is room."""
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(tip)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(4)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return box
