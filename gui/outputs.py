"""The menu in which the sound device is chosen."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QAction, QActionGroup
from PyQt6.QtWidgets import QMenu, QWidget

from .player import Player

__all__ = ["OutputMenu"]

_DEFAULT = "System's default"


class OutputMenu(QObject):
    """Lists the devices whenever it is opened, and as they come and go.

    Signals
    -------
    noted : what was chosen.
    """

    noted = pyqtSignal(str)

    def __init__(self, player: Player, parent: QWidget) -> None:
        super().__init__(parent)
        self._player = player
        self.menu = QMenu(parent)
        self._group = QActionGroup(self.menu)
        self.menu.aboutToShow.connect(player.look_for_devices)
        player.devices_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """List what there is."""
        self.menu.clear()
        for entry in self._group.actions():
            self._group.removeAction(entry)
        known = [("", _DEFAULT), *self._player.devices]
        for identifier, name in known:
            entry = QAction(name.replace("&", "&&"), self._group)
            entry.setCheckable(True)
            entry.setChecked(identifier == self._player.device)
            entry.triggered.connect(lambda _, i=identifier, n=name: self.choose(i, n))
            self.menu.addAction(entry)

    def choose(self, identifier: str, name: str) -> None:
        """Play on this device from now on."""
        self._player.device = identifier
        self.refresh()
        self.noted.emit(f"Sound goes to: {name}")
