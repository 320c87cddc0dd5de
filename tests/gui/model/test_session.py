"""The session model and its threads, without Qt."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from numpy.typing import NDArray
from phaseaware.engine import IdealMask, MaskModel, Render, separate
from phaseaware.engine.separator import PREROLL
from phaseaware.engine.versions import Version
from phaseaware.gui.model import Controls, IdealChoice, OpenError, Session, recording
from phaseaware.gui.model.export import write_versions
from phaseaware.gui.model.levels import measured_loudness

from tests.gui.helpers import PATIENCE, Watched, write_wav
from tests.signals import voice_like

MATCHED = (Version.NOISY, Version.PHASE_AWARE, Version.REAL)


def test_versions_are_those_of_the_engine(watched: Watched, noisy_file: Path, history_model: MaskModel) -> None:
    watched.session.open(noisy_file)
    session = watched.rendered()
    x, _ = soundfile.read(noisy_file, dtype="float32", always_2d=True)
    assert session.recording is not None
    assert session.renderer is not None
    np.testing.assert_array_equal(session.recording.track.read(0, len(x)), x)
    expected = separate(x.T, history_model, [Render(mask="phase-aware"), Render(mask="real")], sample_rate=48_000)
    for y, mask in zip(expected, ("phase-aware", "real"), strict=True):
        np.testing.assert_allclose(session.renderer.newest.tracks[mask].read(0, len(x)), y.T, atol=2e-6)


def test_nothing_is_rendered_from_what_is_not_decoded_yet(
    watched: Watched,
    tmp_path: Path,
    rng: np.random.Generator,
    history_model: MaskModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noisy_file = write_wav(tmp_path / "longer.wav", voice_like(rng, 2 * PREROLL))
    caught_up = threading.Event()
    decoded = recording._decoded

    def held(path: Path, frames: int) -> Iterator[NDArray[np.float32]]:
        for i, block in enumerate(decoded(path, frames)):
            assert i == 0 or caught_up.wait(PATIENCE)
            yield block

    monkeypatch.setattr(recording, "_decoded", held)
    monkeypatch.setattr(recording, "_BLOCK", PREROLL + 40 * 512)
    watched.session.open(noisy_file)
    renderer = watched.session.renderer
    assert renderer is not None
    watched.wait(lambda: renderer.newest.coverage.filled > 20 * 512)
    caught_up.set()
    watched.rendered()
    x, _ = soundfile.read(noisy_file, dtype="float32", always_2d=True)
    expected = separate(x.T, history_model, [Render(mask="phase-aware"), Render(mask="real")], sample_rate=48_000)
    for y, mask in zip(expected, ("phase-aware", "real"), strict=True):
        np.testing.assert_allclose(renderer.newest.tracks[mask].read(0, len(x)), y.T, atol=2e-6)


@pytest.mark.parametrize("start", [0.7, 1.9])
def test_a_change_in_the_middle_gives_what_a_render_from_the_start_gives(
    watched: Watched, noisy_file: Path, history_model: MaskModel, start: float
) -> None:
    watched.session.open(noisy_file)
    session = watched.rendered()
    session.seek(int(start * 48_000))
    controls = Controls(reduction_db=12.0, strength_low=0.5, mix=0.8)
    session.set_controls(controls)
    assert session.renderer is not None
    watched.rendered()
    assert session.renderer.newest.renders == controls.renders()
    x, _ = soundfile.read(noisy_file, dtype="float32", always_2d=True)
    expected = separate(x.T, history_model, controls.renders(), sample_rate=48_000)
    for y, mask in zip(expected, ("phase-aware", "real"), strict=True):
        np.testing.assert_allclose(session.renderer.newest.tracks[mask].read(0, len(x)), y.T, atol=2e-6)


def test_another_rate_and_two_channels_become_48_khz(watched: Watched, tmp_path: Path) -> None:
    t = np.arange(44_100) / 44_100
    x = np.stack([np.sin(2 * np.pi * 440 * t), np.sin(2 * np.pi * 1000 * t)], axis=1).astype(np.float32) / 2
    watched.session.open(write_wav(tmp_path / "x.wav", x, 44_100))
    session = watched.rendered()
    assert session.recording is not None
    assert (session.recording.samples, session.recording.channels) == (48_000, 2)
    s = np.arange(4800, 43_200) / 48_000
    got = session.recording.track.read(4800, 43_200)
    np.testing.assert_allclose(got[:, 0], np.sin(2 * np.pi * 440 * s) / 2, atol=1e-4)
    np.testing.assert_allclose(got[:, 1], np.sin(2 * np.pi * 1000 * s) / 2, atol=1e-4)


def test_stems_give_their_sum_and_the_ideal_mask_gives_the_speech_back(
    watched: Watched, tmp_path: Path, rng: np.random.Generator
) -> None:
    speech = voice_like(rng, 48_000)
    noise = (0.05 * rng.standard_normal(48_000)).astype(np.float32)
    watched.session.open(write_wav(tmp_path / "s.wav", speech), write_wav(tmp_path / "n.wav", noise))
    session = watched.rendered()
    session.set_ideal(IdealChoice(phase_aware=IdealMask.COMPLEX, real=IdealMask.IRM))
    watched.rendered()
    assert session.recording is not None
    assert session.renderer is not None
    np.testing.assert_array_equal(session.recording.track.read(0, 48_000)[:, 0], speech + noise)
    a = session.renderer.newest.tracks["phase-aware"].read(0, 48_000)[:, 0]
    b = session.renderer.newest.tracks["real"].read(0, 48_000)[:, 0]
    assert 10 * np.log10(np.mean((a - speech) ** 2) / np.mean(speech**2)) < -80
    assert np.mean((b - speech) ** 2) > 100 * np.mean((a - speech) ** 2)
    for choice in (session.ideal, None):  # with the model's masks, too, no file holds what a script would read
        session.set_ideal(choice)
        with pytest.raises(ValueError, match="one noisy file"):
            session.script()


def test_any_file_name_makes_a_script_that_python_reads(watched: Watched, tmp_path: Path) -> None:
    for name in ("a\\Nb.wav", 'three"""quotes.wav', "line\nend.wav"):
        watched.session.open(write_wav(tmp_path / name, np.zeros(4800, np.float32)))
        compile(watched.session.script(), "script", "exec")


