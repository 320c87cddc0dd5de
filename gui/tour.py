"""Leads through the tour "Why phase?" on the stems that are open."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from phaseaware.engine import SAMPLE_RATE
from phaseaware.engine.masks import SEAM_HZ
from phaseaware.engine.versions import Version
from PyQt6.QtCore import QObject, pyqtSignal

from .model import IdealChoice, Session
from .model.cell import Cell, cell_at
from .model.tour import STEPS, Deeds, Place, caption_of, deeds_of, error_db, find_cancellation
from .panels.tour import TourStrip
from .view import LAYOUTS, ViewArea, caption

__all__ = ["Tour"]

_AROUND = 0.4  # s
_BESIDE = 0.05  # s


class Tour(QObject):
    """Steps through version, masks and picture.

    Parameters
    ----------
    session, views, strip : what is led.
    choose_layout : shows one of LAYOUTS.

    Signals
    -------
    changed : the session was.
    play_wanted : nothing is heard yet.
    failed : why there is no tour.
    """

    changed = pyqtSignal()
    play_wanted = pyqtSignal()
    failed = pyqtSignal(str)

    def __init__(
        self, session: Session, views: ViewArea, strip: TourStrip, choose_layout: Callable[[int], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._views, self._strip, self._choose_layout = session, views, strip, choose_layout
        self.place: Place | None = None
        self.index = 0
        self._layout = 0
        self._bounds: tuple[float, float] | None = None
        strip.moved.connect(self.go)
        strip.left.connect(self.leave)

    @property
    def under_way(self) -> bool:
        """It is shown."""
        return self.place is not None

    def begin(self) -> bool:
        """Find a place and show the first step; whether there is one. The stems must be decoded."""
        recording = self._session.recording
        self.place = find_cancellation(recording) if recording is not None else None
        if self.place is None:
            self.failed.emit("The tour needs stems in which speech and noise overlap: open speech and noise.")
            return False
        self._bounds = None
        self.index = 0
        self._layout = self._views.layout_index
        self._session.set_loop(*self.place.loop)
        self._session.seek(self.place.loop[0])
        self._show()
        self.play_wanted.emit()
        return True

    def go(self, steps: int) -> None:
        """On, or back; after the last step comes the first."""
        if self.under_way:
            self.index = max(0, self.index + steps) % len(STEPS)
            self._show()

    def leave(self) -> None:
        """No tour any more; what is open and heard stays."""
        if self.under_way:
            self.place = None
            self._strip.hide()
            self._views.unmark()
            self._session.clear_loop()
            self._choose_layout(self._layout)
            self._views.fit()
            self.changed.emit()

    def _show(self) -> None:
        assert self.place is not None
        step, session = STEPS[self.index], self._session
        if step.ideal or session.model is not None:
            session.set_ideal(IdealChoice() if step.ideal else None)
        session.select(step.version)
        self._choose_layout(LAYOUTS.index(step.layout))
        recording = session.recording
        assert recording is not None
        start, stop = (sample / SAMPLE_RATE for sample in self.place.loop)
        seam = float(self._views.scale.height(SEAM_HZ))
        self._views.set_view((max(0.0, start - _AROUND), min(recording.duration, stop + _AROUND)), (0.0, seam))
        self._views.place_swipe(self.place.seconds + _BESIDE)  # the ring is on A's side, and B's begins beside it
        self.changed.emit()
        self.follow()

    def follow(self) -> None:
        """Say what is known by now, and mark the place."""
        if self.place is None:
            return
        step, place = STEPS[self.index], self.place
        cell, errors = self._cell(), self._errors()
        if step.ideal and errors is not None:
            self._bounds = errors
        title = caption(step.version, ideal=step.ideal)
        deeds = self._deeds() if errors is not None else None
        said = caption_of(self.index, place, cell, errors, self._bounds, deeds)
        self._strip.show_step(self.index, len(STEPS), title, said)
        height = float(np.clip(self._views.scale.height(place.hz), 0, 1))
        self._views.mark(place.seconds, height)

    def _cell(self) -> Cell | None:
        session, place = self._session, self.place
        if session.recording is None or session.renderer is None or place is None:
            return None
        return cell_at(session.recording, session.renderer.pictures, place.seconds, place.hz)

    def _deeds(self) -> Deeds | None:
        session, place = self._session, self.place
        if session.recording is None or session.renderer is None or place is None:
            return None
        return deeds_of(session.recording, session.renderer.pictures, place)

    def _errors(self) -> tuple[float, float] | None:
        session, place = self._session, self.place
        if session.recording is None or session.renderer is None or place is None:
            return None
        slot = session.renderer.newest
        if slot.coverage.ready_until(place.loop[0]) < place.loop[1]:
            return None
        a, b = (error_db(session.recording, slot, v, place.loop) for v in (Version.PHASE_AWARE, Version.REAL))
        return a, b
