"""Pictures are looked at by their pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from numpy.typing import NDArray
from phaseaware.engine.stft import BINS, FRAME_LENGTH, SAMPLE_RATE, stft
from phaseaware.plugin.comparison.figures import difference_figure, mask_figure, save_figure, spectrogram_figure
from phaseaware.plugin.comparison.frequencies import FrequencyAxis
from phaseaware.plugin.comparison.palettes import decibels

WHOLE, LOW = FrequencyAxis.whole(24_000), FrequencyAxis.below_seam(24_000)


def _pixels(figure: Figure, folder: Path) -> NDArray[np.float64]:
    """RGB from 0 to 1 of the PNG, shape (height, width, 3)."""
    from matplotlib.image import imread

    save_figure(figure, folder / "picture.png")
    return np.asarray(imread(folder / "picture.png"), np.float64)[:, :, :3]


def _panel(pixels: NDArray[np.float64], figure: Figure, index: int) -> NDArray[np.float64]:
    """The inside of one of the figure's axes, without its frame."""
    box = figure.axes[index].get_window_extent()
    height = len(pixels)
    return pixels[height - int(box.y1) + 3 : height - int(box.y0) - 3, int(box.x0) + 3 : int(box.x1) - 3]


def _quarters(panel: NDArray[np.float64], names: Iterable[str]) -> dict[str, NDArray[np.float64]]:
    """The colour that prevails in each quarter of the time axis."""
    parts = np.array_split(panel, 4, axis=1)
    return {name: np.median(part, axis=(0, 1)) for name, part in zip(names, parts, strict=True)}


def _share(pixels: NDArray[np.float64], channel: int) -> float:
    """Share of the pixels in which this one of red, green, blue stands out clearly."""
    others = np.delete(pixels, channel, axis=2).max(axis=2)
    return float(np.mean(pixels[:, :, channel] > others + 0.25))


@pytest.fixture
def noise(rng: np.random.Generator) -> NDArray[np.floating]:
    return decibels(np.abs(stft(0.1 * rng.standard_normal(48_000).astype(np.float32))) ** 2)


def test_a_full_scale_sine_is_at_0_db() -> None:
    x = np.sin(2 * np.pi * 1500 * np.arange(48_000) / 48_000).astype(np.float32)
    assert decibels(np.abs(stft(x)[10:-10]) ** 2).max() == pytest.approx(0, abs=0.01)


