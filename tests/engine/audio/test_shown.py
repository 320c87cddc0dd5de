"""What libsndfile is shown of a file: never an exception within its calls, whatever the file or the disk."""

from __future__ import annotations

import errno
import os
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import soundfile
from phaseaware.engine.audio import AudioFileError, AudioReader, pieces

from tests.robustness.faults import FORMATS, MEDIA, sound_file

HEADER = 64
EXTREMES = (0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fails where an exception was printed and forgotten."""
    found: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda what: found.append(what.exc_value))
    yield
    assert found == []


def read(path: Path) -> int:
    """Samples read."""
    with AudioReader(path) as reader:
        reader.check_end()
        return sum(block.shape[1] for block in reader.blocks(4096))


def of_libsndfile(source: object) -> tuple[object, ...]:
    try:
        with soundfile.SoundFile(source) as file:
            return file.format, file.subtype, file.frames, file.samplerate, file.channels
    except (soundfile.LibsndfileError, RuntimeError, TypeError) as error:
        return (type(error),)


@pytest.mark.parametrize("name", FORMATS)
def test_any_number_in_a_header_is_read_as_from_the_file(name: str, tmp_path: Path) -> None:
    whole, path = sound_file(name), tmp_path / "x"
    for at in range(4, HEADER, 2):
        for number in EXTREMES:
            path.write_bytes(whole[:at] + struct.pack(">I", number) + whole[at + 4 :])
            with open(path, "rb") as file:
                shown = of_libsndfile(pieces.Shown(pieces.PiecedFile(file.fileno())))
            assert shown == of_libsndfile(os.fsencode(path)), (at, number)


def failing(monkeypatch: pytest.MonkeyPatch, reads: int, raised: Callable[[], BaseException]) -> None:
    """A disk from which so many reads succeed."""
    count = 0
    read_at = pieces._read_at

    def fail(handle: int, size: int, offset: int) -> bytes:
        nonlocal count
        count += 1
        if count > reads:
            raise raised()
        return read_at(handle, size, offset)

    monkeypatch.setattr(pieces, "_read_at", fail)


@pytest.mark.parametrize("name", [*FORMATS, *MEDIA])
def test_a_disk_that_fails_is_told(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    if name in MEDIA:
        pytest.importorskip("av")
    path = tmp_path / f"x.{name.rpartition('.')[2]}"
    path.write_bytes(sound_file(name))
    whole = read(path)
    for reads in (0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89):
        os.utime(path, ns=(reads, reads))  # what was counted once is not counted again
        with pytest.MonkeyPatch.context() as monkeypatch:
            failing(monkeypatch, reads, lambda: OSError(errno.EIO, os.strerror(errno.EIO)))
            try:
                told, samples = "", read(path)
            except AudioFileError as error:
                told, samples = error.reason, 0
        assert samples == whole or os.strerror(errno.EIO) in told, told
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("raised", [KeyboardInterrupt, MemoryError, lambda: SystemExit(143)])
@pytest.mark.parametrize("name", ["wav", "flac", "ogg", "mp3"])
def test_an_interruption_within_libsndfile_is_one(
    name: str, raised: Callable[[], BaseException], tmp_path: Path
) -> None:
    path = tmp_path / f"x.{name}"
    path.write_bytes(sound_file(name))
    for reads in (3, 8, 13, 21):
        with pytest.MonkeyPatch.context() as monkeypatch:
            failing(monkeypatch, reads, raised)
            with pytest.raises(type(raised())):
                read(path)
