"""Live sound: from an input device through a board to an output device.

:class:`LiveSession` is the sound's way and knows nothing of devices; :func:`run` connects it to PortAudio.
(pedalboard's own ``AudioStream`` does not open PulseAudio's devices on Linux and takes native plugins only.)
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine.model import default_model
from phaseaware.engine.versions import LETTER_OF, MASK_OF, Letter

from ..board import Pedalboard, members
from ..contract import BlockStream, Processor
from ..fades import Bypass
from ..processor import PhaseAware
from .clocks import ClockDifference
from .devices import LiveError, choose, common_rate, keeping_devices, portaudio

__all__ = ["LiveSession", "LiveVersion", "Meters", "run"]

Samples = NDArray[np.float32]
LiveVersion = Literal["A", "B", "bypass"]
"""A: phase-aware mask, B: real mask, bypass: the input, delayed."""
_SETTLING_SECONDS = 0.5
_LONGEST_WAIT = 1.0
"""Seconds: more than any device's buffer."""


@dataclass(frozen=True, kw_only=True)
class Meters:
    """What a live session measures.

    Attributes
    ----------
    input_db, output_db : peak since the last look, in dB of full scale; -inf for silence.
    load : processing time divided by the sound's duration, mean since the last look.
    drop_outs : times at which the device lost samples, had none to play, or a block was left out as the input device's
        clock is the faster one.
    seconds : sound processed.
    muted_seconds : of it, what was given as silence, as a model or an effect made NaN or inf.
    waited_seconds : for which no sound has come from the device.
    """

    input_db: float
    output_db: float
    load: float
    drop_outs: int
    seconds: float
    muted_seconds: float = 0.0
    waited_seconds: float = 0.0

    @property
    def starved(self) -> bool:
        """No sound comes from the device, though it has not failed: it is unplugged, suspended or held elsewhere."""
        return self.waited_seconds > _LONGEST_WAIT


class LiveSession:
    """Blocks from a device in, blocks of the same length out.

    Parameters
    ----------
    board : what the sound passes.
    sample_rate : Hz.
    """

    def __init__(self, board: Processor, *, sample_rate: float) -> None:
        self.board, self.sample_rate = board, sample_rate
        self.drop_outs = 0
        self.device_seconds = 0.0
        """What the devices say they take, input and output together."""
        self.observer: Callable[[Samples], object] | None = None
        """Called with each block that goes out, shape (channels, n), from the thread of the sound."""
        # It takes blocks of few samples and many channels without doubt which is which.
        self._stream = BlockStream(board, user="live sound")
        self._bypass = Bypass()
        self._waiting: Samples | None = None
        self._measuring = threading.Lock()
        self._seconds = 0.0
        self._came = time.perf_counter()
        self._forget()

    def _forget(self) -> None:
        self._peaks = [0.0, 0.0]
        self._busy = self._heard = 0.0

    @property
    def version(self) -> LiveVersion:
        """What is heard. Changes fade."""
        return "bypass" if self._bypass.engaged else self.mask_version

    @version.setter
    def version(self, version: LiveVersion) -> None:
        if version not in get_args(LiveVersion):
            raise ValueError(f"{version=} is not one of {', '.join(map(repr, get_args(LiveVersion)))}")
        if version != "bypass":
            for processor in self._processors():
                processor.mask = MASK_OF[version]
        self._bypass.engaged = version == "bypass"

    @property
    def mask_version(self) -> Letter:
        """The mask that is heard when not bypassed."""
        processors = self._processors()
        return LETTER_OF[processors[0].mask] if processors else "A"

    def _processors(self) -> list[PhaseAware]:
        return [member for member in members(self.board) if isinstance(member, PhaseAware)]

    def process(self, block: Samples) -> Samples:
        """A block of shape (channels, n) in and out; silence until the board's latency has passed."""
        began = time.perf_counter()
        x = np.nan_to_num(block.astype(np.float32), copy=False, posinf=0, neginf=0)
        channels, count = x.shape
        if self._waiting is None:
            self.board.reset()
            self._stream.begin(self.sample_rate, channels)
            self._bypass.begin(channels)
            self._waiting = np.zeros((channels, 0), np.float32)
        y = self._bypass.apply(x, self._stream.feed(x, count))
        ready = np.concatenate([self._waiting, y], axis=1)
        missing = max(0, count - ready.shape[1])
        out, self._waiting = np.pad(ready[:, :count], ((0, 0), (missing, 0))), ready[:, count:]
        if self.observer is not None:
            self.observer(out)
        with self._measuring:
            for i, sound in enumerate((x, out)):
                self._peaks[i] = max(self._peaks[i], float(np.abs(sound).max(initial=0)))
            self._came = time.perf_counter()
            self._busy += self._came - began
            self._heard += count / self.sample_rate
            self._seconds += count / self.sample_rate
        return out

    @property
    def latency_seconds(self) -> float:
        """From the input to the output: the board's, and the devices' as they say."""
        return self.board.latency_samples / self.sample_rate + self.device_seconds

    def look(self) -> Meters:
        """The meters since the last look."""
        with self._measuring:
            level = [20 * math.log10(peak) if peak > 0 else -math.inf for peak in self._peaks]
            load = self._busy / self._heard if self._heard else 0.0
            meters = Meters(
                input_db=level[0], output_db=level[1], load=load, drop_outs=self.drop_outs, seconds=self._seconds,
                muted_seconds=self.board.muted_samples / self.sample_rate,
                waited_seconds=time.perf_counter() - self._came,
            )  # fmt: skip
            self._forget()
        return meters


