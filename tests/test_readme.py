"""The README's scripts run as they stand."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from phaseaware.plugin import vst3_path

from tests.signals import voice_like

README = Path(__file__).parent.parent / "README.md"
SCRIPTS = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def run(scripts: Iterable[str]) -> dict[str, Any]:
    """Names after the scripts, one after the other."""
    names: dict[str, Any] = {}
    for script in scripts:
        exec(compile(script, "README.md", "exec"), names)
    assert names
    return names


def test_scripts_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    noisy = voice_like(rng, 48_000)[:, None] + 0.05 * rng.standard_normal((48_000, 2))
    soundfile.write(tmp_path / "interview.wav", noisy, 48_000)
    monkeypatch.chdir(tmp_path)
    names = run(script for script in SCRIPTS if "vst3_path" not in script)
    for made in ("phase_aware", "real", "cleaned"):
        assert names[made].shape == (2, 48_000)
        assert np.isfinite(names[made]).all()
        assert 0 < np.abs(names[made]).max() <= 1


def test_script_with_the_native_plugin() -> None:
    try:
        vst3_path()
    except FileNotFoundError as e:
        pytest.skip(str(e))
    board = run(script for script in SCRIPTS if "vst3_path" in script)["board"]
    sound = np.random.default_rng(1).standard_normal((2, 48_000)).astype(np.float32)
    assert board(sound, 48_000).shape == (2, 48_000)


def test_named_files_exist() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8")):
        assert (README.parent / target).exists(), target
