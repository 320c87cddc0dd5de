"""Spectrogram panes: stacked, with one time axis and one frequency axis for all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from phaseaware.engine.masks import SEAM_HZ
from phaseaware.engine.versions import Version
from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QImage, QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ..model.codes import ANGLE_CODES, DIFFERENCE_CODES, LEVEL_CODES, MASK_CODES, Scale
from .axes import TIME_HEIGHT, FrequencyAxis, TimeAxis, TimeBox, keep_quiet
from .colour_bar import ColourBar, Range
from .pictures import Kind, Picture
from .scales import FrequencyScale
from .theme import BACKGROUND, COLOURS, LABELS, LUTS, TEXT

__all__ = ["SMALLEST_HEIGHT", "Pane"]

SMALLEST_HEIGHT = 0.02
"""Of the frequency axis, when zoomed in most."""
_HOW = (
    "Click: go there; drag: zoom in; wheel: zoom time, with Ctrl frequency, with Shift move\n"
    "+ and −: zoom time, with Ctrl frequency; Page Up, Page Down: move, with Ctrl in frequency; F: everything"
)


@dataclass(frozen=True, kw_only=True)
class _Look:
    """How a kind of pane looks.

    Attributes
    ----------
    title, short : where there is room, and where there is little.
    colour : of the title.
    codes, lut, default, limits, unit : the colour scale: values as numbers, colours, range and its limits.
    remark : shown beside the title where there is room.
    tells_seam : the line at the seam has its text.
    has_fixed_range : the colour scale's range cannot be changed.
    """

    title: str
    short: str
    colour: str
    codes: Scale
    lut: np.ndarray
    default: Range
    limits: Range
    unit: str = " dB"
    remark: str = ""
    tells_seam: bool = False
    has_fixed_range: bool = False


_LEVELS: dict[str, Any] = {"codes": LEVEL_CODES, "lut": LUTS["level"], "default": (-110, -25), "limits": (-120, 6)}
_GAINS: dict[str, Any] = {"codes": MASK_CODES, "lut": LUTS["mask"], "default": (-30, 30), "limits": (-45, 45)}
_COLOUR_A, _COLOUR_B = COLOURS[Version.PHASE_AWARE], COLOURS[Version.REAL]
_LOOKS = {
    Kind.NOISY: _Look(title=f"1a  {LABELS[Version.NOISY]}", short="1a", colour=COLOURS[Version.NOISY], **_LEVELS),
    Kind.PHASE_AWARE: _Look(
        title=f"1b  {LABELS[Version.PHASE_AWARE]}", short="1b  A", colour=_COLOUR_A, tells_seam=True, **_LEVELS
    ),
    Kind.REAL: _Look(title=f"1c  {LABELS[Version.REAL]}", short="1c  B", colour=_COLOUR_B, **_LEVELS),
    Kind.DIFFERENCE: _Look(
        title="1d  Difference A − B", remark="blue: A louder, orange: B louder", short="1d  A − B", colour=TEXT,
        codes=DIFFERENCE_CODES, lut=LUTS["difference"], default=(-24, 24), limits=(-60, 60),
    ),
    Kind.SWIPE: _Look(
        title="A left, B right of the line", remark="drag it, or keys , and .", short="A | B", colour=TEXT, **_LEVELS
    ),
    Kind.MASK_MAGNITUDE: _Look(
        title="Mask A: magnitude", remark="yellow to magenta: above one", short="|Mask A|", colour=_COLOUR_A,
        tells_seam=True, **_GAINS,
    ),
    Kind.MASK_ROTATION: _Look(
        title="Mask A: rotation", remark="hue: angle, brightness: magnitude", short="∠ Mask A", colour=_COLOUR_A,
        codes=ANGLE_CODES, lut=LUTS["rotation"], default=(-180, 180), limits=(-180, 180), unit="°",
        tells_seam=True, has_fixed_range=True,
    ),
    Kind.MASK_REAL: _Look(title="Mask B: real, 0 to 1", short="Mask B", colour=_COLOUR_B, **_GAINS),
}  # fmt: skip
_NARROW = 200
"""Pixels: a pane that is no wider has no colour bar."""


class _Image(pg.ImageItem):  # type: ignore[misc]
    """Keeps its colours as the screen does: under a transform Qt draws that eight times faster than indexed colours."""

    qimage: QImage | None

    def render(self) -> None:
        super().render()
        if self.qimage is not None:
            self.qimage = self.qimage.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


class Pane(QWidget):
    """One spectrogram or mask with its axes and colour bar.

    Signals
    -------
    view_changed : the user has zoomed or moved: ((start s, stop s), (low, high)).
    clicked : s.
    pointed : s and height on the frequency scale, or NaN when the pointer has left.
    levels_changed : lowest and highest value shown.
    """

    view_changed = pyqtSignal(object)
    clicked = pyqtSignal(float)
    pointed = pyqtSignal(float, float)
    levels_changed = pyqtSignal(float, float)

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind = kind
        self._look = look = _LOOKS[kind]
        self._codes = look.codes
        self.box = TimeBox()
        self.frequency_axis = FrequencyAxis()
        self.time_axis = TimeAxis("bottom")
        self.plot = pg.PlotWidget(viewBox=self.box, axisItems={"left": self.frequency_axis, "bottom": self.time_axis})
        keep_quiet(self.plot)
        self.plot.setBackground(BACKGROUND)
        self.plot.getPlotItem().setContentsMargins(0, 0, 0, 0)
        self.time_axis.setStyle(tickTextOffset=2)
        self.image = _Image(axisOrder="col-major")
        self.image.setLookupTable(look.lut)
        self.box.addItem(self.image)
        seam_pen = pg.mkPen("#ffffff", width=1, style=Qt.PenStyle.DashLine)
        self.seam = pg.InfiniteLine(angle=0, pen=seam_pen)
        self.seam.setOpacity(0.6)
        self.box.addItem(self.seam)
        self.playhead = pg.InfiniteLine(angle=90, pen=pg.mkPen("#ffffff", width=1))
        self.box.addItem(self.playhead)
        self.title = pg.LabelItem(justify="left")
        self.title.setParentItem(self.box)
        self.title.anchor(itemPos=(0, 0), parentPos=(0, 0), offset=(4, 0))
        self.seam_text: pg.TextItem | None = None
        if look.tells_seam:
            self.seam_text = pg.TextItem(
                "phase-aware below 6 kHz", color="#ffffff", anchor=(1, 0), fill=pg.mkBrush(10, 12, 15, 150)
            )
            self.box.addItem(self.seam_text, ignoreBounds=True)
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
        self._quiet = False
        self.box.sigRangeChanged.connect(self._range_changed)
        self.box.clicked.connect(self.clicked)
        self.plot.scene().sigMouseMoved.connect(self._moved)
        self._swipe: pg.InfiniteLine | None = None
        if kind is Kind.SWIPE:
            self._swipe = pg.InfiniteLine(
                angle=90, movable=True, pen=pg.mkPen("#5ce1e6", width=3), hoverPen=pg.mkPen("#ffff66", width=3)
            )
            self._swipe.sigPositionChanged.connect(self._draw_swipe)
            self.box.addItem(self._swipe)
            self._halves: tuple[Picture, Picture] | None = None

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

    def _write_captions(self) -> None:
        """As much of them as there is room for: they must neither be cut off nor cover each other."""
        look = self._look
        style = f"color:{look.colour}; background-color:rgba(10,12,15,190); font-weight:600"
        room = self.box.width() - 12
        for text in (f"{look.title}  ({look.remark})" if look.remark else look.title, look.title, look.short):
            self.title.setText(f"<span style='{style}'>&nbsp;{text}&nbsp;</span>")
            if self.title.item.boundingRect().width() <= room:
                break
        if self.seam_text is not None:
            size, taken = self.seam_text.boundingRect(), self.title.item.boundingRect()
            self.seam_text.setVisible(
                taken.width() + size.width() <= room or self.box.height() > 3 * (taken.height() + size.height())
            )

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
            xMin=0, xMax=duration, yMin=0, yMax=1, minXRange=min(0.05, duration), minYRange=SMALLEST_HEIGHT
        )

    def set_view(self, time: Range, height: Range) -> None:
        """Show this part, without telling."""
        self._quiet = True
        self.box.setRange(xRange=time, yRange=height, padding=0)
        self._quiet = False
        self._place_seam_text()
        self.box.updateMatrix()  # now, not while painting: that would have everything painted twice

    def set_levels(self, low: float, high: float) -> None:
        """Colour range in the pane's unit."""
        self.bar.set_range(low, high)
        self.image.setLevels((self._codes.code(low), self._codes.code(high)))

    def show_time(self, shown: bool) -> None:
        """The lowest pane has the time axis."""
        self.time_axis.setVisible(shown)
        self.time_axis.setHeight(TIME_HEIGHT if shown else 0)
        self._bar_space.setContentsMargins(0, 0, 0, TIME_HEIGHT if shown else 0)

    def set_pictures(self, pictures: dict[Kind, Picture]) -> None:
        """Draw what has been composed."""
        if self._swipe is not None:
            if Kind.PHASE_AWARE in pictures:
                self._halves = (pictures[Kind.PHASE_AWARE], pictures[Kind.REAL])
                (start, stop), _ = self.box.viewRange()
                if not start < self._swipe.value() < stop:
                    self._swipe.setValue((start + stop) / 2)
                self._draw_swipe()
        elif self.kind in pictures:
            self._draw(pictures[self.kind])
        else:
            self.image.clear()

    def _draw(self, picture: Picture) -> None:
        if picture.image.ndim == 3:
            self.image.setLookupTable(None)
            self.image.setImage(picture.image, levels=(0, 255))
        else:
            self.image.setImage(picture.image, autoLevels=False)
        self.image.setRect(QRectF(picture.start, picture.low, picture.stop - picture.start, picture.high - picture.low))

    def _draw_swipe(self) -> None:
        if self._halves is not None and self._swipe is not None:
            a, b = self._halves
            share = (self._swipe.value() - a.start) / (a.stop - a.start)
            cut = int(np.clip(round(share * len(a.image)), 0, len(a.image)))
            self._draw(Picture(np.concatenate([a.image[:cut], b.image[cut:]]), a.start, a.stop, a.low, a.high))

    def _range_changed(self) -> None:
        self._place_seam_text()
        if not self._quiet:
            time, height = self.box.viewRange()
            self.view_changed.emit((tuple(time), tuple(height)))

    def move_swipe(self, share: float) -> None:
        """Move the line between A and B by a share of what is in view, and not out of it."""
        if self._swipe is not None:
            (start, stop), _ = self.box.viewRange()
            self._swipe.setValue(min(max(start, self._swipe.value() + share * (stop - start)), stop))

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
