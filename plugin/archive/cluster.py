"""All files on a Dask cluster."""

from __future__ import annotations

import logging
import queue
import secrets
import time
import warnings
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from distributed import Client, Future, KilledWorker, LocalCluster
from distributed.comm import CommClosedError
from phaseaware.engine.audio import printable, remove_abandoned
from phaseaware.engine.errors import PhaseAwareError, UsageError

from ..files import Job, Report
from ..files.batch import folders_of
from .jobs import ArchiveJob, Order
from .lives import LIVES, Lives, key_of
from .storage import is_url
from .versions import difference, versions
from .worker import BEGUN, MismatchError, ModelCopy, Task, clean, look

__all__ = ["Cluster", "ClusterError", "connected"]

_CONNECT = 10.0
"""s to wait for a scheduler."""
_NOISY = ("distributed", "asyncio", "tornado")
_LOOK = 2.0
"""s between looks at how many workers there are."""
_AHEAD = 2
"""Files in the scheduler's hands for each thread: one that is cleaned, and one that waits."""
_MOST_GIVEN_UP = 2
"""Times that the scheduler may give a file up before that counts, although it was not seen to begin so often."""


class ClusterError(PhaseAwareError):
    """The cluster is gone, or cannot do it."""


@contextmanager
def connected(where: str) -> Iterator[Cluster]:
    """A cluster that is there, or, for ``local:N``, one of N processes on this machine, with a thread each.

    Parameters
    ----------
    where : a scheduler's address, such as ``tcp://scheduler:8786``; the file that a scheduler writes; ``local:N``.

    Raises
    ------
    UsageError : there is no scheduler, or ``where`` is none of these.
    """
    with _quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of versions that differ, and of ports that are taken; we look ourselves
        if where.startswith("local:"):
            with _local(where) as cluster, Client(cluster) as client:
                yield Cluster(client, where)
            return
        with _reached(where) as client:
            yield Cluster(client, where)


@contextmanager
def _local(where: str) -> Iterator[LocalCluster]:
    count = where.removeprefix("local:")
    if not count.isdecimal() or not int(count):
        raise UsageError(f"--cluster {printable(where)}: after local: comes a number of processes, such as local:4")
    with LocalCluster(
        n_workers=int(count), threads_per_worker=1, processes=True, dashboard_address=":0",
        silence_logs=logging.CRITICAL + 1,
    ) as cluster:  # fmt: skip
        yield cluster


