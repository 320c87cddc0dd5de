"""What a preset may ask of native effects, which take values with which they never end, or fill the memory."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from phaseaware.engine.audio import AudioFileError, AudioReader

__all__ = ["MOST_PLUGINS", "check_impulse_response", "check_memory", "range_of"]

MOST_PLUGINS = 64
MOST_MEMORY = 2 << 30
_LONGEST_RESPONSE = 12.0  # s, of the largest halls
_RANGES = {
    "target_sample_rate": (1000.0, 384_000.0),
    "rate_hz": (0.0, 99.0),
    "semitones": (-72.0, 72.0),
    "delay_seconds": (0.0, 30.0),
    "centre_delay_ms": (1.0, 99.0),
    "lookahead_ms": (0.01, 100.0),
    "ratio": (1.0, 1000.0),
    "bit_depth": (0.0, 32.0),
    "drive": (1.0, 100.0),
    "q": (0.01, 100.0),
    "vbr_quality": (0.0, 9.99),
}
_BY_UNIT = {"_hz": (0.0, 192_000.0), "_db": (-200.0, 200.0), "_ms": (0.0, 60_000.0)}
_BYTES_PER_HZ = {"Delay": 30 * 4, "Convolution": 12 * 4}
"""Of one channel: a Delay holds 30 s, however short it is set."""
_BYTES = {"PhaseAware": 1 << 20, "PitchShift": 1 << 20}
_SHARE = (0.0, 1.0)
_SIGNED_SHARE = (-1.0, 1.0)


def range_of(kind: str, name: str) -> tuple[float, float]:
    """Least and largest value of a native effect's parameter; frequencies are above 0 Hz too."""
    if name == "feedback" and kind in ("Chorus", "Phaser"):
        return _SIGNED_SHARE
    if name == "gain_db" and kind != "Gain":  # as a factor, which is kept
        return -96.0, 96.0
    if name in _RANGES:
        return _RANGES[name]
    return next((found for unit, found in _BY_UNIT.items() if name.endswith(unit)), _SHARE)


def check_memory(kinds: Iterable[str], sample_rate: float, channels: int) -> None:
    """Whether effects of these kinds fit the memory with so many channels, of which each has all of them to itself.

    Raises
    ------
    ValueError : they do not.
    """
    each = sum(_BYTES.get(kind, 1 << 16) + _BYTES_PER_HZ.get(kind, 0) * sample_rate for kind in kinds)
    if (all_of_them := each * channels) > MOST_MEMORY:
        raise ValueError(
            f"the effects of the preset take about {all_of_them / 1e9:.1f} GB with {channels} channels at "
            f"{sample_rate:g} Hz, and {MOST_MEMORY / 1e9:.1f} GB is the most; use fewer of them"
        )


def check_impulse_response(path: Path) -> None:
    """Whether it is a sound that a convolution may use.

    Raises
    ------
    ValueError : it is not, with the reason.
    """
    try:
        with AudioReader(path) as reader:
            info = reader.info
    except AudioFileError as error:
        raise ValueError(error.reason) from None
    if info.seconds > _LONGEST_RESPONSE:
        raise ValueError(f"{info.seconds:.1f} s long; an impulse response has {_LONGEST_RESPONSE:g} s at most")
    if info.channels > 2:
        raise ValueError(f"{info.channels} channels; an impulse response has one or two")
