"""The tour "Why phase?": a place in which speech and noise cancel, and what is said and heard there. Qt-free."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine import SAMPLE_RATE, stft
from phaseaware.engine.masks import SEAM_BIN
from phaseaware.engine.stft import FRAME_LENGTH, HOP
from phaseaware.engine.versions import Version

from .cell import Cell
from .codes import masks_of
from .recording import Recording
from .renderer import Pictures, Slot

__all__ = ["STEPS", "Deeds", "Place", "Step", "caption_of", "deeds_of", "error_db", "find_cancellation"]

_LOOP_SECONDS = 1.2
_LOUD_DB = 25.0
"""Below the loudest cell of the speech: what is quieter does not matter to the ear."""
_LEAST_DB, _MOST_DB = 4.0, 18.0
"""Gains of S/X worth showing: beyond, the mixture is so weak there that nobody would believe it."""
_LEAST_TURN = 60.0
_TURN_TOLD = 30.0
"""Degrees: smaller turns are not counted in what is told of the whole loop."""
_LOWEST = 6
"""Bin, 281 Hz: below, little is heard of a voice on small loudspeakers."""
_LONGEST_SEARCH = 60 * SAMPLE_RATE
_HEAR = " Hear it: 3 plays B, 2 plays A, 4 plays A − B alone (G: louder)."


@dataclass(frozen=True)
class Deeds:
    """What mask A does to the loud cells of the speech in the loop, below the seam.

    Attributes
    ----------
    amplified, turned : shares, from 0 to 1: those above 0 dB, and those turned by more than 30 degrees.
    gain_db : half of those that are amplified are so by more.
    """

    amplified: float
    turned: float
    gain_db: float

    @classmethod
    def of(cls, M: NDArray[np.complexfloating]) -> Deeds:
        """Of the cells' gains."""
        if not M.size:
            return cls(0.0, 0.0, 0.0)
        above = np.abs(M) > 1.001
        turned = np.abs(np.degrees(np.angle(M))) > _TURN_TOLD
        gain_db = float(np.median(_decibels(M[above]))) if above.any() else 0.0
        return cls(float(above.mean()), float(turned.mean()), gain_db)


@dataclass(frozen=True)
class Place:
    """Where speech and noise cancel.

    Attributes
    ----------
    seconds, hz : the cell shown.
    gain_db, turn : what brings the speech back there: gain in dB and rotation in degrees.
    loop : samples around it.
    least_db : from this level on, a cell of the speech is loud.
    ideal : what brings the speech back in the loop: the loud cells that are weaker in the mixture are amplified.
    """

    seconds: float
    hz: float
    gain_db: float
    turn: float
    loop: tuple[int, int]
    least_db: float
    ideal: Deeds


@dataclass(frozen=True, kw_only=True)
class Step:
    """One of the tour's steps.

    Attributes
    ----------
    version : what is heard.
    ideal : ideal masks make A and B; else the model does.
    layout : what is shown, one of view.LAYOUTS by its name.
    """

    version: Version
    ideal: bool
    layout: str


STEPS = (
    Step(version=Version.NOISY, ideal=True, layout="Spectrograms"),
    Step(version=Version.REAL, ideal=True, layout="Masks"),
    Step(version=Version.PHASE_AWARE, ideal=True, layout="Masks"),
    Step(version=Version.CLEAN, ideal=True, layout="Compare masks"),
    Step(version=Version.PHASE_AWARE, ideal=False, layout="Compare masks"),
)


