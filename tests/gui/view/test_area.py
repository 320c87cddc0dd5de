"""Rows 5 to 12 of the window's specification: what is shown, zoomed, read off and coloured."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from phaseaware.engine import MaskModel
from phaseaware.gui.model import pace
from phaseaware.gui.model.codes import LEVEL_CODES
from phaseaware.gui.view import FrequencyScale, Kind
from phaseaware.gui.view.theme import LUTS
from phaseaware.gui.window import MainWindow
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QMouseEvent, QWheelEvent
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.helpers import press, rendered, write_wav

K = Qt.Key


def drag(
    qtbot: QtBot,
    plot: QWidget,
    first: QPoint,
    last: QPoint,
    modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    """Drag with the left button, in steps as a hand does."""
    qtbot.mousePress(plot, Qt.MouseButton.LeftButton, modifier, first)
    for share in (0.2, 0.5, 0.8, 1.0):
        where = first + (last - first) * share
        event = QMouseEvent(
            QEvent.Type.MouseMove, QPointF(where), plot.mapToGlobal(QPointF(where)), Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton, modifier,
        )  # fmt: skip
        QApplication.sendEvent(plot, event)
    qtbot.mouseRelease(plot, Qt.MouseButton.LeftButton, modifier, last)


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
    for plot in (strip.plot, opened.views.panes[Kind.NOISY].plot):  # beside the waveform, on the numbers of an axis
        qtbot.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(20, plot.height() // 2))
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
    window.views.panes[Kind.NOISY].pointed.emit(1.0, float(window.views.scale.height(3000)))
    text = window.views.readout.text().replace("\u00a0", " ")
    for part in (
        "1.000 s",
        "3000 Hz",
        "noisy −6.0",
        "A −11.0",
        "B −12.0",
        "∠A/B",
        "mask A −5.0 dB ∠ +27°",
        "mask B −6.0 dB",
    ):
        assert part in text, part
    window.views.panes[Kind.NOISY].pointed.emit(float("nan"), float("nan"))
    assert window.views.readout.text() == ""


def test_row_10_colour_ranges_are_shared_centred_and_reset(opened: MainWindow, qtbot: QtBot) -> None:
    bar = opened.views.panes[Kind.NOISY].bar
    default = bar.range
    bar._set(-90, -10)
    assert opened.views.panes[Kind.REAL].bar.range == (-90, -10)
    assert opened.views.panes[Kind.SWIPE].bar.range == (-90, -10)
    qtbot.mouseDClick(bar, Qt.MouseButton.LeftButton)
    assert opened.views.panes[Kind.PHASE_AWARE].bar.range == default
    difference = opened.views.panes[Kind.LEVEL_DIFFERENCE]
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
    below_seam = magnitude[10:-10, 2 : magnitude.shape[1] // 2]
    assert np.median(below_seam) == round((6.0206 + 80) * 2 + 1)
    assert np.median(window.views.panes[Kind.MASK_REAL].image.image[10:-10]) == 161  # 0 dB
    rotation = window.views.panes[Kind.MASK_ROTATION].image.image
    assert rotation.shape[2] == 4
    assert np.median(rotation[10:-10, 2:50, 3]) == 255
    pane = window.views.panes[Kind.MASK_MAGNITUDE]
    low, high = pane.bar.range
    assert low < 0 < 6 <= high
    assert tuple(pane._look.ramp(low, high)[round(255 * -low / (high - low))]) == pytest.approx(
        LUTS["mask"][128], abs=4
    )


def test_rotation_colours_are_cyclic_and_tell_small_turns() -> None:
    colours = LUTS["rotation"].astype(int)
    at = {angle: colours[round((angle + 180) / 360 * 255)] for angle in (-180, -30, 0, 30, 180)}
    assert (at[-180] == at[180]).all()
    for angle in (-30, 30):
        assert np.linalg.norm(at[angle] - at[0]) > 100  # of 442 between black and white
    assert np.linalg.norm(at[30] - at[-30]) > 100


def test_row_12_difference_and_swipe(opened: MainWindow) -> None:
    opened.views.set_difference(Kind.LEVEL_DIFFERENCE)
    opened.views.picture_now()
    difference = opened.views.panes[Kind.LEVEL_DIFFERENCE].image.image
    a, b = (opened.views.panes[kind].image.image.astype(int) for kind in (Kind.PHASE_AWARE, Kind.REAL))
    floor = opened.views.panes[Kind.NOISY].bar.range[0]
    loud = np.maximum(a, b) > LEVEL_CODES.code(floor + 30)  # fainter ones are faded
    np.testing.assert_array_equal(difference[loud].astype(int) - 128, np.clip(a - b, -127, 127)[loud])
    opened.side.layouts.setCurrentIndex(3)
    opened.views.picture_now()
    swipe = opened.views.panes[Kind.SWIPE]
    assert swipe.swipe is not None
    for share in (0.25, 0.75):
        assert swipe.swipe._pair is not None
        first, second = swipe.swipe._pair
        swipe.swipe.line.setValue(first.start + share * (first.stop - first.start))
        cut = round(share * len(first.image))
        np.testing.assert_array_equal(swipe.image.image[: cut - 1], first.image[: cut - 1])
        np.testing.assert_array_equal(swipe.image.image[cut + 1 :], second.image[cut + 1 :])


def test_the_page_turns_for_the_playhead_but_not_back_from_where_one_looks(opened: MainWindow) -> None:
    views = opened.views
    views.set_view((0.0, 0.5), (0.0, 1.0))
    views.set_playhead(0.4, follow=True)
    assert views.view[0] == (0.0, 0.5)
    views.set_playhead(0.55, follow=True)
    start, stop = views.view[0]
    assert start <= 0.55 < stop
    views.set_view((1.0, 1.5), (0.0, 1.0))
    for seconds in (0.6, 0.7):
        views.set_playhead(seconds, follow=True)
        assert views.view[0] == (1.0, 1.5)


def test_moving_the_view_slows_the_work_behind_it_but_does_not_stop_it(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decoder and renderer report after each piece; they rest there while the view is being moved."""
    rendered(opened, qtbot)
    rests: list[float] = []
    clock = SimpleNamespace(now=time.monotonic() + 10, sleep=rests.append)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr(pace, "time", clock)
    opened.session._report()
    assert not rests
    opened.views.set_view((0.0, 0.5), (0.0, 1.0))
    opened.session._report()
    assert len(rests) == 1
    clock.now += 1
    opened.session._report()
    assert len(rests) == 1


