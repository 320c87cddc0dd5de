"""Make the demo clip: ``speech.flac`` and ``noise.flac``, 48 kHz mono, 16 bit; the noisy recording is their sum.

    python plugin/demo/make_clip.py [FOLDER]

The speech comes from Festival's 32 kHz voice cmu_us_slt_arctic_hts (``apt install festival festvox-us-slt-hts``;
Carnegie Mellon University and Nagoya Institute of Technology, free for any use), so it reaches to 16 kHz. The noise is
generated: a busy street with two cars and a lorry driving by, and a horn. The same tools give the same samples.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import butter, lfilter, resample_poly, sosfilt

RATE = 48_000
SECONDS = 10
SAMPLES = RATE * SECONDS
SNR_DB = 4.0
SPEECH_RMS_DB = -26.0  # dBFS over the whole clip
VOICE = "cmu_us_slt_arctic_hts"
SENTENCES = (
    "This is a speech test in the street.",
    "She chose fresh peaches, and the judge watched six foxes.",
    "Each voice keeps its phase.",
)
PAUSE_SECONDS = 0.45
SOUND_SPEED = 343.0  # m/s
SEED = 6000

Signal = NDArray[np.float64]


def say(sentence: str) -> Signal:
    """A sentence at 48 kHz, without the silence around it."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "speech.wav"
        subprocess.run(
            ["text2wave", "-eval", f"(voice_{VOICE})", "-o", str(wav)], input=sentence, text=True, check=True
        )
        x, rate = soundfile.read(wav)
    x = resample_poly(x, RATE, rate)
    loud = np.flatnonzero(np.abs(x) > 1e-3 * np.abs(x).max())
    return x[loud[0] : loud[-1] + 1]


def make_speech() -> Signal:
    """The sentences, spread over the clip with a short lead of noise alone."""
    speech, position = np.zeros(SAMPLES), round(0.8 * RATE)
    for sentence in SENTENCES:
        said = say(sentence)
        speech[position : position + len(said)] += said
        position += len(said) + round(PAUSE_SECONDS * RATE)
    return speech * 10 ** (SPEECH_RMS_DB / 20) / rms(speech)


def rms(x: Signal) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(x**2)))


def band(x: Signal, low: float, high: float, order: int = 2) -> Signal:
    """Band-pass between two frequencies in Hz."""
    return sosfilt(butter(order, (low, high), "bandpass", fs=RATE, output="sos"), x)


def tilted(rng: np.random.Generator, slope_db_per_octave: float) -> Signal:
    """Noise whose spectrum falls by so much, above 40 Hz, at an RMS of one."""
    f = np.maximum(np.fft.rfftfreq(SAMPLES, 1 / RATE), 40)
    X = np.fft.rfft(rng.standard_normal(SAMPLES)) * (f / 1000) ** (slope_db_per_octave / (20 * np.log10(2)))
    x = np.fft.irfft(X, SAMPLES)
    return x / rms(x)


def engine(rng: np.random.Generator, firing_hz: float, shift: Signal, rise: float) -> Signal:
    """Exhaust pulses, uneven as real ones are, through the resonances of an exhaust."""
    wander = np.interp(np.arange(SAMPLES), np.linspace(0, SAMPLES, 24), rng.normal(0, 0.015, 24))
    speed = firing_hz * shift * (1 + wander + rise * np.linspace(-0.5, 0.5, SAMPLES))
    fired = np.flatnonzero(np.diff(np.floor(np.cumsum(speed) / RATE)))
    pulses = np.zeros(SAMPLES)
    pulses[fired] = rng.normal(1, 0.25, len(fired))
    x = band(pulses, 45, 600) + 0.7 * band(pulses, 90, 260) + 0.2 * band(pulses, 380, 1500)
    return x / rms(x)


def passing(moment: float, speed: float, distance: float) -> tuple[Signal, Signal]:
    """Loudness and Doppler shift of something that drives by, nearest at ``moment`` s; speed in m/s, distance in m."""
    t = np.arange(SAMPLES) / RATE - moment
    r = np.hypot(distance, speed * t)
    return distance / r, 1 / (1 + speed**2 * t / (r * SOUND_SPEED))


def tyres(rng: np.random.Generator, near: Signal) -> Signal:
    """Rolling noise: strongest around 1 kHz, and the brighter the nearer the car is."""
    dull, bright = band(tilted(rng, -3), 500, 2200), band(tilted(rng, -4), 1500, 14_000)
    return 1.5 * dull + 1.7 * near * bright


def horn(start: float, seconds: float) -> Signal:
    """A two-tone car horn: two reeds rich in harmonics, with a soft start and end."""
    t = np.arange(SAMPLES) / RATE
    envelope = np.clip(np.minimum((t - start) / 0.03, (start + seconds - t) / 0.08), 0, 1)
    x = sum(np.tanh(3 * np.sin(2 * np.pi * f * t)) for f in (415.0, 518.0))
    return envelope * band(np.asarray(x), 300, 6500, 1)


def make_noise() -> Signal:
    """The street, at an RMS of one."""
    rng = np.random.default_rng(SEED)
    rumble = lfilter([1], [1, -0.995], rng.standard_normal(SAMPLES))
    street = 0.5 * band(rumble / rms(rumble), 30, 220) + 0.22 * tilted(rng, -4.5)
    passings = ((2.4, 14, 6, 78, 1.0), (5.2, 11, 9, 43, 0.9), (8.3, 15, 7, 92, 0.9))
    for moment, speed, distance, firing_hz, loudness in passings:
        near, shift = passing(moment, speed, distance)
        car = 0.9 * engine(rng, firing_hz, shift, rng.uniform(-0.1, 0.2)) + tyres(rng, near)
        street += loudness * near * car
    street += 0.6 * horn(6.55, 0.45)
    return street / rms(street)


def main() -> None:
    """Write both stems into the folder named, else beside this file."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    folder.mkdir(parents=True, exist_ok=True)
    speech = make_speech()
    noise = make_noise() * rms(speech) * 10 ** (-SNR_DB / 20)
    fade = np.minimum(1, np.minimum(np.arange(SAMPLES), np.arange(SAMPLES)[::-1]) / (0.05 * RATE))
    for name, stem in (("speech", speech), ("noise", noise * fade)):
        soundfile.write(folder / f"{name}.flac", stem, RATE, subtype="PCM_16")


if __name__ == "__main__":
    main()
