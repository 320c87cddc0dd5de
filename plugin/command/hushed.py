"""The standard error without what C libraries print there."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO, cast

__all__ = ["hushed"]

_STDERR = 2


@contextmanager
def hushed() -> Iterator[None]:
    """While this holds, the standard error is for what Python prints.

    libmpg123, within libsndfile, complains there about each damaged frame, and cannot be told not to.
    """
    ours = cast(io.TextIOWrapper, sys.stderr)
    if not _is_ours(ours):
        yield
        return
    ours.flush()
    kept = open(os.dup(_STDERR), "w", encoding=ours.encoding, errors=ours.errors, buffering=1)  # noqa: SIM115
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, _STDERR)
        sys.stderr = kept
        yield
    finally:
        sys.stderr = ours
        os.dup2(kept.fileno(), _STDERR)
        os.close(nowhere)
        kept.close()


def _is_ours(stream: TextIO) -> bool:
    """Whether it is the process's own, and not what collects the words for a test or a window."""
    try:
        return isinstance(stream, io.TextIOWrapper) and stream.fileno() == _STDERR
    except (OSError, ValueError):
        return False
