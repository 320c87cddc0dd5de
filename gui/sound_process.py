"""The process that owns the sound device: ``python -m phaseaware.gui.sound_process BUFFER_SECONDS``.

A QAudioSink pulls from a QIODevice, which asks the window over the process's standard streams (see ``sound_link``).
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable

from PyQt6.QtCore import QCoreApplication, QIODevice, QObject, QTimer, pyqtSignal
from PyQt6.QtMultimedia import QAudio, QAudioDevice, QAudioFormat, QAudioSink, QMediaDevices

from .sound_link import FRAME_BYTES, Flag, Link, LinkClosedError, Message

__all__ = ["Pull", "main", "stereo_format"]

_RATE = 48_000  # engine.SAMPLE_RATE; the engine is not loaded here
_LARGEST_READ = 4096
_LOOK_EVERY_MS = 500
_REST_AFTER = 6  # looks in silence: whatever is buffered on its way to the ear has been played by then
_NO_DEVICE = "There is no sound device."
_STOPPED = "The sound device has stopped or cannot be opened."
_GONE = "The sound device is gone."


def stereo_format(sample_format: QAudioFormat.SampleFormat = QAudioFormat.SampleFormat.Float) -> QAudioFormat:
    """Stereo at 48 kHz."""
    wanted = QAudioFormat()
    wanted.setSampleRate(_RATE)
    wanted.setChannelCount(2)
    wanted.setSampleFormat(sample_format)
    return wanted


class Pull(QIODevice):
    """Endless sound: every read asks the window. Never raises, as Qt has nobody to catch it.

    Parameters
    ----------
    ask : frames as float32, and flags.
    sink : where to.
    starved : called when the buffer has run empty before a read was done: a drop-out. Qt does not tell of it: since
        6.10 its idle state is inferred after the late read has already filled the buffer again.
    """

    def __init__(self, ask: Callable[[int], tuple[bytes, int]], sink: QAudioSink, starved: Callable[[], None]) -> None:
        super().__init__(sink)
        self._ask, self._sink, self._starved = ask, sink, starved
        self._integers = sink.format().sampleFormat() == QAudioFormat.SampleFormat.Int16
        self._frame_bytes = sink.format().bytesPerFrame()
        self.fresh = True
        """The buffer has not been filled since the device was started."""
        self.flags = Flag.PLAYING

    def isSequential(self) -> bool:  # noqa: N802 (Qt's name)
        return True

    def bytesAvailable(self) -> int:  # noqa: N802
        return _LARGEST_READ * self._frame_bytes + int(super().bytesAvailable())

    def readData(self, maxlen: int) -> bytes:  # noqa: N802
        frames = min(maxlen // self._frame_bytes, _LARGEST_READ)
        if frames <= 0:
            return b""
        data, self.flags = self._ask(frames)
        if self.flags & Flag.SOUNDING and not self.fresh and self._sink.bytesFree() >= self._sink.bufferSize():
            self._starved()
        self.fresh = False
        return _as_integers(data) if self._integers else data

    def writeData(self, data: object) -> int:  # noqa: N802
        return -1


def _as_integers(data: bytes) -> bytes:
    import numpy as np

    return bytes(np.rint(np.clip(np.frombuffer(data, "<f4"), -1, 1) * 32767).astype("<i2").tobytes())


class _Output(QObject):
    """Owns the sink; told what to do by a thread that listens to the window."""

    run_wanted = pyqtSignal(str)

    def __init__(self, link: Link, buffer_seconds: float) -> None:
        super().__init__()
        self._link, self._buffer_seconds = link, buffer_seconds
        self._sounds: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._sink: QAudioSink | None = None
        self._pull: Pull | None = None
        self._opened: QAudioDevice | None = None
        self._silent = 0
        self.run_wanted.connect(self._run)
        self._devices = QMediaDevices(self)
        self._devices.audioOutputsChanged.connect(self._devices_changed)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self._timer.start(_LOOK_EVERY_MS)
        self.tell_devices()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        try:
            while True:
                message, payload = self._link.receive()
                if message is Message.SOUND:
                    self._sounds.put(payload)
                elif message is Message.RUN:
                    self.run_wanted.emit(payload.decode())
        except LinkClosedError:
            os._exit(0)  # the window is gone; Qt may hang in a server that is gone, too

    def _ask(self, frames: int) -> tuple[bytes, int]:
        try:
            self._link.send(Message.ASK, frames.to_bytes(4, "little"))
        except LinkClosedError:
            return bytes(FRAME_BYTES * frames), 0
        payload = self._sounds.get()  # however busy the window is: what came later would be out of step
        return payload[1:], payload[0]

    def tell_devices(self) -> None:
        default = QMediaDevices.defaultAudioOutput()
        found = sorted(QMediaDevices.audioOutputs(), key=lambda device: device.id() != default.id())
        devices = [[_identifier(device), device.description()] for device in found]
        self._link.send(Message.DEVICES, json.dumps(devices).encode())

    def _devices_changed(self) -> None:
        self.tell_devices()
        outputs = [device.id() for device in QMediaDevices.audioOutputs()]
        if self._opened is not None and self._opened.id() not in outputs:
            self._fail(_GONE)

    def _run(self, identifier: str) -> None:
        self._silent = 0
        if self._sink is not None and self._pull is not None:
            if self._sink.state() == QAudio.State.SuspendedState:
                self._pull.fresh = True
                self._sink.resume()
            return
        chosen = [device for device in QMediaDevices.audioOutputs() if _identifier(device) == identifier]
        device = chosen[0] if chosen else QMediaDevices.defaultAudioOutput()
        if device.isNull():
            self._fail(_NO_DEVICE)
            return
        wanted = stereo_format()
        if not device.isFormatSupported(wanted):
            wanted = stereo_format(QAudioFormat.SampleFormat.Int16)
        sink = QAudioSink(device, wanted, self)
        sink.setBufferSize(int(self._buffer_seconds * _RATE) * wanted.bytesPerFrame())
        self._pull = Pull(self._ask, sink, lambda: self._link.send(Message.DROPPED))
        self._pull.open(QIODevice.OpenModeFlag.ReadOnly | QIODevice.OpenModeFlag.Unbuffered)
        self._sink, self._opened = sink, device
        sink.stateChanged.connect(self._state_changed)
        sink.start(self._pull)

    def _state_changed(self, state: QAudio.State) -> None:
        if self._sink is not None and state == QAudio.State.StoppedState:
            error = self._sink.error()
            if error not in (QAudio.Error.NoError, QAudio.Error.UnderrunError):
                self._fail(_STOPPED)

    def _look(self) -> None:
        if self._sink is None or self._pull is None:
            return
        flags = self._pull.flags
        self._silent = 0 if flags & Flag.SOUNDING else self._silent + 1
        resting = not flags & Flag.PLAYING and self._silent >= _REST_AFTER
        if resting and self._sink.state() == QAudio.State.ActiveState:
            # Paused: let the device sleep, but only once the fade-out has been played.
            self._sink.suspend()

    def _fail(self, text: str) -> None:
        self._link.send(Message.FAILED, text.encode())
        os._exit(1)  # the window starts another process; closing a device that is gone may hang


def _identifier(device: QAudioDevice) -> str:
    return bytes(device.id().data()).hex()


def main() -> int:
    """Runs until the window closes the streams."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is the window's to answer
    app = QCoreApplication(sys.argv[:1])
    link = Link(0, os.dup(1))
    os.dup2(2, 1)  # what libraries print must not get between the messages
    output = _Output(link, float(sys.argv[1]))
    output.setObjectName("output")
    return app.exec()


if __name__ == "__main__":
    sys.exit(main())
