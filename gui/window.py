"""The main window: draws a session, plays it, and passes on what the user does."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from phaseaware.engine import SAMPLE_RATE, MaskModel
from PyQt6.QtCore import QEvent, QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QPixmap
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMainWindow,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSlider,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from . import loudness
from .abx import AbxTest
from .abx_panel import AbxPanel
from .live_panel import LivePanel
from .menus import Menus
from .mixer import Version, read_version
from .panes import Pane
from .pictures import Kind, Picture, PictureWorker, Point, View, compose, look_up
from .player import Player
from .recording import OpenError
from .scales import FrequencyScale
from .session import DELTA_GAINS_DB, Session
from .side import LAYOUTS, SidePanel
from .strip import WaveformStrip
from .theme import COLOURS, LABELS, STYLE
from .widgets import LevelMeter, MessageBar

__all__ = ["MainWindow"]

_SPECTROGRAMS = (Kind.NOISY, Kind.PHASE_AWARE, Kind.REAL)
_COLUMNS: tuple[tuple[tuple[Kind, ...], ...], ...] = (
    ((*_SPECTROGRAMS, Kind.DIFFERENCE),),
    ((Kind.MASK_MAGNITUDE, Kind.MASK_ROTATION, Kind.MASK_REAL),),
    ((*_SPECTROGRAMS, Kind.DIFFERENCE), (Kind.MASK_MAGNITUDE, Kind.MASK_ROTATION, Kind.MASK_REAL)),
    ((Kind.SWIPE,),),
)
"""Panes per layout (see side.LAYOUTS): columns of kinds."""
_SHARED_LEVELS: tuple[tuple[Kind, ...], ...] = ((*_SPECTROGRAMS, Kind.SWIPE), (Kind.MASK_MAGNITUDE, Kind.MASK_REAL))
_FAST_MS, _SLOW_MS = 33, 250
_METER_SAMPLES = SAMPLE_RATE // 2


class _Bridge(QObject):
    """Brings reports of other threads into the GUI's."""

    told = pyqtSignal()
    composed = pyqtSignal(object, object)


