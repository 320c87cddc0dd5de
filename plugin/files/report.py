"""What became of a file."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from typing import Any

from phaseaware.engine.audio import AudioInfo

from .job import AnyJob
from .manifest import Manifest

__all__ = ["Report", "clock"]


@dataclass
class Report:
    """What became of a file.

    Attributes
    ----------
    info : what was written, or was there already, or would be; None: the file could not be read.
    seconds : of sound; elapsed : of work.
    level_before, level_after : RMS of input and cleaned sound in dBFS, before any change of loudness.
    removed : dB of it that were taken away; None where the output is not the sound less its noise.
    loudness : integrated, in LUFS, of the output, where one was asked for.
    clipped : samples of the output beyond full scale, which its format cannot hold.
    not_finite : samples of the input that were NaN or infinite; they count as silence.
    notes : what is odd about the input, and what the output could not keep.
    left_out : those of them that mean that sound of the input is not in the output.
    error : why there is no output.
    was_whole : the output was there already, and stays.
    is_planned : nothing was done.
    """

    job: AnyJob
    info: AudioInfo | None = None
    seconds: float = 0.0
    elapsed: float = 0.0
    level_before: float = -math.inf
    level_after: float = -math.inf
    removed: float | None = None
    loudness: float | None = None
    clipped: int = 0
    not_finite: int = 0
    notes: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    error: str | None = None
    was_whole: bool = False
    is_planned: bool = False

    @property
    def is_failure(self) -> bool:
        """Whether there is no output, or not all of the sound is in it."""
        return self.error is not None or bool(self.left_out)

    @property
    def speed(self) -> float:
        """Times real time."""
        return self.seconds / max(self.elapsed, 1e-9)

    def recall(self, manifest: Manifest, output: str, sha256: str) -> None:
        """What was recorded of an output that is there: that it lacks sound is said again."""
        self.seconds = manifest.seconds(output, sha256)
        self.left_out = manifest.left_out(output, sha256)
        self.notes = list(self.left_out)

    def counted(self) -> list[str]:
        """What was counted, in words."""
        notes = []
        if self.clipped:
            notes.append(f"{self.clipped} samples beyond full scale were clipped; a float WAV would hold them")
        if self.not_finite:
            notes.append(f"{self.not_finite} samples were NaN or inf and count as silence")
        return notes

    def line(self) -> str:
        """For people, on one line."""
        if self.was_whole:
            return f"{self.job.source} → {self.job.target} (whole already)"
        if self.is_planned and self.info is None:
            return f"{self.job.source} → {self.job.target}"
        if self.is_planned and self.info is not None:
            kind = f"{self.info.format} {self.info.subtype}, {self.info.channels} x {self.info.sample_rate} Hz"
            return f"{self.job.source} → {self.job.target} ({clock(self.seconds)} of sound, {kind})"
        speed = f"{clock(self.seconds)} of sound, {self.speed:.0f} x real time"
        return "; ".join([f"{self.job.source} → {self.job.target} ({speed})", *self.counted()])

    def as_json(self) -> dict[str, Any]:
        """For programs: what JSON has; names as Python has them, so undecodable bytes as lone surrogates."""
        state = "failed" if self.error is not None else "kept" if self.was_whole else "planned"
        entry: dict[str, Any] = {
            "input": os.fspath(self.job.source), "output": os.fspath(self.job.target),
            "state": state if state != "planned" or self.is_planned else "done",
        }  # fmt: skip
        if self.error is not None:
            return entry | {"error": self.error, "warnings": self.notes}
        entry["seconds"] = round(self.seconds, 6)
        if self.info is not None:
            entry |= {"sample_rate": self.info.sample_rate, "channels": self.info.channels}
            entry |= {"format": self.info.format, "subtype": self.info.subtype}
        if entry["state"] == "done":
            entry |= {
                "level_before_dbfs": _finite(self.level_before), "level_after_dbfs": _finite(self.level_after),
                "removed_db": None if self.removed is None else _finite(self.removed), "clipped": self.clipped,
                "speed": round(self.speed, 1),
            }  # fmt: skip
            if self.loudness is not None:
                entry["loudness_lufs"] = _finite(self.loudness)
        return entry | {"warnings": [*self.notes, *self.counted()]}


def _finite(db: float) -> float | None:
    return round(db, 2) if math.isfinite(db) else None


def clock(seconds: float) -> str:
    """A duration for people."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    if not whole // 60:
        return f"{seconds:.1f} s"
    return f"{hours}:{minutes:02d}:{whole % 60:02d} h" if hours else f"{minutes}:{whole % 60:02d} min"
