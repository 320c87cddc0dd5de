"""``--resume``: what the manifest knows, and what it does not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from phaseaware.engine.audio import AudioFileError, AudioInfo, AudioReader, AudioWriter
from phaseaware.plugin.files import FolderRecords, Job, Manifest, batch, one_file, process_file
from phaseaware.plugin.files.manifest import FOLDER
from phaseaware.plugin.files.streams import Treatment

from tests.plugin.command.running import Command, get, put, tones, tree

SOURCE = {"size": 10, "mtime_ns": 3, "inode": 4}
FLOATS = st.floats(allow_nan=False)
VALUES = st.none() | st.booleans() | st.integers(-9, 9) | FLOATS | st.text(max_size=9)


# Records


@given(settings=st.dictionaries(st.text(max_size=9), VALUES), name=st.text(min_size=1))
def test_a_record_is_found_again_and_any_difference_with_it(settings: dict[str, Any], name: str) -> None:
    records: dict[str, bytes] = {}
    Manifest(records, settings).record(name, SOURCE, sha256="0f")
    known = Manifest(records, settings)
    assert known.differs(name, SOURCE, "0f") is None
    assert known.differs(name, SOURCE, "0e") is not None
    assert known.differs(name + "2", SOURCE, "0f") is not None
    for key in SOURCE:
        assert key in str(known.differs(name, SOURCE | {key: 5}, "0f"))
    assert "more" in str(Manifest(records, settings | {"more": 0}).differs(name, SOURCE, "0f"))


def test_what_two_processes_make_at_once_is_known_whichever_is_kept() -> None:
    records: dict[str, bytes] = {}
    for digest in ("1", "2", "1", "3"):
        Manifest(records, {}).record("a.ogg", SOURCE, sha256=digest)
    manifest = Manifest(records, {})
    assert all(manifest.differs("a.ogg", SOURCE, made) is None for made in "123")
    manifest.record("a.ogg", SOURCE | {"size": 11}, sha256="4")
    assert "size differs" in str(manifest.differs("a.ogg", SOURCE | {"size": 11}, "1"))


@given(garbage=st.binary(max_size=200))
def test_a_damaged_record_is_none(garbage: bytes) -> None:
    records: dict[str, bytes] = {}
    manifest = Manifest(records, {})
    manifest.record("a.wav", SOURCE, sha256="0f")
    (key,) = records
    whole = records[key]
    for content in (garbage, whole[:40] + garbage, whole[:-3], b"[" * 100_000, b"null", b"{}"):
        records[key] = content
        assert "not made by a run" in str(manifest.differs("a.wav", SOURCE, "0f"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are those of POSIX")
@pytest.mark.parametrize("kind", ["pipe", "folder", "circle", "device"])
def test_what_is_no_file_in_place_of_a_record_is_none(kind: str, tmp_path: Path) -> None:
    """Opening a pipe would wait for ever for somebody to write."""
    records = FolderRecords(tmp_path)
    manifest = Manifest(records, {})
    manifest.record("a.wav", SOURCE, sha256="0f")
    (path,) = (tmp_path / FOLDER / key for key in records)
    path.unlink()
    {
        "pipe": lambda: os.mkfifo(path),
        "folder": path.mkdir,
        "circle": lambda: path.symlink_to(path.name),
        "device": lambda: path.symlink_to("/dev/zero"),
    }[kind]()
    assert manifest.differs("a.wav", SOURCE, "0f") is not None


def test_records_in_a_folder_are_a_mapping_whatever_the_outputs_are_called(tmp_path: Path) -> None:
    records = FolderRecords(tmp_path)
    assert not list(records)
    for name in ("a.wav", "a" * 250 + ".wav", "deep/er/b.wav", os.fsdecode(b"\xff\n.wav")):
        Manifest(records, {}).record(name, SOURCE, sha256="0f")
        assert Manifest(FolderRecords(tmp_path), {}).differs(name, SOURCE, "0f") is None
    assert len(records) == len(list(records)) == 4
    del records[next(iter(records))]
    assert len(records) == 3
    with pytest.raises(KeyError):
        records["none"]


# The command


@pytest.fixture
def cleaned(tmp_path: Path, phaseaware: Command, passing: Path) -> Callable[..., Any]:
    """Cleans the folder ``in`` to ``out`` with ``--resume``."""
    return lambda *more: phaseaware("process", tmp_path / "in", "-o", tmp_path / "out", "--model", passing, *more)


@pytest.mark.parametrize(
    ("name", "rate", "subtype"),
    [
        ("x.wav", 8000, "GSM610"), ("x.wav", 48_000, "IMA_ADPCM"), ("x.wav", 48_000, "MS_ADPCM"),
        ("x.wav", 48_000, "PCM_16"), ("x.flac", 48_000, "PCM_16"), ("x.ogg", 48_000, "VORBIS"),
        ("x.mp3", 44_100, "MPEG_LAYER_III"),
    ],
)  # fmt: skip
def test_everything_that_can_be_written_is_kept(
    tmp_path: Path, cleaned: Callable[..., Any], name: str, rate: int, subtype: str
) -> None:
    put(tmp_path / "in" / name, tones(12_345, 1, rate), rate, subtype)
    assert cleaned().status == 0
    before = os.stat(tmp_path / "out" / name)
    ran = cleaned("--resume")
    assert (ran.status, ran.err) == (0, "")
    assert "1 whole already" in ran.out
    after = os.stat(tmp_path / "out" / name)
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def _older(path: Path) -> None:
    x = get(path)
    put(path, -x, subtype="PCM_16")
    os.utime(path, ns=(1, 1))


def _zeroed(path: Path) -> None:
    with open(path, "r+b") as file:
        file.seek(5000)
        file.write(bytes(1000))


def _another(path: Path) -> None:
    status = path.stat()
    shutil.copy(path, path.with_suffix(".new"))
    os.utime(path.with_suffix(".new"), ns=(status.st_atime_ns, status.st_mtime_ns))
    os.replace(path.with_suffix(".new"), path)


@pytest.mark.parametrize(
    ("change", "where", "said"),
    [
        (_older, "in", "mtime_ns differs"), (_zeroed, "in", "mtime_ns differs"), (_another, "in", "inode differs"),
        (_zeroed, "out", "or changed since"), (_older, "out", "or changed since"),
    ],
)  # fmt: skip
def test_what_was_changed_is_told_and_made_again_by_force(
    tmp_path: Path, cleaned: Callable[..., Any], change: Callable[[Path], None], where: str, said: str
) -> None:
    for name in ("a.wav", "b.wav"):
        put(tmp_path / "in" / name, tones(12_000, 1, 48_000), subtype="PCM_16")
    assert cleaned().status == 0
    change(tmp_path / where / "a.wav")
    changed = (tmp_path / "out" / "a.wav").read_bytes()
    cleaned("--resume").failed_with(1, said)
    assert (tmp_path / "out" / "a.wav").read_bytes() == changed
    ran = cleaned("--resume", "--force")
    assert (ran.status, "1 of 2 files done, 1 whole already" in ran.out) == (0, True)
    np.testing.assert_allclose(get(tmp_path / "out" / "a.wav"), get(tmp_path / "in" / "a.wav"), atol=1e-4)


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--reduction-db", 3], "reduction_db"), (["--lufs", -20], "lufs"), (["--mask", "real"], "mask"),
     (["--bitrate", 99], "bitrate")],
)  # fmt: skip
def test_other_settings_are_told(tmp_path: Path, cleaned: Callable[..., Any], options: list[object], said: str) -> None:
    put(tmp_path / "in" / "a.mp3", tones(48_000, 1, 48_000), subtype="MPEG_LAYER_III")
    assert cleaned().status == 0
    cleaned("--resume", *options).failed_with(1, f"other settings ({said} differs)")
    assert cleaned("--resume").status == 0


def test_an_output_of_unknown_origin_is_not_trusted(tmp_path: Path, cleaned: Callable[..., Any]) -> None:
    put(tmp_path / "in" / "a.wav", tones(12_000, 1, 48_000))
    put(tmp_path / "out" / "a.wav", tones(12_000, 1, 48_000))
    cleaned("--resume").failed_with(1, "or with --resume), or changed since; --force")


def test_one_file_leaves_no_manifest_but_for_resume(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    # Into floats libsndfile writes the second at which it made them.
    source = put(tmp_path / "a.wav", tones(12_000, 1, 48_000), subtype="PCM_16")
    assert phaseaware("process", source, "--model", passing).status == 0
    assert tree(tmp_path) == ["a-clean.wav", "a.wav"]
    assert not (tmp_path / FOLDER).exists()
    command = ["process", source, "-o", tmp_path / "b.wav", "--model", passing, "--resume"]
    assert phaseaware(*command).status == 0
    assert "whole already" in phaseaware(*command).out
    assert phaseaware(*command[:-1], "--force").status == 0  # the record is of these bytes, so it still holds
    assert "whole already" in phaseaware(*command).out
    command[3] = tmp_path / "a-clean.wav"
    phaseaware(*command).failed_with(1, "a-clean.wav: exists already, but was not made by a run that keeps a manifest")


# While it runs


class _Changing:
    """A stream during which the source changes."""

    def __init__(self, source: Path, change: Callable[[Path], None]) -> None:
        self._source, self._change = source, change

    def process(self, block: Any) -> Any:
        self._change(self._source)
        return block

    def flush(self) -> Any:
        return np.empty((1, 0), np.float32)


@pytest.mark.parametrize("change", [_older, _zeroed, _another, Path.unlink])
@pytest.mark.parametrize("samples", [12_000, 200_000])
def test_a_source_that_changes_while_it_is_read_gives_no_output(
    tmp_path: Path, change: Callable[[Path], None], samples: int
) -> None:
    source, target = put(tmp_path / "a.wav", tones(samples, 1, 48_000), subtype="PCM_16"), tmp_path / "b.wav"
    changed: list[Path] = []

    def once(path: Path) -> None:
        if not changed:
            change(path)
            changed.append(path)

    treatment = Treatment(stream=lambda rate, channels: _Changing(source, once), maker="", settings={})
    records: dict[str, bytes] = {}
    with pytest.raises(AudioFileError, match="changed while it was read"):
        process_file(Job(source, target), treatment, manifest=Manifest(records, {}))
    assert not target.exists()
    assert records == {}


def test_a_record_is_there_before_its_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process killed in between leaves a record without an output, never an output without its record."""
    source = put(tmp_path / "a.wav", tones(5000, 1, 48_000))
    treatment = Treatment(stream=lambda rate, channels: _Changing(source, lambda path: None), maker="", settings={})
    seen: list[list[bool]] = []
    commit = AudioWriter._commit

    def committing(writer: AudioWriter) -> None:
        seen.append([bool(FolderRecords(tmp_path)), (tmp_path / "b.wav").exists()])
        commit(writer)

    monkeypatch.setattr(AudioWriter, "_commit", committing)
    job = Job(source, tmp_path / "b.wav")
    (report,) = batch.process_all([job], treatment, remember=True)
    assert seen == [[True, False]]
    assert report.error is None
    manifest = Manifest(FolderRecords(tmp_path), one_file.settings_of(treatment, None))
    assert process_file(job, treatment, resume=True, manifest=manifest).was_whole


