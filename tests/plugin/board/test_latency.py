"""Latency of boards is read without touching what runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pedalboard
import pytest
from pedalboard_native._internal import AddLatency
from phaseaware.plugin import Chain, Mix, Pedalboard, PhaseAware, Processor
from phaseaware.plugin.board import native_classes

from tests.plugin.helpers import RATE, noise


def _kinds() -> dict[str, Callable[[], pedalboard.Plugin]]:
    found: dict[str, Callable[[], pedalboard.Plugin]] = dict(native_classes())
    found |= {
        "AddLatency": lambda: AddLatency(700),
        "Convolution": lambda: pedalboard.Convolution(np.r_[1, np.zeros(300)].astype(np.float32), sample_rate=RATE),
        "PitchShift up": lambda: pedalboard.PitchShift(3),
    }
    return found


@pytest.mark.parametrize("name", _kinds())
def test_reading_it_takes_no_tail(name: str, rng: np.random.Generator) -> None:
    x, silence = noise(rng, 2, 4000), np.zeros((2, 4000), np.float32)
    tails = []
    for reads in (False, True):
        plugin = _kinds()[name]()
        board, other = Pedalboard([plugin, pedalboard.Reverb()]), Pedalboard([plugin])
        made = [board.process(x, RATE, reset=False)]
        if reads:
            assert board.latency_samples >= 0
            assert Chain([Mix([None, other])]).latency_samples == other.latency_samples
        made.append(board.process(silence, RATE, reset=False))
        tails.append(np.concatenate(made, axis=1))
    assert np.array_equal(*tails)


@pytest.mark.parametrize("name", _kinds())
def test_it_is_what_a_stream_shows(name: str, rng: np.random.Generator) -> None:
    declared = Pedalboard([_kinds()[name]()]).latency_samples
    board, fed, returned = Pedalboard([_kinds()[name]()]), 0, 0
    for block in np.split(noise(rng, 2, 512 * 128), 128, axis=1):
        fed += block.shape[1]
        returned += board.process(block, RATE, reset=False).shape[1]
    if name in ("GSMFullRateCompressor", "MP3Compressor", "Resample"):  # these give blocks of their own
        assert abs(fed - returned - declared) <= 1152
    else:
        assert fed - returned == declared


class Held(Processor):
    """Takes a call and does not give it back until it may."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.may_leave = threading.Event(), threading.Event()

    def _begin(self, sample_rate: float, channels: int) -> None:
        pass

    def _feed(self, x: Any, buffer_size: int) -> Any:
        self.entered.set()
        assert self.may_leave.wait(60)
        return x

    def _drain(self) -> Any:
        return np.empty((2, 0), np.float32)

    def _latency(self, sample_rate: float) -> int:
        return 3


@pytest.mark.parametrize("reset", [False, True])
def test_reading_it_waits_for_no_call(reset: bool, history: Path, rng: np.random.Generator) -> None:
    held, x = Held(), noise(rng, 2, 20_000)
    natives = [kind() for name, kind in _kinds().items() if "PitchShift" not in name]
    board = Pedalboard([*natives, Mix([held, PhaseAware(model=history)])])
    worker = threading.Thread(target=board.process, args=(x, RATE), kwargs={"reset": reset})
    worker.start()
    try:
        assert held.entered.wait(60)
        read: list[int] = []
        reader = threading.Thread(target=lambda: read.append(board.latency_samples))
        reader.start()
        reader.join(60)
        assert len(read) == 1
        assert read[0] > 700
    finally:
        held.may_leave.set()
        worker.join()
