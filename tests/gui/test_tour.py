"""Row 21, the tour; rows 27 and 28 and the rest of a shell one can trust."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from phaseaware.engine import MaskModel
from phaseaware.engine.versions import Version
from phaseaware.gui.model import IdealChoice
from phaseaware.gui.model.cell import cell_at
from phaseaware.gui.model.page import page_job
from phaseaware.gui.model.spectra import SpectrumSettings
from phaseaware.gui.model.tour import STEPS, deeds_of, find_cancellation
from phaseaware.gui.view import FrequencyScale, Kind
from phaseaware.gui.window import MainWindow
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from tests.gui.helpers import Watched, press, rendered, write_wav
from tests.signals import voice_like

K = Qt.Key


@pytest.fixture
def stems(tmp_path: Path, rng: np.random.Generator) -> tuple[Path, Path]:
    """Three seconds of voice and of hiss as loud."""
    speech = voice_like(rng, 144_000).astype(np.float32)
    noise = (float(speech.std()) * rng.standard_normal(144_000)).astype(np.float32)
    return write_wav(tmp_path / "speech.wav", speech), write_wav(tmp_path / "noise.wav", noise)


@pytest.fixture
def touring(
    history_model: MaskModel, stems: tuple[Path, Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MainWindow]:
    """A window that has the stems as its demo; it makes no sound."""
    window = MainWindow(history_model, demo=stems)
    monkeypatch.setattr(window.player, "start", lambda: None)
    window.show()
    window.activateWindow()
    yield window
    window.close()
    window.deleteLater()


def test_a_place_is_found_where_the_speech_is_cancelled(stems: tuple[Path, Path]) -> None:
    watched = Watched(None)
    watched.session.open(*stems)
    session = watched.rendered()
    recording, renderer = session.recording, session.renderer
    assert recording is not None
    assert renderer is not None
    place = find_cancellation(recording)
    assert place is not None
    assert 4 < place.gain_db < 18
    assert abs(place.turn) > 60
    assert 250 < place.hz < 6000
    assert place.loop[0] <= place.seconds * 48_000 <= place.loop[1]
    assert 0.05 < place.ideal.amplified < 0.95
    assert 0.05 < place.ideal.turned < 0.95
    shown = deeds_of(recording, renderer.pictures, place)  # in steps of 0.5 dB and 1.4 degrees
    assert shown.amplified == pytest.approx(place.ideal.amplified, abs=0.06)
    assert shown.turned == pytest.approx(place.ideal.turned, abs=0.03)
    assert shown.gain_db == pytest.approx(place.ideal.gain_db, abs=0.5)
    cell = cell_at(recording, renderer.pictures, place.seconds, place.hz)
    assert cell is not None
    length, angle = cell.polar(Version.PHASE_AWARE)
    assert 20 * np.log10(length) == pytest.approx(place.gain_db, abs=0.3)
    assert angle == pytest.approx(place.turn, abs=1)
    assert cell.polar(Version.REAL)[0] <= 1.001
    session.close()


def test_without_stems_there_is_no_place(watched: Watched, noisy_file: Path) -> None:
    watched.session.open(noisy_file)
    assert watched.session.recording is not None
    assert find_cancellation(watched.session.recording) is None


def test_row_21_the_tour_from_the_start_page_to_the_trained_model(touring: MainWindow, qtbot: QtBot) -> None:
    window = touring
    assert window.start_page.tour_button.isVisible()
    window.start_page.tour_button.click()
    qtbot.waitUntil(lambda: window.tour.under_way)
    session, strip = window.session, window.tour_strip
    assert session.playing
    said = []
    for step in STEPS:
        assert session.heard is step.version
        assert (session.ideal is not None) is step.ideal
        rendered(window, qtbot)
        window.tour.follow()
        said.append(strip.caption.text())
        seam = float(window.views.scale.height(6000))
        assert window.views.view[1] == pytest.approx((0, seam))
        place = window.tour.place
        assert place is not None
        swipe = window.views.panes[Kind.MASK_SWIPE].swipe
        assert swipe is not None
        if Kind.MASK_SWIPE in window.views.visible_kinds():  # A at the ring, B beside it
            assert place.seconds < swipe.line.value() < place.seconds + 0.1
        press(qtbot, window, K.Key_W)
    assert place is not None
    assert f"amplifies {place.gain_db:.0f} dB" in said[2]
    assert f"A amplifies {100 * place.ideal.amplified:.0f} %" in said[2]
    assert f"half of these by more than {place.ideal.gain_db:.1f} dB" in said[2]
    assert f"(ideal: {100 * place.ideal.amplified:.0f} and {100 * place.ideal.turned:.0f} %)" in said[4]
    assert all("4 plays A − B alone" in said[step] for step in (2, 4))
    assert "only make the mixture quieter" in said[1]
    errors = [
        float(text.split("error of ")[1].split(" is ")[1].split(" dB")[0].replace("−", "-")) for text in said[1:3]
    ]
    assert errors[1] > errors[0] + 5  # the ideal phase-aware mask is far closer
    assert "trained model" in said[4]
    assert f"(ideal: {errors[1]:.1f})" in said[4]
    assert window.tour.index == 0  # and round again
    press(qtbot, window, K.Key_W, Qt.KeyboardModifier.ShiftModifier)
    assert window.tour.index == 0
    press(qtbot, window, K.Key_Escape)
    assert not strip.isVisible()
    assert session.loop is None
    assert session.recording is not None


@pytest.mark.parametrize("size", [(960, 500), (1366, 700)])
def test_row_21_the_tour_fits_on_a_small_screen_and_rings_its_place(
    touring: MainWindow, size: tuple[int, int], qtbot: QtBot
) -> None:
    window = touring
    window.start_tour()
    qtbot.waitUntil(lambda: window.tour.under_way)
    place = window.tour.place
    assert place is not None
    for _ in STEPS:
        rendered(window, qtbot)
        window.tour.follow()
        window.resize(*size)
        QApplication.processEvents()
        assert (window.width(), window.height()) == size
        for kind in window.views.visible_kinds():
            pane = window.views.panes[kind]
            assert pane.box.height() >= 20
            assert pane.cross_hair.ring.isVisible()
            assert pane.cross_hair.place == pytest.approx((place.seconds, float(window.views.scale.height(place.hz))))
        press(qtbot, window, K.Key_W)
    press(qtbot, window, K.Key_Escape)
    assert not any(pane.cross_hair.ring.isVisible() for pane in window.views.panes.values())


def test_row_21_the_tour_on_ones_own_stems_and_why_not(
    window: MainWindow, stems: tuple[Path, Path], noisy_file: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window.player, "start", lambda: None)
    window.open(noisy_file)
    rendered(window, qtbot)
    window.start_tour()
    assert not window.tour.under_way
    assert "open speech and noise" in window.message.label.text()
    window.open(*stems)
    window.start_tour()
    qtbot.waitUntil(lambda: window.tour.under_way)
    assert window.session.ideal == IdealChoice()
    window.open(noisy_file)
    assert not window.tour.under_way


def test_row_27_geometry_view_axis_and_device_come_back(history_model: MaskModel, qtbot: QtBot) -> None:
    window = MainWindow(history_model)
    window.show()
    window.resize(701, 555)
    window.side.layouts.setCurrentIndex(2)
    window.side.scale.setCurrentIndex(window.side.scale.findData(FrequencyScale.LOG))
    window.side.viewing.difference.setCurrentIndex(2)
    window.side.viewing.show_spectrum(SpectrumSettings(frame_length=4096, window="blackmanharris"))
    window.player.device = "abcd"
    window.close()
    window.deleteLater()
    again = MainWindow(history_model)
    assert (again.width(), again.height()) == (701, 555)
    assert again.views.layout_index == 2
    assert again.views.scale is FrequencyScale.LOG
    assert again.views.difference is Kind.PHASE_DIFFERENCE
    assert again.views.spectrum == SpectrumSettings(frame_length=4096, window="blackmanharris")
    assert again.player.device == "abcd"
    again.close()
    again.deleteLater()


def test_row_28_a_message_moves_nothing(opened: MainWindow) -> None:
    places = [widget.geometry() for widget in (opened.middle, opened.side, opened.transport)]
    opened.message.show_message("<img src='x.png'> cannot be opened\n" * 3)
    QApplication.processEvents()
    assert [widget.geometry() for widget in (opened.middle, opened.side, opened.transport)] == places
    assert opened.middle.geometry().contains(opened.message.geometry())
    assert opened.message.label.textFormat() is Qt.TextFormat.PlainText


def test_quitting_during_an_export_asks(opened: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    opened.exporter.share = 0.5
    assert not opened.close()
    assert opened.isVisible()
    question = opened.findChild(QMessageBox)
    assert question is not None
    assert "export is under way" in question.text()
    question.reject()
    assert opened.isVisible()
    opened.exporter.share = None
    assert opened.close()


def test_typed_values_are_taken_and_refused(opened: MainWindow, qtbot: QtBot) -> None:
    slider = opened.side.sliders["reduction_db"]
    slider.typed.setFocus()
    slider.typed.selectAll()
    qtbot.keyClicks(slider.typed, "12,5 dB")
    qtbot.keyClick(slider.typed, K.Key_Return)
    assert opened.session.controls.reduction_db == 12.5
    assert slider.typed.text() == "12.5 dB"
    slider.typed.setFocus()
    slider.typed.selectAll()
    qtbot.keyClicks(slider.typed, "loud")
    qtbot.keyClick(slider.typed, K.Key_Return)
    assert opened.session.controls.reduction_db == 12.5
    assert "0.0 dB to 100.0 dB" in opened.message.label.text()
    qtbot.keyClick(slider.typed, K.Key_Escape)
    assert slider.typed.text() == "12.5 dB"


def test_view_and_transport_have_menus_with_their_keys(opened: MainWindow) -> None:
    bar = opened.menuBar()
    assert bar is not None
    assert [action.text() for action in bar.actions()] == ["&File", "&Edit", "&View", "&Transport", "&Listen", "&Help"]
    entries = opened.menus.entries
    assert entries["play"].text().endswith("\tSpace")
    assert entries["play"].shortcut().isEmpty()  # the window has the key, lest a text field lose it
    entries["hear real"].trigger()
    assert opened.session.heard is Version.REAL
    assert opened.side.versions[Version.REAL].isChecked()
    assert not entries["hear clean"].isEnabled()
    entries["band"].trigger()
    assert opened.views.scale.hz(opened.views.view[1][1]) == pytest.approx(6000)


def test_row_30_the_page_is_offered_with_the_sounds(
    window: MainWindow, stems: tuple[Path, Path], tmp_path: Path, qtbot: QtBot
) -> None:
    assert window.open(*stems)
    rendered(window, qtbot)
    job = page_job(window.session)
    assert set(job.sounds) == {"noisy", "phase-aware", "real", "clean"}
    assert job.sounds["clean"].shape == (1, 144_000)
    assert all(mask.shape[1] == 513 for mask in job.masks.values())
    assert np.abs(job.masks["real"]).max() <= 1.001
    window.exporter.write_page(tmp_path / "page.html")
    qtbot.waitUntil(lambda: window.exporter.share is None)
    assert "open it in a browser" in window.message.label.text()
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "speech.wav + noise.wav (IDEAL masks)" in text
    assert "IDEAL: A and B are made by ideal masks" in text
    window.exporter.write_page(stems[0])
    assert "choose another name" in window.message.label.text()
    assert stems[0].stat().st_size > 500_000
