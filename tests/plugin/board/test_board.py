"""Boards: lists of plugins that process."""

from __future__ import annotations

import copy
import doctest
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pedalboard
import phaseaware.plugin.board.container as board_module
import pytest
from pedalboard_native._internal import AddLatency
from phaseaware.plugin import Chain, Mix, Pedalboard, PhaseAware

from tests.plugin.helpers import RATE, noise, stream

CONTAINERS = [Pedalboard, Chain, Mix]


@pytest.mark.parametrize("container", CONTAINERS)
def test_is_a_list(container: Any, history: Path) -> None:
    a, b, c = pedalboard.Gain(1), PhaseAware(model=history), pedalboard.Gain(3)
    board = container([a, b])
    assert (len(board), board[0], board[-1]) == (2, a, b)
    assert list(board) == [a, b]
    assert list(reversed(board)) == [b, a]
    assert a in board
    assert c not in board
    assert pedalboard.Gain(1) not in board
    board.append(c)
    board.insert(0, None)
    assert board[:] == [None, a, b, c]
    assert board[1:3] == [a, b]
    assert board.index(c) == 3
    assert board.count(b) == 1
    assert board.pop(0) is None
    board.remove(b)
    assert board[:] == [a, c]
    board.extend([b])
    board.reverse()
    assert board[:] == [b, c, a]
    board[0:2] = [c]
    assert board[:] == [c, a]
    board[0] = b
    board += [c]
    assert board[:] == [b, a, c]
    del board[-1]
    del board[0:1]
    assert board[:] == [a]
    assert board.copy()[:] == [a]
    board.clear()
    assert not board
    for wrong in (lambda: board[0], lambda: board.pop(), lambda: board.__delitem__(3)):
        with pytest.raises(IndexError):
            wrong()
    for wrong in (lambda: board.remove(a), lambda: board.index(a)):
        with pytest.raises(ValueError, match="not in"):
            wrong()


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("wrong", ["reverb", 3, [pedalboard.Gain()], pedalboard.Gain, object()])
def test_other_things_are_refused(container: Any, wrong: object) -> None:
    board = container([pedalboard.Gain()])
    for attempt in (
        lambda: container([wrong]),
        lambda: board.append(wrong),
        lambda: board.__setitem__(0, wrong),
        lambda: board.__setitem__(slice(0, 1), [wrong]),
        lambda: board.extend([wrong]),
    ):
        with pytest.raises(TypeError, match="a board holds"):
            attempt()
    assert len(board) == 1


def test_natives_overridden_in_python_are_refused() -> None:
    class Louder(pedalboard.Gain):
        def process(self, *args: Any, **kwargs: Any) -> Any:
            return 2 * super().process(*args, **kwargs)

    with pytest.raises(TypeError, match="overrides process"):
        Pedalboard([Louder()])


def test_the_same_instance_twice_is_refused(history: Path, rng: np.random.Generator) -> None:
    gain, clean, x = pedalboard.Gain(), PhaseAware(model=history), noise(rng, 2, 100)
    for board in (
        Pedalboard([gain, Chain([gain])]),
        Pedalboard([clean, Mix([None, clean])]),
        Pedalboard([gain, pedalboard.Chain([gain])]),
    ):
        for error in (ValueError, RuntimeError):  # natives raise RuntimeError
            with pytest.raises(error, match="two places"):
                board(x, RATE)
        with pytest.raises(ValueError, match="two places"):
            board.process(x, RATE, reset=False)
    board = Pedalboard([gain])
    with pytest.raises(ValueError, match="part of itself"):
        board.append(Chain([board]))
    # Moving an element passes through a state in which it is there twice.
    board.append(clean)
    board.append(board[0])
    del board[0]
    assert board(x, RATE).shape == x.shape


def test_a_mix_aligns_its_branches_in_streams_too(constant: Path, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 20_000)
    nothing = PhaseAware(model=constant, mix=0)
    board = Mix([None, nothing, Chain([AddLatency(3000), pedalboard.Gain(0)]), Mix([AddLatency(10), None])])
    expected = 5 * x
    for sizes in ([480], [1, 77, 9000], [20_000]):
        np.testing.assert_allclose(stream(board, x, sizes), expected, atol=1e-5)
        board.reset()
    np.testing.assert_allclose(board(x, RATE), expected, atol=1e-5)


def test_a_chain_is_its_parts_one_by_one(history: Path, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 30_000)
    y = x
    for part in (
        pedalboard.HighpassFilter(80),
        PhaseAware(model=history),
        pedalboard.Compressor(-20, 3),
        pedalboard.Limiter(),
    ):
        y = part(y, RATE)
    board = Pedalboard(
        [
            pedalboard.HighpassFilter(80),
            Chain([PhaseAware(model=history), pedalboard.Compressor(-20, 3)]),
            pedalboard.Limiter(),
        ]
    )
    np.testing.assert_allclose(board(x, RATE), y, atol=1e-5)
    np.testing.assert_allclose(stream(board, x, [512]), y, atol=1e-5)


