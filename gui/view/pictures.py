"""Pictures of what is in view, at screen resolution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine import SAMPLE_RATE
from phaseaware.engine.stft import HOP
from phaseaware.engine.versions import Version

from ..model import Recording, Renderer
from ..model.channels import Channels
from ..model.codes import LEVEL_CODES, MASK_CODES, encode_angle
from ..model.mixer import read_version
from ..model.pyramid import Pyramid, strongest
from ..model.renderer import Pictures, Slot
from ..model.spectra import columns_of
from ..model.store import Coverage
from .kinds import SPECTROGRAMS, Kind, Picture, View
from .theme import BACKGROUND_RGB, LUTS

__all__ = ["Source", "compose", "fitted_ranges"]

Codes = NDArray[np.uint8]
_FRAME_SECONDS = HOP / SAMPLE_RATE
_OPAQUE_DB, _CLEAR_DB = 0.0, -30.0
_HEARD_DB = 30.0
"""What lies so far above the floor is drawn in full; in between differences are faded."""
_NEEDED: dict[Kind, tuple[Version, ...]] = {
    Kind.NOISY: (Version.NOISY,), Kind.PHASE_AWARE: (Version.PHASE_AWARE,), Kind.REAL: (Version.REAL,),
    Kind.DELTA: (Version.DELTA,), Kind.CLEAN: (Version.CLEAN,), Kind.SWIPE: (Version.PHASE_AWARE, Version.REAL),
    Kind.LEVEL_DIFFERENCE: (Version.PHASE_AWARE, Version.REAL),
    Kind.PHASE_DIFFERENCE: (Version.PHASE_AWARE, Version.REAL, Version.DELTA),
}  # fmt: skip
_KIND_OF = {Version.NOISY: Kind.NOISY, Version.PHASE_AWARE: Kind.PHASE_AWARE, Version.REAL: Kind.REAL,
            Version.DELTA: Kind.DELTA, Version.CLEAN: Kind.CLEAN}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """What pictures are made of: a recording, and what is rendered of it by now."""

    recording: Recording
    pictures: Pictures | None = None
    slot: Slot | None = None

    @classmethod
    def of(cls, recording: Recording, renderer: Renderer | None) -> Source:
        """As things stand."""
        return cls(recording) if renderer is None else cls(recording, renderer.pictures, renderer.newest)

    def pyramid(self, version: Version) -> Pyramid | None:
        """The picture that is kept of a version."""
        recording, pictures = self.recording, self.pictures
        if version is Version.NOISY:
            return recording.spectrogram
        if version is Version.CLEAN:
            return recording.clean.spectrogram if recording.clean is not None else None
        if pictures is None:
            return None
        pair = pictures.pair
        return {Version.PHASE_AWARE: pair.a, Version.REAL: pair.b, Version.DELTA: pair.delta}.get(version)

    def coverage(self, version: Version) -> Coverage:
        """What is there of it."""
        return self.slot.coverage if version.is_rendered and self.slot is not None else self.recording.coverage


@dataclass(frozen=True)
class _Layer:
    """Codes of shape (columns, rows, planes) and the times in s that they cover."""

    codes: Codes
    start: float
    stop: float


def compose(source: Source, view: View) -> dict[Kind, Picture]:
    """Images of the panes in view (and of those they are made from)."""
    made: dict[Kind, Picture] = {}

    def place(kind: Kind, image: Codes, layer: _Layer) -> None:
        # As the screen wants it, and the GUI's thread need not turn it.
        known = image[..., 3] if image.ndim == 3 else image
        where = layer.start, layer.stop, view.low, view.high
        made[kind] = Picture(np.asfortranarray(image), *where, is_complete=bool(known.all()))

    wanted = {version for kind in view.kinds for version in _NEEDED.get(kind, ())}
    found = {version: layer for version in wanted if (layer := _levels(source, version, view)) is not None}
    for version, layer in found.items():
        place(_KIND_OF[version], layer.codes[..., 0], layer)
    if {Version.PHASE_AWARE, Version.REAL} <= found.keys():
        a, b = (found[v].codes[..., 0] for v in (Version.PHASE_AWARE, Version.REAL))
        if Kind.LEVEL_DIFFERENCE in view.kinds:
            place(Kind.LEVEL_DIFFERENCE, _difference(a, b, view.floor_db), found[Version.PHASE_AWARE])
        if Kind.PHASE_DIFFERENCE in view.kinds and Version.DELTA in found:
            delta = found[Version.DELTA]
            place(Kind.PHASE_DIFFERENCE, _phase(delta.codes, np.maximum(a, b), view.floor_db), delta)
    if source.pictures is not None:
        _add_masks(source.pictures, view, place)
    return made


def _add_masks(pictures: Pictures, view: View, place: object) -> None:
    assert callable(place)
    kinds = view.kinds
    both = kinds & {Kind.MASK_SWIPE, Kind.MASK_RATIO}
    a = b = None
    if both or kinds & {Kind.MASK_MAGNITUDE, Kind.MASK_ROTATION}:
        a = _kept(pictures.masks["phase-aware"], view)
        place(Kind.MASK_MAGNITUDE, a.codes[..., 0], a)
        place(Kind.MASK_ROTATION, _rotation(a.codes), a)
    if both or Kind.MASK_REAL in kinds:
        b = _kept(pictures.masks["real"], view)
        place(Kind.MASK_REAL, b.codes[..., 0], b)
    if a is not None and b is not None:
        place(Kind.MASK_RATIO, _ratio(a.codes[..., 0], b.codes[..., 0]), a)


def _levels(source: Source, version: Version, view: View) -> _Layer | None:
    """Levels of a version, and of A - B the angles too."""
    pyramid = source.pyramid(version)
    if pyramid is None:
        return None
    recording = source.recording
    if view.spectrum.is_default and (view.channels is Channels.ALL or recording.channels == 1):
        return _kept(pyramid, view)

    def spectra(of: Version) -> tuple[NDArray[np.complex64], float, float]:
        def read(start: int, stop: int) -> NDArray[np.float32]:
            return view.channels.of(read_version(of, "phase-aware", recording, source.slot, start, stop))

        span = max(0, round(view.start * SAMPLE_RATE)), min(recording.samples, round(view.stop * SAMPLE_RATE))
        return columns_of(read, view.spectrum, *span, view.columns)

    X, begin, end = spectra(version)
    codes = [LEVEL_CODES.encode_power((X.real**2 + X.imag**2).mean(axis=1))]
    if version is Version.DELTA:
        A, B = (spectra(part)[0] for part in (Version.PHASE_AWARE, Version.REAL))
        codes.append(encode_angle((A * B.conj()).sum(axis=1)))
    stacked = np.stack(codes, axis=-1)
    centres = begin + (np.arange(len(stacked)) + 0.5) * (end - begin) / len(stacked)
    known = np.zeros(len(centres), bool)
    for first, last in source.coverage(version).intervals:
        known |= (first <= centres) & (centres < last)
    stacked[~known] = 0
    return _Layer(_rows(stacked, view), begin / SAMPLE_RATE, end / SAMPLE_RATE)


def _kept(pyramid: Pyramid, view: View) -> _Layer:
    first, last = view.start / _FRAME_SECONDS + 0.5, view.stop / _FRAME_SECONDS + 0.5
    codes, begin, end = pyramid.read(first, last, view.columns)
    return _Layer(_rows(codes, view), (begin - 0.5) * _FRAME_SECONDS, (end - 0.5) * _FRAME_SECONDS)


def _rows(codes: Codes, view: View) -> Codes:
    """Bins to rows: the strongest bin of each row, or the nearest where a bin is higher than a row."""
    top = codes.shape[1] - 1
    edges = view.scale.hz(np.linspace(view.low, view.high, view.rows + 1)) / (SAMPLE_RATE / 2) * top + 0.5
    bins = np.clip(edges.astype(np.intp), 0, top)
    return strongest(codes, bins[:-1], np.maximum(bins[1:], bins[:-1] + 1), axis=1)


def _heard(codes: Codes, floor_db: float) -> NDArray[np.float32]:
    """How much of a cell is heard, 0 to 1, by its level."""
    levels = LEVEL_CODES.decode(np.arange(256, dtype=np.uint8))
    return np.clip((levels - floor_db) / _HEARD_DB, 0, 1).astype(np.float32)[codes]


def _difference(a: Codes, b: Codes, floor_db: float) -> Codes:
    difference = (a.astype(np.float32) - b) * _heard(np.maximum(a, b), floor_db)  # both in steps of 0.5 dB
    known = np.clip(np.rint(difference) + 128, 1, 255).astype(np.uint8)
    known[(a == 0) | (b == 0)] = 0
    return known


def _ratio(a: Codes, b: Codes) -> Codes:
    ratio = np.clip(a.astype(np.int16) - b + 128, 1, 255).astype(np.uint8)
    ratio[(a == 0) | (b == 0)] = 0
    return ratio


def _blended(angles: Codes, weight: NDArray[np.float32], known: NDArray[np.bool_]) -> Codes:
    """Hues of angles, by weight before the background; transparent where nothing is known."""
    rgba = np.empty((*angles.shape, 4), np.uint8)
    rgba[..., :3] = BACKGROUND_RGB + weight[..., None] * (LUTS["rotation"][angles].astype(np.float32) - BACKGROUND_RGB)
    rgba[..., 3] = np.where(known, 255, 0)
    return rgba


def _phase(delta: Codes, louder: Codes, floor_db: float) -> Codes:
    return _blended(delta[..., 1], _heard(louder, floor_db), delta[..., 0] > 0)


_WEIGHTS = np.clip(
    (MASK_CODES.decode(np.arange(256, dtype=np.uint8)) - _CLEAR_DB) / (_OPAQUE_DB - _CLEAR_DB), 0, 1
).astype(np.float32)


def _rotation(mask: Codes) -> Codes:
    return _blended(mask[..., 1], _WEIGHTS[mask[..., 0]], mask[..., 0] > 0)


def fitted_ranges(source: Source) -> dict[Kind, tuple[float, float]]:
    """Ranges in dB that show what is there, of spectrograms and of masks; what nothing is known of is missing."""
    ranges: dict[Kind, tuple[float, float]] = {}
    levels, _, _ = source.recording.spectrogram.read(0, source.recording.spectrogram.columns, 512)
    if (known := levels[levels > 0]).size:
        top = min(6.0, 5 * np.ceil(LEVEL_CODES.value(float(np.percentile(known, 99.95))) / 5))
        ranges |= dict.fromkeys(SPECTROGRAMS, (max(-120.0, top - 85), max(top, -60.0)))
    if source.pictures is not None:
        pyramid = source.pictures.masks["phase-aware"]
        masks = pyramid.read(0, pyramid.columns, 1024)[0][..., 0]
        if (known := masks[masks > 0]).size:
            low, high = (MASK_CODES.value(float(c)) for c in np.percentile(known, (10, 99.9)))
            fitted = float(np.clip(3 * np.floor(low / 3), -48, -18)), float(np.clip(3 * np.ceil(high / 3), 6, 36))
            ranges |= dict.fromkeys((Kind.MASK_MAGNITUDE, Kind.MASK_REAL, Kind.MASK_SWIPE), fitted)
    return ranges
