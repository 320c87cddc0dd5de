"""Versions as sound files: made anew from the recording, at its own rate and length, never level-matched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine import SAMPLE_RATE
from phaseaware.engine.audio import AudioFileError, AudioInfo, AudioReader, AudioWriter
from phaseaware.engine.frames import Frames, MaskSynthesis
from phaseaware.engine.limits import MaskName
from phaseaware.engine.rates import RateConverter
from phaseaware.engine.stft import HOP
from phaseaware.engine.versions import Version

from .masking import Masking
from .recording import Recording
from .renderer import Renders

__all__ = ["FORMATS", "Cancelled", "ExportJob", "write_versions"]

FORMATS = {".wav": ("WAV", "FLOAT"), ".flac": ("FLAC", "PCM_24"), ".w64": ("W64", "FLOAT")}
"""libsndfile's format and subtype by suffix."""
_CHUNK = 94  # frames: 1 s

Samples = NDArray[np.float32]


class Cancelled(Exception):  # noqa: N818 (not an error)
    """The user has stopped it."""


@dataclass(frozen=True)
class ExportJob:
    """What to write where."""

    recording: Recording
    masking: Masking | None
    renders: Renders
    output: MaskName
    targets: dict[Version, Path]


def write_versions(job: ExportJob, *, progress: Callable[[float], None], stopped: Callable[[], bool]) -> list[str]:
    """Write all targets, or none; files of these names are replaced.

    Parameters
    ----------
    job : the recording must be fully decoded.
    progress : called with the share done, 0 to 1.
    stopped : asked often.

    Returns
    -------
    What the files could not hold, a sentence each: samples beyond full scale, what stood beside the sound.

    Raises
    ------
    Cancelled : ``stopped`` said so.
    ValueError : an unknown suffix, a version that needs masks and there are none, or what was opened as a target.
    AudioFileError : not writable, or the disk is full; nothing is left behind.
    """
    recording = job.recording
    if job.masking is None and any(version.is_rendered for version in job.targets):
        raise ValueError("there are no masks; only the noisy recording can be exported")
    if recording.clean is None and any(version.needs_stems for version in job.targets):
        raise ValueError("the clean speech is not known; open speech and noise")
    for path in job.targets.values():
        if path.suffix.lower() not in FORMATS:
            raise ValueError(f"{path.name}: the name must end in {', '.join(FORMATS)}")
        if recording.is_read_from(path):
            raise ValueError(f"{path.name} is {_own(recording)}; choose another name")
    with ExitStack() as stack:
        files = {v: stack.enter_context(_writer(recording, path)) for v, path in job.targets.items()}
        _fill(job, files, progress, stopped)
        for file in files.values():
            file.finish()
    notes = dict.fromkeys(note for file in files.values() for note in file.notes)
    if clipped := sum(file.clipped for file in files.values()):
        notes[f"{clipped} samples beyond full scale were clipped; WAV would hold them"] = None
    return list(notes)


def _own(recording: Recording) -> str:
    return "the recording itself" if len(recording.sources) == 1 else "one of the stems"


def _writer(recording: Recording, path: Path) -> AudioWriter:
    format, subtype = FORMATS[path.suffix.lower()]
    source = _file_info(recording)
    if source.channel_mask is not None and format == "WAV":
        format = "WAVEX"  # the plain header has no place for it
    info = replace(
        source, sample_rate=recording.sample_rate, channels=recording.channels, frames=recording.file_samples,
        format=format, subtype=subtype, bitrate=None,
    )  # fmt: skip
    return AudioWriter(path, info.for_name(path), overwrite=True)


def _file_info(recording: Recording) -> AudioInfo:
    """What the file says beside its sound; nothing where it was mixed from stems, or is gone."""
    if len(recording.sources) == 1:
        with suppress(AudioFileError), AudioReader(recording.path) as reader:
            if (reader.info.sample_rate, reader.info.channels) == (recording.sample_rate, recording.channels):
                return reader.info
    return AudioInfo(sample_rate=recording.sample_rate, channels=recording.channels, frames=0, format="", subtype="")


def _fill(
    job: ExportJob,
    files: dict[Version, AudioWriter],
    progress: Callable[[float], None],
    stopped: Callable[[], bool],
) -> None:
    recording = job.recording
    rates = SAMPLE_RATE, recording.sample_rate
    converters = {version: RateConverter(*rates, recording.channels) for version in files}
    for start, sounds in _sounds(job):
        if stopped():
            raise Cancelled
        end = start + len(sounds[Version.NOISY])
        last = end >= recording.samples
        for version, file in files.items():
            left = recording.file_samples - file.frames
            x = converters[version].process(sounds[version].T, last=last)[:, :left]
            if last:
                x = np.pad(x, ((0, 0), (0, left - x.shape[1])))
            file.write(x)
        progress(end / recording.samples)


def _sounds(job: ExportJob) -> Iterator[tuple[int, dict[Version, Samples]]]:
    """All versions, piece by piece: position at 48 kHz and samples of shape (n, channels)."""
    recording, masking = job.recording, job.masking
    synthesis = MaskSynthesis(len(job.renders), recording.channels)
    if masking is not None:
        masking.start(0)
        _rendered(masking.read(1), job.renders, synthesis)
    for start in range(0, recording.samples, _CHUNK * HOP):
        stop = min(start + _CHUNK * HOP, recording.samples)
        parts = {Version.NOISY: recording.track.read(start, stop)}
        if recording.speech is not None:
            parts[Version.CLEAN] = recording.speech.read(start, stop)
        if masking is not None:
            made = _rendered(masking.read(-(-(stop - start) // HOP)), job.renders, synthesis)
            parts |= {version: x[: stop - start] for version, x in made.items()}
        yield (
            start,
            {
                version: version.of(parts.__getitem__, removed_by=job.output)
                for version in Version
                if all(part is None or part in parts for part in version.parts(job.output))
            },
        )


def _rendered(frames: Frames, renders: Renders, synthesis: MaskSynthesis) -> dict[Version, Samples]:
    made = synthesis.process(frames.spectrum, frames.applied(renders))
    if not np.isfinite(made).all():
        raise ValueError("the model gives no numbers (NaN or infinity); try another one")
    return {Version.of_mask(render.mask): x.T for render, x in zip(renders, made, strict=True)}
