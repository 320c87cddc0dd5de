"""Sound files, block by block, with constant memory.

Decoding is libsndfile's (through soundfile) and FFmpeg's (through PyAV). What is added here: one kind of error that
names the file and the reason, true lengths, and the detection of files that end early.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ..limits import HIGHEST_RATE, LOWEST_RATE
from .formats import BLOCK, SUFFIXES, AudioFileError, AudioInfo, block_frames
from .pieces import PiecedFile
from .sniff import kind_of
from .source import Damaged, Source
from .sources import open_source
from .stale import without_stale

__all__ = ["AudioReader", "identity_of", "open_plain"]

Samples = NDArray[np.float32]


def open_plain(path: Path) -> int:
    """A handle of a plain file, for reading. What is no file is never waited for, nor asked for anything.

    Raises
    ------
    AudioFileError : a folder, a pipe, a device, missing, not readable.
    """
    try:
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise AudioFileError(path, "is a folder, not a sound file")
        if not stat.S_ISREG(mode):
            raise _no_file(path)
        handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        raise AudioFileError(path, "no such file") from None
    except (OSError, ValueError) as error:
        raise AudioFileError(path, f"cannot be read ({getattr(error, 'strerror', None) or error})") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):  # it was replaced a moment ago
        os.close(handle)
        raise _no_file(path)
    return handle


def _no_file(path: Path) -> AudioFileError:
    return AudioFileError(path, "is a pipe or a device; it is read more than once, so save it to a file first")


def _state(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def identity_of(status: os.stat_result) -> dict[str, int]:
    """By what a file can be told from any other: size, mtime_ns, inode."""
    return {"size": status.st_size, "mtime_ns": status.st_mtime_ns, "inode": status.st_ino}


class AudioReader:
    """A sound file opened for reading.

    A file that ends early is refused, as a person would take its output for the whole recording: one whose header
    promises more than there is, or which stops within a compressed packet. Headers left open by a program that wrote to
    a pipe or was not finished promise nothing; such files are read to their end, and a note says so.

    Parameters
    ----------
    path : WAV, FLAC, AIFF, CAF, AU, W64, RF64, Ogg Vorbis, Opus, MP3 and what else libsndfile recognises; with PyAV
        (the extra ``media``) also M4A, MP4, MOV, MKV, WebM, WMA, AAC, AMR, AC-3 and others. Its content decides.

    Attributes
    ----------
    info : what the file is.
    notes : what is odd about it, each a few words for the user; empty for nearly all files.
    left_out : those of them that mean that sound in it is not given.
    other_tracks : sound tracks beside the one that is read.
    identity : see :func:`identity_of`.
    not_finite : samples read so far that were NaN or infinite.

    Raises
    ------
    AudioFileError : missing, a folder, empty, not a sound file, damaged, without samples, ends early, or of a sample
        rate outside 8 to 192 kHz; PyAV is needed and missing.
    """

    info: AudioInfo
    notes: tuple[str, ...]
    left_out: tuple[str, ...]
    other_tracks: int

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.not_finite = 0
        self._handle: int | None = open_plain(self.path)
        self._source: Source | None = None
        try:
            status = os.fstat(self._handle)
            self._state = _state(status)
            self.identity = identity_of(status)
            self._source = self._open(self._handle)
            self.info, self.notes = self._inspect(self._source)
            self.left_out, self.other_tracks = tuple(self._source.left_out), self._source.other_tracks
        except BaseException:
            self.close()
            raise

    def _error(self, reason: str) -> AudioFileError:
        return AudioFileError(self.path, reason)

    def _open(self, handle: int) -> Source:
        if os.fstat(handle).st_size == 0:
            raise self._error("is empty (0 bytes)")
        try:
            return open_source(handle, self._state)
        except Damaged as error:
            if self.path.suffix.lower() in (".raw", ".pcm") and kind_of(PiecedFile(handle)) is None:
                raise self._error("has no header, so its sample rate is not known; convert it to WAV") from None
            raise self._error(str(error)) from None
        except OSError as error:
            raise self._error(f"cannot be read ({error.strerror or error})") from None

    def _inspect(self, source: Source) -> tuple[AudioInfo, tuple[str, ...]]:
        info = source.info
        if info.metadata is not None:
            info = replace(info, metadata=without_stale(info.metadata))
        if info.frames <= 0:
            raise self._error("holds no sound (0 samples)")
        if not LOWEST_RATE <= info.sample_rate <= HIGHEST_RATE:
            raise self._error(
                f"its sample rate, {info.sample_rate} Hz, is not from {LOWEST_RATE} to {HIGHEST_RATE} Hz; convert it"
            )
        if source.has_pictures:
            info = replace(info, container=self.path)
        named = SUFFIXES.get(self.path.suffix.lower(), (None, None))[0]
        notes = [*source.notes, *source.left_out]
        if named is not None and not _agree(named, info.format):
            notes.insert(0, f"is {info.format} by its content, not {named} as its name says")
        return info, tuple(notes)

    def blocks(self, samples: int | None = None) -> Iterator[Samples]:
        """The file in blocks of shape (channels, samples); the last one is shorter. Once only.

        Parameters
        ----------
        samples : of each channel; by default :data:`BLOCK`, or fewer for many channels.

        Raises
        ------
        AudioFileError : the file is damaged, ends before the length that its header promises, or has changed since it
            was opened.
        """
        assert self._source is not None
        expected, position = self.info.frames, 0
        size = block_frames(self.info.channels, BLOCK if samples is None else samples)
        checks = self.info.subtype in ("FLOAT", "DOUBLE")
        for block in self._source.blocks(size, self._damage):
            position += block.shape[1]
            if checks:
                self.not_finite += block.size - int(np.count_nonzero(np.isfinite(block)))
            if position >= expected:
                self.check_unchanged()  # before the last block is believed
            yield block
        if position < expected:
            self.check_unchanged()
            raise self._error(f"ends early: after {position} of {expected} samples, {self._at(position)}")

    def _damage(self, position: int, reason: str) -> AudioFileError:
        return self._error(f"ends early or is damaged, after {self._at(position)} ({reason})")

    def check_unchanged(self) -> None:
        """That the file still is what was opened; :meth:`blocks` looks before it gives the last one.

        Raises
        ------
        AudioFileError : it has changed.
        """
        try:
            now = _state(os.stat(self.path))
        except OSError:
            now = ()
        if now != self._state:
            raise self._error("has changed while it was read; wait until it is finished, and process it again")

    def check_end(self) -> None:
        """Read the last sample: whether the file is there to its end, without reading all of it.

        Raises
        ------
        AudioFileError : it is not.
        """
        assert self._source is not None
        try:
            there = self._source.reaches_end()
        except Damaged as error:
            raise self._error(f"ends early or is damaged ({error})") from None
        if not there:
            raise self._error(f"ends early: the last of {self.info.frames} samples is missing")

    def _at(self, position: int) -> str:
        return f"{position / self.info.sample_rate:.2f} s"

    def close(self) -> None:
        """Close the file."""
        if self._source is not None:
            self._source.close()
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_ALIKE = (
    {"WAV", "WAVEX", "RF64"}, {"MP4", "MOV", "3GP"}, {"MATROSKA", "WEBM"}, {"OGG", "OGV"}, {"AC3", "EAC3"},
    {"MPEG", "MPEGTS", "MP2", "MP3"},
)  # fmt: skip
"""Names that are used for one another."""


def _agree(named: str, found: str) -> bool:
    return named == found or any(named in alike and found in alike for alike in _ALIKE)
