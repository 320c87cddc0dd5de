"""Reports of other threads, brought into the GUI's."""

from __future__ import annotations

import threading

from PyQt6.QtCore import QObject, pyqtSignal

__all__ = ["Reports"]


class Reports(QObject):
    """Something changed in another thread; reports that come before the last one was looked at are one.

    Signals
    -------
    arrived : in the thread of this object.
    """

    arrived = pyqtSignal()
    _sent = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._pending = threading.Event()
        self._sent.connect(self._arrive)

    def send(self) -> None:
        """Report, from any thread."""
        if not self._pending.is_set():
            self._pending.set()
            self._sent.emit()

    def _arrive(self) -> None:
        self._pending.clear()
        self.arrived.emit()
