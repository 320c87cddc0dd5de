"""The middle of the window: waveform, spectrograms and masks over one time and one frequency axis, and the readout."""

from __future__ import annotations

import math

import numpy as np
from phaseaware.engine import SAMPLE_RATE
from phaseaware.engine.versions import Version
from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QPixmap, QResizeEvent, QShowEvent
from PyQt6.QtWidgets import QLabel, QVBoxLayout, QWidget

from ..model import Recording, Session
from .pane_grid import PaneGrid
from .panes import SMALLEST_HEIGHT, Pane
from .pictures import Kind, Picture, PictureWorker, Point, View, compose, look_up
from .scales import FrequencyScale
from .strip import WaveformStrip
from .theme import COLOURS, FAINT

__all__ = ["ViewArea"]

_SPECTROGRAMS = (Kind.NOISY, Kind.PHASE_AWARE, Kind.REAL)
_COLUMNS: tuple[tuple[tuple[Kind, ...], ...], ...] = (
    ((*_SPECTROGRAMS, Kind.DIFFERENCE),),
    ((Kind.MASK_MAGNITUDE, Kind.MASK_ROTATION, Kind.MASK_REAL),),
    ((*_SPECTROGRAMS, Kind.DIFFERENCE), (Kind.MASK_MAGNITUDE, Kind.MASK_ROTATION, Kind.MASK_REAL)),
    ((Kind.SWIPE,),),
)
"""Panes per layout (see side.LAYOUTS): columns of kinds."""
_LONGEST_READOUT = (
    "0000.000 s  00000 Hz    noisy −100.0  A −100.0  B −100.0 dB    A − B −100.0 dB    "
    "mask A −60.0 dB ∠ −180°  mask B −60.0 dB"
)
_MARGIN = 0.5
"""Beside what is in view so much of its width is composed too, so that moving needs no new pictures at once."""
_MOVING_MS = 50
"""Between two pictures while the view is moved: it shows the last one stretched until then."""
_SHARED_LEVELS: tuple[tuple[Kind, ...], ...] = ((*_SPECTROGRAMS, Kind.SWIPE), (Kind.MASK_MAGNITUDE, Kind.MASK_REAL))


