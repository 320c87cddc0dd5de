"""Child of :mod:`isolate`: trials FIRST to STOP of one kind of file, a line of JSON for each."""

from __future__ import annotations

import contextlib
import json
import resource
import sys
from pathlib import Path

import numpy as np
from phaseaware.engine import model

from .faults import TRIALS

ADDRESS_SPACE = 12 << 30
MODEL_MEMORY, LOAD_SECONDS = 512 << 20, 10.0
"""Less than what a user's process gives, so that thousands of trials end soon."""


UNIT = 1024 if sys.platform == "linux" else 2**20  # of ru_maxrss, in a megabyte


def main() -> None:
    """Arguments: kind of file, first seed, one after the last, folder."""
    what, first, stop, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    model.MOST_MEMORY, model.LONGEST_LOAD_SECONDS = MODEL_MEMORY, LOAD_SECONDS
    answers, sys.stdout = sys.stdout, sys.stderr
    for seed in range(first, stop):
        told = {"kind": "?", "outcome": "fault", "what": ""}
        try:
            told["kind"], told["outcome"] = TRIALS[what](np.random.default_rng(seed), folder)
        except Exception as error:
            told["what"] = f"{type(error).__name__}: {error}"[:300]
        told["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / UNIT
        print(json.dumps(told), file=answers, flush=True)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
