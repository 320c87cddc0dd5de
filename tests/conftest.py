"""Fixtures shared by all rooms."""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from hypothesis import settings
from phaseaware.engine import MaskModel

from tests import fakes

# What was accepted is remembered for the run, by processes that tests start too, and not in the user's own folder.
os.environ.setdefault("MPLCONFIGDIR", matplotlib.get_cachedir())
_CACHE = tempfile.TemporaryDirectory()
os.environ["XDG_CACHE_HOME"] = _CACHE.name

# How long an example takes depends on what else the machine does.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


_DEFAULT_ENVIRONMENT = ctypes.c_void_p(-1)  # FE_DFL_ENV of glibc's fenv.h


@pytest.fixture(autouse=True)
def subnormal_numbers() -> None:
    """Subnormal numbers, which native libraries of other tests switch off for the whole thread."""
    if sys.platform == "linux":
        ctypes.CDLL(None).fesetenv(_DEFAULT_ENVIRONMENT)


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator with a fixed seed."""
    return np.random.default_rng(20261122)


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with ``constant.onnx`` and ``history.onnx``."""
    folder = tmp_path_factory.mktemp("models")
    fakes.constant_model(folder / "constant.onnx")
    fakes.history_model(folder / "history.onnx")
    return folder


@pytest.fixture(scope="session")
def constant_model(model_folder: Path) -> MaskModel:
    """Masks 0.5 + 0.25j (phase-aware) and 0.5 (real) everywhere, one frame of look-ahead, no state."""
    return MaskModel(model_folder / "constant.onnx")


@pytest.fixture(scope="session")
def history_model(model_folder: Path) -> MaskModel:
    """Masks that depend on the frame before; see :func:`fakes.history_model`."""
    return MaskModel(model_folder / "history.onnx")
