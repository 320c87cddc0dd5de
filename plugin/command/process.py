"""``phaseaware process``: clean files or folders. What is heavy is loaded when it runs."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phaseaware.engine.controls import CONTROLS, LINK
from phaseaware.engine.errors import ExitStatus

from .arguments import Commands, add_controls, add_force, add_preset_or_model, given_controls, whole_number
from .status import complain

if TYPE_CHECKING:
    from .batch import MakeStream, Report
    from .plan import Plan

__all__ = ["add"]

_CONTROLS = [name for name in CONTROLS if name != "bypass"]


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """``process``."""
    parser = commands.add_parser(
        "process",
        help="clean files or folders",
        description="Clean sound files. Rate, channels, length and sample format stay as they are. "
        "An output with another suffix than its input becomes a file of that format.",
    )
    parser.add_argument("inputs", nargs="+", type=Path, metavar="IN", help="sound files, or folders of sound files")
    parser.add_argument(
        "-o", "--out", required=True, help="a file, or a folder (made if need be; ends with / if its name has a dot)"
    )
    add_preset_or_model(parser, "a preset's name or file; controls given beside it replace its own")
    parser.add_argument(
        "--jobs", type=whole_number(1), metavar="N", help="files at a time (default: one for each processor)"
    )
    add_force(parser)
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on after an interruption: keep the outputs that are whole (no older than their inputs, as long, "
        "readable), make the others. Use the same settings: those of the kept outputs are not known",
    )
    add_controls(parser.add_argument_group("controls"), _CONTROLS)
    parser.set_defaults(run=_process)


def _process(arguments: argparse.Namespace) -> ExitStatus:
    from tqdm import tqdm

    from .batch import process_all
    from .plan import plan

    work = plan(arguments.inputs, Path(arguments.out), into_folder=arguments.out.endswith(("/", os.sep)))
    make = _streams(arguments)
    began, reports, finished = time.perf_counter(), [], False
    with tqdm(
        total=sum(_seconds(job.source) for job in work.jobs), disable=None, leave=False, dynamic_ncols=True,
        bar_format="{percentage:3.0f} % |{bar}| {elapsed} gone, {remaining} left",
    ) as bar:  # fmt: skip
        workers = min(arguments.jobs or len(_processors()), len(work.jobs))
        try:
            options: dict[str, Any] = {"overwrite": arguments.force, "resume": arguments.resume, "progress": bar.update}
            with closing(process_all(work.jobs, make, workers=workers, **options)) as running:
                for report in running:
                    reports.append(report)
                    if report.error is None and not (report.was_whole and len(work.jobs) > 1):
                        bar.write(report.line(), sys.stdout)
            finished = True
        finally:
            if len(work.jobs) > 1:
                bar.close()
                _sum_up(work, reports, time.perf_counter() - began, finished)
    failed = [report for report in reports if report.error is not None]
    for report in failed:
        complain(report.error, ExitStatus.FAILED)
    return ExitStatus.FAILED if failed else ExitStatus.DONE


def _seconds(path: Path) -> float:
    from phaseaware.engine.audio import AudioFileError, AudioReader

    try:
        with AudioReader(path) as reader:
            return reader.info.seconds
    except AudioFileError:
        return 0.0  # told when its turn comes


def _processors() -> Collection[int]:
    try:
        return os.sched_getaffinity(0)
    except AttributeError:  # Windows, macOS
        return range(os.cpu_count() or 1)


def _streams(arguments: argparse.Namespace) -> MakeStream:
    from phaseaware.engine import MaskModel, Render

    from .batch import separating

    given = given_controls(arguments, _CONTROLS)
    if arguments.preset is not None:
        from .preset_stream import from_preset

        return from_preset(arguments.preset, given)
    model = MaskModel(arguments.model)
    link = given.pop("link", LINK.default)
    render = Render(**({"mask": model.info.masks[0]} | given))
    model.check_offers([render.mask])
    return separating(model, render, link)


def _sum_up(work: Plan, reports: list[Report], elapsed: float, finished: bool) -> None:
    from .batch import clock

    done = [report for report in reports if report.error is None]
    kept = sum(report.was_whole for report in done)
    seconds = sum(report.seconds for report in done if not report.was_whole)
    count = f"{len(done) - kept} of {len(work.jobs)} files done"
    count += f", {kept} whole already" * bool(kept) + ", then stopped" * (not finished)
    speed = f"{clock(elapsed)}, {seconds / max(elapsed, 1e-9):.0f} x real time"
    print(f"{count}: {clock(seconds)} of sound in {speed}")
    if work.left_out:
        names = ", ".join(path.name for path in work.left_out[:3]) + (", …" if len(work.left_out) > 3 else "")
        print(f"left out, as by their names they are no sound files: {names}")
