"""What is at the pointer, in numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

from phaseaware.engine import SAMPLE_RATE
from phaseaware.engine.stft import BINS, FRAME_LENGTH, HOP
from phaseaware.engine.versions import Version
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel

from ..model.codes import ANGLE_CODES, LEVEL_CODES, MASK_CODES
from .pictures import Source
from .theme import COLOURS, FAINT

__all__ = ["Point", "Readout", "look_up"]

_FRAME_SECONDS = HOP / SAMPLE_RATE
_BIN_HZ = SAMPLE_RATE / FRAME_LENGTH
_LONGEST = (
    "0000.000 s  00000 Hz    noisy −100.0  A −100.0  B −100.0  A − B −100.0 dB  ∠A/B −180°    "
    "mask A −60.0 dB ∠ −180°  mask B −60.0 dB"
)


@dataclass(frozen=True, kw_only=True)
class Point:
    """What is at one point: s, Hz, levels and mask magnitudes in dB, angles in degrees; NaN where not known."""

    seconds: float
    hz: float
    noisy: float
    phase_aware: float = math.nan
    real: float = math.nan
    delta: float = math.nan
    angle: float = math.nan
    mask: float = math.nan
    rotation: float = math.nan
    mask_real: float = math.nan


def look_up(source: Source, seconds: float, hz: float) -> Point | None:
    """What is at a point; None outside the recording."""
    frame, k = round(seconds / _FRAME_SECONDS), round(hz / _BIN_HZ)
    recording, pictures = source.recording, source.pictures
    if not (0 <= frame < recording.spectrogram.columns and 0 <= k < BINS):
        return None
    noisy = LEVEL_CODES.value(int(recording.spectrogram.read(frame, frame + 1, 1)[0][0, k, 0]))
    if pictures is None:
        return Point(seconds=seconds, hz=hz, noisy=noisy)
    pair, masks = pictures.pair, pictures.masks
    a, b, delta, mask, real = (
        pyramid.read(frame, frame + 1, 1)[0][0, k]
        for pyramid in (pair.a, pair.b, pair.delta, masks["phase-aware"], masks["real"])
    )
    return Point(
        seconds=seconds, hz=hz, noisy=noisy, phase_aware=LEVEL_CODES.value(int(a[0])),
        real=LEVEL_CODES.value(int(b[0])), delta=LEVEL_CODES.value(int(delta[0])),
        angle=ANGLE_CODES.value(int(delta[1])), mask=MASK_CODES.value(int(mask[0])),
        rotation=ANGLE_CODES.value(int(mask[1])), mask_real=MASK_CODES.value(int(real[0])),
    )  # fmt: skip


class Readout(QLabel):
    """One or two lines of numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("faint")
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setMinimumWidth(100)
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setToolTip("At the pointer: time, frequency, level of each version, angle of A against B, masks")

    def fit_into(self, width: int, *, most: int) -> None:
        """As many lines as it can need, or as there may be at most."""
        metrics = self.fontMetrics()
        lines = -(-metrics.horizontalAdvance(_LONGEST) // max(1, width))
        self.setFixedHeight(min(lines, most) * metrics.lineSpacing() + 2)

    def show_point(self, point: Point | None) -> None:
        """Tell it, or nothing."""
        self.setText(_text(point) if point is not None else "")


def _text(point: Point) -> str:
    def db(value: float, *, signed: bool = False) -> str:
        return "–" if math.isnan(value) else (f"{value:+.1f}" if signed else f"{value:.1f}").replace("-", "−")

    def degrees(value: float) -> str:
        return "–" if math.isnan(value) else f"{value:+.0f}°".replace("-", "−")

    a, b = COLOURS[Version.PHASE_AWARE], COLOURS[Version.REAL]
    parts = (  # lines break between them, never within
        (FAINT, f"{point.seconds:.3f} s   {point.hz:.0f} Hz  "),
        (FAINT, f"noisy {db(point.noisy)}"),
        (a, f"A {db(point.phase_aware)}"),
        (b, f"B {db(point.real)} dB  "),
        (COLOURS[Version.DELTA], f"A − B {db(point.delta)} dB  ∠A/B {degrees(point.angle)}  "),
        (a, f"mask A {db(point.mask, signed=True)} dB ∠ {degrees(point.rotation)}"),
        (b, f"mask B {db(point.mask_real, signed=True)} dB"),
    )
    return " &nbsp;".join(f"<span style='color:{c}'>{text.replace(' ', chr(0xA0))}</span>" for c, text in parts)
