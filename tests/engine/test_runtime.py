"""onnxruntime tells nobody that it is used."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_USE = "from phaseaware.engine import MaskModel; MaskModel(); print('loaded')"


def _environment(home: Path) -> dict[str, str]:
    """One in which onnxruntime would report: it does not where it takes the place for a test or a build server."""
    environment = os.environ | {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "XDG_DATA_HOME": str(home)}
    for name in ("ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "CI", "GITHUB_ACTIONS"):
        environment.pop(name, None)
    return environment


def test_use_leaves_no_identifier_behind(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _USE], env=_environment(tmp_path), capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "loaded"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts threads as Linux shows them")
def test_nothing_runs_beside_us_that_could_report(tmp_path: Path) -> None:
    """The reports go out some seconds later, from a thread that importing onnxruntime starts."""
    code = f"{_USE}; import os; print(len(os.listdir('/proc/self/task')))"
    one = {"OPENBLAS_NUM_THREADS": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=_environment(tmp_path) | one, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == ["loaded", "1"]


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not there")
def test_use_makes_no_network_call(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-e", "trace=%network", "-o", str(trace), sys.executable, "-c", _USE]
    ran = subprocess.run(command, env=_environment(tmp_path), capture_output=True, text=True, check=False)
    if "PTRACE" in ran.stderr or "Operation not permitted" in ran.stderr:
        pytest.skip("strace may not trace here")
    assert ran.stdout.strip() == "loaded"
    assert [line for line in trace.read_text().splitlines() if "AF_INET" in line or "connect(" in line] == []


def test_who_has_decided_is_not_overruled() -> None:
    code = "import os, phaseaware.engine.runtime; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    for value in ("0", "1"):
        environment = os.environ | {"ORT_DISABLE_TELEMETRY": value, "ORT_RUNNING_UNIT_TESTS": "1"}
        ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert ran.stdout.strip() == value


def test_everybody_takes_it_from_there() -> None:
    root = Path(__file__).parents[2]
    importing = []
    for room in ("engine", "plugin", "gui", "tests"):
        for path in (root / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if "onnxruntime" in names:
                    importing.append(path.relative_to(root).as_posix())
    assert importing == ["engine/runtime.py"]
