"""The demo clip: speech and noise, and the noisy recording that is their sum."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from phaseaware.engine.audio import AudioReader, AudioWriter

__all__ = ["mixture", "stems"]


def stems() -> tuple[Path, Path]:
    """Speech and noise, 48 kHz mono, of equal length."""
    folder = Path(__file__).parent
    return folder / "speech.flac", folder / "noise.flac"


@contextmanager
def mixture() -> Iterator[Path]:
    """The sum of both as a file, for as long as the context lasts."""
    speech, noise = stems()
    with tempfile.TemporaryDirectory() as folder, AudioReader(speech) as s, AudioReader(noise) as v:
        noisy = Path(folder) / "demo clip.wav"
        info = replace(s.info, format="WAV", subtype="FLOAT", tags={})
        with AudioWriter(noisy, info) as out:
            for one, other in zip(s.blocks(), v.blocks(), strict=True):
                out.write(one + other)
        yield noisy
