"""What the keys do: from anywhere in the window but a text field."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PyQt6.QtCore import QEvent, QObject, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent, QKeySequence
from PyQt6.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QSlider, QWidget

from .action import Action, Handlers, State
from .actions import ACTIONS
from .view import ColourBar

__all__ = ["Keys"]

_SHIFT, _CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
_OTHER_LAYOUTS = Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.GroupSwitchModifier
"""Where the digits or brackets of some keyboards are."""


class Keys(QObject):
    """Catches the keys of a window before its buttons and sliders see them.

    Parameters
    ----------
    window : whose keys.
    handlers : what is called for the actions that no menu has.
    state : what is asked at every key.

    Signals
    -------
    done : a key did something.
    """

    done = pyqtSignal()

    def __init__(self, window: QWidget, handlers: Handlers, state: Callable[[], State]) -> None:
        super().__init__(window)
        self._window, self._handlers, self._state = window, handlers, state
        app = QApplication.instance()
        assert app is not None
        app.installEventFilter(self)

    def close(self) -> None:
        """Catch no more."""
        app = QApplication.instance()
        if app is not None:
            app.removeEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        if event is None or event.type() != QEvent.Type.KeyPress or QApplication.activeWindow() is not self._window:
            return False
        # Before a widget gets a key, the window's handle does; only widgets count, so that nothing is done twice.
        if not isinstance(watched, QWidget) or watched.window() is not self._window:
            return False
        focus = QApplication.focusWidget() or watched
        if isinstance(focus, (QLineEdit, QAbstractSpinBox)) or QApplication.activePopupWidget() is not None:
            return False
        assert isinstance(event, QKeyEvent)
        return self.handle(event, focus)

    def handle(self, event: QKeyEvent, focus: QWidget | None = None) -> bool:
        """Do what a key stands for; False where it stands for nothing here."""
        key, modifiers = event.key(), event.modifiers() & ~_OTHER_LAYOUTS
        if modifiers & ~(_SHIFT | _CONTROL):
            return False
        K = Qt.Key
        if key in (K.Key_Return, K.Key_Enter) and isinstance(focus, QAbstractButton) and not modifiers:
            if not event.isAutoRepeat():
                focus.click()
            return True
        if key in (K.Key_Up, K.Key_Down) and isinstance(focus, (QSlider, QComboBox, ColourBar)):
            return False
        action = self.actions(modifiers).get(key)
        if action is None:
            return False
        if action.repeats or not event.isAutoRepeat():
            self._handlers[action.name]()
            self.done.emit()
        return True

    def actions(self, modifiers: Qt.KeyboardModifier) -> dict[int, Action]:
        """What keys stand for now, by their code; with Shift the same as without, unless the table says otherwise."""
        state, control = self._state(), modifiers & _CONTROL
        usable = [a for a in ACTIONS if not a.is_shortcut and state.page in a.pages and a.when(state)]
        found = dict(_with(usable, control))
        return found | dict(_with(usable, control | _SHIFT)) if modifiers & _SHIFT else found


def _with(actions: list[Action], modifiers: Qt.KeyboardModifier) -> Iterator[tuple[int, Action]]:
    for action in actions:
        for key in action.keys:
            combination = QKeySequence(key)[0]
            if combination.keyboardModifiers() == modifiers:
                yield combination.key().value, action
