"""A sound card that is none: two clocks that differ, buffers that run over and dry, and time that passes at once."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from phaseaware.plugin import Processor, live

__all__ = ["Card", "run_live"]

Samples = NDArray[np.float32]
RATE = 48_000


class Wire(Processor):
    """Passes sound on, so that hours take minutes."""

    def _begin(self, sample_rate: float, channels: int) -> None:
        pass

    def _feed(self, x: Samples, buffer_size: int) -> Samples:
        return x

    def _drain(self) -> Samples:
        return np.empty((1, 0), np.float32)

    def _latency(self, sample_rate: float) -> int:
        return 0


@dataclass
class Card:
    """Stands for the module sounddevice, its devices and its stream.

    ``input_ppm``, ``output_ppm``: by how much the clocks are too fast. A tone of 997 Hz is heard at the input. The
    buffers hold four blocks, as is usual for low latency.
    """

    input_ppm: float
    output_ppm: float
    seconds: float
    keep: bool = False
    capacity: int = 2048
    now: float = 0.0
    read_so_far: int = 0
    written: int = 0
    overflows: int = 0
    underflows: int = 0
    lowest: float = float("inf")
    highest: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)
    heard: list[Samples] = field(default_factory=list)
    _begun: float | None = None
    _played: float = 0.0
    PortAudioError = OSError

    def query_devices(self, device: object, kind: str) -> dict[str, Any]:
        """One input, one output."""
        return {"name": kind, "index": 0, "max_input_channels": 1, "max_output_channels": 1, "default_samplerate": RATE}

    def check_input_settings(self, **settings: object) -> None:
        """All are fine."""

    check_output_settings = check_input_settings

    @contextmanager
    def Stream(self, **settings: object) -> Any:  # noqa: N802 (sounddevice's name)
        """The stream is the card itself."""
        yield self

    @property
    def _captured(self) -> float:
        return self.now * RATE * (1 + self.input_ppm * 1e-6)

    @property
    def _left(self) -> float:
        """Samples that are still to be played."""
        if self._begun is None:
            return self.written
        return self.written - self._played

    def _pass(self, seconds: float) -> None:
        self.now += seconds
        if self._begun is not None:
            self._played += seconds * RATE * (1 + self.output_ppm * 1e-6)
            if self._played > self.written:
                self.underflows += 1
                self._played = self.written

    @property
    def read_available(self) -> int:
        """Samples to be read at once."""
        return int(self._captured) - self.read_so_far

    @property
    def write_available(self) -> int:
        """Samples to be written at once."""
        return int(self.capacity - self._left)

    def read(self, count: int) -> tuple[Samples, bool]:
        """The next samples of the tone, once they are there."""
        missing = self.read_so_far + count - self._captured
        if missing > 0:
            self._pass((missing + 1) / (RATE * (1 + self.input_ppm * 1e-6)))
        lost = self.read_available - self.capacity
        if lost > 0:
            self.overflows += 1
            self.read_so_far += lost
        n = np.arange(self.read_so_far, self.read_so_far + count)
        self.read_so_far += count
        return (0.5 * np.sin(2 * np.pi * 997 / RATE * n)).astype(np.float32)[:, None], lost > 0

    def write(self, x: Samples) -> bool:
        """Wait until there is room."""
        before = self.underflows
        excess = len(x) + self._left - self.capacity
        if excess > 0 and self._begun is not None:
            self._pass(excess / (RATE * (1 + self.output_ppm * 1e-6)))
        self.written += len(x)
        if self._begun is None:
            self._begun = self.now
        elif self.now > 4:
            waiting = self.read_available + self._left
            self.lowest, self.highest = min(self.lowest, waiting), max(self.highest, waiting)
        if self.keep:
            self.heard.append(x[:, 0].copy())
        if self.now > self.seconds:
            self.stop.set()
        return self.underflows > before


def run_live(card: Card, block: int = 512) -> None:
    """:func:`live.run` on the card, to its end."""
    with mock.patch.object(live, "_portaudio", return_value=card):
        live.run(Wire(), block_size=block, sample_rate=RATE, channels=1, stop=card.stop)
