"""Measure everything and write BENCHMARKS.md: ``python -m tests.bench``.

With ``--rivals FOLDER`` (made by ``python -m tests.bench.rivals --prepare FOLDER``) other systems are measured beside
ours, with ``--dev FOLDER`` quality is, on pairs of stems. Some 13 minutes on an idle machine; ``--quick`` takes 3.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import io
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from phaseaware.engine import MaskModel, Render
from phaseaware.engine.runtime import onnxruntime
from phaseaware.engine.stft import HOP, SAMPLE_RATE

from . import board, cost, measure, profile, quality, rivals, threads

PAGE = Path(__file__).with_name("BENCHMARKS.md")
TRIED = Path(__file__).with_name("TRIED.md")
BLOCK_US = HOP / SAMPLE_RATE * 1e6


def processor() -> str:
    """The processor's name as the system tells it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def load() -> str:
    """Load average, the share of a core that a plain loop gets, and how fast it runs there, of this moment."""
    with measure.one_core():
        return (
            f"load average {os.getloadavg()[0]:.1f}, a plain loop gets {measure.core_share():.0%} of the core "
            f"and adds {measure.core_speed():.0f} million numbers a second of it"
        )


def live_table(seconds: int) -> list[str]:
    """Live: blocks of 512 samples."""
    lines = [
        "| live, 512-sample blocks | p50, µs | p99, µs | p99 / block | mean × real time | by the clock: p99 / block |",
        "|---|---|---|---|---|---|",
    ]
    both = (Render(mask="phase-aware"), Render(mask="real"))
    cases = [
        ("mono, one mask, a block after the other", both[:1], 1, False),
        ("mono, one mask, a block each 10.7 ms as from a sound card", both[:1], 1, True),
        ("mono, both masks, one inference", both, 1, False),
        ("stereo, a mask for each channel", both[:1], 2, False),
    ]
    for name, renders, channels, paced in cases:
        with measure.one_core():
            spent = measure.live_blocks(seconds, renders, channels=channels, paced=paced)
        p50, p99 = np.percentile(spent["cpu"], [50, 99])
        lines.append(
            f"| {name} | {p50:.0f} | {p99:.0f} | {p99 / BLOCK_US:.3f} | {BLOCK_US / spent['cpu'].mean():.1f} "
            f"| {np.percentile(spent['clock'], 99) / BLOCK_US:.3f} |"
        )
    return lines


def start_table(times: int) -> list[str]:
    """Start-up of whole processes."""
    lines = ["| start | CPU, s | by the clock, s |", "|---|---|---|"]
    python = measure.PHASEAWARE[0]
    with measure.one_core():
        for name, command in [
            ("`phaseaware --help`", [*measure.PHASEAWARE, "--help"]),
            ("`import phaseaware.plugin`, first sound out", [python, "-c", measure.FIRST_SOUND]),
            ("`python -c pass`, for comparison", [python, "-c", "pass"]),
        ]:
            r = measure.median_run(command, times)
            lines.append(f"| {name} | {r.cpu:.3f} | {r.seconds:.3f} |")
    return lines


def printed(show: Callable[[], None]) -> list[str]:
    """What another benchmark prints."""
    with contextlib.redirect_stdout(io.StringIO()) as text:
        show()
    return text.getvalue().rstrip().splitlines()


def sections(arguments: argparse.Namespace) -> list[tuple[str, Callable[[], list[list[str]]]]]:
    """Titles, and what makes their tables."""
    quick: bool = arguments.quick
    found: list[tuple[str, Callable[[], list[list[str]]]]] = []
    if arguments.rivals:
        folder = arguments.rivals.resolve()
        found.append(("Beside rivals: speed", lambda: rivals.tables(folder, rounds=1 if quick else rivals.ROUNDS)))
    if arguments.dev and not quick:
        folder_or_none = arguments.rivals and arguments.rivals.resolve()
        found.append(("Beside rivals: quality", lambda: quality.tables(arguments.dev, folder_or_none)))
    found += [
        ("Start", lambda: [start_table(3 if quick else 7)]),
        ("Live", lambda: [live_table(5 if quick else 20)]),
        ("What an hour costs, and how it grows", lambda: cost.tables(quick=quick, ten_hours=arguments.ten_hours)),
        ("Where the time goes", lambda: profile.tables(MaskModel())),
        ("Threads", lambda: [printed(threads.main)]),
    ]
    if not quick:
        found.append(("A board against its parts", lambda: [printed(board.main)]))
    return found


def main() -> None:
    """Measure everything, print it, write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds; no long files, quality, board")
    parser.add_argument("--rivals", type=Path, metavar="FOLDER", help="environments of other systems")
    parser.add_argument("--dev", type=Path, metavar="FOLDER", help="pairs of stems")
    parser.add_argument("--ten-hours", action="store_true", help="also ten hours in one file: 3.5 GB, 7 minutes more")
    parser.add_argument("--page", type=Path, default=PAGE, help="where to write (default: BENCHMARKS.md beside this)")
    arguments = parser.parse_args()
    info = MaskModel().info
    begun, before = time.perf_counter(), load()
    body = []
    for title, make in sections(arguments):
        since = time.perf_counter()
        text = "\n\n".join("\n".join(table) for table in make())
        body.append(f"## {title}\n\n{text}")
        print(f"{body[-1]}\n\n({title}: {time.perf_counter() - since:.0f} s)\n", flush=True)
    head = [
        "# Benchmarks",
        "",
        "Written by `make bench`. One thread on one core, unless a table says otherwise. CPU time is what the work "
        "used, whatever else ran on the machine, and the time by the clock on an idle core; where others share the "
        "core it still grows, as they share its caches. Ratios within a table hold better than its figures.",
        "",
        f"{datetime.date.today().isoformat()}; {processor()}, {measure.cores()} cores; Python "
        f"{platform.python_version()}, numpy {np.__version__}, onnxruntime {onnxruntime.__version__}, soundfile "
        f"{soundfile.__version__}; model {info.name} {info.version}, {info.size_bytes / 1e6:.2f} MB.",
        "",
        f"Other work on the machine: before, {before}; after, {load()}. "
        f"All of it took {(time.perf_counter() - begun) / 60:.0f} minutes.",
    ]
    arguments.page.write_text(
        "\n\n".join(["\n".join(head), *body, TRIED.read_text().rstrip()]) + "\n", encoding="utf-8"
    )
    print(f"written: {arguments.page}")


if __name__ == "__main__":
    main()