class ViewArea(QWidget):
    """Draws a session's recording.

    Signals
    -------
    clicked : s.
    loop_changed : first and last s, as dragged.
    """

    clicked = pyqtSignal(float)
    loop_changed = pyqtSignal(float, float)
    _done = pyqtSignal(object, object)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._view = (0.0, 1.0)
        self._heights = (0.0, 1.0)
        self._playhead = 0.0
        self._scale = FrequencyScale.LINEAR
        self._asked: View | None = None
        self._shown: View | None = None
        self._stale = True
        self._pointer = (math.nan, math.nan)
        self._worker = PictureWorker(self._done.emit)
        self._done.connect(self._composed)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._ask_for_pictures)
        self.strip = WaveformStrip()
        self.strip.view_changed.connect(lambda view: self.set_view(view, self._heights))
        self.strip.clicked.connect(self.clicked)
        self.strip.loop_changed.connect(self.loop_changed)
        self.panes: dict[Kind, Pane] = {}
        for kind in Kind:
            pane = self.panes[kind] = Pane(kind)
            pane.set_scale(self._scale)
            pane.view_changed.connect(lambda view: self.set_view(*view))
            pane.clicked.connect(self.clicked)
            pane.pointed.connect(self._pointed)
            pane.levels_changed.connect(lambda low, high, k=kind: self._levels_changed(k, low, high))
        self._grid = PaneGrid(self.panes)
        self.readout = QLabel()
        self.readout.setObjectName("faint")
        self.readout.setTextFormat(Qt.TextFormat.RichText)
        self.readout.setMinimumWidth(100)
        self.readout.setWordWrap(True)
        self.readout.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.readout.setToolTip("At the pointer: time, frequency, level of each version, masks")
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.strip)
        column.addWidget(self._grid, 1)
        column.addWidget(self.readout)
        self.set_layout_index(0)

    def show_recording(self, recording: Recording) -> None:
        """Another recording: show all of it."""
        self._asked = self._shown = None
        for pane in self.panes.values():
            pane.set_limits(recording.duration)
            pane.set_pictures({})
        self.strip.set_limits(recording.duration)
        self._show_readout()
        self.set_view((0, recording.duration), (0, 1))

    def set_playhead(self, seconds: float, *, follow: bool) -> None:
        """Draw the playhead; with ``follow`` turn the page when it leaves the view, not when the view is moved."""
        for line in (self.strip.playhead, *(self.panes[kind].playhead for kind in self.visible_kinds())):
            if line.value() != seconds:
                line.setValue(seconds)
        recording = self._session.recording
        start, stop = self._view
        width = stop - start
        leaves = start <= self._playhead < stop and not start <= seconds < stop
        self._playhead = seconds
        if follow and recording is not None and width < recording.duration and leaves:
            first = min(max(0.0, seconds - width / 20), recording.duration - width)
            self.set_view((first, first + width), self._heights)

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802
        self.refresh_pictures()
        super().showEvent(event)

    def close_worker(self) -> None:
        """End the thread that makes the pictures."""
        self._timer.stop()
        self._worker.close()

    def set_view(self, time: tuple[float, float], heights: tuple[float, float]) -> None:
        """Show this stretch in all panes: s, and heights on the frequency scale."""
        self._session.pace.view_moved()
        self._view, self._heights = time, heights
        for kind in self.visible_kinds():
            self.panes[kind].set_view(time, heights)
        self.strip.set_view(*time)
        if self._shown is None or not self._wanted_view().is_served_by(self._shown):
            self.refresh_pictures()
        elif self._session.recording is not None:
            self.strip.draw(self._session.recording, *time)

    @property
    def view(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """What is shown."""
        return self._view, self._heights

    def fit(self) -> None:
        """Show everything."""
        if self._session.recording is not None:
            self.set_view((0, self._session.recording.duration), (0, 1))

    def set_scale(self, scale: FrequencyScale) -> None:
        """Another frequency axis; the visible band stays."""
        low, high = (float(np.clip(scale.height(self._scale.hz(y)), 0, 1)) for y in self._heights)
        height = max(high - low, SMALLEST_HEIGHT)  # what is wide on one scale can be too narrow on another
        low = min(max(0.0, (low + high - height) / 2), 1 - height)
        self._scale = scale
        for pane in self.panes.values():
            pane.set_scale(scale)
        self.set_view(self._view, (0, 1) if self._heights == (0, 1) else (low, low + height))

    def set_layout_index(self, index: int) -> None:
        """Show one of side.LAYOUTS."""
        self._grid.arrange(_COLUMNS[index])
        self.layout_index = index
        self.set_view(self._view, self._heights)

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        super().resizeEvent(event)
        line = self.readout.fontMetrics()
        lines = -(-line.horizontalAdvance(_LONGEST_READOUT) // max(1, self.width() - 12))
        self.readout.setFixedHeight(lines * line.lineSpacing() + 2)
        self.strip.plot.setFixedHeight(min(92, max(62, self.height() // 5)))
        self.refresh_pictures(_MOVING_MS)

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
        if not self._timer.isActive():
            self._timer.start(delay_ms)

    def _wanted_view(self) -> View:
        sizes = [self.panes[kind].pixels() for kind in self.visible_kinds()]
        start, stop = self._view
        duration = self._session.recording.duration if self._session.recording is not None else 1.0
        margin = _MARGIN * (stop - start)
        first, last = max(0.0, start - margin), min(duration, stop + margin)
        columns = max(w for w, _ in sizes) * (last - first) / max(stop - start, 1e-9)
        return View(
            start=first, stop=last, low=self._heights[0], high=self._heights[1], columns=max(16, int(columns)),
            rows=int(np.clip(max(h for _, h in sizes), 16, 1024)), scale=self._scale,
            floor_db=self.panes[Kind.NOISY].bar.range[0], kinds=frozenset(self.visible_kinds()),
        )  # fmt: skip

    def _ask_for_pictures(self) -> None:
        recording = self._session.recording
        if recording is None or not self.isVisible():
            return
        self.strip.draw(recording, *self._view)
        if self._asked is None:  # one at a time; what changes meanwhile is asked for afterwards
            self._asked = self._wanted_view()
            renderer = self._session.renderer
            self._stale = False
            self._worker.ask(recording, renderer.pictures if renderer is not None else None, self._asked)
        else:
            self._stale = True

    def _composed(self, view: View, pictures: dict[Kind, Picture]) -> None:
        if view is not self._asked:
            return
        self._asked = None
        if view.scale is self._scale and view.kinds == set(self.visible_kinds()):
            self._shown = view
            for kind in self.visible_kinds():
                self.panes[kind].set_pictures(pictures)
            self._show_readout()
        if self._stale:
            self.refresh_pictures(_MOVING_MS)

    def _pointed(self, seconds: float, height: float) -> None:
        self._pointer = (seconds, height)
        self._show_readout()

    def _show_readout(self) -> None:
        seconds, height = self._pointer
        recording, renderer = self._session.recording, self._session.renderer
        point = None
        if recording is not None and not math.isnan(seconds):
            pictures = renderer.pictures if renderer is not None else None
            point = look_up(recording, pictures, seconds, float(self._scale.hz(height)))
        self.readout.setText(_readout(point) if point is not None else "")

    def zoom(self, factor: float, position: int) -> None:
        """Zoom in time around the playhead, if it is in view, or the middle."""
        recording = self._session.recording
        if recording is None:
            return
        start, stop = self._view
        centre = position / SAMPLE_RATE
        if not start <= centre <= stop:
            centre = (start + stop) / 2
        width = min(max((stop - start) * factor, min(0.05, recording.duration)), recording.duration)
        first = min(max(0.0, centre - (centre - start) / (stop - start) * width), recording.duration - width)
        self.set_view((first, first + width), self._heights)

    def pan(self, share: float) -> None:
        """Move the view in time by a share of its width."""
        recording = self._session.recording
        if recording is None:
            return
        start, stop = self._view
        width = stop - start
        first = min(max(0.0, start + share * width), recording.duration - width)
        self.set_view((first, first + width), self._heights)

    def zoom_frequency(self, factor: float) -> None:
        """Zoom in frequency around the pointer, if it is in view, or the middle."""
        low, high = self._heights
        pointed = self._pointer[1]
        centre = pointed if low <= pointed <= high else (low + high) / 2
        height = min(max((high - low) * factor, SMALLEST_HEIGHT), 1.0)
        first = min(max(0.0, centre - (centre - low) / (high - low) * height), 1 - height)
        self.set_view(self._view, (first, first + height))

    def pan_frequency(self, share: float) -> None:
        """Move the view in frequency by a share of its height."""
        low, high = self._heights
        first = min(max(0.0, low + share * (high - low)), 1 - (high - low))
        self.set_view(self._view, (first, first + high - low))

    def focus_next_bar(self) -> None:
        """Go to the colour scale after the one that has the focus, or to the first."""
        bars = [bar for kind in self.visible_kinds() if (bar := self.panes[kind].bar).isVisible() and not bar.fixed]
        if bars:
            focused = next((i for i, bar in enumerate(bars) if bar.hasFocus()), -1)
            bars[(focused + 1) % len(bars)].setFocus(Qt.FocusReason.TabFocusReason)

    def picture_now(self) -> None:
        """Compose and draw what is in view at once, in this thread: for exporting the picture."""
        recording, renderer = self._session.recording, self._session.renderer
        if recording is not None:
            made = compose(recording, renderer.pictures if renderer is not None else None, self._wanted_view())
            self.strip.draw(recording, *self._view)
            for kind in self.visible_kinds():
                self.panes[kind].set_pictures(made)

    def grab_twice(self) -> QPixmap:
        """What is shown, complete and at twice its size."""
        self.picture_now()
        picture = QPixmap(2 * self.size())
        picture.setDevicePixelRatio(2)
        self.render(picture)
        return picture


def _readout(point: Point) -> str:
    def db(value: float, *, signed: bool = False) -> str:
        return "–" if math.isnan(value) else (f"{value:+.1f}" if signed else f"{value:.1f}").replace("-", "−")

    a, b = COLOURS[Version.PHASE_AWARE], COLOURS[Version.REAL]
    turn = "–" if math.isnan(point.rotation) else f"{point.rotation:+.0f}°".replace("-", "−")
    parts = (  # lines break between them, never within
        (FAINT, f"{point.seconds:.3f} s   {point.hz:.0f} Hz  "),
        (FAINT, f"noisy {db(point.noisy)}"),
        (a, f"A {db(point.phase_aware)}"),
        (b, f"B {db(point.real)} dB  "),
        (FAINT, f"A − B {db(point.phase_aware - point.real, signed=True)} dB  "),
        (a, f"mask A {db(point.mask, signed=True)} dB ∠ {turn}"),
        (b, f"mask B {db(point.mask_real, signed=True)} dB"),
    )
    return " &nbsp;".join(f"<span style='color:{c}'>{text.replace(' ', chr(0xA0))}</span>" for c, text in parts)
