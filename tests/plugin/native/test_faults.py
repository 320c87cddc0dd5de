"""Never silence without a reason: where the masks cannot be had, sound passes dry and the host shows why."""

from __future__ import annotations

import ctypes
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pedalboard import load_plugin
from phaseaware.engine.model import default_model
from phaseaware.plugin.native import vst3_path

from tests import fakes

from .conftest import LATENCIES, Bundle, fresh, host, speechlike

RATE = 48_000
STATUS_ID = "8"
"""Of the read-only parameter; the values it takes, of 6."""
WRONG_RATE, RUN_FAILED = 4, 6


def check_dry(path: Path, reason: str, complaint: str, rng: np.random.Generator) -> None:
    plugin: Any = load_plugin(str(path))
    assert plugin.status == reason
    x = speechlike(rng, 2, 10_000)
    assert plugin(x, RATE, buffer_size=512).tobytes() == x.tobytes()
    assert plugin.reported_latency_samples == 0
    assert plugin.status == reason
    complaints = host(path)["complaints"]
    assert len(complaints) == 1
    assert re.search(complaint, complaints[0]), complaints


def test_no_onnxruntime(bundle: Bundle, rng: np.random.Generator) -> None:
    path = bundle(model=default_model("stream"), runtime=None)
    check_dry(path, "dry: no onnxruntime", r"no libonnxruntime\.so in .*phaseaware plugin install", rng)


def test_onnxruntime_is_something_else(bundle: Bundle, tmp_path: Path, rng: np.random.Generator) -> None:
    (tmp_path / "text").write_text("no library")
    path = bundle(model=default_model("stream"), runtime=tmp_path / "text")
    check_dry(path, "dry: no onnxruntime", "invalid ELF header|file too short", rng)


def test_another_library(bundle: Bundle, rng: np.random.Generator) -> None:
    library = next(Path(vst3_path()).glob("Contents/*/*.so"))
    path = bundle(model=default_model("stream"), runtime=library)
    check_dry(path, "dry: no onnxruntime", "is not onnxruntime", rng)


def test_no_model(bundle: Bundle, rng: np.random.Generator) -> None:
    check_dry(bundle(model=None), "dry: no model", r"no model\.onnx in .*phaseaware plugin install", rng)


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "text": (lambda path: path.write_text("no model"), "not an ONNX model"),
    "empty": (lambda path: path.write_bytes(b""), "not an ONNX model|contract"),
    "truncated": (lambda path: path.write_bytes(default_model("stream").read_bytes()[:100_000]), "not an ONNX model"),
    "no contract": (
        lambda path: fakes.constant_model(path, metadata={"phaseaware_contract": None}),
        "phaseaware_contract",
    ),
    "contract 2": (lambda path: fakes.constant_model(path, metadata={"phaseaware_contract": "2"}), "'2' is not '1'"),
    "rate": (lambda path: fakes.constant_model(path, metadata={"sample_rate": "16000"}), "sample_rate='16000'"),
    "hop": (lambda path: fakes.constant_model(path, metadata={"hop": "256"}), "hop='256'"),
    "lookahead": (lambda path: fakes.constant_model(path, lookahead=9), "lookahead_frames='9'"),
    "lookahead text": (
        lambda path: fakes.constant_model(path, metadata={"lookahead_frames": "x"}),
        "lookahead_frames='x'",
    ),
    "bins": (lambda path: fakes.constant_model(path, bins=257), r"\[1, T, 513, 2\]"),
    "masks": (lambda path: fakes.constant_model(path, masks={"gain": 1}), "offers neither"),
    "nan": (lambda path: fakes.constant_model(path, masks={"mask_real": float("nan")}), "not finite"),
    "state": (lambda path: fakes.history_model(path, keep_state_output=False), "next_state_previous is missing"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_model(kind: str, bundle: Bundle, tmp_path: Path, rng: np.random.Generator) -> None:
    make, complaint = WRONG[kind]
    make(tmp_path / "wrong.onnx")
    check_dry(bundle(model=tmp_path / "wrong.onnx"), "dry: wrong model", complaint, rng)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 32_000, 44_056, 384_000])
