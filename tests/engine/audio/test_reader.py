"""What changes or is no file while it is read; names that are hard to print; bounded blocks."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from phaseaware.engine.audio import BLOCK, AudioFileError, AudioInfo, AudioReader, AudioWriter, printable

from .helpers import RATE, ramp, wav


@pytest.mark.parametrize("change", ["longer", "middle", "replaced", "gone"])
@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, change: str, name: str) -> None:
    path = tmp_path / name
    soundfile.write(path, ramp(3 * BLOCK), RATE)
    with AudioReader(path) as reader, pytest.raises(AudioFileError, match="has changed while it was read"):  # noqa: PT012
        for number, _ in enumerate(reader.blocks()):
            if number == 0:
                if change == "gone":
                    path.unlink()
                elif change == "replaced":  # by one of the same size and time
                    status = path.stat()
                    (tmp_path / "b").write_bytes(path.read_bytes())
                    os.utime(tmp_path / "b", ns=(status.st_atime_ns, status.st_mtime_ns))
                    os.replace(tmp_path / "b", path)
                else:
                    with open(path, "r+b") as file:
                        file.seek(0, os.SEEK_END) if change == "longer" else file.seek(100_000)
                        file.write(bytes(100))
                    os.utime(path, ns=(1, 1))


def test_a_file_that_is_left_alone_is_read_twice(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(BLOCK + 1))
    for _ in range(2):
        with AudioReader(tmp_path / "a.wav") as reader:
            assert [block.shape[1] for block in reader.blocks()] == [BLOCK, 1]


def test_blocks_of_many_channels_are_short(tmp_path: Path) -> None:
    with AudioWriter(
        tmp_path / "a.wav", AudioInfo(sample_rate=8_000, channels=1024, frames=0, format="WAV", subtype="PCM_U8")
    ) as writer:
        writer.write(np.zeros((1024, 5_000), np.float32))
    with AudioReader(tmp_path / "a.wav") as reader:
        sizes = [block.size for block in reader.blocks()]
    assert sum(sizes) == 1024 * 5_000
    assert max(sizes) <= 1 << 20


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are those of POSIX")
def test_a_pipe_or_device_is_not_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.wav")
    like = AudioInfo(sample_rate=RATE, channels=1, frames=0, format="WAV", subtype="PCM_16")
    for path in (tmp_path / "a.wav", Path(os.devnull)):
        with pytest.raises(AudioFileError, match="is a pipe or a device"):
            AudioWriter(path, like, overwrite=True)
    assert os.listdir(tmp_path) == ["a.wav"]


@given(st.binary(min_size=1, max_size=40).filter(lambda name: b"\0" not in name))
def test_any_name_is_printable(name: bytes) -> None:
    shown = printable(os.fsdecode(name))
    assert shown.isprintable()
    assert shown.encode("utf-8")


def test_errors_print_names_of_any_bytes(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\x1b[2J\n.wav"))
    with pytest.raises(AudioFileError) as caught:
        AudioReader(path)
    assert str(caught.value).endswith(r"\xff\x1b[2J\n.wav: no such file")
    assert caught.value.path == path
