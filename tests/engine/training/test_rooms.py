"""Simulated rooms."""

import numpy as np
import pytest

pytest.importorskip("pyroomacoustics", reason="needs the [train] extra")

from phaseaware.engine.training.rooms import simulated_room


def test_simulated_rooms_begin_with_the_direct_sound():
    for seed in range(3):
        response = simulated_room(np.random.default_rng(seed))
        assert np.abs(response).max() == pytest.approx(1)
        assert not np.abs(response[:30]).max() > 0.3
        assert np.argmax(np.abs(response) > 0.3) <= 60
        tail = np.cumsum(np.square(response[::-1]))[::-1]
        assert tail[len(tail) // 2] < 0.1 * tail[0]
