"""What comes from outside (names of files and presets, errors) is shown as it is, never as markup."""

from __future__ import annotations

from pathlib import Path

import pytest
from phaseaware.gui.model import AbxTest
from phaseaware.gui.panels import abx
from phaseaware.gui.panels.dialogs import ask_whether
from phaseaware.gui.window import MainWindow
from phaseaware.plugin.presets import save_preset
from phaseaware.plugin.processor import PhaseAware
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QComboBox, QLabel, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.helpers import answer

MARKUP = "<img src='x.png'> &lt; <b>bold"
OUR_MARKUP = ("readout", "gains")
"""Attributes that hold labels with colours of our own, of which nothing comes from outside."""


def shows_markup(text: str) -> bool:
    return "<img" in text and Qt.mightBeRichText(text)


def misread(window: QWidget) -> list[str]:
    """The texts of a window that Qt would take for markup though they come from outside."""
    labels = [
        label.text() for label in window.findChildren(QLabel)
        if label.textFormat() != Qt.TextFormat.PlainText and shows_markup(label.text())
    ]  # fmt: skip
    tips = [widget.toolTip() for widget in window.findChildren(QWidget)]
    items = [
        str(box.itemData(i, Qt.ItemDataRole.ToolTipRole) or "")
        for box in window.findChildren(QComboBox) for i in range(box.count())
    ]  # fmt: skip
    return labels + [tip for tip in tips + items if shows_markup(tip)]


def test_a_name_that_is_markup_is_shown_as_it_is(opened: MainWindow, noisy_file: Path, qtbot: QtBot) -> None:
    named = noisy_file.with_name(f"{MARKUP.replace('/', '')} {'long ' * 30}.wav")
    named.write_bytes(noisy_file.read_bytes())
    assert opened.open(named)
    opened.resize(900, 600)
    qtbot.waitUntil(lambda: "img" in opened.status.left.text())
    opened.grab()  # paints the status line, whose tip then says what there was no room for
    assert "img" in opened.status.left.toolTip()
    assert misread(opened) == []


def test_messages_are_plain(opened: MainWindow, qtbot: QtBot) -> None:
    assert not opened.open(f"{MARKUP}.wav")
    assert MARKUP in opened.message.label.text()
    opened.message.show_note(MARKUP)
    ask_whether(opened, MARKUP, lambda: None)
    (box,) = opened.findChildren(QMessageBox)
    assert box.textFormat() == Qt.TextFormat.PlainText
    assert misread(opened) == []
    box.reject()


def test_presets_describe_themselves_in_plain_text(opened: MainWindow) -> None:
    save_preset(PhaseAware(), "Mine", description=MARKUP)
    opened.presets.refresh()
    box = opened.side.presets
    tips = [str(box.itemData(i, Qt.ItemDataRole.ToolTipRole)) for i in range(box.count())]
    assert any("img" in tip for tip in tips)
    assert misread(opened) == []


def test_the_log_of_a_listening_test_may_lie_anywhere(
    opened: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, qtbot: QtBot
) -> None:
    monkeypatch.setattr(abx, "log_folder", lambda: tmp_path / MARKUP.replace("/", ""))
    qtbot.waitUntil(lambda: opened.session.renderer is not None and opened.session.renderer.done, timeout=20_000)
    opened.start_abx(AbxTest(1))
    answer(opened, "A")
    answer(opened, "A")
    assert "img" in opened.abx.help.text()
    assert misread(opened) == []


def test_every_label_says_whether_its_text_is_markup(opened: MainWindow) -> None:
    opened.start_abx()
    opened.abx.finish()
    opened.start_live()
    ours = [
        getattr(owner, name)
        for owner in (opened.views, opened.side.listening)
        for name in OUR_MARKUP
        if hasattr(owner, name)
    ]
    assert len(ours) == len(OUR_MARKUP)
    labels = opened.findChildren(QLabel)
    assert len(labels) > 10
    for label in labels:
        wanted = Qt.TextFormat.RichText if label in ours else Qt.TextFormat.PlainText
        assert label.textFormat() is wanted, label.text()


def test_recent_files_are_listed_by_their_names(window: MainWindow, tmp_path: Path) -> None:
    window.files.remember(tmp_path / "Bell & sons <b>.wav")
    (entry,) = window.files.recent.actions()
    assert entry.text().replace("&&", "&") == str(tmp_path / "Bell & sons <b>.wav")
    assert entry.text().count("&") == 2 * str(tmp_path / "Bell & sons").count("&")
