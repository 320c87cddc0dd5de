"""The status line: what is open, what is being done in the background, load and drop-outs."""

from __future__ import annotations

import time

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QProgressBar, QStatusBar, QToolButton

from ..model import Session
from ..player import Player
from .transport import clock
from .widgets import FittingLabel

__all__ = ["StatusLine"]


class StatusLine(QStatusBar):
    """Draws what a session and its player are busy with.

    Signals
    -------
    cancel_wanted : cancel the export under way, or pause or resume rendering.
    """

    cancel_wanted = pyqtSignal()

    def __init__(self, session: Session, player: Player) -> None:
        super().__init__()
        self._session, self._player = session, player
        self._cpu = (time.perf_counter(), time.process_time(), 0.0)
        self.left, self.right = FittingLabel(), FittingLabel()
        self.right.setToolTip("Load of the sound thread, drop-outs of the device, CPU of the program")
        self.progress = QProgressBar()
        self.progress.setFixedWidth(130)
        self.cancel_button = QToolButton()
        self.cancel_button.setText("Cancel")
        self.cancel_button.clicked.connect(self.cancel_wanted)
        self.setSizeGripEnabled(False)
        self.setContentsMargins(8, 0, 8, 0)
        self.addWidget(self.left, 1)
        self.addPermanentWidget(self.progress)
        self.addPermanentWidget(self.cancel_button)
        self.addPermanentWidget(self.right)

    def show_session(self, export_share: float | None, *, blind: bool, live: str | None = None) -> None:
        """Draw everything as it is now.

        Parameters
        ----------
        export_share : share done of an export under way.
        blind : a listening test is under way; nothing but the recording is told.
        live : name of the model that live sound goes through, where its page is shown.
        """
        share, what = self._work(export_share)
        busy = bool(what) and not blind
        self.progress.setVisible(busy)
        self.cancel_button.setVisible(busy and not what.startswith("reading"))
        if busy:
            self.progress.setFormat(what)
            self.progress.setValue(int(100 * share))
            self.cancel_button.setText(
                "Resume" if what.startswith("paused") else "Cancel" if export_share is not None else "Pause"
            )
        now, cpu = time.perf_counter(), time.process_time()
        if now - self._cpu[0] >= 1:
            self._cpu = (now, cpu, 100 * (cpu - self._cpu[1]) / (now - self._cpu[0]))
            # Live sound is not the player's: its load and its drop-outs stand on its page.
            percent = f"CPU {self._cpu[2]:.0f} %"
            self.right.set_texts(*(self._cost(rendering=what.startswith("rendering")) if live is None else (percent,)))
        self.left.setText(self._open_text() if live is None else f"Live input   model: {live}")

    def _work(self, export_share: float | None) -> tuple[float, str]:
        """Share done of what goes on in the background, and its name; an empty one if nothing does."""
        recording, renderer = self._session.recording, self._session.renderer
        if export_share is not None:
            return export_share, "exporting %p%"
        if recording is None:
            return 1.0, ""
        if self._session.decode_error is None and recording.coverage.filled < recording.samples:
            return recording.coverage.filled / recording.samples, "reading %p%"
        if renderer is not None and renderer.error is None and not renderer.done:
            share = renderer.newest.coverage.filled / recording.samples
            return share, "paused %p%" if renderer.paused else "rendering %p%"
        return 1.0, ""

    def _cost(self, *, rendering: bool) -> tuple[str, ...]:
        """Speed, load and drop-outs; first everything, then less and less."""
        renderer = self._session.renderer
        speed = f"rendering at {renderer.speed:.0f}× real time · " if rendering and renderer is not None else ""
        drop_outs = f"drop-outs {self._player.drop_outs}"
        most = f"sound load {100 * self._player.load:.0f} % · {drop_outs} · CPU {self._cpu[2]:.0f} %"
        return speed + most, most, drop_outs

    def _open_text(self) -> str:
        session, recording = self._session, self._session.recording
        if recording is None:
            return "Nothing open"
        channels = {1: "mono", 2: "stereo"}.get(
            recording.channels, f"{recording.channels} channels, 1 and 2 are played"
        )
        text = f"{recording.title}   {recording.sample_rate / 1000:g} kHz, {channels}, {clock(recording.duration)}"
        if session.ideal is None and session.model is not None:
            text += f"   model: {session.model.info.name}"
        if session.mixer.waiting:
            text += "   waiting for the renderer…"
        return text
