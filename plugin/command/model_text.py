"""What there is to know of a model file, for people."""

from __future__ import annotations

import math

from phaseaware.engine.model import CONTRACT, DEFAULT_MODELS, MaskModel, ModelError, ModelInfo, shipped_models
from phaseaware.engine.stft import FRAME_LENGTH, HOP, SAMPLE_RATE

__all__ = ["describe", "list_shipped"]

_TOLD_ELSEWHERE = {
    "phaseaware_contract", "sample_rate", "frame_length", "hop", "seam_hz", "lookahead_frames", "name", "version",
    "training_data", "licence",
}  # fmt: skip


def list_shipped() -> str:
    """A line for each shipped model; ``heard`` is how much sound it was trained on."""
    lines = [_row("name", "version", "size", "latency", "heard", "licence", "masks")]
    defaults = {name: f"  (default for {sound}s)" for sound, name in DEFAULT_MODELS.items()}
    for name, path in shipped_models().items():
        try:
            info = MaskModel(path).info
        except ModelError as error:
            lines.append(f"{name:16} refused: {error}")
            continue
        default = defaults.get(name, "")
        heard = f"{hours} h" if (hours := info.metadata.get("hours_seen")) else "–"
        size, latency = _size(info.size_bytes), _milliseconds(info.latency_samples)
        lines.append(_row(name, info.version, size, latency, heard, info.licence, ", ".join(info.masks) + default))
    return "\n".join(lines) if len(lines) > 1 else "No model comes with this installation."


def _row(name: str, version: str, size: str, latency: str, heard: str, licence: str, masks: str) -> str:
    return f"{name:16} {version:12} {size:>8} {latency:>9} {heard:>8}  {licence:18} {masks}"


def describe(info: ModelInfo) -> list[str]:
    """All that a model says of itself, a line for each thing."""
    ahead = info.lookahead_frames
    numbers = sum(math.prod(shape) for shape in info.state_shapes.values())
    lines = {
        "file": str(info.path),
        "name": info.name,
        "version": info.version,
        "contract": f"{CONTRACT}, kept",
        "masks": ", ".join(info.masks),
        "sample rate": f"{SAMPLE_RATE} Hz, frames of {FRAME_LENGTH} samples, hop {HOP}",
        "seam": f"{info.seam_hz:g} Hz",
        "look-ahead": f"{ahead} frame{'' if ahead == 1 else 's'} ({_milliseconds(ahead * HOP)})",
        "latency": f"{info.latency_samples} samples ({_milliseconds(info.latency_samples)})",
        "size": _size(info.size_bytes),
        "state": f"{len(info.state_shapes)} tensors, {numbers} numbers",
        "training data": info.training_data,
        "licence": info.licence,
    }
    lines |= {key.replace("_", " "): value for key, value in info.metadata.items() if key not in _TOLD_ELSEWHERE}
    return [f"{key:14} {value}" for key, value in lines.items()]


def _milliseconds(samples: int) -> str:
    return f"{1000 * samples / SAMPLE_RATE:.1f} ms"


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"
