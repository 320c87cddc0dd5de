"""Plays a mixer: answers the process that owns the sound device, and starts another where that hangs or ends."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from phaseaware.engine import SAMPLE_RATE
from PyQt6.QtCore import QObject, QThread, QTimer, pyqtSignal, pyqtSlot

from .model import Mixer
from .sound_link import Flag, Link, LinkClosedError, Message

__all__ = ["Device", "Player", "mixed"]

_LOOK_EVERY_MS = 250
_STALLED_AFTER = 2.0  # s without a question while playing
_STARTING = 15.0  # s that a process may take to ask for the first time
_RETRY_AFTER = 0.5  # s
_log = logging.getLogger(__name__)


class Device(NamedTuple):
    """A sound output."""

    identifier: str
    name: str


class _Load:
    """What mixing costs, and what went wrong in it."""

    busy = 0.0
    """Share of the sound's duration that it takes to mix it, lately."""
    error: str | None = None


def mixed(mixer: Mixer, frames: int, load: _Load) -> bytes:
    """The next frames with their flags, as the process wants them; silence where mixing fails."""
    sounding = not mixer.silent
    begun = time.perf_counter()
    try:
        x = mixer.read(frames)
    except Exception as error:  # silence is better than no sound ever after; the window says what it was
        _log.exception("mixing failed")
        load.error = f"{type(error).__name__}: {error}"
        x = np.zeros((frames, 2), np.float32)
    share = (time.perf_counter() - begun) * SAMPLE_RATE / frames
    load.busy += 0.1 * (share - load.busy)
    flags = Flag.SOUNDING * (sounding or not mixer.silent) | Flag.PLAYING * mixer.transport.playing
    return bytes([flags]) + x.astype("<f4", copy=False).tobytes()


