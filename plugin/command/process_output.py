"""What ``phaseaware process`` prints: a line for each file, as it ends, and what must be said about it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

from phaseaware.engine.audio.names import printable

if TYPE_CHECKING:
    from ..archive.planning import ArchivePlan
    from ..files import Plan, Report

__all__ = ["Printer"]

_LISTED = 3


class Printer:
    """Prints reports, with a bar on a terminal; a context that sums up at its end, also after an interruption.

    Parameters
    ----------
    work : all files.
    json : lines of JSON instead of text.
    quiet : nothing but errors and sound that is left out.
    names : what to write for some names.
    file : for everything that is no error.

    Attributes
    ----------
    has_failures : whether a file failed, or sound was left out.
    finished : to be set when all is done.
    """

    def __init__(
        self, work: Plan | ArchivePlan, *, json: bool, quiet: bool, names: Mapping[str, str], file: TextIO
    ) -> None:
        self._work, self._json, self._quiet, self._names, self._file = work, json, quiet, names, file
        self._reports: list[Report] = []
        self.has_failures = self.finished = False

    def __enter__(self) -> Self:
        from tqdm import tqdm

        self._began = time.perf_counter()
        shows = sys.stderr.isatty() and not self._quiet
        self._bar: Any = tqdm(
            total=self._total() if shows else None, disable=not shows,
            leave=False, dynamic_ncols=True, bar_format="{percentage:3.0f} % |{bar}| {elapsed} gone, {remaining} left",
        )  # fmt: skip
        for link in self._work.links:
            self._fail(f"{link}: left out, as links to folders are not followed; name it as an input")
        for path in self._work.left_out if self._looks_inside else ():
            if (kind := _sound_in(path)) is not None:
                self._fail(f"{path}: left out, as it is {kind} by its content, not by its name; rename it")
        return self

    _looks_inside = True
    """Whether files whose names are not those of sound files are opened."""

    def _total(self) -> float:
        return sum(_seconds(Path(job.source)) for job in self._work.jobs)

    def progress(self, seconds: float) -> None:
        """So much more sound is done."""
        self._bar.update(seconds)

    def tell(self, report: Report) -> None:
        """A file is done."""
        self._reports.append(report)
        if self._json:
            entry = {k: self._named(v) if isinstance(v, str) else v for k, v in report.as_json().items()}
            self._say(json.dumps(entry), self._file)
        elif report.error is None and not self._quiet and not (report.was_whole and self._work.is_batch):
            self._say(report.line(), self._file)
        if report.error is not None:
            self._fail(report.error)
        for note in report.notes if report.error is None else ():  # of what was whole: what was left out then
            if note in report.left_out:
                self._fail(f"{report.job.source}: {note}")
            elif not self._quiet and not self._json:
                self._complain(f"{report.job.source}: {note}")

    def _fail(self, what: str) -> None:
        self.has_failures = True
        self._complain(what)

    def _complain(self, what: str) -> None:
        self._say(f"phaseaware: {what}", sys.stderr)

    def _say(self, line: str, file: TextIO) -> None:
        self._bar.write(printable(self._named(line)), file)
        file.flush()

    def _named(self, text: str) -> str:
        for path, name in self._names.items():
            text = text.replace(path, name)
        return text

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        self._bar.close()
        if self._work.is_batch and not self._json and not self._quiet and kind is not BrokenPipeError:
            self._sum_up(time.perf_counter() - self._began)

    def _sum_up(self, elapsed: float) -> None:
        from ..files.report import clock

        done = [report for report in self._reports if report.error is None]
        kept = sum(report.was_whole for report in done)
        failed, planned = len(self._reports) - len(done), any(report.is_planned for report in done)
        seconds = sum(report.seconds for report in done if not report.was_whole)
        count = f"{len(done) - kept} of {len(self._work.jobs)} files {'to be ' * planned}done"
        count += f", {kept} whole already" * bool(kept) + f", {failed} failed" * bool(failed)
        count += ", then stopped" * (not self.finished)
        speed = "" if planned else f" in {clock(elapsed)}, {seconds / max(elapsed, 1e-9):.0f} x real time"
        self._say(f"{count}: {clock(seconds)} of sound{speed}", self._file)
        if left_out := self._work.left_out:
            names = ", ".join(path.name for path in left_out[:_LISTED]) + (", …" if len(left_out) > _LISTED else "")
            self._say(f"left out, as by their names they are no sound files: {names}", self._file)


def _seconds(path: Path) -> float:
    from phaseaware.engine.audio import AudioFileError, AudioReader

    try:
        with AudioReader(path) as reader:
            return reader.info.seconds
    except AudioFileError:
        return 0.0  # told when its turn comes


def _sound_in(path: Path) -> str | None:
    """The format of a file that is sound by its content."""
    from phaseaware.engine.audio import AudioFileError, AudioReader

    try:
        with AudioReader(path) as reader:
            return None if reader.left_out else reader.info.format  # two frames of MP3 are found in any noise
    except AudioFileError:
        return None
