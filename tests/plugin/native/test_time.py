"""A click at n comes out at n: latency is told from the constructor on, and kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pedalboard import Mix, Pedalboard, load_plugin
from phaseaware.plugin.native import vst3_path

from tests import fakes

from .conftest import LATENCIES, Bundle, fresh, host

AT = 12_345


def click(channels: int) -> NDArray[np.float32]:
    x = np.zeros((channels, 40_000), np.float32)
    x[:, AT] = 1
    return x


def places(y: NDArray[np.float32]) -> set[int]:
    return set(np.abs(y).argmax(axis=1).tolist())


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("size", [64, 441, 8192])
@pytest.mark.parametrize("rate", LATENCIES)
def test_click_stays_in_stock_pedalboard(rate: int, size: int, channels: int) -> None:
    plugin = fresh(channels, strength_low=0, strength_high=0)
    y = plugin(click(channels), rate, buffer_size=size)
    assert places(y) == {AT}
    assert plugin.reported_latency_samples == LATENCIES[rate]
    before, after = y[:, AT - 40 : AT][:, ::-1], y[:, AT + 1 : AT + 41]
    np.testing.assert_allclose(before, after, atol=1e-5)  # not a fraction of a sample off


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_click_stays_beside_the_dry_path_of_a_stock_mix(rate: int) -> None:
    plugin = fresh(strength_low=0, strength_high=0)
    wet = plugin(click(2), rate)
    y = Mix([Pedalboard([fresh(strength_low=0, strength_high=0)]), Pedalboard([])])(click(2), rate)
    np.testing.assert_allclose(y, wet + click(2), atol=1e-6)


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_click_stays_in_dawdreamer(rate: int) -> None:
    dawdreamer = pytest.importorskip("dawdreamer", reason="DawDreamer is not installed (pip install dawdreamer)")
    engine = dawdreamer.RenderEngine(rate, 512)
    plugin = engine.make_plugin_processor("plugin", vst3_path())
    assert plugin.get_latency_samples() == LATENCIES[rate]
    names = [plugin.get_parameter_name(i) for i in range(plugin.get_plugin_parameter_size())]
    for name in ("Strength low", "Strength high"):
        plugin.set_parameter(names.index(name), 0.0)
    engine.load_graph([(engine.make_playback_processor("click", click(2)), []), (plugin, ["click"])])
    engine.render(40_000 / rate)
    # DawDreamer tells the latency and leaves what is to be done to the script.
    assert places(engine.get_audio()) == {AT + LATENCIES[rate]}


def test_latency_is_told_from_the_constructor_on_and_after_a_change_of_rate() -> None:
    plugin = fresh()
    assert plugin.reported_latency_samples == LATENCIES[44_100]  # the rate that DPF begins with
    for rate in (48_000, 96_000, 44_100, 192_000, 48_000):
        plugin(click(2), rate)
        assert plugin.reported_latency_samples == LATENCIES[rate]
    for rate, latency in LATENCIES.items():
        answer = host(Path(vst3_path()), rate=rate, seconds=0.1)
        assert (answer["latency_constructed"], answer["latency"]) == (LATENCIES[44_100], latency)


@pytest.mark.parametrize("lookahead", range(9))
def test_latency_follows_the_models_lookahead(lookahead: int, bundle: Bundle, tmp_path: Path) -> None:
    path = fakes.constant_model(tmp_path / "ones.onnx", masks={"mask_phase_aware": 1}, lookahead=lookahead)
    plugin: Any = load_plugin(str(bundle(model=path)))
    for rate in (44_100, 48_000):
        y = plugin(click(2), rate)
        assert places(y) == {AT}
        latency = plugin.reported_latency_samples
        assert latency == 1024 + 512 * lookahead if rate == 48_000 else latency > (1024 + 512 * lookahead) * rate / 48e3
    np.testing.assert_allclose(y, click(2), atol=1e-6)
