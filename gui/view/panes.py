"""Spectrogram panes: stacked, with one time axis and one frequency axis for all."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from phaseaware.engine.masks import SEAM_HZ
from phaseaware.engine.versions import IDEAL, Version
from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QBrush, QColor, QImage, QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from .axes import CACHED, TIME_HEIGHT, FrequencyAxis, TimeAxis, TimeBox, keep_quiet
from .colour_bar import ColourBar, Range
from .kinds import VERSION_OF, Kind, Picture
from .looks import LOOKS
from .scales import FrequencyScale
from .selection import BandFrame, CrossHair, LoopRegion
from .swipe import SWIPED, SWIPED_AS, SwipeLine
from .theme import BACKGROUND, COLOURS, HATCH
from .viewport import SMALLEST_HEIGHT, SMALLEST_SECONDS

__all__ = ["Pane"]

_HOW = (
    "Click: go there; drag: zoom in (in the loop with Ctrl); Shift and drag: hear only that band and time\n"
    "Wheel: zoom time, with Ctrl frequency, with Shift move; + and −, Page Up and Page Down too; F: everything"
)
_NARROW = 200
"""Pixels: a pane that is no wider has no colour bar."""


class _Image(pg.ImageItem):  # type: ignore[misc]
    """Keeps its colours as the screen does: under a transform Qt draws that eight times faster than indexed colours."""

    qimage: QImage | None

    def render(self) -> None:
        super().render()
        if self.qimage is not None:
            self.qimage = self.qimage.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


class _Title(pg.LabelItem):  # type: ignore[misc]
    """A title that can be clicked."""

    pressed = pyqtSignal()

    def mouseClickEvent(self, ev: Any) -> None:  # noqa: N802
        if ev.button() == Qt.MouseButton.LeftButton:
            self.pressed.emit()
            ev.accept()


class Pane(QWidget):
    """One spectrogram or mask with its axes and colour bar.

    Signals
    -------
    view_changed : the user has zoomed or moved: ((start s, stop s), (low, high)).
    clicked : s.
    picked : s and height of a click.
    brushed : two corners, each s and height.
    loop_changed : first and last s.
    pointed : s and height on the frequency scale, or NaN when the pointer has left.
    levels_changed : lowest and highest value shown.
    hear_wanted : the version that the title names.
    """

    view_changed = pyqtSignal(object)
    clicked = pyqtSignal(float)
    picked = pyqtSignal(float, float)
    brushed = pyqtSignal(object, object)
    loop_changed = pyqtSignal(float, float)
    pointed = pyqtSignal(float, float)
    levels_changed = pyqtSignal(float, float)
    hear_wanted = pyqtSignal(object)

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind = kind
        self._look = look = LOOKS[kind]
        self._quiet = self.is_heard = self._ideal = False
        self._picture: Picture | None = None
        self._make_plot()
        self._make_marks()
        self.swipe: SwipeLine | None = None
        if kind in SWIPED:
            self.swipe = SwipeLine(self.box, self._draw, self._write_captions)
        self.bar = ColourBar(look.lut, look.default, look.limits, look.unit, fixed=look.has_fixed_range)
        self.bar.changed.connect(self.set_levels)
        self.bar.changed.connect(self.levels_changed)
        self._bar_space = self._lay_out()
        self.setAccessibleName(look.title)
        self.plot.setToolTip(f"{look.title}: {look.remark}\n{_HOW}" if look.remark else f"{look.title}\n{_HOW}")
        self.box.sigResized.connect(self._write_captions)
        self._write_captions()
        self.set_levels(*look.default)
        self.show_time(False)
        self.box.sigRangeChanged.connect(self._range_changed)
        self.box.clicked.connect(self.clicked)
        self.box.picked.connect(self.picked)
        self.box.brushed.connect(self.brushed)
        self.plot.scene().sigMouseMoved.connect(self._moved)

    def _make_plot(self) -> None:
        self.box = TimeBox()
        self.frequency_axis = FrequencyAxis()
        self.time_axis = TimeAxis("bottom")
        self.plot = pg.PlotWidget(viewBox=self.box, axisItems={"left": self.frequency_axis, "bottom": self.time_axis})
        keep_quiet(self.plot)
        self.plot.setBackground(BACKGROUND)
        self.plot.getPlotItem().setContentsMargins(0, 0, 0, 0)
        self.time_axis.setStyle(tickTextOffset=2)
        # What is not rendered is seen through the picture: hatched, so that nobody takes it for silence.
        self.box.background.setBrush(QBrush(QColor(HATCH), Qt.BrushStyle.BDiagPattern))
        self.box.background.setCacheMode(CACHED)
        self._show_hatch()
        self.image = _Image(axisOrder="col-major")
        self.box.addItem(self.image)

    def _make_marks(self) -> None:
        self.loop = LoopRegion(opacity=14)
        self.loop.sigRegionChangeFinished.connect(lambda: self.loop_changed.emit(*map(float, self.loop.getRegion())))
        self.band = BandFrame()
        self.seam = pg.InfiniteLine(angle=0, pen=pg.mkPen("#ffffff", width=1, style=Qt.PenStyle.DashLine))
        self.seam.setOpacity(0.6)
        self.playhead = pg.InfiniteLine(angle=90, pen=pg.mkPen("#ffffff", width=1))
        for mark in (self.loop, self.band, self.seam, self.playhead):
            self.box.addItem(mark, ignoreBounds=True)
        self.cross_hair = CrossHair(self.box)
        self.title = _Title(justify="left")
        self.title.setParentItem(self.box)
        self.title.anchor(itemPos=(0, 0), parentPos=(0, 0), offset=(4, 0))
        self.title.item.setCacheMode(CACHED)
        self.title.pressed.connect(self._title_pressed)
        if self.kind in VERSION_OF:
            self.title.setCursor(Qt.CursorShape.PointingHandCursor)
            self.title.setToolTip("Click to hear it")
        self.seam_text: pg.TextItem | None = None
        if self._look.tells_seam:
            self.seam_text = pg.TextItem(
                "phase-aware below 6 kHz", color="#ffffff", anchor=(1, 0), fill=pg.mkBrush(10, 12, 15, 150)
            )
            self.seam_text.textItem.setCacheMode(CACHED)
            self.box.addItem(self.seam_text, ignoreBounds=True)

    def _lay_out(self) -> QVBoxLayout:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.plot, 1)
        column = QVBoxLayout()
        column.addWidget(self.bar, 1)
        row.addLayout(column)
        return column

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        super().resizeEvent(event)
        self.bar.setVisible(self.width() > _NARROW)

    def set_heard(self, heard: Version | None, *, ideal: bool) -> None:
        """Light it if it shows what is heard; tell whether it comes from ideal masks."""
        is_heard = heard is not None and VERSION_OF.get(self.kind) is heard
        if (is_heard, ideal) != (self.is_heard, self._ideal):
            self.is_heard, self._ideal = is_heard, ideal
            self.box.setBorder(pg.mkPen(self._look.colour, width=3) if is_heard else None)
            self._write_captions()

    def _badge(self) -> str:
        version = VERSION_OF.get(self.kind, Version.PHASE_AWARE)
        return f"  {IDEAL}" if self._ideal and version.is_rendered else ""

    def _write_captions(self) -> None:
        """As much of them as there is room for: they must neither be cut off nor cover each other."""
        look = self._look
        colour, title, short, remark = look.colour, look.title, look.short, look.remark
        if self.swipe is not None and (shown := self.swipe.shown) is not None:  # which of both, or nobody can compare
            title = short = f"{SWIPED_AS[self.kind]}{shown.letter}"
            colour, remark = COLOURS[shown], "in turns; N ends it"
        style = f"color:{colour}; background-color:rgba(10,12,15,190); font-weight:600"
        if self.is_heard:
            style = f"color:#0b0e11; background-color:{look.colour}; font-weight:600"
        room = self.box.width() - 12
        mark, badge = "♪ " if self.is_heard else "", self._badge()
        long = f"{title}{badge}  ({remark})" if remark else f"{title}{badge}"
        for text in (long, f"{title}{badge}", f"{short}{badge}", short):
            self.title.setText(f"<span style='{style}'>&nbsp;{mark}{text}&nbsp;</span>")
            if self.title.item.boundingRect().width() <= room:
                break
        if self.seam_text is not None:
            size, taken = self.seam_text.boundingRect(), self.title.item.boundingRect()
            self.seam_text.setVisible(
                taken.width() + size.width() <= room or self.box.height() > 3 * (taken.height() + size.height())
            )

    def _title_pressed(self) -> None:
        if self.kind in VERSION_OF:
            self.hear_wanted.emit(VERSION_OF[self.kind])

    def set_scale(self, scale: FrequencyScale) -> None:
        """Another frequency axis."""
        self.frequency_axis.scale_kind = scale
        self.frequency_axis.picture = None
        self.frequency_axis.update()
        height = float(scale.height(SEAM_HZ))
        self.seam.setValue(height)
        self._place_seam_text()

    def _place_seam_text(self) -> None:
        if self.seam_text is not None:
            (_, right), _ = self.box.viewRange()
            self.seam_text.setPos(right, self.seam.value())

    def set_limits(self, duration: float) -> None:
        """How far one can zoom out and in."""
        self.box.setLimits(
            xMin=0, xMax=duration, yMin=0, yMax=1, minXRange=min(SMALLEST_SECONDS, duration), minYRange=SMALLEST_HEIGHT
        )

    def set_view(self, time: Range, height: Range) -> None:
        """Show this part, without telling."""
        self._quiet = True
        self.box.setRange(xRange=time, yRange=height, padding=0)
        self._quiet = False
        self._place_seam_text()
        self._show_hatch()
        self.box.updateMatrix()  # now, not while painting: that would have everything painted twice

    def set_levels(self, low: float, high: float) -> None:
        """Colour range in the pane's unit."""
        self.bar.set_ramp(self._look.ramp(low, high))
        self.bar.set_range(low, high)
        if self.image.image is None or self.image.image.ndim == 2:
            self.image.setLookupTable(self._look.colours(low, high))
            self.image.setLevels((0, 256))

    def set_selection(self, loop: Range | None, heights: Range | None) -> None:
        """The loop in s, and the band that alone is heard as heights."""
        self.loop.show_loop(loop)
        self.band.show_band(loop if loop is not None else (0.0, 1e6), heights)

    def show_time(self, shown: bool) -> None:
        """The lowest pane has the time axis."""
        self.time_axis.setVisible(shown)
        self.time_axis.setHeight(TIME_HEIGHT if shown else 0)
        self._bar_space.setContentsMargins(0, 0, 0, TIME_HEIGHT if shown else 0)

    def set_pictures(self, pictures: dict[Kind, Picture]) -> None:
        """Draw what has been composed."""
        if self.swipe is not None:
            left, right = SWIPED[self.kind]
            if left in pictures and right in pictures:
                self.swipe.show_pair(pictures[left], pictures[right])
            else:
                self.swipe.clear()
                self._clear()
        elif self.kind in pictures:
            self._draw(pictures[self.kind])
        else:
            self._clear()

    def _clear(self) -> None:
        self.image.clear()
        self._picture = None
        self._show_hatch()

    def _show_hatch(self) -> None:
        """Only where it is seen: it takes as long to paint as the picture."""
        covered = self._picture is not None and self._picture.covers(*self.box.viewRange())
        self.box.background.setVisible(not covered)

    def _draw(self, picture: Picture) -> None:
        if picture.image.ndim == 3:
            self.image.setLookupTable(None)
            self.image.setImage(picture.image, levels=(0, 255))
        else:
            self.image.setImage(picture.image, autoLevels=False)
        self.image.setRect(QRectF(picture.start, picture.low, picture.stop - picture.start, picture.high - picture.low))
        self._picture = picture
        self._show_hatch()

    def _range_changed(self) -> None:
        self._place_seam_text()
        self._show_hatch()
        if not self._quiet:
            time, height = self.box.viewRange()
            self.view_changed.emit((tuple(time), tuple(height)))

    def _moved(self, where: QPointF) -> None:
        if self.box.sceneBoundingRect().contains(where):
            point = self.box.mapSceneToView(where)
            self.pointed.emit(point.x(), point.y())
        else:
            self.pointed.emit(float("nan"), float("nan"))

    def pixels(self) -> tuple[int, int]:
        """Size of the picture in device pixels."""
        ratio = self.devicePixelRatioF()
        return max(1, int(self.box.width() * ratio)), max(1, int(self.box.height() * ratio))
