"""What is measured: whole processes from outside, and the live path block by block."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from phaseaware.engine import MaskModel, Render, Separator
from phaseaware.engine.stft import HOP, SAMPLE_RATE

from tests.signals import voice_like

ONE_THREAD = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
PHASEAWARE = (sys.executable, "-m", "phaseaware.plugin.cli")
FIRST_SOUND = """
import numpy
from phaseaware.plugin import PhaseAware
PhaseAware()(numpy.zeros(4096, numpy.float32), 48000)
"""


@dataclass(frozen=True)
class Run:
    """One finished process: wall-clock and processor time in seconds, peak resident memory in MB."""

    seconds: float
    cpu_seconds: float
    peak_mb: float


def run(command: Sequence[str]) -> Run:
    """Run a command to its end, as the operating system accounts for it.

    Raises
    ------
    RuntimeError : the command failed.
    """
    begun = time.perf_counter()
    with open(os.devnull, "wb") as nowhere:
        to_null = [(os.POSIX_SPAWN_DUP2, nowhere.fileno(), fd) for fd in (1, 2)]
        pid = os.posix_spawnp(command[0], command, ONE_THREAD, file_actions=to_null)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - begun
    if status:
        raise RuntimeError(f"{' '.join(command)}: exit status {os.waitstatus_to_exitcode(status)}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def median_run(command: Sequence[str], times: int) -> Run:
    """The run with the median wall-clock time, after one that does not count."""
    run(command)
    return sorted((run(command) for _ in range(times)), key=lambda r: r.seconds)[times // 2]


def write_noisy_speech(path: Path, seconds: int, *, channels: int = 1, rate: int = SAMPLE_RATE) -> None:
    """A WAV file of speech-like sound in noise, written minute by minute."""
    rng = np.random.default_rng(1)
    minute = voice_like(rng, 60 * rate, sample_rate=rate)[:, None] + 0.05 * rng.standard_normal((60 * rate, channels))
    with soundfile.SoundFile(path, "w", rate, channels, "PCM_16") as f:
        left = seconds * rate
        while left > 0:
            f.write(minute[:left])
            left -= len(minute)


def process(folder: Path, seconds: int, *, times: int, channels: int = 1, rate: int = SAMPLE_RATE) -> Run:
    """``phaseaware process`` from file to file."""
    source = folder / f"{seconds}-{channels}-{rate}.wav"
    write_noisy_speech(source, seconds, channels=channels, rate=rate)
    command = [*PHASEAWARE, "process", str(source), "-o", str(folder / "out.wav"), "--force"]
    return median_run(command, times) if times > 1 else run(command)


def live_blocks(seconds: int, renders: Sequence[Render]) -> tuple[float, float, float]:
    """Streaming in blocks of 512 samples: (median, 99th percentile, mean) in microseconds per block."""
    x = voice_like(np.random.default_rng(2), seconds * SAMPLE_RATE)[None]
    separator = Separator(MaskModel(), renders)
    spent = []
    for start in range(0, x.shape[1] - HOP, HOP):
        begun = time.perf_counter_ns()
        separator.process(x[:, start : start + HOP])
        spent.append((time.perf_counter_ns() - begun) / 1000)
    return statistics.median(spent), float(np.percentile(spent, 99)), statistics.fmean(spent)
