"""The window, row by row of its specification."""

from __future__ import annotations

import itertools
import random
import signal
from pathlib import Path

import numpy as np
import pytest
import soundfile
from phaseaware.engine import IdealMask, MaskModel
from phaseaware.gui import app
from phaseaware.gui.abx import AbxTest
from phaseaware.gui.controls import Controls
from phaseaware.gui.mixer import Version
from phaseaware.gui.pictures import Kind
from phaseaware.gui.scales import FrequencyScale
from phaseaware.gui.window import MainWindow
from PyQt6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PyQt6.QtGui import QDropEvent, QGuiApplication, QMouseEvent, QWheelEvent
from PyQt6.QtMultimedia import QAudioDevice
from PyQt6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.helpers import rendered, write_wav
from tests.gui.test_export import files_no_larger_than

K = Qt.Key


def press(
    qtbot: QtBot, window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    focus = QApplication.focusWidget()
    qtbot.keyClick(focus if focus is not None else window, key, modifier)


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
    for key, version in zip((K.Key_1, K.Key_2, K.Key_3, K.Key_4, K.Key_5), Version, strict=True):
        press(qtbot, opened, key)
        assert opened.session.heard is version
        assert opened.side.versions[version].isChecked()
    press(qtbot, opened, K.Key_X)
    assert opened.session.heard is Version.DELTA
    press(qtbot, opened, K.Key_X)
    assert opened.session.heard is Version.REMOVED
    press(qtbot, opened, K.Key_B)
    assert opened.session.heard is Version.NOISY
    assert opened.side.bypass.isChecked()
    press(qtbot, opened, K.Key_B)
    assert opened.session.heard is Version.REMOVED


def test_row_4_level_match_is_on_shown_and_offers_more_for_deltas(opened: MainWindow, qtbot: QtBot) -> None:
    opened.show_session()
    assert opened.side.match.isChecked()
    gain = opened.session.gain_db(Version.NOISY)
    assert gain < 0
    assert f"noisy −{-gain:.1f}" in opened.side.gains.text()
    assert f"−{-gain:.1f} dB" in opened.heard_label.text()
    press(qtbot, opened, K.Key_L)
    assert not opened.side.match.isChecked()
    assert "noisy 0.0" in opened.side.gains.text()
    for expected in (12, 24, 0):
        press(qtbot, opened, K.Key_G)
        assert opened.session.gain_db(Version.DELTA) == expected
        assert opened.side.delta_gain.currentData() == expected


def test_row_5_loop_by_ruler_and_keys(opened: MainWindow, qtbot: QtBot) -> None:
    opened.views.strip.ruler.dragged.emit(1.0, 0.5)
    assert opened.session.loop == (24_000, 48_000)
    assert opened.views.strip.loop.isVisible()
    assert opened.views.strip.loop.getRegion() == pytest.approx((0.5, 1.0))
    assert "0.50 – 1.00" in opened.loop_label.text()
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
    press(qtbot, opened, K.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert session.recording is not None
    assert session.position == session.recording.samples
    press(qtbot, opened, K.Key_Home)
    assert session.position == 0
    press(qtbot, opened, K.Key_End)
    assert session.position == session.recording.samples
    assert opened.views.strip.playhead.value() == pytest.approx(session.recording.duration)


def test_row_7_panes_stay_locked_and_f_fits(opened: MainWindow, qtbot: QtBot) -> None:
    opened.views.panes[Kind.REAL].box.setRange(xRange=(1, 2), yRange=(0.25, 0.5), padding=0)
    for layout in range(4):
        opened.side.layouts.setCurrentIndex(layout)
        for kind in opened.views.visible_kinds():
            time, height = opened.views.panes[kind].box.viewRange()
            assert time == pytest.approx((1, 2))
            assert height == pytest.approx((0.25, 0.5))
    opened.side.layouts.setCurrentIndex(0)
    assert opened.views.strip.box.viewRange()[0] == pytest.approx((1, 2))
    press(qtbot, opened, K.Key_F)
    assert opened.session.recording is not None
    assert opened.views.panes[Kind.NOISY].box.viewRange()[0] == pytest.approx((0, opened.session.recording.duration))
    opened.session.seek(72_000)
    press(qtbot, opened, K.Key_Plus)
    start, stop = opened.views.view[0]
    assert stop - start == pytest.approx(opened.session.recording.duration / 2)
    assert start < 1.5 < stop
    for _ in range(2):
        press(qtbot, opened, K.Key_PageDown)
    assert opened.views.view[0][1] == pytest.approx(opened.session.recording.duration)
    for _ in range(3):
        press(qtbot, opened, K.Key_PageUp)
    assert opened.views.view[0] == pytest.approx((0, stop - start))
    press(qtbot, opened, K.Key_Minus)
    assert opened.views.view[0] == pytest.approx((0, opened.session.recording.duration))


def drag(qtbot: QtBot, plot: QWidget, first: QPoint, last: QPoint) -> None:
    """Drag with the left button, in steps as a hand does."""
    qtbot.mousePress(plot, Qt.MouseButton.LeftButton, pos=first)
    for share in (0.2, 0.5, 0.8, 1.0):
        where = first + (last - first) * share
        event = QMouseEvent(
            QEvent.Type.MouseMove, QPointF(where), plot.mapToGlobal(QPointF(where)), Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        QApplication.sendEvent(plot, event)
    qtbot.mouseRelease(plot, Qt.MouseButton.LeftButton, pos=last)


def test_rows_5_to_7_with_the_mouse(opened: MainWindow, qtbot: QtBot) -> None:
    QApplication.processEvents()
    recording = opened.session.recording
    assert recording is not None
    strip = opened.views.strip
    box = strip.box.sceneBoundingRect()

    def at(seconds: float) -> int:
        return round(box.left() + seconds / recording.duration * box.width())

    ruler_y = round(strip.ruler.sceneBoundingRect().center().y())
    viewport = strip.plot.viewport()
    drag(qtbot, viewport, QPoint(at(0.5), ruler_y), QPoint(at(1.5), ruler_y))
    assert opened.session.loop is not None
    assert [edge / 48_000 for edge in opened.session.loop] == pytest.approx([0.5, 1.5], abs=0.02)
    opened.session.clear_loop()
    opened.show_session()
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=QPoint(at(2.0), round(box.center().y())))
    assert opened.session.position / 48_000 == pytest.approx(2.0, abs=0.02)

    pane = opened.views.panes[Kind.REAL]
    area = pane.box.sceneBoundingRect()
    middle = area.center()
    for delta, modifier in ((120, Qt.KeyboardModifier.NoModifier), (120, Qt.KeyboardModifier.ControlModifier)):
        before = opened.views.view
        wheel = QWheelEvent(
            middle, pane.plot.mapToGlobal(middle), QPoint(0, 0), QPoint(0, delta), Qt.MouseButton.NoButton, modifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(pane.plot.viewport(), wheel)
        after = opened.views.view
        zoomed = [b[1] - b[0] > a[1] - a[0] + 1e-9 for a, b in zip(after, before, strict=True)]
        assert zoomed == [modifier == Qt.KeyboardModifier.NoModifier, modifier != Qt.KeyboardModifier.NoModifier]
    opened.views.fit()
    quarter, most = QPoint(round(area.left() + area.width() / 4), round(area.top() + 5)), area.bottomRight().toPoint()
    drag(qtbot, pane.plot.viewport(), quarter, most - QPoint(round(area.width() / 4), 5))
    (start, stop), (low, high) = opened.views.view
    assert (start, stop) == pytest.approx((recording.duration / 4, recording.duration * 3 / 4), rel=0.03)
    assert 0 < low < high < 1
    assert opened.views.panes[Kind.NOISY].box.viewRange()[0] == pytest.approx((start, stop))


@pytest.mark.parametrize("scale", FrequencyScale)
def test_row_8_the_seam_is_at_6_khz_on_every_axis(opened: MainWindow, scale: FrequencyScale) -> None:
    opened.side.scale.setCurrentIndex(list(FrequencyScale).index(scale))
    pane = opened.views.panes[Kind.PHASE_AWARE]
    assert scale.hz(pane.seam.value()) == pytest.approx(6000)
    assert scale.height(scale.hz(0.3)) == pytest.approx(0.3)
    assert scale.hz(1) == pytest.approx(24_000)
    assert "6k" in [text for _, text in scale.ticks(0, 1, 4)]
    for low, high in ((0, 1), (0.4, 0.45), (0.9, 1.0)):
        assert len(scale.ticks(low, high, 6)) >= 1


@pytest.mark.parametrize("scale", FrequencyScale)
def test_row_8_a_tone_is_drawn_where_the_axis_says(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, scale: FrequencyScale
) -> None:
    x = 0.5 * np.sin(2 * np.pi * 3000 * np.arange(96_000) / 48_000)
    window.open(write_wav(tmp_path / "tone.wav", x.astype(np.float32)))
    rendered(window, qtbot)
    window.views.set_scale(scale)
    window.views.picture_now()
    image = window.views.panes[Kind.NOISY].image
    column = image.image[image.image.shape[0] // 2]
    rows = np.flatnonzero(column == column.max())
    rect = image.mapRectToParent(image.boundingRect())
    height = rect.top() + (rows.mean() + 0.5) / len(column) * rect.height()
    assert height == pytest.approx(float(scale.height(3000)), abs=0.75 * rect.height() / len(column))


def test_row_9_readout_tells_what_is_there(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, constant_model: MaskModel
) -> None:
    window.session.set_model(constant_model)  # A 0.5 + 0.25j: -5.05 dB, 26.6 degrees; B 0.5: -6.0 dB
    x = 0.5 * np.sin(2 * np.pi * 3000 * np.arange(96_000) / 48_000)
    window.open(write_wav(tmp_path / "tone.wav", x.astype(np.float32)))
    rendered(window, qtbot)
    window.views.panes[Kind.NOISY].pointed.emit(1.0, float(FrequencyScale.LINEAR.height(3000)))
    text = window.views.readout.text()
    for part in ("1.000 s", "3000 Hz", "noisy −6.0", "A −11.0", "B −12.0", "A −5.0 dB ∠ +27°", "B −6.0 dB"):
        assert part in text, part
    window.views.panes[Kind.NOISY].pointed.emit(float("nan"), float("nan"))
    assert "Hz" not in window.views.readout.text()


def test_row_10_colour_ranges_are_shared_centred_and_reset(opened: MainWindow, qtbot: QtBot) -> None:
    bar = opened.views.panes[Kind.NOISY].bar
    default = bar.range
    bar._set(-90, -10)
    assert opened.views.panes[Kind.REAL].bar.range == (-90, -10)
    assert opened.views.panes[Kind.SWIPE].bar.range == (-90, -10)
    qtbot.mouseDClick(bar, Qt.MouseButton.LeftButton)
    assert opened.views.panes[Kind.PHASE_AWARE].bar.range == default
    difference = opened.views.panes[Kind.DIFFERENCE]
    qtbot.mousePress(difference.bar, Qt.MouseButton.LeftButton, pos=difference.bar.rect().center())
    qtbot.mouseMove(difference.bar, difference.bar.rect().center() / 2)
    qtbot.mouseRelease(difference.bar, Qt.MouseButton.LeftButton)
    low, high = difference.bar.range
    assert low == -high


def test_row_11_masks_show_what_is_amplified_and_turned(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, rng: np.random.Generator
) -> None:
    speech = rng.standard_normal(96_000).astype(np.float32) / 20
    window.open(
        write_wav(tmp_path / "s.wav", speech), write_wav(tmp_path / "n.wav", -0.5 * speech)
    )  # X = S/2, so S/X = 2
    assert window.session.ideal is not None
    rendered(window, qtbot)
    window.side.layouts.setCurrentIndex(1)
    window.views.picture_now()
    assert set(window.views.visible_kinds()) == {Kind.MASK_MAGNITUDE, Kind.MASK_ROTATION, Kind.MASK_REAL}
    magnitude = window.views.panes[Kind.MASK_MAGNITUDE].image.image
    below_seam = magnitude[10:-10, 2 : magnitude.shape[1] // 5]
    assert np.median(below_seam) == round((6.0206 + 80) * 2 + 1)
    assert np.median(window.views.panes[Kind.MASK_REAL].image.image[10:-10]) == 161  # 0 dB
    rotation = window.views.panes[Kind.MASK_ROTATION].image.image
    assert rotation.shape[2] == 4
    assert np.median(rotation[10:-10, 2:50, 3]) == 255
    assert window.views.panes[Kind.MASK_MAGNITUDE].bar.range[0] == -window.views.panes[Kind.MASK_MAGNITUDE].bar.range[1]


def test_row_12_difference_and_swipe(opened: MainWindow) -> None:
    difference = opened.views.panes[Kind.DIFFERENCE].image.image
    a, b = (opened.views.panes[kind].image.image.astype(int) for kind in (Kind.PHASE_AWARE, Kind.REAL))
    loud = (a > 60) & (b > 60)
    np.testing.assert_array_equal(difference[loud].astype(int) - 128, np.clip(a - b, -127, 127)[loud])
    opened.side.layouts.setCurrentIndex(3)
    opened.views.picture_now()
    swipe = opened.views.panes[Kind.SWIPE]
    assert swipe._swipe is not None
    assert swipe._halves is not None
    for share in (0.25, 0.75):
        first, second = swipe._halves
        swipe._swipe.setValue(first.start + share * (first.stop - first.start))
        cut = round(share * len(first.image))
        np.testing.assert_array_equal(swipe.image.image[: cut - 1], first.image[: cut - 1])
        np.testing.assert_array_equal(swipe.image.image[cut + 1 :], second.image[cut + 1 :])


def test_row_13_drop_recent_and_export(opened: MainWindow, noisy_file: Path, tmp_path: Path, qtbot: QtBot) -> None:
    other = write_wav(tmp_path / "other.wav", np.zeros(48_000, np.float32) + 0.1)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(other))])
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    opened.dropEvent(event)
    assert opened.session.recording is not None
    assert opened.session.recording.path == other
    assert opened.menus.recent_paths() == [str(other), str(noisy_file)]
    assert [action.text() for action in opened.menus.recent.actions()] == [str(other), str(noisy_file)]
    opened.menus.recent.actions()[1].trigger()
    assert opened.session.recording.path == noisy_file
    rendered(opened, qtbot)
    targets = {version: tmp_path / f"out {version}.wav" for version in Version}
    opened.menus.exports.write(targets)
    qtbot.waitUntil(lambda: opened.menus.exports.share is None)
    assert "Exported to" in opened.message.label.text()
    assert all(soundfile.info(path).frames == soundfile.info(noisy_file).frames for path in targets.values())
    opened.menus.exports.save_picture(tmp_path / "picture.png")
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
    assert window.side.ideal_row.isVisible()
    window.side.ideal_a.setCurrentIndex(1)
    window.side.ideal_a.activated.emit(1)
    assert window.session.ideal is not None
    assert window.session.ideal.phase_aware is IdealMask.COMPLEX
    window.side.source.setCurrentIndex(1)
    window.side.source.activated.emit(1)
    assert window.session.ideal is None
    rendered(window, qtbot)


def test_row_14_abx_hides_everything_and_saves_a_log(opened: MainWindow, qtbot: QtBot) -> None:
    opened.session.set_level_match(False)
    opened.session.select(Version.DELTA)
    test = AbxTest(rng=random.Random(5))
    opened.start_abx(test)
    assert opened.session.level_match
    for hidden in (opened.views, opened.side, opened.meter):
        assert not hidden.isVisible()
    assert opened.heard_label.text() == ""
    for trial in range(1, 17):
        assert opened.abx.headline.text() == f"Trial {trial} of 16"
        press(qtbot, opened, K.Key_3)
        hears = opened.session.heard
        press(qtbot, opened, K.Key_2)
        assert opened.session.heard is Version.REAL
        press(qtbot, opened, K.Key_1)
        assert opened.session.heard is Version.PHASE_AWARE
        press(qtbot, opened, K.Key_A if hears is Version.PHASE_AWARE else K.Key_B)
    assert "16 of 16" in opened.abx.headline.text()
    assert "1.526e-05" in opened.abx.headline.text()
    assert opened.abx.log_path is not None
    assert "right: 16 of 16" in opened.abx.log_path.read_text(encoding="utf-8")
    opened.abx.leave.click()
    assert opened.session.version is Version.DELTA
    assert not opened.session.level_match
    assert opened.side.isVisible()


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
    opened.menus.take_preset(opened.side.presets.itemData(names.index("Gentle voice")))
    assert opened.session.controls == Controls(reduction_db=12, strength_high=0.8)
    opened.session.set_controls(Controls(reduction_db=7.5, mix=0.9))
    opened.menus.save_preset("Mine")
    opened.session.set_controls(Controls())
    names = [opened.side.presets.itemText(i) for i in range(opened.side.presets.count())]
    opened.menus.take_preset(opened.side.presets.itemData(names.index("Mine")))
    assert opened.session.controls == Controls(reduction_db=7.5, mix=0.9)
    opened.menus.save_preset("Mine")
    assert "Cannot save" in opened.message.label.text()
    broken = tmp_path / "broken.toml"
    broken.write_text("schema = 99")
    opened.menus.take_preset(str(broken))
    assert "Cannot load" in opened.message.label.text()
    assert opened.session.controls == Controls(reduction_db=7.5, mix=0.9)


def test_row_18_progress_pause_and_resume(opened: MainWindow, qtbot: QtBot) -> None:
    assert opened.session.renderer is not None
    opened.session.renderer.paused = True
    opened.session.set_controls(Controls(mix=0.3))
    opened._show_status()
    assert opened.progress.isVisible()
    assert opened.cancel_button.text() == "Resume"
    opened.cancel_button.click()
    rendered(opened, qtbot)
    opened._show_status()
    assert not opened.progress.isVisible()


def test_row_20_the_script_is_on_the_clipboard(opened: MainWindow, noisy_file: Path) -> None:
    opened.session.set_controls(Controls(reduction_db=15.0))
    opened.menus.copy.trigger()
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    compile(clipboard.text(), "script", "exec")
    assert "reduction_db=15.0" in clipboard.text()
    assert str(noisy_file) in clipboard.text()


def test_a_broken_file_is_reported_and_the_open_one_stays(opened: MainWindow, noisy_file: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.wav").write_bytes(b"RIFFnothing")
    assert not opened.open(tmp_path / "broken.wav")
    assert opened.message.isVisible()
    assert "broken.wav" in opened.message.label.text()
    assert opened.session.recording is not None
    assert opened.session.recording.path == noisy_file


def test_a_full_disk_on_export_is_reported(opened: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    with files_no_larger_than(100_000):
        opened.menus.exports.write({Version.PHASE_AWARE: folder / "a.wav"})
        qtbot.waitUntil(lambda: opened.menus.exports.share is None)
    assert "Nothing was written" in opened.message.label.text()
    assert not list(folder.iterdir())


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
    window.menus.copy_script()
    assert "open a recording" in window.message.label.text()
    assert not window.session.playing


@pytest.mark.parametrize("size", [(640, 360), (853, 480), (960, 540), (1280, 720)])
def test_on_a_small_screen_all_is_there(opened: MainWindow, size: tuple[int, int], qtbot: QtBot) -> None:
    """1280×720 and 1920×1080 pixels, scaled by 150 and 200 percent."""

    def fits() -> bool:  # what is shown for a moment only, such as a message, may need more
        opened.resize(*size)
        return (opened.width(), opened.height()) == size

    for layout in range(4):
        opened.side.layouts.setCurrentIndex(layout)
        QApplication.processEvents()
        qtbot.waitUntil(fits)
        panes = [opened.views.panes[kind] for kind in opened.views.visible_kinds()]
        assert all(pane.box.height() >= 20 for pane in panes)
        boxes = [pane.box for pane in panes[:4]]
        qtbot.waitUntil(lambda boxes=boxes: max(b.height() for b in boxes) - min(b.height() for b in boxes) <= 3)
        for pane in panes:
            assert pane.title.item.boundingRect().width() <= pane.box.width() or layout == 2
    row = [opened.play_button, opened.time_label, opened.heard_label, opened.loop_label, opened.meter]
    for left, right in itertools.pairwise(row):
        assert left.geometry().right() < right.geometry().left()
    assert opened.heard_label.width() >= opened.heard_label.sizeHint().width()
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
        opened.side.swap,
        opened.side.bypass,
        opened.play_button,
        opened.side.undo,
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


def test_no_widget_or_thread_is_left(history_model: MaskModel, noisy_file: Path, qtbot: QtBot) -> None:
    import threading

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


def test_no_sound_device_is_reported_and_the_window_goes_on(opened: MainWindow, qtbot: QtBot) -> None:
    opened.player.device = QAudioDevice()
    press(qtbot, opened, K.Key_Space)
    qtbot.waitUntil(opened.message.isVisible)
    assert "no sound device" in opened.message.label.text()
    assert not opened.session.playing
    assert opened.play_button.text() == "Play"
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
    (button,) = [b for b in window.start_page.findChildren(QPushButton) if "demo" in b.text()]
    button.click()
    assert window.session.recording is not None
    assert window.session.ideal is None
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
    assert app.main(["--model", str(tmp_path / "none.onnx")]) == 1
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
