"""New voices out of recorded ones: pitch and formants moved apart, as other throats and other mouths would."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
import pedalboard
from numpy.typing import NDArray

from .augment import speed

__all__ = ["moved_apart", "with_new_voices"]

Samples = NDArray[np.float32]
_SEMITONES = 4.0  # of the pitch, up or down
_FORMANTS = 1.18  # largest factor of the formants, up or down: children's mouths to large men's
_LEAST_APART = 1.5  # semitones between both moves: less is the same voice at another speed


def moved_apart(x: Samples, rate: int, *, semitones: float, formants: float) -> Samples:
    """Speech with its pitch moved by ``semitones`` and its formants by a factor, at its old speed.

    Pitch alone is moved by Rubber Band with the formants kept; then all is played ``formants`` times as fast, after it
    was stretched by as much.
    """
    shift = semitones - 12 * np.log2(formants)
    stretched = pedalboard.time_stretch(
        x[None], rate, stretch_factor=1 / formants, pitch_shift_in_semitones=shift, preserve_formants=True
    )
    return speed(stretched[0], formants, rate)


def with_new_voices(
    clips: Iterable[tuple[str, str, int, Samples]], *, seconds: float, seed: int = 1
) -> Iterator[tuple[str, str, int, Samples]]:
    """The clips, and up to ``seconds`` of each voice's speech again as that of another, with ``~`` behind its name."""
    given: dict[str, float] = defaultdict(float)
    for kind, who, rate, x in clips:
        yield kind, who, rate, x
        if kind == "speech" and len(x) > rate // 2 and given[who] < seconds:
            given[who] += len(x) / rate
            semitones, formants = _move(who, seed)
            yield kind, f"{who}~", rate, moved_apart(x, rate, semitones=semitones, formants=formants)


def _move(who: str, seed: int) -> tuple[float, float]:
    """A voice's new pitch and formants, always the same."""
    rng = np.random.default_rng([seed, *who.encode()])
    while True:
        semitones = rng.uniform(-_SEMITONES, _SEMITONES)
        formants = np.exp(rng.uniform(-np.log(_FORMANTS), np.log(_FORMANTS)))
        if abs(semitones - 12 * np.log2(formants)) > _LEAST_APART:
            return float(semitones), float(formants)
