"""The fuzz targets (``make fuzz``) hold for their seeds, and for damage to them that needs no guide."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from .fuzz import names, presets, sounds
from .mutate import damaged_bytes


@pytest.mark.parametrize("target", [sounds, presets, names], ids=lambda target: target.__name__.rpartition(".")[2])
def test_seeds_and_damage_to_them(target: ModuleType) -> None:
    seeds = target.seeds()
    assert len(seeds) > 5
    assert all(0 < len(content) <= target.LARGEST for content in seeds)
    rng = np.random.default_rng(4)
    damaged = [damaged_bytes(rng, content, header=8)[1] for content in seeds if len(content) > 8]
    for content in (*seeds, *damaged, b""):
        target.one_input(content)
