"""Everything by keyboard: keys that do not collide, are explained, and a focus that goes from top to bottom."""

from __future__ import annotations

from itertools import pairwise

import pytest
from phaseaware.engine.versions import Version
from phaseaware.gui.action import OUTPUT, RECENT
from phaseaware.gui.actions import ACTIONS, help_rows
from phaseaware.gui.view import Kind
from phaseaware.gui.window import MainWindow
from PyQt6.QtCore import QEvent, QPoint, Qt
from PyQt6.QtGui import QAction, QKeyEvent, QKeySequence
from PyQt6.QtWidgets import QApplication, QComboBox, QDialog, QLabel, QSlider, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.helpers import press

K = Qt.Key
PLAIN, SHIFT, CONTROL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)
NAMES = {
    K.Key_Left: "←", K.Key_Right: "→", K.Key_Minus: "−", K.Key_Underscore: "−", K.Key_Equal: "+",
    K.Key_PageUp: "Page Up", K.Key_PageDown: "Page Down", K.Key_Escape: "Esc",
}  # fmt: skip


def test_no_key_stands_for_two_things(opened: MainWindow) -> None:
    menu = [
        sequence.toString()
        for action in opened.findChildren(QAction)
        for sequence in action.shortcuts()
        if not sequence.isEmpty()
    ]
    assert len(menu) == len(set(menu)) > 10
    keys = opened.keys
    plain = {QKeySequence(key).toString() for key in keys.actions(PLAIN)}
    control = {QKeySequence(key | CONTROL.value).toString() for key in keys.actions(CONTROL)}
    assert not (plain | control) & set(menu)
    assert keys.actions(SHIFT).keys() == keys.actions(PLAIN).keys()
    bar = opened.menuBar()
    assert bar is not None
    for group in [[action.text() for action in bar.actions()], *opened.menus.texts()]:
        mnemonics = [text[text.index("&") + 1].lower() for text in group if "&" in text]
        assert len(mnemonics) == len(set(mnemonics)) > 0, group


def test_every_action_has_its_handler_and_its_name_once(window: MainWindow) -> None:
    names = [action.name for action in ACTIONS]
    assert len(names) == len(set(names))
    assert window._handlers.keys() | {RECENT, OUTPUT} == set(names)


def test_every_key_is_explained(opened: MainWindow, qtbot: QtBot) -> None:
    explained = {key for _, rows in help_rows() for keys, _ in rows for key in keys.replace("Page ", "Page_").split()}
    explained = {key.replace("_", " ") for key in explained}
    for key in opened.keys.actions(PLAIN):
        name = NAMES.get(K(key), QKeySequence(key).toString())
        assert name in explained, name
    for action in opened.findChildren(QAction):
        shortcut = action.shortcut().toString()
        assert shortcut in explained | {"", "F1", "Ctrl+Q"}, shortcut
    qtbot.keyClick(opened, K.Key_F1)
    (dialog,) = (d for d in opened.findChildren(QDialog) if d.isVisible())
    shown = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert all(title.upper() in shown for title, _ in help_rows())
    dialog.reject()


def test_what_is_heard_has_the_focus_when_a_file_is_opened(opened: MainWindow) -> None:
    assert opened.side.versions[Version.NOISY].hasFocus()


def test_the_frequency_axis_is_zoomed_and_moved(opened: MainWindow, qtbot: QtBot) -> None:
    time = opened.views.view[0]
    press(qtbot, opened, K.Key_Plus, CONTROL)
    assert opened.views.view == (time, pytest.approx((0.25, 0.75)))
    press(qtbot, opened, K.Key_PageDown, CONTROL)
    assert opened.views.view == (time, pytest.approx((0, 0.5)))
    press(qtbot, opened, K.Key_PageUp, CONTROL)
    assert opened.views.view == (time, pytest.approx((0.25, 0.75)))
    opened.views.panes[Kind.NOISY].pointed.emit(1.0, 0.3)
    press(qtbot, opened, K.Key_Equal, CONTROL)  # at the pointer
    low, high = opened.views.view[1]
    assert high - low == pytest.approx(0.25)
    assert (0.3 - low) / (high - low) == pytest.approx((0.3 - 0.25) / 0.5)
    for _ in range(10):
        press(qtbot, opened, K.Key_Plus, CONTROL)
    assert opened.views.view[1][1] - opened.views.view[1][0] == pytest.approx(0.02)
    assert opened.views.panes[Kind.REAL].box.viewRange()[1] == pytest.approx(opened.views.view[1])
    for _ in range(10):
        press(qtbot, opened, K.Key_Minus, CONTROL)
    assert opened.views.view == (time, pytest.approx((0, 1)))


