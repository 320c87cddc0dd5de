"""The panes of the window's middle, in what layout they are, and what part of time and frequency is in view."""

from __future__ import annotations

import math

import numpy as np
from phaseaware.engine import SAMPLE_RATE
from phaseaware.engine.masks import SEAM_HZ
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from ..model import Session
from .comparator import Comparator
from .kinds import DIFFERENCES, SPECTROGRAMS, Kind
from .layouts import COMPARE, columns_of_layout
from .overview import OverviewBar
from .pane_grid import PaneGrid
from .panes import Pane
from .readout import Readout
from .scales import FrequencyScale
from .shares import ShareLine
from .strip import WaveformStrip
from .viewport import SMALLEST_HEIGHT, Viewport

__all__ = ["Navigation", "Range"]

Range = tuple[float, float]
_SHARED_LEVELS: tuple[tuple[Kind, ...], ...] = (SPECTROGRAMS, (Kind.MASK_MAGNITUDE, Kind.MASK_REAL, Kind.MASK_SWIPE))


class Navigation(QWidget):
    """Panes that share what is in view; draws nothing in them.

    Signals
    -------
    clicked : s.
    loop_changed : first and last s, as dragged.
    hear_wanted : a Version, by a click on a title.
    moved : something else may be in view, or its colours differ.
    rescaled : another frequency axis.
    """

    clicked = pyqtSignal(float)
    loop_changed = pyqtSignal(float, float)
    hear_wanted = pyqtSignal(object)
    moved = pyqtSignal()
    rescaled = pyqtSignal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._port = Viewport()
        self._pointer = (math.nan, math.nan)
        self._scale = FrequencyScale.MEL
        self.difference = Kind.DELTA
        self.layout_index = 0
        self._make_parts()

    def _make_parts(self) -> None:
        self.overview = OverviewBar()
        self.overview.centred.connect(self._centre)
        self.strip = WaveformStrip()
        self.strip.view_changed.connect(lambda time: self.set_view(time, self._port.heights))
        self.strip.clicked.connect(self.clicked)
        self.strip.loop_changed.connect(self.loop_changed)
        self.panes: dict[Kind, Pane] = {}
        for kind in Kind:
            pane = self.panes[kind] = Pane(kind)
            pane.set_scale(self._scale)
            pane.view_changed.connect(lambda view: self.set_view(*view))
            pane.clicked.connect(self.clicked)
            pane.loop_changed.connect(self.loop_changed)
            pane.hear_wanted.connect(self.hear_wanted)
            pane.levels_changed.connect(lambda low, high, k=kind: self._levels_changed(k, low, high))
        self._grid = PaneGrid(self.panes)
        self.comparator = Comparator()
        self.shares = ShareLine()
        self.readout = Readout()
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 0, 0, 0)
        column.setSpacing(2)
        for widget, stretch in (
            (self.overview, 0), (self.strip, 0), (self._grid, 1), (self.comparator, 0), (self.shares, 0),
            (self.readout, 0),
        ):  # fmt: skip
            column.addWidget(widget, stretch)

    def set_view(self, time: Range, heights: Range) -> None:
        """Show this stretch in all panes: s, and heights on the frequency scale."""
        self._session.pace.view_moved()
        self._port = Viewport(time, heights)
        for kind in self.visible_kinds():
            self.panes[kind].set_view(time, heights)
        self.strip.set_view(*time)
        self.moved.emit()

    @property
    def view(self) -> tuple[Range, Range]:
        """What is shown."""
        return self._port.time, self._port.heights

    @property
    def highest(self) -> float:
        """Height up to which the file has sound: its Nyquist frequency."""
        recording = self._session.recording
        return 1.0 if recording is None else min(1.0, float(self._scale.height(recording.sample_rate / 2)))

    def fit(self) -> None:
        """Show everything, up to the file's Nyquist frequency."""
        if self._session.recording is not None:
            self.set_view((0, self._session.recording.duration), (0, self.highest))

    def show_band(self) -> None:
        """0 to 6 kHz, where the masks differ most; again: the whole band."""
        seam = (0.0, float(self._scale.height(SEAM_HZ)))
        is_there = np.allclose(self._port.heights, seam, atol=1e-3)
        self.set_view(self._port.time, (0.0, self.highest) if is_there else seam)

    def _centre(self, share: float) -> None:
        recording = self._session.recording
        if recording is not None:
            start, stop = self._port.time
            first = min(max(0.0, share * recording.duration - (stop - start) / 2), recording.duration - (stop - start))
            self.set_view((first, first + stop - start), self._port.heights)

    @property
    def scale(self) -> FrequencyScale:
        """The frequency axis."""
        return self._scale

    def set_scale(self, scale: FrequencyScale) -> None:
        """Another frequency axis; the visible band stays."""
        was_all, heights = self._port.heights == (0, self.highest), self._port.heights
        low, high = (float(np.clip(scale.height(self._scale.hz(y)), 0, 1)) for y in heights)
        if heights[0] == 0:
            low = 0.0
        height = max(high - low, SMALLEST_HEIGHT)  # what is wide on one scale can be too narrow on another
        low = min(max(0.0, (low + high - height) / 2), 1 - height)
        self._scale = scale
        for pane in self.panes.values():
            pane.set_scale(scale)
        self.set_view(self._port.time, (0, self.highest) if was_all else (low, low + height))
        self.rescaled.emit()

    def set_layout_index(self, index: int) -> None:
        """Show one of layouts.LAYOUTS."""
        self.layout_index = index
        for pane in self.panes.values():
            if pane.swipe is not None:
                pane.swipe.stop()
        self._arrange()

    def set_difference(self, difference: Kind) -> None:
        """What picture 1d is."""
        if difference not in DIFFERENCES:
            raise ValueError(f"{difference=} is not one of {', '.join(map(repr, DIFFERENCES))}")
        self.difference = difference
        self._arrange()

    def _columns(self) -> list[list[Kind]]:
        recording = self._session.recording
        has_clean = recording is not None and recording.clean is not None
        return columns_of_layout(self.layout_index, difference=self.difference, has_clean=has_clean)

    def _arrange(self) -> None:
        self._grid.arrange(self._columns())
        self.comparator.setVisible(self.layout_index == COMPARE)
        self.shares.setVisible(self.difference in self.visible_kinds())
        self.set_view(*self.view)

    def visible_kinds(self) -> list[Kind]:
        """What is shown now."""
        return [kind for column in self._columns() for kind in column]

    def _levels_changed(self, kind: Kind, low: float, high: float) -> None:
        fitted = self.panes[kind].bar.is_fitted
        for group in _SHARED_LEVELS:
            if kind in group:
                for other in group:
                    self.panes[other].set_levels(low, high)
                    self.panes[other].bar.is_fitted = fitted
        self.moved.emit()

    def _go(self, port: Viewport) -> None:
        self.set_view(port.time, port.heights)

    def zoom(self, factor: float, position: int) -> None:
        """Zoom in time around the playhead, if it is in view, or the middle."""
        if (recording := self._session.recording) is not None:
            self._go(self._port.zoomed(factor, position / SAMPLE_RATE, duration=recording.duration))

    def pan(self, share: float) -> None:
        """Move the view in time by a share of its width."""
        if (recording := self._session.recording) is not None:
            self._go(self._port.moved(share, duration=recording.duration))

    def zoom_frequency(self, factor: float) -> None:
        """Zoom in frequency around the pointer, if it is in view, or the middle."""
        self._go(self._port.zoomed_in_frequency(factor, self._pointer[1]))

    def pan_frequency(self, share: float) -> None:
        """Move the view in frequency by a share of its height."""
        self._go(self._port.moved_in_frequency(share))

    def move_swipe(self, share: float) -> None:
        """Move the line between A and B."""
        for kind in self.visible_kinds():
            if (swipe := self.panes[kind].swipe) is not None:
                swipe.move(share)

    def place_swipe(self, seconds: float) -> None:
        """Put the line between A and B there."""
        for kind in self.visible_kinds():
            if (swipe := self.panes[kind].swipe) is not None:
                swipe.line.setValue(seconds)

    def blink(self) -> None:
        """A and B take turns where they share a pane, or no more."""
        for kind in self.visible_kinds():
            if (swipe := self.panes[kind].swipe) is not None:
                swipe.toggle_blinking()

    def focus_next_bar(self) -> None:
        """Go to the colour scale after the one that has the focus, or to the first."""
        bars = [bar for kind in self.visible_kinds() if (bar := self.panes[kind].bar).isVisible() and not bar.fixed]
        if bars:
            focused = next((i for i, bar in enumerate(bars) if bar.hasFocus()), -1)
            bars[(focused + 1) % len(bars)].setFocus(Qt.FocusReason.TabFocusReason)
