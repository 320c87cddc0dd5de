"""New voices: pitch and formants move apart, and nothing but speech is spoken anew."""

import numpy as np
import pytest
from scipy import signal

pytest.importorskip("pylibrb", reason="needs the [train] extra")

from phaseaware.engine.training.voices import moved_apart, with_new_voices

RATE, PITCH, FORMANT = 48_000, 120.0, 1000.0  # Hz


def throat_and_mouth():
    """Two seconds of pulses, at `PITCH`, through one resonance, at `FORMANT`, 100 Hz wide."""
    pulses = np.zeros(2 * RATE)
    pulses[np.arange(0, len(pulses), RATE / PITCH).astype(int)] = 1
    radius = np.exp(-np.pi * 100 / RATE)
    x = signal.lfilter([1], [1, -2 * radius * np.cos(2 * np.pi * FORMANT / RATE), radius**2], pulses)
    return (0.3 * x / np.abs(x).max()).astype(np.float32)


def pitch_and_centre(x):
    """The first peak of the autocorrelation and the centre of the power spectrum from 300 Hz to 3 kHz, in Hz."""
    x = x[20_000:70_000]
    power = np.abs(np.fft.rfft(x * np.hanning(len(x)))) ** 2
    shortest, longest = RATE // 300, RATE // 60
    period = shortest + np.argmax(np.fft.irfft(power)[shortest:longest])
    hertz = np.fft.rfftfreq(len(x), 1 / RATE)
    power *= (hertz > 300) & (hertz < 3000)
    return RATE / period, np.average(hertz, weights=power)


@pytest.mark.parametrize(("semitones", "formants"), [(3.0, 0.9), (-2.5, 1.1), (0.0, 1.15), (4.0, 1.0)])
def test_pitch_and_formants_move_each_by_its_own(semitones, formants):
    x = throat_and_mouth()
    y = moved_apart(x, RATE, semitones=semitones, formants=formants)
    assert len(y) == len(x)
    (pitch, centre), (new_pitch, new_centre) = pitch_and_centre(x), pitch_and_centre(y)
    assert pitch == pytest.approx(PITCH, rel=0.01)
    assert new_pitch == pytest.approx(pitch * 2 ** (semitones / 12), rel=0.01)
    # The centre is that of harmonics 120 Hz apart, which samples the resonance: near, not equal.
    assert new_centre == pytest.approx(centre * formants, rel=0.05)


def test_each_voice_speaks_as_another_up_to_the_seconds_asked_for():
    """The clips stay as they are; the same voice becomes the same other one each time."""
    x = throat_and_mouth()
    clips = [("speech", "ann", RATE, x), ("speech", "ann", RATE, x[:RATE]), ("speech", "bob", RATE, x[:RATE]),
             ("speech", "cat", RATE, x[:1000]), ("noise", "fan", RATE, x)]  # fmt: skip
    made = list(with_new_voices(clips, seconds=1.0))
    assert [who for _, who, _, _ in made] == ["ann", "ann~", "ann", "bob", "bob~", "cat", "fan"]
    assert all(new[3] is old[3] for new, old in zip([c for c in made if "~" not in c[1]], clips, strict=True))
    new = {who: y for _, who, _, y in made if "~" in who}
    assert new["ann~"].shape == x.shape
    assert not np.allclose(new["ann~"][: len(new["bob~"])], new["bob~"], atol=0.01)
    again = list(with_new_voices(clips, seconds=2.5))
    assert [who for _, who, _, _ in again] == ["ann", "ann~", "ann", "ann~", "bob", "bob~", "cat", "fan"]
    np.testing.assert_array_equal(again[1][3], new["ann~"])