@contextmanager
def _reached(where: str) -> Iterator[Client]:
    option = f"--cluster {printable(where)}"
    try:
        if "://" in where:
            client = Client(where, timeout=_CONNECT)
        elif Path(where).is_file():
            client = Client(scheduler_file=where, timeout=_CONNECT)
        else:
            raise UsageError(
                f"{option}: no such scheduler file; name one, or an address such as tcp://host:8786, or local:N"
            )
    except UsageError:
        raise
    except Exception as error:  # whatever answers there
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        hint = f"no Dask scheduler answers there ({reason}); start one with `dask scheduler`"
        raise UsageError(f"{option}: {hint}") from None
    try:
        yield client
    finally:
        with suppress(Exception):  # it may be gone
            client.close(timeout=2)


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask tells of lost connections in many lines; here one must do."""
    # Dask gives some of its loggers levels of their own.
    known = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in _NOISY]
    loggers = [logging.getLogger(name) for name in {*known, *_NOISY}]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


class Cluster:
    """A cluster to which there is a connection."""

    def __init__(self, client: Client, where: str) -> None:
        self._client, self._where = client, where

    @property
    def dashboard(self) -> str:
        """Where a browser shows what it does."""
        return str(self._client.dashboard_link)

    def prepare(
        self, order: Order, *, controls: Mapping[str, Any], settings: Mapping[str, Any], model: Path | None,
        preset: str | None, jobs: Sequence[ArchiveJob],
    ) -> Task:  # fmt: skip
        """Look at all workers, and give them the model if they lack it.

        Parameters
        ----------
        settings : of the treatment on this machine.
        model : its file; None with a preset.

        Raises
        ------
        UsageError : a worker has other versions, or does not see the files.
        ClusterError : the scheduler takes no plugins.
        """
        digest = None if model is None else settings["model"]
        task = Task(
            run=secrets.token_hex(6), order=order, controls=controls, model=digest, preset=preset,
            settings=dict(settings), versions=versions(),
        )  # fmt: skip
        seen = self._look([] if digest is None else [digest], _paths(jobs))
        try:
            is_lacking = not seen or any(lacking for _, lacking, _ in seen.values())
            if model is not None and digest is not None and is_lacking:
                self._client.register_plugin(ModelCopy(model, digest))
            self._client.register_plugin(Lives())
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            raise ClusterError(
                f"--cluster {self._where}: the scheduler takes no plugin ({reason}); it needs phaseaware[cluster] too, "
                "and distributed.scheduler.pickle"
            ) from None
        return task

    def _look(self, models: Sequence[str], paths: Sequence[str]) -> dict[str, Any]:
        seen = self._client.run(look, models, paths, on_error="return")
        for address, found in seen.items():
            if isinstance(found, BaseException):
                reason = f"{type(found).__name__}: {found}".splitlines()[0]
                raise UsageError(f"worker {address} has no phaseaware[cluster] that works ({reason}); install it there")
            theirs, _, unseen = found
            if (differs := difference(theirs, versions())) is not None:
                raise UsageError(f"worker {address} {differs}; install the same versions on all machines")
            if unseen:
                hint = "name URLs, or a folder that all machines share"
                raise UsageError(f"worker {address} does not see {printable(unseen[0])}; {hint}")
        return dict(seen)

    def run(self, task: Task, jobs: Sequence[ArchiveJob]) -> Generator[Report]:
        """Clean all files; yields a report as each ends. Closing it takes back what no worker has begun.

        Raises
        ------
        ClusterError : the scheduler is gone, or a worker that came later has other versions.
        """
        folders = folders_of([job for job in jobs if isinstance(job, Job)]) if not task.order.dry_run else ()
        for folder in folders:
            remove_abandoned(folder)
        run = _Run(self._client, self._where, task, jobs)
        try:
            yield from run.reports()
        finally:
            run.end()
            for folder in folders:  # left by workers that were killed
                remove_abandoned(folder)


def _paths(jobs: Sequence[ArchiveJob]) -> list[str]:
    """What each machine must see: the first file that is at no URL, and the first output folder, if it is there."""
    sources = (str(job.source) for job in jobs if not is_url(str(job.source)))
    targets = (Path(job.target) for job in jobs if not is_url(str(job.target)))
    parents = (next(parent for parent in target.absolute().parents if parent.exists()) for target in targets)
    return [*(str(Path(path).absolute()) for path in [next(sources, None)] if path), *map(str, [*parents][:1])]


class _Run:
    """The files of one call."""

    def __init__(self, client: Client, where: str, task: Task, jobs: Sequence[ArchiveJob]) -> None:
        self._client, self._where, self._task, self._jobs = client, where, task, jobs
        self._done: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self._waiting: dict[str, tuple[Future, int]] = {}
        self._begun: Counter[int] = Counter()
        self._given_up: Counter[int] = Counter()
        self._threads, self._looked = 0, 0.0
        # A file whose output a worker has made just before it ended is not made twice, and not refused.
        self._again = replace(task, order=replace(task.order, resume=True))
        client.subscribe_topic(BEGUN, self._note)

    def _note(self, event: tuple[float, Mapping[str, Any]]) -> None:
        if event[1]["run"] == self._task.run:
            self._begun[event[1]["file"]] += 1

    def reports(self) -> Iterator[Report]:
        left, finished = iter(range(len(self._jobs))), 0
        while finished < len(self._jobs):
            while len(self._waiting) < self._room() and (number := next(left, None)) is not None:
                self._submit(number)
            try:
                future = self._done.get(timeout=_LOOK)
            except queue.Empty:
                self._check(finished)
                continue
            number = self._waiting.pop(future.key)[1]
            if (report := self._report(future, number, finished)) is not None:
                finished += 1
                yield report

    def _room(self) -> int:
        if time.monotonic() - self._looked > _LOOK:
            with suppress(Exception):  # told by `_check`
                self._threads = sum(self._client.nthreads().values())
            self._looked = time.monotonic()
        return _AHEAD * max(1, self._threads)

    def _submit(self, number: int) -> None:
        job = self._jobs[number]
        was_there = job.target.exists() if isinstance(job, Job) else job.was_there
        task = self._task if was_there else self._again
        key = key_of(task.run, number, max(1, LIVES - self._begun[number]), self._given_up[number])
        future = self._client.submit(clean, task, number, job, key=key, pure=False)
        self._waiting[key] = future, number
        future.add_done_callback(self._done.put)

    def _report(self, future: Future, number: int, finished: int) -> Report | None:
        """What became of a file; None: it has been begun again."""
        try:
            return future.result()
        except (CancelledError, CommClosedError, TimeoutError):  # however far its fetching had come
            raise self._gone(finished) from None
        except KilledWorker as killed:
            last = killed.last_worker.address
        except MismatchError:
            raise
        except Exception as error:
            self._check(finished)
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            raise ClusterError(f"--cluster {self._where}: a worker cannot do it ({reason})") from None
        self._given_up[number] += 1
        # Also those are given up that had only waited there; not so the file that did it.
        if self._begun[number] < LIVES and self._given_up[number] < _MOST_GIVEN_UP:
            self._submit(number)
            return None
        return Report(self._jobs[number], error=(
            f"{printable(str(self._jobs[number].source))}: left out, as two workers ended while they cleaned it, last "
            f"{last}; does it need more memory than they have?"
        ))  # fmt: skip

    def _check(self, finished: int) -> None:
        if self._client.status != "running":
            raise self._gone(finished)

    def _gone(self, finished: int) -> ClusterError:
        return ClusterError(
            f"--cluster {self._where}: the scheduler is gone; {finished} of {len(self._jobs)} files are done. When it "
            "is back, the same command with --resume goes on"
        )

    def end(self) -> None:
        """Take back what waits."""
        with suppress(Exception):  # the scheduler may be gone
            self._client.unsubscribe_topic(BEGUN)
            if self._waiting:
                self._client.cancel([future for future, _ in self._waiting.values()], force=True)
