"""Versions as sound files: made anew from the recording, at its own rate and length, never level-matched."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from phaseaware.engine import SAMPLE_RATE, shape_mask
from phaseaware.engine.masks import MaskName
from phaseaware.engine.stft import HOP, Synthesis

from .masking import Masking
from .mixer import Version
from .recording import Recording
from .renderer import Renders

__all__ = ["SUBTYPES", "Cancelled", "ExportJob", "export", "whole_file"]

SUBTYPES = {".wav": "FLOAT", ".w64": "FLOAT", ".flac": "PCM_24"}
"""Formats by suffix."""
_CHUNK = 94  # frames: 1 s

Samples = NDArray[np.float32]


class Cancelled(Exception):  # noqa: N818 (not an error)
    """The user has stopped it."""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A name to write to; it becomes ``path`` when all went well, and vanishes otherwise."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        partial.chmod(0o666 & ~_umask())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@dataclass(frozen=True)
class ExportJob:
    """What to write where."""

    recording: Recording
    masking: Masking | None
    renders: Renders
    output: MaskName
    targets: dict[Version, Path]


def export(job: ExportJob, *, told: Callable[[float], None], stopped: Callable[[], bool]) -> None:
    """Write all targets, or none.

    Parameters
    ----------
    job : the recording must be fully decoded.
    told : called with the share done, 0 to 1.
    stopped : asked often.

    Raises
    ------
    Cancelled : ``stopped`` said so.
    ValueError : an unknown suffix, or a version that needs masks and there are none.
    OSError, soundfile.SoundFileError : not writable, or the disk is full; nothing is left behind.
    """
    for path in job.targets.values():
        if path.suffix.lower() not in SUBTYPES:
            raise ValueError(f"{path.name}: the name must end in {', '.join(SUBTYPES)}")
    if job.masking is None and set(job.targets) != {Version.NOISY}:
        raise ValueError("there are no masks; only the noisy recording can be exported")
    _write(job, list(job.targets.items()), {}, told, stopped)


def _write(
    job: ExportJob,
    left: list[tuple[Version, Path]],
    files: dict[Version, soundfile.SoundFile],
    told: Callable[[float], None],
    stopped: Callable[[], bool],
) -> None:
    """Open one file after the other, each inside the one before: either all get their names or none."""
    if not left:
        _fill(job, files, told, stopped)
        return
    (version, path), *rest = left
    recording = job.recording
    rate, channels, subtype = recording.sample_rate, recording.channels, SUBTYPES[path.suffix.lower()]
    with whole_file(path) as partial, soundfile.SoundFile(partial, "w", rate, channels, subtype) as file:
        _write(job, rest, files | {version: file}, told, stopped)


def _fill(
    job: ExportJob,
    files: dict[Version, soundfile.SoundFile],
    told: Callable[[float], None],
    stopped: Callable[[], bool],
) -> None:
    recording = job.recording
    converters = {version: _converter(recording) for version in files}
    written = dict.fromkeys(files, 0)
    for start, sounds in _sounds(job):
        if stopped():
            raise Cancelled
        end = start + len(sounds[Version.NOISY])
        last = end >= recording.samples
        for version, file in files.items():
            x = sounds[version]
            convert = converters[version]
            if convert is not None:
                x = convert.resample_chunk(np.ascontiguousarray(x), last=last)
            x = x[: recording.frames - written[version]]
            if last and (short := recording.frames - written[version] - len(x)) > 0:
                x = np.concatenate([x, np.zeros((short, recording.channels), np.float32)])
            file.write(x)
            written[version] += len(x)
        told(end / recording.samples)


def _converter(recording: Recording) -> soxr.ResampleStream | None:
    if recording.sample_rate == SAMPLE_RATE:
        return None
    return soxr.ResampleStream(SAMPLE_RATE, recording.sample_rate, recording.channels, dtype="float32", quality="VHQ")


def _sounds(job: ExportJob) -> Iterator[tuple[int, dict[Version, Samples]]]:
    """All versions, piece by piece: position at 48 kHz and samples of shape (n, channels)."""
    recording = job.recording
    syntheses = {render.mask: Synthesis(recording.channels) for render in job.renders}
    if job.masking is not None:
        job.masking.start(0)
        frames = job.masking.read(1)
        for render in job.renders:
            syntheses[render.mask].process(shape_mask(frames.masks[render.mask], render) * frames.spectrum)
    for start in range(0, recording.samples, _CHUNK * HOP):
        noisy = recording.track.read(start, min(start + _CHUNK * HOP, recording.samples))
        sounds: dict[Version, Samples] = {Version.NOISY: noisy}
        if job.masking is not None:
            frames = job.masking.read(-(-len(noisy) // HOP))
            made = [
                syntheses[render.mask].process(shape_mask(frames.masks[render.mask], render) * frames.spectrum).T
                for render in job.renders
            ]
            a, b = (x[: len(noisy)] for x in made)
            sounds |= {
                Version.PHASE_AWARE: a,
                Version.REAL: b,
                Version.DELTA: a - b,
                Version.REMOVED: noisy - (a if job.output == "phase-aware" else b),
            }
        yield start, sounds
