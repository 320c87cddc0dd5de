"""The page for live input, with devices played by the test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from phaseaware.engine import MaskModel
from phaseaware.gui.model import Controls
from phaseaware.gui.panels import LivePanel
from phaseaware.gui.panels import live as live_panel
from phaseaware.gui.window import MainWindow
from phaseaware.plugin.live import Device, LiveError, LiveSession
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.gui.helpers import rendered


class FakeDevices:
    """Stands for PortAudio: calls the session as a device would."""

    def __init__(self) -> None:
        self.pulled = threading.Event()
        self.last = np.zeros((1, 512), np.float32)
        self.connected: list[Device] = []
        self.looked_again: list[bool] = []

    def devices(self, *, look_again: bool) -> list[Device]:
        self.looked_again.append(look_again)
        return [
            *self.connected,
            Device(index=3, name="Microphone", inputs=1, outputs=0, rate=48_000, is_default=True),
            Device(index=4, name="Other", inputs=2, outputs=2, rate=44_100, is_default=False),
            Device(index=5, name="Headphones", inputs=0, outputs=2, rate=48_000, is_default=True),
        ]

    def run(
        self, board: Any, *, input_device: int, output_device: int, session_ready: Any, stop: threading.Event
    ) -> None:
        assert (input_device, output_device) == (3, 5)
        session = LiveSession(board, sample_rate=48_000)
        session_ready(session)
        x = np.full((1, 512), 0.25, np.float32)
        while not stop.is_set():
            if self.pulled.is_set():
                raise LiveError("the device is gone: connect it")
            self.last = session.process(x)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeDevices:
    fake = FakeDevices()
    monkeypatch.setattr(live_panel, "devices", fake.devices)
    monkeypatch.setattr(live_panel, "run", fake.run)
    return fake


@pytest.fixture
def panel(fake: FakeDevices, history_model: MaskModel, qtbot: QtBot) -> Iterator[LivePanel]:
    panel = LivePanel(lambda: Controls(mix=0.5), lambda: history_model)
    qtbot.addWidget(panel)
    yield panel
    panel.stop()


def test_devices_are_listed_with_the_defaults_chosen(panel: LivePanel) -> None:
    assert panel.begin()
    assert panel.inputs.currentText().startswith("Microphone")
    assert panel.outputs.currentText().startswith("Headphones")
    assert panel.inputs.count() == panel.outputs.count() == 2


def test_what_was_not_heard_yet_is_no_silence(panel: LivePanel) -> None:
    panel.picture.running.add(np.zeros((1, 8192), np.float32))
    image = panel.picture.image()
    alphas = [image.pixelColor(x, 80).alpha() for x in range(image.width())]
    assert alphas == [0] * (len(alphas) - 8) + [255] * 8


def test_a_b_and_the_input_are_heard(panel: LivePanel, fake: FakeDevices, qtbot: QtBot) -> None:
    panel.begin()
    panel.toggle()
    qtbot.waitUntil(lambda: panel.session is not None)
    assert panel.session is not None
    assert panel.session.version == "A"
    assert panel.versions["A"].isChecked()
    panel.toggle_bypass()
    assert panel.versions["bypass"].isChecked()
    qtbot.waitUntil(lambda: bool(np.allclose(fake.last, 0.25)))
    panel.set_controls(Controls(mix=0.0))
    panel.select("B")
    assert panel.session.version == "B"
    qtbot.waitUntil(lambda: bool(np.allclose(fake.last, 0.25, atol=1e-4)))
    panel.swap()
    assert panel.session.version == "bypass"
    qtbot.waitUntil(lambda: panel.input_meter.peak_db == pytest.approx(-12.04, abs=0.01))
    assert "drop-outs 0" in panel.output_meter.text()
    panel.session.drop_outs = 3
    qtbot.waitUntil(lambda: "drop-outs 3" in panel.output_meter.text())
    panel.toggle()
    qtbot.waitUntil(lambda: not panel.running)
    assert not panel.versions["A"].isEnabled()


def test_a_device_that_vanishes_is_reported(panel: LivePanel, fake: FakeDevices, qtbot: QtBot) -> None:
    panel.begin()
    panel.toggle()
    qtbot.waitUntil(lambda: panel.session is not None)
    with qtbot.waitSignal(panel.failed) as failure:
        fake.pulled.set()
    assert "connect it" in failure.args[0]
    assert not panel.running


def test_the_window_shows_the_page_and_its_keys_switch(
    fake: FakeDevices, history_model: MaskModel, noisy_file: Path, qtbot: QtBot
) -> None:
    window = MainWindow(history_model)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    window.open(noisy_file)
    window.start_live()
    assert window.is_live
    for of_the_file in (window.side.listening, window.side.viewing, window.transport):
        assert not of_the_file.isVisible()
    assert window.side.sliders["mix"].isVisible()
    window._show_status()
    assert window.status.left.text() == f"Live input   model: {history_model.info.name}"  # not the open file's
    assert window.live.picture.image().pixelColor(0, 0).alpha() == 0  # hatched, as nothing was heard yet
    qtbot.keyClick(window.windowHandle(), Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.live.session is not None)
    assert window.live.session is not None
    for key, version in ((Qt.Key.Key_3, "B"), (Qt.Key.Key_1, "bypass"), (Qt.Key.Key_2, "A"), (Qt.Key.Key_X, "bypass")):
        qtbot.keyClick(window.windowHandle(), key)
        assert window.live.session.version == version
    assert not window.session.playing
    window.session.set_controls(Controls(mix=0.25))
    window.show_session()
    assert window.live._board is not None
    assert window.live._board.mix == 0.25
    qtbot.keyClick(window.windowHandle(), Qt.Key.Key_Escape)
    assert not window.is_live
    for of_the_file in (window.side.listening, window.side.viewing, window.transport):
        assert of_the_file.isVisible()
    qtbot.waitUntil(lambda: not window.live.running)
    window.close()
    window.deleteLater()


def test_no_devices_are_reported(panel: LivePanel, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    monkeypatch.setattr(live_panel, "devices", lambda look_again: [])
    with qtbot.waitSignal(panel.failed) as failure:
        assert not panel.begin()
    assert "no sound input" in failure.args[0]


def test_a_device_connected_meanwhile_is_found_and_the_choice_stays(panel: LivePanel, fake: FakeDevices) -> None:
    panel.begin()
    panel.inputs.setCurrentIndex(1)
    fake.connected = [Device(index=7, name="New", inputs=2, outputs=2, rate=48_000, is_default=False)]
    panel.refresh_button.click()
    assert [panel.inputs.itemData(i) for i in range(panel.inputs.count())] == [7, 3, 4]
    assert panel.inputs.currentText().startswith("Other")
    assert panel.outputs.currentText().startswith("Headphones")
    fake.connected = []
    panel.inputs.setCurrentIndex(0)
    panel.refresh()
    assert panel.inputs.currentText().startswith("Microphone")  # what is gone cannot stay chosen
    assert fake.looked_again == [True] * 3


def test_no_device_is_looked_for_while_sound_goes_through(panel: LivePanel, fake: FakeDevices, qtbot: QtBot) -> None:
    panel.begin()
    panel.toggle()
    assert not panel.refresh_button.isEnabled()
    panel.refresh()
    qtbot.waitUntil(lambda: panel.session is not None)
    panel.refresh()
    assert fake.looked_again == [True]
    panel.begin()  # the page is entered anew: the devices are listed, but PortAudio does not begin anew
    assert fake.looked_again == [True, False]
    assert panel.session is not None
    panel.toggle()
    qtbot.waitUntil(lambda: not panel.running)
    assert panel.refresh_button.isEnabled()


def test_a_file_or_a_listening_test_ends_live_sound(
    fake: FakeDevices, opened: MainWindow, noisy_file: Path, qtbot: QtBot
) -> None:
    for leave in (lambda: opened.open(noisy_file), opened.start_abx):
        opened.start_live()
        opened.live.toggle()
        qtbot.waitUntil(lambda: opened.live.session is not None)
        rendered(opened, qtbot)
        leave()
        assert not opened.is_live
        qtbot.waitUntil(lambda: not opened.live.running)
        assert opened.transport.isVisible()
    assert opened.abx.under_way
    opened.abx.finish()
    assert opened.side.listening.isVisible()
