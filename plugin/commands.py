"""What the subcommands ``process``, ``models``, ``presets`` and ``gui`` do."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Collection
from contextlib import closing
from pathlib import Path
from typing import Any

from phaseaware.engine.files import AudioFileError, AudioReader
from phaseaware.engine.masks import Render
from phaseaware.engine.model import MaskModel, ModelError

from . import batch
from .cli import FAILED, USAGE

__all__ = ["run"]

_RENDER = ("mask", "output", "reduction_db", "strength_low", "strength_high", "mix")


def run(command: str, arguments: argparse.Namespace) -> int:
    """Run a subcommand; what goes wrong is told in one line. Returns the exit status."""
    commands: dict[str, Callable[[argparse.Namespace], int]] = {
        "process": _process, "models": _models, "presets": _presets, "gui": _gui,
    }  # fmt: skip
    return commands[command](arguments)


def _complain(what: object, status: int) -> int:
    print(f"phaseaware: {what}", file=sys.stderr)
    return status


def _process(arguments: argparse.Namespace) -> int:
    from tqdm import tqdm

    try:
        folder = arguments.out.endswith(("/", os.sep))
        work = batch.plan(arguments.inputs, Path(arguments.out), into_folder=folder)
        make = _streams(arguments)
    except (ValueError, OSError) as error:  # ModelError and PresetError are ValueErrors
        return _complain(error, USAGE)
    began, reports, finished = time.perf_counter(), [], False
    with tqdm(
        total=sum(_seconds(job.source) for job in work.jobs), disable=None, leave=False, dynamic_ncols=True,
        bar_format="{percentage:3.0f} % |{bar}| {elapsed} gone, {remaining} left",
    ) as bar:  # fmt: skip
        workers = min(arguments.jobs or len(_processors()), len(work.jobs))
        try:
            options: dict[str, Any] = {"overwrite": arguments.force, "resume": arguments.resume, "told": bar.update}
            with closing(batch.process_all(work.jobs, make, workers=workers, **options)) as running:
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
        _complain(report.error, FAILED)
    return FAILED if failed else 0


def _seconds(path: Path) -> float:
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


def _streams(arguments: argparse.Namespace) -> batch.MakeStream:
    given: dict[str, Any] = {name: getattr(arguments, name) for name in _RENDER if getattr(arguments, name) is not None}
    if arguments.preset is not None:
        if arguments.model is not None:
            raise ValueError("--preset and --model exclude each other: the preset says which model it uses")
        from .preset_stream import from_preset

        return from_preset(arguments.preset, given | ({} if arguments.link is None else {"link": arguments.link}))
    model = MaskModel(arguments.model)
    render = Render(**({"mask": model.info.masks[0]} | given))
    model.check_offers([render.mask])
    return batch.separating(model, render, arguments.link or "channels")


def _sum_up(work: batch.Plan, reports: list[batch.Report], elapsed: float, finished: bool) -> None:
    done = [report for report in reports if report.error is None]
    kept = sum(report.was_whole for report in done)
    seconds = sum(report.seconds for report in done if not report.was_whole)
    count = f"{len(done) - kept} of {len(work.jobs)} files done"
    count += f", {kept} whole already" * bool(kept) + ", then stopped" * (not finished)
    speed = f"{batch.clock(elapsed)}, {seconds / max(elapsed, 1e-9):.0f} x real time"
    print(f"{count}: {batch.clock(seconds)} of sound in {speed}")
    if work.left_out:
        names = ", ".join(path.name for path in work.left_out[:3]) + (", …" if len(work.left_out) > 3 else "")
        print(f"left out, as by their names they are no sound files: {names}")


def _models(arguments: argparse.Namespace) -> int:
    from .inspect_models import describe, list_shipped

    if not arguments.models:
        print(list_shipped())
        return 0
    status = 0
    for number, name in enumerate(arguments.models):
        try:
            text = describe(MaskModel(name).info)
        except ModelError as error:
            status = _complain(f"refused: {error}", USAGE)
        except OSError as error:
            status = _complain(error, USAGE)
        else:
            print("\n" * bool(number) + text)
    return status


def _presets(arguments: argparse.Namespace) -> int:
    from .presets import find_preset, list_presets, load_preset, user_folder

    if arguments.preset is None:
        presets = list_presets()
        width = max((len(preset.name) for preset in presets), default=0)
        for preset in presets:
            print(f"{preset.name:{width}}  {'(yours) ' if preset.is_user else ''}{preset.description}")
        print(f"Your own go to {user_folder()}")
        return 0
    try:
        load_preset(arguments.preset)  # what could not be used is refused here
        print(find_preset(arguments.preset).read_text(encoding="utf-8"), end="")
    except (OSError, ValueError) as error:
        return _complain(error, USAGE)
    return 0


def _gui(arguments: argparse.Namespace) -> int:
    if len(arguments.files) > 1:
        return _complain(
            f"the window opens one file, not {len(arguments.files)}; stems are opened in the window, with Ctrl+Shift+O",
            USAGE,
        )
    try:
        from phaseaware.gui.app import show
    except ImportError as error:
        if (error.name or "").startswith("phaseaware."):
            raise
        return _complain(f"the window needs {error.name}: pip install 'phaseaware[gui]' ({error})", FAILED)
    return show(*arguments.files, model=arguments.model)