def test_swapping_begins_anew_with_another_recording(watched: Watched, noisy_file: Path) -> None:
    session = watched.session
    session.open(noisy_file)
    session.select(Version.PHASE_AWARE)
    session.open(noisy_file)
    assert session.version is Version.NOISY
    session.swap()
    assert session.version is Version.PHASE_AWARE


def test_stems_that_do_not_match_are_refused_and_nothing_is_lost(
    watched: Watched, noisy_file: Path, tmp_path: Path
) -> None:
    watched.session.open(noisy_file)
    other = write_wav(tmp_path / "o.wav", np.zeros(1000, np.float32), 44_100)
    shorter = write_wav(tmp_path / "s.wav", np.zeros(1000, np.float32))
    for noise in (other, shorter):
        with pytest.raises(OpenError, match="stems must match"):
            watched.session.open(noisy_file, noise)
    recording = watched.session.recording
    assert recording is not None
    assert recording.path == noisy_file


@pytest.mark.parametrize("content", [b"", b"RIFF", b"not audio at all" * 100])
def test_a_broken_file_is_refused_and_what_is_open_stays(
    watched: Watched, noisy_file: Path, tmp_path: Path, content: bytes
) -> None:
    watched.session.open(noisy_file)
    broken = tmp_path / "broken.wav"
    broken.write_bytes(content)
    with pytest.raises(OpenError, match=r"broken\.wav"):
        watched.session.open(broken)
    assert watched.rendered().recording is not None


