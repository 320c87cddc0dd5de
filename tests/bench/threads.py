"""Do threads scale? ``python -m tests.bench.threads``, on a machine with nothing else to do.

Every thread has a processor of its own and the same work, so at N free cores N threads take as long as one.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
from phaseaware.engine.stft import SAMPLE_RATE
from phaseaware.plugin import PhaseAware

from tests.signals import voice_like

SECONDS = 60
THREADS = (1, 2, 4, 8)


def run(threads: int) -> tuple[float, bool]:
    """Wall-clock seconds until all threads are done, and whether each result is that of a run alone."""
    sounds = [voice_like(np.random.default_rng(i), SECONDS * SAMPLE_RATE) for i in range(threads)]
    expected = [PhaseAware()(sound, SAMPLE_RATE) for sound in sounds]
    processors = [PhaseAware() for _ in sounds]
    ready = Barrier(threads + 1)

    def work(i: int) -> np.ndarray:
        ready.wait()
        return processors[i](sounds[i], SAMPLE_RATE)

    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(work, i) for i in range(threads)]
        ready.wait()
        began = time.perf_counter()
        found = [future.result() for future in futures]
        seconds = time.perf_counter() - began
    return seconds, all(np.array_equal(f, e) for f, e in zip(found, expected, strict=True))


def main() -> None:
    """Measure and print the table."""
    print(f"{len(os.sched_getaffinity(0))} cores; {SECONDS} s of mono sound for each thread\n")
    print("| threads | seconds | speed-up | right |\n|---|---|---|---|")
    alone = 0.0
    for threads in THREADS:
        seconds, right = run(threads)
        alone = alone or seconds
        speed_up = threads * alone / seconds
        print(f"| {threads} | {seconds:.2f} | {speed_up:.2f} | {'yes' if right else 'NO'} |", flush=True)


if __name__ == "__main__":
    main()
