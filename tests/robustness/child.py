"""Child of :mod:`isolate`: trials FIRST to STOP of one kind of file, a line of JSON for each."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
from pathlib import Path

import numpy as np
from phaseaware.engine.model_check import verdict

from .faults import TRIALS
from .forks import try_in_fork
from .isolate import TIRED

ADDRESS_SPACE = 12 << 30
TIRED_MB = 500


def _peak_mb() -> float:
    """Resident memory at most; on Linux `ru_maxrss` begins with that of the process that started this one."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text(encoding="ascii").partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    """Arguments: kind of file, first seed, one after the last, folder."""
    what, first, stop, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    if hasattr(os, "fork"):
        verdict._try_in_child = try_in_fork
    os.environ["XDG_CACHE_HOME"] = str(folder)
    answers, sys.stdout = sys.stdout, sys.stderr
    for seed in range(first, stop):
        answer = {"kind": "?", "outcome": "fault", "what": ""}
        try:
            answer["kind"], answer["outcome"] = TRIALS[what](np.random.default_rng(seed), folder)
        except Exception as error:
            answer["what"] = f"{type(error).__name__}: {error}"[:300]
        answer["peak_mb"] = _peak_mb()
        print(json.dumps(answer), file=answers, flush=True)
        if answer["peak_mb"] > TIRED_MB:
            sys.exit(TIRED)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
