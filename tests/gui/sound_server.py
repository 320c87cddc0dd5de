"""A private sound server with a virtual device: what is played can be recorded and compared sample for sample."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.gui.helpers import PATIENCE

AVAILABLE = all(shutil.which(name) for name in ("pulseaudio", "pactl", "parec"))
WHY_NOT = "pulseaudio, pactl and parec are not installed"
SINK = "module-null-sink sink_name=virtual rate=48000 format=float32le channels=2"


class SoundServer:
    """A PulseAudio daemon with one null sink; ``PULSE_SERVER`` must point to it before Qt looks for devices."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "socket"
        self.address = f"unix:{self._socket}"
        self._environment = {k: v for k, v in os.environ.items() if k != "PULSE_LATENCY_MSEC"} | {
            "PULSE_SERVER": self.address,
            "XDG_RUNTIME_DIR": str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "HOME": str(folder),
        }
        protocol = f"module-native-protocol-unix socket={folder / 'socket'} auth-anonymous=1"
        command = [
            "pulseaudio",
            "-n",
            "--daemonize=no",
            "--use-pid-file=no",
            "--exit-idle-time=-1",
            "--log-level=error",
        ]
        self._daemon = subprocess.Popen(
            [*command, f"--load={SINK}", f"--load={protocol}"], env=self._environment, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self._daemon.poll() is not None:
                raise RuntimeError("pulseaudio has ended")
            if self.control("info", check=False).returncode == 0:
                return
        raise RuntimeError("pulseaudio does not answer")

    def control(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run pactl; it waits for the answer."""
        command = ["pactl", *arguments]
        return subprocess.run(
            command, env=self._environment, check=check, capture_output=True, text=True, timeout=PATIENCE
        )

    @contextmanager
    def recorded(self, source: str = "virtual.monitor") -> Iterator[Recorder]:
        """Record what is played meanwhile."""
        recorder = Recorder(self._environment, source)
        try:
            yield recorder
        finally:
            recorder.stop()

    @contextmanager
    def played(self, sink: str, x: NDArray[np.float32]) -> Iterator[Callable[[], bool]]:
        """Play mono sound to a sink meanwhile; yields what tells whether it still plays."""
        with tempfile.TemporaryFile() as file:
            file.write(x.astype("<f4").tobytes())
            file.seek(0)
            command = ["pacat", f"--device={sink}", "--format=float32le", "--rate=48000", "--channels=1"]
            process = subprocess.Popen(command, env=self._environment, stdin=file)
            try:
                yield lambda: process.poll() is None
            finally:
                process.terminate()
                process.wait(PATIENCE)

    def kill(self) -> None:
        """End the daemon at once, as a crash does."""
        self._daemon.kill()
        self._daemon.wait(PATIENCE)
        self._socket.unlink(missing_ok=True)

    def close(self) -> None:
        """End the daemon."""
        self._daemon.terminate()
        self._daemon.wait(PATIENCE)


class Recorder:
    """parec on the sink's monitor."""

    def __init__(self, environment: dict[str, str], source: str) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (closed in stop)
        command = [
            "parec",
            f"--device={source}",
            "--format=float32le",
            "--rate=48000",
            "--channels=2",
            "--latency-msec=20",
        ]
        self._process = subprocess.Popen(command, env=environment, stdout=self._file)

    @property
    def count(self) -> int:
        """Samples recorded so far."""
        return os.fstat(self._file.fileno()).st_size // 8

    def samples(self, start: int = 0) -> NDArray[np.float32]:
        """What has been recorded from a sample on, shape (n, 2)."""
        data = os.pread(self._file.fileno(), 8 * (self.count - start), 8 * start)
        return np.frombuffer(data, "<f4").reshape(-1, 2)

    def is_silent(self, count: int) -> bool:
        """The last ``count`` samples recorded are silence."""
        return self.count >= count and not self.samples(self.count - count).any()

    def stop(self) -> None:
        """End the recording."""
        self._process.terminate()
        self._process.wait(PATIENCE)
