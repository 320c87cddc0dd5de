"""What the keys do: from anywhere in the window but a text field."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from phaseaware.engine import SAMPLE_RATE
from phaseaware.engine.versions import Version
from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QSlider, QWidget

from .model.levels import DELTA_GAINS_DB
from .panels import LAYOUTS
from .view import ColourBar, FrequencyScale, Kind

if TYPE_CHECKING:
    from .window import MainWindow

__all__ = ["HELP", "Keys"]

_SWIPE_STEP = 0.02
Actions = dict[int, Callable[[], object]]
_K = Qt.Key
_REPEATING = {
    _K.Key_Left, _K.Key_Right, _K.Key_PageUp, _K.Key_PageDown, _K.Key_Plus, _K.Key_Equal, _K.Key_Minus,
    _K.Key_Underscore, _K.Key_Comma, _K.Key_Period,
}  # fmt: skip
"""What goes on while the key is held. All else happens once: a held key must not answer one trial after the other."""
_SHIFT, _CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
_OTHER_LAYOUTS = Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.GroupSwitchModifier
"""Where the digits or brackets of some keyboards are."""

HELP: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Listen",
        (
            ("Space", "play, pause"),
            ("1", "noisy"),
            ("2", "A: phase-aware"),
            ("3", "B: real mask"),
            ("4", "delta A − B"),
            ("5", "removed"),
            ("X", "back to the version before"),
            ("B", "bypass"),
            ("L", "level match"),
            ("G", "gain of delta and removed"),
            ("Ctrl+T", "ABX listening test"),
            ("Ctrl+L", "live input; there F5 looks for devices"),
        ),
    ),
    (
        "Move",
        (
            ("← →", "1 second; with Shift 5"),
            ("Home End", "beginning, end"),
            ("[ ] or I O", "set the loop's ends"),
            ("Esc", "close a message, clear the loop"),
            ("+ −", "zoom time; with Ctrl frequency"),
            ("Page Up Down", "move in time; with Ctrl in frequency"),
            ("F", "show everything"),
        ),
    ),
    (
        "See",
        (
            ("V", "next view"),
            ("S", "frequency axis: linear, log, mel"),
            (", .", "move the swipe line"),
            ("C", "go to the next colour scale; there:"),
            ("↑ ↓", "shift its range"),
            ("Shift+↑ ↓", "its upper end"),
            ("Ctrl+↑ ↓", "its lower end"),
            ("Del", "its default range"),
        ),
    ),
    (
        "Change",
        (
            ("Tab", "next control; ↑ ↓ changes it, Enter presses it"),
            ("R", "all controls to their defaults"),
            ("Ctrl+Z", "undo; with Shift redo"),
            ("Ctrl+S", "save a preset"),
            ("Ctrl+O", "open; with Shift stems"),
            ("Ctrl+E", "export what is heard; with Shift all"),
            ("Ctrl+P", "export the picture"),
            ("Ctrl+Shift+C", "copy as script"),
        ),
    ),
)
"""What a listener may want to look up: groups of keys and what they do."""


class Keys(QObject):
    """Catches the keys of a window before its buttons and sliders see them."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
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
        if key in _REPEATING or not event.isAutoRepeat():
            action()
            self._window.show_session()
        return True

    def actions(self, modifiers: Qt.KeyboardModifier) -> Actions:
        """What keys stand for now, by their code."""
        is_plain = not modifiers & _CONTROL
        if self._window.abx.under_way:
            return self._abx_keys() if is_plain else {}
        if self._window.is_live:
            return self._live_keys() if is_plain else {}
        return self._keys(5 if modifiers & _SHIFT else 1) if is_plain else self._frequency_keys()

    def _transport_keys(self, step: int) -> Actions:
        K, session = Qt.Key, self._window.session
        return {
            K.Key_Space: self._window.toggle_play,
            K.Key_Left: lambda: session.seek(session.position - step * SAMPLE_RATE),
            K.Key_Right: lambda: session.seek(session.position + step * SAMPLE_RATE),
            K.Key_Home: lambda: session.seek(0),
            K.Key_End: lambda: session.seek(session.recording.samples if session.recording is not None else 0),
            **dict.fromkeys((K.Key_BracketLeft, K.Key_I), lambda: session.set_loop_start(session.position)),
            **dict.fromkeys((K.Key_BracketRight, K.Key_O), lambda: session.set_loop_stop(session.position)),
            K.Key_Escape: self._escape,
        }

    def _abx_keys(self) -> Actions:
        K = Qt.Key
        return self._transport_keys(1) | {
            K.Key_1: lambda: self._window.abx.listen("A"),
            K.Key_2: lambda: self._window.abx.listen("B"),
            K.Key_3: lambda: self._window.abx.listen("X"),
            K.Key_A: lambda: self._window.abx.answer("A"),
            K.Key_B: lambda: self._window.abx.answer("B"),
        }

    def _live_keys(self) -> Actions:
        K, live = Qt.Key, self._window.live
        return {
            K.Key_Space: live.toggle,
            K.Key_1: lambda: live.select("bypass"),
            K.Key_2: lambda: live.select("A"),
            K.Key_3: lambda: live.select("B"),
            K.Key_X: live.swap,
            K.Key_B: live.toggle_bypass,
            K.Key_R: self._window.side.reset.click,
            K.Key_F5: live.refresh,
            K.Key_Escape: live.finish,
        }

    def _keys(self, step: int) -> Actions:
        K, session = Qt.Key, self._window.session
        side, views = self._window.side, self._window.views
        keys = self._transport_keys(step)
        if session.recording is not None:
            usable = list(Version) if session.renderer is not None else [Version.NOISY]
            for key, version in zip((K.Key_1, K.Key_2, K.Key_3, K.Key_4, K.Key_5), usable, strict=False):
                keys[key] = partial(session.select, version)
        if session.renderer is not None:
            keys |= {K.Key_X: session.swap, K.Key_B: session.toggle_bypass}
        return keys | {
            K.Key_L: lambda: session.set_level_match(not session.level_match),
            K.Key_G: lambda: session.set_delta_gain(
                DELTA_GAINS_DB[(DELTA_GAINS_DB.index(session.delta_gain_db) + 1) % len(DELTA_GAINS_DB)]
            ),
            K.Key_F: views.fit,
            K.Key_V: lambda: side.layouts.setCurrentIndex((views.layout_index + 1) % len(LAYOUTS)),
            K.Key_S: lambda: side.scale.setCurrentIndex((side.scale.currentIndex() + 1) % len(FrequencyScale)),
            K.Key_R: side.reset.click,
            K.Key_PageUp: lambda: views.pan(-0.5),
            K.Key_PageDown: lambda: views.pan(0.5),
            **dict.fromkeys((K.Key_Plus, K.Key_Equal), lambda: views.zoom(0.5, session.position)),
            **dict.fromkeys((K.Key_Minus, K.Key_Underscore), lambda: views.zoom(2, session.position)),
            K.Key_Comma: lambda: views.panes[Kind.SWIPE].move_swipe(-_SWIPE_STEP),
            K.Key_Period: lambda: views.panes[Kind.SWIPE].move_swipe(_SWIPE_STEP),
            K.Key_C: views.focus_next_bar,
        }

    def _frequency_keys(self) -> Actions:
        """With Ctrl what zooms and moves in time does so in frequency, as with the wheel."""
        K, views = Qt.Key, self._window.views
        return {
            **dict.fromkeys((K.Key_Plus, K.Key_Equal), lambda: views.zoom_frequency(0.5)),
            **dict.fromkeys((K.Key_Minus, K.Key_Underscore), lambda: views.zoom_frequency(2)),
            K.Key_PageUp: lambda: views.pan_frequency(0.5),
            K.Key_PageDown: lambda: views.pan_frequency(-0.5),
        }

    def _escape(self) -> None:
        if self._window.message.isVisible():
            self._window.message.hide()
        else:
            self._window.session.clear_loop()
