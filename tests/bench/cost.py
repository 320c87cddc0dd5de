"""What an hour of sound costs, and how that grows: ``python -m tests.bench.cost [--ten-hours]``.

Whole processes (``phaseaware process``), start included. CPU time is what the process used, whatever else ran; on an
idle core it is the time by the clock.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from . import measure
from .measure import Run

LENGTHS = {"1 s": 1, "10 s": 10, "1 min": 60, "10 min": 600, "1 h": 3600, "3 h": 3 * 3600}
TEN_HOURS = {"10 h": 36_000}
KINDS = {
    "mono, 8 kHz": (1, 8_000, ""), "mono, 16 kHz": (1, 16_000, ""), "mono, 44.1 kHz": (1, 44_100, ""),
    "mono, 48 kHz": (1, 48_000, ""), "mono, 96 kHz": (1, 96_000, ""), "stereo, 48 kHz": (2, 48_000, ""),
    "stereo, 48 kHz, one mask for both": (2, 48_000, "stereo"), "6 channels, 48 kHz": (6, 48_000, ""),
}  # fmt: skip
KIND_SECONDS, PROCESS_SECONDS = 120, 60
PROCESSES = (1, 2, 4, 8)


def command(source: Path, target: Path, link: str = "") -> list[str]:
    """``phaseaware process`` of one file."""
    return [*measure.PHASEAWARE, "process", str(source), "-o", str(target), "--force", *(["--link", link] * bool(link))]


def row(name: str, seconds: float, run: Run) -> str:
    """A line of both tables."""
    return (
        f"| {name} | {run.cpu:.2f} | {seconds / run.cpu:.1f} | {seconds / run.seconds:.1f} "
        f"| {1000 * run.cpu / seconds:.1f} | {run.peak_mb:.0f} |"
    )


def head(name: str) -> list[str]:
    """The first lines of both tables."""
    return [
        f"| {name} | CPU, s | × real time (CPU) | by the clock | core-hours for 1,000 h | peak memory, MB |",
        "|---|---|---|---|---|---|",
    ]


def lengths(folder: Path, cases: dict[str, int]) -> list[str]:
    """Mono at 48 kHz, by its length."""
    lines, runs = head("mono, 48 kHz"), {}
    for name, seconds in cases.items():
        source = folder / "long.wav"
        measure.write_noisy_speech(source, seconds)
        call = command(source, folder / "out.wav")
        runs[seconds] = measure.median_run(call, 3) if seconds <= 600 else measure.run(call)
        lines.append(row(name, seconds, runs[seconds]))
        print(lines[-1], flush=True)
    # Weighted by 1/length, so that the short ones, where the start shows, count as much as the long.
    slope, start = np.polyfit(list(runs), [run.cpu for run in runs.values()], 1, w=1 / np.array(list(runs)))
    return [*lines, "", f"That is {start:.2f} s for the start and {3600 * slope:.1f} s for each hour of sound."]


def kinds(folder: Path) -> list[str]:
    """Channels and rates."""
    lines = head(f"{KIND_SECONDS // 60} min")
    for name, (channels, rate, link) in KINDS.items():
        source = folder / "kind.wav"
        measure.write_noisy_speech(source, KIND_SECONDS, channels=channels, rate=rate)
        lines.append(row(name, KIND_SECONDS, measure.median_run(command(source, folder / "out.wav", link), 3)))
        print(lines[-1], flush=True)
    return lines


def processes(folder: Path) -> list[str]:
    """Several processes at once, a file each, on all cores there are."""
    lines = [
        f"| processes at once, {measure.cores()} cores | seconds | × real time, all together | against one |",
        "|---|---|---|---|",
    ]
    source = folder / "short.wav"
    measure.write_noisy_speech(source, PROCESS_SECONDS)
    alone = 0.0
    for count in PROCESSES:
        calls = [command(source, folder / f"out{i}.wav") for i in range(count)]
        begun = time.perf_counter()
        running = [subprocess.Popen(call, env=measure.ONE_THREAD, stdout=subprocess.DEVNULL) for call in calls]
        statuses = [process.wait() for process in running]
        if any(statuses):
            raise RuntimeError(f"one of {count} processes failed")
        seconds = time.perf_counter() - begun
        alone = alone or seconds
        lines.append(
            f"| {count} | {seconds:.2f} | {count * PROCESS_SECONDS / seconds:.1f} | {count * alone / seconds:.2f} |"
        )
        print(lines[-1], flush=True)
    return lines


def tables(*, quick: bool = False, ten_hours: bool = False) -> list[list[str]]:
    """All three, as Markdown."""
    cases = {name: s for name, s in LENGTHS.items() if s <= 600 or not quick} | (TEN_HOURS if ten_hours else {})
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with measure.one_core():
            found = [lengths(folder, cases), kinds(folder)]
        return [*found, processes(folder)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.cost", description=__doc__)
    parser.add_argument("--ten-hours", action="store_true", help="also ten hours in one file (3.5 GB, 7 minutes)")
    for part in tables(ten_hours=parser.parse_args().ten_hours):
        print("\n".join(part) + "\n")


if __name__ == "__main__":
    main()
