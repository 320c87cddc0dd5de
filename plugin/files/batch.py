"""Files in, files out, several at a time; one that fails does not stop the others."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

from phaseaware.engine.audio import printable, remove_abandoned
from phaseaware.engine.errors import PhaseAwareError

from .job import AnyJob, Job
from .manifest import FolderRecords, Manifest
from .one_file import OutputSettings, Stopped, process_file, settings_of
from .report import Report
from .streams import Treatment

__all__ = ["attempted", "folders_of", "process_all", "run_all"]

AJob = TypeVar("AJob", bound=AnyJob)
Progress = Callable[[float], object]
_LOOK_SECONDS = 0.2


def attempted(job: AnyJob, process: Callable[[], Report]) -> Report:
    """What became of a file, whatever happened to it: a fault with one file must not cost the others.

    Raises
    ------
    Stopped : as ``process``.
    """
    try:
        return process()
    except Stopped:
        raise
    except PhaseAwareError as error:
        return Report(job, error=str(error))
    except OSError as error:  # a name too long for its folder, a disk that went away
        return Report(job, error=f"{printable(error.filename or job.target)}: {error.strerror or error}")
    except Exception as error:
        return Report(job, error=f"{job.source}: unexpected {type(error).__name__}: {error}")


def run_all(
    jobs: Sequence[AJob], work: Callable[[AJob, Progress, threading.Event], Report], *, workers: int, progress: Progress
) -> Generator[Report]:
    """Work on all files in threads, ``workers`` at a time; yields a report as each ends. Ends as :func:`process_all`.

    Parameters
    ----------
    work : takes a job, the progress, and what is set when the work is to end.
    progress : called with seconds of sound done, one call at a time.
    """
    stop, one_at_a_time = threading.Event(), threading.Lock()

    def tell(seconds: float) -> None:
        with one_at_a_time:
            progress(seconds)

    # Threads: the model's run, the transforms and libsndfile all release the interpreter's lock. Also with one worker:
    # an interruption then finds this thread waiting, never in the middle of a write.
    with ThreadPoolExecutor(workers) as pool:
        waiting: set[Future[Report]] = set()
        left = iter(jobs)
        try:
            while True:
                # Handed out one by one, so that an interruption finds nothing queued.
                while len(waiting) < workers and (job := next(left, None)) is not None:
                    waiting.add(pool.submit(work, job, tell, stop))
                if not waiting:
                    break
                # A signal that another thread was told of, or that came just before this one waits, wakes nobody.
                finished, waiting = wait(waiting, _LOOK_SECONDS, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield future.result()
        finally:
            stop.set()


def process_all(
    jobs: Sequence[Job],
    treatment: Treatment,
    *,
    workers: int = 1,
    output: OutputSettings | None = None,
    overwrite: bool = False,
    resume: bool = False,
    remember: bool = False,
    dry_run: bool = False,
    progress: Progress = lambda seconds: None,
) -> Generator[Report]:
    """Process all files, ``workers`` at a time; yields a report as each ends.

    What killed processes have left half-written in the outputs' folders is removed first.

    KeyboardInterrupt and SystemExit (in the command a request to end raises it) stop all of them. Like closing the
    generator, they leave no half-written file.

    Parameters
    ----------
    treatment, output, overwrite, resume, dry_run : as for :func:`process_file`.
    remember : keep a manifest in the output folders.
    progress : called with seconds of sound done, one call at a time.
    """

    def work(job: Job, progress: Progress, stop: threading.Event) -> Report:
        return attempted(job, lambda: process_file(
            job, treatment, output=output, overwrite=overwrite, resume=resume, dry_run=dry_run,
            manifest=manifests.get(job.folder), progress=progress, stop=stop,
        ))  # fmt: skip

    for folder in folders_of(jobs) if not dry_run else ():
        remove_abandoned(folder)
    roots = {job.folder for job in jobs} if remember or resume else ()
    decides = settings_of(treatment, output)
    manifests = {root: Manifest(FolderRecords(root), decides) for root in roots}
    yield from run_all(jobs, work, workers=workers, progress=progress)


def folders_of(jobs: Iterable[Job]) -> set[Path]:
    """Where the outputs are written."""
    return {Path(os.path.realpath(job.target)).parent for job in jobs}
