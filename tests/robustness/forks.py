"""Trials of models in forks of a process that has loaded everything: a few milliseconds each instead of 200."""

from __future__ import annotations

import json
import os
import signal

from phaseaware.engine.model_check import RefusedError, trial, verdict

__all__ = ["try_in_fork"]

SECONDS = 10


def try_in_fork(content: bytes) -> None:
    """What :func:`verdict._try_in_child` does, for POSIX processes without threads.

    Raises
    ------
    RefusedError : as that.
    """
    inlet, outlet = os.pipe()
    child = os.fork()
    if not child:
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_DFL)  # a fuzzer has handlers of its own
        signal.alarm(SECONDS)
        trial.limit()
        os.write(outlet, json.dumps(trial.verdict(content)).encode()[:4000])
        os._exit(0)
    os.close(outlet)
    with open(inlet, "rb") as answers:
        answer = answers.read()
    _, status, _ = os.wait4(child, 0)
    if os.WIFSIGNALED(status):
        if os.WTERMSIG(status) == signal.SIGALRM:
            raise RefusedError(f"trying it out takes more than {SECONDS} s")
        raise RefusedError(verdict._how_it_ended(-os.WTERMSIG(status)))
    found = json.loads(answer)
    if found["verdict"] != "accepted":
        raise RefusedError(found["why"])
