"""Export: exact, atomic, cancellable, and nothing left behind by a full disk."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from phaseaware.engine.audio import AudioFileError, AudioInfo, AudioReader, AudioWriter
from phaseaware.engine.versions import Version
from phaseaware.gui.model import Controls
from phaseaware.gui.model.export import Cancelled, write_versions

from tests.gui.helpers import WITHOUT_STEMS, Watched, write_wav


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Writing beyond it fails, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def all_targets(folder: Path, suffix: str = ".wav") -> dict[Version, Path]:
    return {version: folder / f"{version}{suffix}" for version in WITHOUT_STEMS}


def test_all_versions_are_exported_as_heard_but_for_the_level(
    watched: Watched, noisy_file: Path, tmp_path: Path
) -> None:
    session = watched.session
    session.open(noisy_file)
    session.set_controls(Controls(reduction_db=20.0))
    watched.rendered().follow()
    assert session.renderer is not None
    assert session.gain_db(Version.NOISY) < 0
    out = tmp_path / "out"
    out.mkdir()
    shares: list[float] = []
    write_versions(session.export_job(all_targets(out)), progress=shares.append, stopped=lambda: False)
    sounds = {v: soundfile.read(out / f"{v}.wav", dtype="float32", always_2d=True)[0] for v in WITHOUT_STEMS}
    x, _ = soundfile.read(noisy_file, dtype="float32", always_2d=True)
    np.testing.assert_array_equal(sounds[Version.NOISY], x)
    slot = session.renderer.newest
    np.testing.assert_allclose(sounds[Version.PHASE_AWARE], slot.tracks["phase-aware"].read(0, len(x)), atol=2e-6)
    np.testing.assert_allclose(sounds[Version.REAL], slot.tracks["real"].read(0, len(x)), atol=2e-6)
    np.testing.assert_allclose(sounds[Version.DELTA], sounds[Version.PHASE_AWARE] - sounds[Version.REAL], atol=1e-6)
    np.testing.assert_allclose(sounds[Version.REMOVED], x - sounds[Version.PHASE_AWARE], atol=1e-6)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert sorted(p.name for p in out.iterdir()) == sorted(f"{v}.wav" for v in WITHOUT_STEMS)


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000])
def test_rate_channels_and_length_are_those_of_the_file(
    watched: Watched, tmp_path: Path, rng: np.random.Generator, rate: int
) -> None:
    x = (0.1 * rng.standard_normal((rate // 2 + 77, 2))).astype(np.float32)
    watched.session.open(write_wav(tmp_path / "x.wav", x, rate))
    session = watched.rendered()
    target = tmp_path / "a.flac"
    write_versions(
        session.export_job({Version.PHASE_AWARE: target}), progress=lambda share: None, stopped=lambda: False
    )
    info = soundfile.info(target)
    assert (info.samplerate, info.channels, info.frames, info.subtype) == (rate, 2, len(x), "PCM_24")


def test_a_full_disk_leaves_nothing_and_keeps_what_was_there(
    watched: Watched, noisy_file: Path, tmp_path: Path
) -> None:
    watched.session.open(noisy_file)
    session = watched.rendered()
    out = tmp_path / "out"
    out.mkdir()
    (out / "noisy.wav").write_bytes(b"from before")
    with files_no_larger_than(100_000), pytest.raises(AudioFileError):
        write_versions(session.export_job(all_targets(out)), progress=lambda share: None, stopped=lambda: False)
    assert [p.name for p in out.iterdir()] == ["noisy.wav"]
    assert (out / "noisy.wav").read_bytes() == b"from before"


def test_a_disk_that_is_full_at_the_very_end_leaves_nothing(
    watched: Watched, noisy_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = AudioWriter.finish

    def fails_once(writer: AudioWriter) -> None:
        if writer.path.stem == str(Version.REAL):
            raise AudioFileError(writer.path, "the disk is full")
        finish(writer)

    monkeypatch.setattr(AudioWriter, "finish", fails_once)
    watched.session.open(noisy_file)
    job = watched.rendered().export_job(all_targets(tmp_path / "out"))
    (tmp_path / "out").mkdir()
    with pytest.raises(AudioFileError, match="the disk is full"):
        write_versions(job, progress=lambda share: None, stopped=lambda: False)
    assert not list((tmp_path / "out").iterdir())


def test_cancelling_leaves_nothing(watched: Watched, noisy_file: Path, tmp_path: Path) -> None:
    watched.session.open(noisy_file)
    session = watched.rendered()
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(Cancelled):
        write_versions(session.export_job(all_targets(out)), progress=lambda share: None, stopped=lambda: True)
    assert not list(out.iterdir())


def test_an_unknown_suffix_is_refused(watched: Watched, noisy_file: Path, tmp_path: Path) -> None:
    watched.session.open(noisy_file)
    session = watched.rendered()
    with pytest.raises(ValueError, match=r"\.wav, \.flac, \.w64"):
        write_versions(
            session.export_job({Version.NOISY: tmp_path / "x.xyz"}), progress=lambda share: None, stopped=lambda: False
        )


def test_the_recording_itself_is_not_replaced(watched: Watched, noisy_file: Path) -> None:
    before = noisy_file.read_bytes()
    watched.session.open(noisy_file)
    job = watched.rendered().export_job({Version.PHASE_AWARE: noisy_file})
    with pytest.raises(ValueError, match="the recording itself"):
        write_versions(job, progress=lambda share: None, stopped=lambda: False)
    assert noisy_file.read_bytes() == before


def test_no_stem_is_replaced_by_whatever_name(watched: Watched, tmp_path: Path, rng: np.random.Generator) -> None:
    stems = [
        write_wav(tmp_path / f"{name}.wav", rng.standard_normal(4800).astype(np.float32) / 20)
        for name in ("speech", "noise")
    ]
    before = [stem.read_bytes() for stem in stems]
    link, hard = tmp_path / "link.wav", tmp_path / "hard.wav"
    link.symlink_to(stems[1])
    os.link(stems[0], hard)
    watched.session.open(*stems)
    session = watched.rendered()
    fresh = tmp_path / "fresh.wav"
    for path in (*stems, link, hard, tmp_path / "." / "noise.wav"):
        job = session.export_job({Version.NOISY: fresh, Version.REAL: path})
        with pytest.raises(ValueError, match="one of the stems"):
            write_versions(job, progress=lambda share: None, stopped=lambda: False)
        assert [stem.read_bytes() for stem in stems] == before
        assert not fresh.exists()
    write_versions(session.export_job({Version.REAL: fresh}), progress=lambda share: None, stopped=lambda: False)
    assert soundfile.info(fresh).frames == 4800


def test_samples_beyond_full_scale_are_counted_where_they_are_clipped(watched: Watched, tmp_path: Path) -> None:
    x = np.zeros(9600, np.float32)
    x[100:107] = 1.5
    watched.session.open(write_wav(tmp_path / "x.wav", x))
    session = watched.rendered()
    for suffix, notes in (
        (".flac", ["7 samples beyond full scale were clipped; WAV would hold them"]),
        (".wav", []),
    ):
        job = session.export_job({Version.NOISY: tmp_path / f"out{suffix}"})
        assert write_versions(job, progress=lambda share: None, stopped=lambda: False) == notes


def test_nothing_open_cannot_be_exported(watched: Watched) -> None:
    with pytest.raises(ValueError, match="open a recording"):
        watched.session.export_job({})


def test_tags_and_loudspeakers_of_the_recording_are_kept(
    watched: Watched, tmp_path: Path, rng: np.random.Generator
) -> None:
    info = AudioInfo(
        sample_rate=48_000, channels=4, frames=0, format="WAVEX", subtype="PCM_16", channel_mask=0x107,
        tags={"title": "Küche", "artist": "A"},
    )  # fmt: skip
    with AudioWriter(tmp_path / "in.wav", info) as writer:
        writer.write((0.1 * rng.standard_normal((4, 24_000))).astype(np.float32))
    watched.session.open(tmp_path / "in.wav")
    session = watched.rendered()
    for suffix in (".wav", ".flac"):
        path = tmp_path / f"out{suffix}"
        job = session.export_job({Version.PHASE_AWARE: path})
        write_versions(job, progress=lambda share: None, stopped=lambda: False)
        with AudioReader(path) as reader:
            assert (reader.info.tags["title"], reader.info.channel_mask) == ("Küche", 0x107)
    targets = {version: tmp_path / f"{version}.w64" for version in (Version.NOISY, Version.REAL)}
    notes = write_versions(session.export_job(targets), progress=lambda share: None, stopped=lambda: False)
    assert len(notes) == 2  # each said once, not by each file
    assert "tags" in notes[0]
    assert "0x107" in notes[1]
