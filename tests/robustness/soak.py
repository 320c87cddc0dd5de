"""Hours of live sound: memory, speed and level must not drift, and the samples are those of one shot."""

from __future__ import annotations

import ctypes
import gc
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine import AnyRateSeparator, MaskModel
from phaseaware.plugin import Pedalboard, PhaseAware
from phaseaware.plugin.live import LiveSession

from tests.signals import voice_like

__all__ = ["Soak", "decaying", "resident_mb", "seconds_for", "settled_mb", "soak"]

Samples = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Soak:
    """What a long stream did.

    Attributes
    ----------
    grown_mb : largest resident memory of the last tenth, less the smallest of the second; the first one warms up.
    slower : processing time, divided by that of the one-shot engine on the same sound at the same time (other work on
        the machine slows both), in the last tenth against the second; medians.
    level_db : level of the last tenth of the output less that of the second; the input repeats.
    difference : largest deviation from the one-shot result.
    """

    block: int
    sample_rate: int
    seconds: float
    grown_mb: float
    slower: float
    level_db: float
    difference: float


def resident_mb() -> float:
    """Resident memory of this process (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def settled_mb() -> float:
    """Resident memory without what was freed and is kept for later: it comes and goes by tens of MB, as the C
    library gives back pages when it likes."""
    gc.collect()
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
    return resident_mb()


def _noisy_speech(sample_rate: int, seconds: int) -> Samples:
    rng = np.random.default_rng(7)
    x = voice_like(rng, seconds * sample_rate, sample_rate=sample_rate)
    return (x + 0.03 * rng.standard_normal(len(x)).astype(np.float32))[None]


def soak(model: Path, *, block: int, seconds: float, sample_rate: int = 48_000, period: int = 60) -> Soak:
    """Stream through a live session; beside it, in large blocks, through the engine, which is one shot in pieces.

    ``period``: seconds after which the sound repeats. Memory is looked at after each comparison of some 10 s of sound,
    so that what the comparison itself holds is the same at every look.
    """
    sound = _noisy_speech(sample_rate, period)
    session = LiveSession(Pedalboard([PhaseAware(model=model)]), sample_rate=sample_rate)
    whole = AnyRateSeparator(MaskModel(model), sample_rate=sample_rate)
    size = block * max(1, min(10 * sample_rate, int(seconds * sample_rate) // 10) // block)
    rounds = max(10, int(seconds * sample_rate) // size)
    spent, power, memory, difference = np.zeros(rounds), np.zeros(rounds), np.zeros(rounds), 0.0
    late = np.zeros((1, whole.latency_samples), np.float32)  # the session gives silence until its latency has passed
    y = np.empty((1, size), np.float32)
    for number in range(rounds):
        x = sound.take(np.arange(number * size, (number + 1) * size), axis=1, mode="wrap")
        for start in range(0, size, block):
            began = time.thread_time()
            y[:, start : start + block] = session.process(x[:, start : start + block])
            spent[number] += time.thread_time() - began
        began = time.thread_time()
        expected = np.concatenate([late, whole.process(x)[0]], axis=1)
        spent[number] /= time.thread_time() - began
        late = expected[:, size:].copy()
        difference = max(difference, float(np.abs(y - expected[:, :size]).max()))
        power[number] = np.square(y, dtype=np.float64).sum()
        memory[number] = resident_mb()
    assert session.board.latency_samples == whole.latency_samples
    first, last = slice(rounds // 10, rounds // 5), slice(-(rounds // 10), None)  # the first tenth warms up
    return Soak(
        block=block, sample_rate=sample_rate, seconds=rounds * size / sample_rate,
        grown_mb=memory[last].max() - memory[first].min(),
        slower=float(np.median(spent[last]) / np.median(spent[first])),
        level_db=float(10 * np.log10(power[last].mean() / power[first].mean())), difference=difference,
    )  # fmt: skip


def decaying(seconds: float, sample_rate: int = 48_000) -> Samples:
    """Words that die away below the smallest normal number of float32, each over 2 s, over and over."""
    t = np.arange(int(seconds * sample_rate)) % (2 * sample_rate) / sample_rate
    rng = np.random.default_rng(5)
    x = 0.3 * np.exp(-55 * t) * rng.standard_normal(len(t))  # 10^-48 at the end
    return x.astype(np.float32)[None]


def seconds_for(model: Path, x: Samples, block: int = 512) -> float:
    """Processor time of streaming a signal."""
    session = LiveSession(Pedalboard([PhaseAware(model=model)]), sample_rate=48_000)
    began = time.process_time()
    for start in range(0, x.shape[1] - block + 1, block):
        assert np.isfinite(session.process(x[:, start : start + block])).all()
    return time.process_time() - began
