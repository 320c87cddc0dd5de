"""The right side: what is heard, the controls, what is shown."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QFrame, QVBoxLayout

from ..model import Session
from .listen import ListenSection
from .reduction import ReductionSection
from .viewing import ViewSection

__all__ = ["SidePanel"]


class SidePanel(QFrame):
    """Draws a session's settings and changes them.

    Signals
    -------
    changed : something of the session was changed here.

    Attributes
    ----------
    listening, reduction, viewing : the sections, from top to bottom.
    """

    changed = pyqtSignal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.session = session
        self._is_live = False
        self.listening, self.reduction, self.viewing = ListenSection(session), ReductionSection(session), ViewSection()
        self.versions, self.sliders = self.listening.versions, self.reduction.sliders
        self.presets = self.reduction.presets
        self.layouts, self.scale = self.viewing.layouts, self.viewing.scale
        self.listening.changed.connect(self.changed)
        self.reduction.changed.connect(self.changed)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 8)
        column.setSpacing(4)
        for section in (self.listening, self.reduction, self.viewing):
            column.addWidget(section)
        column.addStretch(1)

    def set_live(self, live: bool) -> None:
        """Live sound is heard: only the controls concern it."""
        self._is_live = live
        self.listening.setVisible(not live)
        self.viewing.setVisible(not live)
        self.show_session()

    def show_session(self) -> None:
        """Draw the session as it is."""
        self.listening.show_session()
        self.reduction.show_session(live=self._is_live)
        self.viewing.abx.setEnabled(self.session.renderer is not None)
