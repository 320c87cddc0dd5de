"""The child that tries a model out: content on standard input, one line of JSON on standard output.

Run by :mod:`verdict` as ``python -I -c … MOST_MEMORY``. It does with the content what a user's process will do, in
runs of the same lengths, under limits of memory, processor time and files: what ends a process ends this one.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..runtime import quiet_run, start_session
from ..stft import BINS
from .contract import INPUT, RUN_LENGTHS, Contract, output_name, read_contract
from .graph import checked_graph
from .wire import RefusedError

__all__ = ["limit", "main", "verdict"]

MOST_MEMORY = 768 << 20
"""Bytes that the model and its runs may take, beside what an empty process has."""
MOST_SECONDS = 6
"""Processor time of the whole trial, in which about 11 s of sound are run."""
SLOWEST = 0.5
"""Processor time for a second of sound, in seconds."""
FRAMES_PER_SECOND = 93.75
_LEVEL = 10.0  # of noise in a frame's bins: about -30 dB of full scale


def limit() -> None:
    """Bound this process, where the platform can: memory, processor time, files to open and to write."""
    try:
        import resource
    except ImportError:  # Windows: the parent's clock and the peak below are left
        return
    with contextlib.suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        size = pages * resource.getpagesize() + MOST_MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
    for kind, most in (
        (resource.RLIMIT_CPU, used + MOST_SECONDS),
        (resource.RLIMIT_NOFILE, 32),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(OSError, ValueError):
            # At the soft limit of processor time a signal tells why, at the hard one the process is just killed.
            resource.setrlimit(kind, (most, most + (kind == resource.RLIMIT_CPU)))


def try_out(content: bytes) -> None:
    """Check a model file, load it and run it.

    Raises
    ------
    RefusedError : the message says why.
    """
    graph = checked_graph(content)
    try:
        session = start_session(graph)
    except Exception as error:  # onnxruntime's exceptions share no base class but Exception
        raise RefusedError(f"not an ONNX model that onnxruntime can load ({_said(error)})") from None
    contract = read_contract(session)
    state = {name: np.zeros(shape, np.float32) for name, shape in contract.state_shapes.items()}
    silence = np.zeros((1, RUN_LENGTHS[0], BINS, 2), np.float32)
    before = time.process_time()
    still = _run(session, contract, silence, state, "silent")
    seconds = (time.process_time() - before) / (silence.shape[1] / FRAMES_PER_SECOND)
    if seconds > SLOWEST:
        raise RefusedError(
            f"takes {seconds:.1f} s for a second of sound, more than {SLOWEST:g} s; export a smaller one"
        )
    for name, value in still.items():
        if name.startswith("mask_") and not np.isfinite(value).all():
            raise RefusedError(f"{name}: not finite for silence")
    noise = _LEVEL * np.random.default_rng(1).standard_normal(silence.shape, np.float32)
    first = _run(session, contract, noise, state, "noisy")
    again = _run(session, contract, noise, state, "noisy")
    if wrong := [name for name in first if first[name].tobytes() != again[name].tobytes()]:
        raise RefusedError(f"{wrong[0]}: two runs on the same frames differ; export the model for inference")
    for length in RUN_LENGTHS[1:]:
        found = _run(session, contract, noise[:, :length], state, "noisy")
        state = {name: found[f"next_{name}"] for name in state}


def _run(session: Any, contract: Contract, frames: NDArray[np.float32], state: Any, what: str) -> dict[str, Any]:
    count = frames.shape[1]
    wanted: dict[str, tuple[int, ...]] = {output_name(mask): (1, count, BINS, 2) for mask in contract.masks}
    wanted |= {f"next_{name}": shape for name, shape in contract.state_shapes.items()}
    try:
        values = session.run(list(wanted), {INPUT: frames, **state}, quiet_run())
    except Exception as error:
        raise RefusedError(f"a run on {count} {what} frames fails ({_said(error)})") from None
    for (name, shape), value in zip(wanted.items(), values, strict=True):
        if value.shape != shape:
            if name.startswith("mask_"):
                raise RefusedError(f"{name}: {count} frames in, shape {value.shape} out instead of {shape}")
            raise RefusedError(f"{name}: shape {value.shape} is not {name.removeprefix('next_')}'s {shape}")
    return dict(zip(wanted, values, strict=True))


def _said(error: Exception) -> str:
    """The first line of what onnxruntime says; where that is for want of memory, the error of its own."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    if "bad_alloc" in lines[0] or "allocat" in lines[0].lower():
        raise MemoryError
    return lines[0][:300]


def verdict(content: bytes) -> dict[str, str]:
    """The answer to the parent: ``{"verdict": "accepted" or "refused", "why": …}``."""
    try:
        try_out(content)
    except RefusedError as error:
        return {"verdict": "refused", "why": str(error)}
    except MemoryError:
        return {"verdict": "refused", "why": f"takes more than {MOST_MEMORY >> 20} MB of memory"}
    if _peak() > MOST_MEMORY + (256 << 20):
        return {"verdict": "refused", "why": f"takes more than {MOST_MEMORY >> 20} MB of memory"}
    return {"verdict": "accepted", "why": ""}


def _peak() -> int:
    """Resident bytes, where no limit holds; on Linux one does, and this would be the parent's before the start."""
    if sys.platform != "darwin":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@contextlib.contextmanager
def _own_output() -> Iterator[int]:
    """Keep standard output for the verdict: what native code prints goes nowhere."""
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    yield kept


def main() -> NoReturn:
    """Read, try, answer; end without tidying up, which a model's remains could hang or crash."""
    content = sys.stdin.buffer.read()
    with _own_output() as answers:
        limit()
        answer = verdict(content)
        os.write(answers, json.dumps(answer).encode())
    os._exit(0)
