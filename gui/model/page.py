"""What of a session goes on a page to hand on: sounds and masks as they are rendered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine import SAMPLE_RATE
from phaseaware.engine.stft import HOP
from phaseaware.engine.versions import IDEAL, MASK_OF, Version

from .codes import masks_of
from .mixer import read_version
from .session import Session

__all__ = ["PageJob", "page_job"]

_LONGEST = 120 * SAMPLE_RATE
_COLUMNS = 2400


@dataclass(frozen=True)
class PageJob:
    """Everything that :func:`plugin.comparison.write_page` needs."""

    sounds: dict[str, NDArray[np.float32]]
    masks: dict[str, NDArray[np.complex64]]
    title: str
    remarks: tuple[str, ...]
    ideal: bool

    def write(self, path: Path) -> None:
        """Write the page; a file of this name is replaced. Raises OSError."""
        from phaseaware.plugin.comparison import write_page  # loads matplotlib, which the window does without

        write_page(
            path, self.sounds, self.masks, sample_rate=SAMPLE_RATE, title=self.title, remarks=self.remarks,
            ideal=self.ideal, overwrite=True,
        )  # fmt: skip


def page_job(session: Session) -> PageJob:
    """The page of what is open, its first two minutes, as everything is set now.

    Raises
    ------
    ValueError : there are not A and B yet.
    """
    recording, renderer = session.recording, session.renderer
    if recording is None or renderer is None or not renderer.done:
        raise ValueError("A and B are still being rendered, or there are none; export the page when that is done")
    until = min(recording.samples, _LONGEST)
    versions = [Version.NOISY, Version.PHASE_AWARE, Version.REAL]
    if recording.clean is not None:
        versions.append(Version.CLEAN)
    sounds = {
        str(version): np.ascontiguousarray(
            read_version(version, "phase-aware", recording, renderer.newest, 0, until)[:, :2].T
        )
        for version in versions
    }
    masks = {}
    for mask in MASK_OF.values():
        codes, *_ = renderer.pictures.masks[mask].read(0, until / HOP + 1, _COLUMNS)
        masks[str(mask)] = masks_of(codes)
    remarks = [f"Settings of A and B: {session.controls}"]
    if session.ideal is not None:
        remarks.insert(0, f"{IDEAL}: A and B are made by ideal masks, computed from the stems: {session.ideal}")
    ideal = session.ideal is not None
    title = f"{recording.title} ({IDEAL} masks)" if ideal else recording.title
    return PageJob(sounds, masks, title, tuple(remarks), ideal)
