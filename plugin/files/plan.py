"""Which files, and what their outputs are called."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from phaseaware.engine.audio import READ_ONLY, SUFFIXES
from phaseaware.engine.audio import printable as shown
from phaseaware.engine.errors import UsageError

from .job import Job

__all__ = ["Naming", "Plan", "plan"]

_BESIDE = "{name}-clean"


@dataclass(frozen=True, kw_only=True)
class Naming:
    """How outputs are called.

    Parameters
    ----------
    format : of the outputs, as their suffix tells it, such as ``flac``; None: that of the input.
    pattern : of their names without the suffix, with ``{name}`` for the input's; what has no ``{name}`` stands behind
        it. None: ``{name}-clean`` beside the input, the input's name in another folder.

    Raises
    ------
    UsageError : no such format can be written, or the names would lead to another folder.

    Examples
    --------
    >>> Naming(format="flac", pattern="-clean").of(Path("talk.wav"))
    'talk-clean.flac'
    """

    format: str | None = None
    pattern: str | None = None

    def __post_init__(self) -> None:
        if self.format is not None:
            suffix = self.suffix
            if SUFFIXES.get(suffix or "", (None,))[0] in {None, *READ_ONLY}:
                known = ", ".join(s[1:] for s, (name, _) in SUFFIXES.items() if name not in READ_ONLY)
                raise UsageError(f"--format {shown(self.format)}: cannot be written; known: {known}")
        if self.pattern is not None and any(separator in self.pattern for separator in {"/", os.sep, "\0"}):
            raise UsageError(f"--suffix {shown(self.pattern)}: is a part of a name, without folders; -o names a folder")

    @property
    def suffix(self) -> str | None:
        """The file names' end, if the format is given."""
        return None if self.format is None else "." + self.format.lower().removeprefix(".")

    def of(self, source: Path, default: str = "{name}") -> str:
        """What the output of a file is called; ``default`` is the pattern where none is given."""
        return self.fill(source.stem, default) + (self.suffix or source.suffix)

    def fill(self, name: str, default: str) -> str:
        """The pattern with a name in it."""
        pattern = default if self.pattern is None else self.pattern
        return (pattern if "{name}" in pattern else "{name}" + pattern).replace("{name}", name)


@dataclass(frozen=True)
class Plan:
    """All files.

    Attributes
    ----------
    jobs : in the order of the inputs, sorted within folders.
    is_batch : a folder or several files are cleaned.
    left_out : files in folders whose names are not those of sound files.
    links : links to folders, in folders; they are not followed.
    """

    jobs: list[Job]
    is_batch: bool
    left_out: list[Path] = field(default_factory=list)
    links: list[Path] = field(default_factory=list)


def plan(
    inputs: Sequence[Path], target: Path | None, *, into_folder: bool = False, naming: Naming | None = None
) -> Plan:
    """Find the files and name their outputs.

    Parameters
    ----------
    inputs : files, and folders, whose tree is kept. Hidden files are passed over, and so is ``target`` if it lies in
        an input folder.
    target : for one file: a file if it has a suffix, unless it is a folder; in all other cases a folder. None: beside
        the inputs.
    into_folder : ``target`` is a folder, whatever its name.
    naming : of the outputs.

    Raises
    ------
    FileNotFoundError : an input is missing.
    UsageError : there is nothing to do, an output would be an input, two would have the same name, ``target`` is a
        file where a folder is needed, or has a suffix that no sound format has or another than asked for.
    """
    naming = naming or Naming()
    for source in inputs:
        if not os.path.exists(source):  # False for names that no file can have, too
            hint = "; the standard input is read alone" if str(source) == "-" else ""
            raise FileNotFoundError(f"{shown(source)}: no such file or folder{hint}")
    is_batch = len(inputs) > 1 or inputs[0].is_dir()
    into_folder = into_folder or (target is not None and target.is_dir())
    if target is not None and not is_batch and not into_folder and target.suffix:
        _check_name(target, inputs[0], naming)
        found = Plan([Job(inputs[0], target)], is_batch)
    else:
        if target is not None:
            _check_folder(target, into_folder=into_folder)
        found = Plan([], is_batch)
        for source in inputs:
            _add(found, source, target, naming, several=len(inputs) > 1)
    if not found.jobs:
        raise UsageError(f"no sound files in {', '.join(map(shown, inputs))}; known are {', '.join(SUFFIXES)}")
    _refuse_collisions(found.jobs)
    return found


