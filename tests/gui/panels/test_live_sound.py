"""The page for live input on a real sound server: speech goes in at one virtual device and comes out at another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from phaseaware.engine import MaskModel, Render, separate
from phaseaware.gui.model import Controls
from phaseaware.gui.panels import LivePanel
from phaseaware.plugin.live import LiveError
from phaseaware.plugin.live import devices as list_devices
from pytestqt.qtbot import QtBot
from scipy.signal import correlate

from tests.gui.sound_server import AVAILABLE, WHY_NOT, SoundServer
from tests.signals import voice_like

Samples = NDArray[np.float32]
PAUSE, REPEATS = 14_400, 80
MICROPHONE = ("load-module", "module-null-sink", "sink_name=mic", "rate=48000", "format=float32le", "channels=1")


@pytest.fixture
def devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    """A server with a microphone, which hears what is played to the sink ``mic``, and a loudspeaker, ``virtual``."""
    if not AVAILABLE:
        pytest.skip(WHY_NOT)
    pytest.importorskip(
        "sounddevice", reason="sounddevice and PortAudio are not installed", exc_type=(ImportError, OSError)
    )
    server = SoundServer(tmp_path)
    server.control(*MICROPHONE)
    for name, value in (
        ("PULSE_SERVER", server.address), ("PULSE_SINK", "virtual"), ("PULSE_SOURCE", "mic.monitor"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    yield server
    server.close()


@pytest.fixture
def panel(devices: SoundServer, history_model: MaskModel, qtbot: QtBot) -> Iterator[LivePanel]:
    panel = LivePanel(lambda: Controls(), lambda: history_model)
    qtbot.addWidget(panel)
    if not any("pulse" in device.name for device in list_devices(look_again=True)):
        pytest.skip("ALSA's PulseAudio plugin is not installed: PortAudio does not see the server")
    assert panel.begin()
    yield panel
    panel.stop()


def start(panel: LivePanel, qtbot: QtBot) -> None:
    panel.toggle()
    qtbot.waitUntil(lambda: panel.session is not None)


def likeness(found: Samples, wanted: Samples) -> NDArray[np.float64]:
    """Correlation of each tenth of a second with the best place in what was found."""
    best = []
    for part in wanted.reshape(-1, 4800):
        places = correlate(found, part, "valid")
        i = int(np.argmax(places))
        best.append(places[i] / max(np.linalg.norm(found[i : i + len(part)]) * np.linalg.norm(part), 1e-9))
    return np.array(best)


def listen(devices: SoundServer, x: Samples, sounds: dict[str, Samples], wanted: str, qtbot: QtBot) -> dict[str, float]:
    """Play ``x`` over and over until most of what is wanted has come out; how alike each sound is to what came.

    A busy machine loses some of it, but not the same each time.
    """
    best = {name: np.zeros(len(sound) // 4800) for name, sound in sounds.items()}
    looked = 0
    with devices.recorded() as recorder, devices.played("mic", np.tile(np.pad(x, (0, PAUSE)), REPEATS)):

        def is_heard() -> bool:
            nonlocal looked
            if recorder.count - looked < 96_000:
                return False
            start = max(0, looked - 4800)
            found = recorder.samples(start)[:, 0]
            looked = start + len(found)
            for name, sound in sounds.items():
                best[name] = np.maximum(best[name], likeness(found, sound))
            return bool(np.median(best[wanted]) > 0.95)

        qtbot.waitUntil(is_heard)
    return {name: float(np.median(parts)) for name, parts in best.items()}


def test_speech_goes_in_and_each_version_comes_out(
    panel: LivePanel, devices: SoundServer, history_model: MaskModel, rng: np.random.Generator, qtbot: QtBot
) -> None:
    x = voice_like(rng, 48_000)
    x *= 0.5 / np.abs(x).max()
    a, b = (y[0] for y in separate(x[None], history_model, Render().pair(), sample_rate=48_000, warm=False))
    start(panel, qtbot)
    sounds = {"A": a, "B": b, "bypass": x}
    for version in ("A", "bypass"):
        panel.select(version)
        alike = listen(devices, x, sounds, version, qtbot)
        assert max(alike, key=alike.__getitem__) == version
    assert "drop-outs" in panel.output_meter.text()
    panel.toggle()
    qtbot.waitUntil(lambda: not panel.running)


def test_a_device_that_gives_nothing_is_told(panel: LivePanel, devices: SoundServer, qtbot: QtBot) -> None:
    start(panel, qtbot)
    qtbot.waitUntil(lambda: "load" in panel.output_meter.text(), timeout=10_000)
    devices.control("suspend-sink", "mic", "1")
    qtbot.waitUntil(lambda: "no sound comes from the device" in panel.output_meter.text(), timeout=10_000)
    devices.control("suspend-sink", "mic", "0")
    qtbot.waitUntil(lambda: "load" in panel.output_meter.text(), timeout=10_000)


def test_a_device_pulled_out_is_told(panel: LivePanel, devices: SoundServer, qtbot: QtBot) -> None:
    start(panel, qtbot)
    with qtbot.waitSignal(panel.failed) as reported:
        devices.close()
    assert "connect it and start again" in reported.args[0]
    assert not panel.running
    assert panel.start_button.text() == "Start"


def test_a_server_that_comes_later_is_found_but_not_under_a_stream(
    panel: LivePanel, devices: SoundServer, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    count = panel.inputs.count()
    monkeypatch.setenv("PULSE_SERVER", "unix:/nonexistent")
    panel.refresh()
    assert panel.inputs.count() < count  # as when the program was started before the device was connected
    monkeypatch.setenv("PULSE_SERVER", devices.address)
    panel.refresh()
    assert panel.inputs.count() == count
    start(panel, qtbot)
    with pytest.raises(LiveError, match="stop it, then look"):
        list_devices(look_again=True)
    assert panel.session is not None
    before = panel.session.look().seconds
    qtbot.waitUntil(lambda: panel.session is not None and panel.session.look().seconds > before)  # it goes on
    panel.toggle()
    qtbot.waitUntil(lambda: not panel.running)
    assert list_devices(look_again=True)