@keeping_devices()
def run(
    board: Processor | None = None,
    *,
    input_device: str | int | None = None,
    output_device: str | int | None = None,
    sample_rate: float | None = None,
    channels: int | None = None,
    block_size: int = 512,
    latency: float | Literal["low", "high"] = "low",
    session_ready: Callable[[LiveSession], object] | None = None,
    stop: threading.Event | None = None,
) -> Meters:
    """Run sound from an input device through a board to an output device, until ``stop`` is set.

    Parameters
    ----------
    board : default: one :class:`PhaseAware` with the model ``live``.
    input_device, output_device : index, or part of the name; default: the system's.
    sample_rate : Hz; default: 48 kHz if both devices know it, else the input device's own.
    channels : 1, 2, …; default: what both devices have, 2 at most.
    block_size : samples per block.
    latency : what is asked of the devices, in s, or "low" or "high".
    session_ready : called with the :class:`LiveSession` when sound begins: for keys and meters, from another thread.
    stop : default: runs until KeyboardInterrupt.

    Returns
    -------
    The meters at the end.

    Raises
    ------
    LiveError : a device is missing, cannot do what is asked, or vanishes.
    """
    sd = portaudio()
    source, sink = choose(sd, input_device, "input"), choose(sd, output_device, "output")
    widest = min(source["max_input_channels"], sink["max_output_channels"])
    wanted = min(2, widest) if channels is None else channels
    if not 1 <= wanted <= widest:
        raise LiveError(f"{channels=} is not from 1 to {widest}, as {source['name']!r} and {sink['name']!r} both have")
    pair = source["index"], sink["index"]
    rate = float(sample_rate or common_rate(sd, pair, wanted, source["default_samplerate"]))
    if board is None:
        board = Pedalboard([PhaseAware(model=default_model("stream"))])
    session = LiveSession(board, sample_rate=rate)
    # The first run of a model takes longer: before the sound begins, not in it.
    try:
        session.process(np.zeros((wanted, 4 * block_size), np.float32))
    except ValueError as error:  # some native effects know few rates only, or two channels at most
        raise LiveError(f"{rate:g} Hz and {wanted} channels cannot pass the effects: {error}") from error
    session = LiveSession(session.board, sample_rate=rate)
    try:
        with sd.Stream(
            samplerate=rate, blocksize=block_size, device=pair, channels=wanted, dtype="float32", latency=latency
        ) as stream:
            session.device_seconds = float(sum(stream.latency))
            _play(stream, session, (block_size, wanted), stop or threading.Event(), session_ready)
    except sd.PortAudioError as error:
        raise LiveError(
            f"the sound devices {source['name']!r} and {sink['name']!r} failed: {error}. "
            "If one was unplugged, connect it and start again; else try another rate, block size or latency"
        ) from error
    return session.look()


def _play(
    stream: Any,
    session: LiveSession,
    shape: tuple[int, int],
    stop: threading.Event,
    session_ready: Callable[[LiveSession], object] | None,
) -> None:
    """Blocks of shape (samples, channels) from an open stream of the devices through a session and back."""
    block_size, channels = shape
    # The reserve that the output device plays from while a block is waited for and processed.
    stream.write(np.zeros((max(block_size, stream.write_available), channels), np.float32))
    # Devices take a moment to start, and what they lose in it is not counted.
    settled = time.monotonic() + _SETTLING_SECONDS
    stream.read(block_size)
    if session_ready is not None:
        session_ready(session)
    clocks = ClockDifference(block_size / session.sample_rate)
    while not stop.is_set():
        began = time.perf_counter()
        block, lost = stream.read(block_size)
        waited = time.perf_counter() - began
        y = clocks.correct(session.process(block.T), waited)
        late, left_out = False, not y.shape[1]
        if not left_out:
            began = time.perf_counter()
            late = bool(stream.write(np.ascontiguousarray(y.T)))
            clocks.written(time.perf_counter() - began, late=late)
        session.drop_outs += (bool(lost) + late + left_out) * (time.monotonic() > settled)
