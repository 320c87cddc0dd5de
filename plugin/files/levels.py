"""Levels of what passes, and one loudness for the whole file."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from phaseaware.engine.audio import AudioFileError, AudioInfo
from phaseaware.engine.audio.formats import block_frames
from phaseaware.engine.loudness import Loudness, LoudnessMeter

from .streams import Samples

__all__ = ["Level", "gain_for", "levelled"]


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


def gain_for(measured: Loudness, lufs: float, true_peak: float) -> tuple[float, str | None]:
    """Gain in dB that brings a sound to a loudness, and what keeps it from that, in words.

    Examples
    --------
    >>> gain_for(Loudness(-23.0, -9.0), -16.0, -1.0)
    (7.0, None)
    >>> gain_for(Loudness(-23.0, -5.0), -16.0, -1.0)
    (4.0, 'has -19.0 LUFS, not -16.0, as its true peak would be above -1.0 dBTP')
    """
    if not math.isfinite(measured.integrated):
        return 0.0, "is too short or too quiet for a loudness, so its level stays"
    gain, most = lufs - measured.integrated, true_peak - measured.true_peak
    if gain <= most:
        return gain, None
    reached = measured.integrated + most
    return most, f"has {reached:.1f} LUFS, not {lufs:.1f}, as its true peak would be above {true_peak:.1f} dBTP"


def levelled(
    blocks: Iterable[Samples], target: Path, info: AudioInfo, *, lufs: float, true_peak: float
) -> tuple[Iterator[Samples], float, str | None]:
    """Blocks at one loudness. They are all taken at once, and wait in a file without a name beside ``target``.

    Returns
    -------
    blocks, loudness in LUFS, and what was kept from being so, in words.

    Raises
    ------
    AudioFileError : there is no room for the file.
    """
    meter = LoudnessMeter(info.sample_rate, channels=info.channels, channel_mask=info.channel_mask)
    try:
        held = tempfile.TemporaryFile(dir=target.parent)  # noqa: SIM115 (closed where it has been read)
        for block in blocks:
            meter.add(block)
            held.write(np.ascontiguousarray(block.T, "<f4").data)
        held.seek(0)
    except OSError as error:
        reason = f"cannot be written: no room beside it for the first pass ({error.strerror})"
        raise AudioFileError(target, reason) from None
    measured = meter.finish()
    gain, note = gain_for(measured, lufs, true_peak)

    def scaled() -> Iterator[Samples]:
        factor = np.float32(10 ** (gain / 20))
        with held:
            while data := held.read(block_frames(info.channels) * info.channels * 4):
                yield np.frombuffer(data, "<f4").reshape(-1, info.channels).T * factor

    return scaled(), measured.integrated + gain, note
