"""``phaseaware process`` with URLs, or on a cluster."""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from phaseaware.engine import MaskModel
from phaseaware.engine.audio import remove_abandoned
from phaseaware.engine.errors import ExitStatus, UsageError

from ..archive.jobs import ArchiveJob, Order, UrlJob, process_job
from ..archive.planning import ArchivePlan, plan_archive
from ..archive.records import records_of
from ..archive.storage import Stored, is_url, joined
from ..files import Job, Naming, OutputSettings, Report
from ..files.batch import folders_of, run_all
from ..files.cleaning import treatment_of
from ..files.manifest import FOLDER
from .arguments import local_path
from .process_output import Printer
from .status import say

__all__ = ["process_archive"]

_FAILURES = "failures.jsonl"
_LISTED = 20


def process_archive(
    arguments: argparse.Namespace, naming: Naming, output: OutputSettings, controls: Mapping[str, Any], workers: int
) -> ExitStatus:
    """Find the files, clean them on a cluster or in so many threads, and say what became of each."""
    _refuse(arguments)
    work = plan_archive(arguments.inputs, None if arguments.out is None else local_path(arguments.out), naming=naming)
    treatment = treatment_of(dict(controls), model=arguments.model, preset=arguments.preset)
    order = Order(
        output=output, overwrite=arguments.force, resume=arguments.resume, dry_run=arguments.dry_run,
        remember=work.is_batch or arguments.cluster is not None,
    )  # fmt: skip
    if not order.dry_run:
        _try(work)

    def in_threads(progress: Callable[[float], object]) -> Generator[Report]:
        def run(job: ArchiveJob, progress: Callable[[float], object], stop: threading.Event) -> Report:
            return process_job(job, treatment, order, progress=progress, stop=stop)

        return run_all(work.jobs, run, workers=min(workers, len(work.jobs)), progress=progress)

    with _printer(arguments, work) as printer:
        if arguments.cluster is None or order.dry_run:
            reports = in_threads(printer.progress)
            with closing(reports):
                printer.tell_all(reports)
        else:
            model = None if arguments.preset is not None else MaskModel(arguments.model).path
            with _on_cluster(arguments, work, order, controls, treatment.settings, model) as reports:
                printer.tell_all(reports)
        printer.finished = True
    return ExitStatus.FAILED if printer.has_failures else ExitStatus.DONE


@contextmanager
def _on_cluster(
    arguments: argparse.Namespace, work: ArchivePlan, order: Order, controls: Mapping[str, Any],
    settings: Mapping[str, Any], model: Path | None,
) -> Iterator[Generator[Report]]:  # fmt: skip
    try:
        from ..archive.cluster import connected
    except ImportError:
        raise UsageError("--cluster needs Dask; install phaseaware[cluster]") from None
    folders = folders_of(job for job in work.jobs if isinstance(job, Job))
    try:
        with connected(arguments.cluster) as cluster:
            task = cluster.prepare(
                order, controls=controls, settings=settings, model=model, preset=arguments.preset, jobs=work.jobs
            )
            if not arguments.quiet:
                say(f"what the cluster does: {cluster.dashboard}", sys.stderr)
            with closing(cluster.run(task, work.jobs)) as reports:
                yield reports
    finally:
        for folder in folders:  # now that the workers of `local:N` have ended
            remove_abandoned(folder)


def _refuse(arguments: argparse.Namespace) -> None:
    if "-" in (*map(str, arguments.inputs), arguments.out) or arguments.raw is not None:
        raise UsageError("-: what is piped is cleaned on this machine, and goes to a pipe or a file of it")
    places = (*map(str, arguments.inputs), arguments.out or "")
    if arguments.cluster is not None and any(place.startswith("memory://") for place in places):
        raise UsageError("memory:// is a store of one process, so a cluster does not see it; name another")
    if arguments.cluster is not None and arguments.jobs is not None:
        raise UsageError(f"--jobs {arguments.jobs}: is for one machine; its workers' threads are a cluster's")


def _try(work: ArchivePlan) -> None:
    """Whether the stores take files, before an hour is spent on what they refuse."""
    for root in filter(is_url, work.roots):
        probe = Stored(joined(root, f"{FOLDER}/probe"))
        probe.write(b"")
        probe.remove()


def _printer(arguments: argparse.Namespace, work: ArchivePlan) -> _ArchivePrinter:
    return _ArchivePrinter(work, json=arguments.json, quiet=arguments.quiet, names={}, file=sys.stdout)


class _ArchivePrinter(Printer):
    """Counts bytes of the sources, as they are known without opening them; lists failures at the end, and in a file."""

    _looks_inside = False

    def __init__(self, work: ArchivePlan, **how: Any) -> None:
        super().__init__(work, **how)
        self._archive = work

    def _total(self) -> float:
        return sum(map(_size, self._work.jobs))

    def progress(self, seconds: float) -> None:
        """Files are counted as they end."""

    def tell_all(self, reports: Iterator[Report]) -> None:
        """All files, as they end."""
        for report in reports:
            self.tell(report)
            self._bar.update(_size(report.job))

    def __exit__(self, *raised: Any) -> None:
        super().__exit__(*raised)
        failed = [report for report in self._reports if report.is_failure]
        if not self._work.is_batch or any(report.is_planned for report in self._reports):
            return
        place = _write_failures(self._archive, failed)
        if failed:
            self._complain(f"{len(failed)} of {len(self._work.jobs)} files failed; they are listed in {place}")
            for report in failed[:_LISTED]:
                self._complain(f"  {report.error or report.job.source}")


def _write_failures(work: ArchivePlan, failed: list[Report]) -> str:
    """A line of JSON for each, in the first output folder; the list of an earlier run goes."""
    root = work.roots[0]
    records = records_of(root)
    content = "".join(json.dumps(report.as_json()) + "\n" for report in failed).encode()
    try:
        if content:
            records[_FAILURES] = content
        else:
            del records[_FAILURES]
    except KeyError:
        pass
    return joined(root, f"{FOLDER}/{_FAILURES}") if is_url(root) else str(Path(root, FOLDER, _FAILURES))


def _size(job: Any) -> int:
    try:
        return job.size if isinstance(job, UrlJob) else Path(job.source).stat().st_size
    except OSError:
        return 0  # told when its turn comes
