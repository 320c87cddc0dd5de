"""Threads: independent processors, one board shared, lists and controls changed from outside."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pedalboard
from phaseaware.plugin import Mix, Pedalboard, PhaseAware

from .helpers import RATE, noise, stream


def test_eight_threads_with_eight_processors(history: Path, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 30_000)
    expected = PhaseAware(model=history)(x, RATE)
    processors = [PhaseAware(model=history) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        whole = list(pool.map(lambda p: p(x, RATE), processors))
        streamed = list(pool.map(lambda p: stream(p, x, [512]), processors))
    for y in whole:
        assert np.array_equal(y, expected)
    for y in streamed:
        np.testing.assert_allclose(y, expected, atol=1e-6)


def test_one_board_used_by_many_threads(history: Path, rng: np.random.Generator) -> None:
    board = Pedalboard([pedalboard.HighpassFilter(80), PhaseAware(model=history), pedalboard.Reverb()])
    signals = [noise(rng, 2, 3000 + 500 * i) for i in range(8)]
    expected = [board(x, RATE) for x in signals]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda i: board(signals[i % 8], RATE), range(40)))
    for i, y in enumerate(found):
        assert np.array_equal(y, expected[i % 8])


def test_one_stream_fed_by_many_threads(history: Path, rng: np.random.Generator) -> None:
    # All blocks are the same, so it does not matter whose comes first.
    block = noise(rng, 2, 700)

    def board() -> Pedalboard:
        return Pedalboard([Mix([pedalboard.Delay(0.01), PhaseAware(model=history), None]), pedalboard.Reverb()])

    alone, shared = board(), board()
    expected = [alone.process(block, RATE, reset=False) for _ in range(60)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: shared.process(block, RATE, reset=False), range(60)))
    assert sorted(y.tobytes() for y in found) == sorted(y.tobytes() for y in expected)
    assert np.array_equal(shared.flush(), alone.flush())


def test_plugins_shared_by_boards_in_many_threads(history: Path, rng: np.random.Generator) -> None:
    plugins = [pedalboard.Reverb() for _ in range(12)]
    clean = PhaseAware(model=history)
    boards = [Pedalboard([*np.random.default_rng(i).permutation(np.array(plugins, object)), clean]) for i in range(8)]
    x = noise(rng, 1, 6000)
    expected = boards[0](x, RATE)
    with ThreadPoolExecutor(8) as pool:
        for y in pool.map(lambda board: board(x, RATE), boards):
            np.testing.assert_allclose(y, expected, atol=1e-5)


def test_controls_and_lists_change_while_a_board_runs(history: Path, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 60_000)
    clean = PhaseAware(model=history)
    board = Pedalboard([clean, Mix([None])])
    stop = threading.Event()

    def meddle() -> None:
        while not stop.is_set():
            for mask in ("real", "phase-aware"):
                clean.mask = mask
                clean.reduction_db = 10
                clean.bypass = not clean.bypass
                board.append(pedalboard.Gain(0))
                assert len(board) >= 2
                board.pop()

    with ThreadPoolExecutor(1) as pool:
        task = pool.submit(meddle)
        try:
            y = stream(board, x, [512, 100])
        finally:
            stop.set()
        task.result()
    assert y.shape == x.shape
    assert np.isfinite(y).all()


def test_setting_a_control_does_not_wait_for_a_long_call(history: Path) -> None:
    clean = PhaseAware(model=history)
    with clean._lock, ThreadPoolExecutor(1) as pool:  # as held by a process call in this thread
        pool.submit(setattr, clean, "reduction_db", 3.0).result(timeout=30)
        assert pool.submit(lambda: clean.settings()["reduction_db"]).result(timeout=30) == 3.0


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = "{'pedalboard', 'onnxruntime', 'numpy', 'matplotlib'}"
    script = f"import sys, phaseaware.plugin; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
