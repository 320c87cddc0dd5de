"""Load and drop-outs of the sound thread, with a device played by the test."""

from __future__ import annotations

import itertools
from pathlib import Path
from types import SimpleNamespace

import pytest
from phaseaware.gui import player
from phaseaware.gui.player import _Pull, stereo_format
from PyQt6.QtCore import QObject
from PyQt6.QtMultimedia import QAudioFormat

from tests.gui.helpers import Watched


class FakeSink(QObject):
    """A device whose buffer the test fills and empties."""

    free = 0

    def format(self) -> QAudioFormat:
        return stereo_format()

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
    sink, dropped = FakeSink(), []
    pull = _Pull(session.mixer, sink, lambda: dropped.append(True))  # type: ignore[arg-type]
    session.play(True)
    for _ in range(100):
        assert len(pull.readData(480 * 8)) == 480 * 8
    assert pull.busy == pytest.approx(0.25, abs=0.001)
    assert not dropped
    sink.free = 4800
    pull.readData(480 * 8)
    assert len(dropped) == 1
    session.play(False)
    pull.readData(480 * 8)  # the fade-out
    pull.readData(480 * 8)
    assert len(dropped) == 2  # silence cannot be lost
