"""What a preset may ask of native effects, which take values with which they never end, or fill the memory."""

from __future__ import annotations

from pathlib import Path

from phaseaware.engine.audio import AudioFileError, AudioReader

__all__ = ["MOST_PLUGINS", "check_impulse_response", "range_of"]

MOST_PLUGINS = 64
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
