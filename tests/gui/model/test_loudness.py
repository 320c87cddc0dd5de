"""The window's loudness, of slots filled in any order, is that of the engine's meter, which reads on and on."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from phaseaware.engine.loudness import KWeighting, LoudnessMeter
from phaseaware.gui.model import levels
from phaseaware.gui.model.loudness import SLOT, LoudnessTrack, integrated, momentary

RATE = 48_000


def five_seconds(rng: np.random.Generator, channels: int) -> np.ndarray:
    """Noise that is louder each second, and in each channel another; shape (channels, n)."""
    level = np.repeat([0.001, 0.01, 0.03, 0.1, 0.2], RATE) * np.linspace(0.2, 1, channels)[:, None]
    return (level * rng.standard_normal((channels, 5 * RATE))).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 2, 4, 6])
def test_loudness_is_the_meters(rng: np.random.Generator, channels: int) -> None:
    """With 5.1 channels too, where low frequency effects do not count and surround counts more."""
    x = five_seconds(rng, channels)
    meter = LoudnessMeter(RATE, channels=channels)
    meter.add(x)
    power = KWeighting(RATE, channels=channels).power(x)
    track = LoudnessTrack(x.shape[1])
    cuts = [0, 700, 3 * SLOT, 100_001, x.shape[1]]
    for start, stop in sorted(pairwise(cuts), reverse=True):
        assert not track.complete().all()
        track.add(start, power[start:stop])
    assert track.complete().all()
    found = integrated(track.mean_squares(), track.complete())
    assert found == pytest.approx(meter.finish().integrated, abs=0.01)
    loudest = x[:, -5 * SLOT :]
    steady = LoudnessMeter(RATE, channels=channels)
    steady.add(np.tile(loudest, 4))
    assert momentary(loudest.T) == pytest.approx(steady.finish().integrated, abs=0.3)


def test_silence_has_no_loudness() -> None:
    track = LoudnessTrack(RATE)
    track.add(0, np.zeros(RATE))
    assert integrated(track.mean_squares(), track.complete()) == -np.inf
    assert momentary(np.zeros((RATE, 2), np.float32)) == -np.inf
    assert momentary(np.zeros((SLOT, 2), np.float32)) == -np.inf


def test_while_an_hour_is_rendered_it_is_measured_seldom_and_once_more_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measured: list[int] = []
    newest = SimpleNamespace(coverage=SimpleNamespace(filled=0))
    renderer: Any = SimpleNamespace(newest=newest, done=False)
    monkeypatch.setattr(levels, "measured_loudness", lambda *_: measured.append(newest.coverage.filled) or {})
    match, pieces = levels.LevelMatch(), 3600
    for newest.coverage.filled in range(0, 48_000 * pieces, 48_000):
        match.follow(cast(Any, None), renderer)
    assert measured[-1] > 0.9 * newest.coverage.filled  # it follows
    assert len(measured) < 200
    renderer.done = True
    match.follow(cast(Any, None), renderer)
    assert measured[-1] == newest.coverage.filled
    renderer.done, newest.coverage.filled = False, 48_000  # other settings: it begins anew
    match.follow(cast(Any, None), renderer)
    assert measured[-1] == 48_000
