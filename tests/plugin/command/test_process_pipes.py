"""``phaseaware process`` between pipes."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from phaseaware.plugin.files.pipes import RawFormat

from .running import PHASEAWARE, get, put, tones, tree


def piped(data: bytes, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*PHASEAWARE, "process", *map(str, arguments)], input=data, capture_output=True)


@pytest.mark.parametrize("arguments", [["-"], ["-", "-o", "-"], ["{a}", "-o", "-"]])
def test_wav_goes_through_pipes(tmp_path: Path, passing: Path, arguments: list[str]) -> None:
    path = put(tmp_path / "a.wav", tones(30_000, 2, 48_000), subtype="PCM_16")
    ran = piped(path.read_bytes(), *(part.format(a=path) for part in arguments), "--model", passing)
    assert ran.returncode == 0
    y, rate = soundfile.read(io.BytesIO(ran.stdout), dtype="float32")
    assert rate == 48_000
    np.testing.assert_allclose(y, get(path), atol=2**-14)
    assert ran.stderr.count(b"\n") == 1
    assert b"- (0.6 s" in ran.stderr
    assert tree(tmp_path) == ["a.wav"]


def test_a_file_may_be_called_as_the_pipe_is(tmp_path: Path, passing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "a.wav", tones(30_000, 2, 48_000), subtype="PCM_16").rename(tmp_path / "-")
    monkeypatch.chdir(tmp_path)
    ran = piped(b"", "./-", "-o", "b.wav", "--model", passing)
    assert ran.returncode == 0, ran.stderr
    assert tree(tmp_path) == ["-", "b.wav"]


@pytest.mark.parametrize("kind", ["u8", "s16le", "s24le", "s32le", "f32le", "f64le"])
@pytest.mark.parametrize("channels", [1, 2])
def test_raw_samples_go_through_pipes(tmp_path: Path, passing: Path, kind: str, channels: int) -> None:
    subtype = {"u8": "PCM_U8", "s16le": "PCM_16", "s24le": "PCM_24", "s32le": "PCM_32", "f32le": "FLOAT",
               "f64le": "DOUBLE"}[kind]  # fmt: skip
    x = tones(4801, channels, 44_100)
    raw = io.BytesIO()
    soundfile.write(raw, x, 44_100, subtype, "LITTLE", "RAW")
    ran = piped(raw.getvalue(), "-", "--raw", f"{kind}:44100:{channels}", "--model", passing)
    assert ran.returncode == 0
    there = {"samplerate": 44_100, "channels": channels, "subtype": subtype, "endian": "LITTLE", "format": "RAW"}
    y = soundfile.read(io.BytesIO(ran.stdout), dtype="float32", always_2d=True, **there)[0]
    np.testing.assert_allclose(y, x, atol=0.02 if kind == "u8" else 1e-3)


def test_pipes_that_cannot_be_are_told(tmp_path: Path, passing: Path) -> None:
    for data, arguments, status, said in (
        (b"", ["-"], 1, "nothing came from the standard input"),
        (b"no sound", ["-"], 1, "phaseaware: -: not a sound file"),
        (b"", ["-", "--raw", "s16le"], 2, "is not KIND:RATE:CHANNELS"),
        (b"", ["-", "--raw", "s16le:4000:1"], 2, "the rate is not from 8000"),
        (b"", ["-", "--raw", "s16le:48000:0"], 2, "the channels are not from 1"),
        (b"", ["a.wav", "--raw", "s16le:48000:1"], 2, "name it with -"),
        (b"", ["-", "-o", str(tmp_path)], 2, "what is piped in has no name"),
    ):
        ran = piped(data, *arguments, "--model", passing)
        assert (ran.returncode, ran.stdout) == (status, b"")
        assert said in ran.stderr.decode()
        assert ran.stderr.count(b"\n") == 1
    assert tree(tmp_path) == []


def test_raw_formats_have_headers_of_their_length() -> None:
    header = RawFormat("s16le", 48_000, 2).header(5_000_000_000)
    assert int.from_bytes(header[16:24], "little") == len(header) + 5_000_000_000
