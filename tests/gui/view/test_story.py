"""Rows 12, 22 to 25, 28 and 29: what the pictures tell, and how they are tied to what is heard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from phaseaware.engine import MaskModel
from phaseaware.engine.versions import Version
from phaseaware.gui.model import Band, Channels
from phaseaware.gui.model.codes import ANGLE_CODES, LEVEL_CODES
from phaseaware.gui.model.mixer import read_version
from phaseaware.gui.model.spectra import FRAME_LENGTHS, WINDOWS, SpectrumSettings
from phaseaware.gui.view import FrequencyScale, Kind
from phaseaware.gui.view.axes import AXIS_WIDTH
from phaseaware.gui.view.kinds import DIFFERENCES, VERSION_OF
from phaseaware.gui.view.looks import LOOKS
from phaseaware.gui.view.overview import OverviewBar
from phaseaware.gui.view.theme import BACKGROUND_RGB, COLOURS, LUTS
from phaseaware.gui.window import MainWindow
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests import fakes
from tests.gui.helpers import picture, press, rendered, write_wav
from tests.gui.view.test_area import drag

K = Qt.Key


def test_row_12_picture_1d_is_the_spectrogram_of_the_signal(opened: MainWindow) -> None:
    """The level of A - B where A and B differ in phase only, which no ratio of magnitudes shows."""
    session = opened.session
    assert session.recording is not None
    assert session.renderer is not None
    slot = session.renderer.newest
    x = read_version(Version.DELTA, "phase-aware", session.recording, slot, 0, session.recording.samples)[:, 0]
    column = 100
    frame = x[column * 512 - 512 : column * 512 + 512] * np.hanning(1025)[:-1]
    level = 20 * np.log10(np.maximum(2 * np.abs(np.fft.rfft(frame)) / np.hanning(1025)[:-1].sum(), 1e-10))
    codes = session.renderer.pictures.pair.delta.read(column, column + 1, 1)[0][0, :, 0]
    np.testing.assert_allclose(codes, np.clip(np.rint(LEVEL_CODES.code(0) + 2 * level), 1, 255), atol=1.01)
    assert opened.views.visible_kinds()[3] is Kind.DELTA
    assert opened.views.panes[Kind.DELTA].bar.range == opened.views.panes[Kind.NOISY].bar.range


def test_a_rotation_is_seen_in_the_signal_and_in_the_phase_not_in_the_level(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, model_folder: Path
) -> None:
    turned = fakes.constant_model(tmp_path / "turned.onnx", masks={"mask_phase_aware": 0.5j, "mask_real": 0.5})
    window.session.set_model(MaskModel(turned))
    x = 0.5 * np.sin(2 * np.pi * 3000 * np.arange(96_000) / 48_000)
    window.open(write_wav(tmp_path / "tone.wav", x.astype(np.float32)))
    rendered(window, qtbot)
    views = window.views
    row = round(float(views.scale.height(3000)) * views._wanted_view().rows)
    assert LEVEL_CODES.value(picture(window, Kind.DELTA)[100, row - 3 : row + 4].max()) == pytest.approx(-9, abs=1)
    views.set_difference(Kind.LEVEL_DIFFERENCE)
    assert abs(int(picture(window, Kind.LEVEL_DIFFERENCE)[100, row]) - 128) <= 1
    views.set_difference(Kind.PHASE_DIFFERENCE)
    image = picture(window, Kind.PHASE_DIFFERENCE)
    quarter = LUTS["rotation"][round(ANGLE_CODES.code(90))]
    assert np.abs(image[100, row - 3 : row + 4, :3].astype(int) - quarter).sum(axis=1).min() <= 12
    quiet = image[100, round(float(views.scale.height(15_000)) * image.shape[1])]
    np.testing.assert_allclose(quiet[:3], BACKGROUND_RGB, atol=2)  # nobody hears it
    assert quiet[3] == 255
    text = views.shares.text()
    assert "100.0 % of its power lies below" in text
    assert "−9.0 dB below 6 kHz" in text


@pytest.mark.parametrize("kind", Kind)
def test_what_is_not_known_is_transparent_and_all_else_is_not(kind: Kind) -> None:
    look = LOOKS[kind]
    colours = look.colours(*look.default)
    assert colours[0, 3] == 0
    assert (colours[1:, 3] == 255).all()
    np.testing.assert_array_equal(
        look.ramp(*look.default)[0], colours[max(1, round(look.codes.code(look.default[0]))), :3]
    )


def test_row_28_what_is_not_rendered_is_hatched(window: MainWindow, noisy_file: Path, qtbot: QtBot) -> None:
    window.open(noisy_file)
    assert window.session.renderer is not None
    rendered(window, qtbot)
    picture(window, Kind.PHASE_AWARE)
    assert not window.views.panes[Kind.PHASE_AWARE].box.background.isVisible()  # all of it is known: nothing is seen
    pyramid = window.session.renderer.pictures.pair.a
    pyramid.write(100, np.zeros((50, 513, 1), np.uint8))
    image = picture(window, Kind.PHASE_AWARE)
    middle = round(125 * 512 / 48_000 / window.session.recording.duration * len(image))  # type: ignore[union-attr]
    assert (image[middle] == 0).all()
    box = window.views.panes[Kind.PHASE_AWARE].box
    assert box.background.isVisible()
    assert box.background.brush().style() is Qt.BrushStyle.BDiagPattern


def test_the_share_of_what_is_in_view_is_told_once_all_of_it_is_rendered(opened: MainWindow) -> None:
    renderer, views = opened.session.renderer, opened.views
    assert renderer is not None
    views._show_shares()
    assert "below 6 kHz" in views.shares.text()
    renderer.newest.coverage.clear()
    renderer.newest.coverage.add(0, 48_000)
    views._show_shares()
    assert views.shares.text() == ""
    views.set_view((0.0, 1.0), (0.0, 1.0))
    assert "below 6 kHz" in views.shares.text()


@pytest.mark.parametrize("length", FRAME_LENGTHS)
def test_frames_and_windows_of_the_pictures_are_chosen(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, length: int
) -> None:
    x = 0.5 * np.sin(2 * np.pi * 3000 * np.arange(96_000) / 48_000)
    window.open(write_wav(tmp_path / "tone.wav", x.astype(np.float32)))
    rendered(window, qtbot)
    viewing = window.side.viewing
    for index, name in enumerate(WINDOWS):
        viewing.frame.setCurrentIndex(FRAME_LENGTHS.index(length))
        viewing.window_kind.setCurrentIndex(index)
        assert window.views.spectrum == SpectrumSettings(frame_length=length, window=name)
        image = picture(window, Kind.NOISY)
        column = image[len(image) // 2]
        assert LEVEL_CODES.value(int(column.max())) == pytest.approx(-6, abs=3.5 if name == "boxcar" else 1.5)
        top = np.flatnonzero(column == column.max()).mean() / len(column)
        assert window.views.scale.hz(top) == pytest.approx(3000, rel=0.1)


def test_row_29_left_right_and_mid_are_shown(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, rng: np.random.Generator
) -> None:
    x = np.zeros((96_000, 2), np.float32)
    x[:, 0] = 0.1 * rng.standard_normal(96_000)
    window.open(write_wav(tmp_path / "left.wav", x))
    rendered(window, qtbot)
    listening = window.side.listening
    assert listening.channels.isVisible()
    medians = {}
    for index, channels in enumerate(Channels):
        listening.channels.setCurrentIndex(index)
        listening.channels.activated.emit(index)
        assert window.session.channels is channels
        image = picture(window, Kind.NOISY)
        medians[channels] = LEVEL_CODES.value(float(np.median(image[10:-10])))
    assert medians[Channels.RIGHT] == LEVEL_CODES.lowest
    assert medians[Channels.LEFT] - medians[Channels.ALL] == pytest.approx(3, abs=1)
    assert medians[Channels.LEFT] - medians[Channels.MID] == pytest.approx(6, abs=1)


def test_row_29_f_fits_to_the_file_s_nyquist_and_z_to_6_khz(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, rng: np.random.Generator
) -> None:
    window.open(write_wav(tmp_path / "x.wav", (0.1 * rng.standard_normal(32_000)).astype(np.float32), 16_000))
    rendered(window, qtbot)
    scale = window.views.scale
    assert scale is FrequencyScale.MEL
    assert scale.hz(window.views.view[1][1]) == pytest.approx(8000)
    press(qtbot, window, K.Key_Z)
    assert scale.hz(window.views.view[1]) == pytest.approx([0, 6000])
    press(qtbot, window, K.Key_Z)
    assert scale.hz(window.views.view[1][1]) == pytest.approx(8000)
    press(qtbot, window, K.Key_Plus)
    press(qtbot, window, K.Key_F)
    assert scale.hz(window.views.view[1]) == pytest.approx([0, 8000])


def test_row_23_the_pane_that_is_heard_is_lit_and_a_title_plays_its(ideal: MainWindow, qtbot: QtBot) -> None:
    views = ideal.views
    assert Kind.CLEAN in views.visible_kinds()
    for kind in views.visible_kinds():
        pane = views.panes[kind]
        QApplication.processEvents()
        title = pane.title.mapRectToScene(pane.title.item.mapRectToParent(pane.title.item.boundingRect()))
        QTest.mouseClick(pane.plot.viewport(), Qt.MouseButton.LeftButton, pos=title.center().toPoint())
        heard = VERSION_OF[kind]
        assert ideal.session.heard is heard
        assert [k for k in views.visible_kinds() if views.panes[k].is_heard] == [kind]
        assert "♪" in pane.title.text
        assert views.strip.curve.opts["pen"].color().name() == COLOURS[heard]
        assert views.waveform is not None
        assert views.waveform.version is heard
    assert "IDEAL" in views.panes[Kind.PHASE_AWARE].title.text
    assert "IDEAL" not in views.panes[Kind.CLEAN].title.text
    assert "IDEAL" in ideal.side.versions[Version.REAL].text()
    ideal.session.set_ideal(None)
    ideal.show_session()
    assert "IDEAL" not in views.panes[Kind.PHASE_AWARE].title.text + ideal.side.versions[Version.REAL].text()


def test_row_23_the_strip_shows_what_is_heard(opened: MainWindow) -> None:
    session = opened.session
    assert session.recording is not None
    session.set_level_match(False)
    for version in (Version.NOISY, Version.PHASE_AWARE, Version.REAL, Version.DELTA, Version.REMOVED):
        session.select(version)
        opened.show_session()
        _, y = opened.views.strip.curve.getData()
        slot = session.renderer.newest  # type: ignore[union-attr]
        x = read_version(version, session.output, session.recording, slot, 0, session.recording.samples)
        assert (y.min(), y.max()) == pytest.approx((x.min(), x.max()), abs=1e-6)


def test_row_24_the_loop_is_shown_and_dragged_in_every_pane(opened: MainWindow) -> None:
    opened.session.set_loop(48_000, 96_000)
    opened.show_session()
    for kind in opened.views.visible_kinds():
        assert opened.views.panes[kind].loop.isVisible()
        assert tuple(opened.views.panes[kind].loop.getRegion()) == (1.0, 2.0)
    region = opened.views.panes[Kind.REAL].loop
    region.lines[0].setValue(0.5)
    region.sigRegionChangeFinished.emit(region)
    assert opened.session.loop == (24_000, 96_000)
    assert tuple(opened.views.panes[Kind.NOISY].loop.getRegion()) == (0.5, 2.0)
    opened.session.clear_loop()
    opened.show_session()
    assert not opened.views.panes[Kind.REAL].loop.isVisible()


def test_row_24_a_brushed_rectangle_alone_is_heard(opened: MainWindow, qtbot: QtBot) -> None:
    QApplication.processEvents()
    pane = opened.views.panes[Kind.REAL]
    area = pane.box.sceneBoundingRect()
    first = QPoint(round(area.left() + area.width() / 4), round(area.top() + area.height() * 0.3))
    last = QPoint(round(area.left() + area.width() / 2), round(area.top() + area.height() * 0.6))
    drag(qtbot, pane.plot.viewport(), first, last, Qt.KeyboardModifier.ShiftModifier)
    session = opened.session
    assert session.recording is not None
    assert session.loop is not None
    assert [edge / session.recording.samples for edge in session.loop] == pytest.approx([0.25, 0.5], abs=0.02)
    assert session.band is not None
    heights = opened.views.scale.height([session.band.low, session.band.high])
    assert heights == pytest.approx([0.4, 0.7], abs=0.05)
    assert all(opened.views.panes[kind].band.isVisible() for kind in opened.views.visible_kinds())
    opened.message.hide()
    press(qtbot, opened, K.Key_Escape)
    assert session.band is None
    assert session.loop is None


def test_row_24_the_overview_moves_the_view(opened: MainWindow) -> None:
    recording = opened.session.recording
    assert recording is not None
    opened.views.set_view((0.0, 1.0), (0, 1))
    opened.views.overview.centred.emit(0.5)
    start, stop = opened.views.view[0]
    assert (start + stop) / 2 == pytest.approx(recording.duration / 2)
    assert stop - start == pytest.approx(1.0)
    opened.views.overview.centred.emit(1.0)
    assert opened.views.view[0][1] == pytest.approx(recording.duration)


def test_the_outline_of_the_overview_is_that_of_the_latest_sound_and_width(qtbot: QtBot) -> None:
    overview = OverviewBar()
    qtbot.addWidget(overview)

    def columns() -> set[int]:
        """Where the outline is."""
        image = overview.grab().toImage()
        return {x for x in range(image.width()) if image.pixelColor(x, 3).name() == "#ff0000"}

    for width, sounding in ((400, [1, 0, 0, 0]), (400, [0, 0, 0, 1]), (800, [0, 0, 0, 1])):
        overview.resize(width, overview.height())
        if width == 400:
            overview.set_outline(np.outer(sounding, [-1.0, 1.0]), "#ff0000")
        quarter = np.arange(overview.columns) * 4 // overview.columns == sounding.index(1)
        assert columns() == {AXIS_WIDTH + int(x) for x in np.flatnonzero(quarter)} - {AXIS_WIDTH}  # the playhead's


def test_row_22_the_cross_hair_is_in_all_panes(opened: MainWindow) -> None:
    opened.views.panes[Kind.NOISY].pointed.emit(1.25, 0.4)
    for kind in opened.views.visible_kinds():
        assert opened.views.panes[kind].cross_hair.place == (1.25, 0.4)
    opened.views.panes[Kind.NOISY].pointed.emit(float("nan"), float("nan"))
    assert all(opened.views.panes[kind].cross_hair.place is None for kind in opened.views.visible_kinds())


def test_ranges_are_fitted_until_they_are_chosen(opened: MainWindow, qtbot: QtBot) -> None:
    bar = opened.views.panes[Kind.NOISY].bar
    fitted = bar.range
    assert bar.is_fitted
    bar._set(-90, -10)
    opened.views.picture_now()
    assert opened.views.panes[Kind.REAL].bar.range == (-90, -10)
    qtbot.mouseDClick(bar, Qt.MouseButton.LeftButton)
    opened.views.picture_now()
    assert opened.views.panes[Kind.REAL].bar.range == bar.range == fitted


def test_every_difference_has_its_own_scale_and_is_heard_as_delta() -> None:
    assert DIFFERENCES[0] is Kind.DELTA
    assert {VERSION_OF[kind] for kind in DIFFERENCES} == {Version.DELTA}
    assert Band.between(0, 24_000).taps.sum() == pytest.approx(1)
