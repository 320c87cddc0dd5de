"""The strip of the tour: what is said, and the way on."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from .widgets import plain_label

__all__ = ["TourStrip"]


class TourStrip(QFrame):
    """Caption and buttons.

    Signals
    -------
    moved : 1 for the next step, -1 for the one before.
    left : enough.
    """

    moved = pyqtSignal(int)
    left = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("note")
        self.headline, self.caption = plain_label(), plain_label()
        self.headline.setStyleSheet("font-weight: bold")
        self.caption.setWordWrap(True)
        self.caption.setMinimumWidth(200)
        self.caption.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.back, self.on, self.leave = QPushButton("Back"), QPushButton("W  Next"), QPushButton("Leave the tour")
        self.back.setToolTip("The step before  (Shift+W)")
        self.on.setToolTip("The next step: noisy, B, A, clean, the trained model  (W)")
        self.leave.setToolTip("Back to the view as it was; the recording stays open  (Esc)")
        self.back.clicked.connect(lambda: self.moved.emit(-1))
        self.on.clicked.connect(lambda: self.moved.emit(1))
        self.leave.clicked.connect(self.left)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 6, 10, 6)
        words, buttons = QVBoxLayout(), QVBoxLayout()
        words.addWidget(self.headline)
        words.addWidget(self.caption, 1)
        buttons.setSpacing(3)
        for button in (self.on, self.back, self.leave):
            buttons.addWidget(button)
        row.addLayout(words, 1)
        row.addLayout(buttons)
        self.hide()

    def show_step(self, index: int, count: int, title: str, caption: str) -> None:
        """Say it."""
        self.headline.setText(f"Why phase?  {index + 1} of {count}:  {title}")
        self.caption.setText(caption)
        self.back.setEnabled(index > 0)
        self.on.setText("W  Next" if index + 1 < count else "W  From the start")
        self.show()
