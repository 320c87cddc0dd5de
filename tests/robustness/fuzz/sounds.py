"""Fuzz target: the content of a sound file, its headers first of all.

``python -m tests.robustness.fuzz.sounds SECONDS [FOLDER]`` (Linux, the package atheris).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from phaseaware.engine.audio import AudioFileError, AudioReader

from ..faults import FORMATS, MEDIA, sound_file
from ..mutate import damaged_bytes
from .driver import fuzz

__all__ = ["one_input", "seeds"]

LARGEST = 60_000
MOST_SAMPLES = 1 << 22
_folder = tempfile.TemporaryDirectory()


def seeds() -> list[bytes]:
    """A file of each format, with tags where there may be some."""
    return [content for name in (*FORMATS, *MEDIA) if len(content := sound_file(name, seconds=0.05)) <= LARGEST]


def one_input(content: bytes) -> None:
    """Refused with one line, or read to the end that it tells.

    Raises
    ------
    Exception : anything else, which is a fault.
    """
    path = Path(_folder.name) / "x"
    path.write_bytes(content)
    try:
        with AudioReader(path) as reader:
            info, heard = reader.info, 0
            for block in reader.blocks():
                assert block.dtype == np.float32
                assert block.shape[0] == info.channels
                heard += block.shape[1]
                if heard * info.channels > MOST_SAMPLES:  # silence may be packed tightly
                    return
            assert heard == info.frames, f"{heard} of {info.frames}"
    except AudioFileError as error:
        said = str(error)
        assert "\n" not in said, said


def main() -> None:
    """Arguments: seconds, and a folder for the corpus."""
    from phaseaware.engine.audio import (
        chunks,
        lengths,
        media,
        mediafile,
        metadata,
        mpeg,
        ogg,
        pieces,
        reader,
        sizes,
        sniff,
        soundfiles,
        sources,
        speakers,
        tagging,
    )  # fmt: skip

    watched = [chunks, lengths, media, mediafile, metadata, mpeg, ogg, pieces, pieces.PiecedFile, reader, AudioReader]
    watched += [sizes, sniff, soundfiles, sources, speakers, tagging]
    fuzz(one_input, seeds(), watched=watched, largest=LARGEST, damaged=damaged_bytes)


if __name__ == "__main__":
    main()
