"""The transport bar: play button, clock, what is heard and at which gain, the loop, meters of what is playing."""

from __future__ import annotations

import math

import numpy as np
from phaseaware.engine import SAMPLE_RATE
from phaseaware.engine.versions import IDEAL, Version
from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QPushButton

from ..model import Session, loudness
from ..view import COLOURS, caption
from .widgets import FittingLabel, LevelMeter

__all__ = ["TransportBar", "clock"]

_PEAK_SAMPLES = SAMPLE_RATE // 10
_NARROW = 800
"""Pixels: what is heard must be told also where the meters' length and the clock's must be saved."""
_SHORT = {version: version.letter or version.label for version in Version}
"""What is heard, where there is little room."""


class TransportBar(QFrame):
    """Draws how a session is played.

    Signals
    -------
    play_wanted : play or pause.
    """

    play_wanted = pyqtSignal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setObjectName("panel")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 10, 4)
        self.play_button = QPushButton("Play")
        self.play_button.setMinimumWidth(90)
        self.play_button.setToolTip("Play or pause  (Space)")
        self.play_button.clicked.connect(self.play_wanted)
        self.time_label = FittingLabel()
        self.time_label.setStyleSheet("font-family: monospace; font-size: 15px")
        self.heard_label, self.loop_label = FittingLabel(), FittingLabel()
        self.heard_label.setToolTip("What is heard, and its gain")
        self.loop_label.setToolTip("Drag on the time ruler; [ and ] set the ends at the playhead, Esc clears")
        self.meter = LevelMeter()
        row.addWidget(self.play_button)
        row.addWidget(self.time_label)
        row.addSpacing(10)
        row.addWidget(self.heard_label)
        row.addSpacing(10)
        row.addWidget(self.loop_label)
        row.addStretch(1)
        row.addWidget(self.meter)

    @property
    def _narrow(self) -> bool:
        return self.width() < _NARROW

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        super().resizeEvent(event)
        size = self.meter.minimumSizeHint() if self._narrow else self.meter.sizeHint()
        self.meter.setMaximumWidth(size.width())

    def show_session(self, *, blind: bool) -> None:
        """Draw the session as it is; ``blind``: without telling what is heard, nor how loud."""
        session = self._session
        self.play_button.setText("Pause" if session.playing else "Play")
        self.play_button.setEnabled(session.recording is not None)
        self.meter.setVisible(not blind)
        self.loop_label.setText(
            ""
            if session.loop is None
            else f"Loop {session.loop[0] / SAMPLE_RATE:.2f} – {session.loop[1] / SAMPLE_RATE:.2f} s"
        )
        if session.recording is None or blind:
            self.heard_label.setText("")
            return
        gain = session.gain_db(session.heard)
        ideal = session.ideal is not None
        text = caption(session.heard, removed_by=session.output, ideal=ideal)
        short = _SHORT[session.heard] + (f" {IDEAL}" if ideal and session.heard.is_rendered else "")
        if session.bypass:
            text += " (bypass)"
        level = f"   {gain:+.1f} dB".replace("-", "−") if gain else ""
        self.heard_label.setStyleSheet(f"color: {COLOURS[session.heard]}; font-weight: bold")
        self.heard_label.set_texts(text + level, short + level)

    def show_time(self, seconds: float) -> None:
        """Tell where the playhead is."""
        recording = self._session.recording
        whole = clock(recording.duration if recording is not None else 0)
        self.time_label.set_texts(*([] if self._narrow else [f"{clock(seconds)} / {whole}"]), clock(seconds))

    def show_levels(self) -> None:
        """Meter what has just been sent: 100 ms for the filters to settle and 400 ms of momentary loudness."""
        session = self._session
        if session.recording is None or not session.playing:
            self.meter.set_levels(-math.inf, -math.inf)
            return
        x = session.mixer.recent[:, : session.recording.channels]  # mono is sent twice, but is as loud as once
        peak = float(np.abs(x[-_PEAK_SAMPLES:]).max())
        self.meter.set_levels(20 * math.log10(max(peak, 1e-6)), loudness.momentary(x))


def clock(seconds: float) -> str:
    """Time as m:ss.mmm, with hours where there are any."""
    minutes, rest = divmod(round(seconds, 3), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:06.3f}" if hours else f"{minutes:02d}:{rest:06.3f}"
