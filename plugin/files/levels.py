"""Levels of what passes, and one loudness for the whole file."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from phaseaware.engine.audio import AudioFileError, AudioInfo
from phaseaware.engine.audio.formats import block_frames
from phaseaware.engine.limiter import PeakLimiter
from phaseaware.engine.loudness import Loudness, LoudnessMeter

from .streams import Samples

__all__ = ["Level", "Levelling", "levelled"]

_MARGIN = 0.1
"""dB below the ceiling, as meters differ in how they find what is between the samples."""
_CLOSE = 0.05
_MOST_PASSES = 6


class Level:
    """The RMS level of all blocks together."""

    def __init__(self) -> None:
        self._sum, self._count = 0.0, 0

    def add(self, block: Samples) -> None:
        """The next block; NaN and inf count as silence."""
        energy = float(np.vdot(block, block))
        if not math.isfinite(energy):
            finite = np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float64)
            energy = float(np.vdot(finite, finite))
        self._sum += energy
        self._count += block.size

    @property
    def db(self) -> float:
        """In dBFS: a square wave of full scale has 0; -inf for silence."""
        return 10 * math.log10(self._sum / self._count) if self._sum > 0 else -math.inf


@dataclass(frozen=True)
class Levelling:
    """What brought a sound to a loudness.

    Attributes
    ----------
    loudness : reached, LUFS.
    gain : dB.
    ceiling : of the limiter, dBTP; None: there is none, as nothing reaches it.
    limited : the most that the limiter takes away, dB.
    """

    loudness: float
    gain: float = 0.0
    ceiling: float | None = None
    limited: float = 0.0

    def note(self, lufs: float) -> str | None:
        """What a user should know of it, in words that follow the file's name."""
        if not math.isfinite(self.loudness):
            return "is too short or too quiet for a loudness, so its level stays"
        if abs(self.loudness - lufs) > 0.5:
            return f"has {self.loudness:.1f} LUFS, not {lufs:.1f}: its peaks leave no room for more"
        if self.limited > 6:
            return f"its peaks were lowered by up to {self.limited:.1f} dB; a lower --lufs would keep them"
        return None


@contextmanager
def levelled(
    blocks: Iterable[Samples], target: Path, info: AudioInfo, *, lufs: float, true_peak: float,
    check: Callable[[], None] = lambda: None,
) -> Iterator[tuple[Iterator[Samples], Levelling]]:  # fmt: skip
    """Blocks at one loudness, and how they got there. They are all taken at once, and wait in a file without a name
    beside ``target``, from which they are read as often as is needed to find the gain: limiting peaks takes loudness.

    Parameters
    ----------
    lufs, true_peak : the loudness wanted, and the true peak that is nowhere passed, in dBTP.
    check : called for each block that is read again.

    Raises
    ------
    AudioFileError : there is no room for the file.
    """
    meter = _meter(info)
    try:
        with tempfile.TemporaryFile(dir=target.parent) as held:
            for block in blocks:
                meter.add(block)
                held.write(np.ascontiguousarray(block.T, "<f4").data)
            levelling = _find(held, info, meter.finish(), lufs, true_peak - _MARGIN, check)
            yield _through(held, info, levelling, check), levelling
    except OSError as error:
        reason = f"cannot be written: no room beside it for the first pass ({error.strerror})"
        raise AudioFileError(target, reason) from None


def _meter(info: AudioInfo) -> LoudnessMeter:
    return LoudnessMeter(info.sample_rate, channels=info.channels, channel_mask=info.channel_mask)


def _find(
    held: IO[bytes], info: AudioInfo, measured: Loudness, lufs: float, ceiling: float, check: Callable[[], None]
) -> Levelling:
    if not math.isfinite(measured.integrated):
        return Levelling(measured.integrated)
    gain = lufs - measured.integrated
    if measured.true_peak + gain <= ceiling:
        return Levelling(lufs, gain)
    best = None
    for _ in range(_MOST_PASSES):
        meter, limiter = _meter(info), _limiter(info, ceiling)
        for block in _limited(held, info, gain, limiter, check):
            meter.add(block)
        reached = meter.finish().integrated
        if best is None or abs(reached - lufs) < abs(best.loudness - lufs):
            best = Levelling(reached, gain, ceiling, limiter.most)
        if abs(reached - lufs) <= _CLOSE:
            break
        gain += lufs - reached
    assert best is not None
    return best


def _limiter(info: AudioInfo, ceiling: float) -> PeakLimiter:
    return PeakLimiter(info.sample_rate, channels=info.channels, ceiling=ceiling)


def _through(held: IO[bytes], info: AudioInfo, how: Levelling, check: Callable[[], None]) -> Iterator[Samples]:
    if how.ceiling is None:
        return _read(held, info, how.gain, check)
    return _limited(held, info, how.gain, _limiter(info, how.ceiling), check)


def _limited(
    held: IO[bytes], info: AudioInfo, gain: float, limiter: PeakLimiter, check: Callable[[], None]
) -> Iterator[Samples]:
    for block in _read(held, info, gain, check):
        yield limiter.process(block)
    yield limiter.flush()


def _read(held: IO[bytes], info: AudioInfo, gain: float, check: Callable[[], None]) -> Iterator[Samples]:
    factor, size = np.float32(10 ** (gain / 20)), block_frames(info.channels) * info.channels * 4
    held.seek(0)
    while data := held.read(size):
        check()
        yield np.frombuffer(data, "<f4").reshape(-1, info.channels).T * factor
