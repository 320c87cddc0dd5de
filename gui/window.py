"""The main window: draws a session, plays it, and passes on what the user does."""

from __future__ import annotations

from pathlib import Path

from phaseaware.engine import SAMPLE_RATE, MaskModel
from phaseaware.engine.versions import Version
from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import QStackedWidget, QWidget

from .action import OUTPUT, RECENT, Handlers, Page, State
from .exporter import Exporter
from .files import Files, dropped
from .handlers import abx_handlers, listening_handlers, live_handlers, state_of, viewing_handlers
from .keys import Keys
from .keys_dialog import show_keys
from .listening import ListeningWindow
from .memory import recall_view, recalled_geometry, remember
from .menus import Menus
from .model import OpenError, Session
from .outputs import OutputMenu
from .panels import (
    AbxPanel,
    LivePanel,
    MessageBar,
    SidePanel,
    StartPage,
    StatusLine,
    TourStrip,
    TransportBar,
    scrolled,
)
from .panels.arrangement import arranged, beside
from .panels.dialogs import ask_whether
from .player import Player
from .presets import Presets
from .reports import Reports
from .tour import Tour
from .view import STYLE, ViewArea

__all__ = ["MainWindow"]

_FAST_MS, _SLOW_MS = 33, 250
_METER_TICKS = 3


