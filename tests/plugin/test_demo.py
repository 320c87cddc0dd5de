"""The bundled clip and the script that makes it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from phaseaware.engine.metrics import band_pass
from phaseaware.plugin.demo import mixture, stems

CLIP = stems()[0].parent
VOICE = Path("/usr/share/festival/voices/us/cmu_us_slt_arctic_hts")


def test_clip_is_what_it_says() -> None:
    clip = {}
    for name in ("speech", "noise"):
        path = CLIP / f"{name}.flac"
        info = soundfile.info(path)
        assert (info.samplerate, info.channels, info.subtype, info.frames) == (48_000, 1, "PCM_16", 480_000)
        assert path.stat().st_size < 700_000
        clip[name] = soundfile.read(path)[0]
    s, v = clip["speech"], clip["noise"]
    assert 10 * np.log10(np.sum(s**2) / np.sum(v**2)) == pytest.approx(4, abs=0.1)
    assert 0.3 < np.abs(s + v).max() < 0.9
    # Both reach beyond the seam: the magnitude band has something to do.
    assert 10 * np.log10(np.mean(band_pass(s, 8000, 16_000) ** 2) / np.mean(s**2)) > -35
    assert 10 * np.log10(np.mean(band_pass(v, 8000, 16_000) ** 2) / np.mean(v**2)) > -35


def test_noisy_is_the_sum_of_the_stems() -> None:
    with mixture() as noisy:
        x, s, v = (soundfile.read(path, dtype="float32")[0] for path in (noisy, *stems()))
    np.testing.assert_array_equal(x, s + v)
    assert not noisy.exists()


@pytest.mark.skipif(
    not (shutil.which("text2wave") and VOICE.is_dir()), reason="festival or its voice cmu_us_slt_arctic_hts is missing"
)
def test_script_makes_the_clip_again(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(CLIP / "make_clip.py"), str(tmp_path)], check=True)
    for name in ("speech", "noise"):
        made, _ = soundfile.read(tmp_path / f"{name}.flac")
        shipped, _ = soundfile.read(str(CLIP / f"{name}.flac"))
        np.testing.assert_allclose(made, shipped, atol=2 / 32768)
