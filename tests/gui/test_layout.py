"""On screens of all sizes: nothing is cut off, and everything can be reached."""

from __future__ import annotations

import itertools

import pytest
from phaseaware.engine.versions import Version
from phaseaware.gui.panels.widgets import FittingLabel
from phaseaware.gui.view import LAYOUTS
from phaseaware.gui.window import MainWindow
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot


@pytest.mark.parametrize("size", [(640, 360), (853, 480), (960, 540), (1280, 720)])
def test_on_a_small_screen_all_is_there(opened: MainWindow, size: tuple[int, int], qtbot: QtBot) -> None:
    """1280×720 and 1920×1080 pixels, scaled by 150 and 200 percent."""

    def fits() -> bool:  # what is shown for a moment only, such as a message, may need more
        opened.resize(*size)
        return (opened.width(), opened.height()) == size

    opened.session.select(Version.REMOVED)  # all that can be told below
    opened.session.toggle_bypass()
    opened.session.set_loop(4800, 96_000)
    opened.show_session()
    for layout in range(len(LAYOUTS)):
        opened.side.layouts.setCurrentIndex(layout)
        QApplication.processEvents()
        qtbot.waitUntil(fits)
        panes = [opened.views.panes[kind] for kind in opened.views.visible_kinds()]
        assert all(pane.box.height() >= 20 for pane in panes)
        boxes = [pane.box for pane in panes[:4]]
        qtbot.waitUntil(lambda boxes=boxes: max(b.height() for b in boxes) - min(b.height() for b in boxes) <= 3)
        for pane in panes:
            assert pane.title.item.boundingRect().width() <= pane.box.width()
    row = [
        opened.transport.play_button,
        opened.transport.time_label,
        opened.transport.heard_label,
        opened.transport.loop_label,
        opened.transport.meter,
    ]
    for left, right in itertools.pairwise(row):
        assert left.geometry().right() < right.geometry().left()
    for label in (opened.transport.time_label, opened.transport.heard_label, opened.status.right):
        assert label.width() >= label.minimumSizeHint().width() > 0
    assert row[-1].geometry().right() <= size[0]
    viewport = opened._side_scroll.viewport()
    assert viewport is not None
    assert opened.side.width() <= viewport.width()


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_nothing_is_cut_off(opened: MainWindow, size: tuple[int, int]) -> None:
    opened.resize(*size)
    QApplication.processEvents()
    assert (opened.width(), opened.height()) == size
    assert opened._side_scroll.viewport() is not None
    assert opened.side.height() <= opened._side_scroll.viewport().height()  # type: ignore[union-attr]
    for button in [
        *opened.side.versions.values(),
        opened.side.listening.swap,
        opened.side.listening.bypass,
        opened.transport.play_button,
        opened.side.reduction.undo,
    ]:
        needed = button.fontMetrics().horizontalAdvance(button.text())
        assert needed + 22 <= button.width(), button.text()  # 22: frame and padding of the style sheet
    for kind in opened.views.visible_kinds():
        assert opened.views.panes[kind].height() >= 90


def test_every_control_can_be_reached_by_tab_and_says_what_it_is(opened: MainWindow) -> None:
    from PyQt6.QtWidgets import QAbstractButton, QComboBox, QSlider

    for kind in (QAbstractButton, QComboBox, QSlider):
        for widget in opened.side.findChildren(kind):
            assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
            assert widget.toolTip(), widget
            assert getattr(widget, "text", lambda: "")() or widget.accessibleName(), widget


def test_a_message_does_not_push_the_window_beyond_a_small_screen(opened: MainWindow, qtbot: QtBot) -> None:
    opened.resize(640, 360)
    opened.message.show_message("Cannot open: broken.wav: not an audio file that can be read (Format not recognised)")
    QApplication.processEvents()
    assert (opened.width(), opened.height()) == (640, 360)
    opened.resize(1280, 720)
    QApplication.processEvents()
    opened.message.show_message("Short")
    assert opened.message.height() < 3 * opened.message.fontMetrics().height()  # no higher than its line needs


def test_what_does_not_fit_is_told_shorter_or_in_the_tool_tip(qtbot: QtBot) -> None:
    label = FittingLabel()
    qtbot.addWidget(label)
    label.setToolTip("What is heard")
    label.set_texts("Real mask  −3.0 dB", "B  −3.0 dB")
    assert label.minimumSizeHint().width() == label.fontMetrics().horizontalAdvance("B  −3.0 dB")
    label.show()
    for width, tip in ((400, "What is heard"), (90, "Real mask  −3.0 dB\nWhat is heard")):
        label.setFixedWidth(width)
        label.grab()
        assert label.toolTip() == tip


def test_the_pages_need_no_more_than_a_small_screen_has(opened: MainWindow) -> None:
    beside = 640 - opened._side_scroll.width() - 20
    assert opened.live.minimumSizeHint().width() <= beside
    assert opened.start_page.minimumSizeHint().width() <= beside
    assert opened.abx.minimumSizeHint().width() <= 620  # the listening test has the window for itself
