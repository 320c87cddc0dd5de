"""A window with stems."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from phaseaware.gui.window import MainWindow
from pytestqt.qtbot import QtBot

from tests.gui.helpers import rendered, write_wav
from tests.signals import voice_like


@pytest.fixture
def stems(tmp_path: Path, rng: np.random.Generator) -> tuple[Path, Path]:
    """Two seconds of voice and of hiss."""
    speech = voice_like(rng, 96_000).astype(np.float32)
    noise = (0.05 * rng.standard_normal(96_000)).astype(np.float32)
    return write_wav(tmp_path / "speech.wav", speech), write_wav(tmp_path / "noise.wav", noise)


@pytest.fixture
def ideal(window: MainWindow, stems: tuple[Path, Path], qtbot: QtBot) -> MainWindow:
    """With stems open and ideal masks rendered."""
    assert window.open(*stems)
    rendered(window, qtbot)
    window.show_session()
    return window
