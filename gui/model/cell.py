"""One cell of the spectrogram as arrows: the noisy number, what each mask makes of it, and the clean one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine import SAMPLE_RATE, stft
from phaseaware.engine.stft import BINS, FRAME_LENGTH, HOP
from phaseaware.engine.versions import Version

from .codes import ANGLE_CODES, LEVEL_CODES, masks_of
from .recording import Recording
from .renderer import Pictures
from .store import DiskArray

__all__ = ["Cell", "cell_at", "rotation_histogram"]

ROTATION_BINS = 72
"""Of 5 degrees each."""


@dataclass(frozen=True)
class Cell:
    """A cell's numbers by version, in units of the noisy one: its length is 1 and its angle 0.

    Examples
    --------
    >>> Cell(1.0, 500.0, {Version.PHASE_AWARE: 2j}).polar(Version.PHASE_AWARE)
    (2.0, 90.0)
    """

    seconds: float
    hz: float
    arrows: dict[Version, complex]

    def polar(self, version: Version) -> tuple[float, float]:
        """Length, and angle in degrees."""
        arrow = self.arrows[version]
        return float(abs(arrow)), float(np.degrees(np.angle(arrow)))


def cell_at(recording: Recording, pictures: Pictures, seconds: float, hz: float) -> Cell | None:
    """The cell at a place; None outside the recording, or where nothing sounds or is rendered.

    Masks as kept for the pictures: in steps of 0.5 dB and 1.4 degrees. Of several channels the loudest there.
    """
    frame, k = round(seconds * SAMPLE_RATE / HOP), round(hz * FRAME_LENGTH / SAMPLE_RATE)
    if not (0 <= frame < recording.spectrogram.columns and 0 <= k < BINS):
        return None
    noisy = _bin(recording.track, frame, k)
    channel = int(np.abs(noisy).argmax())
    X = complex(noisy[channel])
    a, b = (pictures.masks[name].read(frame, frame + 1, 1)[0][0, k] for name in ("phase-aware", "real"))
    if abs(X) < 1e-9 or not a[0] or not b[0]:
        return None
    arrows = {
        Version.NOISY: 1 + 0j,
        Version.PHASE_AWARE: complex(masks_of(a)),
        Version.REAL: complex(masks_of(b)),
    }
    if recording.speech is not None:
        arrows[Version.CLEAN] = complex(_bin(recording.speech, frame, k)[channel]) / X
    return Cell(frame * HOP / SAMPLE_RATE, k * SAMPLE_RATE / FRAME_LENGTH, arrows)


def _bin(track: DiskArray, frame: int, k: int) -> NDArray[np.complex64]:
    """A cell of all channels; the middle one of the three frames that 1024 samples have is the one meant."""
    x = track.read((frame - 1) * HOP, (frame + 1) * HOP)
    return stft(np.ascontiguousarray(x.T))[:, 1, k]


def rotation_histogram(
    recording: Recording, pictures: Pictures, start: float, stop: float, *, floor_db: float, top_hz: float = 6000.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How often mask A turns by how much, among the cells that are heard.

    Parameters
    ----------
    start, stop : s.
    floor_db : level of the noisy cell from which on it counts.
    top_hz : end of the band; above the seam nothing turns.

    Returns
    -------
    edges : degrees, -180 to 180, one more than shares.
    shares : of the cells counted; zeros where there are none.
    """
    edges = np.linspace(-180, 180, ROTATION_BINS + 1)
    first, last = (round(t * SAMPLE_RATE / HOP) for t in (start, stop))
    bins = round(top_hz * FRAME_LENGTH / SAMPLE_RATE)
    wanted = 1024
    masks, *_ = pictures.masks["phase-aware"].read(first, last, wanted)
    levels, *_ = recording.spectrogram.read(first, last, wanted)
    n = min(len(masks), len(levels))
    mask, level = masks[:n, :bins], levels[:n, :bins, 0]
    counted = (mask[..., 0] > 0) & (level >= LEVEL_CODES.code(floor_db))
    angles = ANGLE_CODES.decode(mask[..., 1][counted])
    counts, _ = np.histogram(angles, edges)
    return edges, counts / max(1, counts.sum())
