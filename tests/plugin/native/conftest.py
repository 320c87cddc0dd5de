"""The native plugin as ``make native`` has built it, and copies of it with other contents."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pedalboard
import pytest
from numpy.typing import NDArray
from phaseaware.engine import MaskModel
from phaseaware.plugin.native.bundles import NAMES, vst3_path
from phaseaware.plugin.native.bundles import runtime as installed_runtime

BUILD = Path(__file__).absolute().parents[3] / "build" / "native"
Bundle = Callable[..., Path]
LATENCIES = {44_100: 1697, 48_000: 1536, 88_200: 3235, 96_000: 3392, 176_400: 6323, 192_000: 6784}
"""Samples, by rate, with one frame of look-ahead."""


@pytest.fixture(scope="session", autouse=True)
def built() -> None:
    """Skips where there is nothing to test."""
    if not all((BUILD / "bin" / f"{name}.vst3").is_dir() for name in NAMES.values()):
        pytest.skip("the native plugin is not built (`make native` does it, or says what it misses)")


@pytest.fixture(scope="session", autouse=True)
def held(built: None) -> Iterator[None]:
    """Keeps one instance of each, so that their model is loaded once."""
    instances = [pedalboard.load_plugin(vst3_path(channels)) for channels in NAMES]
    yield
    instances.clear()


@pytest.fixture(scope="session")
def model(built: None) -> MaskModel:
    """The model that the bundles carry."""
    return MaskModel(Path(vst3_path()) / "Contents" / "Resources" / "model.onnx")


@pytest.fixture
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Makes a bundle of its own: ``bundle(channels=2, model=PATH, runtime=PATH)``; None leaves one out."""

    def make(
        channels: int = 2,
        *,
        model: Path | None = None,
        runtime: Path | None = installed_runtime()[0],  # noqa: B008
    ) -> Path:
        source = Path(vst3_path(channels))
        made = tmp_path_factory.mktemp("bundle") / source.name
        shutil.copytree(source, made, ignore=shutil.ignore_patterns("Resources"))
        resources = made / "Contents" / "Resources"
        resources.mkdir()
        for file, name in ((model, "model.onnx"), (runtime, "libonnxruntime.so")):
            if file is not None:
                (resources / name).symlink_to(file)
        return made

    return make


@pytest.fixture
def counted(bundle: Bundle, model: MaskModel) -> Path:
    """A bundle with a stand-in for onnxruntime: it tells the host when it runs, and fails when asked to."""
    made = bundle(model=model.path, runtime=None)
    resources = made / "Contents" / "Resources"
    shutil.copy(BUILD / "counted.so", resources / "libonnxruntime.so")
    (resources / "real.so").symlink_to(installed_runtime()[0])
    return made


def host(
    bundle: Path,
    *,
    channels: int = 2,
    rate: int = 48_000,
    block: int = 512,
    seconds: float = 1,
    automate: int = 0,
) -> dict[str, Any]:
    """What the counting host tells of a bundle; its stderr as ``complaints``."""
    binary = next((bundle / "Contents").glob(f"*/{bundle.stem}.so"))
    command = [BUILD / "host", binary, *map(str, (channels, rate, block, seconds, automate))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout) | {"complaints": done.stderr.splitlines()}


def fresh(channels: int = 2, **controls: Any) -> Any:
    """A new instance in stock pedalboard."""
    plugin = pedalboard.load_plugin(vst3_path(channels))
    for name, value in controls.items():
        setattr(plugin, name, value)
    return plugin


def speechlike(rng: np.random.Generator, channels: int, samples: int) -> NDArray[np.float32]:
    """A gliding, pulsing harmonic tone in noise: enough for the masks to have something to do."""
    t = np.arange(samples) / 48_000
    phase = 2 * np.pi * np.cumsum(120 + 40 * np.sin(2 * np.pi * 0.7 * t)) / 48_000
    voice = sum(np.sin(k * phase) / k for k in range(1, 30)) * np.clip(np.sin(2 * np.pi * 3 * t), 0, 1)
    gains = np.linspace(1, 0.6, channels)[:, None]
    return (0.1 * gains * voice + 0.05 * rng.standard_normal((channels, samples))).astype(np.float32)
