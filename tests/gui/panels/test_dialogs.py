"""The dialogs, operated as a user would: chosen, cancelled, with files and folders that do not do."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import soundfile
from onnxruntime.capi.onnxruntime_pybind11_state import RuntimeException
from phaseaware.engine import MaskModel
from phaseaware.engine.versions import Version
from phaseaware.gui import exporter
from phaseaware.gui.model import Controls, ExportJob
from phaseaware.gui.panels import message
from phaseaware.gui.window import MainWindow
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QIcon, QPixmap
from PyQt6.QtWidgets import QDialog, QFileDialog, QInputDialog, QMessageBox, QToolButton
from pytestqt.qtbot import QtBot

from tests.gui.helpers import PATIENCE, rendered, write_wav
from tests.gui.model.test_export import files_no_larger_than

D = TypeVar("D", bound=QDialog)


def asked(kind: type[D], window: MainWindow) -> D:
    """The dialog that is open."""
    (dialog,) = (d for d in window.findChildren(kind) if d.isVisible())
    return dialog


def choose(window: MainWindow, path: Path) -> None:
    """Choose a file or folder and accept."""
    dialog = asked(QFileDialog, window)
    dialog.setDirectory(str(path.parent))
    dialog.selectFile(path.name)
    dialog.accept()


def exported(window: MainWindow, qtbot: QtBot) -> str:
    """What the window says when the export has ended."""
    qtbot.waitUntil(lambda: window.exporter.share is None, timeout=20_000)
    return window.message.label.text()


def nothing_is_asked(window: MainWindow) -> bool:
    return not [d for d in window.findChildren(QDialog) if d.isVisible()]


def test_a_recording_is_opened_while_the_other_plays_on(opened: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    other = write_wav(tmp_path / "other.wav", np.full(4800, 0.1, np.float32))
    opened.toggle_play()
    opened.files.ask()
    assert opened.session.playing  # nothing is blocked
    choose(opened, other)
    assert opened.session.recording is not None
    assert opened.session.recording.path == other
    assert opened.files.folder == str(tmp_path)


def test_the_buttons_of_the_file_dialog_have_room_for_their_icons(opened: MainWindow) -> None:
    opened.files.ask()
    dialog = asked(QFileDialog, opened)
    buttons = [b for b in dialog.findChildren(QToolButton) if b.isVisible() and not b.icon().isNull()]
    assert buttons
    red = QPixmap(64, 64)
    red.fill(Qt.GlobalColor.red)
    for button in buttons:
        button.setEnabled(True)
        button.setIcon(QIcon(red))
        seen = button.grab().toImage()
        count = sum(
            seen.pixelColor(x, y) == QColor(Qt.GlobalColor.red)
            for x in range(seen.width())
            for y in range(seen.height())
        )
        assert count >= 0.7 * button.iconSize().width() * button.iconSize().height()
    dialog.reject()


def test_cancelling_changes_nothing(opened: MainWindow, noisy_file: Path, tmp_path: Path) -> None:
    files, exporter, before = opened.files, opened.exporter, sorted(tmp_path.iterdir())
    for ask in (
        files.ask, files.ask_for_stems, exporter.ask_for_one, exporter.ask_for_all,
        exporter.ask_for_picture, opened.presets.ask_for_name,
    ):  # fmt: skip
        ask()
        asked(QDialog, opened).reject()
        assert nothing_is_asked(opened)
    assert opened.session.recording is not None
    assert opened.session.recording.path == noisy_file
    assert exporter.share is None
    assert not opened.message.isVisible()
    assert sorted(tmp_path.iterdir()) == before


def test_stems_are_asked_for_one_after_the_other(
    window: MainWindow, tmp_path: Path, rng: np.random.Generator, qtbot: QtBot
) -> None:
    s, n = (write_wav(tmp_path / f"{name}.wav", rng.standard_normal(4800).astype(np.float32) / 20) for name in "sn")
    window.files.ask_for_stems()
    choose(window, s)
    assert "s.wav" in asked(QFileDialog, window).windowTitle()
    choose(window, n)
    assert window.session.ideal is not None
    assert nothing_is_asked(window)


def test_stems_without_their_noise_and_stems_that_do_not_match(
    opened: MainWindow, noisy_file: Path, tmp_path: Path
) -> None:
    other = write_wav(tmp_path / "other.wav", np.zeros((4800, 2), np.float32), 44_100)
    opened.files.ask_for_stems()
    choose(opened, other)
    asked(QFileDialog, opened).reject()
    assert not opened.message.isVisible()
    opened.files.ask_for_stems()
    choose(opened, noisy_file)
    choose(opened, other)
    assert "stems must match" in opened.message.label.text()
    assert opened.session.recording is not None
    assert opened.session.recording.path == noisy_file
    assert opened.session.ideal is None


def test_a_broken_file_is_told_and_the_open_one_stays(opened: MainWindow, noisy_file: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF" + bytes(100))
    opened.files.ask()
    choose(opened, broken)
    assert "broken.wav" in opened.message.label.text()
    assert opened.session.recording is not None
    assert opened.session.recording.path == noisy_file
    assert [action.text() for action in opened.files.recent.actions()] == [str(noisy_file)]


def test_what_is_heard_is_exported_in_the_format_chosen(opened: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    opened.session.select(Version.REAL)
    opened.exporter.ask_for_one()
    dialog = asked(QFileDialog, opened)
    assert [Path(p).name for p in dialog.selectedFiles()] == ["noisy real.wav"]
    flac = next(f for f in dialog.nameFilters() if "flac" in f)
    dialog.selectNameFilter(flac)
    dialog.filterSelected.emit(flac)
    assert [Path(p).name for p in dialog.selectedFiles()] == ["noisy real.flac"]
    choose(opened, tmp_path / "mine")  # without a suffix: that of the format chosen
    assert "Exported" in exported(opened, qtbot)
    assert soundfile.info(tmp_path / "mine.flac").subtype == "PCM_24"


def test_what_ideal_masks_made_has_it_in_its_name(
    window: MainWindow, tmp_path: Path, rng: np.random.Generator, qtbot: QtBot
) -> None:
    sounds = (rng.standard_normal(9600).astype(np.float32) / 20 for _ in range(2))
    stems = [write_wav(tmp_path / f"{name}.wav", x) for name, x in zip(("speech", "noise"), sounds, strict=True)]
    assert window.open(*stems)
    rendered(window, qtbot)
    proposed = {}
    for version in (Version.NOISY, Version.REAL, Version.DELTA, Version.CLEAN):
        window.session.select(version)
        window.exporter.ask_for_one()
        dialog = asked(QFileDialog, window)
        proposed[version] = Path(dialog.selectedFiles()[0]).name
        assert ("ideal" in dialog.windowTitle()) == version.is_rendered
        dialog.reject()
        assert nothing_is_asked(window)
    assert [("ideal" in name) for name in proposed.values()] == [False, True, True, False]
    assert proposed[Version.REAL] == "speech ideal real.wav"
    window.exporter.ask_for_picture()
    assert "ideal" in Path(asked(QFileDialog, window).selectedFiles()[0]).name
    asked(QFileDialog, window).reject()
    folder = tmp_path / "out"
    folder.mkdir()
    window.exporter.ask_for_all()
    choose(window, folder)
    assert "Exported" in exported(window, qtbot)
    ideal = sorted(path.stem for path in folder.iterdir() if "ideal" in path.name)
    assert ideal == [f"speech ideal {name}" for name in ("delta", "phase-aware", "real", "removed")]
    assert len(list(folder.iterdir())) == 6


def test_an_unknown_suffix_is_told(opened: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    opened.exporter.ask_for_one()
    choose(opened, tmp_path / "x.mp4")
    assert "must end in .wav, .flac, .w64" in exported(opened, qtbot)
    assert not (tmp_path / "x.mp4").exists()


def test_all_versions_replace_only_what_may_be_replaced(opened: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    opened.exporter.ask_for_all()
    choose(opened, folder)
    assert "Exported" in exported(opened, qtbot)
    assert len(list(folder.iterdir())) == 5
    (folder / "noisy real.wav").write_bytes(b"mine")
    for answer, content in ((QMessageBox.StandardButton.Cancel, b"mine"), (QMessageBox.StandardButton.Yes, b"RIFF")):
        opened.exporter.ask_for_all()
        choose(opened, folder)
        box = asked(QMessageBox, opened)
        assert "noisy real.wav" in box.text()
        button = box.button(answer)
        assert button is not None
        button.click()
        exported(opened, qtbot)
        assert (folder / "noisy real.wav").read_bytes()[:4] == content


@pytest.mark.skipif(os.name != "posix", reason="permissions of folders are POSIX's")
def test_a_read_only_folder_is_told(opened: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o500)
    if os.geteuid() == 0:
        folder = Path("/proc")  # root may write anywhere but there
    opened.exporter.write({Version.NOISY: folder / "x.wav"})
    assert "Nothing was written" in exported(opened, qtbot)
    opened.exporter.save_picture(folder / "x.png")
    assert "Cannot export the picture" in opened.message.label.text()
    assert not (folder / "x.wav").exists()


def test_a_full_disk_is_told_and_what_was_there_stays(opened: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    target = tmp_path / "a.wav"
    target.write_bytes(b"from before")
    picture = tmp_path / "a.png"
    with files_no_larger_than(5_000):
        opened.exporter.write({Version.PHASE_AWARE: target})
        assert "Nothing was written" in exported(opened, qtbot)
        opened.exporter.save_picture(picture)
    assert "Cannot export the picture" in opened.message.label.text()
    assert target.read_bytes() == b"from before"
    assert not picture.exists()
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_an_export_can_be_cancelled(
    opened: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancelled, write_versions = threading.Event(), exporter.write_versions

    def held(job: ExportJob, **options: Any) -> int:
        assert cancelled.wait(PATIENCE)
        return write_versions(job, **options)

    monkeypatch.setattr(exporter, "write_versions", held)
    opened.exporter.write({Version.PHASE_AWARE: tmp_path / "a.wav"})
    opened.exporter.cancel()
    cancelled.set()
    assert "cancelled" in exported(opened, qtbot)
    assert not (tmp_path / "a.wav").exists()


def test_a_model_that_fails_ends_the_export(
    opened: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeException("out of memory")  # as all of onnxruntime's, no RuntimeError

    monkeypatch.setattr(MaskModel, "run", fails)
    opened.exporter.write({Version.PHASE_AWARE: tmp_path / "a.wav"})
    assert "out of memory. Nothing was written" in exported(opened, qtbot)
    assert not (tmp_path / "a.wav").exists()


def test_the_picture_is_exported(opened: MainWindow, tmp_path: Path) -> None:
    opened.exporter.ask_for_picture()
    choose(opened, tmp_path / "picture")
    assert (tmp_path / "picture.png").read_bytes()[1:4] == b"PNG"
    assert "Exported" in opened.message.label.text()


def test_a_picture_replaces_no_sound(opened: MainWindow, noisy_file: Path) -> None:
    before = noisy_file.read_bytes()
    opened.exporter.save_picture(noisy_file)
    assert "must end in .png" in opened.message.label.text()
    assert noisy_file.read_bytes() == before


def test_a_preset_is_saved_under_the_name_given(opened: MainWindow) -> None:
    opened.session.set_controls(Controls(reduction_db=9.0))
    for name, said in (("Nine", "Saved as"), ("  ", "Cannot save"), ("a/b", "not a path")):
        opened.presets.ask_for_name()
        dialog = asked(QInputDialog, opened)
        dialog.setTextValue(name)
        dialog.accept()
        assert said in opened.message.label.text()
    names = [opened.side.presets.itemText(i) for i in range(opened.side.presets.count())]
    assert names.count("Nine") == 1


def test_what_was_done_is_told_for_a_while_and_what_went_wrong_until_closed(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message, "_NOTE_MS", 1)
    opened.message.show_note("Copied")
    qtbot.waitUntil(lambda: not opened.message.isVisible())
    opened.message.show_note("Copied")
    opened.message.show_message("Cannot open")
    assert not opened.message._timer.isActive()
    assert opened.message.isVisible()
