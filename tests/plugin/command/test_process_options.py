"""What ``phaseaware process`` writes as asked: bit rate, loudness, names."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from phaseaware.engine.audio import AudioReader

from tests.signals import voice_like

from .running import Command, get, put, tones, tree


def speechlike(seconds: float, rate: int = 48_000) -> np.ndarray:
    """Bursts of noise with pauses, shape (samples, 1), with peaks far above their level."""
    rng = np.random.default_rng(3)
    x = 0.05 * rng.standard_normal(round(seconds * rate))
    x *= np.sin(2 * np.pi * 1.5 * np.arange(len(x)) / rate) > -0.5
    x[:: rate // 2] = 0.5
    return x[:, None].astype(np.float32)


@pytest.mark.parametrize(("format", "kbps"), [("mp3", 96), ("mp3", 64), ("opus", 48), ("ogg", 96), ("m4a", 96)])
def test_the_bit_rate_is_kept_or_asked_for(
    tmp_path: Path, phaseaware: Command, passing: Path, rng: np.random.Generator, format: str, kbps: int
) -> None:
    source = put(tmp_path / "a.wav", voice_like(rng, 8 * 48_000)[:, None].astype(np.float32))
    name = tmp_path / f"a.{format}"
    assert phaseaware("process", source, "-o", name, "--bitrate", kbps, "--model", passing).status == 0
    assert phaseaware("process", name, "--model", passing).status == 0
    for path in (name, tmp_path / f"a-clean.{format}"):
        with AudioReader(path) as reader:
            assert reader.info.bitrate is not None
            most = 1.6 if format == "m4a" else 1.2  # FFmpeg's AAC takes up to half more of tones
            assert 0.6 * kbps < reader.info.bitrate / 1000 < most * kbps
            assert reader.info.frames == 8 * 48_000


def test_bit_rates_that_are_not_to_be_had_are_told(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    source = put(tmp_path / "a.wav", tones(8000, 1, 16_000), 16_000)
    ran = phaseaware("process", source, "-o", tmp_path / "a.mp3", "--bitrate", 320, "--model", passing)
    ran.failed_with(0, "has 160 kbit/s, the most that 1 channel(s) of MPEG_LAYER_III at 16000 Hz take")
    ran = phaseaware("process", source, "-o", tmp_path / "b.wav", "--bitrate", 320, "--model", passing)
    ran.failed_with(0, "--bitrate changes nothing")


@pytest.mark.parametrize(("lufs", "peak", "subtype"), [(-16, -1, "PCM_16"), (-23, -1, "FLOAT"), (-20, -6, "PCM_24")])
def test_loudness_is_reached_below_the_true_peak(
    tmp_path: Path, phaseaware: Command, passing: Path, lufs: float, peak: float, subtype: str
) -> None:
    import pyloudnorm

    source = put(tmp_path / "a.wav", speechlike(5), subtype=subtype)
    command = ["process", source, "--lufs", lufs, "--model", passing, "--json"]
    ran = phaseaware(*command, *([] if peak == -1 else ["--true-peak", peak]))
    assert (ran.status, ran.err) == (0, "")
    y = get(tmp_path / "a-clean.wav")
    found = pyloudnorm.Meter(48_000).integrated_loudness(y.astype(np.float64))
    assert found == pytest.approx(lufs, abs=0.15)
    assert json.loads(ran.out)["loudness_lufs"] == pytest.approx(found, abs=0.1)
    assert 20 * np.log10(np.abs(y).max()) <= peak
    assert y.shape == (5 * 48_000, 1)
    assert tree(tmp_path) == ["a-clean.wav", "a.wav"]


def test_loudness_that_cannot_be_is_told(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    silent = put(tmp_path / "silent.wav", np.zeros((48_000, 1), np.float32))
    phaseaware("process", silent, "--lufs", -16, "--model", passing).failed_with(0, "too short or too quiet")
    assert not get(tmp_path / "silent-clean.wav").any()
    sharp = put(tmp_path / "sharp.wav", speechlike(2))
    ran = phaseaware("process", sharp, "--lufs=\N{MINUS SIGN}3", "--true-peak", -20, "--model", passing)
    ran.failed_with(0, "LUFS, not -3.0: its peaks leave no room for more")
    phaseaware("process", sharp, "--true-peak", -1).failed_with(2, "--lufs, which is missing")


@pytest.mark.parametrize("suffix", ["-dn", "{name}-dn"])
def test_a_suffix_may_begin_with_a_dash(tmp_path: Path, phaseaware: Command, passing: Path, suffix: str) -> None:
    source = put(tmp_path / "a.wav", tones(2400, 1, 48_000))
    command = ["process", source, "--suffix", suffix, "--format", "flac", "--model", passing]
    assert phaseaware(*command).status == 0
    assert tree(tmp_path) == ["a-dn.flac", "a.wav"]
