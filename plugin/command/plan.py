"""Which files, and what their outputs are called."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from phaseaware.engine.audio import SUFFIXES
from phaseaware.engine.errors import UsageError

__all__ = ["Job", "Plan", "plan"]


@dataclass(frozen=True)
class Job:
    """One file."""

    source: Path
    target: Path


@dataclass(frozen=True)
class Plan:
    """All files.

    Attributes
    ----------
    jobs : in the order of the inputs, sorted within folders.
    left_out : files in folders whose names are not those of sound files.
    """

    jobs: list[Job]
    left_out: list[Path]


def plan(inputs: Sequence[Path], target: Path, *, into_folder: bool = False) -> Plan:
    """Find the files and name their outputs.

    Parameters
    ----------
    inputs : files, and folders, whose tree is kept. Hidden files are passed over, and so is ``target`` if it lies in
        an input folder.
    target : for one file: a file if it has a suffix, unless it is a folder; in all other cases a folder.
    into_folder : ``target`` is a folder, whatever its name.

    Raises
    ------
    FileNotFoundError : an input is missing.
    UsageError : there is nothing to do, an output would be an input, two would have the same name, ``target`` is a
        file where a folder is needed, or has a suffix that no sound format has.
    """
    for source in inputs:
        if not source.exists():
            hint = "; sound is read from files, not from the standard input" if str(source) == "-" else ""
            raise FileNotFoundError(f"{source}: no such file or folder{hint}")
    if str(target) == "-":
        raise UsageError("-: sound is written to files, not to the standard output; name a file with -o")
    into_folder = into_folder or target.is_dir()
    if len(inputs) == 1 and not inputs[0].is_dir() and not into_folder and target.suffix:
        if target.suffix.lower() not in SUFFIXES and target.suffix.lower() != inputs[0].suffix.lower():
            known = ", ".join(SUFFIXES)
            raise UsageError(
                f"{target}: no sound format has the suffix {target.suffix!r}; known: {known}. "
                "If a folder is meant, let it end with /"
            )
        found = Plan([Job(inputs[0], target)], [])
    else:
        if target.exists() and not target.is_dir():
            raise UsageError(f"{target}: is a file; for a folder or several inputs, -o names a folder")
        if target.suffix.lower() in SUFFIXES and not into_folder:
            raise UsageError(f"{target}: looks like a file; for a folder or several inputs, -o names a folder")
        found = _plan_folder(inputs, target)
    if not found.jobs:
        raise UsageError(f"no sound files in {', '.join(map(str, inputs))}; known are {', '.join(SUFFIXES)}")
    _refuse_collisions(found.jobs)
    return found


def _plan_folder(inputs: Sequence[Path], target: Path) -> Plan:
    jobs: list[Job] = []
    left_out: list[Path] = []
    for source in inputs:
        if not source.is_dir():
            jobs.append(Job(source, target / source.name))
            continue
        # As `cp -r` does: what is in one folder goes into the target; several folders keep their names.
        base = target if len(inputs) == 1 else target / source.resolve().name
        for path in _files_below(source, target):
            if path.suffix.lower() in SUFFIXES:
                jobs.append(Job(path, base / path.relative_to(source)))
            else:
                left_out.append(path)
    return Plan(jobs, left_out)


def _files_below(folder: Path, target: Path) -> Iterator[Path]:
    inside = target.resolve() != folder.resolve()
    for place, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(
            name for name in folders
            if not name.startswith(".") and not (inside and (Path(place) / name).resolve() == target.resolve())
        )  # fmt: skip
        yield from (Path(place) / name for name in sorted(names) if not name.startswith("."))


def _refuse(error: OSError) -> None:
    raise UsageError(f"{error.filename}: cannot be read ({error.strerror}); allow it, or name the other folders")


def _refuse_collisions(jobs: list[Job]) -> None:
    sources = {_identity(job.source) for job in jobs if job.source.exists()}  # a link to nothing fails in its turn
    targets: dict[Path, Path] = {}
    for job in jobs:
        target = job.target.resolve()
        if target.exists() and _identity(target) in sources:
            raise UsageError(f"{job.target}: is an input; name another output with -o")
        if target in targets:
            raise UsageError(f"{targets[target]} and {job.source} would both become {job.target}")
        targets[target] = job.source


def _identity(path: Path) -> tuple[int, int]:
    """Device and number of a file: the same whatever name or link leads to it (as ``samefile``)."""
    status = path.stat()
    return status.st_dev, status.st_ino
