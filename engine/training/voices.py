"""New voices out of recorded ones: pitch and formants moved apart, as other throats and other mouths would."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from pylibrb import Option, RubberBandStretcher

__all__ = ["moved_apart", "with_new_voices"]

Samples = NDArray[np.float32]
_BLOCK = 8192
_SEMITONES = 4.0  # of the pitch, up or down
_FORMANTS = 1.18  # largest factor of the formants, up or down: children's mouths to large men's
_LEAST_APART = 1.5  # semitones between both moves: less is the same voice at another speed


def moved_apart(x: Samples, rate: int, *, semitones: float, formants: float) -> Samples:
    """Speech of shape (n,) with its pitch moved by ``semitones`` and its formants by a factor, at its old speed.

    By the Rubber Band library (C. Cannam), whose finer engine keeps the spectral envelope and pitch apart.
    """
    options = Option.PROCESS_OFFLINE | Option.ENGINE_FINER | Option.FORMANT_PRESERVED | Option.THREADING_NEVER
    pitch = 2 ** (semitones / 12)
    stretcher = RubberBandStretcher(rate, 1, options, 1.0, pitch)
    stretcher.formant_scale = formants / pitch  # in what the pitch has moved already
    made = []
    blocks = [x[None, start : start + _BLOCK] for start in range(0, len(x), _BLOCK)]
    for i, block in enumerate(blocks, 1):
        stretcher.study(block, final=i == len(blocks))
    for i, block in enumerate(blocks, 1):
        stretcher.process(block, final=i == len(blocks))
        made.append(stretcher.retrieve_available())
    y: Samples = np.concatenate(made, axis=1)[0]
    return y


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
