"""Fixtures of the window's tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from phaseaware.engine import MaskModel
from phaseaware.gui import memory
from phaseaware.gui.panels import abx as abx_panel
from phaseaware.gui.window import MainWindow
from pytestqt.qtbot import QtBot

from tests.gui.helpers import PATIENCE, Watched, rendered, write_wav
from tests.gui.sound_server import AVAILABLE, WHY_NOT, SoundServer
from tests.signals import voice_like


@pytest.fixture
def qtbot(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> QtBot:
    """Waits long by default: on a busy machine nothing may fail that would only have taken longer."""
    for wait in ("waitUntil", "waitSignal", "waitExposed"):
        monkeypatch.setattr(qtbot, wait, partial(getattr(qtbot, wait), timeout=int(1000 * PATIENCE)))
    return qtbot


@pytest.fixture
def noisy_file(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Three seconds of voice-like sound in hiss, mono."""
    x = voice_like(rng, 3 * 48_000 + 123) + 0.02 * rng.standard_normal(3 * 48_000 + 123)
    return write_wav(tmp_path / "noisy.wav", x.astype(np.float32))


@pytest.fixture
def watched(history_model: MaskModel) -> Iterator[Watched]:
    """A session with a model that has a state; closed at the end."""
    watched = Watched(history_model)
    yield watched
    watched.session.close()


@pytest.fixture
def window(history_model: MaskModel, qtbot: QtBot) -> Iterator[MainWindow]:
    window = MainWindow(history_model)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    yield window
    window.close()
    window.deleteLater()


@pytest.fixture
def opened(window: MainWindow, noisy_file: Path, qtbot: QtBot) -> MainWindow:
    """With a recording, rendered and drawn."""
    assert window.open(noisy_file)
    rendered(window, qtbot)
    return window


@pytest.fixture(scope="session", autouse=True)
def sound_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoundServer | None]:
    """The only sound server that Qt finds in these tests; None where it is not installed."""
    if not AVAILABLE:
        os.environ["PULSE_SERVER"] = "unix:/nonexistent"
        yield None
        return
    # Sound needs the processor in time, also on a busy machine: desktops let its threads go first, and so do these
    # tests where they may. Threads and processes begun from here on inherit it.
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -15)
    server = SoundServer(tmp_path_factory.mktemp("pulse"))
    os.environ["PULSE_SERVER"] = server.address
    yield server
    server.close()
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, nice)


@pytest.fixture
def server(sound_server: SoundServer | None) -> SoundServer:
    """The sound server; skips without."""
    if sound_server is None:
        pytest.skip(WHY_NOT)
    return sound_server


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the user's is read or written."""
    memory.keep_in(tmp_path / "settings")
    monkeypatch.setattr(abx_panel, "log_folder", lambda: tmp_path / "logs")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
