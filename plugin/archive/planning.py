"""Which files at which URLs, and what their outputs are called: as :mod:`files.plan` does it for folders."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from phaseaware.engine.audio import SUFFIXES, printable
from phaseaware.engine.errors import UsageError

from ..files import Naming, Plan, plan
from ..files.manifest import FOLDER
from .jobs import ArchiveJob, UrlJob
from .storage import Entry, MissingError, Stored, base_of, is_url, joined, place_of, split

__all__ = ["ArchivePlan", "plan_archive"]

_BESIDE = "{name}-clean"


@dataclass(frozen=True)
class ArchivePlan:
    """All files.

    Attributes
    ----------
    jobs : in the order of the inputs, sorted within folders.
    is_batch : a folder or several files are cleaned.
    roots : the output folders.
    left_out : files whose names are not those of sound files.
    links : links to folders; they are not followed.
    """

    jobs: Sequence[ArchiveJob]
    is_batch: bool
    roots: Sequence[str]
    left_out: list[Path] = field(default_factory=list)
    links: list[Path] = field(default_factory=list)


def plan_archive(inputs: Sequence[str | Path], target: str | None, *, naming: Naming | None = None) -> ArchivePlan:
    """Find the files and name their outputs.

    Parameters
    ----------
    inputs : files, folders and patterns such as ``s3://archive/*/news-*.flac`` by URL; files and folders by path. The
        tree below a folder, or below the last part of a pattern without wildcards, is kept.
    target : for one file: a file if it has a suffix; in all other cases a folder. None: beside the inputs.
    naming : of the outputs.

    Raises
    ------
    StorageError : a store refuses or cannot be reached; MissingError: an input is missing.
    FileNotFoundError, UsageError : as :func:`files.plan`.
    """
    naming = naming or Naming()
    if not any(is_url(str(place)) for place in (*inputs, *([] if target is None else [target]))):
        return _local([Path(place) for place in inputs], target, naming)
    found = _Found(naming, target, several=len(inputs) > 1)
    for place in inputs:
        if is_url(str(place)):
            found.add_url(str(place))
        else:
            found.add_path(Path(place))
    if not found.pairs:
        places = ", ".join(printable(str(place)) for place in inputs)
        raise UsageError(f"no sound files in {places}; known are {', '.join(SUFFIXES)}")
    return found.plan()


def _local(inputs: Sequence[Path], target: str | None, naming: Naming) -> ArchivePlan:
    folder = target is not None and (target.endswith("/") or Path(target).is_dir())
    found = plan(inputs, None if target is None else Path(target), into_folder=folder, naming=naming)
    roots = sorted({str(job.folder) for job in found.jobs})
    return ArchivePlan(found.jobs, found.is_batch, roots, found.left_out, found.links)


@dataclass(frozen=True)
class _Pair:
    source: str
    entry: Entry | None
    size: int
    root: str
    name: str


class _Found:
    """What has been found so far."""

    def __init__(self, naming: Naming, target: str | None, *, several: bool) -> None:
        self._naming, self._several = naming, several
        self._target = target if target is None or target.endswith("://") else target.rstrip("/")
        is_local = target is not None and not is_url(target)
        self._is_folder = target is not None and (target.endswith("/") or (is_local and Path(target).is_dir()))
        self.pairs: list[_Pair] = []
        self._left_out: list[Path] = []
        self._local: list[Plan] = []
        self._is_batch = several

    def add_url(self, url: str) -> None:
        """A file, a folder or a pattern."""
        stored = Stored(url)
        matches = stored.matches()
        if matches is None and (entry := stored.entry()) is not None:
            self._add_file(url, entry, entry.size, split(url))
            return
        self._is_batch = True
        root = self._root_for(url, is_pattern=matches is not None)
        # What is made beside the inputs is named by its folder, so the files keep their names.
        naming = self._naming if self._target is not None else replace(self._naming, pattern=None)
        inside = root.rstrip("/") + "/" if root.rstrip("/") != url.rstrip("/") else None
        base = url if matches is None else base_of(url)
        prefix = f"{split(base)[1]}/" if self._several and self._target is not None and not base.endswith("://") else ""
        for entry in _visible(stored.files() if matches is None else iter(matches), inside):
            name = PurePosixPath(entry.name)
            if name.suffix.lower() in SUFFIXES:
                output = name.with_name(naming.of(Path(name)))
                self.pairs.append(_Pair(entry.url, entry, entry.size, root, prefix + str(output)))
            else:
                self._left_out.append(Path(entry.name))

    def _root_for(self, url: str, *, is_pattern: bool) -> str:
        if self._target is not None:
            _check_folder(self._target, into=self._is_folder)
            return self._target
        if is_pattern:
            raise UsageError(f"{printable(url)}: for a pattern, name the output folder with -o")
        folder, name = split(url)
        if folder.endswith("://"):
            raise UsageError(f"{printable(url)}: is a whole store; name the output folder with -o")
        return joined(folder, self._naming.fill(name, _BESIDE))

    def _add_file(self, source: str, entry: Entry | None, size: int, place: tuple[str, str]) -> None:
        folder, name = place
        target = self._target
        if target is None:
            self.pairs.append(_Pair(source, entry, size, folder, self._naming.of(Path(name), _BESIDE)))
        elif PurePosixPath(_name_of(target)).suffix and not self._several and not self._is_folder:
            root, output = split(target) if is_url(target) else (str(Path(target).parent), Path(target).name)
            self._check_name(target, output)
            self.pairs.append(_Pair(source, entry, size, root, output))
        else:
            _check_folder(target, into=self._is_folder)
            self.pairs.append(_Pair(source, entry, size, target, self._naming.of(Path(name))))

    def _check_name(self, target: str, output: str) -> None:
        if PurePosixPath(output).suffix.lower() not in SUFFIXES:
            hint = "If a folder is meant, let it end with /"
            raise UsageError(f"{printable(target)}: no sound format has this suffix. {hint}")
        if self._naming.format is not None or self._naming.pattern is not None:
            raise UsageError(f"{printable(target)}: names the file already; leave out --format and --suffix")

    def add_path(self, path: Path) -> None:
        """A file or folder of this machine, whose output goes to a URL; or beside it, where no target is named."""
        target = self._target
        if target is None:
            found = plan([path], None, naming=self._naming)
        elif path.is_dir() or not path.exists():
            # The names are those that a folder of this machine would have.
            found = plan([path], Path(path.anchor, "phaseaware-nowhere"), into_folder=True, naming=self._naming)
            self._is_batch = True
        else:
            self._add_file(str(path), None, path.stat().st_size, (str(path.parent), path.name))
            return
        self._local.append(found)
        for job in found.jobs:
            prefix = (
                f"{os.path.basename(os.path.realpath(path))}/"
                if self._several and found.is_batch and target is not None
                else ""
            )
            root = str(job.folder) if target is None else target
            self.pairs.append(_Pair(str(job.source), None, job.source.stat().st_size, root, prefix + job.name))

    def plan(self) -> ArchivePlan:
        """All of it."""
        roots = sorted({pair.root for pair in self.pairs})
        there = {root: _there(root, self.pairs) for root in roots}
        jobs, sources = [], {place_of(pair.source) for pair in self.pairs}
        targets: dict[str, str] = {}
        for pair in self.pairs:
            target = joined(pair.root, pair.name) if is_url(pair.root) else str(Path(pair.root, pair.name))
            if place_of(target) in sources:
                raise UsageError(f"{printable(target)}: is an input; name another output with -o")
            if target in targets:
                both = f"{printable(targets[target])} and {printable(pair.source)}"
                raise UsageError(f"{both} would both become {printable(target)}")
            targets[target] = pair.source
            identity = None if pair.entry is None else pair.entry.identity
            jobs.append(UrlJob(
                pair.source, target, pair.root, pair.name, pair.size, identity, pair.name in there[pair.root]
            ))  # fmt: skip
        left_out = [*self._left_out, *(path for found in self._local for path in found.left_out)]
        links = [path for found in self._local for path in found.links]
        return ArchivePlan(jobs, self._is_batch, roots, left_out, links)


def _name_of(place: str) -> str:
    return split(place)[1] if is_url(place) else Path(place).name


def _check_folder(target: str, *, into: bool) -> None:
    if PurePosixPath(_name_of(target)).suffix.lower() in SUFFIXES and not into:
        raise UsageError(f"{printable(target)}: looks like a file; for a folder or several inputs, -o names a folder")


def _visible(entries: Iterator[Entry], outputs: str | None) -> Iterator[Entry]:
    """But hidden ones, and outputs of an earlier run, in a folder of theirs."""
    for entry in entries:
        hidden = any(part.startswith(".") for part in entry.name.split("/"))
        if not hidden and (outputs is None or not entry.url.startswith(outputs)):
            yield entry


def _there(root: str, pairs: Sequence[_Pair]) -> set[str]:
    """The names of outputs that are there already: by one listing, or, for few, one by one."""
    names = [pair.name for pair in pairs if pair.root == root]
    if not is_url(root):
        return {name for name in names if Path(root, name).exists()}
    if len(names) <= 3:
        return {name for name in names if Stored(joined(root, name)).entry() is not None}
    try:
        return {entry.name for entry in Stored(root).files() if not entry.name.startswith(FOLDER)}
    except MissingError:
        return set()
