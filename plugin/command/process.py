"""``phaseaware process``: clean files or folders. What is heavy is loaded when it runs."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from phaseaware.engine.controls import CONTROLS
from phaseaware.engine.errors import ExitStatus, UsageError

from .arguments import (
    Commands,
    add_controls,
    add_force,
    add_preset_or_model,
    given_controls,
    local_path,
    named,
    number_between,
    whole_number,
)
from .hushed import hushed
from .process_output import Printer

if TYPE_CHECKING:
    from ..files import OutputSettings, Plan, Treatment

__all__ = ["add"]

_CONTROLS = [name for name in CONTROLS if name != "bypass"]


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """``process``."""
    parser = commands.add_parser(
        "process",
        help="clean files or folders",
        description="Clean sound files and videos. Rate, channels, length, sample format and bit rate stay as they "
        "are. "
        "An output with another suffix than its input becomes a file of that format.",
    )
    parser.add_argument(
        "inputs", nargs="+", type=_place, metavar="IN",
        help="sound files, or folders of sound files, or URLs of them, such as s3://archive/*/news-*.flac; - for the "
        "standard input, which is collected until it ends",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--out", type=named, metavar="OUT",
        help="a file, or a folder (made if need be; ends with / if its name has a dot), or a URL of one, or - for the "
        "standard output; default: NAME-clean beside the input",
    )  # fmt: skip
    add_preset_or_model(parser, "a preset's name or file; controls given beside it replace its own")
    _add_outputs(parser.add_argument_group("outputs"))
    _add_running(parser.add_argument_group("running"))
    add_controls(parser.add_argument_group("controls"), _CONTROLS)
    parser.set_defaults(run=_process)


def _is_url(text: str) -> bool:
    return "://" in text


def _place(text: str) -> str | Path:
    """A path of this machine, or a URL, of which a Path would lose a slash."""
    if not _is_url(text):
        place = Path(named(text))
        return place.absolute() if str(place) == "-" != text else place  # ./- is a file of that name
    path = local_path(text)
    if path == text:
        return text
    is_pattern = any(wild in path for wild in "*?[") and not os.path.exists(path)
    return f"local://{path}" if is_pattern else Path(path)  # fsspec finds what matches


def _add_outputs(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--format", metavar="F",
        help="wav, flac, mp3, m4a … (default: that of the input; wav on the standard output)",
    )  # fmt: skip
    group.add_argument(
        "--suffix", metavar="TEXT",
        help="put behind the names of outputs, such as -clean; or a pattern, such as '{name}-clean'",
    )  # fmt: skip
    group.add_argument(
        "--bitrate", type=number_between(6, 1000, " kbit/s"), metavar="KBIT/S",
        help="of lossy formats (default: the input's if the codec stays, else a high one)",
    )  # fmt: skip
    group.add_argument(
        "--lufs", type=number_between(-70, 0, " LUFS"), metavar="LUFS",
        help="integrated loudness of the outputs (ITU-R BS.1770), such as -16; takes a second pass",
    )  # fmt: skip
    group.add_argument(
        "--true-peak", type=number_between(-30, 0, " dBTP"), metavar="DBTP",
        help="with --lufs: peaks that this would bring above it are limited (default: -1)",
    )  # fmt: skip
    group.add_argument(
        "--raw", metavar="KIND:RATE:CHANNELS",
        help="the standard input has no header: samples such as s16le:48000:2; nor has the standard output then",
    )  # fmt: skip


def _add_running(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--jobs", type=whole_number(1), metavar="N", help="files at a time (default: one for each processor)"
    )
    group.add_argument(
        "--cluster", metavar="WHERE",
        help="clean on a Dask cluster: its scheduler's address, such as tcp://host:8786, or the file that a scheduler "
        "writes, or local:N for N processes here",
    )  # fmt: skip
    add_force(group)
    group.add_argument(
        "--resume",
        action="store_true",
        help="keep the outputs that were made of the same files with the same settings, by the manifest in the output "
        "folder (.phaseaware); make the others",
    )
    group.add_argument("--dry-run", action="store_true", help="only say what would be done")
    group.add_argument("--json", action="store_true", help="a line of JSON for each file, instead of text")
    group.add_argument("--quiet", action="store_true", help="print nothing but errors and sound that is left out")


@hushed()
def _process(arguments: argparse.Namespace) -> ExitStatus:
    from ..files import Naming
    from ..files.cleaning import treatment_of
    from .process_pipes import Pipes

    naming = Naming(format=arguments.format, pattern=arguments.suffix)
    output = _output_settings(arguments)
    if arguments.cluster is not None or any(map(_is_url, [*map(str, arguments.inputs), arguments.out or ""])):
        from .process_archive import process_archive

        workers = arguments.jobs or _processors()
        return process_archive(arguments, naming, output, given_controls(arguments, _CONTROLS), workers)
    with Pipes(arguments, naming) as pipes:
        work = pipes.plan()
        treatment = treatment_of(given_controls(arguments, _CONTROLS), model=arguments.model, preset=arguments.preset)
        pipes.collect()
        printer = Printer(
            work, json=arguments.json, quiet=arguments.quiet, names=pipes.names,
            file=sys.stderr if pipes.is_target else sys.stdout,
        )  # fmt: skip
        status = _run(arguments, work, treatment, output, printer)
        pipes.send()
    return status


def _output_settings(arguments: argparse.Namespace) -> OutputSettings:
    from ..files import OutputSettings

    if arguments.true_peak is not None and arguments.lufs is None:
        raise UsageError("--true-peak holds for --lufs, which is missing")
    bitrate = None if arguments.bitrate is None else round(arguments.bitrate * 1000)
    peak = {} if arguments.true_peak is None else {"true_peak": arguments.true_peak}
    return OutputSettings(bitrate=bitrate, lufs=arguments.lufs, **peak)


def _run(
    arguments: argparse.Namespace, work: Plan, treatment: Treatment, output: OutputSettings, printer: Printer
) -> ExitStatus:
    from ..files import process_all

    workers = min(arguments.jobs or _processors(), len(work.jobs))
    with printer:
        running = process_all(
            work.jobs, treatment, workers=workers, output=output, overwrite=arguments.force, resume=arguments.resume,
            remember=work.is_batch, dry_run=arguments.dry_run, progress=printer.progress,
        )  # fmt: skip
        with closing(running):
            for report in running:
                printer.tell(report)
        printer.finished = True
    return ExitStatus.FAILED if printer.has_failures else ExitStatus.DONE


def _processors() -> int:
    """How many this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # Windows, macOS
        return os.cpu_count() or 1
