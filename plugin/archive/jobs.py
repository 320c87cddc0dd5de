"""The unit of work: a file, wherever it and its output lie."""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from phaseaware.engine.audio import AudioFileError, file_digest, identity_of

from ..files import Job, Manifest, OutputSettings, Report, Treatment, process_file
from ..files.batch import attempted
from ..files.one_file import settings_of
from .records import digest_of, records_of, remember_digest
from .storage import Entry, StorageError, Stored, is_url, split

__all__ = ["ArchiveJob", "Order", "UrlJob", "process_job"]


@dataclass(frozen=True)
class UrlJob:
    """One file, of which the source, the output, or both are URLs.

    Attributes
    ----------
    source, target : URLs, or paths.
    root : the output folder, where the manifest lies.
    name : of the output in it, parts joined by ``/``.
    size : of the source, bytes.
    identity : of the source, if it is at a URL.
    was_there : there was such an output when the files were looked for.
    """

    source: str
    target: str
    root: str
    name: str
    size: int
    identity: Mapping[str, Any] | None
    was_there: bool


ArchiveJob = UrlJob | Job


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be done with each file's output.

    Attributes
    ----------
    output, overwrite, resume, dry_run : as for :func:`process_file`.
    remember : keep a manifest.
    """

    output: OutputSettings
    overwrite: bool = False
    resume: bool = False
    remember: bool = True
    dry_run: bool = False


@cache
def _manifest(root: str, decides: str) -> Manifest:
    return Manifest(records_of(root), json.loads(decides))


def process_job(
    job: ArchiveJob,
    treatment: Treatment,
    order: Order,
    *,
    scratch: Path | None = None,
    progress: Callable[[float], object] = lambda seconds: None,
    stop: threading.Event | None = None,
) -> Report:
    """Read, process and write one file, wherever it lies; what goes wrong stands in the report.

    A file at a URL is fetched whole before, and put whole after: memory does not grow with its length.

    Parameters
    ----------
    scratch : a folder with room for a source and its output; default: the system's.
    progress, stop : as for :func:`process_file`.

    Raises
    ------
    Stopped : by ``stop``.
    """
    decides = json.dumps(settings_of(treatment, order.output))
    root = str(job.folder if isinstance(job, Job) else job.root)
    manifest = _manifest(root, decides) if order.remember or order.resume else None
    how: dict[str, Any] = {"output": order.output, "progress": progress, "stop": stop}

    def run() -> Report:
        if isinstance(job, Job):
            return process_file(job, treatment, manifest=manifest, overwrite=order.overwrite, resume=order.resume,
                                dry_run=order.dry_run, **how)  # fmt: skip
        if order.dry_run:
            return Report(job, is_planned=True)
        with tempfile.TemporaryDirectory(prefix="phaseaware-", dir=scratch) as folder:
            return _Transfer(job, treatment, order, manifest, Path(folder)).run(how)

    return attempted(job, run)


class _Transfer:
    """One file fetched, processed and put, by way of a folder."""

    def __init__(
        self, job: UrlJob, treatment: Treatment, order: Order, manifest: Manifest | None, folder: Path
    ) -> None:
        self._job, self._treatment, self._order, self._manifest = job, treatment, order, manifest
        self._source = folder / "in" / split(job.source)[1] if is_url(job.source) else Path(job.source)
        self._target = folder / "out" / split(job.target)[1] if is_url(job.target) else Path(job.target)
        self._local = Job(self._source, self._target, self._target.parent)

    def run(self, how: Mapping[str, Any]) -> Report:
        began = time.perf_counter()
        stored = Stored(self._job.target) if is_url(self._job.target) else None
        there = None if stored is None else stored.entry()
        if there is not None or (stored is None and self._target.exists()):
            if not self._order.overwrite and not self._order.resume:
                hint = "--force overwrites it, --resume keeps it if it is whole"
                raise StorageError(self._job.target, f"exists already; {hint}")
            if self._order.resume:
                difference, whole = self._look(there)
                if difference is None:
                    return whole
                if not self._order.overwrite:
                    raise StorageError(self._job.target, f"exists already, but {difference}; --force makes it again")
        self._fetch()
        try:
            report = self._process(stored is None, how)
        except AudioFileError as error:
            where = self._job.target if error.path == self._target else self._job.source
            raise StorageError(where, error.reason) from None
        if stored is not None:
            self._put(stored, report)
        report.job, report.elapsed = self._job, time.perf_counter() - began
        if report.info is not None:  # pictures and tags need not travel
            report.info = replace(report.info, metadata=None, container=None, tags={})
        return report

    def _identity(self) -> Mapping[str, Any]:
        if self._job.identity is not None:
            return self._job.identity
        return identity_of(os.stat(self._source))

    def _look(self, there: Entry | None) -> tuple[str | None, Report]:
        """Why an output must be made again, and the report if it need not."""
        whole = Report(self._job, was_whole=True)
        if self._manifest is None:
            return "how it was made is not known", whole
        sha256 = file_digest(self._target) if there is None else self._digest(there)
        difference = self._manifest.differs(self._job.name, self._identity(), sha256)
        whole.recall(self._manifest, self._job.name, sha256)
        return difference, whole

    def _digest(self, there: Entry) -> str:
        """Of an output in a store: as it was when that was put, or by fetching it."""
        if (known := digest_of(self._job.root, self._job.name, there.tag)) is not None:
            return known
        self._target.parent.mkdir(exist_ok=True)
        Stored(self._job.target).fetch(self._target)
        digest = file_digest(self._target)
        self._target.unlink()
        return digest

    def _fetch(self) -> None:
        if not is_url(self._job.source):
            return
        self._source.parent.mkdir()
        Stored(self._job.source).fetch(self._source)
        if self._source.stat().st_size != self._job.size:
            raise StorageError(self._job.source, "has changed since it was listed; begin again")

    def _process(self, is_target: bool, how: Mapping[str, Any]) -> Report:
        """Into the target itself, or into a file that is still to be put."""
        if is_target:
            known = None if self._manifest is None else _Renamed(self._manifest, self._job)
            return process_file(self._local, self._treatment, manifest=known, overwrite=self._order.overwrite, **how)
        return process_file(self._local, self._treatment, **how)

    def _put(self, stored: Stored, report: Report) -> None:
        sha256 = file_digest(self._target)
        if self._manifest is not None:
            self._manifest.record(
                self._job.name, self._identity(), sha256=sha256, seconds=report.seconds, left_out=report.left_out
            )
        stored.put(self._target)
        if self._manifest is not None and (entry := stored.entry()) is not None:
            remember_digest(self._job.root, self._job.name, entry.tag, sha256)


class _Renamed(Manifest):
    """A manifest that knows a fetched file by its URL."""

    def __init__(self, manifest: Manifest, job: UrlJob) -> None:
        self._manifest, self._job = manifest, job

    def record(self, output: str, source: Mapping[str, Any], **rest: Any) -> None:
        """As the manifest's."""
        self._manifest.record(self._job.name, self._job.identity or source, **rest)
