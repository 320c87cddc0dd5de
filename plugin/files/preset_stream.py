"""A preset's board as a stream of (channels, samples) blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pedalboard
from numpy.typing import NDArray
from phaseaware.engine.audio import file_digest
from phaseaware.engine.errors import UsageError

from ..board import Container, Pedalboard, members
from ..contract import BlockStream
from ..presets import find_preset, load_preset
from ..presets.ranges import check_memory
from ..processor import PhaseAware
from .streams import Stream, Treatment

__all__ = ["from_preset"]

Samples = NDArray[np.float32]
_BUFFER = 8192


class _BoardStream:
    def __init__(self, board: Pedalboard, sample_rate: int, channels: int) -> None:
        check_memory((type(member).__name__ for member in members(board)), sample_rate, channels)
        self._board, self._stream = board, BlockStream(board)
        self._stream.begin(sample_rate, channels)

    def process(self, block: Samples) -> Samples:
        return self._sound(self._stream.feed(block, _BUFFER))

    def flush(self) -> Samples:
        return self._sound(self._stream.drain())

    def _sound(self, y: Samples) -> Samples:
        # A file is not muted, as live sound is: as NaN, it is refused.
        return np.full_like(y, np.nan) if self._board.muted_samples else y


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
    return Treatment(
        stream=make, maker=f"the preset {str(name)!r}", settings=decides, only_cleans=_only_cleans(board)
    )  # fmt: skip


def _only_cleans(board: Pedalboard) -> bool:
    effects = [member for member in members(board) if not isinstance(member, (Container, pedalboard.PluginContainer))]
    return all(isinstance(effect, PhaseAware) and effect.output == "speech" for effect in effects)


def _files(board: Pedalboard) -> Iterator[Path]:
    """What a preset leads to: models, impulse responses."""
    for member in members(board):
        if isinstance(member, PhaseAware):
            yield member.model
        elif file := getattr(member, "impulse_response_filename", None):
            yield Path(file)