class MainWindow(QMainWindow):
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
        self._bridge = _Bridge()
        self._told_pending = threading.Event()
        self.session = Session(model, self._tell)
        self.player = Player(self.session.mixer, self)
        self.player.failed.connect(self._device_failed)
        self.worker = PictureWorker(self._bridge.composed.emit)
        self._demo = demo
        self._view = (0.0, 1.0)
        self._heights = (0.0, 1.0)
        self._scale = FrequencyScale.LINEAR
        self._asked: View | None = None
        self._stale = True
        self._pointer = (math.nan, math.nan)
        self._cpu = (time.perf_counter(), time.process_time(), 0.0)
        self._build()
        self.menus = Menus(self)
        self._bridge.told.connect(self._session_told)
        self._bridge.composed.connect(self._composed)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        self._timer.start(_SLOW_MS)
        self._picture_timer = QTimer(self)
        self._picture_timer.setSingleShot(True)
        self._picture_timer.timeout.connect(self._ask_for_pictures)
        app = QApplication.instance()
        assert app is not None
        app.installEventFilter(self)
        self.show_session()

    # Construction

    def _build(self) -> None:
        self.message = MessageBar()
        self.strip = WaveformStrip()
        self.strip.view_changed.connect(lambda view: self.set_view(view, self._heights))
        self.strip.clicked.connect(self._seek_seconds)
        self.strip.loop_changed.connect(self._loop_dragged)
        self.panes: dict[Kind, Pane] = {}
        for kind in Kind:
            pane = self.panes[kind] = Pane(kind)
            pane.set_scale(self._scale)
            pane.view_changed.connect(lambda view: self.set_view(*view))
            pane.clicked.connect(self._seek_seconds)
            pane.pointed.connect(self._pointed)
            pane.levels_changed.connect(lambda low, high, k=kind: self._levels_changed(k, low, high))
        self._pane_area = QWidget()
        self._pane_grid = QGridLayout(self._pane_area)
        self._pane_grid.setContentsMargins(0, 0, 0, 0)
        self._pane_grid.setSpacing(2)
        self.readout = QLabel()
        self.readout.setObjectName("faint")
        self.readout.setMinimumWidth(100)
        self.readout.setToolTip("At the pointer: time, frequency, level of each version, masks")
        views = QWidget()
        column = QVBoxLayout(views)
        column.setContentsMargins(6, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.strip)
        column.addWidget(self._pane_area, 1)
        column.addWidget(self.readout)
        self.abx = AbxPanel(self.session)
        self.abx.changed.connect(self.show_session)
        self.abx.closed.connect(self._abx_closed)
        self.live = LivePanel(lambda: self.session.controls, lambda: self.session.model)
        self.live.closed.connect(self._live_closed)
        self.live.failed.connect(self.message.show_message)
        self.start_page = self._start_page()
        self.middle = QStackedWidget()
        for page in (self.start_page, views, self.abx, self.live):
            self.middle.addWidget(page)
        self._views = views
        self.side = SidePanel(self.session)
        self.side.changed.connect(self.show_session)
        self.side.layout_changed.connect(self.set_layout_index)
        self.side.scale_changed.connect(self.set_scale)
        self.side.abx_wanted.connect(self.start_abx)
        self._side_scroll = QScrollArea()
        self._side_scroll.setWidget(self.side)
        self._side_scroll.setWidgetResizable(True)
        self._side_scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._side_scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._side_scroll.setFixedWidth(max(300, self.side.sizeHint().width() + 12))
        middle = QHBoxLayout()
        middle.setSpacing(6)
        middle.addWidget(self.middle, 1)
        middle.addWidget(self._side_scroll)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.message)
        column.addLayout(middle, 1)
        column.addWidget(self._transport_bar())
        self.setCentralWidget(whole)
        self.status_left, self.status_right = QLabel(), QLabel()
        self.status_right.setToolTip("Load of the sound thread, drop-outs of the device, CPU of the program")
        bar = self.statusBar()
        assert bar is not None
        bar.setSizeGripEnabled(False)
        bar.addWidget(self.status_left, 1)
        bar.addPermanentWidget(self.status_right)
        self.set_layout_index(0)

    def _start_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.addStretch(1)
        title = QLabel("Drop a noisy recording here")
        title.setStyleSheet("font-size: 24px; font-weight: 600")
        column.addWidget(title, 0, Qt.AlignmentFlag.AlignHCenter)
        row = QHBoxLayout()
        row.addStretch(1)
        self.open_button = QPushButton("Open a recording…  (Ctrl+O)")
        self.open_button.clicked.connect(lambda: self.menus.open_dialog())
        row.addWidget(self.open_button)
        if self._demo is not None:
            demo = QPushButton("Try the demo clip")
            demo.setToolTip("Ten seconds of synthetic speech in noise")
            demo.clicked.connect(self.open_demo)
            row.addWidget(demo)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(2)
        return page

    def _transport_bar(self) -> QWidget:
        bar = QFrame()
        bar.setObjectName("panel")
        row = QHBoxLayout(bar)
        row.setContentsMargins(8, 4, 10, 4)
        self.play_button = QPushButton("Play")
        self.play_button.setMinimumWidth(90)
        self.play_button.setToolTip("Play or pause  (Space)")
        self.play_button.clicked.connect(self.toggle_play)
        self.time_label = QLabel()
        self.time_label.setStyleSheet("font-family: monospace; font-size: 15px")
        self.heard_label = QLabel()
        self.loop_label = QLabel()
        self.loop_label.setToolTip("Drag on the time ruler; [ and ] set the ends at the playhead, Esc clears")
        self.progress = QProgressBar()
        self.progress.setFixedWidth(170)
        self.cancel_button = QToolButton()
        self.cancel_button.setText("Cancel")
        self.cancel_button.clicked.connect(self._cancel)
        self.meter = LevelMeter()
        row.addWidget(self.play_button)
        row.addWidget(self.time_label)
        row.addWidget(self.heard_label)
        row.addWidget(self.loop_label, 1)
        row.addWidget(self.progress)
        row.addWidget(self.cancel_button)
        row.addWidget(self.meter)
        return bar

    # Files

    def open(self, path: str | Path, noise: str | Path | None = None) -> bool:
        """Open a recording, or speech and noise stems; what is open stays if that fails. Returns whether it worked."""
        if self.abx.under_way:
            self.abx.finish()
        try:
            self.session.open(path, noise)
        except (OpenError, OSError) as error:
            self.message.show_message(f"Cannot open: {error}")
            return False
        self.live.stop()
        self.message.hide()
        recording = self.session.recording
        assert recording is not None
        self._asked = None
        for pane in self.panes.values():
            pane.set_limits(recording.duration)
            pane.set_pictures({})
        self.strip.set_limits(recording.duration)
        self.middle.setCurrentWidget(self._views)
        self.set_view((0, recording.duration), (0, 1))
        self.setWindowTitle(f"{recording.path.name} – PhaseAware")
        if self.session.renderer is None:
            self.message.show_message("There is no model with both masks, so only the noisy recording can be heard.")
        self.menus.opened(Path(path))
        self.show_session()
        return True

    def open_demo(self) -> None:
        """Open the demo clip, with the model's masks; the ideal ones can be chosen, as its stems are known."""
        if self._demo is not None and self.open(*self._demo) and self.session.model is not None:
            self.session.set_ideal(None)
            self.show_session()

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:  # noqa: N802
        if event is not None and event.mimeData() is not None and event.mimeData().hasUrls():  # type: ignore[union-attr]
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:  # noqa: N802
        assert event is not None
        data = event.mimeData()
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()] if data is not None else []
        if len(paths) == 1:
            self.open(paths[0])
        elif len(paths) == 2:  # stems: the one that says noise is the noise
            speech, noise = sorted(paths, key=lambda p: "noise" in p.name.lower())
            self.open(speech, noise)
        elif paths:
            self.message.show_message("Drop one recording, or two stems: speech and noise.")

    # Transport

    def toggle_play(self) -> None:
        """Play or pause."""
        session = self.session
        if session.recording is None:
            return
        session.play(not session.playing)
        if session.playing:
            self.player.start()
        self._tick()
        self.show_session()

    def _seek_seconds(self, seconds: float) -> None:
        self.session.seek(round(seconds * SAMPLE_RATE))
        self._draw_playhead()

    def _loop_dragged(self, first: float, last: float) -> None:
        self.session.set_loop(round(first * SAMPLE_RATE), round(last * SAMPLE_RATE))
        self.show_session()

    def _device_failed(self, text: str) -> None:
        self.session.play(False)
        self.message.show_message(text)
        self.show_session()

    # Views

    def set_view(self, time: tuple[float, float], heights: tuple[float, float]) -> None:
        """Show this stretch in all panes: s, and heights on the frequency scale."""
        self._view, self._heights = time, heights
        for pane in self.panes.values():
            pane.set_view(time, heights)
        self.strip.set_view(*time)
        self.refresh_pictures()

    @property
    def view(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """What is shown."""
        return self._view, self._heights

    def fit(self) -> None:
        """Show everything."""
        if self.session.recording is not None:
            self.set_view((0, self.session.recording.duration), (0, 1))

    def set_scale(self, scale: FrequencyScale) -> None:
        """Another frequency axis; the visible band stays."""
        low, high = (float(np.clip(scale.height(self._scale.hz(y)), 0, 1)) for y in self._heights)
        self._scale = scale
        for pane in self.panes.values():
            pane.set_scale(scale)
        self.set_view(self._view, (0, 1) if self._heights == (0, 1) else (low, high))

    def set_layout_index(self, index: int) -> None:
        """Show one of side.LAYOUTS."""
        while (item := self._pane_grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
        for c in range(2):
            self._pane_grid.setColumnStretch(c, 1 if c < len(_COLUMNS[index]) else 0)
        for c, kinds in enumerate(_COLUMNS[index]):
            box = QVBoxLayout()
            box.setSpacing(2)
            holder = QWidget()
            holder.setLayout(box)
            box.setContentsMargins(0, 0, 0, 0)
            for i, kind in enumerate(kinds):
                pane = self.panes[kind]
                pane.show_time(i + 1 == len(kinds))
                box.addWidget(pane, 1)
                pane.show()
            self._pane_grid.addWidget(holder, 0, c)
        for holder_child in self._pane_area.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            if self._pane_grid.indexOf(holder_child) < 0:
                holder_child.deleteLater()
        self.layout_index = index
        self.refresh_pictures()

    def visible_kinds(self) -> list[Kind]:
        """What is shown now."""
        return [kind for column in _COLUMNS[self.layout_index] for kind in column]

    def _levels_changed(self, kind: Kind, low: float, high: float) -> None:
        for group in _SHARED_LEVELS:
            if kind in group:
                for other in group:
                    self.panes[other].set_levels(low, high)
        self.refresh_pictures()

    def refresh_pictures(self, delay_ms: int = 15) -> None:
        """Have the pictures made anew soon."""
        if hasattr(self, "_picture_timer") and not self._picture_timer.isActive():
            self._picture_timer.start(delay_ms)

    def _wanted_view(self) -> View:
        sizes = [self.panes[kind].pixels() for kind in self.visible_kinds()]
        start, stop = self._view
        margin = (stop - start) / 2
        duration = self.session.recording.duration if self.session.recording is not None else 1.0
        first, last = max(0.0, start - margin), min(duration, stop + margin)
        columns = max(w for w, _ in sizes) * (last - first) / max(stop - start, 1e-9)
        return View(
            start=first, stop=last, low=self._heights[0], high=self._heights[1], columns=max(16, int(columns)),
            rows=int(np.clip(max(h for _, h in sizes), 16, 1024)), scale=self._scale, floor_db=self.panes[Kind.NOISY].bar.range[0],
        )  # fmt: skip

    def _ask_for_pictures(self) -> None:
        recording = self.session.recording
        if recording is None or self.middle.currentWidget() is not self._views:
            return
        self.strip.draw(recording, *self._view)
        if self._asked is None:  # one at a time; what changes meanwhile is asked for afterwards
            self._asked = self._wanted_view()
            renderer = self.session.renderer
            self._stale = False
            self.worker.ask(recording, renderer.pictures if renderer is not None else None, self._asked)
        else:
            self._stale = True

    def _composed(self, view: View, pictures: dict[Kind, Picture]) -> None:
        if view is not self._asked:
            return
        self._asked = None
        if view.scale is self._scale:
            for kind in self.visible_kinds():
                self.panes[kind].set_pictures(pictures)
        if self._stale:
            self.refresh_pictures()

    def _pointed(self, seconds: float, height: float) -> None:
        self._pointer = (seconds, height)
        self._show_readout()

    def _show_readout(self) -> None:
        seconds, height = self._pointer
        recording, renderer = self.session.recording, self.session.renderer
        point = None
        if recording is not None and not math.isnan(seconds):
            pictures = renderer.pictures if renderer is not None else None
            point = look_up(recording, pictures, seconds, float(self._scale.hz(height)))
        self.readout.setText(_readout(point) if point is not None else "&nbsp;")

    # What others report

    def _tell(self) -> None:
        if not self._told_pending.is_set():
            self._told_pending.set()
            self._bridge.told.emit()

    def _session_told(self) -> None:
        self._told_pending.clear()
        self.refresh_pictures(150)
        errors = [self.session.decode_error, self.session.renderer.error if self.session.renderer is not None else None]
        for error in errors:
            if error is not None and error != self.message.label.text():
                self.message.show_message(error)

    def _tick(self) -> None:
        session = self.session
        gains = [session.gain_db(v) for v in Version]
        was_playing = session.playing
        session.follow()
        if was_playing != session.playing or gains != [session.gain_db(v) for v in Version]:
            self.show_session()
        self._draw_playhead()
        self._draw_meter()
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
            for line in (self.strip.playhead, *(self.panes[kind].playhead for kind in self.visible_kinds())):
                if line.value() != seconds:
                    line.setValue(seconds)
            start, stop = self._view
            if self.session.playing and stop - start < recording.duration and not start <= seconds < stop:
                width = stop - start
                first = min(max(0.0, seconds - width / 20), recording.duration - width)
                self.set_view((first, first + width), self._heights)
        self.time_label.setText(f"{_clock(seconds)} / {_clock(recording.duration if recording is not None else 0)}")

    def _draw_meter(self) -> None:
        session = self.session
        recording, renderer = session.recording, session.renderer
        slot = session.mixer.slot
        if recording is None or not session.playing or (session.heard is not Version.NOISY and (renderer is None or slot is None)):
            self.meter.set_levels(-math.inf, -math.inf)
            return
        end = session.position
        x = read_version(session.heard, session.output, recording, slot, end - _METER_SAMPLES, end)
        x = x * 10 ** (session.gain_db(session.heard) / 20)
        peak = float(np.abs(x[-SAMPLE_RATE // 10 :]).max())
        self.meter.set_levels(20 * math.log10(max(peak, 1e-6)), loudness.momentary(x))

    def _show_status(self) -> None:
        session = self.session
        recording, renderer = session.recording, session.renderer
        export = self.menus.exporting
        share, what = 1.0, ""
        if export is not None:
            share, what = export, "exporting %p%"
        elif recording is not None and session.decode_error is None and recording.coverage.filled < recording.samples:
            share, what = recording.coverage.filled / recording.samples, "reading %p%"
        elif recording is not None and renderer is not None and renderer.error is None and not renderer.done:
            share, what = renderer.newest.coverage.filled / recording.samples, "paused %p%" if renderer.paused else "rendering %p%"
        busy = bool(what) and not self.abx.under_way
        self.progress.setVisible(busy)
        self.cancel_button.setVisible(busy and not what.startswith("reading"))
        if busy:
            self.progress.setFormat(what)
            self.progress.setValue(int(100 * share))
            self.cancel_button.setText("Resume" if what.startswith("paused") else "Cancel" if export is not None else "Pause")
        now, cpu = time.perf_counter(), time.process_time()
        if now - self._cpu[0] >= 1:
            self._cpu = (now, cpu, 100 * (cpu - self._cpu[1]) / (now - self._cpu[0]))
            speed = f"rendering at {renderer.speed:.0f}× real time · " if what.startswith("rendering") and renderer else ""
            self.status_right.setText(
                f"{speed}sound load {100 * self.player.load:.0f} % · drop-outs {self.player.drop_outs} · CPU {self._cpu[2]:.0f} %"
            )
        if recording is None:
            text = "Nothing open"
        else:
            channels = {1: "mono", 2: "stereo"}.get(recording.channels, f"{recording.channels} channels, 1 and 2 are played")
            text = f"{recording.path.name}   {recording.sample_rate / 1000:g} kHz, {channels}, {_clock(recording.duration)}"
            if session.ideal is None and session.model is not None:
                text += f"   model: {session.model.info.name}"
            if session.mixer.waiting:
                text += "   waiting for the renderer…"
        self.status_left.setText(text)

    def _cancel(self) -> None:
        renderer = self.session.renderer
        if self.menus.exporting is not None:
            self.menus.cancel_export()
        elif renderer is not None:
            renderer.paused = not renderer.paused
        self._show_status()

    def show_session(self) -> None:
        """Draw the session as it is."""
        session = self.session
        self.side.show_session()
        self.menus.show_session()
        self.live.set_controls(session.controls)
        self.play_button.setText("Pause" if session.playing else "Play")
        self.play_button.setEnabled(session.recording is not None)
        loop = None if session.loop is None else (session.loop[0] / SAMPLE_RATE, session.loop[1] / SAMPLE_RATE)
        self.strip.set_loop(loop)
        self.loop_label.setText("" if loop is None else f"Loop {loop[0]:.2f} – {loop[1]:.2f} s")
        if session.recording is None or self.abx.under_way:
            self.heard_label.setText("")
        else:
            gain = session.gain_db(session.heard)
            text = LABELS[session.heard].replace("  ", " ")
            if session.bypass:
                text += " (bypass)"
            colour = COLOURS[session.heard]
            level = f"{gain:+.1f} dB".replace("-", "−") if gain else ""
            self.heard_label.setText(f"&nbsp;&nbsp;<b style='color:{colour}'>{text}</b>&nbsp; {level}&nbsp;&nbsp;&nbsp;")
        self._draw_playhead()

    # ABX

    def start_abx(self, test: AbxTest | None = None) -> None:
        """Begin a listening test."""
        renderer = self.session.renderer
        if renderer is None or self.abx.under_way:
            return
        if not renderer.done:
            self.message.show_message("A and B are still being rendered; start the test when that is done.")
            return
        self.abx.begin(test or AbxTest())
        self.middle.setCurrentWidget(self.abx)
        self._side_scroll.hide()
        self.meter.hide()
        self.menus.set_enabled(False)
        self.show_session()

    def _abx_closed(self) -> None:
        self.middle.setCurrentWidget(self._views)
        self._side_scroll.show()
        self.meter.show()
        self.menus.set_enabled(True)
        self.refresh_pictures()
        self.show_session()

    # Live input

    def start_live(self) -> None:
        """Show the page for live input; what plays pauses."""
        if self.abx.under_way or not self.live.begin():
            return
        self.session.play(False)
        self.player.release()
        self.middle.setCurrentWidget(self.live)
        self.show_session()

    def _live_closed(self) -> None:
        self.middle.setCurrentWidget(self._views if self.session.recording is not None else self.start_page)
        self.refresh_pictures()

    @property
    def _is_live(self) -> bool:
        return self.middle.currentWidget() is self.live

    # Keys

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        if event is None or event.type() != QEvent.Type.KeyPress or QApplication.activeWindow() is not self:
            return False
        focus = QApplication.focusWidget()
        if watched is not focus and watched is not self.windowHandle():
            return False
        if isinstance(focus, (QLineEdit, QAbstractSpinBox)) or QApplication.activePopupWidget() is not None:
            return False
        assert isinstance(event, QKeyEvent)
        return self.handle_key(event, focus)

    def handle_key(self, event: QKeyEvent, focus: QWidget | None = None) -> bool:
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
        if self.abx.under_way:
            action = self._abx_keys().get(key)
        else:
            action = self._live_keys().get(key) if self._is_live else self._keys(5 if shift else 1).get(key)
        if action is None:
            return False
        action()
        self.show_session()
        return True

    def _transport_keys(self, step: int) -> dict[int, Callable[[], object]]:
        K, session = Qt.Key, self.session
        return {
            K.Key_Space: self.toggle_play,
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
            K.Key_1: lambda: self.abx.listen("A"),
            K.Key_2: lambda: self.abx.listen("B"),
            K.Key_3: lambda: self.abx.listen("X"),
            K.Key_A: lambda: self.abx.answer("A"),
            K.Key_B: lambda: self.abx.answer("B"),
        }

    def _live_keys(self) -> dict[int, Callable[[], object]]:
        K, live = Qt.Key, self.live
        return {
            K.Key_Space: live.toggle,
            K.Key_1: lambda: live.select("bypass"),
            K.Key_2: lambda: live.select("A"),
            K.Key_3: lambda: live.select("B"),
            K.Key_X: live.swap,
            K.Key_B: live.toggle_bypass,
            K.Key_R: self.side.reset.click,
            K.Key_Escape: live.finish,
        }

    def _keys(self, step: int) -> dict[int, Callable[[], object]]:
        K, session = Qt.Key, self.session
        keys = self._transport_keys(step)
        if session.recording is not None:
            usable = list(Version) if session.renderer is not None else [Version.NOISY]
            for key, version in zip((K.Key_1, K.Key_2, K.Key_3, K.Key_4, K.Key_5), usable, strict=False):
                keys[key] = lambda v=version: session.select(v)
        if session.renderer is not None:
            keys |= {K.Key_X: session.swap, K.Key_B: session.toggle_bypass}
        return keys | {
            K.Key_L: lambda: session.set_level_match(not session.level_match),
            K.Key_G: lambda: session.set_delta_gain(
                DELTA_GAINS_DB[(DELTA_GAINS_DB.index(session.delta_gain_db) + 1) % len(DELTA_GAINS_DB)]
            ),
            K.Key_F: self.fit,
            K.Key_V: lambda: self.side.layouts.setCurrentIndex((self.layout_index + 1) % len(LAYOUTS)),
            K.Key_S: lambda: self.side.scale.setCurrentIndex((self.side.scale.currentIndex() + 1) % len(FrequencyScale)),
            K.Key_R: self.side.reset.click,
            K.Key_Plus: lambda: self._zoom(0.5),
            K.Key_Minus: lambda: self._zoom(2),
        }

    def _zoom(self, factor: float) -> None:
        """Zoom in time around the playhead, if it is in view, or the middle."""
        recording = self.session.recording
        if recording is None:
            return
        start, stop = self._view
        centre = self.session.position / SAMPLE_RATE
        if not start <= centre <= stop:
            centre = (start + stop) / 2
        width = min(max((stop - start) * factor, min(0.05, recording.duration)), recording.duration)
        first = min(max(0.0, centre - (centre - start) / (stop - start) * width), recording.duration - width)
        self.set_view((first, first + width), self._heights)

    def _escape(self) -> None:
        if self.message.isVisible():
            self.message.hide()
        else:
            self.session.clear_loop()

    # The end

    def picture_now(self) -> None:
        """Compose and draw what is in view at once, in this thread: for exporting the picture."""
        recording, renderer = self.session.recording, self.session.renderer
        if recording is not None:
            made = compose(recording, renderer.pictures if renderer is not None else None, self._wanted_view())
            self.strip.draw(recording, *self._view)
            for kind in self.visible_kinds():
                self.panes[kind].set_pictures(made)

    def views_picture(self) -> QPixmap:
        """What the middle of the window shows, at twice its size."""
        picture = QPixmap(2 * self._views.size())
        picture.setDevicePixelRatio(2)
        self._views.render(picture)
        return picture

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        app = QApplication.instance()
        if app is not None:
            app.removeEventFilter(self)
        self._timer.stop()
        self._picture_timer.stop()
        self.live.stop()
        self.menus.close()
        self.worker.close()
        self.session.close()
        self.player.close()
        super().closeEvent(event)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:06.3f}" if hours else f"{minutes:02d}:{rest:06.3f}"


def _readout(point: Point) -> str:
    def db(value: float, *, signed: bool = False) -> str:
        return "–" if math.isnan(value) else (f"{value:+.1f}" if signed else f"{value:.1f}").replace("-", "−")

    a, b = COLOURS[Version.PHASE_AWARE], COLOURS[Version.REAL]
    turn = "–" if math.isnan(point.rotation) else f"{point.rotation:+.0f}°".replace("-", "−")
    return (
        f"{point.seconds:.3f} s &nbsp; {point.hz:.0f} Hz &nbsp;&nbsp; noisy {db(point.noisy)} &nbsp;"
        f"<span style='color:{a}'>A {db(point.phase_aware)}</span> &nbsp;<span style='color:{b}'>B {db(point.real)}</span> dB"
        f" &nbsp; A − B {db(point.phase_aware - point.real, signed=True)} dB &nbsp;&nbsp; mask "
        f"<span style='color:{a}'>A {db(point.mask, signed=True)} dB ∠ {turn}</span> &nbsp;"
        f"<span style='color:{b}'>B {db(point.mask_real, signed=True)} dB</span>"
    )


