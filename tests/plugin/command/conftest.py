"""Fixtures of the command's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import fakes

from .running import Command, runner


@pytest.fixture
def phaseaware(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command."""
    return runner(capsys)


@pytest.fixture(scope="session")
def passing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose phase-aware mask lets everything through and whose real mask halves it."""
    path = tmp_path_factory.mktemp("passing") / "passing.onnx"
    return fakes.constant_model(path, masks={"mask_phase_aware": 1, "mask_real": 0.5})
