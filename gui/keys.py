"""What the keys do: from anywhere in the window but a text field."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from phaseaware.engine import SAMPLE_RATE
from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QSlider, QWidget

from .levels import DELTA_GAINS_DB
from .mixer import Version
from .scales import FrequencyScale
from .side import LAYOUTS

if TYPE_CHECKING:
    from .window import MainWindow

__all__ = ["Keys"]


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
        key, modifiers = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        shift = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        if modifiers & ~Qt.KeyboardModifier.ShiftModifier:
            return False
        K = Qt.Key
        if key in (K.Key_Return, K.Key_Enter) and isinstance(focus, QAbstractButton):
            focus.click()
            return True
        if key in (K.Key_Up, K.Key_Down) and isinstance(focus, (QSlider, QComboBox)):
            return False
        if self._window.abx.under_way:
            action = self._abx_keys().get(key)
        else:
            action = self._live_keys().get(key) if self._window.is_live else self._keys(5 if shift else 1).get(key)
        if action is None:
            return False
        action()
        self._window.show_session()
        return True

    def _transport_keys(self, step: int) -> dict[int, Callable[[], object]]:
        K, session = Qt.Key, self._window.session
        return {
            K.Key_Space: self._window.toggle_play,
            K.Key_Left: lambda: session.seek(session.position - step * SAMPLE_RATE),
            K.Key_Right: lambda: session.seek(session.position + step * SAMPLE_RATE),
            K.Key_Home: lambda: session.seek(0),
            K.Key_End: lambda: session.seek(session.recording.samples if session.recording is not None else 0),
            K.Key_BracketLeft: lambda: session.set_loop_start(session.position),
            K.Key_BracketRight: lambda: session.set_loop_stop(session.position),
            K.Key_Escape: self._escape,
        }

    def _abx_keys(self) -> dict[int, Callable[[], object]]:
        K = Qt.Key
        return self._transport_keys(1) | {
            K.Key_1: lambda: self._window.abx.listen("A"),
            K.Key_2: lambda: self._window.abx.listen("B"),
            K.Key_3: lambda: self._window.abx.listen("X"),
            K.Key_A: lambda: self._window.abx.answer("A"),
            K.Key_B: lambda: self._window.abx.answer("B"),
        }

    def _live_keys(self) -> dict[int, Callable[[], object]]:
        K, live = Qt.Key, self._window.live
        return {
            K.Key_Space: live.toggle,
            K.Key_1: lambda: live.select("bypass"),
            K.Key_2: lambda: live.select("A"),
            K.Key_3: lambda: live.select("B"),
            K.Key_X: live.swap,
            K.Key_B: live.toggle_bypass,
            K.Key_R: self._window.side.reset.click,
            K.Key_Escape: live.finish,
        }

    def _keys(self, step: int) -> dict[int, Callable[[], object]]:
        K, session = Qt.Key, self._window.session
        side = self._window.side
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
            K.Key_F: self._window.views.fit,
            K.Key_V: lambda: self._window.side.layouts.setCurrentIndex(
                (self._window.views.layout_index + 1) % len(LAYOUTS)
            ),
            K.Key_S: lambda: side.scale.setCurrentIndex((side.scale.currentIndex() + 1) % len(FrequencyScale)),
            K.Key_R: self._window.side.reset.click,
            K.Key_PageUp: lambda: self._window.views.pan(-0.5),
            K.Key_PageDown: lambda: self._window.views.pan(0.5),
            K.Key_Plus: lambda: self._window.views.zoom(0.5, session.position),
            K.Key_Minus: lambda: self._window.views.zoom(2, session.position),
        }

    def _escape(self) -> None:
        if self._window.message.isVisible():
            self._window.message.hide()
        else:
            self._window.session.clear_loop()
