"""Rows 1 to 6 and 14 of the window's specification: playing, switching, looping, seeking, the blind test."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
from phaseaware.engine import MaskModel
from phaseaware.engine.versions import Version
from phaseaware.gui.model import AbxTest
from phaseaware.gui.panels.transport import clock
from phaseaware.gui.player import Player
from phaseaware.gui.view import COLOURS, Kind
from phaseaware.gui.window import MainWindow
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.helpers import WITHOUT_STEMS, press, rendered, write_wav
from tests.signals import voice_like

K = Qt.Key
PLAIN = Qt.KeyboardModifier.NoModifier


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "00:00.000"),
        (59.9994, "00:59.999"),
        (59.9996, "01:00.000"),
        (3599.9996, "1:00:00.000"),
        (3661, "1:01:01.000"),
    ],
)
def test_the_clock_never_shows_sixty_seconds(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_row_1_space_plays_from_anywhere_but_a_text_field(opened: MainWindow, qtbot: QtBot) -> None:
    opened.side.versions[Version.REAL].setFocus()
    press(qtbot, opened, K.Key_Space)
    assert opened.session.playing
    assert opened.session.version is Version.NOISY
    opened.side.sliders["mix"].slider.setFocus()
    press(qtbot, opened, K.Key_Space)
    assert not opened.session.playing
    for playing in (True, False):
        qtbot.keyClick(opened.windowHandle(), K.Key_Space)  # as it comes from the desktop
        assert opened.session.playing is playing
    field = QLineEdit(opened)
    field.show()
    field.setFocus()
    press(qtbot, opened, K.Key_Space)
    assert field.text() == " "
    assert not opened.session.playing


def test_row_2_the_keys_of_the_versions(opened: MainWindow, qtbot: QtBot) -> None:
    for key, version in zip((K.Key_1, K.Key_2, K.Key_3, K.Key_4, K.Key_5), WITHOUT_STEMS, strict=True):
        press(qtbot, opened, key)
        assert opened.session.heard is version
        assert opened.side.versions[version].isChecked()
    press(qtbot, opened, K.Key_X)
    assert opened.session.heard is Version.DELTA
    press(qtbot, opened, K.Key_X)
    assert opened.session.heard is Version.REMOVED
    press(qtbot, opened, K.Key_B)
    assert opened.session.heard is Version.NOISY
    assert opened.side.listening.bypass.isChecked()
    press(qtbot, opened, K.Key_B)
    assert opened.session.heard is Version.REMOVED


def test_row_4_level_match_is_on_shown_and_offers_more_for_deltas(opened: MainWindow, qtbot: QtBot) -> None:
    opened.show_session()
    assert opened.side.listening.match.isChecked()
    gain = opened.session.gain_db(Version.NOISY)
    assert gain < 0
    assert f"noisy −{-gain:.1f}" in opened.side.listening.gains.text()
    assert f"−{-gain:.1f} dB" in opened.transport.heard_label.text()
    press(qtbot, opened, K.Key_L)
    assert not opened.side.listening.match.isChecked()
    assert "noisy 0.0" in opened.side.listening.gains.text()
    for expected in (12, 24, 0):
        press(qtbot, opened, K.Key_G)
        assert opened.session.gain_db(Version.DELTA) == expected
        assert opened.side.listening.delta_gain.currentData() == expected


def test_row_5_loop_by_ruler_and_keys(opened: MainWindow, qtbot: QtBot) -> None:
    opened.views.strip.ruler.dragged.emit(1.0, 0.5)
    assert opened.session.loop == (24_000, 48_000)
    assert opened.views.strip.loop.isVisible()
    assert opened.views.strip.loop.getRegion() == pytest.approx((0.5, 1.0))
    assert "0.50 – 1.00" in opened.transport.loop_label.text()
    opened.session.seek(60_000)
    press(qtbot, opened, K.Key_BracketRight)
    assert opened.session.loop == (24_000, 60_000)
    opened.session.seek(36_000)
    press(qtbot, opened, K.Key_BracketLeft)
    assert opened.session.loop == (36_000, 60_000)
    press(qtbot, opened, K.Key_Escape)
    assert opened.session.loop is None
    assert not opened.views.strip.loop.isVisible()


def test_row_6_seek_by_click_and_keys(opened: MainWindow, qtbot: QtBot) -> None:
    session = opened.session
    opened.views.panes[Kind.NOISY].clicked.emit(1.25)
    assert session.position == 60_000
    press(qtbot, opened, K.Key_Left)
    assert session.position == 12_000
    press(qtbot, opened, K.Key_Right)
    assert session.position == 60_000
    assert session.recording is not None
    press(qtbot, opened, K.Key_Home)
    assert session.position == 0
    press(qtbot, opened, K.Key_End)
    assert session.position == session.recording.samples
    assert opened.views.strip.playhead.value() == pytest.approx(session.recording.duration)


def test_row_6_shift_and_arrows_move_by_five_seconds(
    window: MainWindow, tmp_path: Path, rng: np.random.Generator, qtbot: QtBot
) -> None:
    session, shift = window.session, Qt.KeyboardModifier.ShiftModifier
    assert window.open(write_wav(tmp_path / "long.wav", voice_like(rng, 12 * 48_000)))
    press(qtbot, window, K.Key_Right, shift)
    press(qtbot, window, K.Key_Right, shift)
    assert session.position == 10 * 48_000
    press(qtbot, window, K.Key_Right, shift)
    assert session.position == 12 * 48_000
    press(qtbot, window, K.Key_Left, shift)
    assert session.position == 7 * 48_000


@pytest.mark.parametrize("output", [Version.PHASE_AWARE, Version.REAL])
@pytest.mark.parametrize("bypass", [True, False])
def test_a_listening_test_leaves_what_was_heard_as_it_was(
    opened: MainWindow, output: Version, bypass: bool, qtbot: QtBot
) -> None:
    session = opened.session
    session.select(output)
    session.select(Version.NOISY)
    session.select(Version.REMOVED)
    if bypass:
        session.toggle_bypass()
    before, heard = session.choice, session.mixer.transport
    opened.start_abx()
    opened.abx.leave.click()
    assert session.choice == before
    assert session.mixer.transport == heard
    assert heard.output == ("phase-aware" if output is Version.PHASE_AWARE else "real")


def test_a_listening_test_that_cannot_be_says_why(
    window: MainWindow, noisy_file: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(MaskModel, "run", fails)
    window.open(noisy_file)
    qtbot.waitUntil(lambda: "No space left on device" in window.message.label.text())
    window.message.hide()
    window.start_abx()
    assert not window.abx.under_way
    assert window.message.isVisible()
    assert "No space left on device" in window.message.label.text()


def shown(widget: QWidget) -> set[str]:
    """The colours of a widget's pixels."""
    image = widget.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


