"""The window as a whole: files, faults, what is missing, and the command."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
from phaseaware.engine import IdealMask, MaskModel
from phaseaware.engine.versions import Version
from phaseaware.gui import app
from phaseaware.gui.model import IdealChoice
from phaseaware.gui.window import MainWindow
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDropEvent
from PyQt6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.helpers import WITHOUT_STEMS, answer, press, rendered, write_wav

K = Qt.Key


def drop(window: MainWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    window.dropEvent(event)


def test_a_file_dropped_on_a_listening_test_loses_no_answers(
    opened: MainWindow, noisy_file: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    other = write_wav(tmp_path / "other.wav", np.zeros(48_000, np.float32) + 0.1)
    rendered(opened, qtbot)
    opened.start_abx()
    test = opened.abx.test
    assert test is not None
    while not test.finished:
        drop(opened, other)
        assert opened.abx.test is test
        assert opened.session.recording is not None
        assert opened.session.recording.path == noisy_file
        assert "listening test" in opened.message.label.text()
        answer(opened, "A")
    drop(opened, other)
    assert opened.abx.test is test  # its result is still shown
    opened.abx.finish()
    drop(opened, other)
    assert opened.session.recording.path == other


def test_row_13_drop_recent_and_export(opened: MainWindow, noisy_file: Path, tmp_path: Path, qtbot: QtBot) -> None:
    other = write_wav(tmp_path / "other.wav", np.zeros(48_000, np.float32) + 0.1)
    drop(opened, other)
    assert opened.session.recording is not None
    assert opened.session.recording.path == other
    assert [action.text() for action in opened.files.recent.actions()] == [str(other), str(noisy_file)]
    opened.files.recent.actions()[1].trigger()
    assert opened.session.recording.path == noisy_file
    rendered(opened, qtbot)
    targets = {version: tmp_path / f"out {version}.wav" for version in WITHOUT_STEMS}
    opened.exporter.write(targets)
    qtbot.waitUntil(lambda: opened.exporter.share is None)
    assert "Exported to" in opened.message.label.text()
    assert all(soundfile.info(path).frames == soundfile.info(noisy_file).frames for path in targets.values())
    opened.exporter.save_picture(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 10_000


def test_row_13_ideal_masks_of_stems(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, rng: np.random.Generator
) -> None:
    for name in ("speech.wav", "noise.wav"):
        write_wav(tmp_path / name, rng.standard_normal(48_000).astype(np.float32) / 20)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in ("noise.wav", "speech.wav")])
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    window.dropEvent(event)
    assert window.session.recording is not None
    assert window.session.recording.path.name == "speech.wav"
    assert window.side.reduction.ideal_row.isVisible()
    (recent,) = window.files.recent.actions()
    assert recent.text() == f"{tmp_path / 'speech.wav'} + {tmp_path / 'noise.wav'}"
    recent.trigger()  # both, as they were
    assert window.session.recording.speech is not None
    window.side.reduction.ideal_a.setCurrentIndex(1)
    window.side.reduction.ideal_a.activated.emit(1)
    assert window.session.ideal is not None
    assert window.session.ideal.phase_aware is IdealMask.COMPLEX
    (recent,) = window.files.recent.actions()
    recent.trigger()  # the choice begins anew, and the boxes say so
    assert window.session.ideal == IdealChoice()
    assert (window.side.reduction.ideal_a.currentText(), window.side.reduction.ideal_b.currentText()) == (
        "A hybrid",
        "B psm",
    )
    window.side.reduction.source.setCurrentIndex(1)
    window.side.reduction.source.activated.emit(1)
    assert window.session.ideal is None
    rendered(window, qtbot)


def test_a_broken_file_is_reported_and_the_open_one_stays(opened: MainWindow, noisy_file: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.wav").write_bytes(b"RIFFnothing")
    assert not opened.open(tmp_path / "broken.wav")
    assert opened.message.isVisible()
    assert "broken.wav" in opened.message.label.text()
    assert opened.session.recording is not None
    assert opened.session.recording.path == noisy_file


def test_two_errors_are_told_together_and_once(opened: MainWindow, qtbot: QtBot) -> None:
    session = opened.session
    rendered(opened, qtbot)
    assert session.renderer is not None
    session.decode_error, session.renderer.error = "cannot read on", "the disk is full"
    opened._show_reports()
    assert opened.message.label.text() == "cannot read on\nthe disk is full"
    opened.message.hide()
    opened._show_reports()
    assert not opened.message.isVisible()


def test_nothing_open_no_key_does_harm(window: MainWindow, qtbot: QtBot) -> None:
    for key in (
        K.Key_Space,
        K.Key_1,
        K.Key_2,
        K.Key_X,
        K.Key_B,
        K.Key_Left,
        K.Key_End,
        K.Key_BracketLeft,
        K.Key_F,
        K.Key_Plus,
    ):
        press(qtbot, window, key)
    window.exporter.copy_script()
    assert "open a recording" in window.message.label.text()
    assert not window.session.playing


def test_no_widget_or_thread_is_left(history_model: MaskModel, noisy_file: Path, qtbot: QtBot) -> None:

    before_widgets, before_threads = len(QApplication.allWidgets()), threading.active_count()
    for _ in range(2):
        window = MainWindow(history_model)
        window.show()
        window.open(noisy_file)
        window.side.layouts.setCurrentIndex(2)
        window.side.layouts.setCurrentIndex(0)
        window.close()
        window.deleteLater()
        del window
        qtbot.waitUntil(lambda: threading.active_count() == before_threads)

    def gone() -> bool:
        import gc

        gc.collect()
        QApplication.sendPostedEvents(None, 52)  # deferred deletes
        return len([w for w in QApplication.allWidgets() if isinstance(w, QWidget)]) <= before_widgets

    qtbot.waitUntil(gone)


def test_no_sound_device_is_reported_and_the_window_goes_on(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nonexistent")
    press(qtbot, opened, K.Key_Space)
    qtbot.waitUntil(opened.message.isVisible)
    assert "no sound device" in opened.message.label.text()
    assert not opened.session.playing
    assert opened.transport.play_button.text() == "Play"
    press(qtbot, opened, K.Key_Escape)
    assert not opened.message.isVisible()


def test_without_a_file_the_demo_clip_is_offered(
    history_model: MaskModel, tmp_path: Path, qtbot: QtBot, rng: np.random.Generator
) -> None:
    paths = [
        write_wav(tmp_path / f"{name}.wav", rng.standard_normal(9600).astype(np.float32) / 20)
        for name in ("speech", "noise")
    ]
    window = MainWindow(history_model, demo=(paths[0], paths[1]))
    window.show()
    (button,) = [b for b in window.start_page.findChildren(QPushButton) if b.text().startswith("Try the demo")]
    button.click()
    assert window.session.recording is not None
    assert window.session.ideal is None
    assert window.files.recent.isEmpty()  # the clip is no file of the user's, nor is its folder
    assert window.files.folder != str(tmp_path)
    assert window.middle.currentWidget() is window.views
    rendered(window, qtbot)
    window.close()
    window.deleteLater()


def test_without_a_model_the_recording_is_heard_and_the_rest_is_off(noisy_file: Path, qtbot: QtBot) -> None:
    window = MainWindow(None)
    window.show()
    assert window.open(noisy_file)
    assert "no model" in window.message.label.text()
    press(qtbot, window, K.Key_2)
    assert window.session.heard is Version.NOISY
    assert not window.side.versions[Version.PHASE_AWARE].isEnabled()
    window.views.picture_now()
    window.close()
    window.deleteLater()


def test_the_command_refuses_what_it_cannot_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["--model", str(tmp_path / "none.onnx")]) == 2
    assert "none.onnx" in capsys.readouterr().err
    assert app.main(["a.wav", "b.wav"]) == 2
    assert "one file, not 2" in capsys.readouterr().err


def test_the_command_opens_a_file_with_a_model(
    model_folder: Path, noisy_file: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    seen: list[tuple[str, Path, Path]] = []

    def look() -> int:
        (window,) = (w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow) and w.isVisible())
        assert window.session.recording is not None
        assert window.session.model is not None
        seen.append((window.windowTitle(), window.session.recording.path, window.session.model.path))
        window.close()
        window.deleteLater()
        return 0

    monkeypatch.setattr(QApplication, "exec", lambda *_: look())
    handler = signal.getsignal(signal.SIGINT)
    try:
        assert app.main([str(noisy_file), "--model", str(model_folder / "history.onnx")]) == 0
    finally:
        signal.signal(signal.SIGINT, handler)
    assert seen == [("noisy.wav – PhaseAware", noisy_file, model_folder / "history.onnx")]


@pytest.mark.skipif(sys.platform != "linux", reason="where a display is always there")
def test_without_a_display_the_command_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert app.main([]) == 1
    assert "no display" in capsys.readouterr().err
