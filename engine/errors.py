"""What goes wrong outside this program, and the exit status that it means to the command."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar

__all__ = ["ExitStatus", "PhaseAwareError", "UsageError"]


class ExitStatus(IntEnum):
    """How the command ends."""

    DONE = 0
    FAILED = 1
    """A file or a device failed, or sound was left out; what else was asked for is done."""
    USAGE = 2
    """It cannot be done as asked, and nothing has been: a wrong option, a missing input, a model or preset refused."""
    INTERRUPTED = 130
    """Ctrl-C."""


class PhaseAwareError(Exception):
    """What a user can put right; the message is one line that says what is wrong and what to do.

    Attributes
    ----------
    exit_status : of a command that it ends.

    Examples
    --------
    >>> from phaseaware.engine import ModelError
    >>> ModelError("mask.onnx: not an ONNX model").exit_status
    <ExitStatus.USAGE: 2>
    """

    exit_status: ClassVar[ExitStatus] = ExitStatus.FAILED


class UsageError(PhaseAwareError, ValueError):
    """It cannot be done as asked, and nothing has been."""

    exit_status = ExitStatus.USAGE
