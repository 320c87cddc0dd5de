"""Nothing is sent: by the kernel's account of all calls for the network, and where there is none at all."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests import fakes

from .isolate import root

_ALL = """
import sys
from pathlib import Path
import numpy as np
from phaseaware.plugin import PhaseAware, Pedalboard, load_preset
from phaseaware.plugin.command import main

folder = Path(sys.argv[1])
x = np.random.default_rng(0).standard_normal(9600).astype(np.float32) / 10
Pedalboard([PhaseAware(), PhaseAware(model=folder / "m.onnx")])(x, 48_000)
load_preset("podcast-chain").board()(x, 48_000)
for arguments in (
    ["process", str(folder / "in.wav"), "-o", str(folder / "out.wav")],
    ["compare", str(folder / "in.wav"), "-o", str(folder / "compared"), "--model", str(folder / "m.onnx")],
    ["models"], ["presets"],
):
    assert main(arguments) == 0, arguments
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A recording and a user's model."""
    soundfile.write(tmp_path / "in.wav", 0.1 * np.random.default_rng(0).standard_normal(24_000), 48_000)
    fakes.history_model(tmp_path / "m.onnx")
    return tmp_path


def _run(before: list[str], code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [*before, sys.executable, "-c", code, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=root(), timeout=300)


def _traced(code: str, folder: Path) -> list[str]:
    """Calls that name an address of the network, by this program and all that it starts."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    log = folder / "calls"
    ran = _run(["strace", "-f", "-qq", "-e", "trace=network", "-o", str(log)], code, folder)
    if "ptrace" in ran.stderr.lower() and not log.exists():
        pytest.skip(f"strace is not allowed here: {ran.stderr.strip()[:100]}")
    assert ran.returncode == 0, ran.stderr
    return [line for line in log.read_text(errors="replace").splitlines() if re.search(r"\bAF_INET6?\b", line)]


def test_no_call_names_an_address(folder: Path) -> None:
    assert _traced(_ALL, folder) == []


def test_the_tracing_sees_what_it_has_to_see(folder: Path) -> None:
    code = "import socket\ns = socket.socket()\ntry:\n    s.connect(('127.0.0.1', 9))\nexcept OSError:\n    pass"
    assert any("connect" in line for line in _traced(code, folder))


def test_all_works_without_a_network(folder: Path) -> None:
    """In a network namespace of its own, which has no interface."""
    without = ["unshare", "--net", "--map-root-user"]
    if shutil.which("unshare") is None or _run(without, "", folder).returncode:
        pytest.skip("unshare is not installed or not allowed here")
    ran = _run(without, _ALL, folder)
    assert ran.returncode == 0, ran.stderr
    reached = _run(without, "import socket\nsocket.create_connection(('127.0.0.1', 9), 1)", folder)
    assert "unreachable" in reached.stderr  # it is without