def test_high_is_up_and_late_is_right(noise: NDArray[np.floating], tmp_path: Path) -> None:
    levels = np.full_like(noise, -100)
    levels[len(noise) // 2 :, 8:16] = 0  # 375 to 703 Hz, in the second half
    figure = spectrogram_figure(levels, levels, levels, levels, seconds=1, frequencies=LOW)
    bright = _panel(_pixels(figure, tmp_path), figure, 0).min(axis=2) > 0.7
    rows, columns = (place.mean() / size for place, size in zip(np.nonzero(bright), bright.shape, strict=True))
    assert rows == pytest.approx(1 - 539 / 6000, abs=0.02)
    assert columns == pytest.approx(0.75, abs=0.02)


def test_gains_above_one_are_red_in_the_mask_picture(noise: NDArray[np.floating], tmp_path: Path) -> None:
    A = np.full((len(noise), BINS), 0.5, np.complex64)
    A[:, 40:80] = 2j
    B = np.full((len(noise), BINS), 1.0, np.complex64)
    figure = mask_figure(A, B, noise, seconds=1, frequencies=WHOLE)
    pixels = _pixels(figure, tmp_path)
    assert pixels.shape == (1000, 1600, 3)
    assert _share(_panel(pixels, figure, 0), 0) > 0.1
    assert _share(_panel(pixels, figure, 1), 0) == 0  # exactly one is not above one


def test_rotation_is_hue_and_magnitude_opacity(noise: NDArray[np.floating], tmp_path: Path) -> None:
    values = {"kept": 1, "turned": 1j, "gone": 0j, "half": 0.5j}
    M = np.repeat(np.array(list(values.values()), np.complex64), 24)[:, None].repeat(BINS, axis=1)
    figure = mask_figure(M, np.ones_like(M), noise[:1].repeat(len(M), axis=0), seconds=1, frequencies=WHOLE)
    colours = _quarters(_panel(_pixels(figure, tmp_path), figure, 2), values)
    np.testing.assert_allclose(colours["gone"], 1, atol=0.01)
    assert np.abs(colours["kept"] - colours["turned"]).max() > 0.3
    np.testing.assert_allclose(colours["half"], (colours["turned"] + 1) / 2, atol=0.02)


def test_what_a_and_b_differ_in_is_seen_as_the_signal_a_minus_b(noise: NDArray[np.floating], tmp_path: Path) -> None:
    """A turned by 90 degrees is as loud as B in each cell: a ratio of levels would be blank."""
    figure = spectrogram_figure(noise, noise, noise, noise + 3, seconds=1, frequencies=WHOLE)
    pixels = _pixels(figure, tmp_path)
    b, delta = (float(_panel(pixels, figure, i).mean()) for i in (2, 3))
    assert delta > b + 0.01
    figure = spectrogram_figure(noise, noise, noise, noise - 200, seconds=1, frequencies=WHOLE)
    assert _panel(_pixels(figure, tmp_path), figure, 3).mean() < 0.05


def test_level_differences_are_blue_where_a_is_louder_and_orange_where_b_is(
    noise: NDArray[np.floating], tmp_path: Path
) -> None:
    noisy = np.full((96, BINS), -20.0)
    a, b = np.ones((96, BINS), np.complex64), np.ones((96, BINS), np.complex64)
    b[:24], a[48:72], a[72:], b[72:] = 0.25, 0.25, 1e-4, 1e-3
    figure = difference_figure(a, b, noisy, seconds=1, frequencies=WHOLE)
    panels = _quarters(_panel(_pixels(figure, tmp_path), figure, 0), ("louder", "equal", "softer", "inaudible"))
    red, _, blue = panels["louder"]
    assert blue > red + 0.2
    red, _, blue = panels["softer"]
    assert red > blue + 0.2
    np.testing.assert_allclose(panels["equal"], 1, atol=0.01)
    np.testing.assert_allclose(panels["inaudible"], 1, atol=0.01)


def test_phase_differences_are_those_of_a_over_b_and_fade_where_nobody_hears(tmp_path: Path) -> None:
    noisy = np.full((96, BINS), -20.0)
    a, b = np.ones((96, BINS), np.complex64), np.ones((96, BINS), np.complex64)
    a[24:48], a[48:72], b[48:72], a[72:], b[72:] = 1j, 1j, 1j, 1e-4j, 1e-4
    figure = difference_figure(a, b, noisy, seconds=1, frequencies=WHOLE)
    panels = _quarters(_panel(_pixels(figure, tmp_path), figure, 1), ("none", "quarter", "both turned", "inaudible"))
    assert np.abs(panels["none"] - panels["quarter"]).max() > 0.3
    np.testing.assert_allclose(panels["none"], panels["both turned"], atol=0.01)
    np.testing.assert_allclose(panels["inaudible"], 1, atol=0.01)


def test_spectrograms_show_levels_and_the_seam(noise: NDArray[np.floating], tmp_path: Path) -> None:
    figure = spectrogram_figure(noise, noise - 40, noise - 200, noise - 200, seconds=1, frequencies=WHOLE)
    pixels = _pixels(figure, tmp_path)
    bright = [float(_panel(pixels, figure, i).mean()) for i in range(3)]
    assert bright[0] > bright[1] + 0.1 > bright[2] + 0.1
    silent = _panel(pixels, figure, 2)
    lines = np.flatnonzero((silent > 0.5).all(axis=2).mean(axis=1) > 0.3)
    assert 1 <= len(lines) <= 3  # the dashed line at 6 kHz, on black
    assert WHOLE.seam is not None
    assert 1 - lines.mean() / len(silent) == pytest.approx(WHOLE.seam, abs=0.01)


@given(st.floats(4_000, 96_000), st.integers(2, 900), st.sampled_from([FrequencyAxis.whole, FrequencyAxis.below_seam]))
def test_rows_show_the_bin_at_their_place(nyquist: float, rows: int, make: Callable[[float], FrequencyAxis]) -> None:
    axis = make(nyquist)
    bins = axis.bins(rows)
    assert (np.diff(bins) >= 0).all()
    away = np.abs(axis.place(np.maximum(bins, 1e-3) * SAMPLE_RATE / FRAME_LENGTH) * rows - np.arange(rows) - 0.5)
    between = axis.place(axis.highest_hz) - axis.place(axis.highest_hz - SAMPLE_RATE / FRAME_LENGTH)
    assert away[-1] <= 1 + rows * between
    places = [place for place, _ in axis.ticks()]
    assert places == sorted(places)
    assert 0 <= places[0] < places[-1] <= 1
    assert (axis.seam is None) == (axis.highest_hz <= 6000)


@pytest.mark.parametrize("highest", [4000, 96_000])
def test_other_rates_and_shortest_sounds_have_pictures(highest: float, tmp_path: Path) -> None:
    levels = np.full((2, BINS), -120.0)
    M = np.zeros((2, BINS), np.complex64)
    for axis in (FrequencyAxis.whole(highest), FrequencyAxis.below_seam(highest)):
        for figure in (
            spectrogram_figure(levels, levels, levels, levels, seconds=1e-4, frequencies=axis),
            mask_figure(M, M, levels, seconds=1e-4, frequencies=axis),
            difference_figure(M, M, levels, seconds=1e-4, frequencies=axis),
        ):
            assert _pixels(figure, tmp_path).std() > 0.1


def test_a_title_is_what_it_says(noise: NDArray[np.floating], tmp_path: Path) -> None:
    """A file may have dollars in its name, between which matplotlib would set mathematics, or fail."""
    figure = spectrogram_figure(noise, noise, noise, noise, seconds=1, frequencies=WHOLE, title=r"cash $\frac$ <b>")
    assert _pixels(figure, tmp_path).shape == (1000, 1600, 3)


def test_a_picture_that_cannot_be_written_leaves_nothing(noise: NDArray[np.floating], tmp_path: Path) -> None:
    (tmp_path / "picture.png").mkdir()
    with pytest.raises(OSError, match=r"picture\.png could not be written"):
        save_figure(
            spectrogram_figure(noise, noise, noise, noise, seconds=1, frequencies=WHOLE), tmp_path / "picture.png"
        )
    assert [p.name for p in tmp_path.iterdir()] == ["picture.png"]
