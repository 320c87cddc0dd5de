"""Rows 15, 16, 18 and 20 of the window's specification: controls, presets, progress, the script."""

from __future__ import annotations

from pathlib import Path

import pytest
from phaseaware.engine.versions import Version
from phaseaware.gui.model import Controls
from phaseaware.gui.window import MainWindow
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from tests.gui.helpers import press, rendered

K = Qt.Key


def test_row_15_and_16_controls_undo_and_defaults(opened: MainWindow, qtbot: QtBot) -> None:
    slider = opened.side.sliders["mix"]
    slider.grabbed.emit()
    for value in (80, 60, 50):
        slider.slider.setValue(value)
    slider.released.emit()
    opened.side.sliders["reduction_db"].slider.setValue(24)
    assert opened.session.controls == Controls(mix=0.5, reduction_db=12.0)
    qtbot.keyClick(opened, K.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert opened.session.controls == Controls(mix=0.5)
    qtbot.keyClick(opened, K.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert opened.session.controls == Controls()
    assert slider.value == 1
    qtbot.keyClick(opened, K.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert slider.value == pytest.approx(0.5)
    qtbot.mouseDClick(slider.slider, Qt.MouseButton.LeftButton)
    assert opened.session.controls == Controls()
    slider.slider.setFocus()
    press(qtbot, opened, K.Key_Down)
    assert slider.value == pytest.approx(0.99)
    press(qtbot, opened, K.Key_R)
    assert opened.session.controls == Controls()
    rendered(opened, qtbot)


def test_row_16_presets_are_saved_and_taken(opened: MainWindow, tmp_path: Path) -> None:
    names = [opened.side.presets.itemText(i) for i in range(opened.side.presets.count())]
    assert "Gentle voice" in names
    opened.presets.take(opened.side.presets.itemData(names.index("Gentle voice")))
    assert opened.session.controls == Controls(reduction_db=12, strength_high=0.8)
    opened.session.set_controls(Controls(reduction_db=7.5, mix=0.9))
    opened.presets.save("Mine")
    opened.session.set_controls(Controls())
    names = [opened.side.presets.itemText(i) for i in range(opened.side.presets.count())]
    opened.presets.take(opened.side.presets.itemData(names.index("Mine")))
    assert opened.session.controls == Controls(reduction_db=7.5, mix=0.9)
    opened.session.set_controls(Controls(mix=0.1))
    opened.presets.save("Mine")  # asks first
    question = opened.findChild(QMessageBox)
    assert question is not None
    assert "Overwrite" in question.text()
    mine = opened.side.presets.itemData(names.index("Mine"))
    assert "mix = 0.9" in Path(mine).read_text(encoding="utf-8")
    question.accept()
    assert "mix = 0.1" in Path(mine).read_text(encoding="utf-8")
    broken = tmp_path / "broken.toml"
    broken.write_text("schema = 99")
    opened.presets.take(str(broken))
    assert "Cannot load" in opened.message.label.text()
    assert opened.session.controls == Controls(mix=0.1)


def test_row_16_every_shipped_preset_can_be_taken(opened: MainWindow) -> None:
    side = opened.side
    for index in range(1, side.presets.count()):
        opened.message.hide()
        side.presets.setCurrentIndex(index)
        side.presets.activated.emit(index)
        assert "no PhaseAware" not in opened.message.label.text()
        assert side.presets.currentIndex() == index
        warned = opened.message.isVisible()
        warned_before = side.presets.itemText(index).endswith("(reduction only)")
        title = side.presets.itemText(index).removesuffix("  (reduction only)")
        has_other_effects = title in ("Broadcast voice", "Field interview", "Podcast chain")
        assert warned_before is has_other_effects
        assert warned is has_other_effects
        removed = side.presets.itemText(index) == "Noise only"
        assert (opened.session.version is Version.REMOVED) is removed
        opened.session.select(Version.NOISY)
    side.presets.setCurrentIndex(1)
    side.presets.activated.emit(1)
    opened.session.set_controls(Controls(mix=0.3))
    opened.show_session()
    assert side.presets.currentIndex() == 0  # it is no longer that preset


def test_row_18_progress_pause_and_resume(opened: MainWindow, qtbot: QtBot) -> None:
    assert opened.session.renderer is not None
    opened.session.renderer.paused = True
    opened.session.set_controls(Controls(mix=0.3))
    opened._show_status()
    assert opened.status.progress.isVisible()
    assert opened.status.cancel_button.text() == "Resume"
    opened.status.cancel_button.click()
    rendered(opened, qtbot)
    opened._show_status()
    assert not opened.status.progress.isVisible()


def test_row_20_the_script_is_on_the_clipboard(opened: MainWindow, noisy_file: Path) -> None:
    opened.session.set_controls(Controls(reduction_db=15.0))
    opened.menus.entries["copy script"].trigger()
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    compile(clipboard.text(), "script", "exec")
    assert "reduction_db=15.0" in clipboard.text()
    assert str(noisy_file) in clipboard.text()
