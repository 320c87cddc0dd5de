"""How a command says things, and the exit status that means what went wrong."""

from __future__ import annotations

import sys
from typing import TextIO

from phaseaware.engine.audio.names import printable
from phaseaware.engine.errors import ExitStatus, PhaseAwareError

__all__ = ["complain", "say", "status_of"]


def say(line: object, file: TextIO | None = None) -> None:
    """Print a line (on the standard output), whatever is in the names that it holds."""
    print(printable(str(line)), file=file or sys.stdout, flush=True)


def complain(what: object, status: ExitStatus) -> ExitStatus:
    """Say it in one line on the standard error; returns the status."""
    say(f"phaseaware: {what}", sys.stderr)
    return status


def status_of(error: PhaseAwareError | OSError) -> ExitStatus:
    """What an error means: our own know it; of the system's, an input that is not there cannot be done as asked."""
    if isinstance(error, PhaseAwareError):
        return error.exit_status
    return ExitStatus.USAGE if isinstance(error, FileNotFoundError) else ExitStatus.FAILED
