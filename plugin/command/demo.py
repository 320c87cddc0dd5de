"""``phaseaware demo``: compare on the bundled clip. What is heavy is loaded when it runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from phaseaware.engine.audio.names import printable
from phaseaware.engine.errors import ExitStatus

from .arguments import Commands, named_path
from .compare import add_common, compare_files, report

__all__ = ["add"]


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """``demo``."""
    text = "compare on the bundled clip, whose stems are known"
    parser = commands.add_parser("demo", help=text, description=text.capitalize() + ".")
    parser.add_argument(
        "-o", "--out", type=named_path, default=Path("phaseaware-demo"), metavar="DIR",
        help="folder for the results (default: %(default)s)",
    )  # fmt: skip
    add_common(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> ExitStatus:
    from ..demo import mixture, stems

    speech, noise = stems()
    with mixture() as noisy:
        result = compare_files(args, noisy, speech=speech, noise=noise)
    print(report(result))
    print(_TOUR.format(folder=printable(result.folder), page=printable(result.page)))
    return ExitStatus.DONE


_TOUR = """
Open {page} in a browser: everything in one page, with a switch. Or one by one, from {folder}:
What to hear, with headphones:
  1. noisy.wav          speech in a busy street
  2. real.wav           B: a real mask in [0, 1] scales each cell of the spectrogram and keeps the noisy phase
  3. phase-aware.wav    A: the same network, but below 6 kHz the mask may also rotate and amplify
  4. delta.wav          A − B: what the two do differently
  5. removed.wav        what A took away; you should hear no speech in it
  6. ideal-psm.wav      the best that any real mask in [0, 1] could do, beside ideal-hybrid.wav, the phase-aware best
What to see:
  spectrograms.png      noisy, A, B and the signal A − B, on one scale: what the two do differently lies below 6 kHz
  masks.png             both masks; red is a gain above one, which a [0, 1] mask does not have
  difference.png        A against B in each cell: level (blue where A is louder, orange where B is), and phase
  ideal-masks.png       the same for the ideal masks
Your own recording: phaseaware compare RECORDING -o FOLDER"""
