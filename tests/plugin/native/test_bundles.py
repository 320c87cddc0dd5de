"""Where Python finds the native plugin, and how it gets to where hosts look."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pedalboard import load_plugin
from phaseaware.engine import MaskModel, ModelError, Render, separate, shipped_models
from phaseaware.plugin import vst3_path
from phaseaware.plugin.command.main import main
from phaseaware.plugin.native import bundles, install

from tests import fakes

from .conftest import BUILD, speechlike

ROOT = Path(__file__).parents[3]
VST3_NAMES = ["PhaseAwareMono.vst3", "PhaseAware.vst3"]


def test_paths() -> None:
    assert [Path(vst3_path(channels)).name for channels in (1, 2)] == VST3_NAMES
    assert vst3_path() == vst3_path(2)
    for channels in (0, 3, None):
        with pytest.raises(ValueError, match=f"channels={channels} is not 1 or 2"):
            vst3_path(channels)  # type: ignore[arg-type]


def test_not_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "_BUILD", tmp_path)
    monkeypatch.setattr(bundles, "_WHEEL", "no_such_package")
    with pytest.raises(FileNotFoundError, match=r"make native.*pip install phaseaware-native"):
        vst3_path()


def test_a_wheel_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "a_wheel"
    (package / "PhaseAware.vst3").mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(bundles, "_WHEEL", "a_wheel")
    monkeypatch.setattr(bundles, "_BUILD", tmp_path / "nothing")
    assert vst3_path() == str(package / "PhaseAware.vst3")


def test_installed_bundles_stand_alone(tmp_path: Path, model: MaskModel, rng: np.random.Generator) -> None:
    made = install(tmp_path / "made" / "if need be")
    assert [path.name for path in made] == VST3_NAMES
    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))
    assert {path.name for path in made[0].parent.iterdir()} == set(VST3_NAMES)
    notices = {path.name for path in bundles.resources_of(made[0]).glob("*LICENSE")}
    assert notices == {"LICENSE"} | {f"{name}-LICENSE" for name in ("DPF", "Eigen", "onnxruntime", "speexdsp")}
    for channels, path in zip(bundles.NAMES, made, strict=True):
        x = speechlike(rng, channels, 10_000)
        plugin: Any = load_plugin(str(path))
        np.testing.assert_allclose(
            plugin(x, 48_000), separate(x, model, Render(), sample_rate=48_000, warm=False)[0], atol=2e-5
        )


def test_installed_twice_with_another_model(tmp_path: Path) -> None:
    install(tmp_path)
    (tmp_path / "PhaseAware.vst3" / "left over").touch()
    other = fakes.constant_model(tmp_path / "other.onnx", lookahead=3)
    (path, *_) = install(tmp_path, model=other)
    assert not list(tmp_path.rglob("left over"))
    assert (path / "Contents" / "Resources" / "model.onnx").read_bytes() == other.read_bytes()


@pytest.mark.parametrize("name", shipped_models())
def test_a_shipped_model_is_chosen_by_its_name(name: str, tmp_path: Path, rng: np.random.Generator) -> None:
    x, chosen = speechlike(rng, 2, 30_000), MaskModel(name)
    plugin: Any = load_plugin(str(install(tmp_path, model=name)[1]))
    np.testing.assert_allclose(
        plugin(x, 48_000, buffer_size=441),
        separate(x, chosen, Render(), sample_rate=48_000, warm=False)[0],
        atol=2e-5,
    )
    assert plugin.reported_latency_samples == chosen.info.latency_samples


def test_a_refused_model_changes_nothing(tmp_path: Path) -> None:
    wrong = fakes.constant_model(tmp_path / "wrong.onnx", metadata={"hop": "1"})
    with pytest.raises(ModelError, match="hop=1"):
        install(tmp_path / "to", model=wrong)
    with pytest.raises(FileNotFoundError, match="no such model"):
        install(tmp_path / "to", model="no-such-model")
    assert not (tmp_path / "to").exists()


def test_the_default_is_where_hosts_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert install()[0].parent == tmp_path / ".vst3"
    assert install(plugin_format="lv2")[0].parent == tmp_path / ".lv2"


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugin", "install", "--to", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [str(tmp_path / name) for name in VST3_NAMES]
    assert "scan" in lines[2]
    assert main(["plugin", "install", "--to", str(tmp_path), "--model", "no-such-model"]) == 2
    assert "no such model" in capsys.readouterr().err
    (tmp_path / "file").touch()
    assert main(["plugin", "install", "--to", str(tmp_path / "file" / "in")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_the_wheel_is_of_this_version() -> None:
    projects = [ROOT / "pyproject.toml", ROOT / "plugin" / "native" / "pyproject.toml"]
    assert len({tomllib.loads(path.read_text())["project"]["version"] for path in projects}) == 1


def test_a_wheels_bundle_finds_onnxruntime_beside_it(
    tmp_path: Path, model: MaskModel, rng: np.random.Generator
) -> None:
    """site-packages/phaseaware_native/PhaseAware.vst3 and site-packages/onnxruntime/capi."""
    subprocess.run(["cmake", "--install", BUILD, "--prefix", tmp_path], check=True, capture_output=True)
    path = tmp_path / "phaseaware_native" / "PhaseAware.vst3"
    (path / "Contents" / "Resources" / "libonnxruntime.so").unlink()
    (tmp_path / "onnxruntime").symlink_to(bundles.runtime()[0].parents[1])
    x = speechlike(rng, 2, 10_000)
    plugin: Any = load_plugin(str(path))
    np.testing.assert_allclose(
        plugin(x, 48_000), separate(x, model, Render(), sample_rate=48_000, warm=False)[0], atol=2e-5
    )


def test_no_usage_data_is_collected(tmp_path: Path) -> None:
    """onnxruntime's official builds send usage data unless they are told not to."""
    script = f"import pedalboard; pedalboard.load_plugin({vst3_path()!r})"
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment | {"HOME": str(tmp_path)})
    assert not list(tmp_path.rglob("*onnxruntime*"))
