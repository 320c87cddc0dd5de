"""Boards that are changed while they stream, and processors that two users want."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pedalboard
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pedalboard_native._internal import AddLatency
from phaseaware.plugin import Chain, Mix, Pedalboard, PhaseAware
from phaseaware.plugin.contract import StreamTakenError
from phaseaware.plugin.live import LiveSession

from tests.plugin.helpers import RATE, noise


def _stream(board: Any, x: Any, edits: dict[int, Any], size: int = 1000) -> tuple[Any, list[int]]:
    """The stream, an edit before some of its blocks; and its latency after each block."""
    made, late = [], []
    for start in range(0, x.shape[1], size):
        if start in edits:
            edits[start](board)
        block = board.process(x[:, start : start + size], RATE, reset=False)
        assert block.shape[1] <= size
        made.append(block)
        late.append(board.latency_samples)
        assert sum(part.shape[1] for part in made) >= start + size - late[-1]  # newcomers fill up
    return np.concatenate([*made, board.flush()], axis=1), late


@pytest.mark.parametrize("edit", ["append", "delete late", "delete and append", "replace", "reverse", "wrap"])
def test_an_edit_of_a_mix_loses_nothing_of_what_stays(edit: str, constant: Path, rng: np.random.Generator) -> None:
    x, clean, deep = noise(rng, 2, 20_000), PhaseAware(model=constant, mix=0), pedalboard.Gain(0)
    edits: dict[str, Any] = {
        "append": lambda mix: mix.append(pedalboard.Gain(-300)),
        "delete late": lambda mix: mix.remove(clean),
        "delete and append": lambda mix: mix.__setitem__(slice(1, 2), [pedalboard.Gain(-300), AddLatency(100)]),
        "replace": lambda mix: mix.__setitem__(1, PhaseAware(model=constant, mix=0)),
        "reverse": lambda mix: mix.reverse(),
        "wrap": lambda mix: mix.__setitem__(1, Chain([pedalboard.Gain(0), clean])),
    }
    for board in (Mix([None, clean, deep]), Pedalboard([pedalboard.Gain(0), Mix([None, clean, deep])])):
        mix = board if isinstance(board, Mix) else board[1]
        found, _ = _stream(board, x, {9000: lambda _, mix=mix: edits[edit](mix)})
        assert found.shape == x.shape
        # The dry path and the gain: two times the sound without a gap, and up to twice more of the others.
        least = np.abs(found[:, 9000 : 9000 + 2000]) >= 1.999 * np.abs(x[:, 9000 : 9000 + 2000])
        assert least.all()
        np.testing.assert_allclose(found[:, : 9000 - 1536], 3 * x[:, : 9000 - 1536], atol=1e-5)
        board.reset()
        clean.reset()


def test_what_a_removed_plugin_held_is_heard(constant: Path, rng: np.random.Generator) -> None:
    x, clean, late = noise(rng, 2, 30_000), PhaseAware(model=constant, mix=0), AddLatency(700)
    board = Pedalboard([pedalboard.Gain(0), clean, pedalboard.Gain(0), late, pedalboard.Gain(0)])
    edits = {
        5000: lambda b: b.remove(clean), 9000: lambda b: b.append(pedalboard.Gain(0)), 12_000: lambda b: b.remove(late),
        15_000: lambda b: b.insert(1, Chain([clean])), 21_000: lambda b: b.clear(),
    }  # fmt: skip
    found, latencies = _stream(board, x, edits)
    np.testing.assert_allclose(found, x, atol=1e-5)
    assert latencies[4] == latencies[13] == 1536 + 700
    assert latencies[-1] == 2 * 1536 + 700
    board.process(x, RATE, reset=False)
    assert board.latency_samples == 0  # a new stream


@settings(max_examples=60)
@given(data=st.data())
def test_no_edit_loses_a_sample(data: st.DataObject) -> None:
    """Any plugins that delay and do nothing else, in any order, moved and taken out at any time."""
    x = noise(np.random.default_rng(3), 2, 9000)
    pool = [AddLatency(n) for n in (0, 1, 100, 700)] + [pedalboard.Gain(0), pedalboard.Invert(), pedalboard.Invert()]
    inverts = pool[-2:]

    def rearranged(board: Any) -> None:
        chosen = data.draw(st.lists(st.sampled_from(pool[:-2]), unique_by=id, max_size=5))
        nested = data.draw(st.integers(0, len(chosen)))
        board[:] = [*inverts, *chosen[:nested], Chain(chosen[nested:])] if nested else [*inverts, *chosen]

    board = Pedalboard([])
    rearranged(board)
    found, _ = _stream(board, x, {3000: rearranged, 4000: rearranged, 6000: rearranged})
    np.testing.assert_allclose(found, x, atol=1e-6)


def test_the_same_plugins_connected_otherwise(rng: np.random.Generator) -> None:
    x, pair = noise(rng, 2, 8000), [pedalboard.Gain(0), pedalboard.Gain(0)]
    board = Pedalboard([pedalboard.Chain(pair)])
    found, _ = _stream(board, x, {4000: lambda b: b.__setitem__(0, pedalboard.Mix(pair))})
    np.testing.assert_allclose(found[:, :4000], x[:, :4000], atol=1e-6)
    np.testing.assert_allclose(found[:, 4000:], 2 * x[:, 4000:], atol=1e-6)


@pytest.mark.parametrize("use", ["whole", "stream", "other board", "reset", "live", "in a mix"])
def test_a_processor_used_elsewhere_is_named(use: str, constant: Path, rng: np.random.Generator) -> None:
    x, clean = noise(rng, 2, 4000), PhaseAware(model=constant, reduction_db=17)
    board = Pedalboard([pedalboard.Gain(0), clean if use != "in a mix" else Mix([None, clean])])
    first = board.process(x, RATE, reset=False)
    {
        "whole": lambda: clean(x, RATE),
        "stream": lambda: clean.process(x, RATE, reset=False),
        "other board": lambda: Pedalboard([clean])(x, RATE),
        "reset": clean.reset,
        "live": lambda: LiveSession(Pedalboard([clean]), sample_rate=RATE).process(x),
        "in a mix": lambda: clean(x, RATE),
    }[use]()
    with pytest.raises(StreamTakenError, match=r"(?s)PhaseAware .*reduction_db=17.*elsewhere.*a Pedalboard of 2"):
        board.process(x, RATE, reset=False)
    # Then a new stream begins.
    assert np.array_equal(board.process(x, RATE, reset=False), first)
    clean(x, RATE)
    with pytest.raises(StreamTakenError, match="elsewhere"):
        board.flush()
    assert board.flush().size == 0


@pytest.mark.parametrize("native", [True, False])
def test_a_board_used_elsewhere_while_live_sound_runs(native: bool, constant: Path, rng: np.random.Generator) -> None:
    board = Pedalboard([pedalboard.Reverb(), *([] if native else [PhaseAware(model=constant)])])
    session, x = LiveSession(board, sample_rate=RATE), noise(rng, 2, 512)
    session.process(x)
    board(x, RATE)
    with pytest.raises(StreamTakenError, match=r"(?s)Pedalboard.*live sound"):
        session.process(x)
