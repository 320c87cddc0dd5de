"""What cannot be written leaves nothing half-written."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from phaseaware.engine.audio import AudioFileError, AudioWriter

from .helpers import LOSSY, Samples, info, samples_of, write


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path, x: Samples) -> None:
    with AudioWriter(tmp_path / "a.wav", info(channels=2)) as writer:
        writer.write(x)
        assert "a.wav" not in names(tmp_path)
    assert names(tmp_path) == ["a.wav"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
def test_an_exception_leaves_nothing(tmp_path: Path, x: Samples, name: str, error: type[BaseException]) -> None:
    like = info("WAV", "PCM_16", channels=2).for_name(name)
    with pytest.raises(error), AudioWriter(tmp_path / name, like) as writer:  # noqa: PT012
        writer.write(x)
        raise error
    assert names(tmp_path) == []


def test_an_exception_leaves_the_file_that_was_there(tmp_path: Path, x: Samples) -> None:
    (tmp_path / "a.wav").write_bytes(b"precious")
    writer = AudioWriter(tmp_path / "a.wav", info(channels=2), overwrite=True)
    with pytest.raises(KeyboardInterrupt), writer:  # noqa: PT012
        writer.write(x)
        raise KeyboardInterrupt
    assert (tmp_path / "a.wav").read_bytes() == b"precious"
    assert names(tmp_path) == ["a.wav"]


def test_nothing_is_overwritten_unless_asked(tmp_path: Path, x: Samples) -> None:
    (tmp_path / "a.wav").write_bytes(b"precious")
    with pytest.raises(AudioFileError, match="exists already"):
        AudioWriter(tmp_path / "a.wav", info(channels=2))
    assert (tmp_path / "a.wav").read_bytes() == b"precious"
    write(tmp_path / "a.wav", x, info(channels=2), overwrite=True)
    np.testing.assert_array_equal(samples_of(tmp_path / "a.wav"), x)


def test_a_file_that_came_meanwhile_is_kept(tmp_path: Path, x: Samples) -> None:
    writer = AudioWriter(tmp_path / "a.wav", info(channels=2))
    with pytest.raises(AudioFileError, match="exists already"), writer:  # noqa: PT012
        writer.write(x)
        (tmp_path / "a.wav").write_bytes(b"precious")
    assert (tmp_path / "a.wav").read_bytes() == b"precious"
    assert names(tmp_path) == ["a.wav"]


def test_a_missing_folder_and_a_folder_as_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="No such file or directory"):
        AudioWriter(tmp_path / "no" / "a.wav", info())
    with pytest.raises(AudioFileError, match="is a folder"):
        AudioWriter(tmp_path, info(), overwrite=True)


@pytest.mark.skipif(os.name != "posix", reason="links as POSIX has them")
def test_the_file_behind_a_link_is_replaced(tmp_path: Path, x: Samples) -> None:
    (tmp_path / "link.wav").symlink_to("a.wav")
    (tmp_path / "a.wav").touch()
    write(tmp_path / "link.wav", x, info(channels=2), overwrite=True)
    assert (tmp_path / "link.wav").is_symlink()
    assert samples_of(tmp_path / "a.wav").shape == x.shape


@pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")
def test_the_rights_are_those_of_a_new_file(tmp_path: Path, x: Samples) -> None:
    before = os.umask(0o027)
    try:
        write(tmp_path / "a.wav", x, info(channels=2))
    finally:
        os.umask(before)
    assert (tmp_path / "a.wav").stat().st_mode & 0o777 == 0o640


MOVIES = [
    pytest.param(*kind, marks=pytest.mark.skipif(find_spec("av") is None, reason="needs the [media] extra"))
    for kind in [("a.m4a", "MP4", "AAC"), ("a.m4a", "MP4", "FLAC_24"), ("a.mov", "MOV", "PCM_16")]
]
_WRITE = """
import os, sys
import numpy as np
from phaseaware.engine.audio import AudioFileError, AudioInfo, AudioWriter

name, format, subtype, limit = sys.argv[1:]
x = np.random.default_rng(0).uniform(-0.5, 0.5, (1, 20_000)).astype(np.float32)
if limit == "user":
    os.setuid(65534)
elif limit != "none":
    import resource, signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
info = AudioInfo(sample_rate=48000, channels=1, frames=0, format=format, subtype=subtype)
try:
    with AudioWriter(name, info) as writer:
        for _ in range(20):
            writer.write(x)
except AudioFileError as error:
    print(error.reason)
    sys.exit(7)
"""


def write_elsewhere(path: Path, format: str, subtype: str, limit: str) -> subprocess.CompletedProcess[str]:
    """Twenty blocks of noise, by a process with a limit."""
    command = [sys.executable, "-c", _WRITE, str(path), format, subtype, limit]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of this kind")
@pytest.mark.parametrize(
    ("name", "format", "subtype"),
    [("a.wav", "WAV", "PCM_16"), ("a.flac", "FLAC", "PCM_16"), *LOSSY, ("a.caf", "CAF", "PCM_16"), *MOVIES],
)
@pytest.mark.parametrize("limit", ["100", "30000"])
def test_a_full_disk_leaves_nothing(tmp_path: Path, name: str, format: str, subtype: str, limit: str) -> None:
    """The limit on the size of files stands for the disk: writes beyond it fail."""
    done = write_elsewhere(tmp_path / name, format, subtype, limit)
    assert done.returncode == 7, done.stderr
    assert "disk full" in done.stdout
    assert done.stderr == ""
    assert names(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="needs root to mount a small disk")
@pytest.mark.parametrize(
    ("name", "format", "subtype"), [("a.wav", "WAV", "PCM_16"), LOSSY[0], ("a.caf", "CAF", "ALAC_16"), *MOVIES]
)
def test_a_disk_that_is_really_full_leaves_nothing(tmp_path: Path, name: str, format: str, subtype: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this root may not mount")
    try:
        done = write_elsewhere(disk / name, format, subtype, "none")
        assert done.returncode == 7, done.stderr
        assert re.search("the disk is full|is the disk full", done.stdout)  # ALAC tells nothing: read back
        assert names(disk) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.skipif(sys.platform == "win32", reason="rights as POSIX has them")
def test_a_read_only_folder_is_refused() -> None:
    # Not tmp_path: the other user that root becomes for this may not enter it.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        done = write_elsewhere(folder / "a.wav", "WAV", "PCM_16", "user" if os.geteuid() == 0 else "none")
        assert done.returncode == 7, done.stderr
        assert "Permission denied" in done.stdout
        assert names(folder) == []


def test_a_file_that_cannot_be_synchronised_leaves_nothing(
    tmp_path: Path, x: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Network disks tell that they are full only when data is brought to them."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AudioFileError, match="No space left on device"):
        write(tmp_path / "a.wav", x, info(channels=2))
    assert names(tmp_path) == []


def test_samples_lost_on_the_way_to_the_disk_are_noticed(tmp_path: Path, x: Samples) -> None:
    writer = AudioWriter(tmp_path / "a.wav", info(channels=2))
    with pytest.raises(AudioFileError, match="20011 samples were written and 20010 can be read back"), writer:  # noqa: PT012
        writer.write(x[:, :-1])
        writer.frames += 1
    assert names(tmp_path) == []
