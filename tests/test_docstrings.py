"""The examples in docstrings do what they say."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest
from phaseaware import engine, plugin

ROOT = Path(__file__).parent.parent
MODULES = sorted(
    ".".join(("phaseaware", *path.relative_to(ROOT).with_suffix("").parts))
    for room in ("engine", "plugin", "gui")
    for path in (ROOT / room).rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


OFFERED = {
    f"{package.__name__}.{name}": getattr(package, name)
    for package in (engine, plugin)
    for name in dir(package)
    if callable(getattr(package, name)) and not name.startswith("_")
}


@pytest.mark.parametrize("name", sorted(OFFERED))
def test_what_the_packages_offer_has_an_example(name: str) -> None:
    offered = OFFERED[name]
    if isinstance(offered, type) and issubclass(offered, Exception | engine.ExitStatus):
        pytest.skip("raised, not called")
    if offered.__module__.startswith("phaseaware.engine.audio"):
        pytest.skip("read and written in the examples of others")
    assert ">>> " in str(offered.__doc__)


@pytest.mark.parametrize("module", MODULES)
def test_examples(module: str) -> None:
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("phaseaware"):
            raise
        pytest.skip(f"{error.name} is not installed")
    results = doctest.testmod(found, optionflags=doctest.ELLIPSIS)
    assert results.attempted
    assert not results.failed
