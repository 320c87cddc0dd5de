"""Files in, files out, several at a time; one that fails does not stop the others."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine import MaskModel, Render
from phaseaware.engine.audio import SUFFIXES, AudioFileError, AudioInfo, AudioReader, AudioWriter, remove_abandoned
from phaseaware.engine.limits import Link
from phaseaware.engine.rates import AnyRateSeparator

from .plan import Job

__all__ = [
    "MakeStream",
    "Report",
    "Stream",
    "clock",
    "process_all",
    "process_file",
    "separating",
]

Samples = NDArray[np.float32]


class Stream(Protocol):
    """What turns a file's blocks of shape (channels, n) into others of the same total length."""

    def process(self, block: Samples) -> Samples:
        """The next block; fewer samples may come out."""

    def flush(self) -> Samples:
        """The rest."""


MakeStream = Callable[[int, int], Stream]
"""From sample rate and channel count."""


class Stopped(Exception):  # noqa: N818 (not an error)
    """The user has interrupted the command."""


class _Separation:
    def __init__(self, separator: AnyRateSeparator) -> None:
        self._separator = separator

    def process(self, block: Samples) -> Samples:
        return self._separator.process(block)[0]

    def flush(self) -> Samples:
        return self._separator.flush()[0]


def separating(model: MaskModel, render: Render, link: Link) -> MakeStream:
    """Streams that make one version of the output."""
    return lambda rate, channels: _Separation(
        AnyRateSeparator(model, render, sample_rate=rate, channels=channels, link=link, warm=True)
    )


# One file


@dataclass
class Report:
    """What became of a file.

    Attributes
    ----------
    seconds : of sound; elapsed : of work.
    clipped : samples of the output beyond full scale, which its format cannot hold.
    not_finite : samples of the input that were NaN or infinite; they count as silence.
    error : why there is no output.
    was_whole : the output was there already, and stays.
    """

    job: Job
    seconds: float = 0.0
    elapsed: float = 0.0
    clipped: int = 0
    not_finite: int = 0
    error: str | None = None
    was_whole: bool = False

    def line(self) -> str:
        """For people, on one line."""
        if self.was_whole:
            return f"{self.job.source} → {self.job.target} (whole already)"
        speed = f"{clock(self.seconds)} of sound, {self.seconds / max(self.elapsed, 1e-9):.0f} x real time"
        notes = [f"{self.job.source} → {self.job.target} ({speed})"]
        if self.clipped:
            notes.append(f"{self.clipped} samples beyond full scale were clipped; a float WAV would hold them")
        if self.not_finite:
            notes.append(f"{self.not_finite} samples were NaN or inf and count as silence")
        return "; ".join(notes)


def process_file(
    job: Job,
    make: MakeStream,
    *,
    overwrite: bool = False,
    resume: bool = False,
    progress: Callable[[float], None] = lambda seconds: None,
    stop: threading.Event | None = None,
) -> Report:
    """Read, process and write one file, block by block.

    Parameters
    ----------
    make : makes the stream.
    overwrite : replace an existing output.
    resume : leave an output that is whole: not older than its source, of its length, rate and channels, and readable
        to its end. With which settings it was made is not known.
    progress : called after each block with the seconds of sound done.
    stop : ends the work when set.

    Raises
    ------
    AudioFileError : not readable or not writable. There is no output then.
    Stopped : by ``stop``. There is no output then.
    """
    began = time.perf_counter()
    if job.target.exists() and not overwrite and not resume:
        raise AudioFileError(job.target, "exists already; --force overwrites it, --resume keeps it if it is whole")
    with AudioReader(job.source) as reader:
        info, rate = reader.info, reader.info.sample_rate
        suffix = job.target.suffix.lower()
        if suffix in SUFFIXES or suffix != job.source.suffix.lower():
            info = info.for_name(job.target)
        else:
            info.check_writable(job.target)
        if resume and job.target.exists():
            missing = _missing(job, info)
            if missing is None:
                progress(info.seconds)
                return Report(job, info.seconds, time.perf_counter() - began, was_whole=True)
            if not overwrite:
                raise AudioFileError(job.target, f"exists already, but {missing}; --force makes it again")
        stream = make(rate, info.channels)
        _make_folder(job.target)
        try:
            with AudioWriter(job.target, info, overwrite=overwrite) as writer:
                for block in reader.blocks():
                    if stop is not None and stop.is_set():
                        raise Stopped
                    writer.write(stream.process(block))
                    progress(block.shape[1] / rate)
                writer.write(stream.flush())
        except AudioFileError:
            if resume and job.target.exists() and _missing(job, info) is None:  # another process was faster
                return Report(job, info.seconds, time.perf_counter() - began, was_whole=True)
            raise
    return Report(
        job, writer.frames / rate, time.perf_counter() - began, clipped=writer.clipped, not_finite=reader.not_finite
    )