class _Server(QThread):
    """One process, and the thread that answers it.

    Signals
    -------
    received : a message (by name) and its text, from the process.
    """

    received = pyqtSignal(object, str)

    def __init__(self, mixer: Mixer, load: _Load, buffer_seconds: float) -> None:
        super().__init__()
        self.setObjectName("audio")
        self._mixer, self._load = mixer, load
        self._process = subprocess.Popen(
            [sys.executable, "-m", "phaseaware.gui.sound_process", str(buffer_seconds)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
        )  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._link = Link(self._process.stdout.fileno(), self._process.stdin.fileno())
        self.asked = 0
        """How often it has asked for sound."""
        self.answering = False
        """Its question is being answered: if that takes long, it is not the device's fault."""
        self.begun = time.monotonic()
        self.start(QThread.Priority.TimeCriticalPriority)

    def run(self) -> None:
        """Answer until the process ends."""
        fresh = True
        try:
            while True:
                message, payload = self._link.receive()
                if message is Message.ASK:
                    if fresh:
                        self._mixer.start_from_silence()
                        fresh = False
                    self.answering = True
                    self._link.send(Message.SOUND, mixed(self._mixer, int.from_bytes(payload, "little"), self._load))
                    self.asked += 1
                    self.answering = False
                else:
                    self.received.emit(message, payload.decode())
        except LinkClosedError:
            pass

    def run_device(self, identifier: str) -> None:
        """Have it open a device, or go on."""
        with suppress(LinkClosedError):  # the player notices
            self._link.send(Message.RUN, identifier.encode())

    @property
    def alive(self) -> bool:
        """The process runs."""
        return self._process.poll() is None

    def end(self) -> None:
        """End the process, whatever it does, and the thread."""
        self._process.kill()
        self._process.wait()
        self.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


class Player(QObject):
    """Plays a mixer on a sound device.

    Parameters
    ----------
    mixer : what to play.
    buffer_seconds : sound on its way to the device: what the machine may be busy for, and what a switch takes to be
        heard.

    Signals
    -------
    failed : nothing can be played; the text says what to do.
    interrupted : the device, or the sound server, is gone while it played; it goes on by itself when there is one.
    resumed : and now it has.
    devices_changed : there are other devices than before.
    """

    failed = pyqtSignal(str)
    interrupted = pyqtSignal(str)
    resumed = pyqtSignal()
    devices_changed = pyqtSignal()

    def __init__(self, mixer: Mixer, parent: QObject | None = None, *, buffer_seconds: float = 0.04) -> None:
        super().__init__(parent)
        self._mixer, self._buffer_seconds = mixer, buffer_seconds
        self.drop_outs = 0
        """How often the buffer ran empty. Qt does not tell what a sound server loses on its own: PulseAudio is asked
        for 21 ms, on a busy machine ``PULSE_LATENCY_MSEC=50`` in the environment gives it more."""
        self.devices: list[Device] = []
        """What there is, the default one first; empty until :meth:`look_for_devices`."""
        self._load = _Load()
        self._device = ""
        self._server: _Server | None = None
        self._wanted = self._has_played = self._is_interrupted = False
        self._asked, self._asked_at, self._retry_at = 0, 0.0, 0.0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self._timer.start(_LOOK_EVERY_MS)

    @property
    def device(self) -> str:
        """Identifier of the device that was chosen; empty: the system's default. Where it is gone, too."""
        return self._device

    @device.setter
    def device(self, identifier: str) -> None:
        if identifier != self._device:
            self._device = identifier
            wanted = self._wanted
            self.release()
            if wanted:
                self.start()

    @property
    def latency(self) -> int:
        """Samples between the mixer's position and what is heard, about."""
        return int(self._buffer_seconds * SAMPLE_RATE)

    @property
    def load(self) -> float:
        """Share of real time that mixing takes."""
        return self._load.busy

    @property
    def error(self) -> str | None:
        """What went wrong while mixing, if anything."""
        return self._load.error

    def look_for_devices(self) -> None:
        """Have ``devices`` filled soon."""
        if self._server is None or not self._server.alive:
            self._begin_server()

    def start(self) -> None:
        """Open the device if it is not, and let it run."""
        self._wanted = True
        if self._server is None or not self._server.alive:
            self._begin_server()
        assert self._server is not None
        self._asked, self._asked_at = self._server.asked, time.monotonic()
        self._server.run_device(self._device)

    def release(self) -> None:
        """Close the device."""
        self._wanted = self._has_played = self._is_interrupted = False
        self._end_server()

    def close(self) -> None:
        """Close the device and end the process."""
        self._timer.stop()
        self.release()

    def _begin_server(self) -> None:
        self._end_server()
        self._server = server = _Server(self._mixer, self._load, self._buffer_seconds)
        server.received.connect(self._receive)

    def _end_server(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.received.disconnect()
            server.end()

    @pyqtSlot()
    def _look(self) -> None:
        if not self._wanted:
            return
        now = time.monotonic()
        if self._server is None:
            if now >= self._retry_at:
                self._begin_server()
                assert self._server is not None
                self._asked, self._asked_at = 0, now
                self._server.run_device(self._device)
            return
        if not self._server.alive:
            self._lose("The sound device has stopped.")
        elif self._server.asked != self._asked:
            self._asked, self._asked_at, self._has_played = self._server.asked, now, True
            if self._is_interrupted:
                self._is_interrupted = False
                self.resumed.emit()
        elif self._mixer.transport.playing and not self._server.answering:
            patience = _STALLED_AFTER if self._server.asked else _STARTING
            if now - max(self._asked_at, self._server.begun) > patience:
                self._lose("The sound device has stopped.")  # without a word: a server that died may leave Qt waiting
        else:
            self._asked_at = now

    def _lose(self, text: str) -> None:
        self._end_server()
        if self._has_played or self._is_interrupted:
            self._retry_at = time.monotonic() + _RETRY_AFTER
            if not self._is_interrupted:
                self._is_interrupted = True
                self.interrupted.emit(f"{text} Playing goes on when there is one; Space pauses.")
        else:
            self._wanted = False
            self.failed.emit(f"{text} Connect or choose one and press Space; pictures and export work without.")

    @pyqtSlot(object, str)
    def _receive(self, message: Message, text: str) -> None:
        if self.sender() is not self._server:
            return  # what another said that is ended by now
        if message is Message.DROPPED:
            self.drop_outs += 1
        elif message is Message.DEVICES:
            self.devices = [Device(*entry) for entry in json.loads(text)]
            self.devices_changed.emit()
        elif message is Message.FAILED and self._wanted:
            self._lose(text)
