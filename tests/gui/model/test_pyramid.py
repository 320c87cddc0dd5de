"""Multi-resolution pictures and disk arrays."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phaseaware.engine.stft import HOP
from phaseaware.gui.model.codes import ANGLE_CODES, DIFFERENCE_CODES, LEVEL_CODES, encode_angle
from phaseaware.gui.model.pyramid import Pyramid, strongest
from phaseaware.gui.model.spectra import SpectrogramWriter
from phaseaware.gui.model.store import DiskArray


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.integers(-20, 110), st.integers(0, 40)), max_size=10),
    st.integers(-20, 110),
    st.integers(0, 60),
)
def test_a_disk_array_is_an_array(writes: list[tuple[int, int]], start: int, count: int) -> None:
    array, model = DiskArray(100, (2,), np.float32), np.zeros((100, 2), np.float32)
    for i, (at, n) in enumerate(writes, start=1):
        at = max(0, at)
        values = np.full((n, 2), i, np.float32)
        array.write(at, values)
        model[at : at + n] = values[: max(0, 100 - at)]
    expected = np.zeros((count, 2), np.float32)
    lo, hi = max(start, 0), min(start + count, 100)
    if lo < hi:
        expected[lo - start : hi - start] = model[lo:hi]
    np.testing.assert_array_equal(array.read(start, start + count), expected)


@settings(max_examples=20)
@given(st.integers(1, 20_000), st.data())
def test_every_peak_shows_at_every_zoom(columns: int, data: st.DataObject) -> None:
    pyramid = Pyramid(columns, 1)
    at = data.draw(st.integers(0, columns - 1))
    codes = np.ones((columns, 1, 1), np.uint8)
    codes[at] = 200
    cut = data.draw(st.integers(0, columns))
    pyramid.write(cut, codes[cut:])  # in any order
    pyramid.write(0, codes[:cut])
    start = data.draw(st.integers(0, at))
    stop = data.draw(st.integers(at + 1, columns))
    wanted = data.draw(st.integers(1, 2000))
    shown, begin, end = pyramid.read(start, stop, wanted)
    assert len(shown) <= wanted
    assert begin <= start
    assert end >= stop
    assert shown.max() == 200
    assert shown.min() >= 1
    place = begin + (end - begin) * (int(shown[:, 0, 0].argmax()) + 0.5) / len(shown)
    assert abs(place - at) <= 1.5 * (end - begin) / len(shown) + 1


@given(st.data(), st.integers(1, 2), st.sampled_from([0, 1]))
def test_the_strongest_of_a_group_is_one_of_its_points(data: st.DataObject, planes: int, axis: Literal[0, 1]) -> None:
    length = data.draw(st.integers(1, 60))
    shape = (length, 3, planes) if axis == 0 else (3, length, planes)
    codes = np.random.default_rng(data.draw(st.integers(0, 99))).integers(0, 9, shape, np.uint8)
    starts = np.array(data.draw(st.lists(st.integers(0, length - 1), min_size=1, max_size=20)))
    stops = np.array([data.draw(st.integers(start + 1, length)) for start in starts])
    pooled = np.moveaxis(strongest(codes, starts, stops, axis), axis, 0)
    for group, start, stop in zip(pooled, starts, stops, strict=True):
        members = np.moveaxis(codes, axis, 0)[start:stop]
        best = [max(members[:, i].tolist()) for i in range(3)]  # of equal ones that with the largest second plane
        np.testing.assert_array_equal(group, best)


def test_a_full_scale_sine_is_0_db_in_the_column_where_it_sounds() -> None:
    n = 48 * HOP
    x = np.zeros((n, 1), np.float32)
    x[16 * HOP : 32 * HOP, 0] = np.sin(2 * np.pi * 3000 / 48_000 * np.arange(16 * HOP))
    pyramid = Pyramid(49, 513)
    writer = SpectrogramWriter(pyramid, 0, np.zeros((HOP, 1), np.float32))
    for piece in np.array_split(x, 7):
        writer.write(piece)
    writer.finish(n)
    codes, _, _ = pyramid.read(0, 49, 49)
    assert codes.shape == (49, 513, 1)
    levels = np.array([LEVEL_CODES.value(c) for c in codes[:, 64, 0]])
    np.testing.assert_allclose(levels[17:32], 0, atol=0.5)
    assert (levels[:15] == LEVEL_CODES.lowest).all()
    assert codes[20, :, 0].argmax() == 64
    assert codes.min() >= 1


@pytest.mark.parametrize(("value", "code"), [(0.0, 128), (-63.5, 1), (63.5, 255), (-500, 1), (500, 255)])
def test_differences_are_centred(value: float, code: int) -> None:
    assert DIFFERENCE_CODES.encode(np.array([value]))[0] == code


def test_angles_survive_coding(rng: np.random.Generator) -> None:
    angles = rng.uniform(-179, 179, 100)
    codes = encode_angle(np.exp(1j * np.radians(angles)).astype(np.complex64))
    assert max(abs(ANGLE_CODES.value(int(c)) - a) for c, a in zip(codes, angles, strict=True)) < 1
    assert np.isnan(ANGLE_CODES.value(0))
