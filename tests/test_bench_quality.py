"""The delay that is taken back from rivals' outputs must be the one that is there, or their scores would be ours."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bench.quality import FURTHEST, delay, shifted
from tests.signals import voice_like


@pytest.fixture(scope="module")
def sounds():
    rng = np.random.default_rng(3)
    return [voice_like(rng, 24_000) + 0.1 * rng.standard_normal(24_000).astype(np.float32) for _ in range(3)]


@given(late=st.integers(-2000, 2000), gain=st.sampled_from([1, 0.1, -1]))
@settings(max_examples=15)
def test_a_delay_is_found_and_taken_back(sounds, late, gain):
    outputs = [gain * shifted(x, -late, len(x)) for x in sounds]
    assert delay(outputs, sounds) == late
    for x, y in zip(sounds, outputs, strict=True):
        kept = slice(max(0, -late), len(x) - max(0, late))
        np.testing.assert_array_equal(shifted(y, late, len(x))[kept], (gain * x)[kept].astype(np.float32))


def test_one_file_that_misleads_does_not_change_the_delay(sounds):
    rng = np.random.default_rng(4)
    outputs = [shifted(x, -480, len(x)) for x in sounds]
    outputs[0] = rng.standard_normal(24_000).astype(np.float32)
    assert delay(outputs, sounds) == 480
    assert FURTHEST > 4608  # 96 ms


@pytest.mark.parametrize("length", [10, 24_000, 30_000])
def test_outputs_get_the_length_of_their_input(sounds, length):
    assert len(shifted(sounds[0], 100, length)) == length
