"""What a window does when its user plays, seeks, brushes, or takes the tour."""

from __future__ import annotations

from pathlib import Path

from phaseaware.engine import SAMPLE_RATE
from phaseaware.engine.versions import Version

from .model import Band
from .paged import PagedWindow
from .tour import Tour

__all__ = ["ListeningWindow"]


class ListeningWindow(PagedWindow):
    """A window that plays its session."""

    tour: Tour
    _demo: tuple[Path, Path] | None
    _tour_wanted: bool

    def open_demo(self) -> None:
        """Open the demo clip."""
        raise NotImplementedError

    def _tick(self) -> None:
        raise NotImplementedError

    def _draw_playhead(self) -> None:
        raise NotImplementedError

    def _show_reports(self) -> None:
        raise NotImplementedError

    # Transport

    def toggle_play(self) -> None:
        """Play or pause."""
        session = self.session
        if self.is_live:  # one of both is heard at a time
            self.live.toggle()
            return
        if session.recording is None:
            return
        session.play(not session.playing)
        if session.playing:
            self.player.start()
        self._tick()
        self.show_session()

    def _escape(self) -> None:
        if self.message.isVisible():
            self.message.hide()
        elif self.tour.under_way:
            self.tour.leave()
        else:
            self.session.clear_loop()

    def _seek_seconds(self, seconds: float) -> None:
        self.session.seek(round(seconds * SAMPLE_RATE))
        self._draw_playhead()

    def _loop_dragged(self, first: float, last: float) -> None:
        self.session.set_loop(round(first * SAMPLE_RATE), round(last * SAMPLE_RATE))
        self.show_session()

    def _brushed(self, time: tuple[float, float], hz: tuple[float, float]) -> None:
        self.session.set_band(Band.between(*hz))
        self._loop_dragged(*time)
        self.message.show_note("Only this band and time is heard; Esc hears everything again.")

    def _hear(self, version: Version) -> None:
        if self.session.can_hear(version):
            self.session.select(version)
            self.show_session()

    def _device_failed(self, text: str) -> None:
        self.session.play(False)
        self.message.show_message(text)
        self.show_session()

    def _interrupted(self, text: str) -> None:
        self.message.show_message(text)

    def _resumed(self) -> None:
        self.message.show_note("Playing goes on.")

    # The tour

    def start_tour(self) -> None:
        """Begin the tour, on the stems that are open or on the demo clip; or go on to its next step."""
        if self.tour.under_way:
            self.tour.go(1)
            return
        recording = self.session.recording
        if (recording is None or recording.speech is None) and self._demo is not None:
            self.open_demo()
        self._tour_wanted = True
        self._show_reports()

    def _begin_tour(self) -> None:
        recording = self.session.recording
        if recording is not None and recording.coverage.filled < recording.samples:
            return  # still being read: the next report tries again
        self._tour_wanted = False
        self.tour.begin()