def find_cancellation(recording: Recording) -> Place | None:
    """The stretch in which most of the loud speech is cancelled below the seam, and a cell of it; None without stems.

    Looked for in the first minute, in the first channel.
    """
    if recording.speech is None or recording.noise is None:
        return None
    until = min(recording.samples, _LONGEST_SEARCH)
    S, V = (stft(np.ascontiguousarray(stem.read(0, until)[:, 0])) for stem in (recording.speech, recording.noise))
    S, X = S[:, _LOWEST:SEAM_BIN], (S + V)[:, _LOWEST:SEAM_BIN]
    M = S / np.where(np.abs(X) > 1e-9, X, np.inf)
    level, gain = _decibels(S), _decibels(M)
    least_db = float(level.max()) - _LOUD_DB
    loud = level > least_db
    cancelled = loud & (gain > _LEAST_DB) & (gain < _MOST_DB) & (np.abs(np.degrees(np.angle(M))) > _LEAST_TURN)
    weight = np.where(cancelled, np.abs(S) ** 2, 0)
    if not cancelled.any():
        weight = np.where(loud & (gain > 0), np.abs(S) ** 2, 0)
        if not weight.any():
            return None
    width = max(1, round(_LOOP_SECONDS * SAMPLE_RATE / HOP))
    sums = np.convolve(weight.sum(axis=1), np.ones(width), mode="same")
    middle = int(sums.argmax())
    first, last = max(0, middle - width // 2), min(len(S), middle + width // 2 + 1)
    striking = np.sqrt(weight[first:last]) * np.abs(M[first:last] - 1)  # loud, and far from what a real mask can do
    row, k = divmod(int(striking.argmax()), weight.shape[1])
    frame = row + first
    loop = max(0, (middle - width // 2) * HOP), min(recording.samples, (middle + width // 2) * HOP)
    return Place(
        frame * HOP / SAMPLE_RATE, (k + _LOWEST) * SAMPLE_RATE / FRAME_LENGTH, float(gain[frame, k]),
        float(np.degrees(np.angle(M[frame, k]))), loop,
        least_db, Deeds.of(M[first:last][loud[first:last]]),
    )  # fmt: skip


def deeds_of(recording: Recording, pictures: Pictures, place: Place) -> Deeds:
    """What mask A does in the loop as it is rendered now, as kept for the pictures."""
    assert recording.speech is not None
    first, last = (round(sample / HOP) for sample in place.loop)
    # One hop more before and after: the outer frames of the transform are not whole.
    speech = recording.speech.read((first - 1) * HOP, (last + 1) * HOP)[:, 0]
    codes = pictures.masks["phase-aware"].read(first, last, last - first)[0]
    S = stft(np.ascontiguousarray(speech))[1 : 1 + len(codes), _LOWEST:SEAM_BIN]
    return Deeds.of(masks_of(codes[:, _LOWEST:SEAM_BIN])[_decibels(S) > place.least_db])


def _decibels(X: NDArray[np.complexfloating]) -> NDArray[np.floating]:
    return 20 * np.log10(np.maximum(np.abs(X), 1e-12))


def error_db(recording: Recording, slot: Slot, version: Version, loop: tuple[int, int]) -> float:
    """How far a version is from the clean speech in a stretch: energy of their difference in dB of the speech's."""
    assert recording.speech is not None
    assert version.mask is not None
    clean = recording.speech.read(*loop).astype(np.float64)
    error = slot.tracks[version.mask].read(*loop) - clean
    return float(10 * np.log10(max(float((error**2).sum()), 1e-20) / max(float((clean**2).sum()), 1e-20)))


def caption_of(
    index: int, place: Place, cell: Cell | None, errors: tuple[float, float] | None,
    bounds: tuple[float, float] | None, deeds: Deeds | None = None,
) -> str:  # fmt: skip
    """What is said at a step.

    Parameters
    ----------
    index : of the step.
    cell : the place's cell as it is rendered now.
    errors : of A and B in the loop, in dB of the speech, as rendered now; None: not known yet.
    bounds : the same of the ideal masks.
    deeds : of mask A in the loop, as rendered now; None: not known yet.
    """
    where = f"the ring, at {place.seconds:.2f} s and {place.hz:.0f} Hz"
    if index == 0:
        text = (
            f"Noisy. Speech and noise are waves: where they meet in opposite phase they cancel. In {where}, the "
            f"speech is {place.gain_db:.0f} dB stronger than what is left of it in the mixture."
        )
    elif index == 1:
        text = (
            "B, the ideal real mask: the best that a mask from 0 to 1 can do, computed from the known speech. It can "
            "only make the mixture quieter: no cell in the lowest picture is above 0 dB. What is cancelled stays "
            "missing, and every phase stays that of the mixture." + _error_text("B", errors, 1)
        )
    elif index == 2:
        text = (
            f"A, the ideal phase-aware mask: in {where} it amplifies {place.gain_db:.0f} dB and turns the phase by "
            f"{place.turn:+.0f}°. Yellow to magenta in the upper picture: A amplifies, where the noise cancels speech. "
            "Any hue but blue in the middle one: A turns, where the noise is as loud as the speech or louder. Of the "
            f"loud cells of the speech in this loop A amplifies {_deeds_text(place.ideal)}; B none."
            + _error_text("A", errors, 0)
            + _HEAR
        )
    elif index == 3:
        text = (
            "Clean speech, the goal. In the upper picture the ring is on A's side of the line; right of it is B. Below "
            "right: the cell in the ring as arrows. A's arrow reaches the clean one; B's stays on the noisy one's "
            "line, as it cannot turn it."
        )
    else:
        a, b = (cell.polar(v) if cell is not None else None for v in (Version.PHASE_AWARE, Version.REAL))
        here = f" In the ring A gives {_polar_text(a)}; B {_polar_text(b)}." if a is not None and b is not None else ""
        text = (
            "The same place with the trained model. It hears only the mixture and has to guess, so the effect is "
            f"smaller.{here}"
            + _trained_text(deeds, place.ideal)
            + _error_text("A", errors, 0, bounds)
            + _error_text("B", errors, 1, bounds)
            + _HEAR
        )
    return re.sub(r"-(?=\d)", "−", text)


def _deeds_text(deeds: Deeds) -> str:
    half = f", half of these by more than {deeds.gain_db:.1f} dB," if deeds.amplified else ""
    turned = f"turns {100 * deeds.turned:.0f} % by more than {_TURN_TOLD:.0f}°"
    return f"{100 * deeds.amplified:.0f} %{half} and {turned}"


def _trained_text(deeds: Deeds | None, ideal: Deeds) -> str:
    if deeds is None:
        return ""
    bounds = f"{100 * ideal.amplified:.0f} and {100 * ideal.turned:.0f} %"
    return f" Of the loud cells in the loop A amplifies {_deeds_text(deeds)} (ideal: {bounds})."


def _polar_text(polar: tuple[float, float] | None) -> str:
    assert polar is not None
    length, angle = polar
    return f"{20 * np.log10(max(length, 1e-4)):+.1f} dB and {angle:+.0f}°"


def _error_text(
    letter: str, errors: tuple[float, float] | None, which: int, bounds: tuple[float, float] | None = None
) -> str:
    if errors is None:
        return ""
    ideal = f" (ideal: {-bounds[which]:.1f})" if bounds is not None else ""
    return f" In the loop the error of {letter} is {-errors[which]:.1f} dB below the clean speech{ideal}."
