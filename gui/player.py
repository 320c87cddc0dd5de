"""The sound device: a QAudioSink in a thread of its own pulls from a QIODevice, which pulls from the mixer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import numpy as np
from phaseaware.engine import SAMPLE_RATE
from PyQt6.QtCore import QIODevice, QObject, Qt, QThread, QTimer, pyqtSignal, pyqtSlot
from PyQt6.QtMultimedia import QAudio, QAudioDevice, QAudioFormat, QAudioSink, QMediaDevices

from .model import Mixer

__all__ = ["Player", "stereo_format"]

_LARGEST_READ = 4096
_LOOK_EVERY_MS = 500
_GONE_AFTER = 6  # looks without a read
_REST_AFTER = 6  # looks in silence: whatever is buffered on its way to the ear has been played by then
_log = logging.getLogger(__name__)


def stereo_format(sample_format: QAudioFormat.SampleFormat = QAudioFormat.SampleFormat.Float) -> QAudioFormat:
    """Stereo at 48 kHz."""
    wanted = QAudioFormat()
    wanted.setSampleRate(SAMPLE_RATE)
    wanted.setChannelCount(2)
    wanted.setSampleFormat(sample_format)
    return wanted


class _Pull(QIODevice):
    """Endless sound: every read asks the mixer. Never raises, as Qt has nobody to catch it.

    Parameters
    ----------
    mixer : what to play.
    sink : where to.
    starved : called when the buffer has run empty before a read was done: a drop-out. Qt does not tell of it: since
        6.10 its idle state is inferred after the late read has already filled the buffer again.
    """

    def __init__(self, mixer: Mixer, sink: QAudioSink, starved: Callable[[], None]) -> None:
        super().__init__(sink)
        self._mixer, self._sink, self._starved = mixer, sink, starved
        self._integers = sink.format().sampleFormat() == QAudioFormat.SampleFormat.Int16
        self._frame_bytes = sink.format().bytesPerFrame()
        self.fresh = True
        """The buffer has not been filled since the device was started."""
        self.busy = 0.0
        """Share of the sound's duration that it takes to mix it, lately."""
        self.error: str | None = None
        self.asked = 0
        """How often the device has asked for sound."""

    def isSequential(self) -> bool:  # noqa: N802 (Qt's name)
        return True

    def bytesAvailable(self) -> int:  # noqa: N802
        return _LARGEST_READ * self._frame_bytes + int(super().bytesAvailable())

    def readData(self, maxlen: int) -> bytes:  # noqa: N802
        frames = min(maxlen // self._frame_bytes, _LARGEST_READ)
        if frames <= 0:
            return b""
        self.asked += 1
        sounding = not self._mixer.silent
        begun = time.perf_counter()
        try:
            x = self._mixer.read(frames)
        except Exception as error:  # silence is better than an abort in Qt's event loop; the window says what it was
            _log.exception("mixing failed")
            self.error = f"{type(error).__name__}: {error}"
            x = np.zeros((frames, 2), np.float32)
        share = (time.perf_counter() - begun) * SAMPLE_RATE / frames
        self.busy += 0.1 * (share - self.busy)
        if sounding and not self.fresh and self._sink.bytesFree() >= self._sink.bufferSize():
            self._starved()
        self.fresh = False
        if self._integers:
            return bytes(np.rint(np.clip(x, -1, 1) * 32767).astype("<i2").tobytes())
        return bytes(x.tobytes())

    def writeData(self, data: object) -> int:  # noqa: N802
        return -1


class _Output(QObject):
    """Lives in the audio thread and owns the sink."""

    failed = pyqtSignal(str)
    dropped = pyqtSignal()

    def __init__(self, mixer: Mixer, buffer_seconds: float) -> None:
        super().__init__()
        self._mixer, self._buffer_seconds = mixer, buffer_seconds
        self._sink: QAudioSink | None = None
        self._pull: _Pull | None = None
        self._timer: QTimer | None = None
        self._asked = -1
        self._stalled = self._silent = 0

    @pyqtSlot(object)
    def run(self, device: QAudioDevice) -> None:
        """Play, on this device."""
        if self._sink is not None:
            self._stalled = self._silent = 0
            if self._sink.state() == QAudio.State.SuspendedState and self._pull is not None:
                self._pull.fresh = True
                self._sink.resume()
            return
        if device.isNull():
            self.failed.emit("There is no sound device. Connect one and press Space; pictures and export work without.")
            return
        wanted = stereo_format()
        if not device.isFormatSupported(wanted):
            wanted = stereo_format(QAudioFormat.SampleFormat.Int16)
        sink = QAudioSink(device, wanted, self)
        sink.setBufferSize(int(self._buffer_seconds * SAMPLE_RATE) * wanted.bytesPerFrame())
        self._pull = _Pull(self._mixer, sink, self.dropped.emit)
        self._pull.open(QIODevice.OpenModeFlag.ReadOnly | QIODevice.OpenModeFlag.Unbuffered)
        sink.stateChanged.connect(self._state_changed)
        self._sink, self._stalled, self._silent = sink, 0, 0
        self._mixer.start_from_silence()
        sink.start(self._pull)
        if self._timer is None:
            self._timer = QTimer(self)
            self._timer.setInterval(_LOOK_EVERY_MS)
            self._timer.timeout.connect(self._look)
        self._timer.start()

    def _state_changed(self, state: QAudio.State) -> None:
        if self._sink is None:
            return
        error = self._sink.error()
        if state == QAudio.State.StoppedState and error not in (QAudio.Error.NoError, QAudio.Error.UnderrunError):
            self.close()
            self.failed.emit("The sound device has stopped or cannot be opened. Choose or connect one and press Space.")

    def _look(self) -> None:
        if self._sink is None or self._pull is None:
            return
        asked, self._asked = self._asked, self._pull.asked
        self._silent = self._silent + 1 if self._mixer.silent else 0
        if self._mixer.transport.playing:
            # A device that was pulled out may just fall silent, without a word from Qt.
            self._stalled = self._stalled + 1 if asked == self._asked else 0
            if self._stalled == _GONE_AFTER:
                self.close()
                self.failed.emit("The sound device has stopped. Choose or connect one and press Space.")
        elif self._silent >= _REST_AFTER and self._sink.state() == QAudio.State.ActiveState:
            # Paused: let the device sleep, but only once the fade-out has been played.
            self._sink.suspend()

    @pyqtSlot()
    def close(self) -> None:
        """Let the device go."""
        sink, self._sink, self._pull = self._sink, None, None
        if self._timer is not None:
            self._timer.stop()
        if sink is not None:
            sink.stop()
            sink.deleteLater()

    @property
    def busy(self) -> float:
        pull = self._pull
        return pull.busy if pull is not None else 0.0

    @property
    def error(self) -> str | None:
        pull = self._pull
        return pull.error if pull is not None else None


class Player(QObject):
    """Plays a mixer.

    Parameters
    ----------
    mixer : what to play.
    buffer_seconds : sound on its way to the device: what the machine may be busy for, and what a switch takes to be
        heard.

    Signals
    -------
    failed : there is no device, or it is gone; the text says what to do.
    """

    failed = pyqtSignal(str)
    _run = pyqtSignal(object)
    _close = pyqtSignal()

    def __init__(self, mixer: Mixer, parent: QObject | None = None, *, buffer_seconds: float = 0.04) -> None:
        super().__init__(parent)
        self._buffer_seconds = buffer_seconds
        self.drop_outs = 0
        """How often the buffer ran empty. Qt does not tell what a sound server loses on its own: PulseAudio is asked
        for 21 ms, on a busy machine ``PULSE_LATENCY_MSEC=50`` in the environment gives it more."""
        self._devices = QMediaDevices(self)
        self._devices.audioOutputsChanged.connect(self._outputs_changed)
        self._chosen: QAudioDevice | None = None
        self._opened: QAudioDevice | None = None
        self._thread = QThread(self)
        self._thread.setObjectName("audio")
        self._output = _Output(mixer, buffer_seconds)
        self._output.moveToThread(self._thread)
        self._run.connect(self._output.run)
        self._close.connect(self._output.close, Qt.ConnectionType.BlockingQueuedConnection)  # type: ignore[call-arg]
        self._output.failed.connect(self._failed)
        self._output.dropped.connect(self._dropped)
        self._thread.start(QThread.Priority.TimeCriticalPriority)

    @property
    def device(self) -> QAudioDevice:
        """The device in use: the chosen one, or the system's default."""
        return self._chosen if self._chosen is not None else QMediaDevices.defaultAudioOutput()

    @device.setter
    def device(self, device: QAudioDevice | None) -> None:
        self._chosen = device
        reopen = self._opened is not None
        self.release()
        if reopen:
            self.start()

    @property
    def latency(self) -> int:
        """Samples between the mixer's position and what is heard, about."""
        return int(self._buffer_seconds * SAMPLE_RATE)

    @property
    def load(self) -> float:
        """Share of real time that mixing takes."""
        return self._output.busy

    @property
    def error(self) -> str | None:
        """What went wrong while mixing, if anything."""
        return self._output.error

    def start(self) -> None:
        """Open the device if it is not, and let it run."""
        self._opened = self.device
        self._run.emit(self._opened)

    def release(self) -> None:
        """Close the device."""
        self._opened = None
        self._close.emit()

    def close(self) -> None:
        """Close the device and end the thread."""
        self.release()
        self._thread.quit()
        self._thread.wait()

    def _outputs_changed(self) -> None:
        if self._opened is None or self._opened.isNull():
            return
        if self._opened.id() not in [device.id() for device in QMediaDevices.audioOutputs()]:
            name = self._opened.description()
            self._chosen = None
            self.release()
            self.failed.emit(f"The sound device {name!r} is gone. Connect or choose another and press Space.")

    @pyqtSlot(str)
    def _failed(self, text: str) -> None:
        self._opened = None
        self.failed.emit(text)

    @pyqtSlot()
    def _dropped(self) -> None:
        self.drop_outs += 1
