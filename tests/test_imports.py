"""What an import loads in the end, what the packages offer, and what is installed. Rules between modules are lint's.

(import-linter reads the sources; what a package loads when first used it does not see.)
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("engine", "plugin", "gui", "presets")
PACKAGES = sorted(
    ".".join(("phaseaware", *path.parent.relative_to(ROOT).parts))
    for room in ROOMS
    for path in (ROOT / room).rglob("__init__.py")
)
INFERENCE = {"onnxruntime", "torch"}
HEAVY = INFERENCE | {"numpy", "soundfile", "soxr", "pedalboard", "matplotlib", "scipy", "PyQt6"}


def _loaded(code: str) -> set[str]:
    ran = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(ran.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "phaseaware.engine", "phaseaware.engine.controls", "phaseaware.engine.errors", "phaseaware.engine.limits",
        "phaseaware.engine.versions", "phaseaware.plugin", "phaseaware.plugin.command", "phaseaware.gui.command",
    ],
)  # fmt: skip
def test_vocabulary_and_arguments_load_nothing_heavy(module: str) -> None:
    assert not HEAVY & _loaded(f"import {module}")


@pytest.mark.parametrize(
    "code",
    [
        "import phaseaware.gui.view.theme",
        "import phaseaware.plugin.presets",
        f"from phaseaware.engine import AudioReader\nAudioReader({str(ROOT / 'plugin/demo/speech.flac')!r}).close()",
    ],
)
def test_no_colour_no_preset_and_no_header_needs_the_model(code: str) -> None:
    if "gui" in code:
        pytest.importorskip("PyQt6")
    assert not INFERENCE & _loaded(code)


def test_the_window_s_model_needs_no_qt() -> None:
    pytest.importorskip("pyloudnorm", reason="needs the [gui] extra")
    assert not {"PyQt6", "pyqtgraph"} & _loaded("from phaseaware.gui.model import Session")


@pytest.mark.parametrize("package", PACKAGES)
def test_what_a_package_offers_is_there(package: str) -> None:
    """The stubs that say what is loaded when first used name what exists."""
    try:
        found = importlib.import_module(package)
        names = {name: getattr(found, name) for name in getattr(found, "__all__", ())}
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("phaseaware"):
            raise
        pytest.skip(f"{error.name} is not installed")
    assert all(value is not None for value in names.values())
    with pytest.raises(AttributeError):
        found.nothing_of_this_name  # noqa: B018


def test_all_packages_are_installed_and_typed() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    assert sorted(declared) == PACKAGES
    for package in PACKAGES:
        assert (ROOT / Path(*package.split(".")[1:]) / "py.typed").is_file(), package
