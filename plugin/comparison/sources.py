"""The noisy file of a comparison and its stems, read together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine.audio import AudioFileError, AudioInfo, AudioReader, printable

__all__ = ["Sources", "beginning", "finite"]

Samples = NDArray[np.float32]
_STEM_ERROR_DB = -30.0  # speech + noise may differ from the noisy file by so much: lossy files, 8 bit


def finite(x: Samples) -> Samples:
    """NaN and infinity count as silence."""
    return np.nan_to_num(x, nan=0.0, posinf=0.0, neginf=0.0)


def beginning(blocks: Iterable[Samples], samples: int) -> Samples:
    """The first so many samples of blocks of shape (channels, n), or all if there are fewer.

    Examples
    --------
    >>> beginning((np.full((1, 2), i, np.float32) for i in range(9)), 5)
    array([[0., 0., 1., 1., 2.]], dtype=float32)
    """
    taken, left = [], samples
    for block in blocks:
        taken.append(block[:, :left])
        left -= taken[-1].shape[1]
        if left <= 0:
            break
    return np.concatenate(taken, axis=1)


class Sources:
    """A noisy file and what is known of its parts.

    Attributes
    ----------
    path, info : of the noisy file.
    stems : files by "speech" or "noise"; one, both, or none.
    remarks : what the user must know, once the noisy file is read.
    left_out : whether there is sound in a file that is not taken; the remarks say which.

    Raises
    ------
    AudioFileError : a file cannot be read, or the stems do not belong to it.
    """

    def __init__(self, path: Path, stems: Mapping[str, Path]) -> None:
        self.path, self.stems = path, stems
        self.remarks: list[str] = []
        self.left_out = False
        self.info = self._open(path)
        for stem in stems.values():
            self._check_form(stem)
        if len(stems) == 2:
            self._check_sum()

    def _open(self, path: Path) -> AudioInfo:
        with AudioReader(path) as reader:
            self.remarks += [f"{printable(path.name)}: {note}." for note in reader.notes]
            self.left_out = self.left_out or bool(reader.left_out)
            return reader.info

    def _check_form(self, stem: Path) -> None:
        found, info = self._open(stem), self.info
        for what, have, want in (
            ("Hz", found.sample_rate, info.sample_rate),
            ("channels", found.channels, info.channels),
            ("samples", found.frames, info.frames),
        ):
            if have != want:
                raise AudioFileError(stem, f"this stem has {have} {what}, {self.path} has {want}; they must be equal")

    def _check_sum(self) -> None:
        speech_file, noise_file = self.stems["speech"], self.stems["noise"]
        error = energy = 0.0
        with AudioReader(self.path) as mixed, AudioReader(speech_file) as speech, AudioReader(noise_file) as noise:
            for x, s, v in zip(mixed.blocks(), speech.blocks(), noise.blocks(), strict=True):
                x, s, v = finite(x), finite(s), finite(v)
                energy += float(np.sum(x.astype(np.float64) ** 2))
                error += float(np.sum((x - s - v).astype(np.float64) ** 2))
        if error > energy * 10 ** (_STEM_ERROR_DB / 10):
            apart = f" (they are {10 * math.log10(error / energy):.0f} dB apart)" if energy > 0 else ""
            raise AudioFileError(
                self.path, f"is not {speech_file} + {noise_file}{apart}; give the one stem that belongs to it"
            )

    def blocks(self, samples: int | None = None) -> Iterator[tuple[Samples, Samples | None]]:
        """The noisy sound, and the speech in it if it is known: shape (channels, n) each, NaN and inf as silence.

        Parameters
        ----------
        samples : of a block.
        """
        size = () if samples is None else (samples,)
        name, stem = next(iter(self.stems.items()), (None, None))
        with AudioReader(self.path) as reader:
            if stem is None:
                yield from ((finite(x), None) for x in reader.blocks(*size))
            else:
                with AudioReader(stem) as part_reader:
                    for x, part in zip(reader.blocks(*size), part_reader.blocks(*size), strict=True):
                        x, part = finite(x), finite(part)
                        yield x, part if name == "speech" else x - part
            if reader.not_finite:
                found = f"{reader.not_finite} samples of {printable(self.path.name)}"
                found += " are NaN or infinite; they count as silence."
                self.remarks += [found] if found not in self.remarks else []

    def first(self, samples: int) -> Samples:
        """The beginning of the speech that is known, shape (channels, n)."""
        return beginning((speech for _, speech in self.blocks() if speech is not None), samples)
