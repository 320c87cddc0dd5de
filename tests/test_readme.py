"""The README's scripts run as they stand."""

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.signals import voice_like

README = Path(__file__).parent.parent / "README.md"


def test_scripts_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    noisy = voice_like(rng, 48_000)[:, None] + 0.05 * rng.standard_normal((48_000, 2))
    soundfile.write(tmp_path / "interview.wav", noisy, 48_000)
    monkeypatch.chdir(tmp_path)
    scripts = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(scripts) >= 2
    names: dict[str, np.ndarray] = {}
    for script in scripts:
        exec(compile(script, "README.md", "exec"), names)
    for made in ("phase_aware", "real", "cleaned"):
        assert names[made].shape == (2, 48_000)
        assert np.isfinite(names[made]).all()
        assert 0 < np.abs(names[made]).max() <= 1


def test_named_files_exist() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8")):
        assert (README.parent / target).exists(), target
