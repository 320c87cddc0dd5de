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
_HEAR: dict[Heard, str] = {"A": "2   Hear A", "B": "3   Hear B", "X": "X   Hear X"}

_HELP = (
    "X is either A or B, drawn anew in each trial. Space plays. Listen as often as you like, then say which "
    "it is, once X was heard. Levels are matched; pictures, meters and gains are hidden. The result comes after the "
    "last trial."
)
_TRAINING = "A trial for training first: it does not count, and what X was is told."
_ENOUGH = SAMPLE_RATE // 2
"""Samples of X that must have been heard before an answer."""
_SHORT = 10 * SAMPLE_RATE
"""A recording that is no longer is looped as a whole, unless a loop is set."""


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
        self.training: AbxTest | None = None
        """The trial before the test, until it is answered."""
        self._heard, self._position = 0, 0
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
        colours: dict[str, str] = {"X": "#ffffff"}
        colours.update((letter, COLOURS[Version.of_letter(letter)]) for letter in MASK_OF)
        for buttons in (self.hear, self.say):
            row = QHBoxLayout()
            row.addStretch(1)
            for name, button in buttons.items():
                button.setMinimumSize(150, 44)
                button.setStyleSheet(
                    f"QPushButton {{ color: {colours[name]}; border: 2px solid {colours[name]}; font-size: 15px; }}"
                    f"QPushButton:checked {{ background: {colours[name]}; color: #0b0e11; }}"
                    "QPushButton:disabled { color: #66717d; border-color: #39434f; }"
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
        recording = session.recording
        if session.loop is None and recording is not None and recording.samples <= _SHORT:
            session.set_loop(0, recording.samples)
        self.test, self.training, self.log_path = test, AbxTest(1), None
        self.leave.setText("Abandon the test")
        self.help.setText(f"{_HELP}\n\n{_TRAINING}")
        for button in (*self.hear.values(), *self.say.values()):
            button.show()
        self._next()

    def listen(self, name: Heard) -> None:
        """Hear A, B or X."""
        if self.test is None or self.test.finished:
            return
        for other, button in self.hear.items():
            button.setChecked(other == name)
        really = self._current.x if name == "X" else name
        self._position = self._session.position
        self._session.select(Version.of_letter(really))
        self.changed.emit()

    @property
    def _current(self) -> AbxTest:
        assert self.test is not None
        return self.training if self.training is not None else self.test

    def follow(self) -> None:
        """Take over how much of X has been played since the last call."""
        position = self._session.position
        if self._session.playing and self.hear["X"].isChecked():
            self.add_heard(max(0, min(position - self._position, SAMPLE_RATE)))
        self._position = position

    def add_heard(self, samples: int) -> None:
        """So much more of X was heard."""
        self._heard += samples
        self._show_answers()

    @property
    def may_answer(self) -> bool:
        """X was heard."""
        return self._heard >= _ENOUGH

    def _show_answers(self) -> None:
        for button in self.say.values():
            button.setEnabled(self.may_answer)
            button.setToolTip("" if self.may_answer else "Listen to X first: Space plays, X chooses it")

    def answer(self, name: str) -> None:
        """X is A or B, the listener says; nothing happens before X was heard."""
        if self.test is None or self.test.finished or not self.may_answer:
            return
        said: Letter = "A" if name == "A" else "B"
        x = self._current.x
        self._current.answer(said)
        if self.training is not None:
            self.training = None
            verdict = "Right" if x == said else "Not so"
            self.help.setText(f"{verdict}: X was {x}. That was the training; the {self.test.trials} that come count.")
        else:
            self.help.setText(_HELP)
        self._next()

    def _next(self) -> None:
        assert self.test is not None
        self._heard = 0
        self._show_answers()
        if not self.test.finished:
            trial = f"Trial {self.test.trial} of {self.test.trials}"
            self.headline.setText("Training" if self.training is not None else trial)
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
                **{v.letter: f"{v.label.lower()}, {session.gain_db(v):+.1f} dB" for v in Version if v.letter},
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
        self.test = self.training = None
        self._session.choice = self._before
        self.closed.emit()
