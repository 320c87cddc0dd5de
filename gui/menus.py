"""The window's menus, made from the table of actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMenu, QMenuBar

from .actions import ACTIONS, Handlers, Page, State

__all__ = ["Menus"]


class Menus:
    """Fills a menu bar.

    Parameters
    ----------
    bar : the bar.
    handlers : what is called for the actions that are in a menu.
    submenus : menus that are entries themselves, by the name of the action.
    """

    def __init__(self, bar: QMenuBar, handlers: Handlers, submenus: Mapping[str, QMenu]) -> None:
        self.entries: dict[str, QAction] = {}
        """By the name of the action."""
        self._menus: dict[str, QMenu] = {}
        for action in ACTIONS:
            if not action.menu:
                continue
            if action.menu not in self._menus:
                self._menus[action.menu] = QMenu(action.menu, bar)
                bar.addMenu(self._menus[action.menu])
            menu = self._menus[action.menu]
            if action.begins_section:
                menu.addSeparator()
            if action.name in submenus:
                submenus[action.name].setTitle(action.entry)
                entry = menu.addMenu(submenus[action.name])
                assert entry is not None
            else:
                entry = QAction(action.entry, bar)
                entry.setShortcuts([QKeySequence(key) for key in action.keys])
                entry.triggered.connect(_without_arguments(handlers[action.name]))
                menu.addAction(entry)
            self.entries[action.name] = entry

    def texts(self) -> list[list[str]]:
        """What each menu says."""
        return [[entry.text() for entry in menu.actions()] for menu in self._menus.values()]

    def show_state(self, state: State) -> None:
        """What can be done now; nothing of it during a listening test."""
        for action in ACTIONS:
            if action.menu:
                self.entries[action.name].setEnabled(state.page is not Page.ABX and action.when(state))


def _without_arguments(handler: Callable[[], object]) -> Callable[[], None]:
    def call() -> None:
        handler()

    return call
