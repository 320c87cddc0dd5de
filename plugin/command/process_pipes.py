"""``-``: what ``phaseaware process`` reads from the standard input and writes to the standard output.

Both are files in a temporary folder: what is piped in is collected until it ends, as sound files are read more than
once; what is made is sent when it is whole.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import IO, Self, TextIO

from phaseaware.engine.errors import UsageError

from ..files import Naming, Plan, plan
from ..files.pipes import RawFormat, collect, send

__all__ = ["Pipes"]

_PIPE = "-"


class Pipes:
    """The pipes of one run, a context.

    Parameters
    ----------
    arguments : of the command.
    naming : of outputs.

    Attributes
    ----------
    is_target : whether the standard output gets the sound.
    names : what files are called in messages.

    Raises
    ------
    UsageError : sound would go to a terminal, or ``--raw`` is wrong.
    """

    def __init__(self, arguments: argparse.Namespace, naming: Naming) -> None:
        self._inputs, self._out, self._naming = arguments.inputs, arguments.out, naming
        self._reads = [str(path) for path in self._inputs] == [_PIPE]
        self.is_target = self._out == _PIPE or (self._reads and self._out is None)
        self._raw = None if arguments.raw is None else RawFormat.parse(arguments.raw)
        if self._raw is not None and not self._reads:
            raise UsageError("--raw tells of the standard input; name it with -")
        if self.is_target and sys.stdout.isatty() and not arguments.dry_run:
            raise UsageError("sound is not written to a terminal; name a file with -o, or redirect it")
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.names: dict[str, str] = {}

    def __enter__(self) -> Self:
        if self._reads or self.is_target:
            self._folder = tempfile.TemporaryDirectory(prefix="phaseaware-")
            folder = Path(self._folder.name)
            self._source = folder / ("in.w64" if self._raw else "in")
            self._target = folder / ("out" + (self._naming.suffix or ".wav"))
            self.names = {str(self._source): _PIPE, str(self._target): _PIPE}
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    def plan(self) -> Plan:
        """All files; those of the pipes in the folder.

        Raises
        ------
        FileNotFoundError, UsageError : as :func:`files.plan`; several files for a pipe, or a folder for one without a
            name.
        """
        inputs, out = self._inputs, None if self._out is None else Path(self._out)
        into_folder = out is not None and (self._out.endswith(("/", os.sep)) or out.is_dir())
        if self.is_target and (len(inputs) > 1 or inputs[0].is_dir()):
            raise UsageError("-: the standard output takes one file; for several, -o names a folder")
        if self._reads:
            if into_folder:
                raise UsageError(f"{self._out}: is a folder; what is piped in has no name, so -o names a file")
            self._source.touch()
            inputs = [self._source]
        return plan(inputs, self._target if self.is_target else out, into_folder=into_folder, naming=self._naming)

    def collect(self) -> None:
        """Read what is piped in.

        Raises
        ------
        AudioFileError : nothing comes, or there is no room.
        """
        if self._reads:
            collect(_binary(sys.stdin), self._source, self._raw)

    def send(self) -> None:
        """Write what was made, if anything was."""
        if self.is_target and self._target.exists():
            send(self._target, _binary(sys.stdout), raw=self._raw is not None and self._naming.format is None)


def _binary(stream: TextIO) -> IO[bytes]:
    return stream.buffer