def test_rates_that_are_refused(rate: int, rng: np.random.Generator) -> None:
    x = speechlike(rng, 2, 10_000)
    plugin = fresh()
    assert plugin(x, rate).tobytes() == x.tobytes()
    assert plugin.reported_latency_samples == 0
    answer = host(Path(vst3_path()), rate=rate)
    assert answer["told"][STATUS_ID] == pytest.approx(WRONG_RATE / 6, abs=1e-6)
    assert len(answer["complaints"]) == 1
    assert f"{rate}" in answer["complaints"][0]
    assert not np.allclose(plugin(x, RATE), x, atol=0.01)  # a right rate again: it works again


@pytest.mark.parametrize("before", [8_000, 44_056, 384_000])
def test_a_refused_rate_is_that_of_one_instance_only(
    before: int, rng: np.random.Generator, capfd: pytest.CaptureFixture[str]
) -> None:
    """DPF constructs an instance at the rate that the one before had, whatever the host will choose."""
    x = speechlike(rng, 2, 10_000)
    expected = fresh()(x, RATE)
    fresh()(x, before)
    capfd.readouterr()
    for rate in (RATE, 44_100):
        plugin = fresh()
        assert plugin.reported_latency_samples == LATENCIES[44_100]
        assert plugin(x, rate).shape == x.shape
        assert plugin.reported_latency_samples == LATENCIES[rate]
        assert plugin.status == "working"
        fresh()(x, before)
    plugin = fresh()
    np.testing.assert_allclose(plugin(x, RATE), expected, atol=1e-6)
    fresh()(x, before)
    complaints = capfd.readouterr().err.count("sound passes dry")
    plugin = fresh()  # at the refused rate from its construction on
    assert plugin(x, before).tobytes() == x.tobytes()
    assert plugin.reported_latency_samples == 0
    assert capfd.readouterr().err.count("sound passes dry") == 1
    assert complaints == 3


def test_a_mask_that_the_model_lacks(bundle: Bundle, tmp_path: Path, rng: np.random.Generator) -> None:
    path = bundle(model=fakes.constant_model(tmp_path / "half.onnx", masks={"mask_phase_aware": 0.5}))
    plugin: Any = load_plugin(str(path))
    x = speechlike(rng, 2, 10_000)
    np.testing.assert_allclose(plugin(x, RATE), x / 2, atol=1e-6)
    plugin.mask = "real"
    assert plugin(x, RATE).tobytes() == x.tobytes()
    assert plugin.reported_latency_samples == 1536


def test_a_run_that_fails(counted: Path, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator) -> None:
    """In the middle of a sound: from there on it is dry, at the same latency, and nothing else comes out before."""
    x = speechlike(rng, 2, 40_000)
    plugin: Any = load_plugin(str(counted))
    runtime = ctypes.CDLL(str(counted / "Contents" / "Resources" / "libonnxruntime.so"))
    runtime.fail_after(ctypes.c_long(20))  # one for each hop, as both channels share a mask
    y = plugin(x, RATE, buffer_size=512)
    fails = 20 * 512 - 1536  # the output of the 21st hop
    np.testing.assert_allclose(y[:, :fails], fresh()(x, RATE)[:, :fails], atol=1e-6)
    assert y[:, fails + 512 :].tobytes() == x[:, fails + 512 :].tobytes()
    assert plugin.reported_latency_samples == 1536
    runtime.fail_after(ctypes.c_long(-1))
    np.testing.assert_allclose(plugin(x, RATE), fresh()(x, RATE), atol=1e-6)  # a new start is a new try
    monkeypatch.setenv("FAIL_AFTER", "52")  # 32 of them when it is loaded
    assert host(counted)["told"][STATUS_ID] == RUN_FAILED / 6


def test_the_other_instances_go_on(bundle: Bundle, rng: np.random.Generator) -> None:
    x = speechlike(rng, 2, 10_000)
    plugin = fresh()
    expected = plugin(x, RATE)
    broken: Any = load_plugin(str(bundle(model=None)))
    assert broken(x, RATE).tobytes() == x.tobytes()
    assert plugin(x, RATE).tobytes() == expected.tobytes()


def test_a_bundle_that_was_moved(tmp_path: Path, bundle: Bundle, rng: np.random.Generator) -> None:
    """Whatever the folder's name: the files are looked for beside the binary, not where they were built."""
    moved = tmp_path / "my plug-ins, été" / "PhaseAware.vst3"
    shutil.copytree(bundle(model=default_model("stream")), moved)
    x = speechlike(rng, 2, 10_000)
    plugin: Any = load_plugin(str(moved))
    assert plugin.status == "working"
    np.testing.assert_allclose(plugin(x, RATE), fresh()(x, RATE), atol=1e-6)
