"""A preset's board as a stream of (channels, samples) blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine.audio import file_digest
from phaseaware.engine.errors import UsageError

from ..board import Pedalboard, members
from ..presets import find_preset, load_preset
from ..processor import PhaseAware
from .streams import Stream, Treatment

__all__ = ["from_preset"]

Samples = NDArray[np.float32]


class _BoardStream:
    """Boards take an array's smaller dimension for the channels and remember the layout; here the first is channels."""

    def __init__(self, board: Pedalboard, sample_rate: int, channels: int) -> None:
        self._board, self._rate, self._channels = board, sample_rate, channels
        self._fed = self._returned = 0

    def process(self, block: Samples) -> Samples:
        few = self._channels + 1 - block.shape[1]
        if self._channels == 1:
            y = self._board.process(block[0], self._rate, reset=False)[None]
        elif few > 0 and not self._fed:  # a whole file of hardly any samples
            y = self._board.process(np.pad(block, ((0, 0), (0, few))), self._rate, reset=False)
        else:
            y = self._board.process(block, self._rate, reset=False)
        self._fed += block.shape[1]
        return self._count(y)

    def flush(self) -> Samples:
        return self._count(np.atleast_2d(self._board.flush()))

    def _count(self, y: Samples) -> Samples:
        y = y[:, : self._fed - self._returned]
        self._returned += y.shape[1]
        return y


def from_preset(name: str | Path, settings: Mapping[str, Any]) -> Treatment:
    """Streams through a preset's board, each with a board of its own.

    Parameters
    ----------
    name : a preset's name or file.
    settings : properties of :class:`PhaseAware`, which replace those of each one in the preset.

    Raises
    ------
    FileNotFoundError, PresetError : the preset is missing or cannot be used.
    ModelError : its model offers no such mask.
    UsageError : there are settings, but no PhaseAware in the preset.
    """

    def load() -> Pedalboard:
        board = load_preset(name).board()
        ours = [member for member in members(board) if isinstance(member, PhaseAware)]
        if settings and not ours:
            raise UsageError(f"preset {name!r} has no PhaseAware, so its {next(iter(settings))} cannot be set")
        for processor in ours:
            for setting, value in settings.items():
                setattr(processor, setting, value)
        return board

    board = load()  # a preset that cannot be used is refused before any file is touched

    def make(sample_rate: int, channels: int) -> Stream:
        return _BoardStream(load(), sample_rate, channels)

    files = [find_preset(name), *_files(board)]
    decides = {"preset": [file_digest(Path(file)) for file in files], **settings}
    return Treatment(stream=make, maker=f"the preset {str(name)!r}", settings=decides)


def _files(board: Pedalboard) -> Iterator[Path]:
    """What a preset leads to: models, impulse responses."""
    for member in members(board):
        if isinstance(member, PhaseAware):
            yield member.model
        elif file := getattr(member, "impulse_response_filename", None):
            yield Path(file)
