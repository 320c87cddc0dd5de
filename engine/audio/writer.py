"""Sound files that appear when they are whole."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from .commit import PartialFile, file_digest
from .formats import MEDIA, AudioFileError, AudioInfo, block_frames
from .reader import AudioReader
from .sinks import Failed, MediaSink, Sink, SoundfileSink, clips, is_padded
from .speakers import usual_mask

__all__ = ["AudioWriter"]

Samples = NDArray[np.float32]


class AudioWriter:
    """A sound file that appears when it is whole.

    Use it as a context manager. What is written goes to a hidden file beside ``path``. At the end of the block that
    file is closed, read back (its length must be that of what was written), brought to the disk, and takes the name.
    If an exception passes, :class:`KeyboardInterrupt` included, it is removed and whatever had the name stays. What a
    killed process leaves is removed by :func:`commit.remove_abandoned`.

    With the sound goes what ``info.metadata`` says, or else ``info.tags``; and if ``info.container`` is a video, its
    pictures, untouched, and its other tracks.

    Parameters
    ----------
    path : the file to come. Its folder must exist.
    info : what to write; ``frames`` is not used. See :meth:`AudioInfo.for_name`.
    overwrite : replace a file of that name.

    Attributes
    ----------
    frames, clipped : samples of each channel written so far, and samples among them beyond full scale in a format that
        cannot hold them.
    notes : what could not be kept, each a few words for the user; complete after :meth:`finish`.

    Raises
    ------
    AudioFileError : there is a file and ``overwrite`` is False; the folder is missing or read-only; the disk is full;
        the format does not take the rate or the channels; PyAV is needed and missing.
    """

    def __init__(self, path: str | Path, info: AudioInfo, *, overwrite: bool = False) -> None:
        self.path, self.info, self._overwrite = Path(path), info, overwrite
        self.frames = self.clipped = 0
        self._clips = clips(info)
        self._finished = False
        self._check_name()
        try:
            self._partial = PartialFile(self.path, overwrite=overwrite)
        except OSError as error:
            raise self._error(f"cannot be written ({error.strerror})") from None
        try:
            kind = MediaSink if info.format in MEDIA else SoundfileSink
            self._sink: Sink = kind(self._partial.path, info)
        except BaseException as error:
            self._partial.discard()
            if isinstance(error, Failed):
                raise self._error(self._why(error)) from None
            raise
        self.notes = tuple(self._sink.notes)

    def _error(self, reason: str) -> AudioFileError:
        return AudioFileError(self.path, reason)

    def _why(self, error: Failed) -> str:
        if error.is_final:
            return f"cannot be written ({error})"
        with suppress(OSError):
            if shutil.disk_usage(self._partial.path.parent).free < 1 << 20:
                return f"cannot be written: the disk is full ({error})"
        return f"cannot be written ({error}); is the disk full, or a quota or file size limit reached?"

    def _check_name(self) -> None:
        if self.path.is_dir():
            raise self._error("is a folder")
        if self.path.exists():
            if not self.path.is_file():
                raise self._error("is a pipe or a device; name a file")
            if not self._overwrite:
                raise self._error("exists already")

    def write(self, block: Samples) -> None:
        """Append a block of shape (channels, n).

        Raises
        ------
        AudioFileError : it cannot be written, or holds NaN or inf.
        """
        if not block.shape[1]:
            return
        peak = max(float(block.max()), -float(block.min()))
        if not np.isfinite(peak):
            raise self._error("not written: the sound to be written holds NaN or inf")
        if self._clips and peak > 1:
            self.clipped += int(np.count_nonzero(np.abs(block) > 1))
        size = block_frames(self.info.channels)
        try:
            for start in range(0, block.shape[1], size):
                # Of a minute at once libsndfile's Vorbis encoder overflows the stack.
                self._sink.write(block[:, start : start + size])
        except Failed as error:
            raise self._error(self._why(error)) from None
        self.frames += block.shape[1]

    def finish(self) -> None:
        """All is written: bring it to the disk. It takes its name at the end of the context, where this is done if it
        has not been; who writes several files does it for all before the first context ends.

        Raises
        ------
        AudioFileError : the disk is full, or what was written cannot be read back.
        """
        if self._finished:
            return
        try:
            self._sink.finish()
        except Failed as error:
            raise self._error(self._why(error)) from None
        self._finished = True
        self.notes = tuple(self._sink.notes)
        self._verify()

    def digest(self) -> str:
        """SHA-256 of the file as it will be, hexadecimal; after :meth:`finish`.

        Raises
        ------
        AudioFileError : it cannot be read.
        """
        assert self._finished
        try:
            return file_digest(self._partial.path)
        except OSError as error:
            raise self._error(f"cannot be read back ({error.strerror})") from None

    def _commit(self) -> None:
        try:
            self._partial.commit()
        except FileExistsError:
            raise self._error("exists already") from None
        except OSError as error:
            raise self._error(f"cannot be written ({error.strerror})") from None

    def _verify(self) -> None:
        if not self.frames:
            return  # some formats cannot be opened again when they hold nothing
        try:
            with AudioReader(self._partial.path) as reader:
                there, mask = reader.info.frames - self._sink.lead, reader.info.channel_mask
        except AudioFileError as error:
            raise self._error(f"what was written cannot be read back ({error.reason}); is the disk full?") from None
        if there < self.frames or (there > self.frames and not is_padded(self.info, self.frames)):
            raise self._error(f"{self.frames} samples were written and {there} can be read back; is the disk full?")
        if there > self.frames and self.info.format not in MEDIA:
            self.notes += (f"{there - self.frames} samples of silence at its end fill up the last block of its codec",)
        meant, is_usual = self.info.channel_mask, self.info.channel_mask == usual_mask(self.info.channels)
        # Where a container could tell and does not, as of seven channels of AAC, nobody need take them for the usual.
        goes_without = mask is None and is_usual and (self.info.channels <= 2 or self.info.format not in MEDIA)
        if meant is not None and meant != mask and not goes_without:
            self.notes += (f"its channels are no longer told to be those of the mask {meant:#x}",)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        try:
            if kind is None:
                self.finish()
                self._commit()
        finally:
            self._sink.abandon()
            self._partial.discard()
