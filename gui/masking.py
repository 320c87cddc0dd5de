"""Frames with their masks, from any frame of a recording on: found by a model, or ideal ones from the stems."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from phaseaware.engine import SAMPLE_RATE, IdealMask, MaskModel, MaskStream, ideal_mask
from phaseaware.engine.separator import Frames
from phaseaware.engine.stft import HOP, Analysis

from .recording import Recording

__all__ = ["IdealChoice", "IdealMasks", "Masking", "ModelMasks"]

_WARM_UP = SAMPLE_RATE // HOP
"""Frames a recurrent model hears before the first one used, where it cannot be resumed: one second."""
_CHECKPOINTS = 2400
"""At most; each holds some 20 kB."""


class Masking(Protocol):
    """Reads frames one after the other."""

    def start(self, frame: int) -> None:
        """The next frame read is ``frame``; it covers samples ``(frame - 1) * 512`` to ``(frame + 1) * 512``."""

    def read(self, count: int) -> Frames:
        """The next ``count`` frames."""


class ModelMasks:
    """Both masks of a model, from one inference.

    While frames are read from the recording's beginning, the stream is remembered at regular intervals. A later start
    is resumed from there and gives the same masks; only a start beyond what has been heard so far begins with an empty
    state, one second early.
    """

    def __init__(self, recording: Recording, model: MaskModel) -> None:
        self._recording, self._model = recording, model
        self._lookahead = model.info.lookahead_frames
        self._spacing = max(SAMPLE_RATE // 4, recording.samples // _CHECKPOINTS) // HOP
        self._checkpoints: dict[int, MaskStream] = {}
        self.start(0)

    def start(self, frame: int) -> None:
        """See :class:`Masking`."""
        fed = max((f for f in self._checkpoints if f - self._lookahead <= frame), default=0)
        if fed + 2 * self._spacing >= frame - self._lookahead and fed in self._checkpoints:
            self._stream, self._fed, self._exact = self._copy(self._checkpoints[fed]), fed, True
        else:
            origin = max(0, frame - _WARM_UP)
            self._stream = MaskStream(self._model, masks=self._model.info.masks, channels=self._recording.channels)
            self._fed, self._exact = origin, origin == 0
        self._read(max(0, frame - (self._fed - self._lookahead)))

    def read(self, count: int) -> Frames:
        """See :class:`Masking`."""
        return self._read(count)

    def _read(self, count: int) -> Frames:
        if self._exact and self._fed % self._spacing == 0 and self._fed not in self._checkpoints:
            self._checkpoints[self._fed] = self._copy(self._stream)
        parts = []
        while True:
            # Cut where a checkpoint is due.
            piece = min(count, self._spacing - self._fed % self._spacing)
            x = self._recording.track.read(self._fed * HOP, (self._fed + piece) * HOP)
            parts.append(self._stream.process(x.T))
            self._fed += piece
            count -= piece
            if self._exact and self._fed % self._spacing == 0 and self._fed not in self._checkpoints:
                self._checkpoints[self._fed] = self._copy(self._stream)
            if not count:
                break
        if len(parts) == 1:
            return parts[0]
        return Frames(
            np.concatenate([p.spectrum for p in parts], axis=1),
            {mask: np.concatenate([p.masks[mask] for p in parts], axis=1) for mask in parts[0].masks},
        )

    def _copy(self, stream: MaskStream) -> MaskStream:
        return copy.deepcopy(stream, {id(self._model): self._model})


@dataclass(frozen=True)
class IdealChoice:
    """Which ideal masks stand for the two versions: A any, B one in [0, 1]."""

    phase_aware: IdealMask = IdealMask.HYBRID
    real: IdealMask = IdealMask.PSM


class IdealMasks:
    """Ideal masks from a recording's stems."""

    def __init__(self, recording: Recording, choice: IdealChoice) -> None:
        if recording.speech is None or recording.noise is None:
            raise ValueError(f"{recording.path.name} has no stems")
        self._speech, self._noise, self._choice = recording.speech, recording.noise, choice
        self._channels = recording.channels
        self.start(0)

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
        return Frames(spectra[0] + spectra[1], masks)  # type: ignore[arg-type]
