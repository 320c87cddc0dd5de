"""One file in, one file out, block by block."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from phaseaware.engine.audio import (
    SUFFIXES,
    AudioFileError,
    AudioInfo,
    AudioReader,
    AudioWriter,
    file_digest,
    highest_bitrate,
    identity_of,
)
from phaseaware.engine.audio.bitrates import LOSSY

from .job import Job
from .levels import Level, levelled
from .manifest import Manifest
from .report import Report
from .streams import Samples, Treatment

__all__ = ["OutputSettings", "Stopped", "process_file", "settings_of"]


BITRATES, LOUDNESSES, PEAKS = (6_000, 1_000_000), (-70.0, 0.0), (-30.0, 0.0)
"""What may be asked for: bit/s, LUFS, dBTP."""
_LOSSLESS = re.compile("PCM_|FLOAT|DOUBLE|ALAC_|FLAC_")


class Stopped(Exception):  # noqa: N818 (not an error)
    """The user has interrupted the command."""


@dataclass(frozen=True, kw_only=True)
class OutputSettings:
    """How outputs are written.

    Attributes
    ----------
    bitrate : of lossy formats, bit/s; None: the source's where the format stays, else a high one.
    lufs : integrated loudness; None: the level stays.
    true_peak : in dBTP; peaks above it are limited where the loudness brings them there.

    Raises
    ------
    ValueError : a value is out of range.
    """

    bitrate: int | None = None
    lufs: float | None = None
    true_peak: float = -1.0

    def __post_init__(self) -> None:
        ranges = {"bitrate": (*BITRATES, " bit/s"), "lufs": (*LOUDNESSES, " LUFS"), "true_peak": (*PEAKS, " dBTP")}
        for name, (low, high, unit) in ranges.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ValueError(f"{name}={value!r} is not from {low:g} to {high:g}{unit}")


def process_file(
    job: Job,
    treatment: Treatment,
    *,
    output: OutputSettings | None = None,
    overwrite: bool = False,
    resume: bool = False,
    manifest: Manifest | None = None,
    dry_run: bool = False,
    progress: Callable[[float], object] = lambda seconds: None,
    stop: threading.Event | None = None,
) -> Report:
    """Read, process and write one file.

    Parameters
    ----------
    treatment : what is done to it.
    output : how it is written.
    overwrite : replace an existing output.
    resume : leave an output that by the manifest is what would be made.
    manifest : remembers the output.
    dry_run : look only.
    progress : called after each block with the seconds of sound done.
    stop : ends the work when set.

    Raises
    ------
    AudioFileError : not readable or not writable. There is no output then.
    Stopped : by ``stop``. There is no output then.
    """
    began, output = time.perf_counter(), output or OutputSettings()
    if os.path.exists(job.target) and not overwrite and not resume:
        raise AudioFileError(job.target, "exists already; --force overwrites it, --resume keeps it if it is whole")
    if resume and os.path.exists(job.target) and os.path.exists(job.source):
        # Before the source is opened: the length of some kinds is known when they have been decoded.
        difference, whole = _look(job, manifest)
        if difference is None:
            progress(whole.seconds)
            return whole
        if not overwrite:
            raise AudioFileError(job.target, f"exists already, but {difference}; --force makes it again")
    with AudioReader(job.source) as reader:
        report = Report(job, notes=list(reader.notes), left_out=list(reader.left_out))
        report.info = _output_info(reader.info, job, output, report)
        if reader.other_tracks and report.info.container is None:  # a video would keep them
            report.notes.append(f"left out: {reader.other_tracks} further sound track(s)")
            report.left_out.append(report.notes[-1])
        report.seconds, report.is_planned = reader.info.seconds, dry_run
        if not dry_run:
            _make_folder(job.target)
            try:
                _write(job, reader, treatment, output, report, _Run(overwrite, manifest, progress, stop))
            except AudioFileError:
                # Another process may have been faster.
                if not (resume and os.path.exists(job.target)) or _look(job, manifest)[0] is not None:
                    raise
                report.was_whole = True
    report.elapsed = time.perf_counter() - began
    return report


@dataclass(frozen=True)
class _Run:
    overwrite: bool
    manifest: Manifest | None
    progress: Callable[[float], object]
    stop: threading.Event | None

    def check(self) -> None:
        if self.stop is not None and self.stop.is_set():
            raise Stopped


def _output_info(source: AudioInfo, job: Job, output: OutputSettings, report: Report) -> AudioInfo:
    suffix = job.target.suffix.lower()
    if suffix in SUFFIXES or suffix != job.source.suffix.lower():
        info = source.for_name(job.target)
    else:
        info = source
        info.check_writable(job.target)
    is_same = suffix == job.source.suffix.lower()
    if info.subtype in LOSSY and is_same and _LOSSLESS.match(source.subtype):
        report.notes.append(f"loses nothing, and becomes {info.subtype}, which does; --format flac or wav would not")
    elif is_same and info.format == source.format and info.subtype != source.subtype:
        old, new = source.subtype, info.subtype
        report.notes.append(f"its sound, {old}, becomes {new}, as {info.format} is not written with {old}")
    if is_same and source.container is not None and info.container is None:
        video = source.format.lower() if source.format in ("MP4", "MOV") else "mkv"
        report.notes.append(f"its pictures are left out, as it is named as sound; --format {video} keeps them")
    if output.bitrate is None:
        return info
    if info.subtype not in LOSSY:
        report.notes.append(f"--bitrate changes nothing, as {info.format} {info.subtype} has none")
        return info
    highest = highest_bitrate(info.subtype, info.sample_rate, info.channels)
    if output.bitrate > highest:
        layout = f"{info.channels} channel(s) of {info.subtype} at {info.sample_rate} Hz"
        report.notes.append(f"has {highest / 1000:.0f} kbit/s, the most that {layout} take")
    return replace(info, bitrate=min(output.bitrate, highest))


def _look(job: Job, manifest: Manifest | None) -> tuple[str | None, Report]:
    """Why an output must be made again, and the report if it need not."""
    whole = Report(job, was_whole=True)
    if manifest is None:
        return "how it was made is not known", whole
    try:
        identity, sha256 = identity_of(os.stat(job.source)), file_digest(job.target)
    except OSError as error:
        return f"cannot be read ({error.strerror})", whole
    whole.recall(manifest, job.name, sha256)
    return manifest.differs(job.name, identity, sha256), whole


def _make_folder(target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioFileError(target, f"its folder cannot be made ({error.strerror})") from None


def _write(
    job: Job, reader: AudioReader, treatment: Treatment, output: OutputSettings, report: Report, run: _Run
) -> None:
    assert report.info is not None
    with AudioWriter(job.target, report.info, overwrite=run.overwrite) as writer:
        blocks = _cleaned(job, reader, treatment, report, run)
        if output.lufs is None:
            _fill(writer, blocks, run)
        else:
            wanted = {"lufs": output.lufs, "true_peak": output.true_peak}
            with levelled(blocks, job.target, report.info, **wanted, check=run.check) as (blocks, levelling):
                _fill(writer, blocks, run)
            report.loudness, note = levelling.loudness, levelling.note(output.lufs)
            report.notes += [note] if note else []
        writer.finish()
        # Pictures and tags are taken from the file too, the last of them just now.
        reader.check_unchanged()
        if run.manifest is not None:
            try:
                seconds = writer.frames / reader.info.sample_rate
                run.manifest.record(
                    job.name, reader.identity, sha256=writer.digest(), seconds=seconds, left_out=report.left_out
                )
            except OSError as error:
                raise AudioFileError(job.target, f"its record cannot be written ({error.strerror})") from None
    report.seconds, report.clipped = writer.frames / reader.info.sample_rate, writer.clipped
    report.not_finite = reader.not_finite
    report.notes += writer.notes


def _fill(writer: AudioWriter, blocks: Iterable[Samples], run: _Run) -> None:
    for block in blocks:
        run.check()
        writer.write(block)


@contextmanager
def _refusing(job: Job) -> Iterator[None]:
    """Models and native effects refuse some sound, rates or channels only when they get them."""
    try:
        yield
    except ValueError as error:
        raise AudioFileError(job.source, f"is not cleaned: {error}") from error


def _cleaned(job: Job, reader: AudioReader, treatment: Treatment, report: Report, run: _Run) -> Iterator[Samples]:
    with _refusing(job):
        stream = treatment.stream(reader.info.sample_rate, reader.info.channels)
    before, after = Level(), Level()

    def checked(block: Samples) -> Samples:
        if not np.isfinite(block).all():
            raise AudioFileError(job.source, f"is not cleaned, as {treatment.maker} made NaN or inf of it")
        after.add(block)
        return block

    for block in reader.blocks():
        run.check()
        before.add(block)
        with _refusing(job):
            y = stream.process(block)
        yield checked(y)
        run.progress(block.shape[1] / reader.info.sample_rate)
    with _refusing(job):
        y = stream.flush()
    yield checked(y)
    report.level_before, report.level_after = before.db, after.db
    report.removed = before.db - after.db if treatment.only_cleans else None


def settings_of(treatment: Treatment, output: OutputSettings | None) -> dict[str, Any]:
    """All that decides, beside the source, what an output holds: for a :class:`Manifest`."""
    return {**treatment.settings, **asdict(output or OutputSettings())}
