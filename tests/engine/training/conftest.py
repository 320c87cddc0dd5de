"""A tiny corpus and a tiny configuration."""

import numpy as np
import pytest
import soundfile
from phaseaware.engine.training import __main__ as command
from phaseaware.engine.training.corpus import Corpus

from tests.signals import voice_like


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    """Two voices (one narrow-band), one noise, one room, prepared by the command."""
    folder = tmp_path_factory.mktemp("recordings")
    rng = np.random.default_rng(5)
    for path, rate, x in [
        ("speech/anna/1.wav", 48_000, voice_like(rng, 96_000)),
        ("speech/anna/2.flac", 44_100, voice_like(rng, 60_000, sample_rate=44_100)),
        ("speech/phone/1.wav", 16_000, voice_like(rng, 40_000, sample_rate=16_000)),
        ("noise/fan/1.wav", 48_000, (0.1 * rng.standard_normal((30_000, 2))).astype(np.float32)),
        ("rir/room/1.wav", 48_000, (np.exp(-np.arange(9000) / 1500) * rng.standard_normal(9000)).astype(np.float32)),
    ]:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / path, 0.5 * x / np.abs(x).max(), rate)
    out = folder / "corpus"
    kinds = [word for kind in ("speech", "noise", "rir") for word in (f"--{kind}", str(folder / kind))]
    command.main(["prepare", *kinds, "--out", str(out)])
    return Corpus(out)


@pytest.fixture
def tiny_config(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(
        "hours = 0.002\nanneal_hours = 0.001\n"
        "[network]\nchannels = 8\nblocks = 1\nmixing_channels = 4\nencoder_channels = [4, 8]\n"
        "[data]\nseconds = 0.3\nsegments = 2\n[optimizer]\nbatch = 2\nwarmup_steps = 2\n"
    )
    return path
