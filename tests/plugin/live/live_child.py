"""Runs ``phaseaware live`` in a process of its own, and keeps what came in. Arguments: model, file, those of live."""

from __future__ import annotations

import sys

import numpy as np
import pedalboard
from phaseaware.plugin import Pedalboard, PhaseAware, Processor
from phaseaware.plugin.command import live as live_command
from phaseaware.plugin.command import main as command


class Tap(Processor):
    """Passes sound on and keeps it."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[np.ndarray] = []

    def _begin(self, sample_rate: float, channels: int) -> None:
        self.heard = []

    def _feed(self, x: np.ndarray, buffer_size: int) -> np.ndarray:
        self.heard.append(x.copy())
        return x

    def _drain(self) -> np.ndarray:
        return np.empty((1, 0), np.float32)

    def _latency(self, sample_rate: float) -> int:
        return 0


def board(model: str) -> Pedalboard:
    """What the sound passes after the tap."""
    return Pedalboard([pedalboard.HighpassFilter(80), PhaseAware(model=model)])


def main() -> int:
    """As the command."""
    model, file, *arguments = sys.argv[1:]
    tap = Tap()
    live_command._board = lambda args: Pedalboard([tap, *board(model)])
    status = command(["live", *arguments])
    if tap.heard:
        np.save(file, np.concatenate(tap.heard, axis=1))
    return status


if __name__ == "__main__":
    sys.exit(main())
