"""Folders under abuse: processes that are killed and resumed, and many at once."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from phaseaware.plugin.files.manifest import FOLDER

from tests import fakes

__all__ = ["Bench", "Tally"]


@dataclass
class Tally:
    """What became of the outputs."""

    outputs: int = 0
    left_hidden: int = 0
    """Hidden files that killed processes left, before a later one removed them."""
    half_written: int = 0
    lost: int = 0
    different: int = 0


class Bench:
    """A folder of recordings, a model, and the outputs of an undisturbed run, which took ``seconds``."""

    def __init__(self, folder: Path, *, files: int = 6, seconds: float = 20.0) -> None:
        self.source, self.folder = folder / "in", folder
        rng = np.random.default_rng(3)
        for number in range(files):
            name = self.source / ("deep" if number % 2 else ".") / f"{number}.{('wav', 'flac', 'ogg')[number % 3]}"
            name.parent.mkdir(parents=True, exist_ok=True)
            with soundfile.SoundFile(name, "w", 48_000, 1) as file:
                for _ in range(int(seconds)):  # see AudioWriter.write
                    file.write(0.1 * rng.standard_normal(48_000))
        self.model = fakes.history_model(folder / "model.onnx")
        began = time.monotonic()
        assert self.start(folder / "reference").wait() == 0
        self.seconds = time.monotonic() - began
        self.expected = self.outputs(folder / "reference")
        assert len(self.expected) == files

    def start(self, out: Path, *options: str, jobs: int = 1) -> subprocess.Popen[bytes]:
        """``phaseaware process`` on the folder, in a process of its own."""
        command = [sys.executable, "-m", "phaseaware.plugin.command", "process", str(self.source), "-o", str(out)]
        command += ["--model", str(self.model), "--jobs", str(jobs), *options]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @staticmethod
    def outputs(out: Path) -> dict[str, bytes]:
        """All files below a folder, hidden ones too, but not the records of the manifest."""
        paths = (path for path in out.rglob("*") if path.is_file() and path.parent.name != FOLDER)
        return {str(path.relative_to(out)): path.read_bytes() for path in paths}

    def tally(self, out: Path, *, complete: bool) -> Tally:
        """Compare with the undisturbed run; ``complete``: nothing may be missing."""
        found = self.outputs(out)
        named = {name: content for name, content in found.items() if not Path(name).name.startswith(".")}
        tally = Tally(outputs=len(named), left_hidden=len(found) - len(named))
        for name, content in named.items():
            if content != self.expected.get(name) and not _same_sound(content, self.expected.get(name)):
                tally.different += 1
                tally.half_written += len(content) < len(self.expected.get(name, b""))
        tally.lost = len(self.expected.keys() - named.keys()) if complete else 0
        return tally


def _same_sound(a: bytes, b: bytes | None) -> bool:
    """Ogg streams bear a random serial number, so that two of the same sound differ."""
    import io

    if b is None or not a.startswith(b"OggS"):
        return False
    try:
        return np.array_equal(*(soundfile.read(io.BytesIO(content))[0] for content in (a, b)))
    except soundfile.LibsndfileError:
        return False
