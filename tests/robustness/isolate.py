"""Trials in child processes: a crash, a hang or too much memory ends the child, is counted, and names its seed."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

__all__ = ["TIRED", "Outcomes", "run_trials"]

LONGEST_SECONDS = 120.0
MOST_MB = 1000
"""Resident memory that a child may take; an empty one takes about 150."""
TIRED = 75
"""Status of a child that ends before it is done, so that its peak of memory does not hide those of later trials."""


@dataclass
class Outcomes:
    """Counts of (kind of damage, outcome), and a line for each fault found."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    peak_mb: float = 0.0

    @property
    def tried(self) -> int:
        """Number of trials."""
        return self.counts.total()


def run_trials(what: str, seeds: range) -> Outcomes:
    """Run the trials of one kind of file; after a crash or a hang the rest goes to a new child."""
    outcomes, first = Outcomes(), seeds.start
    while first < seeds.stop:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "tests.robustness.child", what, str(first), str(seeds.stop), folder]
            first = _follow(command, what, first, seeds.stop, outcomes)
    return outcomes


def _follow(command: list[str], what: str, first: int, stop: int, outcomes: Outcomes) -> int:
    """Read a child's lines until it ends; returns the first seed that is still to do."""
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True) as child,
    ):
        assert child.stdout is not None
        lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=_pass_on, args=(child.stdout, lines), daemon=True).start()
        how = ""
        while first < stop:
            try:
                line = lines.get(timeout=LONGEST_SECONDS)
            except queue.Empty:
                child.kill()
                how = f"no end after {LONGEST_SECONDS:g} s"
                break
            if not line:
                break
            answer = json.loads(line)
            outcomes.counts[answer["kind"], answer["outcome"]] += 1
            outcomes.peak_mb = max(outcomes.peak_mb, answer["peak_mb"])
            if answer["outcome"] == "fault":
                outcomes.faults.append(f"{what}, seed {first}, {answer['kind']}: {answer['what']}")
            elif answer["peak_mb"] > MOST_MB:
                outcomes.faults.append(f"{what}, seed {first}, {answer['kind']}: {answer['peak_mb']:.0f} MB")
                child.kill()  # the peak of a process never falls
                child.wait()
                return first + 1
            first += 1
        status = child.wait()
        if (first >= stop and status == 0) or status == TIRED:
            return first
        said.seek(0)
        last = (said.read().strip().splitlines() or [""])[-1]
        outcomes.counts["?", "crash" if not how else "hang"] += 1
        outcomes.faults.append(f"{what}, seed {first}: {how or f'exit status {status}'} {last}")
    return first + 1


def _pass_on(stream: IO[str], lines: queue.SimpleQueue[str]) -> None:
    for line in stream:
        lines.put(line)
    lines.put("")


def root() -> Path:
    """Folder from which ``tests`` is importable."""
    return Path(__file__).parents[2]
