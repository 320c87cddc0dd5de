"""Boards with VST3 plugins, where some known ones are installed (Debian, Ubuntu: the package zam-plugins)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pedalboard as stock
import pytest
from phaseaware.plugin import Mix, Pedalboard, PhaseAware

from tests.plugin.helpers import RATE, noise, stream

FOLDERS = (Path.home() / ".vst3", Path("/usr/lib/vst3"), Path("/usr/local/lib/vst3"))
LATENCIES = {"ZaMaximX2": 480, "ZamCompX2": 0, "ZamGateX2": 0}
SIZES = ([20_000], [512], [64], [3, 700, 64, 4096])


def load(name: str) -> stock.VST3Plugin:
    """A stereo effect, or a skipped test."""
    for folder in FOLDERS:
        if (path := folder / f"{name}.vst3").exists():
            return stock.VST3Plugin(str(path))
    pytest.skip(f"the VST3 plugin {name} is not installed (package zam-plugins)")


@pytest.mark.parametrize("name", LATENCIES)
def test_whole_is_stock_and_stream_is_whole(name: str, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 20_000, level=0.5)
    whole = stock.Pedalboard([load(name)])(x, RATE)
    assert not np.allclose(whole, x, atol=0.01)
    assert Pedalboard([load(name)])(x, RATE).tobytes() == whole.tobytes()
    for sizes in SIZES:
        assert stream(Pedalboard([load(name)]), x, sizes).tobytes() == whole.tobytes()


@pytest.mark.parametrize("name", LATENCIES)
def test_latency_is_told_and_kept(name: str, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 5000)
    board = Pedalboard([load(name)])
    assert board.latency_samples == LATENCIES[name]
    assert board.process(x, RATE, reset=False).shape[1] == 5000 - LATENCIES[name]
    assert board.latency_samples == LATENCIES[name]
    assert board.flush().shape[1] == LATENCIES[name]


def test_side_by_side_with_ours_and_the_dry_path(history: Path, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 20_000, level=0.5)
    limited = Pedalboard([load("ZaMaximX2")])(x, RATE)
    enhanced = PhaseAware(model=history)(x, RATE)
    board = Pedalboard([Mix([load("ZaMaximX2"), PhaseAware(model=history), None])])
    for sizes in SIZES:
        assert np.allclose(stream(board, x, sizes), limited + enhanced + x, atol=1e-6)
    assert board.latency_samples == PhaseAware(model=history).latency_samples


def test_cannot_be_copied_as_its_state_is_its_own() -> None:
    with pytest.raises(TypeError, match="cannot be read completely"):
        Pedalboard([load("ZamCompX2")]).__reduce__()
