"""What the window's tests share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from phaseaware.engine import SAMPLE_RATE, MaskModel
from phaseaware.engine.versions import Version
from phaseaware.gui.model import Session
from phaseaware.gui.view import Kind
from phaseaware.gui.window import MainWindow
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

WITHOUT_STEMS = [version for version in Version if not version.needs_stems]
"""What can be heard of one noisy file."""
PATIENCE = 60.0
"""Seconds that a test waits for what does not come before it fails."""


def write_wav(path: Path, x: NDArray[np.float32], sample_rate: int = 48_000) -> Path:
    """Save samples of shape (n,) or (n, channels) as float WAV."""
    soundfile.write(path, x, sample_rate, subtype="FLOAT")
    return path


class Watched:
    """A session whose threads can be waited for."""

    def __init__(self, model: MaskModel | None) -> None:
        self._changed = threading.Condition()
        self.session = Session(model, self._report)

    def _report(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def wait(self, condition: Callable[[], bool], timeout: float = PATIENCE) -> None:
        """Until a condition on the session holds; asked again whenever its threads report."""
        with self._changed:
            assert self._changed.wait_for(condition, timeout), "the session's threads did not get there"

    def rendered(self) -> Session:
        """The session, once everything is decoded and rendered."""
        self.wait(lambda: self.session.renderer is not None and self.session.renderer.done)
        return self.session


def rendered(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until everything is rendered, and draw it."""
    qtbot.waitUntil(lambda: window.session.renderer is not None and window.session.renderer.done)
    window.session.follow()
    window.views.picture_now()


def press(
    qtbot: QtBot, window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    """Press a key where the focus is."""
    focus = QApplication.focusWidget()
    qtbot.keyClick(focus if focus is not None else window, key, modifier)


def answer(window: MainWindow, letter: str) -> None:
    """Answer the trial of a listening test, X having been heard."""
    window.abx.add_heard(SAMPLE_RATE)
    window.abx.answer(letter)


def picture(window: MainWindow, kind: Kind) -> NDArray[np.uint8]:
    """Codes or colours that a pane shows of what is known now."""
    window.views.picture_now()
    return np.asarray(window.views.panes[kind].image.image)
