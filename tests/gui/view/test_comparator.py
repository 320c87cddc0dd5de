"""Row 22: cells, both masks in one pane, and the histogram of rotations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from phaseaware.engine import MaskModel
from phaseaware.engine.versions import Version
from phaseaware.gui.model.cell import cell_at, rotation_histogram
from phaseaware.gui.view import Kind
from phaseaware.gui.view.layouts import COMPARE
from phaseaware.gui.view.theme import COLOURS
from phaseaware.gui.window import MainWindow
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.gui.helpers import picture, press, rendered, write_wav


def test_row_22_a_cell_is_its_numbers(window: MainWindow, stems: tuple[Path, Path], qtbot: QtBot) -> None:
    """Hybrid below the seam: A is the clean number; B is its projection on the noisy one, from 0 to 1."""
    assert window.open(*stems)
    rendered(window, qtbot)
    recording, renderer = window.session.recording, window.session.renderer
    assert recording is not None
    assert renderer is not None
    seen = 0
    for seconds in np.arange(0.1, 1.9, 0.1):
        for hz in (300.0, 700.0, 2000.0):
            cell = cell_at(recording, renderer.pictures, float(seconds), hz)
            if cell is None or abs(cell.arrows[Version.CLEAN]) < 1e-3 or abs(cell.arrows[Version.CLEAN]) > 100:
                continue
            clean, a, b = (cell.arrows[v] for v in (Version.CLEAN, Version.PHASE_AWARE, Version.REAL))
            assert abs(a - clean) <= 0.06 * abs(clean)
            assert b.imag == 0
            expected = min(max(clean.real, 0.0), 1.0)
            assert abs(b - expected) <= 0.06 * expected + 1e-3
            seen += 1
    assert seen > 20


def test_row_22_masks_are_compared(ideal: MainWindow, qtbot: QtBot) -> None:
    views = ideal.views
    ideal.side.layouts.setCurrentIndex(COMPARE)
    views.picture_now()
    assert views.visible_kinds() == [Kind.MASK_SWIPE, Kind.MASK_RATIO]
    assert views.comparator.isVisible()
    swipe = views.panes[Kind.MASK_SWIPE].swipe
    assert swipe is not None
    a, b = swipe._pair or (None, None)
    assert a is not None
    assert b is not None
    ratio = picture(ideal, Kind.MASK_RATIO).astype(int) - 128
    known = (a.image > 0) & (b.image > 0)
    np.testing.assert_array_equal(ratio[known], np.clip(a.image.astype(int) - b.image, -127, 127)[known])
    press(qtbot, ideal, Qt.Key.Key_N)
    assert swipe.blinks
    title = views.panes[Kind.MASK_SWIPE].title
    for letter, version in (("A", Version.PHASE_AWARE), ("B", Version.REAL)):
        assert f"Mask {letter} " in title.text  # which one it is, in its colour
        assert COLOURS[version] in title.text
        seen = picture_of(ideal)
        swipe._turn()
        assert not np.array_equal(seen, picture_of(ideal))
    press(qtbot, ideal, Qt.Key.Key_N)
    assert not swipe.blinks
    assert "left" in title.text
    views.panes[Kind.MASK_RATIO].picked.emit(1.0, 0.3)
    cell = views.comparator.vectors.cell
    assert cell is not None
    assert len(views.comparator.vectors.lines()) == 4
    assert views.comparator.histogram.share_turned > 0
    views.comparator.grab()


def picture_of(window: MainWindow) -> np.ndarray:
    return np.array(window.views.panes[Kind.MASK_SWIPE].image.image)


def test_the_histogram_counts_rotations_of_what_is_heard(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, constant_model: MaskModel, rng: np.random.Generator
) -> None:
    window.session.set_model(constant_model)  # A turns everything by 26.6 degrees
    window.open(write_wav(tmp_path / "x.wav", (0.1 * rng.standard_normal(96_000)).astype(np.float32)))
    rendered(window, qtbot)
    recording, renderer = window.session.recording, window.session.renderer
    assert recording is not None
    assert renderer is not None
    edges, shares = rotation_histogram(recording, renderer.pictures, 0.2, 1.8, floor_db=-90)
    assert shares.sum() == pytest.approx(1)
    where = int(shares.argmax())
    assert edges[where] <= 26.6 <= edges[where + 1]
    assert shares[where] > 0.99
    histogram = window.views.comparator.histogram
    histogram.show_shares(edges, shares)
    (ticks,) = histogram.getAxis("left")._tickLevels
    heights = {text: height for height, text in ticks}
    assert max(histogram._bars.opts["height"]) == pytest.approx(heights["100 %"], abs=0.01)
    low, high = histogram.viewRange()[0]
    assert low < -190  # room for the first and the last number
    assert high > 190
    for width, is_long in ((330, False), (700, True)):  # the title is never cut off
        histogram.resize(width, 150)
        histogram.show_shares(edges, shares)
        title = histogram.plotItem.titleLabel
        assert title.item.boundingRect().width() < width - 40
        assert title.text.startswith("Below 6 kHz") is is_long
    _, nothing = rotation_histogram(recording, renderer.pictures, 0.2, 1.8, floor_db=0)
    assert not nothing.any()
