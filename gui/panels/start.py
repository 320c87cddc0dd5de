"""What the window shows while nothing is open."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from .widgets import plain_label

__all__ = ["StartPage"]


class StartPage(QWidget):
    """Invites to open a recording.

    Parameters
    ----------
    demo : offer the demo clip.

    Signals
    -------
    open_wanted, demo_wanted, tour_wanted : buttons.
    """

    open_wanted = pyqtSignal()
    demo_wanted = pyqtSignal()
    tour_wanted = pyqtSignal()

    def __init__(self, *, demo: bool) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.addStretch(1)
        title = plain_label("Drop a noisy recording here")
        title.setStyleSheet("font-size: 24px; font-weight: 600")
        title.setWordWrap(True)
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(title)
        self.open_button = QPushButton("Open a recording…  (Ctrl+O)")
        self.open_button.clicked.connect(self.open_wanted)
        column.addWidget(self.open_button, 0, Qt.AlignmentFlag.AlignHCenter)
        self.demo_button = QPushButton("Try the demo clip")
        self.demo_button.setToolTip("Ten seconds of synthetic speech in noise")
        self.demo_button.clicked.connect(self.demo_wanted)
        column.addWidget(self.demo_button, 0, Qt.AlignmentFlag.AlignHCenter)
        self.demo_button.setVisible(demo)
        self.tour_button = QPushButton("Why phase?  One minute, with the demo clip")
        self.tour_button.setToolTip(
            "Hear and see what a mask from 0 to 1 cannot do, and what a phase-aware one can  (W)"
        )
        self.tour_button.clicked.connect(self.tour_wanted)
        self.tour_button.setVisible(demo)
        column.addWidget(self.tour_button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)
