"""The listening test's page: while it is shown, nothing else is."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

import platformdirs
from phaseaware.engine import SAMPLE_RATE
from phaseaware.engine.audio import whole_file
from phaseaware.engine.versions import MASK_OF, Letter, Version
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ..model import AbxTest, Session
from ..view import COLOURS
from .widgets import plain_label

__all__ = ["AbxPanel", "log_folder"]

Heard = Letter | Literal["X"]
_HEAR: dict[Heard, str] = {"A": "1   Hear A", "B": "2   Hear B", "X": "3   Hear X"}

_HELP = (
    "X is either A or B, drawn anew in each trial. Listen as often as you like, then say which it is. "
    "Levels are matched; pictures, meters and gains are hidden. The result comes after the last trial."
)


def log_folder() -> Path:
    """Where the logs of listening tests are saved."""
    return Path(platformdirs.user_data_dir("phaseaware", appauthor=False)) / "abx"


class AbxPanel(QWidget):
    """Runs one test on a session.

    Signals
    -------
    changed : another version is heard.
    closed : the test is over or abandoned; the session is as it was before.
    """

    changed = pyqtSignal()
    closed = pyqtSignal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.test: AbxTest | None = None
        self.log_path: Path | None = None
        column = QVBoxLayout(self)
        column.addStretch(1)
        self.headline, self.help = plain_label(), plain_label(_HELP)
        self.headline.setStyleSheet("font-size: 22px; font-weight: bold")
        self.help.setWordWrap(True)
        for label in (self.headline, self.help):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(label)
        self.hear: dict[Heard, QPushButton] = {name: QPushButton(text) for name, text in _HEAR.items()}
        self.say = {name: QPushButton(text) for name, text in (("A", "A   X is A"), ("B", "B   X is B"))}
        colours = {"A": COLOURS[Version.PHASE_AWARE], "B": COLOURS[Version.REAL], "X": "#ffffff"}
        for buttons in (self.hear, self.say):
            row = QHBoxLayout()
            row.addStretch(1)
            for name, button in buttons.items():
                button.setMinimumSize(150, 44)
                button.setStyleSheet(
                    f"QPushButton {{ color: {colours[name]}; border: 2px solid {colours[name]}; font-size: 15px; }}"
                    f"QPushButton:checked {{ background: {colours[name]}; color: #0b0e11; }}"
                )
                row.addWidget(button)
            row.addStretch(1)
            column.addSpacing(12)
            column.addLayout(row)
        for name, button in self.hear.items():
            button.setCheckable(True)
            button.clicked.connect(lambda _, n=name: self.listen(n))
        for name, button in self.say.items():
            button.clicked.connect(lambda _, n=name: self.answer(n))
        self.leave = QPushButton("Abandon the test")
        self.leave.clicked.connect(self.finish)
        column.addSpacing(24)
        column.addWidget(self.leave, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)

    @property
    def under_way(self) -> bool:
        """A test is shown."""
        return self.test is not None

    def begin(self, test: AbxTest) -> None:
        """Start a test; level match is forced."""
        session = self._session
        self._before = session.choice
        session.set_level_match(True)
        self.test, self.log_path = test, None
        self.leave.setText("Abandon the test")
        self.help.setText(_HELP)
        for button in (*self.hear.values(), *self.say.values()):
            button.show()
        self._next()

    def listen(self, name: Heard) -> None:
        """Hear A, B or X."""
        if self.test is None or self.test.finished:
            return
        for other, button in self.hear.items():
            button.setChecked(other == name)
        really = self.test.x if name == "X" else name
        self._session.select(Version.of_mask(MASK_OF[really]))
        self.changed.emit()

    def answer(self, name: str) -> None:
        """X is A or B, the listener says."""
        if self.test is None or self.test.finished:
            return
        self.test.answer("A" if name == "A" else "B")
        self._next()

    def _next(self) -> None:
        assert self.test is not None
        if not self.test.finished:
            self.headline.setText(f"Trial {self.test.trial} of {self.test.trials}")
            self.listen("X")
            return
        result = self.test.result()
        self.headline.setText(f"{result.correct} of {result.trials} right,  p = {result.p:.4g}")
        verdict = (
            "Guessing alone would rarely do as well: you hear a difference."
            if result.p < 0.05
            else "Guessing alone would often do as well: no difference shown."
        )
        for button in (*self.hear.values(), *self.say.values()):
            button.hide()
        self.leave.setText("Back")
        try:
            self.log_path = self._save_log()
            saved = f"The log is saved as {self.log_path}"
        except OSError as error:
            saved = f"The log could not be saved: {error}"
        self.help.setText(f"{verdict}\n(p: one-sided binomial test)\n\n{saved}")

    def _save_log(self) -> Path:
        assert self.test is not None
        session = self._session
        assert session.recording is not None
        loop = "none" if session.loop is None else " to ".join(f"{end / SAMPLE_RATE:.3f} s" for end in session.loop)
        masks = (
            f"ideal: {session.ideal}"
            if session.ideal is not None
            else f"model {session.model.path}"
            if session.model
            else ""
        )
        text = self.test.log(
            {
                "file": ", ".join(map(str, session.recording.sources)),
                "A": f"phase-aware, {session.gain_db(Version.PHASE_AWARE):+.1f} dB",
                "B": f"real mask, {session.gain_db(Version.REAL):+.1f} dB",
                "masks": masks,
                "controls": str(session.controls),
                "loop": loop,
            }
        )
        folder = log_folder()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"abx-{datetime.now():%Y%m%d-%H%M%S-%f}.txt"
        with whole_file(path, overwrite=False) as partial:
            partial.write_text(text, encoding="utf-8")
        return path

    def finish(self) -> None:
        """Leave the page."""
        if self.test is None:
            return
        self.test = None
        self._session.choice = self._before
        self.closed.emit()
