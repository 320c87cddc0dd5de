"""What runs on the workers of a cluster."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from distributed import Worker, get_worker
from distributed.diagnostics.plugin import WorkerPlugin
from phaseaware.engine import shipped_models
from phaseaware.engine.audio import file_digest
from phaseaware.engine.errors import UsageError

from ..files import Report, Treatment
from ..files.cleaning import treatment_of
from .jobs import ArchiveJob, Order, process_job
from .versions import difference, versions

__all__ = ["BEGUN", "MismatchError", "ModelCopy", "Task", "clean", "look"]

BEGUN = "phaseaware-begun"
"""Topic of the events that say which worker has begun a file."""
_KEPT = threading.local()


class MismatchError(UsageError):
    """A worker would not make the same bytes."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """What all files of a run have in common.

    Attributes
    ----------
    run : its name.
    order : what is to be done with the outputs.
    controls, preset : as for :func:`files.clean`.
    model : SHA-256 of its file; None with a preset.
    settings : that the treatment must come to have.
    versions : that the worker must have.
    """

    run: str
    order: Order
    controls: Mapping[str, Any]
    model: str | None
    preset: str | None
    settings: Mapping[str, Any]
    versions: Mapping[str, str]


class ModelCopy(WorkerPlugin):
    """A model's file, for all workers, also for those that come later."""

    idempotent = True

    def __init__(self, path: Path, digest: str) -> None:
        self.name = f"phaseaware-model-{digest}"
        self._name, self._content, self._digest = path.name, path.read_bytes(), digest

    def setup(self, worker: Worker) -> None:
        """Keep it in the worker's folder."""
        folder = _folder(worker, self._digest)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / self._name).write_bytes(self._content)


def _folder(worker: Worker, digest: str) -> Path:
    return Path(worker.local_directory, "phaseaware-models", digest)


def _model(worker: Worker, digest: str) -> Path | None:
    """The file of a model, by its hash; None: the worker has none."""
    return next(_folder(worker, digest).glob("*"), _shipped().get(digest))


@cache
def _shipped() -> Mapping[str, Path]:
    return {file_digest(path): path for path in shipped_models().values()}


def look(
    models: Sequence[str], paths: Sequence[str], dask_worker: Worker
) -> tuple[Mapping[str, str], list[str], list[str]]:
    """What a worker is: its versions, and which of the models, by their hashes, and of the paths it lacks."""
    lacking = [model for model in models if _model(dask_worker, model) is None]
    return versions(), lacking, [path for path in paths if not os.path.exists(path)]


def clean(task: Task, number: int, job: ArchiveJob) -> Report:
    """One file, on a worker.

    Raises
    ------
    MismatchError : this worker would not make the same bytes.
    """
    worker = get_worker()
    worker.log_event(BEGUN, {"run": task.run, "file": number, "worker": worker.address, "pid": os.getpid()})
    if (differs := difference(versions(), task.versions)) is not None:
        raise MismatchError(f"worker {worker.address} {differs}; install the same versions on all machines")
    return process_job(job, _treatment(task, worker), task.order, scratch=Path(worker.local_directory))


def _treatment(task: Task, worker: Worker) -> Treatment:
    """Made once for each thread, so that each has a session of its own."""
    if getattr(_KEPT, "run", None) != task.run:
        model = None if task.model is None else _model(worker, task.model)
        if task.model is not None and model is None:
            raise MismatchError(f"worker {worker.address} has not got the model; is its disk full?")
        treatment = treatment_of(dict(task.controls), model=model, preset=task.preset)
        if treatment.settings != task.settings:
            raise MismatchError(
                f"worker {worker.address} has another {task.preset!r}; put the same files on all machines"
            )
        _KEPT.run, _KEPT.treatment = task.run, treatment
    return _KEPT.treatment
