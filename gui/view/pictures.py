"""Pictures of what is in view, made in a thread at screen resolution."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine import SAMPLE_RATE
from phaseaware.engine.stft import BINS, FRAME_LENGTH, HOP

from ..model import Recording
from ..model.codes import ANGLE_CODES, LEVEL_CODES, MASK_CODES
from ..model.pyramid import Pyramid
from ..model.renderer import Pictures
from .scales import FrequencyScale
from .theme import LUTS

__all__ = ["Kind", "Picture", "PictureWorker", "Point", "View", "compose", "look_up"]

Codes = NDArray[np.uint8]
_FRAME_SECONDS = HOP / SAMPLE_RATE
_BIN_HZ = SAMPLE_RATE / FRAME_LENGTH
_AS_FINE = 0.02
_OPAQUE_DB, _CLEAR_DB = 0.0, -30.0


class Kind(StrEnum):
    """What a pane shows."""

    NOISY = "noisy"
    PHASE_AWARE = "phase-aware"
    REAL = "real"
    DIFFERENCE = "difference"
    SWIPE = "swipe"
    MASK_MAGNITUDE = "mask magnitude"
    MASK_ROTATION = "mask rotation"
    MASK_REAL = "real mask"


@dataclass(frozen=True, kw_only=True)
class View:
    """What part of the recording is wanted, and how finely.

    Attributes
    ----------
    start, stop : s.
    low, high : heights on the frequency scale.
    columns, rows : pixels.
    floor_db : below this level both versions count as equally quiet in the difference.
    kinds : panes in view; what they do not need is not made.
    """

    start: float
    stop: float
    low: float
    high: float
    columns: int
    rows: int
    scale: FrequencyScale
    floor_db: float
    kinds: frozenset[Kind]

    def is_served_by(self, other: View) -> bool:
        """Pictures of another view do as well: they differ only in how far they reach, and reach almost as far."""
        if replace(self, start=0, stop=0, columns=0) != replace(other, start=0, stop=0, columns=0):
            return False
        width, other_width = self.stop - self.start, other.stop - other.start
        as_fine = abs(self.columns * other_width / (other.columns * width) - 1) < _AS_FINE
        slack = width / 8
        return as_fine and other.start <= self.start + slack and self.stop - slack <= other.stop


@dataclass(frozen=True)
class Picture:
    """One pane's image: codes of shape (columns, rows), or RGBA of shape (columns, rows, 4), and where it lies."""

    image: Codes
    start: float
    stop: float
    low: float
    high: float


def compose(recording: Recording, pictures: Pictures | None, view: View) -> dict[Kind, Picture]:
    """Images of the panes in view (and of those they are made from)."""
    bins = _bins(view)
    first, last = view.start / _FRAME_SECONDS + 0.5, view.stop / _FRAME_SECONDS + 0.5
    made: dict[Kind, Picture] = {}

    def add(kind: Kind, pyramid: Pyramid) -> tuple[Codes, float, float]:
        codes, begin, end = pyramid.read(first, last, view.columns)
        rows = _rows(codes, bins)
        made[kind] = place(rows[..., 0], begin, end)
        return rows, begin, end

    def place(image: Codes, begin: float, end: float) -> Picture:
        image = np.asfortranarray(image)  # as the screen wants it, and the GUI's thread need not turn it
        return Picture(image, (begin - 0.5) * _FRAME_SECONDS, (end - 0.5) * _FRAME_SECONDS, view.low, view.high)

    if Kind.NOISY in view.kinds:
        add(Kind.NOISY, recording.spectrogram)
    if pictures is None:
        return made
    if view.kinds & {Kind.PHASE_AWARE, Kind.REAL, Kind.DIFFERENCE, Kind.SWIPE}:
        a, begin, end = add(Kind.PHASE_AWARE, pictures.spectrograms["phase-aware"])
        b, _, _ = add(Kind.REAL, pictures.spectrograms["real"])
        made[Kind.DIFFERENCE] = place(_difference(a[..., 0], b[..., 0], view.floor_db), begin, end)
    if view.kinds & {Kind.MASK_MAGNITUDE, Kind.MASK_ROTATION}:
        mask, begin, end = add(Kind.MASK_MAGNITUDE, pictures.masks["phase-aware"])
        made[Kind.MASK_ROTATION] = place(_rotation(mask), begin, end)
    if Kind.MASK_REAL in view.kinds:
        add(Kind.MASK_REAL, pictures.masks["real"])
    return made


