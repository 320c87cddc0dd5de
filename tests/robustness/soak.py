"""Hours of live sound: memory, speed and level must not drift, and the samples are those of one shot."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine import AnyRateSeparator, MaskModel
from phaseaware.plugin import Pedalboard, PhaseAware
from phaseaware.plugin.live import LiveSession

from tests.signals import voice_like

__all__ = ["Soak", "decaying", "resident_mb", "seconds_for", "soak"]

Samples = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Soak:
    """What a long stream did.

    Attributes
    ----------
    grown_mb : resident memory at the end, less that after the first tenth.
    slower : processing time of the last tenth divided by that of the first.
    level_db : level of the last tenth of the output less that of the first; the input repeats.
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


def _noisy_speech(sample_rate: int, seconds: int) -> Samples:
    rng = np.random.default_rng(7)
    x = voice_like(rng, seconds * sample_rate, sample_rate=sample_rate)
    return (x + 0.03 * rng.standard_normal(len(x)).astype(np.float32))[None]


def _blocks(sound: Samples, block: int, samples: int) -> Iterator[Samples]:
    """The sound again and again, in blocks."""
    size = sound.shape[1]
    twice = np.concatenate([sound, sound], axis=1)
    for start in range(0, samples - block + 1, block):
        yield twice[:, start % size : start % size + block]


def soak(model: Path, *, block: int, seconds: float, sample_rate: int = 48_000, period: int = 60) -> Soak:
    """Stream through a live session; beside it, in large blocks, through the engine, which is one shot in pieces.

    ``period``: seconds after which the sound repeats.
    """
    sound, samples = _noisy_speech(sample_rate, period), int(seconds * sample_rate)
    session = LiveSession(Pedalboard([PhaseAware(model=model)]), sample_rate=sample_rate)
    whole = AnyRateSeparator(MaskModel(model), sample_rate=sample_rate)
    reference = whole.process(sound)[0]
    latency, passed = whole.latency_samples, whole.latency_samples
    tenth = max(1, samples // block // 10)
    spent, power, difference, memory = np.zeros(11), np.zeros(11), 0.0, 0.0
    made: list[Samples] = []
    waiting = 0
    for number, x in enumerate(_blocks(sound, block, samples)):
        part = min(number // tenth, 10)
        if number == tenth:
            memory = resident_mb()
        began = time.perf_counter()
        y = session.process(x)
        spent[part] += time.perf_counter() - began
        power[part] += float(np.square(y, dtype=np.float64).sum())
        made.append(y)
        waiting += block
        if waiting > sample_rate * min(period, 10):
            output = np.concatenate(made, axis=1)
            cut = min(passed, output.shape[1])  # silence until the latency has passed
            passed -= cut
            output = output[:, cut:]
            while reference.shape[1] < output.shape[1]:
                reference = np.concatenate([reference, whole.process(sound)[0]], axis=1)
            difference = max(difference, float(np.abs(output - reference[:, : output.shape[1]]).max(initial=0)))
            reference, made, waiting = reference[:, output.shape[1] :], [], 0
    assert latency == session.board.latency_samples
    return Soak(
        block=block, sample_rate=sample_rate, seconds=seconds, grown_mb=resident_mb() - memory,
        slower=spent[9] / spent[0], level_db=float(10 * np.log10(power[9] / power[1])), difference=difference,
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
