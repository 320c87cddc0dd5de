"""What is measured: whole processes from outside, and the live path block by block."""

from __future__ import annotations

import contextlib
import math
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from phaseaware.engine import MaskModel, Render, Separator
from phaseaware.engine.stft import HOP, SAMPLE_RATE

from tests.signals import voice_like

ONE_THREAD = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
PHASEAWARE = (sys.executable, "-m", "phaseaware.plugin.command")
FIRST_SOUND = """
import numpy
from phaseaware.plugin import PhaseAware
PhaseAware()(numpy.zeros(4096, numpy.float32), 48000)
"""


@dataclass(frozen=True)
class Run:
    """One finished process: wall-clock seconds, CPU seconds, peak resident memory in MB."""

    seconds: float
    cpu: float
    peak_mb: float


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def core_share(seconds: float = 1.0) -> float:
    """CPU time that a plain loop gets, for each second of the clock."""
    wall, cpu = time.perf_counter(), time.thread_time()
    while time.perf_counter() - wall < seconds:
        math.fsum(range(2000))
    return (time.thread_time() - cpu) / (time.perf_counter() - wall)


def core_speed(seconds: float = 1.0) -> float:
    """Millions of integers that a plain loop adds in a second of CPU time.

    It tells what the core's share does not: neighbours on a rented machine share the core's clock and caches, and slow
    it while all of its time is still ours.
    """
    begun, rounds = time.thread_time(), 0
    while time.thread_time() - begun < seconds:
        math.fsum(range(2000))
        rounds += 1
    return 2e-3 * rounds / (time.thread_time() - begun)


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """Keep this process, and those it starts, on one core; the last, as others mostly take the first."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(command: Sequence[str]) -> Run:
    """Run a command to its end.

    Raises
    ------
    RuntimeError : the command failed.
    """
    begun, cpu = time.perf_counter(), _children_cpu()
    process = subprocess.Popen(command, env=ONE_THREAD, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0.0
    while True:
        # The kernel's own peak (ru_maxrss) would count this process too, from before the command replaced its copy.
        peak = max(peak, peak_mb(process.pid))
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
            break
    seconds = time.perf_counter() - begun
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit status {process.returncode}")
    return Run(seconds, _children_cpu() - cpu, peak)


def peak_mb(pid: int) -> float:
    """Largest resident memory of a running process so far; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    lines = [line.split() for line in status.splitlines() if line.startswith("VmHWM")]
    return int(lines[0][1]) / 1024 if lines else 0.0


def median_run(command: Sequence[str], times: int) -> Run:
    """The run with the median CPU time, after one that does not count."""
    run(command)
    return sorted((run(command) for _ in range(times)), key=lambda r: r.cpu)[times // 2]


def write_noisy_speech(path: Path, seconds: int, *, channels: int = 1, rate: int = SAMPLE_RATE) -> None:
    """A WAV file of speech-like sound in noise, written minute by minute."""
    rng = np.random.default_rng(1)
    minute = voice_like(rng, 60 * rate, sample_rate=rate)[:, None] + 0.05 * rng.standard_normal((60 * rate, channels))
    with soundfile.SoundFile(path, "w", rate, channels, "PCM_16") as f:
        left = seconds * rate
        while left > 0:
            f.write(minute[:left])
            left -= len(minute)


def live_blocks(
    seconds: int, renders: Sequence[Render], *, channels: int = 1, paced: bool = False
) -> dict[str, NDArray[np.float64]]:
    """Streaming in blocks of 512 samples: microseconds of each block, of CPU time (``cpu``) and by the clock.

    ``paced`` waits for each block as long as a sound card does; meanwhile the core sleeps or does something else.
    """
    x = voice_like(np.random.default_rng(2), seconds * SAMPLE_RATE)[None].repeat(channels, 0)
    separator = Separator(MaskModel(), renders, channels=channels)
    spent = []
    since = time.perf_counter()
    for start in range(0, x.shape[1] - HOP, HOP):
        if paced:
            time.sleep(max(0, since + start / SAMPLE_RATE - time.perf_counter()))
        begun = time.thread_time_ns(), time.perf_counter_ns()
        separator.process(x[:, start : start + HOP])
        spent.append((time.thread_time_ns() - begun[0], time.perf_counter_ns() - begun[1]))
    cpu, wall = np.array(spent).T / 1000
    return {"cpu": cpu, "clock": wall}