def _bins(view: View) -> NDArray[np.intp]:
    """First bin of each row, and the end of the last."""
    edges = view.scale.hz(np.linspace(view.low, view.high, view.rows + 1)) / _BIN_HZ + 0.5
    return np.clip(edges.astype(np.intp), 0, BINS - 1)


def _rows(codes: Codes, bins: NDArray[np.intp]) -> Codes:
    """Bins to rows: the strongest bin of each row, or the nearest where a bin is higher than a row."""
    columns = codes[:, : max(int(bins[-1]), int(bins[-2]) + 1)]
    if codes.shape[2] == 1:
        return np.maximum.reduceat(columns, bins[:-1], axis=1)
    counts = np.maximum(np.diff(bins), 1)
    picks = np.minimum(bins[:-1, None] + np.arange(counts.max()), (bins[:-1] + counts - 1)[:, None])
    if picks.shape[1] == 1:
        return columns[:, picks[:, 0]]
    best = columns[..., 0][:, picks].argmax(axis=2)
    return columns[np.arange(len(columns))[:, None], np.take_along_axis(picks[None], best[..., None], axis=2)[..., 0]]


def _difference(a: Codes, b: Codes, floor_db: float) -> Codes:
    floor = max(1, round(LEVEL_CODES.code(floor_db)))
    difference = np.maximum(a, floor).astype(np.int16) - np.maximum(b, floor)  # both in steps of 0.5 dB
    difference[(a == 0) | (b == 0)] = 0
    return np.clip(difference + 128, 1, 255).astype(np.uint8)


_ALPHA = (
    np.clip((MASK_CODES.lowest + (np.arange(256) - 1) * MASK_CODES.step - _CLEAR_DB) / (_OPAQUE_DB - _CLEAR_DB), 0, 1)
    * 255
)


def _rotation(mask: Codes) -> Codes:
    rgba = np.empty((*mask.shape[:2], 4), np.uint8)
    rgba[..., :3] = LUTS["rotation"][mask[..., 1]]
    rgba[..., 3] = _ALPHA.astype(np.uint8)[mask[..., 0]]
    return rgba


@dataclass(frozen=True)
class Point:
    """What is at one point: s, Hz, levels and mask magnitudes in dB, rotation in degrees; NaN where not known."""

    seconds: float
    hz: float
    noisy: float
    phase_aware: float
    real: float
    mask: float
    rotation: float
    mask_real: float


def look_up(recording: Recording, pictures: Pictures | None, seconds: float, hz: float) -> Point | None:
    """What is at a point; None outside the recording."""
    frame, k = round(seconds / _FRAME_SECONDS), round(hz / _BIN_HZ)
    if not (0 <= frame < recording.spectrogram.columns and 0 <= k < BINS):
        return None

    def at(pyramid: Pyramid) -> Codes:
        return pyramid.read(frame, frame + 1, 1)[0][0, k]

    nothing = float("nan")
    noisy = LEVEL_CODES.value(int(at(recording.spectrogram)[0]))
    if pictures is None:
        return Point(seconds, hz, noisy, nothing, nothing, nothing, nothing, nothing)
    a, b = (LEVEL_CODES.value(int(at(pictures.spectrograms[name])[0])) for name in ("phase-aware", "real"))
    magnitude, angle = at(pictures.masks["phase-aware"])
    real = at(pictures.masks["real"])[0]
    return Point(
        seconds,
        hz,
        noisy,
        a,
        b,
        MASK_CODES.value(int(magnitude)),
        ANGLE_CODES.value(int(angle)),
        MASK_CODES.value(int(real)),
    )


class PictureWorker:
    """Composes the newest view asked for, in a thread of its own; views asked for meanwhile are skipped.

    Parameters
    ----------
    done : called from the thread with the view and its pictures.
    """

    def __init__(self, done: Callable[[View, dict[Kind, Picture]], None]) -> None:
        self._done = done
        self._wake = threading.Condition()
        self._wanted: tuple[Recording, Pictures | None, View] | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="pictures", daemon=True)
        self._thread.start()

    def ask(self, recording: Recording, pictures: Pictures | None, view: View) -> None:
        """Make this view's pictures as soon as possible."""
        with self._wake:
            self._wanted = recording, pictures, view
            self._wake.notify()

    def close(self) -> None:
        """End the thread."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._wake:
                while self._wanted is None and not self._closed:
                    self._wake.wait()
                if self._closed:
                    return
                assert self._wanted is not None
                wanted, self._wanted = self._wanted, None
            self._done(wanted[2], compose(*wanted))
