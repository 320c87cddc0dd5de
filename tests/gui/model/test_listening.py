"""Rows 24, 25 and 29: a band alone, clean speech, one channel; NaN is muted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phaseaware.engine import MaskModel
from phaseaware.engine.frames import Frames
from phaseaware.engine.versions import Version
from phaseaware.gui.model import Band, Channels, Controls
from phaseaware.gui.model.controls import NUMBERS, typed, value_text
from phaseaware.gui.model.masking import ModelMasks
from phaseaware.gui.model.mixer import FADE, Mixer, Transport

from tests.gui.helpers import Watched, write_wav

RATE = 48_000


def tones(*hz: float) -> np.ndarray:
    t = np.arange(3 * RATE) / RATE
    return sum(0.2 * np.sin(2 * np.pi * f * t) for f in hz).astype(np.float32)


def level_at(x: np.ndarray, hz: float) -> float:
    t = np.arange(len(x)) / RATE
    return 20 * np.log10(2 * abs(np.vdot(np.exp(2j * np.pi * hz * t), x)) / len(x) + 1e-12)


def test_a_band_alone_is_heard_exactly_and_however_it_is_asked_for(watched: Watched, tmp_path: Path) -> None:
    watched.session.open(write_wav(tmp_path / "x.wav", tones(300, 1000, 5000)))
    session = watched.rendered()
    session.set_level_match(False)
    session.set_band(Band.between(700, 1500))
    session.play(True)
    out = np.concatenate([session.mixer.read(n) for n in (480, 1, 777, 4096, 20_000)])[FADE:, 0]
    assert level_at(out, 1000) == pytest.approx(20 * np.log10(0.2), abs=0.1)
    assert level_at(out, 300) < -70
    assert level_at(out, 5000) < -70
    whole = Band.between(700, 1500).filtered(lambda a, b: session.recording.track.read(a, b), 0, 3 * RATE)[:, 0]  # type: ignore[union-attr]
    np.testing.assert_allclose(out, whole[FADE : FADE + len(out)], atol=1e-6)
    session.clear_loop()
    assert session.band is None


def test_switching_a_band_fades(watched: Watched, tmp_path: Path) -> None:
    watched.session.open(write_wav(tmp_path / "x.wav", tones(300, 1000)))
    session = watched.rendered()
    session.play(True)
    parts = [session.mixer.read(5000)]
    for band in (Band.between(200, 500), None, Band.between(800, 1200)):
        session.set_band(band)
        parts.append(session.mixer.read(5000))
    steps = np.abs(np.diff(np.concatenate(parts)[FADE:, 0])).max()
    assert steps < 0.4 * 2 * np.pi * 1000 / RATE + 2 * 0.4 / FADE


@given(st.floats(-1e4, 5e4), st.floats(-1e4, 5e4))
def test_a_band_is_in_range_and_wide_enough(one: float, other: float) -> None:
    band = Band.between(one, other)
    assert band.low >= 0
    assert band.low + 99.9 <= band.high <= RATE / 2
    assert np.isfinite(band.taps).all()
    assert len(band.taps) == 2 * band.reach + 1


def test_clean_speech_is_the_stem_and_needs_one(
    watched: Watched, noisy_file: Path, tmp_path: Path, rng: np.random.Generator
) -> None:
    session = watched.session
    session.open(noisy_file)
    session.select(Version.CLEAN)
    assert session.heard is Version.NOISY
    speech = (rng.standard_normal(RATE) / 20).astype(np.float32)
    noise = (rng.standard_normal(RATE) / 20).astype(np.float32)
    session.open(write_wav(tmp_path / "s.wav", speech), write_wav(tmp_path / "n.wav", noise))
    watched.rendered()
    session.follow()
    session.select(Version.CLEAN)
    session.play(True)
    gain = np.float32(10 ** (session.gain_db(Version.CLEAN) / 20))
    np.testing.assert_array_equal(session.mixer.read(4000)[FADE:, 0], speech[FADE:4000] * gain)
    assert session.gain_db(Version.CLEAN) < 0  # as loud as the quietest


@pytest.mark.parametrize("channels", Channels)
def test_the_channels_chosen_are_heard(
    watched: Watched, tmp_path: Path, rng: np.random.Generator, channels: Channels
) -> None:
    x = (rng.standard_normal((RATE, 2)) / 20).astype(np.float32)
    watched.session.open(write_wav(tmp_path / "x.wav", x))
    session = watched.rendered()
    session.set_channels(channels)
    session.play(True)
    out = session.mixer.read(3000)[FADE:]
    expected = {
        Channels.ALL: x, Channels.LEFT: x[:, [0, 0]], Channels.RIGHT: x[:, [1, 1]],
        Channels.MID: np.repeat(x.mean(axis=1, keepdims=True), 2, axis=1),
    }[channels]  # fmt: skip
    np.testing.assert_allclose(out, expected[FADE:3000], atol=1e-7)


def test_what_is_no_number_is_muted_told_and_over_when_the_model_is_well_again(
    history_model: MaskModel, noisy_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Masks of NaN and inf for some frames; what follows is what it would have been."""
    well = Watched(history_model)
    well.session.open(noisy_file)
    reference = well.rendered().renderer
    assert reference is not None
    expected = reference.newest.tracks["phase-aware"].read(0, 3 * RATE)
    well.session.close()
    read = ModelMasks.read
    first = [0]

    def sick(masks: ModelMasks, count: int) -> Frames:
        frames = read(masks, count)
        for i in range(len(frames)):
            if 100 <= first[0] + i < 104:
                for mask in frames.masks.values():
                    mask[:, i] = np.nan if i % 2 else np.inf
        first[0] += len(frames)
        return frames

    monkeypatch.setattr(ModelMasks, "read", sick)
    watched = Watched(history_model)
    watched.session.open(noisy_file)
    session = watched.rendered()
    assert session.renderer is not None
    made = session.renderer.newest.tracks["phase-aware"].read(0, 3 * RATE)
    assert np.isfinite(made).all()
    assert session.renderer.muted_frames == 4
    assert any("muted" in error for error in session.errors)
    np.testing.assert_array_equal(made[: 98 * 512], expected[: 98 * 512])
    np.testing.assert_array_equal(made[105 * 512 :], expected[105 * 512 :])
    assert not made[101 * 512 : 102 * 512].any()
    assert np.isfinite(session.renderer.newest.loudness["phase-aware"].mean_squares()).all()
    session.close()


