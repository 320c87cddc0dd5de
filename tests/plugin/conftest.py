"""Processors that many tests of this room go through."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pedalboard
import pytest
from pedalboard_native._internal import AddLatency
from phaseaware.plugin import Chain, Mix, Pedalboard, PhaseAware

KINDS = ("processor", "native board", "mixed board", "mix")


@pytest.fixture
def history(model_folder: Path) -> Path:
    """A model with a state: lost or mixed up, it shows."""
    return model_folder / "history.onnx"


@pytest.fixture
def constant(model_folder: Path) -> Path:
    """Masks 0.5 + 0.25j and 0.5 everywhere."""
    return model_folder / "constant.onnx"


@pytest.fixture
def make(history: Path) -> Callable[[str], Any]:
    """Makes a processor of one of KINDS."""

    def processor(kind: str) -> Any:
        if kind == "processor":
            return PhaseAware(model=history)
        if kind == "native board":
            return Pedalboard([pedalboard.HighpassFilter(80), AddLatency(300), pedalboard.Delay(0.01)])
        if kind == "mixed board":
            native = pedalboard.HighpassFilter(80), pedalboard.Compressor(-20, 3)
            return Pedalboard([native[0], PhaseAware(model=history), native[1]])
        return Mix([None, Chain([PhaseAware(model=history), pedalboard.Gain(-3)]), AddLatency(2000)])

    return processor
