"""What C libraries print does not come between what the command says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
from phaseaware.engine.audio.mpeg import find_parts
from phaseaware.engine.audio.pieces import PiecedFile
from phaseaware.engine.errors import ExitStatus

from tests import fakes
from tests.robustness.faults import sound_file


def damaged_mp3(path: Path) -> Path:
    """Frames that are whole by their headers, and nonsense inside."""
    content = bytearray(sound_file("mp3", 3.0))
    path.write_bytes(content)
    with open(path, "rb") as file:
        start, stop = find_parts(PiecedFile(file.fileno()))[0].pieces[-1]
    header = content[start : start + 2]
    at = [i for i in range(start, stop) if content[i : i + 2] == header]
    for i in at[10:20]:
        content[i + 8 : i + 16] = bytes(byte ^ 0xFF for byte in content[i + 8 : i + 16])
    path.write_bytes(content)
    return path


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "phaseaware.plugin.command", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_a_decoder_that_complains_is_not_heard(tmp_path: Path) -> None:
    source, model = damaged_mp3(tmp_path / "x.mp3"), fakes.history_model(tmp_path / "m.onnx")
    complains = "import sys, soundfile; soundfile.read(sys.argv[1])"
    said = subprocess.run([sys.executable, "-c", complains, source], capture_output=True, text=True, check=False).stderr
    assert "libmpg123" in said
    for command in ("process", "compare"):
        ran = run(command, source, "-o", tmp_path / command / "y", "--model", model)
        assert ran.returncode == ExitStatus.FAILED, ran.stderr
        assert "10 MPEG frames in it cannot be decoded" in ran.stdout + ran.stderr
        assert all(line.startswith("phaseaware: ") for line in ran.stderr.splitlines()), ran.stderr


def test_what_we_say_is_heard(tmp_path: Path) -> None:
    ran = run("process", tmp_path / "none.wav", "-o", tmp_path / "y.wav")
    assert ran.returncode == 2
    assert ran.stderr.startswith("phaseaware: ")
    assert ran.stderr.count("\n") == 1


@pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_fault(tmp_path: Path, closed: str) -> None:
    source, model = tmp_path / "x.mp3", fakes.history_model(tmp_path / "m.onnx")
    source.write_bytes(sound_file("mp3"))
    command = f'"$0" -m phaseaware.plugin.command process "$1" -o "$2" --model "$3" {closed}'
    shell = ["sh", "-c", command, sys.executable, str(source), str(tmp_path / "y.wav"), str(model)]
    ran = subprocess.run(shell, capture_output=True, text=True, check=False, timeout=120)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert soundfile.info(tmp_path / "y.wav").frames == soundfile.info(source).frames


@pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX")
def test_a_closed_standard_input_has_nothing(tmp_path: Path) -> None:
    command = '"$0" -m phaseaware.plugin.command process - -o "$1" --model "$2" <&-'
    model = fakes.history_model(tmp_path / "m.onnx")
    shell = ["sh", "-c", command, sys.executable, str(tmp_path / "y.wav"), str(model)]
    ran = subprocess.run(shell, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 1
    assert ran.stderr == "phaseaware: -: nothing came from the standard input\n"