def test_the_mixer_lets_no_nan_through(watched: Watched, noisy_file: Path) -> None:
    watched.session.open(noisy_file)
    session = watched.rendered()
    assert session.recording is not None
    session.recording.track.write(2000, np.full((10, 1), np.nan, np.float32))
    mixer = Mixer()
    mixer.load(session.recording)
    mixer.transport = Transport(playing=True)
    out = mixer.read(4000)
    assert np.isfinite(out).all()
    assert not out[2000:2010].any()
    assert out[2011:2100].any()
    assert mixer.muted == 10


@pytest.mark.parametrize("name", NUMBERS)
def test_what_is_told_can_be_typed(name: str) -> None:
    control = NUMBERS[name]
    for value in (control.low, control.high, control.default):
        assert typed(control, value_text(control, value)) == pytest.approx(value)
    for text in ("much", "-1", "1e9", "nan", "12 Hz"):
        with pytest.raises(ValueError, match=control.title):
            typed(control, text)


def test_controls_of_a_processor_and_back() -> None:
    class Processor:
        reduction_db, strength_low, strength_high, mix = 12.0, 0.5, 1.5, 0.25

    controls = Controls.of(Processor)
    other = Processor()
    Controls().apply_to(other)
    assert (other.reduction_db, other.mix) == (None, 1.0)
    controls.apply_to(other)
    assert Controls.of(other) == controls
