"""Fixtures of the tests of sound files."""

from __future__ import annotations

import numpy as np
import pytest

from .helpers import Samples


@pytest.fixture
def x(rng: np.random.Generator) -> Samples:
    return (0.2 * rng.standard_normal((2, 20_011))).clip(-0.99, 0.99).astype(np.float32)