def test_a_file_without_a_header_is_refused(watched: Watched, tmp_path: Path) -> None:
    raw = tmp_path / "x.raw"
    raw.write_bytes(bytes(9600))
    with pytest.raises(OpenError, match="no header"):
        watched.session.open(raw)


@pytest.mark.parametrize("suffix", ["wav", "ogg"])
def test_a_file_that_ends_early_is_refused(watched: Watched, noisy_file: Path, tmp_path: Path, suffix: str) -> None:
    """As by the command: what is left of it would be taken for the whole recording."""
    x, rate = soundfile.read(noisy_file)
    cut = tmp_path / f"cut.{suffix}"
    soundfile.write(cut, x, rate)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    with pytest.raises(OpenError, match="ends early"):
        watched.session.open(cut)


@pytest.mark.parametrize("suffix", ["flac"])
def test_a_file_found_to_end_early_is_told_and_not_exported(
    watched: Watched, noisy_file: Path, tmp_path: Path, suffix: str
) -> None:
    x, rate = soundfile.read(noisy_file)
    cut = tmp_path / f"cut.{suffix}"
    soundfile.write(cut, x, rate)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    session = watched.session
    session.open(cut)
    watched.wait(lambda: session.decode_error is not None)
    with pytest.raises(ValueError, match=r"not be read to its end .*ends early"):
        session.export_job({Version.NOISY: tmp_path / "out.wav"})


def test_a_missing_file_and_a_folder_are_refused(watched: Watched, tmp_path: Path) -> None:
    with pytest.raises(OpenError, match="no such file"):
        watched.session.open(tmp_path / "none.wav")
    with pytest.raises(OpenError, match="folder"):
        watched.session.open(tmp_path)


def test_selection_swap_and_bypass() -> None:
    session = Session(None)
    session.select(Version.PHASE_AWARE)
    session.select(Version.REAL)
    session.swap()
    assert session.heard is Version.PHASE_AWARE
    session.swap()
    assert session.heard is Version.REAL
    session.toggle_bypass()
    assert session.heard is Version.NOISY
    session.toggle_bypass()
    assert session.heard is Version.REAL
    session.toggle_bypass()
    session.select(Version.DELTA)
    assert session.heard is Version.DELTA
    assert session.output == "real"
    assert session.mixer.transport.version is Version.DELTA


def test_level_match_attenuates_to_the_quietest_and_agrees_with_pyloudnorm(watched: Watched, noisy_file: Path) -> None:
    watched.session.open(noisy_file)
    session = watched.rendered()
    session.follow()
    assert session.renderer is not None
    assert session.recording is not None
    n = session.recording.samples // 4800 * 4800
    meter = pyloudnorm.Meter(48_000)
    sounds = {
        Version.NOISY: session.recording.track.read(0, n),
        Version.PHASE_AWARE: session.renderer.newest.tracks["phase-aware"].read(0, n),
        Version.REAL: session.renderer.newest.tracks["real"].read(0, n),
    }
    levels = measured_loudness(session.recording, session.renderer)
    for version, x in sounds.items():
        assert levels[version] == pytest.approx(meter.integrated_loudness(x.astype(float)), abs=0.01)
    gains = [session.gain_db(v) for v in MATCHED]
    assert max(gains) == 0
    matched = [meter.integrated_loudness(x.astype(float)) + session.gain_db(v) for v, x in sounds.items()]
    assert max(matched) - min(matched) < 0.15
    session.set_level_match(False)
    assert [session.gain_db(v) for v in MATCHED] == [0, 0, 0]
    session.set_delta_gain(24)
    assert session.gain_db(Version.DELTA) == session.gain_db(Version.REMOVED) == 24
    with pytest.raises(ValueError, match="gain_db=7"):
        session.set_delta_gain(7)