def test_plugins_may_come_and_go_in_a_running_stream(constant: Path, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 30_000)
    nothing, gain = PhaseAware(model=constant, mix=0), pedalboard.Gain(0)
    board = Pedalboard([gain, nothing])
    made = [board.process(x[:, :10_000], RATE, reset=False)]
    board.insert(1, pedalboard.Gain(6))
    made.append(board.process(x[:, 10_000:20_000], RATE, reset=False))
    del board[1]
    board.append(Mix([None, AddLatency(100)]))
    made += [board.process(x[:, 20_000:], RATE, reset=False), board.flush()]
    y = np.concatenate(made, axis=1)
    assert y.shape == x.shape
    loud, late = 10_000 - 1536, 20_000 - 1536
    np.testing.assert_allclose(y[:, :loud], x[:, :loud], atol=1e-5)
    np.testing.assert_allclose(y[:, 10_001:late], x[:, 10_001:late] * 10 ** (6 / 20), atol=1e-5)
    np.testing.assert_allclose(y[:, 20_000:], 2 * x[:, 20_000:], atol=1e-5)


def test_filters_that_stay_keep_their_state(rng: np.random.Generator) -> None:
    x = noise(rng, 2, 8000) + 0.3
    board = Pedalboard([pedalboard.HighpassFilter(50)])
    made = [board.process(x[:, :4000], RATE, reset=False)]
    board.append(pedalboard.Gain(0))
    made.append(board.process(x[:, 4000:], RATE, reset=False))
    np.testing.assert_allclose(np.concatenate(made, axis=1), pedalboard.HighpassFilter(50)(x, RATE), atol=1e-6)


@pytest.mark.parametrize("plugin", [pedalboard.Reverb, pedalboard.Delay, pedalboard.Compressor])
def test_a_newcomer_keeps_its_state_when_blocks_grow(plugin: Any, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 6000)
    board = Pedalboard([pedalboard.Gain(0)])
    before = board.process(x[:, :1000], RATE, reset=False)
    board.append(plugin())
    made = [board.process(x[:, a:b], RATE, reset=False) for a, b in ((1000, 1100), (1100, 1900), (1900, 6000))]
    assert np.array_equal(before, x[:, :1000])
    assert np.array_equal(np.concatenate(made, axis=1), plugin()(x[:, 1000:], RATE))


def test_reset_clears_all_plugins(history: Path, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 6000)
    board = Pedalboard([pedalboard.Reverb(), Mix([PhaseAware(model=history), Chain([pedalboard.Delay(0.05)])])])
    expected = stream(board, x, [1000])
    board.process(x, RATE, reset=False)
    board.reset()
    assert np.array_equal(stream(board, x, [1000]), expected)
    assert board[0].room_size == 0.5


@pytest.mark.parametrize("way", [copy.deepcopy, lambda board: pickle.loads(pickle.dumps(board))])
def test_boards_can_be_sent_to_other_processes(way: Any, history: Path, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 4000)
    board = Pedalboard(
        [
            pedalboard.LadderFilter(pedalboard.LadderFilter.Mode.HPF24, 200),
            Mix([None, Chain([PhaseAware(model=history, reduction_db=12), pedalboard.Gain(-3.3)])]),
            pedalboard.Pedalboard([pedalboard.Resample(16_000), pedalboard.BrickwallLimiter(true_peak=True)]),
        ]
    )
    twin = way(board)
    assert np.array_equal(twin(x, RATE), board(x, RATE))
    assert twin[0] is not board[0]
    assert twin[1][1][0].reduction_db == 12
    shallow = copy.copy(board)
    assert shallow[:] == board[:]
    assert shallow is not board


def test_what_cannot_be_read_cannot_be_sent() -> None:
    for plugin in (AddLatency(5), pedalboard.Convolution(np.ones(8, np.float32), sample_rate=RATE)):
        with pytest.raises(TypeError, match="cannot be copied"):
            pickle.dumps(Pedalboard([plugin]))


@pytest.mark.parametrize("rate", [16_000, 44_100, 96_000])
def test_latency_at_other_rates(rate: int, constant: Path, rng: np.random.Generator) -> None:
    x = noise(rng, 2, rate // 2)
    clean = PhaseAware(model=constant)
    board = Pedalboard([AddLatency(100), Mix([None, clean])])
    fed = returned = 0
    for block in np.array_split(x, 20, axis=1):
        fed += block.shape[1]
        returned += board.process(block, rate, reset=False).shape[1]
        assert board.latency_samples == clean.latency_samples + 100
        assert returned == max(0, fed - board.latency_samples)
    assert returned + board.flush().shape[1] == fed


def test_examples_in_docstrings() -> None:
    assert doctest.testmod(board_module).failed == 0


def test_repr_tells_what_it_holds(history: Path) -> None:
    gain = pedalboard.Gain(-6)
    text = repr(Pedalboard([gain, PhaseAware(model=history)]))
    assert text.startswith("<Pedalboard with 2 plugins: [")
    assert repr(gain) in text
    assert "PhaseAware" in text
    assert repr(Mix([gain])).startswith("<Mix with 1 plugin: [")