def test_a_narrow_band_stays_in_view_on_another_axis(opened: MainWindow, qtbot: QtBot) -> None:
    views = opened.views
    views.set_scale(FrequencyScale.LOG)
    low, high = (float(FrequencyScale.LOG.height(hz)) for hz in (100, 300))
    views.set_view(views.view[0], (low, high))
    views.set_scale(FrequencyScale.LINEAR)
    (first, last) = views.view[1]
    shown = views.panes[Kind.NOISY].box.viewRange()[1]
    assert (first, last) == pytest.approx(tuple(shown), abs=1e-6)
    assert FrequencyScale.LINEAR.hz(first) <= 100
    assert FrequencyScale.LINEAR.hz(last) >= 300


def test_pictures_are_made_anew_for_a_larger_window(opened: MainWindow, qtbot: QtBot) -> None:
    opened.resize(900, 650)
    pane = opened.views.panes[Kind.NOISY]
    qtbot.waitUntil(lambda: pane.image.image.shape[1] == opened.views._wanted_view().rows)
    rows = pane.image.image.shape[1]
    opened.resize(900, 1000)
    qtbot.waitUntil(lambda: pane.image.image.shape[1] > 1.5 * rows)


def test_all_channels_are_shown(window: MainWindow, tmp_path: Path, qtbot: QtBot, rng: np.random.Generator) -> None:
    x = np.zeros((48_000, 2), np.float32)
    x[:, 1] = rng.standard_normal(48_000) / 20
    speech, noise = write_wav(tmp_path / "s.wav", x), write_wav(tmp_path / "n.wav", -0.5 * x)
    window.open(speech, noise)  # S/X is 2 on the right, and nothing on the left
    rendered(window, qtbot)
    window.side.layouts.setCurrentIndex(1)
    window.views.set_view((0.4, 0.5), (0, 1))
    window.views.picture_now()
    magnitude = window.views.panes[Kind.MASK_MAGNITUDE].image.image
    assert np.median(magnitude[:, 2 : magnitude.shape[1] // 5]) == round((6.0206 + 80) * 2 + 1)
    _, y = window.views.strip.curve.getData()
    assert y.max() == pytest.approx(x[19_200:24_001].max() / 2)
    assert y.min() == pytest.approx(x[19_200:24_001].min() / 2)