def test_the_swipe_line_is_moved(opened: MainWindow, qtbot: QtBot) -> None:
    opened.side.layouts.setCurrentIndex(3)
    opened.views.picture_now()
    swipe = opened.views.panes[Kind.SWIPE]
    assert swipe.swipe is not None
    line = swipe.swipe.line
    (start, stop), _ = swipe.box.viewRange()
    before = line.value()
    press(qtbot, opened, K.Key_Period)
    assert line.value() == pytest.approx(before + 0.02 * (stop - start))
    press(qtbot, opened, K.Key_Comma)
    assert line.value() == pytest.approx(before)
    for _ in range(60):
        press(qtbot, opened, K.Key_Comma)
    assert line.value() == pytest.approx(start)


def test_colour_ranges_are_changed(opened: MainWindow, qtbot: QtBot) -> None:
    panes = opened.views.panes
    opened.views.set_difference(Kind.LEVEL_DIFFERENCE)
    noisy, difference = panes[Kind.NOISY].bar, panes[Kind.LEVEL_DIFFERENCE].bar
    low, high = noisy.range
    position = opened.session.position
    press(qtbot, opened, K.Key_C)
    assert noisy.hasFocus()
    press(qtbot, opened, K.Key_Up)
    assert noisy.range == (low + 3, high + 3)
    press(qtbot, opened, K.Key_Down, SHIFT)
    assert noisy.range == (low + 3, high)
    press(qtbot, opened, K.Key_Down, CONTROL)
    assert noisy.range == (low, high)
    press(qtbot, opened, K.Key_Down)
    assert panes[Kind.REAL].bar.range == (low - 3, high - 3)
    press(qtbot, opened, K.Key_Delete)
    assert panes[Kind.REAL].bar.range == noisy.range == (low, high)
    for _ in range(3):
        press(qtbot, opened, K.Key_C)
    assert difference.hasFocus()
    press(qtbot, opened, K.Key_Down)
    assert difference.range == (-21, 21)
    press(qtbot, opened, K.Key_C)
    assert noisy.hasFocus()
    assert opened.session.position == position
    opened.side.layouts.setCurrentIndex(1)
    press(qtbot, opened, K.Key_C)
    assert panes[Kind.MASK_MAGNITUDE].bar.hasFocus()
    press(qtbot, opened, K.Key_C)
    assert panes[Kind.MASK_REAL].bar.hasFocus()  # an angle has no range to choose


def stops(window: MainWindow, first: QWidget) -> list[QWidget]:
    """What Tab goes to, one after the other, until it comes back."""
    first.setFocus()
    seen: list[QWidget] = []
    while (focus := QApplication.focusWidget()) is not None and focus not in seen:
        seen.append(focus)
        window.focusNextChild()
    assert focus is first
    return seen


def test_tab_goes_through_the_window_from_top_to_bottom(opened: MainWindow) -> None:
    opened.message.show_message("Something to close")
    order = stops(opened, opened.message.close_button)
    bars = [opened.views.panes[kind].bar for kind in opened.views.visible_kinds()]
    assert order[1 : 1 + len(bars)] == bars
    side = [widget for widget in order if opened.side.isAncestorOf(widget)]
    assert order[1 + len(bars) : 1 + len(bars) + len(side)] == side
    assert order[1 + len(bars) + len(side)] is opened.transport.play_button
    places = [widget.mapTo(opened.side, QPoint(0, widget.height() // 2)) for widget in side]
    rows = [round(place.y() / 8) for place in places]  # what stands side by side differs by a pixel or two
    assert rows == sorted(rows)
    assert all(a.x() < b.x() for a, b in pairwise(places) if abs(a.y() - b.y()) < 8)
    wanted = [w for kind in (QComboBox, QSlider) for w in opened.side.findChildren(kind) if w.isVisible()]
    assert set(wanted) <= set(side)
    assert {button for button in opened.side.versions.values() if button.isEnabled()} <= set(side)


def test_tab_stays_in_the_blind_test(opened: MainWindow) -> None:
    opened.start_abx()
    opened.abx.add_heard(48_000)
    order = [widget for widget in stops(opened, opened.abx.hear["A"]) if opened.abx.isAncestorOf(widget)]
    assert order == [*opened.abx.hear.values(), *opened.abx.say.values(), opened.abx.leave]
    opened.abx.finish()


def test_a_held_key_moves_on_but_switches_once(opened: MainWindow) -> None:
    def held(key: Qt.Key) -> bool:
        return opened.keys.handle(QKeyEvent(QEvent.Type.KeyPress, key, PLAIN, "", True))

    for key in (K.Key_Space, K.Key_B, K.Key_2, K.Key_L, K.Key_V):
        assert held(key)  # taken, so that a button with the focus does not get it either
    session = opened.session
    assert not session.playing
    assert not session.bypass
    assert session.version is Version.NOISY
    assert session.level_match
    assert opened.views.layout_index == 0
    for seconds in (1, 2):
        assert held(K.Key_Right)
        assert session.position == seconds * 48_000
    assert not held(K.Key_Tab)
