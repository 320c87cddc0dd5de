"""One file: where it is, and where its output goes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = ["AnyJob", "Job"]


class AnyJob(Protocol):
    """One file, wherever it lies."""

    @property
    def source(self) -> str | Path:
        """The file."""

    @property
    def target(self) -> str | Path:
        """Its output."""


@dataclass(frozen=True)
class Job:
    """One file.

    Attributes
    ----------
    source, target : files.
    root : the output folder, where the manifest lies; default: that of ``target``.
    """

    source: Path
    target: Path
    root: Path | None = None

    @property
    def folder(self) -> Path:
        """The output folder."""
        return self.target.parent if self.root is None else self.root

    @property
    def name(self) -> str:
        """What the manifest calls the output, whatever the system: parts joined by ``/``."""
        return Path(os.path.relpath(self.target, self.folder)).as_posix()
