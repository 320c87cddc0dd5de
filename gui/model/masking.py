"""Frames with their masks, from any frame of a recording on: found by a model, or ideal ones from the stems."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from phaseaware.engine import SAMPLE_RATE, IdealMask, MaskModel, MaskStream, ideal_mask
from phaseaware.engine.frames import Frames
from phaseaware.engine.separator import PREROLL
from phaseaware.engine.stft import HOP, Analysis
from phaseaware.engine.versions import Letter

from .recording import Recording
from .store import DiskRecords

__all__ = ["IdealChoice", "IdealMasks", "Masking", "ModelMasks"]

_WARM_UP = 8 * SAMPLE_RATE // HOP
"""Frames a recurrent model hears before the first one used, where it cannot be resumed: eight seconds, which take some
0.15 s. The shipped models never quite forget: what follows differs from a render from the beginning by -20 to -30 dB of
the output, in single passages by more."""
_SPACING = 16
"""Frames between two checkpoints, at least: the model runs over as many again before the first frame used."""


class Masking(Protocol):
    """Reads frames one after the other."""

    @property
    def reach(self) -> int:
        """Samples of the recording that are needed beyond those that whole frames give."""

    @property
    def beginning(self) -> int:
        """Samples from the recording's first on that are needed before any frame is read."""

    def start(self, frame: int) -> None:
        """The next frame read is ``frame``; it covers samples ``(frame - 1) * 512`` to ``(frame + 1) * 512``."""

    def read(self, count: int) -> Frames:
        """The next ``count`` frames."""


class ModelMasks:
    """Both masks of a model, from one inference.

    While frames are read, the stream is remembered every sixth of a second, on disk (some 20 kB a channel). A later
    start is resumed from there and gives the same masks. A start far beyond what has been heard so far begins with an
    empty state, some seconds early, and gives approximate ones: so do those resumed from it.
    """

    def __init__(self, recording: Recording, model: MaskModel) -> None:
        self._recording, self._model = recording, model
        self._lookahead = model.info.lookahead_frames
        self._checkpoints = {exact: DiskRecords() for exact in (True, False)}
        self._begin(0)

    @property
    def reach(self) -> int:
        """See :class:`Masking`."""
        return (1 + self._lookahead) * HOP

    @property
    def beginning(self) -> int:
        """See :class:`Masking`."""
        return PREROLL + 1

    def _new_stream(self) -> MaskStream:
        return MaskStream(self._model, masks=self._model.info.masks, channels=self._recording.channels)

    def _begin(self, origin: int) -> None:
        self._stream = self._new_stream()
        self._fed, self._exact = origin, origin == 0

    def start(self, frame: int) -> None:
        """See :class:`Masking`."""
        for exact, checkpoints in self._checkpoints.items():
            fed = checkpoints.last(frame + self._lookahead)
            if fed is not None and fed + _WARM_UP > frame:
                self._stream, self._fed, self._exact = self._thaw(checkpoints[fed]), fed, exact
                break
        else:
            # The phase convention's sign is (-1)^(kn): to a model, odd frames counted as even ones are not the same.
            self._begin(max(0, frame - _WARM_UP) // 2 * 2)
        self._read(max(0, frame - (self._fed - self._lookahead)))

    def read(self, count: int) -> Frames:
        """See :class:`Masking`."""
        return self._read(count)

    def _read(self, count: int) -> Frames:
        if self._fed == 0:  # as a whole recording does: see separator.Separator
            beginning = self._recording.track.read(0, min(self.beginning, self._recording.samples))
            self._stream.preroll(beginning.T)
        x = self._recording.track.read(self._fed * HOP, (self._fed + count) * HOP)
        frames = self._stream.process(x.T)
        self._fed += count
        checkpoints = self._checkpoints[self._exact]
        before = checkpoints.last(self._fed)
        if before is None or before + _SPACING <= self._fed:
            checkpoints[self._fed] = self._freeze()
        return frames

    def _freeze(self) -> bytes:
        written = io.BytesIO()
        np.savez(written, allow_pickle=False, **self._stream.state)
        return written.getvalue()

    def _thaw(self, state: bytes) -> MaskStream:
        stream = self._new_stream()
        with np.load(io.BytesIO(state), allow_pickle=False) as arrays:
            stream.state = arrays
        return stream


@dataclass(frozen=True)
class IdealChoice:
    """Which ideal masks stand for the two versions: A any, B one in [0, 1]."""

    phase_aware: IdealMask = IdealMask.HYBRID
    real: IdealMask = IdealMask.PSM

    def of(self, letter: Letter) -> IdealMask:
        """The ideal mask of A or of B."""
        return self.phase_aware if letter == "A" else self.real


class IdealMasks:
    """Ideal masks from a recording's stems."""

    def __init__(self, recording: Recording, choice: IdealChoice) -> None:
        if recording.speech is None or recording.noise is None:
            raise ValueError(f"{recording.path.name} has no stems")
        self._speech, self._noise, self._choice = recording.speech, recording.noise, choice
        self._channels = recording.channels
        self._frame = 0

    @property
    def reach(self) -> int:
        """See :class:`Masking`."""
        return HOP

    @property
    def beginning(self) -> int:
        """See :class:`Masking`."""
        return 0

    def start(self, frame: int) -> None:
        """See :class:`Masking`."""
        self._frame = frame

    def read(self, count: int) -> Frames:
        """See :class:`Masking`."""
        first = (self._frame - 1) * HOP
        # A fresh analysis puts zeros before its first block: one frame too many, dropped.
        spectra = [
            Analysis(self._channels).process(stem.read(first, first + (count + 1) * HOP).T)[:, 1:]
            for stem in (self._speech, self._noise)
        ]
        self._frame += count
        masks = {
            "phase-aware": ideal_mask(self._choice.phase_aware, *spectra),
            "real": ideal_mask(self._choice.real, *spectra),
        }
        return Frames(spectra[0] + spectra[1], masks)
