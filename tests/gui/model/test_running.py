"""The running spectrogram of live sound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phaseaware.gui.model.codes import LEVEL_CODES
from phaseaware.gui.model.running import RunningSpectrogram


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=20))
def test_blocks_of_any_length_give_the_same_picture(lengths: list[int]) -> None:
    x = np.random.default_rng(3).standard_normal((2, sum(lengths))).astype(np.float32)
    whole, pieces = RunningSpectrogram(20), RunningSpectrogram(20)
    whole.add(x)
    position = 0
    for n in lengths:
        pieces.add(x[:, position : position + n])
        position += n
    np.testing.assert_array_equal(whole.codes, pieces.codes)


def test_the_newest_is_last_and_a_full_scale_tone_is_0_db() -> None:
    running = RunningSpectrogram(4)
    t = np.arange(3 * 1024) / 48_000
    running.add(np.sin(2 * np.pi * 4687.5 * t)[None].astype(np.float32))
    assert not running.codes[0].any()
    for column in running.codes[1:]:
        assert int(column.argmax()) == 100
        assert LEVEL_CODES.value(int(column.max())) == pytest.approx(0, abs=0.3)
    running.add(np.zeros((1, 5 * 1024), np.float32))
    assert running.codes.shape == (4, 513)
    assert (running.codes <= 1).all()