def _missing(job: Job, info: AudioInfo) -> str | None:
    """What an output lacks to be whole; None: nothing. Files take their names when they are whole: see AudioWriter."""
    if job.target.stat().st_mtime_ns < job.source.stat().st_mtime_ns:
        return f"is older than {job.source}"
    try:
        with AudioReader(job.target) as reader:
            there = reader.info
            for name in ("sample_rate", "channels", "frames"):
                if getattr(there, name) != getattr(info, name):
                    return f"has {name.replace('_', ' ')} {getattr(there, name)}, not {getattr(info, name)}"
            reader.check_end()
    except AudioFileError as error:
        return error.reason
    return None


def _make_folder(target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioFileError(target, f"its folder cannot be made ({error.strerror})") from None


# All files


def process_all(
    jobs: Sequence[Job],
    make: MakeStream,
    *,
    workers: int = 1,
    overwrite: bool = False,
    resume: bool = False,
    progress: Callable[[float], object] = lambda seconds: None,
) -> Generator[Report]:
    """Process all files, ``workers`` at a time; yields a report as each ends.

    What killed processes have left half-written in the outputs' folders is removed first.

    KeyboardInterrupt and SystemExit (a request to terminate raises it here) stop all of them. Like closing the
    generator, they leave no half-written file.

    Parameters
    ----------
    overwrite, resume : as for :func:`process_file`.
    progress : called with seconds of sound done, one call at a time.
    """
    stop, one_at_a_time = threading.Event(), threading.Lock()

    def tell(seconds: float) -> None:
        with one_at_a_time:
            progress(seconds)

    def work(job: Job) -> Report:
        try:
            return process_file(job, make, overwrite=overwrite, resume=resume, progress=tell, stop=stop)
        except Stopped:
            raise
        except AudioFileError as error:
            return Report(job, error=str(error))
        except Exception as error:  # a fault of ours with one file must not cost the others
            return Report(job, error=f"{job.source}: unexpected {type(error).__name__}: {error}")

    for folder in {Path(os.path.realpath(job.target)).parent for job in jobs}:
        remove_abandoned(folder)
    # Threads: the model's run, the transforms and libsndfile all release the interpreter's lock. Also with one worker:
    # an interruption then finds this thread waiting, never in the middle of a write.
    with _terminable(), ThreadPoolExecutor(workers) as pool:
        waiting: set[Future[Report]] = set()
        left = iter(jobs)
        try:
            while True:
                # Handed out one by one, so that an interruption finds nothing queued.
                while len(waiting) < workers and (job := next(left, None)) is not None:
                    waiting.add(pool.submit(work, job))
                if not waiting:
                    break
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield future.result()
        finally:
            stop.set()


@contextmanager
def _terminable() -> Iterator[None]:
    """Have a request to terminate clean up as an interruption does; exit status 143."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(*_: object) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def clock(seconds: float) -> str:
    """A duration for people."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    if not whole // 60:
        return f"{seconds:.1f} s"
    return f"{hours}:{minutes:02d}:{whole % 60:02d} h" if hours else f"{minutes}:{whole % 60:02d} min"
