"""The middle of the window: waveform, spectrograms and masks over one time and one frequency axis, and the readout."""

from __future__ import annotations

import math

import numpy as np
from phaseaware.engine import SAMPLE_RATE
from PyQt6.QtCore import QTimer, pyqtSignal
from PyQt6.QtGui import QPixmap, QResizeEvent, QShowEvent

from ..model import Recording, Session
from ..model.renderer import ready
from ..model.spectra import SpectrumSettings
from ..model.waveform import Waveform
from .kinds import Kind, Picture, View
from .layouts import COMPARE
from .navigation import Navigation, Range
from .picture_worker import PictureWorker, Ranges
from .pictures import Source, compose, fitted_ranges
from .readout import look_up
from .theme import COLOURS

__all__ = ["ViewArea"]

_MARGIN = 0.5
"""Beside what is in view so much of its width is composed too, so that moving needs no new pictures at once."""
_MOVING_MS = 50
"""Between two pictures while the view is moved: it shows the last one stretched until then."""


_LOW = 320
"""Pixels: where the window is lower, the pictures need the room of some numbers."""


class ViewArea(Navigation):
    """Draws a session's recording.

    Signals
    -------
    brushed : ((start s, stop s), (low Hz, high Hz)), which alone shall be heard.
    """

    brushed = pyqtSignal(object, object)
    _done = pyqtSignal(object, object, object)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._playhead = 0.0
        self.spectrum = SpectrumSettings()
        self._asked: View | None = None
        self._shown: View | None = None
        self._stale = True
        self._worker = PictureWorker(self._done.emit)
        self._done.connect(self._composed)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._ask_for_pictures)
        for pane in self.panes.values():
            pane.picked.connect(self._picked)
            pane.brushed.connect(self._brushed)
            pane.pointed.connect(self._pointed)
        self.moved.connect(self._view_moved)
        self.rescaled.connect(self.show_session)
        self.set_layout_index(0)

    def show_recording(self, recording: Recording) -> None:
        """Another recording: show all of it, up to its highest frequency."""
        self._asked = self._shown = None
        for pane in self.panes.values():
            pane.set_limits(recording.duration)
            pane.set_pictures({})
            pane.bar.is_fitted = not pane.bar.fixed
        self.strip.set_limits(recording.duration)
        self.comparator.vectors.show_cell(None)
        self._show_readout()
        self._arrange()
        self.fit()

    def show_session(self) -> None:
        """Draw what the session has chosen: what is heard, the loop, the band."""
        session = self._session
        loop = None if session.loop is None else (session.loop[0] / SAMPLE_RATE, session.loop[1] / SAMPLE_RATE)
        band = session.band
        heights = None if band is None else tuple(np.clip(self._scale.height([band.low, band.high]), 0, 1))
        self.strip.set_loop(loop)
        heard = session.heard if session.recording is not None else None
        for pane in self.panes.values():
            pane.set_selection(loop, heights)
            pane.set_heard(heard, ideal=session.ideal is not None)
        self._draw_waveform()
        self._mark_overview()

    @property
    def waveform(self) -> Waveform | None:
        """Of what is heard."""
        session = self._session
        if session.recording is None:
            return None
        slot = session.renderer.newest if session.renderer is not None else None
        gain = 10 ** (session.gain_db(session.heard) / 20)
        return Waveform(session.recording, slot, session.heard, session.output, gain)

    def _draw_waveform(self) -> None:
        waveform = self.waveform
        if waveform is not None:
            self.strip.draw(waveform, *self._port.time)
            self.overview.set_outline(waveform.outline(self.overview.columns), COLOURS[waveform.version])

    def _mark_overview(self) -> None:
        recording = self._session.recording
        if recording is not None:
            loop, whole = self._session.loop, max(1, recording.samples)
            start, stop = (t / recording.duration for t in self._port.time)
            shares = None if loop is None else (loop[0] / whole, loop[1] / whole)
            self.overview.set_marks((start, stop), shares, self._playhead / recording.duration)

    def set_playhead(self, seconds: float, *, follow: bool) -> None:
        """Draw the playhead; with ``follow`` turn the page when it leaves the view, not when the view is moved."""
        for line in (self.strip.playhead, *(self.panes[kind].playhead for kind in self.visible_kinds())):
            if line.value() != seconds:
                line.setValue(seconds)
        recording = self._session.recording
        start, stop = self._port.time
        leaves = start <= self._playhead < stop and not start <= seconds < stop
        self._playhead = seconds
        if follow and recording is not None and stop - start < recording.duration and leaves:
            self._go(self._port.turned(seconds, duration=recording.duration))
        self._mark_overview()

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802
        self.refresh_pictures()
        super().showEvent(event)

    def close_worker(self) -> None:
        """End the thread that makes the pictures."""
        self._timer.stop()
        self._worker.close()

    def set_spectrum(self, spectrum: SpectrumSettings) -> None:
        """Frame length and window of the spectrograms."""
        self.spectrum = spectrum
        self.refresh_pictures()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        super().resizeEvent(event)
        self.comparator.fit(self.height())
        self.readout.fit_into(self.width() - 12, most=2 if self.height() < _LOW else 4)
        self.strip.plot.setFixedHeight(min(92, max(62, self.height() // 5)))
        self.refresh_pictures(_MOVING_MS)

    def _view_moved(self) -> None:
        if self._shown is None or not self._wanted_view().is_served_by(self._shown):
            self.refresh_pictures()
        elif (waveform := self.waveform) is not None:
            self.strip.draw(waveform, *self._port.time)
        self._mark_overview()
        self._show_shares()

    def refresh_pictures(self, delay_ms: int = 15) -> None:
        """Have the pictures made anew soon."""
        if not self._timer.isActive():
            self._timer.start(delay_ms)

    @property
    def source(self) -> Source | None:
        """What pictures are made of."""
        recording = self._session.recording
        return None if recording is None else Source.of(recording, self._session.renderer)

    def _wanted_view(self) -> View:
        kinds = self.visible_kinds()
        sizes = [self.panes[kind].pixels() for kind in kinds]
        (start, stop), (low, high) = self.view
        duration = self._session.recording.duration if self._session.recording is not None else 1.0
        margin = _MARGIN * (stop - start)
        first, last = max(0.0, start - margin), min(duration, stop + margin)
        columns = max(w for w, _ in sizes) * (last - first) / max(stop - start, 1e-9)
        return View(
            start=first, stop=last, low=low, high=high, columns=max(16, int(columns)),
            rows=int(np.clip(max(h for _, h in sizes), 16, 1024)), scale=self._scale, floor_db=self._floor_db,
            kinds=frozenset(kinds), spectrum=self.spectrum, channels=self._session.channels,
        )  # fmt: skip

    @property
    def _floor_db(self) -> float:
        return self.panes[Kind.NOISY].bar.range[0]

    def _ask_for_pictures(self) -> None:
        source = self.source
        if source is None or not self.isVisible():
            return
        self._draw_waveform()
        if self._asked is None:  # one at a time; what changes meanwhile is asked for afterwards
            self._asked = self._wanted_view()
            self._stale = False
            self._worker.ask(source, self._asked)
        else:
            self._stale = True

    def _composed(self, view: View, pictures: dict[Kind, Picture], ranges: Ranges) -> None:
        if view is not self._asked:
            return
        self._asked = None
        if view.scale is self._scale and view.kinds == set(self.visible_kinds()):
            self._shown = view
            self._draw_pictures(pictures, ranges)
        if self._stale:
            self.refresh_pictures(_MOVING_MS)

    def _draw_pictures(self, pictures: dict[Kind, Picture], ranges: Ranges) -> None:
        for kind, (low, high) in ranges.items():
            if self.panes[kind].bar.fit(low, high):
                self.panes[kind].set_levels(low, high)
        for kind in self.visible_kinds():
            self.panes[kind].set_pictures(pictures)
        if self.layout_index == COMPARE:
            self.comparator.show_source(self.source, self._port.time, self._floor_db + 30)
        self._show_shares()
        self._show_readout()

    def _show_shares(self) -> None:
        renderer, (start, stop) = self._session.renderer, self._port.time
        first, last = round(start * SAMPLE_RATE), round(stop * SAMPLE_RATE)
        if (
            renderer is not None
            and self.shares.isVisibleTo(self)
            and ready(renderer.newest.coverage, first, last - first)  # of a part it would be said as if of all
        ):
            self.shares.show_levels(*renderer.pictures.pair.band_levels(start, stop))
        else:
            self.shares.show_levels(-math.inf, -math.inf)

    def _pointed(self, seconds: float, height: float) -> None:
        self._pointer = (seconds, height)
        place = None if math.isnan(seconds) else self._pointer
        for kind in self.visible_kinds():
            self.panes[kind].cross_hair.show_at(place)
        self._show_readout()

    def mark(self, seconds: float, height: float) -> None:
        """Point at a place, and show its cell."""
        self._pointed(seconds, height)
        for kind in self.visible_kinds():
            self.panes[kind].cross_hair.show_at((seconds, height), ringed=True)
        if (source := self.source) is not None:
            self.comparator.pick(source, seconds, float(self._scale.hz(height)))

    def unmark(self) -> None:
        """Point nowhere."""
        self._pointed(math.nan, math.nan)
        for pane in self.panes.values():  # those that are hidden now, too
            pane.cross_hair.show_at(None)

    def _picked(self, seconds: float, height: float) -> None:
        source = self.source
        if self.layout_index == COMPARE and source is not None:
            self.comparator.pick(source, seconds, float(self._scale.hz(height)))

    def _brushed(self, first: Range, last: Range) -> None:
        hz = tuple(sorted(float(self._scale.hz(np.clip(y, 0, 1))) for y in (first[1], last[1])))
        self.brushed.emit(tuple(sorted((first[0], last[0]))), hz)

    def _show_readout(self) -> None:
        seconds, height = self._pointer
        source = self.source
        known = source is not None and not math.isnan(seconds)
        self.readout.show_point(look_up(source, seconds, float(self._scale.hz(height))) if known and source else None)

    def picture_now(self) -> None:
        """Compose and draw what is in view at once, in this thread: for exporting the picture."""
        if (source := self.source) is not None:
            self._draw_waveform()
            self._draw_pictures(compose(source, self._wanted_view()), fitted_ranges(source))

    def grab_twice(self) -> QPixmap:
        """What is shown, complete and at twice its size."""
        self.picture_now()
        picture = QPixmap(2 * self.size())
        picture.setDevicePixelRatio(2)
        self.render(picture)
        return picture
