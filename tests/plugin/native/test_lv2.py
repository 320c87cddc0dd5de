"""The LV2 plugin: valid, and the engine's samples in lv2apply."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from phaseaware.engine import MaskModel, Render, separate
from phaseaware.plugin.native import install
from phaseaware.plugin.native.bundles import NAMES, resources_of

from .conftest import speechlike


@pytest.fixture
def bundles(tmp_path: Path) -> dict[int, Path]:
    """By number of channels."""
    return dict(zip(NAMES, install(tmp_path / "lv2", plugin_format="lv2"), strict=True))


@pytest.mark.skipif(
    not (shutil.which("lv2_validate") and shutil.which("sord_validate")),
    reason="lv2_validate is not installed (packages lv2-dev, sordi)",
)
@pytest.mark.parametrize("channels", NAMES)
def test_it_is_valid(channels: int, bundles: dict[int, Path]) -> None:
    files = sorted(bundles[channels].glob("*.ttl"))
    done = subprocess.run(["lv2_validate", *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Found 0 errors" in done.stdout + done.stderr


def play(folder: Path, channels: int, x: np.ndarray, *controls: str) -> tuple[np.ndarray, str]:
    """What comes out of lv2apply, and what it complains of."""
    soundfile.write(folder / "in.wav", x.T, 48_000, "FLOAT")
    command = [
        "lv2apply",
        "-i",
        folder / "in.wav",
        "-o",
        folder / "out.wav",
        *controls,
        f"urn:phaseaware:{NAMES[channels]}",
    ]
    environment = os.environ | {"LV2_PATH": str(folder / "lv2")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return soundfile.read(folder / "out.wav", dtype="float32", always_2d=True)[0].T, done.stderr


@pytest.mark.skipif(not shutil.which("lv2apply"), reason="lv2apply is not installed (package lilv-utils)")
@pytest.mark.parametrize("channels", NAMES)
def test_lv2apply_gives_the_engines_samples(
    channels: int, bundles: dict[int, Path], model: MaskModel, tmp_path: Path, rng: np.random.Generator
) -> None:
    x = speechlike(rng, channels, 30_000)
    made, complaints = play(tmp_path, channels, x, "-c", "mask", "1", "-c", "reduction_db", "20")
    expected = separate(x, model, Render(mask="real", reduction_db=20), sample_rate=48_000, warm=False)[0]
    np.testing.assert_allclose(made[:, 1536:], expected[:, :-1536], atol=2e-5)  # lv2apply leaves the latency in
    assert not complaints


@pytest.mark.skipif(not shutil.which("lv2apply"), reason="lv2apply is not installed (package lilv-utils)")
def test_without_a_model_sound_passes_dry(bundles: dict[int, Path], tmp_path: Path, rng: np.random.Generator) -> None:
    (resources_of(bundles[2]) / "model.onnx").unlink()
    x = speechlike(rng, 2, 30_000)
    made, complaints = play(tmp_path, 2, x)
    np.testing.assert_array_equal(made, x)
    assert "no model.onnx in" in complaints
