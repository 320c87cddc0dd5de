"""``phaseaware compare``: arguments and what is printed. What is heavy is loaded when it runs."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from phaseaware.engine.controls import CONTROLS, LINK, Render
from phaseaware.engine.errors import ExitStatus

from .arguments import Commands, add_controls, add_force, add_model, given_controls, named_path
from .hushed import hushed
from .status import say

if TYPE_CHECKING:
    from ..comparison import Comparison

__all__ = ["add", "add_common", "compare_files", "report"]

_CONTROLS = [name for name in CONTROLS if name not in ("mask", "output", "bypass")]
_WIDTH = 120


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """``compare``."""
    parser = commands.add_parser(
        "compare",
        help="the two masks side by side: sounds, pictures, figures",
        description="Both masks on one file: noisy, phase-aware (A), real mask (B), delta A − B and removed "
        "(noisy − A) as float WAV, sample-aligned; spectrograms and masks as pictures; and index.html, a page with a "
        "switch to hand on. "
        "With stems also the ideal masks, and figures.",
    )
    parser.add_argument("input", type=named_path, metavar="IN", help="a sound file, any rate and channel count")
    parser.add_argument("-o", "--out", required=True, type=named_path, metavar="DIR", help="folder for the results")
    parser.add_argument("--speech", type=named_path, metavar="FILE", help="the speech alone, if you have it")
    parser.add_argument(
        "--noise",
        type=named_path,
        metavar="FILE",
        help="the noise alone; one of both is enough, the other is the difference",
    )
    add_common(parser)
    parser.set_defaults(run=_run)


def add_common(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``compare`` and ``demo``."""
    add_force(parser)
    group = parser.add_argument_group("controls, for both masks alike")
    add_controls(group, _CONTROLS)
    add_model(group)


@hushed()
def _run(args: argparse.Namespace) -> ExitStatus:
    for path in (args.input, args.speech, args.noise):
        if path is not None and not path.exists():
            raise FileNotFoundError(f"{path}: no such file")
    result = compare_files(args, args.input, speech=args.speech, noise=args.noise)
    print(report(result))
    print()
    say(f"Open {result.page} in a browser. In {result.folder}:")
    for path in result.files:
        say(f"  {path.name}")
    return ExitStatus.FAILED if result.left_out else ExitStatus.DONE


def compare_files(args: argparse.Namespace, noisy: Path, *, speech: Path | None, noise: Path | None) -> Comparison:
    """Compare with the arguments of :func:`add_common`, and show how far it is."""
    from tqdm import tqdm

    from ..comparison import compare

    controls = given_controls(args, _CONTROLS)
    link = controls.pop("link", LINK.default)
    with tqdm(
        total=1.0, miniters=0, disable=None, leave=False, dynamic_ncols=True, delay=1,
        bar_format="{percentage:3.0f}% |{bar}| making the {desc}, {remaining} left",
    ) as bar:  # fmt: skip

        def tell(step: str, share: float) -> None:
            bar.desc = step
            bar.update(share)

        return compare(
            noisy, args.out, speech=speech, noise=noise, model=args.model, force=args.force, progress=tell,
            link=link, render=Render(**controls),
        )  # fmt: skip


def report(result: Comparison) -> str:
    """The tables, and what must be said about them."""
    from ..comparison import tables

    parts = []
    for table in tables(result):
        head, *rows = table.rows
        parts += [_table([(table.caption, *head[1:]), *rows]), _wrap(table.about), ""]
    return "\n".join([*parts[:-1], *(_wrap(remark) for remark in result.remarks)])


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join([row[0].ljust(widths[0]), *cells]).rstrip())
    return "\n".join([lines[0], "─" * (sum(widths) + 2 * (len(widths) - 1)), *lines[1:]])


def _wrap(text: str) -> str:
    return textwrap.fill(text, _WIDTH)
