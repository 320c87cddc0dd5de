"""Requests to end the command, and a terminal that closes: as Ctrl-C, nothing half-written is left."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from phaseaware.plugin.command import models
from phaseaware.plugin.command.__main__ import run
from phaseaware.plugin.command.ending import ending

from tests import fakes
from tests.plugin.helpers import RATE, noise

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals of POSIX")

_CHILD = """
import os, signal, sys, time
import numpy as np
from phaseaware.engine.audio import AudioWriter
from phaseaware.plugin.command import main

write = AudioWriter.write
def struck(self, block):
    write(self, block)
    AudioWriter.write = write
    for number in sys.argv[1].split(","):
        os.kill(os.getpid(), int(number))
        time.sleep(0.05)  # this is not the main thread, which obeys meanwhile
AudioWriter.write = struck
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background and nohup ignore these
signal.signal(signal.SIGHUP, signal.SIG_DFL)
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize("times", [1, 3])  # `timeout` sends two, and people press Ctrl-C twice
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", ["process", "preset", "compare"])
def test_nothing_half_written_is_left(command: str, number: signal.Signals, times: int, tmp_path: Path) -> None:
    source, model = tmp_path / "in.wav", fakes.history_model(tmp_path / "m.onnx")
    soundfile.write(source, noise(np.random.default_rng(0), 3 * RATE), RATE, "PCM_16")
    arguments = {
        "process": ["process", source, "-o", tmp_path / "out" / "x.wav", "--model", model],
        "preset": ["process", source, "-o", tmp_path / "out" / "x.wav", "--preset", "noise-only"],
        "compare": ["compare", source, "-o", tmp_path / "out", "--model", model],
    }[command]
    ended = subprocess.run(
        [sys.executable, "-c", _CHILD, ",".join([str(int(number))] * times), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == (130 if number == signal.SIGINT else 128 + number), ended.stderr
    assert "Traceback" not in ended.stderr
    left = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert not left


def test_a_signal_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ending():
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGTERM) not in (signal.SIG_DFL, signal.SIG_IGN)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


def test_ctrl_c_while_modules_load_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those in Python pass it on, those in C fail because of it."""

    def load(*_: object) -> None:
        raise KeyboardInterrupt

    def load_in_c(*_: object) -> None:
        raise ImportError("initialization failed") from KeyboardInterrupt()

    def load_in_vain(*_: object) -> None:
        raise ImportError("not there")

    command = importlib.import_module("phaseaware.plugin.command.main")  # by its name the package gives the function
    monkeypatch.setattr(sys, "argv", ["phaseaware", "models"])
    monkeypatch.setattr(command, "_parser", load)
    assert run() == 130
    assert capsys.readouterr().err == "phaseaware: stopped before anything was done\n"
    monkeypatch.undo()
    for interrupted in (load, load_in_c):
        monkeypatch.setattr(models, "_models", interrupted)
        assert command.main(["models"]) == 130
        assert capsys.readouterr().err == "phaseaware: stopped; no half-written file is left\n"
    monkeypatch.setattr(models, "_models", load_in_vain)
    with pytest.raises(ImportError, match="not there"):
        command.main(["models"])
