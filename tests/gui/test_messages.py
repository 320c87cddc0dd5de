"""What comes from outside, such as a file's name, is shown as it is and never taken for HTML."""

from __future__ import annotations

from pathlib import Path

import pytest
from phaseaware.gui.panels import dialogs
from phaseaware.gui.panels.widgets import FittingLabel
from phaseaware.gui.window import MainWindow
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QTextDocument
from PyQt6.QtWidgets import QLabel, QMessageBox
from pytestqt.qtbot import QtBot

OUTSIDE = "<img src='x.png'><b>one</b> &lt; two & three"
OUR_HTML = ("readout", "gains")
"""Attributes that hold labels with colours of our own, of which nothing comes from outside."""


def shown(text: str) -> str:
    """What a person reads in a tool tip."""
    if not text.startswith("<"):
        return text
    document = QTextDocument()
    document.setHtml(text)
    return document.toPlainText()


def test_every_label_says_whether_its_text_is_html(opened: MainWindow) -> None:
    opened.start_abx()
    opened.abx.finish()
    opened.start_live()
    ours = [getattr(owner, name) for owner in (opened.views, opened.side) for name in OUR_HTML if hasattr(owner, name)]
    assert len(ours) == len(OUR_HTML)
    labels = opened.findChildren(QLabel)
    assert len(labels) > 10
    for label in labels:
        wanted = Qt.TextFormat.RichText if label in ours else Qt.TextFormat.PlainText
        assert label.textFormat() is wanted, label.text()


def test_a_name_that_looks_like_html_is_shown_as_it_is(window: MainWindow, tmp_path: Path) -> None:
    name = "<img src=x.png>.wav"
    assert not window.open(tmp_path / name)
    assert name in window.message.label.text()
    assert window.message.label.textFormat() is Qt.TextFormat.PlainText


def test_a_question_is_shown_as_it_is(window: MainWindow) -> None:
    dialogs.ask_whether(window, OUTSIDE, lambda: None)
    (box,) = window.findChildren(QMessageBox)
    assert box.text() == OUTSIDE
    assert box.textFormat() is Qt.TextFormat.PlainText
    box.reject()


@pytest.mark.parametrize("text", [OUTSIDE, "a < b", "R&D", "plain\nin two lines"])
def test_a_tool_tip_is_shown_as_it_is(text: str, qtbot: QtBot) -> None:
    label = FittingLabel()
    qtbot.addWidget(label)
    label.setToolTip(text)
    assert shown(label.toolTip()) == text
    label.setToolTip("")
    label.setText(text)
    label.resize(5, 20)
    label.show()
    label.grab()
    assert shown(label.toolTip()) == text


def test_recent_files_are_listed_by_their_names(window: MainWindow, tmp_path: Path) -> None:
    window.files.remember(tmp_path / "Bell & sons <b>.wav")
    (entry,) = window.files.recent.actions()
    assert entry.text().replace("&&", "&") == str(tmp_path / "Bell & sons <b>.wav")
    assert entry.text().count("&") == 2 * str(tmp_path / "Bell & sons").count("&")
