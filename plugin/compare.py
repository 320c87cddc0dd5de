"""The subcommands ``compare`` and ``demo``: arguments and what is printed. Imports nothing heavy."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import add_controls, add_force

if TYPE_CHECKING:
    from .comparison import Comparison

__all__ = ["add_compare_arguments", "add_demo_arguments", "run_compare", "run_demo"]

_CONTROLS = ("reduction_db", "strength_low", "strength_high", "mix")
_WIDTH = 120


def add_compare_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``compare``."""
    parser.add_argument("input", type=Path, metavar="IN", help="a sound file, any rate and channel count")
    parser.add_argument("-o", "--out", required=True, type=Path, metavar="DIR", help="folder for the results")
    parser.add_argument("--speech", type=Path, metavar="FILE", help="the speech alone, if you have it")
    parser.add_argument(
        "--noise", type=Path, metavar="FILE", help="the noise alone; one of both is enough, the other is the difference"
    )
    _add_common(parser)


def add_demo_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``demo``."""
    parser.add_argument(
        "-o", "--out", type=Path, default=Path("phaseaware-demo"), metavar="DIR",
        help="folder for the results (default: %(default)s)",
    )  # fmt: skip
    _add_common(parser)


def _add_common(parser: argparse.ArgumentParser) -> None:
    add_force(parser)
    add_controls(parser, "controls, for both masks alike")


def run_compare(args: argparse.Namespace) -> int:
    """Run ``compare``; 0, or after one line that says what is wrong 1 or 2, see :func:`cli.main`."""
    return _told(_run_compare, args)


def run_demo(args: argparse.Namespace) -> int:
    """Run ``demo``; as :func:`run_compare`."""
    return _told(_run_demo, args)


def _told(run: Callable[[argparse.Namespace], None], args: argparse.Namespace) -> int:
    from ..engine.files import AudioFileError
    from .cli import FAILED, USAGE

    try:
        run(args)
    except BrokenPipeError:
        raise
    except (AudioFileError, OSError, ValueError) as error:
        print(f"phaseaware: {error}", file=sys.stderr)
        return USAGE if isinstance(error, ValueError | FileNotFoundError) else FAILED
    return 0


def _run_compare(args: argparse.Namespace) -> None:
    for path in (args.input, args.speech, args.noise):
        if path is not None and not path.exists():
            raise FileNotFoundError(f"{path}: no such file")
    result = _compare(args, args.input, speech=args.speech, noise=args.noise)
    print(_report(result))
    print(f"\nSounds and pictures are in {result.folder}:")
    for path in result.files:
        print(f"  {path.name}")


def _run_demo(args: argparse.Namespace) -> None:
    from .comparison import demo_clip

    with demo_clip() as (noisy, speech, noise):
        result = _compare(args, noisy, speech=speech, noise=noise)
    print(_report(result))
    print(_TOUR.format(folder=result.folder))


def _compare(args: argparse.Namespace, noisy: Path, *, speech: Path | None, noise: Path | None) -> Comparison:
    from tqdm import tqdm

    from .comparison import compare, duration

    controls = {name: value for name in _CONTROLS if (value := getattr(args, name)) is not None}
    with tqdm(
        total=duration(noisy), unit="s", disable=None, leave=False, dynamic_ncols=True, delay=1,
        bar_format="{percentage:3.0f}% |{bar}| {n:.0f}/{total:.0f} s of sound, {remaining} left",
    ) as bar:  # fmt: skip
        return compare(
            noisy, args.out, speech=speech, noise=noise, model=args.model, link=args.link or "channels",
            controls=controls, force=args.force, progress=bar.update,
        )  # fmt: skip


_TOUR = """
What to hear, with headphones, all from {folder}:
  1. noisy.wav          speech in a busy street
  2. real.wav           B: a real mask in [0, 1] scales each cell of the spectrogram and keeps the noisy phase
  3. phase-aware.wav    A: the same network, but below 6 kHz the mask may also rotate and amplify
  4. delta.wav          A − B: what the two do differently
  5. removed.wav        what A took away; you should hear no speech in it
  6. ideal-psm.wav      the best that any real mask in [0, 1] could do, beside ideal-hybrid.wav, the phase-aware best
What to see:
  spectrograms.png      noisy, A, B and their difference: blue where A is louder, orange where B is
  masks.png             both masks; red is a gain above one, which a [0, 1] mask does not have
  ideal-masks.png       the same for the ideal masks
Your own recording: phaseaware compare RECORDING -o FOLDER"""


_ABOUT_MASKS = (
    "|M| > 1: share of the cells below 6 kHz in which the mask amplifies. "
    "Mean rotation: of what the mask lets through below 6 kHz."
)
_ABOUT_SCORES = (
    "SI-SDR, PESQ-WB (1 to 4.6) and ESTOI (0 to 1): higher is better. LSD (log-spectral distance): lower is better."
)


def _report(result: Comparison) -> str:
    """The tables, and what must be said about them."""
    rows: list[tuple[str, ...]] = [("", "RMS", "peak", "|M| > 1", "largest gain", "mean rotation")]
    rows += [
        (
            version.title,
            f"{version.rms_db:.1f} dBFS",
            f"{version.peak_db:.1f} dBFS",
            "" if version.above_one is None else f"{100 * version.above_one:.1f} %",
            "" if version.largest_gain_db is None else f"{round(version.largest_gain_db, 1) + 0.0:.1f} dB",
            "" if version.mean_rotation is None else f"{version.mean_rotation:.0f}°",
        )
        for version in result.versions
    ]
    parts = [_table(rows), _wrap(_ABOUT_MASKS)]
    if result.scores:
        columns = list(next(iter(result.scores.values())))
        figures: list[tuple[str, ...]] = [("against the speech", *columns)]
        for title, scores in result.scores.items():
            figures.append((title, *(_figure(name, scores[name]) for name in columns)))
        parts += ["", _table(figures), _wrap(_ABOUT_SCORES)]
    parts += [_wrap(remark) for remark in result.remarks]
    return "\n".join(parts)


def _figure(name: str, value: float | None) -> str:
    if value is None or value != value:
        return "–"
    if name == "ESTOI":
        return f"{value:.3f}"
    if name == "PESQ-WB":
        return f"{value:.2f}"
    return f"{value:.1f} dB"


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join([row[0].ljust(widths[0]), *cells]).rstrip())
    return "\n".join([lines[0], "─" * (sum(widths) + 2 * (len(widths) - 1)), *lines[1:]])


def _wrap(text: str) -> str:
    return textwrap.fill(text, _WIDTH)
