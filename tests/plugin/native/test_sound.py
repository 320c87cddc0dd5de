"""Stock pedalboard with the native plugin gives the samples of the engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pedalboard import Pedalboard
from phaseaware.engine import MaskModel, Render, separate
from phaseaware.engine.controls import CONTROLS, Choice, Number
from phaseaware.engine.limits import Link
from phaseaware.engine.rates import AnyRateSeparator

from .conftest import Bundle, fresh, speechlike

RATE = 48_000
TOLERANCE = 2e-5
SIZES = (1, 64, 441, 512, 8192)
SETTINGS: list[dict[str, Any]] = [
    {},
    {"reduction_db": 0},
    {"reduction_db": 12},
    {"strength_low": 0, "strength_high": 0},
    {"strength_low": 0.3, "strength_high": 1.7},
    {"strength_low": 2, "strength_high": 0.5},
    {"output": "removed"},
    {"mix": 0},
    {"mix": 0.4},
    {"reduction_db": 20, "strength_low": 1.5, "output": "removed", "mix": 0.8},
]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("mask", ["phase-aware", "real"])
@pytest.mark.parametrize("controls", SETTINGS, ids=str)
def test_first_call_is_the_engine(
    controls: dict[str, Any], mask: Any, channels: int, model: MaskModel, rng: np.random.Generator
) -> None:
    x = speechlike(rng, channels, 30_000)
    expected = separate(x, model, Render(mask=mask, **controls), sample_rate=48_000, warm=False)[0]
    made = fresh(channels, mask=mask, **controls)(x, RATE)
    np.testing.assert_allclose(made, expected, atol=TOLERANCE)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("size", SIZES)
def test_blocks_do_not_matter(size: int, channels: int, model: MaskModel, rng: np.random.Generator) -> None:
    x = speechlike(rng, channels, 20_000 if size > 1 else 6_000)
    expected = separate(x, model, Render(mask="phase-aware"), sample_rate=48_000, warm=False)[0]
    assert np.abs(expected - x).max() > 0.01
    np.testing.assert_allclose(fresh(channels)(x, RATE, buffer_size=size), expected, atol=TOLERANCE)


@pytest.mark.parametrize("size", [512, 8192])
def test_linked_channels_share_a_mask(size: int, model: MaskModel, rng: np.random.Generator) -> None:
    x = speechlike(rng, 2, 20_000)
    links: tuple[Link, Link] = ("stereo", "channels")
    expected = [separate(x, model, Render(), link=link, sample_rate=48_000, warm=False)[0] for link in links]
    for link, y in zip(links, expected, strict=True):
        np.testing.assert_allclose(fresh(link=link)(x, RATE, buffer_size=size), y, atol=TOLERANCE)
    assert np.abs(expected[0] - expected[1]).max() > 100 * TOLERANCE


def test_channels_that_cancel_are_heard(model: MaskModel, rng: np.random.Generator) -> None:
    x = speechlike(rng, 1, 20_000)
    y = fresh(link="stereo")(np.concatenate([x, -x]), RATE, buffer_size=512)
    expected = separate(x, model, Render(), sample_rate=48_000, warm=False)[0]
    np.testing.assert_allclose(y, np.concatenate([expected, -expected]), atol=TOLERANCE)


@pytest.mark.parametrize("lookahead", [0, 1, 8])
@pytest.mark.parametrize("size", [64, 441, 8192])
def test_state_and_lookahead_are_the_models(
    lookahead: int, size: int, bundle: Bundle, tmp_path: Any, rng: np.random.Generator
) -> None:
    from pedalboard import load_plugin

    from tests import fakes

    path = fakes.history_model(tmp_path / "history.onnx", lookahead=lookahead)
    x = speechlike(rng, 2, 20_000)
    plugin = load_plugin(str(bundle(model=path)))
    expected = separate(x, MaskModel(path), Render(), sample_rate=48_000, warm=False)[0]
    np.testing.assert_allclose(plugin(x, RATE, buffer_size=size), expected, atol=TOLERANCE)
    assert plugin.reported_latency_samples == 1024 + 512 * lookahead


@pytest.mark.parametrize("rate", [44_100, 96_000])
def test_other_rates_are_close_to_the_engine(rate: int, model: MaskModel, rng: np.random.Generator) -> None:
    # Two rate converters differ near the end of their pass band, and the model hears that.
    x = speechlike(rng, 2, 2 * rate)
    separator = AnyRateSeparator(model, sample_rate=rate, channels=2)
    expected = np.concatenate([separator.process(x), separator.flush()], axis=2)[0]
    error = fresh()(x, rate) - expected
    assert 10 * np.log10(np.mean(expected**2) / np.mean(error**2)) > 20


def test_a_pass_through_the_converters_keeps_the_sound(rng: np.random.Generator) -> None:
    t = np.arange(88_200) / 44_100
    x = sum(np.sin(2 * np.pi * f * t + f) for f in (50, 997, 6007, 15_013)).astype(np.float32)[None].repeat(2, 0) * 0.2
    y = fresh(mix=0)(x, 44_100)
    error = (y - x)[:, 4000:-4000]
    assert 10 * np.log10(np.mean(x**2) / np.mean(error**2)) > 70


def test_bypass_is_bit_exact_and_keeps_the_latency(rng: np.random.Generator) -> None:
    for rate in (44_100, 48_000):
        x = speechlike(rng, 2, 20_000)
        plugin = fresh(bypass=True)
        assert plugin(x, rate).tobytes() == x.tobytes()
        assert plugin.reported_latency_samples == (1536 if rate == RATE else 1697)


def test_bypass_fades(rng: np.random.Generator) -> None:
    x = np.full((2, 60_000), 0.3, np.float32)
    plugin = fresh(mix=0)
    made = []
    for i, block in enumerate(np.split(x, 60, axis=1)):
        plugin.bypass = i % 2 == 0
        made.append(plugin.process(block, RATE, reset=False))
    y = np.concatenate(made, axis=1)
    assert np.abs(np.diff(y[:, 2048:])).max() < 1e-3


def test_controls_change_without_a_click(rng: np.random.Generator) -> None:
    t = np.arange(60_000) / RATE
    x = (0.3 * np.sin(2 * np.pi * 200 * t)).astype(np.float32)[None].repeat(2, 0)
    plugin = fresh(strength_low=0, strength_high=0)
    made = []
    for i, block in enumerate(np.split(x, 60, axis=1)):
        plugin.reduction_db = 100 if i % 2 else 0
        plugin.output = "speech" if i % 3 else "removed"
        made.append(plugin.process(block, RATE, reset=False))
    steps = np.abs(np.diff(np.concatenate(made, axis=1)))
    assert steps.max() < 2 * np.abs(np.diff(x)).max()


def test_nan_and_inf_count_as_silence(model: MaskModel, rng: np.random.Generator) -> None:
    x = speechlike(rng, 2, 20_000)
    x[0, 3000:3100], x[1, 5000], x[0, 7000] = np.nan, np.inf, -np.inf
    expected = separate(np.nan_to_num(x, nan=0, posinf=0, neginf=0), model, Render(), sample_rate=48_000, warm=False)[0]
    np.testing.assert_allclose(fresh()(x, RATE), expected, atol=TOLERANCE)
    bypassed = fresh(bypass=True)(x, RATE)
    assert np.array_equal(bypassed, np.nan_to_num(x, nan=0, posinf=0, neginf=0))


def test_silence_stays_silence_and_full_scale_finite() -> None:
    assert not fresh()(np.zeros((2, 20_000), np.float32), RATE).any()
    loud = np.full((2, 20_000), 1e30, np.float32) * np.where(np.arange(20_000) % 7 < 3, 1, -1).astype(np.float32)
    assert np.isfinite(fresh()(loud, RATE)).all()


def test_a_reset_forgets(rng: np.random.Generator) -> None:
    x = speechlike(rng, 2, 20_000)
    plugin = fresh()
    first = plugin(x, RATE)
    plugin(speechlike(rng, 2, 15_000), RATE)
    assert plugin(x, RATE).tobytes() == first.tobytes()


def test_state_is_saved_and_restored(rng: np.random.Generator) -> None:
    x = speechlike(rng, 2, 20_000)
    one = fresh(mask="real", reduction_db=17, strength_low=0.5, output="removed", mix=0.75, link="stereo")
    expected = one(x, RATE)  # a host tells a VST3 plugin of its controls when sound runs
    other = fresh()
    other.raw_state = one.raw_state
    for name in ("mask", "reduction_db", "strength_low", "strength_high", "output", "mix", "link", "bypass"):
        assert getattr(other, name) == getattr(one, name), name
    assert other(x, RATE).tobytes() == expected.tobytes()


def test_controls_are_those_of_the_processor() -> None:
    """Names, defaults and ranges: a script that changes to the native plugin keeps its lines."""
    plugin = fresh()
    for name, control in CONTROLS.items():
        default = control.default
        if isinstance(control, Number):
            low, high, _ = plugin.parameters[name].range
            assert (low, high) == (control.low, control.high), name
            default = control.high if default is None else default
        elif isinstance(control, Choice):
            choices = tuple(plugin.parameters[name].valid_values)
            if name == "link":  # two channels are all that it has
                assert {"auto", *choices} == set(control.choices)
                default = "stereo"
            else:
                assert choices == control.choices, name
        assert getattr(plugin, name) == default, name
    assert set(fresh(1).parameters) == set(plugin.parameters) - {"link"}


def test_in_a_stock_board(model: MaskModel, rng: np.random.Generator) -> None:
    from pedalboard import Gain

    x = speechlike(rng, 2, 20_000)
    made = Pedalboard([Gain(-6), fresh(), Gain(6)])(x, RATE)
    expected = separate(x * np.float32(10 ** (-6 / 20)), model, Render(), sample_rate=48_000, warm=False)[
        0
    ] * np.float32(10 ** (6 / 20))
    np.testing.assert_allclose(made, expected, atol=2 * TOLERANCE)