def test_row_14_abx_hides_everything_and_saves_a_log(opened: MainWindow, qtbot: QtBot) -> None:
    opened.session.set_level_match(False)
    opened.session.select(Version.DELTA)
    opened.message.show_message("of something else")
    test = AbxTest(rng=random.Random(5))
    opened.start_abx(test)
    assert not opened.message.isVisible()
    assert opened.session.level_match
    for hidden in (opened.views, opened.side, opened.transport.meter):
        assert not hidden.isVisible()
    assert opened.transport.heard_label.text() == ""
    for trial in range(17):
        assert opened.abx.headline.text() == (f"Trial {trial} of 16" if trial else "Training")
        for key in (K.Key_A, K.Key_Return):  # held from the trial before
            opened.keys.handle(QKeyEvent(QEvent.Type.KeyPress, key, PLAIN, "", True), opened.abx.leave)
        press(qtbot, opened, K.Key_X)
        hears = opened.session.heard
        press(qtbot, opened, K.Key_3)  # as in the window
        assert opened.session.heard is Version.REAL
        press(qtbot, opened, K.Key_2)
        assert opened.session.heard is Version.PHASE_AWARE
        press(qtbot, opened, K.Key_A)
        assert test.trial == max(1, trial)  # X was not heard: no answer
        assert not opened.abx.say["A"].isEnabled()
        asleep = shown(opened.abx.say["A"])
        opened.abx.add_heard(48_000)
        assert COLOURS[Version.PHASE_AWARE] in shown(opened.abx.say["A"]) - asleep  # it looks as if it could be pressed
        press(qtbot, opened, K.Key_A if hears is Version.PHASE_AWARE else K.Key_B)
    assert opened.session.loop is not None  # a short clip goes round
    assert "16 of 16" in opened.abx.headline.text()
    assert "1.526e-05" in opened.abx.headline.text()
    assert opened.abx.log_path is not None
    assert "right: 16 of 16" in opened.abx.log_path.read_text(encoding="utf-8")
    opened.abx.leave.click()
    assert opened.session.version is Version.DELTA
    assert opened.session.loop is None
    assert not opened.session.level_match
    assert opened.side.isVisible()


