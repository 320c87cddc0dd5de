"""Measure and write BENCHMARKS.md: ``python -m tests.bench`` (``--quick`` leaves out the 3-hour file and the board)."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import io
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy
import onnxruntime
from phaseaware.engine import MaskModel, Render
from phaseaware.engine.stft import HOP, SAMPLE_RATE

from . import board, measure, threads

PAGE = Path(__file__).with_name("BENCHMARKS.md")
MINUTES_10, HOURS_3 = 600, 3 * 3600
BLOCK_MS = HOP / SAMPLE_RATE * 1000


def processor() -> str:
    """The processor's name as the system tells it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def file_table(folder: Path, *, quick: bool) -> list[str]:
    """File to file: speed and memory against length, channels and rate."""
    lines = ["| file | × real time | seconds | peak memory, MB |", "|---|---|---|---|"]
    cases = [
        ("10 min, mono, 48 kHz", MINUTES_10, 1, 48_000, 5),
        ("10 min, stereo, 48 kHz", MINUTES_10, 2, 48_000, 3),
        ("10 min, mono, 44.1 kHz", MINUTES_10, 1, 44_100, 3),
        ("10 min, mono, 16 kHz", MINUTES_10, 1, 16_000, 3),
    ]
    if not quick:
        cases.append(("3 h, mono, 48 kHz", HOURS_3, 1, 48_000, 1))
    for name, seconds, channels, rate, times in cases:
        r = measure.process(folder, seconds, times=times, channels=channels, rate=rate)
        lines.append(f"| {name} | {seconds / r.seconds:.1f} | {r.seconds:.2f} | {r.peak_mb:.0f} |")
        print(lines[-1], flush=True)
    return lines


def live_table() -> list[str]:
    """Live: blocks of 512 samples."""
    lines = [
        "| live, 512-sample blocks | p50, µs | p99, µs | mean × real time | p99 / block |",
        "|---|---|---|---|---|",
    ]
    both = (Render(mask="phase-aware"), Render(mask="real"))
    for name, renders in (("one mask", both[:1]), ("both masks, one inference", both)):
        middle, worst, mean = measure.live_blocks(60, renders)
        share = worst / 1000 / BLOCK_MS
        lines.append(f"| {name} | {middle:.0f} | {worst:.0f} | {BLOCK_MS * 1000 / mean:.1f} | {share:.3f} |")
        print(lines[-1], flush=True)
    return lines


def start_table() -> list[str]:
    """Start-up of whole processes."""
    lines = ["| start | seconds |", "|---|---|"]
    for name, command in [
        ("`phaseaware --help`", [*measure.PHASEAWARE, "--help"]),
        ("`import phaseaware.plugin`, first sound out", [measure.PHASEAWARE[0], "-c", measure.FIRST_SOUND]),
        ("`python -c pass`, for comparison", [measure.PHASEAWARE[0], "-c", "pass"]),
    ]:
        lines.append(f"| {name} | {measure.median_run(command, 7).seconds:.3f} |")
        print(lines[-1], flush=True)
    return lines


def printed(show: Callable[[], None]) -> list[str]:
    """What another benchmark prints."""
    with contextlib.redirect_stdout(io.StringIO()) as text:
        show()
    print(text.getvalue(), flush=True)
    return text.getvalue().rstrip().splitlines()


def main() -> None:
    """Measure everything, print it, write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="without the 3-hour file and the board")
    quick = parser.parse_args().quick
    info = MaskModel().info
    head = [
        "# Benchmarks",
        "",
        "Written by `make bench`; one thread, medians over several runs of whole processes (the 3-hour file: one run).",
        "The machine is shared and noisy: ratios hold, absolute times vary by some 20 %.",
        "",
        f"{datetime.date.today().isoformat()}; {processor()}; Python {platform.python_version()}, "
        f"numpy {numpy.__version__}, onnxruntime {onnxruntime.__version__}; model {info.name} {info.version}.",
    ]
    with tempfile.TemporaryDirectory() as folder:
        tables = [start_table(), live_table(), file_table(Path(folder), quick=quick)]
    tables += [printed(threads.main)] if quick else [printed(threads.main), printed(board.main)]
    text = "\n\n".join("\n".join(part) for part in (head, *tables))
    PAGE.write_text(text + "\n", encoding="utf-8")
    print(f"written: {PAGE}")


if __name__ == "__main__":
    main()
