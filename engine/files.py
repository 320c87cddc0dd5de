"""Sound files, block by block: read with constant memory, written whole or not at all.

Reading and writing is libsndfile's (through soundfile). What is added here: one kind of error that names the file and
the reason, the detection of files that end early, and output that appears under its name only when it is complete.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import soundfile
from numpy.typing import NDArray

from .errors import PhaseAwareError
from .limits import HIGHEST_RATE, LOWEST_RATE
from .partial import PartialFile

__all__ = ["BLOCK", "SUFFIXES", "AudioFileError", "AudioInfo", "AudioReader", "AudioWriter"]

Samples = NDArray[np.float32]
BLOCK = 1 << 16
"""Samples of a block: 1.4 s at 48 kHz. Half of it makes the model 10 % slower, twice of it gains 2 %."""

SUFFIXES: Mapping[str, tuple[str, str | None]] = {
    ".wav": ("WAV", None), ".wave": ("WAV", None), ".bwf": ("WAV", None), ".rf64": ("RF64", None),
    ".w64": ("W64", None), ".caf": ("CAF", None), ".au": ("AU", None), ".snd": ("AU", None), ".aif": ("AIFF", None),
    ".aiff": ("AIFF", None), ".aifc": ("AIFF", None), ".flac": ("FLAC", None), ".ogg": ("OGG", "VORBIS"),
    ".oga": ("OGG", "VORBIS"), ".opus": ("OGG", "OPUS"), ".mp3": ("MP3", "MPEG_LAYER_III"),
}  # fmt: skip
"""Names of sound files: suffix to libsndfile's format, and subtype where the suffix decides it."""

_TAGS = ("title", "artist", "album", "genre", "date", "tracknumber", "comment", "copyright", "license", "software")
_UNKNOWN_LENGTH = 2**63 - 1  # libsndfile's SF_COUNT_MAX
_INTEGER = re.compile(r"PCM_|ALAC|ULAW|ALAW|DWVW|DPCM|ADPCM|G72|GSM")
_PADDED = re.compile(r"ADPCM|GSM|G72")
"""Subtypes that hold whole blocks only: libsndfile fills the last one with silence."""
_BYTES = {"PCM_S8": 1, "PCM_U8": 1, "ULAW": 1, "ALAW": 1, "PCM_16": 2, "PCM_24": 3, "DOUBLE": 8}
_WAV_LIMIT = 2**32 - 2**16
# 0 is the best quality, 1 the smallest file. About 200 kbit/s: coding speech once more should not be heard.
_COMPRESSION = {"VORBIS": 0.2, "OPUS": 0.5, "MPEG_LAYER_III": 0.1}


