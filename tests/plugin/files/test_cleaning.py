"""Files cleaned in scripts."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from phaseaware.engine.audio import AudioFileError
from phaseaware.engine.errors import UsageError
from phaseaware.plugin import clean

from tests.plugin.command.running import PHASEAWARE, Command, get, put, tones, tree


def test_clean(tmp_path: Path, passing: Path) -> None:
    x = tones(24_000, 1, 48_000)
    source = put(tmp_path / "a.wav", x)
    report = clean(source, tmp_path / "b.flac", model=passing, mask="real", mix=0.5)
    assert (report.job.target, report.error, report.notes) == (tmp_path / "b.flac", None, [])
    np.testing.assert_allclose(get(tmp_path / "b.flac"), 0.75 * x, atol=1e-4)
    with pytest.raises(AudioFileError, match="exists already"):
        clean(str(source), str(tmp_path / "b.flac"), model=passing)
    assert clean(source, tmp_path / "b.flac", overwrite=True, preset="neutral").seconds == 0.5
    assert clean(source, model=passing).job.target == tmp_path / "a-clean.wav"


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"reduction": 12}, TypeError, "'reduction' is no control"),
        ({"reduction": 12, "preset": "neutral"}, TypeError, "'reduction' is no control"),
        ({"reduction_db": 200}, ValueError, "reduction_db=200"),
        ({"link": "both"}, ValueError, "link='both'"),
        ({"lufs": 3}, ValueError, "lufs=3 is not from -70 to 0 LUFS"),
        ({"bitrate": 128}, ValueError, "bitrate=128 is not from 6000"),
        ({"preset": "neutral", "model": "phaseaware"}, ValueError, "exclude each other"),
        ({"target": "b.xyz"}, UsageError, "no sound format"),
    ],
)  # fmt: skip
def test_clean_refuses(
    tmp_path: Path, options: dict[str, Any], error: type[Exception], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = put(tmp_path / "a.wav", tones(2400, 1, 48_000))
    with pytest.raises(error, match=said):
        clean(source, **options)
    with pytest.raises(FileNotFoundError):
        clean(tmp_path / "none.wav")
    assert tree(tmp_path) == ["a.wav"]


def test_the_version_is_that_of_the_distribution(phaseaware: Command) -> None:
    from importlib.metadata import version

    from phaseaware import engine

    assert engine.__version__ == version("phaseaware")
    assert phaseaware("--version").out == f"phaseaware {engine.__version__}\n"
    ran = subprocess.run([*PHASEAWARE, "--version"], capture_output=True, text=True)
    assert ran.stdout == f"phaseaware {engine.__version__}\n"