class MainWindow(ListeningWindow):
    """PhaseAware's window.

    Parameters
    ----------
    model : finds the masks; None: only stems can be rendered.
    demo : stems of a clip that is offered where nothing is open.
    """

    def __init__(self, model: MaskModel | None = None, *, demo: tuple[Path, Path] | None = None) -> None:
        super().__init__()
        self.setWindowTitle("PhaseAware")
        self.setStyleSheet(STYLE)
        self.setAcceptDrops(True)
        self.resize(1280, 720)
        geometry = recalled_geometry()
        if geometry is not None:
            self.restoreGeometry(geometry)
        self._reports = Reports()
        self._reports.arrived.connect(self._show_reports)
        self._shown_errors: list[str] = []
        self.session = Session(model, self._reports.send)
        self.player = Player(self.session.mixer, self)
        self.player.failed.connect(self._device_failed)
        self.player.interrupted.connect(self._interrupted)
        self.player.resumed.connect(self._resumed)
        self._demo = demo
        self._ticks = 0
        self._tour_wanted = self._is_quitting = False
        self._build()
        self._connect_parts()
        bar = self.menuBar()
        assert bar is not None
        submenus = {RECENT: self.files.recent, OUTPUT: self.outputs.menu}
        self.menus = Menus(bar, self._handlers, submenus, self.show_session)
        recall_view(self.side, self.player)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        self._timer.start(_SLOW_MS)
        self.keys = Keys(self, self._handlers, self._state)
        self.keys.done.connect(self.show_session)
        self.show_session()

    # Construction

    def _build(self) -> None:
        whole = QWidget()
        self.message = MessageBar(whole)
        self.views = ViewArea(self.session)
        self.views.clicked.connect(self._seek_seconds)
        self.views.loop_changed.connect(self._loop_dragged)
        self.views.brushed.connect(self._brushed)
        self.views.hear_wanted.connect(self._hear)
        self.abx = AbxPanel(self.session)
        self.abx.changed.connect(self.show_session)
        self.abx.closed.connect(self._abx_closed)
        self.live = LivePanel(lambda: self.session.controls, lambda: self.session.model)
        self.live.closed.connect(self._live_closed)
        self.live.failed.connect(self.message.show_message)
        self.start_page = StartPage(demo=self._demo is not None)
        self.middle = QStackedWidget()
        self._pages = {page: scrolled(page) for page in (self.start_page, self.abx, self.live)}
        for page in (*self._pages.values(), self.views):
            self.middle.addWidget(page)
        self.side = SidePanel(self.session)
        self.side.changed.connect(self.show_session)
        viewing = self.side.viewing
        viewing.layout_changed.connect(self.views.set_layout_index)
        viewing.scale_changed.connect(self.views.set_scale)
        viewing.difference_changed.connect(self.views.set_difference)
        viewing.spectrum_changed.connect(self.views.set_spectrum)
        viewing.band_wanted.connect(self.views.show_band)
        viewing.abx_wanted.connect(self.start_abx)
        self.side.listening.channels_changed.connect(self.views.refresh_pictures)
        self._side_scroll = beside(self.side)
        self.transport = TransportBar(self.session)
        self.transport.play_wanted.connect(self.toggle_play)
        self.tour_strip = TourStrip()
        arranged(whole, self.middle, self._side_scroll, self.tour_strip, self.transport)
        self.setCentralWidget(whole)
        self.message.lie_over(self.middle)
        self.status = StatusLine(self.session, self.player)
        self.status.cancel_wanted.connect(self._cancel)
        self.setStatusBar(self.status)

    def _connect_parts(self) -> None:
        self.files = Files(self)
        self.files.chosen.connect(lambda paths: self.open(*paths))
        self.start_page.open_wanted.connect(self.files.ask)
        self.start_page.demo_wanted.connect(self.open_demo)
        self.presets = Presets(self.session, self)
        reduction = self.side.reduction
        self.presets.listed.connect(reduction.set_presets)
        self.presets.taken.connect(reduction.set_preset_controls)
        reduction.refused.connect(self.message.show_message)
        self.presets.changed.connect(self.show_session)
        reduction.save_preset_wanted.connect(self.presets.ask_for_name)
        reduction.preset_wanted.connect(self.presets.take)
        self.outputs = OutputMenu(self.player, self)
        self.outputs.noted.connect(self.message.show_note)
        self.tour = Tour(self.session, self.views, self.tour_strip, self.side.layouts.setCurrentIndex, self)
        self.tour.changed.connect(self.show_session)
        self.tour.play_wanted.connect(lambda: None if self.session.playing else self.toggle_play())
        self.tour.failed.connect(self.message.show_message)
        self.start_page.tour_wanted.connect(self.start_tour)
        self.exporter = Exporter(self.session, self.views.grab_twice, lambda: self.files.folder, self)
        self.exporter.changed.connect(self.show_session)
        for part in (self.presets, self.exporter):
            part.failed.connect(self.message.show_message)
            part.noted.connect(self.message.show_note)
        self.presets.refresh()
        self._handlers: Handlers = {
            **listening_handlers(self.session),
            **viewing_handlers(self.session, self.side, self.views),
            **abx_handlers(self.abx),
            **live_handlers(self.live),
            "play": self.toggle_play,
            "escape": self._escape,
            "open": self.files.ask,
            "open stems": self.files.ask_for_stems,
            "export heard": self.exporter.ask_for_one,
            "export all": self.exporter.ask_for_all,
            "export picture": self.exporter.ask_for_picture,
            "copy script": self.exporter.copy_script,
            "quit": self.close,
            "save preset": self.presets.ask_for_name,
            "abx": self.start_abx,
            "live": self.start_live,
            "keys": lambda: show_keys(self),
            "tour": self.start_tour,
            "tour back": lambda: self.tour.go(-1),
        }

    # Files

    def open(self, path: str | Path, noise: str | Path | None = None, *, remember: bool = True) -> bool:
        """Open a recording, or speech and noise stems; what is open stays if that fails. Returns whether it worked."""
        if self.abx.under_way:
            self.message.show_message("A listening test is open. Leave it first, then open the recording.")
            return False
        try:
            self.session.open(path, noise)
        except (OpenError, OSError) as error:
            self.message.show_message(f"Cannot open: {error}")
            return False
        self._leave_live()
        self.tour.leave()
        self.message.hide()
        self._shown_errors = []
        recording = self.session.recording
        assert recording is not None
        self.middle.setCurrentWidget(self.views)
        self.views.show_recording(recording)
        self.setWindowTitle(f"{recording.title} – PhaseAware")
        if self.session.renderer is None:
            self.message.show_message("There is no model with both masks, so only the noisy recording can be heard.")
        if remember:
            self.files.remember(*recording.sources)
        self.show_session()
        self.side.versions[Version.NOISY].setFocus()
        return True

    def open_demo(self) -> None:
        """Open the demo clip, with the model's masks; the ideal ones can be chosen, as its stems are known."""
        if self._demo is not None and self.open(*self._demo, remember=False) and self.session.model is not None:
            self.session.set_ideal(None)
            self.show_session()

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:  # noqa: N802
        if event is not None and event.mimeData() is not None and event.mimeData().hasUrls():  # type: ignore[union-attr]
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:  # noqa: N802
        assert event is not None
        paths = dropped(event)
        if len(paths) in (1, 2):
            self.open(*paths)
        elif paths:
            self.message.show_message("Drop one recording, or two stems: speech and noise.")

    # What others report

    def _show_reports(self) -> None:
        self.views.refresh_pictures(150)
        errors = self.session.errors
        if new := [error for error in errors if error not in self._shown_errors]:
            self.message.show_message("\n".join(new))
        self._shown_errors = errors
        if self._tour_wanted:
            self._begin_tour()
        self.tour.follow()

    def _tick(self) -> None:
        session = self.session
        gains = [session.gain_db(v) for v in Version]
        was_playing = session.playing
        session.follow()
        if was_playing != session.playing or gains != [session.gain_db(v) for v in Version]:
            self.show_session()
        if self.abx.under_way:
            self.abx.follow()
        self._draw_playhead()
        self._ticks += 1
        if self._ticks % _METER_TICKS == 0 or not session.playing:
            self.transport.show_levels()
            self._show_status()
        wanted = _FAST_MS if session.playing else _SLOW_MS
        if self._timer.interval() != wanted:
            self._timer.start(wanted)
        if self.player.error is not None and not self.message.isVisible():
            self.message.show_message(f"Playing failed: {self.player.error}")

    def _draw_playhead(self) -> None:
        recording = self.session.recording
        position = self.session.position
        if self.session.playing:
            position = max(0, position - self.player.latency)
        seconds = position / SAMPLE_RATE
        if recording is not None:
            self.views.set_playhead(seconds, follow=self.session.playing)
        self.transport.show_time(seconds)

    def _show_status(self) -> None:
        live = self.live.model_name if self.is_live else None
        self.status.show_session(self.exporter.share, blind=self.abx.under_way, live=live)

    def _cancel(self) -> None:
        renderer = self.session.renderer
        if self.exporter.share is not None:
            self.exporter.cancel()
        elif renderer is not None:
            renderer.paused = not renderer.paused
        self._show_status()

    def show_session(self) -> None:
        """Draw the session as it is."""
        session = self.session
        self.side.show_session()
        self.menus.show_state(self._state())
        self.live.set_controls(session.controls)
        self.transport.show_session(blind=self.abx.under_way)
        self.views.show_session()
        self._draw_playhead()

    def _state(self) -> State:
        page = Page.ABX if self.abx.under_way else Page.LIVE if self.is_live else Page.MAIN
        is_exporting, has_recent = self.exporter.share is not None, not self.files.recent.isEmpty()
        return state_of(self.session, page, is_exporting=is_exporting, has_recent=has_recent)

    def _quit_anyway(self) -> None:
        self._is_quitting = True
        self.close()

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        if self.exporter.share is not None and not self._is_quitting and event is not None:
            event.ignore()
            ask_whether(self, "An export is under way. Cancel it and quit?", self._quit_anyway)
            return
        remember(self.saveGeometry(), self.side, self.player)
        self.keys.close()
        self._timer.stop()
        self.live.stop()
        self.exporter.close()
        self.views.close_worker()
        self.session.close()
        self.player.close()
        super().closeEvent(event)