@pytest.mark.parametrize("channels", [1, 2])
def test_row_17_peak_and_loudness_of_what_is_playing(
    window: MainWindow, tmp_path: Path, channels: int, rng: np.random.Generator, qtbot: QtBot
) -> None:
    """Against pyloudnorm, filtering from the beginning: the last 100 ms and 400 ms that were sent, seeks and all."""
    x = voice_like(rng, 96_000)[:, None] * np.array([0.5, 0.2])[:channels] + 0.02 * rng.standard_normal(
        (96_000, channels)
    )
    x[70_000:70_010] = 0.7  # a click that only the peak meter of its moment shows
    window.open(write_wav(tmp_path / "x.wav", x.astype(np.float32)))
    rendered(window, qtbot)
    session = window.session
    assert session.recording is not None
    assert session.renderer is not None
    session.set_delta_gain(12)
    session.play(True)  # no device is open: the test pulls
    sent = np.zeros((0, channels))
    read = set()
    for position in (0, 24_000, 48_000):
        session.seek(position)
        for version in WITHOUT_STEMS:
            session.select(version)
            sent = np.concatenate([sent, session.mixer.read(4800)[:, :channels]])
            window.transport.show_levels()
            end = session.position
            weighted = sent.T
            for stage in pyloudnorm.Meter(48_000)._filters.values():
                weighted = stage.apply_filter(weighted)
            lufs = -0.691 + 10 * np.log10((weighted[:, -19_200:] ** 2).sum() / 19_200)
            peak = 20 * np.log10(np.abs(sent[-4800:]).max())
            assert window.transport.meter.peak_db == pytest.approx(peak, abs=0.01), (version, end)
            assert window.transport.meter.lufs == pytest.approx(lufs, abs=0.1), (version, end)
            read.add(round(peak, 1))
    assert len(read) > 10  # they do move
    session.select(Version.NOISY)
    session.set_loop(80_000, 82_400)  # shorter than what is metered, which is not what lies before it in the file
    for _ in range(10):
        sent = np.concatenate([sent, session.mixer.read(4800)[:, :channels]])
    window.transport.show_levels()
    assert window.transport.meter.peak_db == pytest.approx(20 * np.log10(np.abs(sent[-4800:]).max()), abs=0.01)
    session.play(False)
    window.transport.show_levels()
    assert window.transport.meter.peak_db == window.transport.meter.lufs == -np.inf


def test_row_17_load_and_drop_outs_are_in_the_status_line(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Player, "load", 0.374)
    opened.player.drop_outs = 3
    qtbot.waitUntil(lambda: "sound load 37 % · drop-outs 3 · CPU " in opened.status.right.text())