def _check_name(target: Path, source: Path, naming: Naming) -> None:
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES and suffix != source.suffix.lower():
        known = ", ".join(SUFFIXES)
        raise UsageError(
            f"{shown(target)}: no sound format has the suffix {target.suffix!r}; known: {known}. "
            "If a folder is meant, let it end with /"
        )
    if naming.suffix not in (None, suffix):
        raise UsageError(f"{shown(target)}: its name means another format than --format {naming.format}; leave out one")
    if naming.pattern is not None:
        raise UsageError(f"{shown(target)}: --suffix names files in a folder, and here the file has a name already")


def _check_folder(target: Path, *, into_folder: bool) -> None:
    if target.exists() and not (target.is_dir() or target.is_file()):
        raise UsageError(f"{shown(target)}: is a pipe or a device; -o names a file or a folder, or - for a pipe")
    if target.is_file():
        raise UsageError(f"{shown(target)}: is a file; for a folder or several inputs, -o names a folder")
    if target.suffix.lower() in SUFFIXES and not into_folder:
        raise UsageError(f"{shown(target)}: looks like a file; for a folder or several inputs, -o names a folder")


def _add(found: Plan, source: Path, target: Path | None, naming: Naming, *, several: bool) -> None:
    if not source.is_dir():
        name = naming.of(source, _BESIDE if target is None else "{name}")
        found.jobs.append(Job(source, source.with_name(name) if target is None else target / name, target))
        return
    if target is None:
        folder = source if source.name not in ("", "..") else _real(source)
        base = folder.with_name(naming.fill(folder.name, _BESIDE))
        _walk(found, source, base, base, replace(naming, pattern=None))
    else:
        # As `cp -r` does: what is in one folder goes into the target; several folders keep their names.
        _walk(found, source, target / _real(source).name if several else target, target, naming)


def _walk(found: Plan, folder: Path, base: Path, root: Path, naming: Naming) -> None:
    inside = _real(root) != _real(folder)
    for place, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(
            name for name in folders
            if not name.startswith(".") and not (inside and _real(Path(place) / name) == _real(root))
        )  # fmt: skip
        found.links.extend(path for name in folders if (path := Path(place) / name).is_symlink())
        for path in (Path(place) / name for name in sorted(names) if not name.startswith(".")):
            if path.suffix.lower() in SUFFIXES:
                found.jobs.append(Job(path, (base / path.relative_to(folder)).with_name(naming.of(path)), root))
            else:
                found.left_out.append(path)


def _refuse(error: OSError) -> None:
    raise UsageError(f"{shown(error.filename)}: cannot be read ({error.strerror}); allow it, or name the other folders")


def _refuse_collisions(jobs: list[Job]) -> None:
    sources = {_identity(job.source) for job in jobs if job.source.exists()}  # a link to nothing fails in its turn
    targets: dict[Path, Path] = {}
    for job in jobs:
        target = _real(job.target)
        if os.path.exists(target) and _identity(target) in sources:  # False for names that are too long
            raise UsageError(f"{shown(job.target)}: is an input; name another output with -o")
        if target in targets:
            raise UsageError(f"{shown(targets[target])} and {shown(job.source)} would both become {shown(job.target)}")
        targets[target] = job.source


def _real(path: Path) -> Path:
    """Without links; of links in a circle, as far as it goes: `Path.resolve` raises for these."""
    return Path(os.path.realpath(path))


def _identity(path: Path) -> tuple[int, int]:
    """Device and number of a file: the same whatever name or link leads to it (as ``samefile``)."""
    status = path.stat()
    return status.st_dev, status.st_ino
