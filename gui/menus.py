"""The window's menus, made from the table of actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMenu, QMenuBar

from .action import Handlers, Page, State
from .actions import ACTIONS, MENU_ORDER

__all__ = ["Menus"]


class Menus:
    """Fills a menu bar.

    Parameters
    ----------
    bar : the bar.
    handlers : what is called for the actions that are in a menu.
    submenus : menus that are entries themselves, by the name of the action.
    done : called after each.
    """

    def __init__(
        self, bar: QMenuBar, handlers: Handlers, submenus: Mapping[str, QMenu], done: Callable[[], object]
    ) -> None:
        self.entries: dict[str, QAction] = {}
        """By the name of the action."""
        self._menus = {title: QMenu(title, bar) for title in MENU_ORDER}
        for menu in self._menus.values():
            bar.addMenu(menu)
        for action in ACTIONS:
            if not action.menu:
                continue
            menu = self._menus[action.menu]
            if action.begins_section and not menu.isEmpty():
                menu.addSeparator()
            if action.name in submenus:
                submenus[action.name].setTitle(action.entry)
                entry = menu.addMenu(submenus[action.name])
                assert entry is not None
            else:
                entry = QAction(action.entry, bar)
                if action.is_shortcut:
                    entry.setShortcuts([QKeySequence(key) for key in action.keys])
                elif action.keys:  # told only: the window has the key, see Keys
                    entry.setText(f"{action.entry}\t{action.keys[0]}")
                entry.triggered.connect(_without_arguments(handlers[action.name], done))
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


def _without_arguments(handler: Callable[[], object], done: Callable[[], object]) -> Callable[[], None]:
    def call() -> None:
        handler()
        done()

    return call