def test_the_digest_is_that_of_the_file(tmp_path: Path) -> None:
    info = AudioInfo(sample_rate=48_000, channels=1, frames=0, format="WAV", subtype="PCM_16", tags={"title": "T"})
    with AudioWriter(tmp_path / "a.wav", info) as writer:
        writer.write(np.zeros((1, 100), np.float32))
        writer.finish()
        digest = writer.digest()
    from phaseaware.engine.audio import file_digest

    assert digest == file_digest(tmp_path / "a.wav")
    with AudioReader(tmp_path / "a.wav") as reader:
        assert reader.identity["size"] == os.path.getsize(tmp_path / "a.wav")
    assert soundfile.info(tmp_path / "a.wav").frames == 100


def test_that_sound_is_missing_is_said_again(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    whole = put(tmp_path / "in" / "a.wav", tones(4800, 1, 48_000)).read_bytes()
    (tmp_path / "in" / "a.wav").write_bytes(whole * 2)
    for _ in range(2):
        ran = phaseaware("process", tmp_path / "in", "-o", tmp_path / "out", "--model", passing, "--resume")
        ran.failed_with(1, "another WAV file")
    assert "1 whole already" in ran.out


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can make links of other users")
def test_records_do_not_go_where_another_user_s_link_leads(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    """In a folder that all may write to, as /tmp, nothing is written or removed there."""
    shared, elsewhere = tmp_path / "shared", tmp_path / "elsewhere"
    source = put(tmp_path / "in" / "a.wav", tones(4800, 1, 48_000)).parent
    for folder in (shared, elsewhere):
        folder.mkdir()
    shared.chmod(0o1777)
    (shared / FOLDER).symlink_to(elsewhere)
    os.lchown(shared / FOLDER, 12345, 12345)
    ran = phaseaware("process", source, "-o", shared, "--resume", "--model", passing)
    ran.failed_with(2, "is a link that another user has put there; remove it, or choose another output folder")
    assert not list(elsewhere.iterdir())
    assert not (shared / "a.wav").exists()
    os.lchown(shared / FOLDER, os.getuid(), -1)  # our own is our own business
    assert phaseaware("process", source, "-o", shared, "--resume", "--model", passing).status == 0
    assert list(elsewhere.iterdir())
