"""What is measured: whole processes from outside, and the live path block by block."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
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
    """One finished process: wall-clock seconds, peak resident memory in MB."""

    seconds: float
    peak_mb: float


def run(command: Sequence[str]) -> Run:
    """Run a command to its end.

    Raises
    ------
    RuntimeError : the command failed.
    """
    begun = time.perf_counter()
    process = subprocess.Popen(command, env=ONE_THREAD, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0.0
    while True:
        # The kernel's own peak (ru_maxrss) would count this process too, from before the command replaced its copy.
        peak = max(peak, _peak_mb(process.pid))
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
            break
    seconds = time.perf_counter() - begun
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit status {process.returncode}")
    return Run(seconds, peak)


def _peak_mb(pid: int) -> float:
    """Largest resident memory of a running process so far; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    lines = [line.split() for line in status.splitlines() if line.startswith("VmHWM")]
    return int(lines[0][1]) / 1024 if lines else 0.0


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
