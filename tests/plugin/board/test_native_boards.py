"""Boards of natives beside the stock containers: the same bits. And where stock goes wrong, the right ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pedalboard as stock
import phaseaware.plugin as ours
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from pedalboard_native._internal import AddLatency, FixedSizeBlockTestPlugin, PrimeWithSilenceTestPlugin
from phaseaware.plugin.board import native_classes

from tests.plugin.helpers import RATE, noise, stock_stream, stream

Tree = Callable[[Any], Any]
"""Makes a board from ``pedalboard`` or ``phaseaware.plugin``: the same, but for one import line."""

TREES: dict[str, Tree] = {
    "empty": lambda p: p.Pedalboard([]),
    "one": lambda p: p.Pedalboard([stock.Gain(3)]),
    "nested": lambda p: p.Pedalboard(
        [stock.HighpassFilter(100), p.Chain([stock.Compressor(-20, 3), stock.Reverb()]), None, stock.Delay(0.01)]
    ),
    "parallel": lambda p: p.Pedalboard(
        [p.Mix([stock.Gain(-3), p.Chain([stock.Delay(0.02), stock.Chorus()]), None, stock.Phaser()]), stock.Limiter(-5)]
    ),
    "deep": lambda p: p.Pedalboard(
        [
            p.Mix([p.Mix([stock.Gain(1), None]), p.Chain([p.Chain([stock.LadderFilter(), stock.Distortion(3)])])]),
            p.Chain([]),
            p.Pedalboard([stock.NoiseGate(-30), stock.PeakFilter(900, 5)]),
        ]
    ),
    "chain": lambda p: p.Chain([stock.Clipping(-9), stock.Bitcrush(6)]),
    "mix": lambda p: p.Mix([stock.Invert(), stock.Gain(6)]),
    "empty mix": lambda p: p.Mix([]),
    "latency": lambda p: p.Pedalboard(
        [p.Chain([AddLatency(300), stock.Reverb()]), AddLatency(77), stock.BrickwallLimiter(), stock.Compressor(-20, 2)]
    ),
    "codec": lambda p: p.Pedalboard([stock.MP3Compressor(), stock.Gain(-1)]),
}
LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "1-D": lambda x: x[0],
    "(C, N)": lambda x: x,
    "(N, C)": lambda x: np.ascontiguousarray(x.T),
    "float64": lambda x: x.astype(np.float64),
}


@pytest.mark.parametrize("buffer_size", [64, 512, 8192, 100_000])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("tree", TREES)
def test_same_bits_as_stock(tree: str, layout: str, buffer_size: int, rng: np.random.Generator) -> None:
    x = LAYOUTS[layout](noise(rng, 2, 6000))
    expected, found = TREES[tree](stock)(x, RATE, buffer_size), TREES[tree](ours)(x, RATE, buffer_size)
    assert found.shape == expected.shape
    assert found.tobytes() == expected.tobytes()

    theirs, mine = TREES[tree](stock), TREES[tree](ours)
    along = 1 if layout in ("(C, N)", "float64") else 0
    for block in np.array_split(x, 6, axis=along):
        expected, found = (board.process(block, RATE, buffer_size, reset=False) for board in (theirs, mine))
        assert found.shape == expected.shape
        assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("tree", ["nested", "parallel", "deep"])
def test_stream_after_a_whole_signal_goes_on_as_stock_does(tree: str, rng: np.random.Generator) -> None:
    # Scripts write board(block, rate, reset=is_first).
    x = noise(rng, 2, 6000)
    theirs, mine = TREES[tree](stock), TREES[tree](ours)
    for i, block in enumerate(np.split(x, 6, axis=1)):
        expected, found = (board.process(block, RATE, reset=i == 0) for board in (theirs, mine))
        assert found.tobytes() == expected.tobytes()


def test_branches_stay_aligned_in_a_stream_after_a_whole_signal(rng: np.random.Generator) -> None:
    x = noise(rng, 2, 4000)
    board = ours.Pedalboard([stock.Gain(0), ours.Mix([None, AddLatency(500)])])
    board(x, RATE)
    np.testing.assert_allclose(stream(board, x, [300]), 2 * x, rtol=1e-6)


def test_convolution_too(tmp_path: Path, rng: np.random.Generator) -> None:
    soundfile.write(tmp_path / "room.wav", noise(rng, 500), RATE)
    x = noise(rng, 2, 6000)

    def board(p: Any) -> Any:
        return p.Pedalboard([stock.Convolution(str(tmp_path / "room.wav"), 0.3), stock.Gain(-2)])

    assert board(ours)(x, RATE).tobytes() == board(stock)(x, RATE).tobytes()
    assert stock_stream(board(ours), x, [512]).tobytes() == stock_stream(board(stock), x, [512]).tobytes()


PAIRED: dict[str, Callable[[], stock.Plugin]] = {
    **{name: kind for name, kind in native_classes().items() if name != "Convolution"},
    "Convolution": lambda: stock.Convolution(np.r_[0.5, np.zeros(900), 0.2].astype(np.float32), sample_rate=RATE),
    "PitchShift up": lambda: stock.PitchShift(3),
    "AddLatency": lambda: AddLatency(700),
}


@pytest.mark.parametrize("second", PAIRED)
def test_all_pairs_of_natives_give_the_bits_of_stock(second: str, rng: np.random.Generator) -> None:
    """The tails of the first run into the second, which may be latent."""
    x = noise(rng, 2, 4000)
    for name, first in PAIRED.items():
        trees: list[Tree] = [lambda p, first=first: p.Pedalboard([first(), PAIRED[second]()])]
        slow = "PitchShift up" in (name, second)
        if not slow:
            trees.append(lambda p, first=first: p.Pedalboard([first(), p.Chain([stock.Gain(-1), PAIRED[second]()])]))
        for tree in trees:
            for buffer_size in (8192,) if slow else (512, 8192):
                expected, found = tree(stock)(x, RATE, buffer_size), tree(ours)(x, RATE, buffer_size)
                assert found.tobytes() == expected.tobytes(), (name, second, buffer_size)
        theirs, mine = trees[0](stock), trees[0](ours)
        for block in np.split(x, 4, axis=1):
            expected, found = (board.process(block, RATE, reset=False) for board in (theirs, mine))
            assert found.tobytes() == expected.tobytes(), (name, second)


NATIVES: dict[str, Callable[[], stock.Plugin]] = {
    "Bitcrush": stock.Bitcrush,
    "BrickwallLimiter": stock.BrickwallLimiter,
    "Chorus": stock.Chorus,
    "Compressor": lambda: stock.Compressor(-20, 4),
    "Delay": lambda: stock.Delay(0.02),
    "HighpassFilter": lambda: stock.HighpassFilter(200),
    "HighShelfFilter": lambda: stock.HighShelfFilter(2000, 6),
    "LadderFilter": stock.LadderFilter,
    "Limiter": lambda: stock.Limiter(-20),
    "LowpassFilter": lambda: stock.LowpassFilter(2000),
    "NoiseGate": lambda: stock.NoiseGate(-30),
    "Phaser": stock.Phaser,
    "Reverb": stock.Reverb,
    "AddLatency": lambda: AddLatency(700),
}


@pytest.mark.parametrize("name", NATIVES)
def test_growing_blocks_cost_no_state(name: str, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 12_000)
    sizes = [7, 1, 60, 600, 1, 6000, 6000]
    expected = stock_stream(NATIVES[name](), x, [600])
    found = stream(ours.Pedalboard([NATIVES[name]()]), x, sizes)
    assert found.shape == x.shape
    assert np.array_equal(found[:, : expected.shape[1]], expected)


def test_stock_does_lose_state() -> None:
    # The reason for what the test before proves; if this fails, pedalboard has repaired it.
    x = noise(np.random.default_rng(1), 2, 8000)
    assert not np.array_equal(stock_stream(stock.Reverb(), x, [1000, 7000]), stock_stream(stock.Reverb(), x, [1000]))


def test_neighbouring_natives_are_one_native_call(
    history: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = ours.Pedalboard(
        [
            stock.Gain(1),
            ours.Chain([stock.Gain(2), stock.Gain(3)]),
            ours.Chain([stock.Gain(4), ours.PhaseAware(model=history), stock.Gain(5)]),
            None,
            stock.Gain(6),
        ]
    )
    x = noise(rng, 2, 4000)
    board.process(x, RATE, reset=False)
    calls = []
    native = stock.process
    monkeypatch.setattr(stock, "process", lambda *args: calls.append(1) or native(*args))
    board.process(x, RATE, reset=False)
    assert len(calls) == 2
    board.process(x, RATE)
    assert len(calls) == 4


@pytest.mark.parametrize("buffer_size", [1, 160, 8193])
@pytest.mark.parametrize("size", [1, 40, 160, 8192])
def test_plugins_of_fixed_block_size(size: int, buffer_size: int, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 9000)
    np.testing.assert_array_equal(ours.Pedalboard([FixedSizeBlockTestPlugin(size)])(x, RATE, buffer_size), x)
    silent_start = PrimeWithSilenceTestPlugin(size)
    np.testing.assert_allclose(ours.Pedalboard([silent_start])(x, RATE, buffer_size), x, atol=1e-6)


@settings(max_examples=30)
@given(
    latencies=st.lists(st.integers(0, 5000), min_size=1, max_size=4),
    samples=st.integers(3, 6000),
    buffer_size=st.sampled_from([64, 512, 8192]),
    size=st.integers(50, 7000),
)
def test_latency_is_compensated_and_reported(latencies: list[int], samples: int, buffer_size: int, size: int) -> None:
    x = noise(np.random.default_rng(2), 2, samples)
    chain = ours.Pedalboard([AddLatency(latency) for latency in latencies])
    mix = ours.Mix([None, *(AddLatency(latency) for latency in latencies)])
    for board, gain, latency in ((chain, 1, sum(latencies)), (mix, len(latencies) + 1, max(latencies))):
        assert board.latency_samples == latency
        np.testing.assert_allclose(board(x, RATE, buffer_size), gain * x, rtol=1e-5, atol=1e-6)
        board.reset()
        np.testing.assert_allclose(stream(board, x, [size], buffer_size=buffer_size), gain * x, rtol=1e-5, atol=1e-6)
        board.process(x[:, :3], RATE, reset=False)
        assert board.latency_samples == latency


def test_a_parameter_may_change_the_latency() -> None:
    limiter = stock.BrickwallLimiter(lookahead_ms=5)
    board = ours.Pedalboard([ours.Chain([limiter]), AddLatency(7)])
    assert board.latency_samples == 240 + 7
    limiter.lookahead_ms = 10
    assert board.latency_samples == 480 + 7


def test_small_odd_blocks_with_a_square_rest() -> None:
    # Three frames at a time from 17 stereo frames leave a block of 2 x 2 at the end.
    for transposed in (False, True):
        board, returned = ours.Pedalboard([stock.Reverb(), stock.Gain()]), 0
        for block in np.array_split(np.zeros((2, 17), np.float32), [3, 6, 9, 12, 15], axis=1):
            y = board(block.T if transposed else block, 44_100)
            returned += y.shape[0 if transposed else 1]
        assert returned == 17


@pytest.mark.parametrize("container", [ours.Mix, ours.Chain, ours.Pedalboard])
def test_containers_without_plugins_and_with_none(container: Any, rng: np.random.Generator) -> None:
    x = noise(rng, 5000)
    assert len(container()) == len(container([])) == 0
    through = container([None])
    assert len(through) == 1
    assert through[0] is None
    np.testing.assert_array_equal(through(x, RATE), x)
    assert through(x, RATE) is not x


@pytest.mark.parametrize("empty", [ours.Mix, ours.Chain, lambda: stock.Mix([]), lambda: ours.Mix([ours.Chain()])])
def test_empty_containers_amid_a_stream(empty: Any, history: Path, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 5000)
    for before, behind in ((AddLatency(700), stock.Gain(0)), (ours.PhaseAware(model=history), None)):
        found = stream(ours.Pedalboard([before, empty(), behind]), x, [800])
        assert found.shape == x.shape
        assert found.any() == (not isinstance(empty(), (ours.Mix, stock.Mix)) or len(empty()) > 0)


def test_deep_nesting_of_gains(rng: np.random.Generator) -> None:
    x = noise(rng, 4000, 2)
    six, minus = (
        [ours.Chain([stock.Gain(1) for _ in range(6)]) for _ in range(2)],
        [ours.Pedalboard([stock.Gain(-1) for _ in range(24)]) for _ in range(2)],
    )
    np.testing.assert_allclose(ours.Pedalboard([ours.Mix(six), ours.Mix(minus)])(x, RATE), x * 0.5, rtol=0.01)


def test_stock_boards_refuse_ours() -> None:
    board = ours.Pedalboard([stock.Gain()])
    with pytest.raises(TypeError):
        stock.Pedalboard([board])
    with pytest.raises(TypeError):
        stock.Pedalboard([stock.Gain()]).append(board)


def test_stock_containers_are_natives_like_others(history: Path, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 5000)
    inner = stock.Pedalboard([stock.Gain(-3), stock.Delay(0.01)])
    board = ours.Pedalboard([inner, ours.PhaseAware(model=history)])
    np.testing.assert_allclose(board(x, RATE), ours.PhaseAware(model=history)(inner(x, RATE), RATE), atol=1e-6)
