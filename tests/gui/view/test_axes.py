"""The axis of time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from phaseaware.gui.view.axes import TimeAxis
from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    low=st.floats(0, 20_000),
    width=st.floats(0.005, 40_000),
    pixels=st.integers(150, 3000),
    place=st.sampled_from(["top", "bottom"]),
)
@example(low=3600.5625, width=0.005, pixels=176, place="top")  # its texts are wider than a step
def test_ticks_lie_where_their_texts_say(low: float, width: float, pixels: int, place: str, qtbot: QtBot) -> None:
    axis = TimeAxis(place)
    axis.setGeometry(QRectF(0, 0, pixels, 20))
    axis.setRange(low, low + width)
    paper = QImage(8, 8, QImage.Format.Format_RGB32)
    painter = QPainter(paper)
    _, ticks, texts = axis.generateDrawSpecs(painter)
    painter.end()
    assert 1 <= len(ticks) <= pixels / 70 + 1
    at = [first.x() for _, first, _ in ticks]
    assert all(b - a >= 69 for a, b in pairwise(at))
    if low + width < 60:  # seconds as decimals, which can be read back
        for box, _, text in texts:
            x = (float(text) - low) / width * pixels
            assert box.center().x() == pytest.approx(x, abs=0.75)
    for (a, _, _), (b, _, _) in pairwise(texts):
        assert not a.intersects(b)
    for box, _, _ in texts:
        assert axis.boundingRect().contains(box)
        assert any(abs(box.center().x() - x) < 1 for x in at)