class AudioFileError(PhaseAwareError):
    """A sound file cannot be read or written.

    Attributes
    ----------
    path : the file.
    reason : what is wrong with it, and where possible what to do.
    """

    def __init__(self, path: str | Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = Path(path), reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class AudioInfo:
    """What a file is.

    Attributes
    ----------
    sample_rate : Hz.
    channels, frames : ``frames`` is the number of samples of each channel.
    format, subtype : libsndfile's names, such as "WAV" and "PCM_24".
    tags : title, artist and so on.
    """

    sample_rate: int
    channels: int
    frames: int
    format: str
    subtype: str
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """Duration in s."""
        return self.frames / self.sample_rate

    def for_name(self, path: str | Path) -> AudioInfo:
        """The same sound under another name: its suffix decides the format; the subtype stays where the format has it.

        Otherwise integers become the widest integers, and coded sound becomes the format's default (16 bit).

        Raises
        ------
        AudioFileError : no sound format has this suffix, or it does not take this sample rate or channel count.
        """
        suffix = Path(path).suffix.lower()
        if suffix not in SUFFIXES:
            raise AudioFileError(path, f"no sound format has the suffix {suffix!r}; known: {', '.join(SUFFIXES)}")
        name, subtype = SUFFIXES[suffix]
        # WAVEX is WAV with a longer header, and long recordings carry RF64 under the name .wav.
        same = self.format == name or (name == "WAV" and self.format in ("WAVEX", "RF64"))
        if same and (suffix != ".opus" or self.subtype == "OPUS"):
            new = self
        else:
            new = replace(self, format=name, subtype=subtype or _nearest(name, self.subtype))
        size = new.frames * new.channels * _BYTES.get(new.subtype, 4)
        if new.format in ("WAV", "WAVEX") and size > _WAV_LIMIT:
            new = replace(new, format="RF64")  # a WAV header counts to 4 GB
        new.check_writable(path)
        return new

    def check_writable(self, path: str | Path) -> None:
        """Whether libsndfile can write such a file.

        Raises
        ------
        AudioFileError : it cannot.
        """
        kind = f"{self.format}/{self.subtype}"
        fits = f"{self.channels} channel(s) at {self.sample_rate} Hz"
        if not soundfile.check_format(self.format, self.subtype):
            raise AudioFileError(path, f"{kind} cannot be written; name an output file that ends in .wav or .flac")
        trial = _discarding(self)
        if trial is not None:
            raise AudioFileError(path, f"{kind} does not take {fits}; name an output file that ends in .wav ({trial})")


def _nearest(format: str, subtype: str) -> str:
    offered = soundfile.available_subtypes(format)
    if subtype in offered and re.match("PCM_|FLOAT|DOUBLE|ULAW|ALAW", subtype):
        return subtype
    if subtype in ("PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ALAC_20", "ALAC_24", "ALAC_32"):
        wide = [s for s in ("PCM_24", "PCM_32") if s in offered]
        return wide[0]
    return "PCM_16"


def _discarding(info: AudioInfo) -> str | None:
    """Open a file that is nowhere, to hear what libsndfile says of its format; None if it is content."""
    try:
        with open(os.devnull, "wb") as nowhere, _create(nowhere.fileno(), info):
            return None
    except soundfile.LibsndfileError as error:
        return _told(error)


def _create(target: str | int, info: AudioInfo) -> soundfile.SoundFile:
    return soundfile.SoundFile(
        target, "w", info.sample_rate, info.channels, info.subtype, format=info.format, closefd=False,
        compression_level=_COMPRESSION.get(info.subtype),
    )  # fmt: skip


def _told(error: soundfile.LibsndfileError) -> str:
    return error.error_string.removeprefix("Error : ").rstrip(".")


class AudioReader:
    """A sound file opened for reading.

    A file that ends early is refused, as a person would take its output for the whole recording: one whose header
    promises more than there is, or which stops within a compressed packet. Headers left open by a program that wrote to
    a pipe (lengths of 0 or all ones) promise nothing; such files are read to their end. (FLAC has no such length.)

    Parameters
    ----------
    path : any format that libsndfile recognises by itself.

    Raises
    ------
    AudioFileError : missing, a folder, empty, not a sound file, damaged, without samples, ends early, or of a sample
        rate outside 8 to 192 kHz.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.not_finite = 0
        """Samples read so far that were NaN or infinite."""
        self._file = self._open()
        try:
            self.info = self._inspect()
        except BaseException:
            self._file.close()
            raise

    def _error(self, reason: str) -> AudioFileError:
        return AudioFileError(self.path, reason)

    def _open(self) -> soundfile.SoundFile:
        try:
            if self.path.is_dir():
                raise self._error("is a folder, not a sound file")
            if self.path.exists() and not self.path.is_file():
                raise self._error("is a pipe or a device; it is read more than once, so save it to a file first")
            with open(self.path, "rb"):
                pass
            if self.path.stat().st_size == 0:
                raise self._error("is empty (0 bytes)")
            return soundfile.SoundFile(self.path)
        except FileNotFoundError:
            raise self._error("no such file") from None
        except OSError as error:
            raise self._error(f"cannot be read ({error.strerror})") from None
        except TypeError:  # soundfile wants to be told rate and channels of .raw
            raise self._error("has no header, so its sample rate is not known; convert it to WAV") from None
        except soundfile.LibsndfileError as error:
            raise self._error(
                f"not a sound file that can be read, or damaged ({_told(error)}); "
                "readable are WAV, FLAC, AIFF, CAF, AU, W64, OGG, Opus, MP3"
            ) from None

    def _inspect(self) -> AudioInfo:
        file = self._file
        if promised := self._promised_frames():
            raise self._error(
                f"ends early: {file.frames} of {promised} samples are there; get it again, or repair it in an editor"
            )
        if file.format == "OGG" and _ogg_is_cut(self.path):
            raise self._error("ends early, within an Ogg page; get it again, or repair it in an editor")
        if file.frames <= 0:
            raise self._error("holds no sound (0 samples)")
        if file.frames == _UNKNOWN_LENGTH:  # soundfile seeks after each read, and libsndfile cannot seek in such a file
            raise self._error(
                "its header does not tell its length, as it was written to a pipe; save it again in an editor"
            )
        if not LOWEST_RATE <= file.samplerate <= HIGHEST_RATE:
            raise self._error(
                f"its sample rate, {file.samplerate} Hz, is not from {LOWEST_RATE} to {HIGHEST_RATE} Hz; convert it"
            )
        return AudioInfo(
            sample_rate=file.samplerate, channels=file.channels, frames=file.frames,
            format=file.format, subtype=file.subtype,
            tags={name: text for name, text in file.copy_metadata().items() if text and name in _TAGS},
        )  # fmt: skip

    def _promised_frames(self) -> int | None:
        """Frames by the header, if they are more than there are. libsndfile cuts silently and tells its log only."""
        file, log = self._file, self._file.extra_info
        if match := re.search(r"(?:frame count (?P<there>\d+) does not match value from 'ds64' chunk of "
                              r"|'COMM' chunk \()(?P<frames>\d+)", log):  # fmt: skip
            promised = int(match["frames"])
            # A length left open by a program that wrote AIFF to a pipe: nearly 2 GB whatever the sample size.
            is_open = file.format == "AIFF" and re.search(r"SSND : (2130\d{6}|214748\d{4}|429496\d{4}|0) \(", log)
            return promised if promised > file.frames and not is_open else None
        match = re.search(r"^\s*(?:data|Data Size)\s*: (\d+) \(should be (\d+)\)", log, re.MULTILINE)
        if match:
            promised_bytes, there = int(match[1]), int(match[2])
        elif match := re.search(r"^riff : (\d+) \(should be (\d+)\)", log, re.MULTILINE):  # W64 counts the file
            promised_bytes, there = int(match[1]) - 8, int(match[2])  # its chunks may end in padding
        else:
            return None
        is_open = promised_bytes in (0, 2**32 - 1, 2**31 - 1) or 2**31 - 2**16 < promised_bytes < 2**31
        if promised_bytes <= there or is_open or not file.frames:
            return None
        return max(file.frames + 1, round(file.frames * promised_bytes / max(1, there)))

    def blocks(self, samples: int = BLOCK) -> Iterator[Samples]:
        """The file in blocks of shape (channels, samples); the last one is shorter. Once only.

        Raises
        ------
        AudioFileError : the file is damaged, or ends before the length that its header promises.
        """
        expected, position = self.info.frames, 0
        checks = self.info.subtype in ("FLOAT", "DOUBLE")
        while position < expected:
            try:
                block = self._file.read(min(samples, expected - position), dtype="float32", always_2d=True)
            except soundfile.LibsndfileError as error:
                raise self._error(f"ends early or is damaged, after {self._at(position)} ({_told(error)})") from None
            if not len(block):
                raise self._error(f"ends early: after {position} of {expected} samples, {self._at(position)}")
            position += len(block)
            if checks:
                self.not_finite += block.size - int(np.count_nonzero(np.isfinite(block)))
            yield block.T

    def check_end(self) -> None:
        """Read the last sample: whether the file is there to its end, without reading all of it.

        Raises
        ------
        AudioFileError : it is not.
        """
        try:
            self._file.seek(self.info.frames - 1)
            there = len(self._file.read(1))
            self._file.seek(0)
        except soundfile.LibsndfileError as error:
            raise self._error(f"ends early or is damaged ({_told(error)})") from None
        if not there:
            raise self._error(f"ends early: the last of {self.info.frames} samples is missing")

    def _at(self, position: int) -> str:
        return f"{position / self.info.sample_rate:.2f} s"

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _ogg_is_cut(path: Path) -> bool:
    """Whether the last page of an Ogg file is incomplete (RFC 3533, section 6: 27 bytes, segment table, segments)."""
    largest = 27 + 255 + 255 * 255
    size = path.stat().st_size
    with open(path, "rb") as file:
        file.seek(max(0, size - 2 * largest))
        end = file.read()
    start = end.rfind(b"OggS")
    page = end[start:]
    if start < 0 or len(page) < 27:
        return True
    table = page[27 : 27 + page[26]]
    return len(page) < 27 + page[26] + sum(table)


class AudioWriter:
    """A sound file that appears when it is whole.

    Use it as a context manager. What is written goes to a hidden file beside ``path``. At the end of the block that
    file is closed, read back (its length must be that of what was written), brought to the disk, and takes the name.
    If an exception passes, :class:`KeyboardInterrupt` included, it is removed and whatever had the name stays. What a
    killed process leaves is removed by :func:`partial.remove_abandoned`.

    Tags are written as far as the format has them; of other chunks (cue points, broadcast extension) nothing is.

    Parameters
    ----------
    path : the file to come. Its folder must exist.
    info : what to write; ``frames`` is not used. See :meth:`AudioInfo.for_name`.
    overwrite : replace a file of that name.

    Raises
    ------
    AudioFileError : there is a file and ``overwrite`` is False; the folder is missing or read-only; the disk is full;
        the format does not take the rate or the channels.
    """

    def __init__(self, path: str | Path, info: AudioInfo, *, overwrite: bool = False) -> None:
        self.path, self.info, self._overwrite = Path(path), info, overwrite
        self.frames = self.clipped = 0
        """Frames written so far, and samples among them beyond full scale in a format that cannot hold them."""
        self._clips = bool(_INTEGER.match(info.subtype))
        self._check_name()
        try:
            self._partial = PartialFile(self.path, overwrite=overwrite)
        except OSError as error:
            raise self._error(f"cannot be written ({error.strerror})") from None
        try:
            self._file = _create(str(self._partial.path), info)
            for name, text in info.tags.items():
                with suppress(soundfile.LibsndfileError):  # formats know different tags
                    setattr(self._file, name, text)
        except BaseException as error:
            self._partial.discard()
            if isinstance(error, soundfile.LibsndfileError):
                raise self._error(self._why(error)) from None
            raise

    def _error(self, reason: str) -> AudioFileError:
        return AudioFileError(self.path, reason)

    def _why(self, error: Exception) -> str:
        told = _told(error) if isinstance(error, soundfile.LibsndfileError) else "short write"
        with suppress(OSError):
            if shutil.disk_usage(self._partial.path.parent).free < 1 << 20:
                return f"cannot be written: the disk is full ({told})"
        return f"cannot be written ({told}); is the disk full, or a quota or file size limit reached?"

    def _check_name(self) -> None:
        if self.path.is_dir():
            raise self._error("is a folder")
        if self.path.exists() and not self._overwrite:
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
            raise self._error("not written: the sound made holds NaN or inf; the model is at fault")
        if self._clips and peak > 1:
            self.clipped += int(np.count_nonzero(np.abs(block) > 1))
        try:
            for start in range(0, block.shape[1], BLOCK):
                # Of a minute at once libsndfile's Vorbis encoder overflows the stack.
                self._file.write(block[:, start : start + BLOCK].T)
        except (soundfile.LibsndfileError, AssertionError) as error:  # soundfile asserts that all was written
            raise self._error(self._why(error)) from None
        self.frames += block.shape[1]

    def finish(self) -> None:
        """All is written: bring it to the disk. It takes its name at the end of the context, where this is done if it
        has not been; who writes several files does it for all before the first context ends.

        Raises
        ------
        AudioFileError : the disk is full, or what was written cannot be read back.
        """
        if self._file.closed:
            return
        try:
            self._file.close()
        except soundfile.LibsndfileError as error:
            raise self._error(self._why(error)) from None
        self._verify()

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
            there = soundfile.info(str(self._partial.path)).frames
        except soundfile.LibsndfileError as error:
            raise self._error(f"what was written cannot be read back ({_told(error)}); is the disk full?") from None
        if there < self.frames or (there > self.frames and not _PADDED.search(self.info.subtype)):
            raise self._error(f"{self.frames} samples were written and {there} can be read back; is the disk full?")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        try:
            if kind is None:
                self.finish()
                self._commit()
        finally:
            with suppress(soundfile.LibsndfileError):
                self._file.close()
            self._partial.discard()
