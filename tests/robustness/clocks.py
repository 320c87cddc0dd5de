"""Two sound devices that are none: their clocks differ, their buffers run over and dry, and time passes at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from phaseaware.plugin import Processor
from phaseaware.plugin.live import stream
from phaseaware.plugin.live.clocks import ClockDifference

__all__ = ["RATE", "TONE_HZ", "Cards", "run_live"]

Samples = NDArray[np.float32]
RATE = 48_000
TONE_HZ = 997
_BEGUN_SECONDS = 2.0  # from here on the waiting sound is measured


class _Wire(Processor):
    """Passes sound on, so that hours take seconds."""

    def _begin(self, sample_rate: float, channels: int) -> None:
        pass

    def _feed(self, x: Samples, buffer_size: int) -> Samples:
        return x

    def _drain(self) -> Samples:
        return np.empty((1, 0), np.float32)

    def _latency(self, sample_rate: float) -> int:
        return 0


@dataclass
class Cards:
    """Stands for the module sounddevice, its two devices and their stream, and for the clock.

    A tone is heard at the input. As in PortAudio, a full input buffer loses its oldest samples and the next read tells;
    an empty output plays silence and the next write tells.

    Attributes
    ----------
    input_ppm, output_ppm : by how much the devices' clocks are too fast, in parts per million.
    seconds : after which the sound is stopped.
    capacity : samples that the buffer of each device holds; four blocks are usual for low latency.
    stall : (time in s, duration in s) of one interruption of the program.
    rates : sample rates that each device knows; (input, output).
    latency : s, that each device says it has; (input, output).
    overflows, underflows : how often the devices told of lost samples, and of none to play.
    least, most : samples that waited in both buffers, after the start.
    heard : what was written, if ``keep``.
    """

    input_ppm: float = 0.0
    output_ppm: float = 0.0
    seconds: float = 60.0
    capacity: int = 2048
    keep: bool = False
    stall: tuple[float, float] | None = None
    rates: tuple[tuple[int, ...], tuple[int, ...]] = ((RATE,), (RATE,))
    latency: tuple[float, float] = (0.0, 0.0)
    overflows: int = 0
    underflows: int = 0
    least: float = float("inf")
    most: float = 0.0
    heard: list[Samples] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    _now: float = 0.0
    _read: int = 0
    _written: int = 0
    _played: float = 0.0
    _plays: bool = False
    _dry: bool = False
    PortAudioError = OSError

    # The clock

    def perf_counter(self) -> float:
        """Seconds."""
        return self._now

    monotonic = perf_counter

    def _pass(self, seconds: float) -> None:
        self._now += seconds
        if self._plays:
            self._played += seconds * self._output_rate
            if self._played > self._written:
                self._played, self._dry = self._written, True

    @property
    def _input_rate(self) -> float:
        return RATE * (1 + self.input_ppm * 1e-6)

    @property
    def _output_rate(self) -> float:
        return RATE * (1 + self.output_ppm * 1e-6)

    # The devices

    def query_devices(self, device: object, kind: str) -> dict[str, Any]:
        """One input, one output."""
        rate = self.rates[kind == "output"][0]
        index = int(kind == "output")
        return {
            "name": kind, "index": index, "max_input_channels": 1, "max_output_channels": 1, "default_samplerate": rate,
        }  # fmt: skip

    def _check(self, *, device: int, channels: int, samplerate: float) -> None:
        if samplerate not in self.rates[device]:
            raise self.PortAudioError("Invalid sample rate")

    check_input_settings = check_output_settings = _check

    # Their stream

    @contextmanager
    def Stream(self, **settings: object) -> Iterator[Cards]:  # noqa: N802 (sounddevice's name)
        """The stream is this object."""
        yield self

    @property
    def write_available(self) -> int:
        """Samples for which the output has room."""
        return int(self.capacity - self._written + self._played)

    def read(self, count: int) -> tuple[Samples, bool]:
        """The next samples of the tone, once they are there."""
        if self.stall and self._now > self.stall[0]:
            self._pass(self.stall[1])
            self.stall = None
        missing = self._read + count - self._now * self._input_rate
        if missing > 0:
            self._pass((missing + 1e-6) / self._input_rate)
        lost = int(self._now * self._input_rate) - self._read - self.capacity
        if lost > 0:
            self.overflows += 1
            self._read += lost
        n = np.arange(self._read, self._read + count)
        self._read += count
        return (0.5 * np.sin(2 * np.pi * TONE_HZ / RATE * n)).astype(np.float32)[:, None], lost > 0

    def write(self, x: Samples) -> bool:
        """Returns once all is in the output's buffer; it begins to play when it is full."""
        excess = self._written + len(x) - self._played - self.capacity
        if excess > 0 and self._plays:
            self._pass((excess + 1e-6) / self._output_rate)
        dry, self._dry = self._dry, False
        self.underflows += dry
        self._written += len(x)
        self._plays = self._plays or self.write_available < len(x)
        if self._now > _BEGUN_SECONDS:
            waiting = self._now * self._input_rate - self._read + self._written - self._played
            self.least, self.most = min(self.least, waiting), max(self.most, waiting)
        if self.keep:
            self.heard.append(x[:, 0].copy())
        if self._now > self.seconds:
            self.stop.set()
        return dry


def run_live(cards: Cards, block: int = 512, *, corrected: bool = True) -> stream.Meters:
    """:func:`stream.run` on the devices, to its end; not ``corrected``: as if the clocks were no matter."""
    with (
        mock.patch.object(stream, "portaudio", return_value=cards),
        mock.patch.object(stream, "time", cards),
        mock.patch.object(stream, "ClockDifference", ClockDifference if corrected else _Nothing),
    ):
        return stream.run(_Wire(), block_size=block, stop=cards.stop)


class _Nothing(ClockDifference):
    def correct(self, block: Samples, read_seconds: float) -> Samples:
        return block
