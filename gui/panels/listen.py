"""The side's first section: what is heard."""

from __future__ import annotations

from collections.abc import Callable

from phaseaware.engine.versions import IDEAL, Version
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QCheckBox, QGridLayout, QLabel, QPushButton

from ..model import Session
from ..model.channels import Channels
from ..model.levels import DELTA_GAINS_DB, MATCHED
from ..view import COLOURS, caption
from .sections import Section, chooser

__all__ = ["ListenSection"]

_TIPS = {
    Version.NOISY: "The recording as it is",
    Version.PHASE_AWARE: "Complex mask below 6 kHz, gains above",
    Version.REAL: "Ordinary mask from 0 to 1",
    Version.DELTA: "What A and B do differently",
    Version.REMOVED: "Noisy minus A or B, whichever was heard last",
    Version.CLEAN: "The speech itself, as its stem was opened",
}
_CHANNELS = {
    Channels.ALL: "Left and right", Channels.LEFT: "Left", Channels.RIGHT: "Right", Channels.MID: "Mid: (L + R) / 2",
}  # fmt: skip
_PLACES = {
    Version.NOISY: (0, 0), Version.CLEAN: (0, 1), Version.PHASE_AWARE: (1, 0), Version.REAL: (1, 1),
    Version.DELTA: (2, 0), Version.REMOVED: (2, 1),
}  # fmt: skip


class ListenSection(Section):
    """Buttons of the versions, level match, gains, channels.

    Signals
    -------
    changed : something of the session was changed here.
    channels_changed : others are heard and shown.
    """

    changed = pyqtSignal()
    channels_changed = pyqtSignal()

    def __init__(self, session: Session) -> None:
        super().__init__("LISTEN")
        self._session = session
        self._add_versions()
        self._add_switches()
        self._add_levels()

    def _add_versions(self) -> None:
        grid = QGridLayout()
        grid.setSpacing(4)
        self.versions: dict[Version, QPushButton] = {}
        for key, version in enumerate(Version, 1):
            button = QPushButton()
            button.setCheckable(True)
            colour = COLOURS[version]
            button.setStyleSheet(
                f"QPushButton {{ color: {colour}; text-align: left; border-left: 5px solid {colour};"
                " border-top-left-radius: 0; border-bottom-left-radius: 0; }"
                f"QPushButton:checked {{ background: {colour}; color: #0b0e11; }}"
                "QPushButton:disabled { color: #66717d; }"
            )
            button.setToolTip(f"{_TIPS[version]}  ({key})")
            button.clicked.connect(lambda _, v=version: self._do(lambda: self._session.select(v)))
            self.versions[version] = button
        for version, place in _PLACES.items():
            grid.addWidget(self.versions[version], *place)
        self.column.addLayout(grid)

    def _add_switches(self) -> None:
        self.swap = QPushButton("X  Swap last two")
        self.swap.setToolTip("Back to the version heard before  (X)")
        self.swap.clicked.connect(lambda: self._do(self._session.swap))
        self.bypass = QPushButton("B  Bypass")
        self.bypass.setCheckable(True)
        self.bypass.setToolTip("Noisy instead of the chosen version, on and off  (B)")
        self.bypass.clicked.connect(lambda: self._do(self._session.toggle_bypass))
        self.add_row(self.swap, self.bypass)

    def _add_levels(self) -> None:
        session = self._session
        self.match = QCheckBox("Level match")
        self.match.setToolTip(
            "Attenuate the louder versions to the quietest one (BS.1770 loudness); never exported  (L)"
        )
        self.match.clicked.connect(lambda on: self._do(lambda: session.set_level_match(on)))
        self.delta_gain = chooser("Gain of delta and removed", "Gain at which delta and removed are heard  (G)")
        for gain in DELTA_GAINS_DB:
            self.delta_gain.addItem(f"Delta {gain:+d} dB" if gain else "Delta 0 dB", gain)
        self.delta_gain.activated.connect(
            lambda i: self._do(lambda: session.set_delta_gain(self.delta_gain.itemData(i)))
        )
        self.add_row(self.match, self.delta_gain)
        self.gains = QLabel()
        self.gains.setTextFormat(Qt.TextFormat.RichText)
        self.gains.setToolTip("Gain at which each version is heard")
        self.column.addWidget(self.gains)
        self.channels = chooser("Channels", "Which channels are heard and shown")
        for channels, text in _CHANNELS.items():
            self.channels.addItem(text, channels)
        self.channels.activated.connect(lambda i: self._set_channels(self.channels.itemData(i)))
        self.column.addWidget(self.channels)

    def _do(self, action: Callable[[], object]) -> None:
        action()
        self.changed.emit()

    def _set_channels(self, channels: Channels) -> None:
        self._do(lambda: self._session.set_channels(channels))
        self.channels_changed.emit()

    def show_session(self) -> None:
        """Draw the session as it is."""
        session = self._session
        recording = session.recording
        ideal = session.ideal
        for key, (version, button) in enumerate(self.versions.items(), 1):
            button.setEnabled(session.can_hear(version))
            button.setChecked(recording is not None and version is session.heard)
            text = caption(version, removed_by=session.output)
            if ideal is not None and version.letter is not None:
                text = f"{IDEAL} {ideal.of(version.letter)} ({version.letter})"
            button.setText(f"{key}  {text}")
        for button in (self.swap, self.bypass):
            button.setEnabled(session.renderer is not None)
        self.bypass.setChecked(session.bypass)
        self.match.setChecked(session.level_match)
        self.delta_gain.setCurrentIndex(DELTA_GAINS_DB.index(session.delta_gain_db))
        self.gains.setText(" &nbsp; ".join(map(self._told_gain, self._matched())) + " dB")
        self.channels.setVisible(recording is not None and recording.channels > 1)
        self.channels.setCurrentIndex(list(_CHANNELS).index(session.channels))

    def _matched(self) -> list[Version]:
        recording = self._session.recording
        has_stems = recording is not None and recording.clean is not None
        return [version for version in MATCHED if has_stems or not version.needs_stems]

    def _told_gain(self, version: Version) -> str:
        gain = self._session.gain_db(version)
        text = f"{gain:+.1f}".replace("-", "−") if gain else "0.0"
        return f"<span style='color:{COLOURS[version]}'>{version.letter or version} {text}</span>"
