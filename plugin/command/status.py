"""How a command tells what went wrong, and the exit status that means it."""

from __future__ import annotations

import sys

from phaseaware.engine.errors import ExitStatus, PhaseAwareError

__all__ = ["complain", "status_of"]


def complain(what: object, status: ExitStatus) -> ExitStatus:
    """Say it in one line on the standard error; returns the status."""
    print(f"phaseaware: {what}", file=sys.stderr)
    return status


def status_of(error: PhaseAwareError | OSError) -> ExitStatus:
    """What an error means: our own know it; of the system's, an input that is not there cannot be done as asked."""
    if isinstance(error, PhaseAwareError):
        return error.exit_status
    return ExitStatus.USAGE if isinstance(error, FileNotFoundError) else ExitStatus.FAILED