def test_gains_of_one_recording_are_not_those_of_the_next(watched: Watched, noisy_file: Path, tmp_path: Path) -> None:
    watched.session.open(noisy_file)
    session = watched.rendered()
    session.follow()
    assert min(session.gain_db(v) for v in MATCHED) < 0
    x, rate = soundfile.read(noisy_file, frames=4800, dtype="float32")
    session.open(write_wav(tmp_path / "too short to be measured.wav", x, rate))
    assert session.mixer.transport.gain == 1
    watched.rendered().follow()
    assert [session.gain_db(v) for v in MATCHED] == [0, 0, 0]


def test_loop_is_ordered_clipped_and_never_too_short(watched: Watched, noisy_file: Path) -> None:
    session = watched.session
    session.open(noisy_file)
    assert session.recording is not None
    end = session.recording.samples
    session.set_loop(90_000, 48_000)
    assert session.loop == (48_000, 90_000)
    session.set_loop_start(60_000)
    assert session.loop == (60_000, 90_000)
    session.set_loop_stop(50_000)
    assert session.loop == (0, 50_000)
    session.set_loop(end, 10 * end)
    assert session.loop is not None
    assert session.loop[1] == end
    assert session.loop[1] - session.loop[0] == 1920
    session.clear_loop()
    assert session.mixer.transport.loop is None


def test_undo_takes_a_gesture_as_one_step() -> None:
    session = Session(None)
    first = session.controls
    session.history.begin_gesture()
    for value in (0.9, 0.8, 0.7):
        session.set_controls(replace(session.controls, mix=value))
    session.history.end_gesture()
    session.set_controls(replace(session.controls, reduction_db=18.0))
    session.history.undo()
    assert session.controls == Controls(mix=0.7)
    session.history.undo()
    assert session.controls == first
    assert not session.history.can_undo
    session.history.redo()
    session.history.redo()
    assert session.controls == Controls(mix=0.7, reduction_db=18.0)
    assert not session.history.can_redo
    session.history.begin_gesture()
    session.history.end_gesture()
    session.history.undo()
    assert session.controls == Controls(mix=0.7)


@pytest.mark.parametrize(("rate", "channels"), [(48_000, 1), (44_100, 2)])
def test_the_script_makes_what_is_exported(
    watched: Watched, tmp_path: Path, rng: np.random.Generator, rate: int, channels: int
) -> None:
    n = 2 * rate + 77
    x = voice_like(rng, n, sample_rate=rate)[:, None] + 0.02 * rng.standard_normal((n, channels))
    path = write_wav(tmp_path / "noisy.wav", x.astype(np.float32), rate)
    session = watched.session
    session.open(path)
    session.set_controls(Controls(reduction_db=9.5, strength_low=0.6, strength_high=1.5, mix=0.85))
    watched.rendered()
    names = {Version.PHASE_AWARE: "phase-aware", Version.REAL: "real"}
    exported = {version: tmp_path / f"exported {name}.wav" for version, name in names.items()}
    write_versions(session.export_job(exported), progress=lambda share: None, stopped=lambda: False)
    subprocess.run([sys.executable, "-c", session.script()], check=True)
    sounds = []
    for version, name in names.items():
        scripted, made = (
            soundfile.read(file, dtype="float32", always_2d=True)
            for file in (tmp_path / f"noisy {name}.wav", exported[version])
        )
        assert scripted[1] == made[1] == rate
        assert scripted[0].shape == made[0].shape == x.shape
        np.testing.assert_allclose(scripted[0], made[0], atol=2e-6)
        sounds.append(made[0])
    # The settings matter, and the two versions are two.
    assert all(np.abs(y - z).max() > 0.01 for y, z in (sounds, (sounds[0], x)))


def test_seek_is_clipped_and_counts_at_once(watched: Watched, noisy_file: Path) -> None:
    session = watched.session
    session.open(noisy_file)
    assert session.recording is not None
    session.seek(-5)
    assert session.position == 0
    session.seek(10**9)
    assert session.position == session.recording.samples
    session.play(True)
    assert session.position == 0
