"""Load and drop-outs of the sound, with a device played by the test."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from phaseaware.gui import player
from phaseaware.gui.player import _Load, mixed
from phaseaware.gui.sound_link import Flag, Link, LinkClosedError, Message
from phaseaware.gui.sound_process import Pull, stereo_format
from PyQt6.QtCore import QObject
from PyQt6.QtMultimedia import QAudioFormat

from tests.gui.helpers import Watched


class FakeSink(QObject):
    """A device whose buffer the test fills and empties."""

    free = 0
    sample_format = QAudioFormat.SampleFormat.Float

    def format(self) -> QAudioFormat:
        return stereo_format(self.sample_format)

    def bufferSize(self) -> int:  # noqa: N802 (Qt's name)
        return 4800

    def bytesFree(self) -> int:  # noqa: N802
        return self.free


def test_load_is_the_share_of_real_time_and_an_empty_buffer_a_drop_out(
    watched: Watched, noisy_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.session.open(noisy_file)
    session = watched.rendered()
    clock = itertools.count(step=0.0025)  # a quarter of the duration of 480 samples passes between two looks
    monkeypatch.setattr(player, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    sink, dropped, load = FakeSink(), [], _Load()

    def ask(frames: int) -> tuple[bytes, int]:
        payload = mixed(session.mixer, frames, load)
        return payload[1:], payload[0]

    pull = Pull(ask, sink, lambda: dropped.append(True))  # type: ignore[arg-type]
    session.play(True)
    for _ in range(100):
        assert len(pull.readData(480 * 8)) == 480 * 8
    assert load.busy == pytest.approx(0.25, abs=0.001)
    assert not dropped
    sink.free = 4800
    pull.readData(480 * 8)
    assert len(dropped) == 1
    session.play(False)
    pull.readData(480 * 8)  # the fade-out
    assert len(dropped) == 2
    pull.readData(480 * 8)
    assert len(dropped) == 2  # silence cannot be lost


def test_a_device_that_knows_integers_only_gets_them_rounded_and_clipped() -> None:
    sink = FakeSink()
    sink.sample_format = QAudioFormat.SampleFormat.Int16
    x = np.array([0.5, -0.25, 2.0, -2.0], "<f4")
    pull = Pull(lambda _: (x.tobytes(), 0), sink, lambda: None)  # type: ignore[arg-type]
    assert np.frombuffer(pull.readData(8), "<i2").tolist() == [16384, -8192, 32767, -32767]


def test_mixing_that_fails_is_silence_and_told(watched: Watched) -> None:
    class Broken:
        silent = False
        transport = SimpleNamespace(playing=True)

        def read(self, count: int) -> np.ndarray:
            raise OSError("the disk is gone")

    load = _Load()
    payload = mixed(Broken(), 10, load)  # type: ignore[arg-type]
    assert payload == bytes([Flag.SOUNDING | Flag.PLAYING]) + bytes(80)
    assert load.error == "OSError: the disk is gone"


def test_the_link_tells_whole_messages_and_that_the_other_side_is_gone() -> None:
    read, write = os.pipe()
    here, there = Link(read, -1), Link(-1, write)
    there.send(Message.SOUND, bytes(range(256)) * 100)
    there.send(Message.DROPPED)
    assert here.receive() == (Message.SOUND, bytes(range(256)) * 100)
    assert here.receive() == (Message.DROPPED, b"")
    os.write(write, b"S\x10\x00")
    os.close(write)
    with pytest.raises(LinkClosedError):
        here.receive()
    os.close(read)
    with pytest.raises(LinkClosedError):
        Link(-1, write).send(Message.RUN)
