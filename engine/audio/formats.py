"""Sound formats: what a file is, and what it becomes under another name."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile

from ..errors import PhaseAwareError
from .bitrates import libsndfile_options
from .names import printable

if TYPE_CHECKING:
    from .metadata import Metadata

__all__ = [
    "BLOCK", "MEDIA", "READ_ONLY", "SUFFIXES", "AudioFileError", "AudioInfo", "block_frames", "create",
    "sndfile_reason",
]  # fmt: skip

BLOCK = 1 << 16
"""Samples of a block: 1.4 s at 48 kHz. Half of it makes the model 10 % slower, twice of it gains 2 %."""
_LARGEST_BLOCK = 1 << 20  # samples of all channels

SUFFIXES: Mapping[str, tuple[str, str | None]] = {
    ".wav": ("WAV", None), ".wave": ("WAV", None), ".bwf": ("WAV", None), ".rf64": ("RF64", None),
    ".w64": ("W64", None), ".caf": ("CAF", None), ".au": ("AU", None), ".snd": ("AU", None), ".aif": ("AIFF", None),
    ".aiff": ("AIFF", None), ".aifc": ("AIFF", None), ".flac": ("FLAC", None), ".ogg": ("OGG", "VORBIS"),
    ".oga": ("OGG", "VORBIS"), ".opus": ("OGG", "OPUS"), ".mp3": ("MP3", "MPEG_LAYER_III"),
    ".m4a": ("MP4", None), ".m4b": ("MP4", None), ".m4r": ("MP4", None), ".mp4": ("MP4", None), ".m4v": ("MP4", None),
    ".mov": ("MOV", None), ".mkv": ("MATROSKA", None), ".mka": ("MATROSKA", None), ".webm": ("WEBM", None),
    ".aac": ("ADTS", None), ".wma": ("ASF", None), ".wmv": ("ASF", None), ".asf": ("ASF", None), ".amr": ("AMR", None),
    ".3gp": ("3GP", None), ".3g2": ("3GP", None), ".vob": ("MPEG", None), ".ac3": ("AC3", None),
    ".eac3": ("EAC3", None), ".avi": ("AVI", None), ".flv": ("FLV", None),
    ".ts": ("MPEGTS", None), ".mts": ("MPEGTS", None), ".m2ts": ("MPEGTS", None),
    ".mpg": ("MPEG", None), ".mpeg": ("MPEG", None), ".ogv": ("OGV", None), ".wv": ("WV", None), ".ape": ("APE", None),
    ".tta": ("TTA", None), ".dts": ("DTS", None), ".mp2": ("MP2", None), ".voc": ("VOC", None),
}  # fmt: skip
"""Names of sound files: suffix to format (libsndfile's name, or that of :data:`MEDIA`, or of one that can only be
read), and subtype where the suffix decides it."""

MEDIA: Mapping[str, tuple[str, ...]] = {
    "MP4": ("AAC", "ALAC_16", "ALAC_24"),
    "MOV": ("AAC", "ALAC_16", "ALAC_24", "PCM_16", "PCM_24", "PCM_32", "FLOAT"),
    "MATROSKA": ("FLAC_16", "FLAC_24", "AAC", "OPUS", "PCM_16", "PCM_24", "PCM_32", "FLOAT"),
    "WEBM": ("OPUS",),
}
"""Formats that PyAV writes, to the sample; their subtypes, the usual one first."""
_WRITTEN = {*MEDIA, *soundfile.available_formats()} - {"VOC"}  # of which libsndfile loses what is beyond 16 MB
READ_ONLY = frozenset({format for format, _ in SUFFIXES.values()} - _WRITTEN)
"""Formats that can only be read."""
_PICTURES = {".mp4", ".m4v", ".mov", ".mkv", ".webm"}
_BYTES = {"PCM_S8": 1, "PCM_U8": 1, "ULAW": 1, "ALAW": 1, "PCM_16": 2, "PCM_24": 3, "DOUBLE": 8}
_DEEP = {"PCM_24", "PCM_32", "FLOAT", "DOUBLE", "FLAC_24", "FLAC_32", "ALAC_20", "ALAC_24", "ALAC_32"}
"""Subtypes of more than 16 bits that lose nothing."""
_WAV_LIMIT = 2**32 - 2**16
_MEDIA_CHANNELS = 8
_ALAC_CHANNELS = 2  # with more, FFmpeg 8's encoder ends the process where the last frame is short
_AAC_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000)


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
        return f"{printable(self.path)}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class AudioInfo:
    """What a file is.

    Attributes
    ----------
    sample_rate : Hz.
    channels, frames : ``frames`` is the number of samples of each channel.
    format, subtype : libsndfile's names, such as "WAV" and "PCM_24", or those of :data:`MEDIA`.
    tags : title, artist and so on.
    channel_mask : which loudspeakers the channels are for, as in WAVE_FORMAT_EXTENSIBLE (0: for none); None: unknown.
    bitrate : of coded sound, bit/s; None: unknown, or, where it is written, the usual.
    metadata : all that the file says beside its sound; None: ``tags`` is all.
    container : the video whose pictures go along, if what is written is a video.
    """

    sample_rate: int
    channels: int
    frames: int
    format: str
    subtype: str
    tags: Mapping[str, str] = field(default_factory=dict)
    channel_mask: int | None = None
    bitrate: int | None = field(default=None, compare=False)
    metadata: Metadata | None = field(default=None, compare=False, repr=False)
    container: Path | None = field(default=None, compare=False)

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
        same &= name != "MP3" or self.subtype == subtype  # layers I and II can only be read
        same &= name not in soundfile.available_formats() or soundfile.check_format(self.format, self.subtype)
        if name in MEDIA:
            new = replace(self, format=name, subtype=self._media_subtype(name))
        elif name in READ_ONLY or (same and (suffix != ".opus" or self.subtype == "OPUS")):
            new = replace(self, format=self.format if same else name)
        else:
            new = replace(self, format=name, subtype=subtype or _nearest(name, self.subtype))
        needs_mask = new.channel_mask is not None and not same
        if new.format == "WAV" and needs_mask and soundfile.check_format("WAVEX", new.subtype):
            new = replace(new, format="WAVEX")  # the plain header has no place for it
        size = new.frames * new.channels * _BYTES.get(new.subtype, 4)
        if new.format in ("WAV", "WAVEX") and size > _WAV_LIMIT:
            new = replace(new, format="RF64")  # a WAV header counts to 4 GB
        if suffix not in _PICTURES and name not in READ_ONLY:
            new = replace(new, container=None)
        if new.subtype != self.subtype:
            new = replace(new, bitrate=None)  # codecs need different rates for the same quality
        new.check_writable(path)
        return new

    def _media_subtype(self, format: str) -> str:
        """The same codec where the format has it; what lost nothing stays so; the format's usual one."""
        offered = [kind for kind in MEDIA[format] if self.channels <= _ALAC_CHANNELS or not kind.startswith("ALAC")]
        if self.subtype in offered:
            return self.subtype
        if self.format not in MEDIA and self.format not in READ_ONLY and format != "MATROSKA":
            return offered[0]
        deep = self.subtype in _DEEP
        whole = deep or self.subtype in ("PCM_16", "PCM_S8", "PCM_U8", "FLAC_16", "ALAC_16")
        lossless = [kind + ("24" if deep else "16") for kind in ("ALAC_", "FLAC_", "PCM_")]
        lossless = [kind for kind in lossless if kind in offered]
        return lossless[0] if whole and lossless else "AAC" if "AAC" in offered else offered[0]

    def check_writable(self, path: str | Path) -> None:
        """Whether such a file can be written.

        Raises
        ------
        AudioFileError : it cannot.
        """
        kind = f"{self.format}/{self.subtype}"
        fits = f"{self.channels} channel(s) at {self.sample_rate} Hz"
        video = ".mkv for the video, .wav for its sound" if self.container and self.channels <= _MEDIA_CHANNELS else ""
        if self.format in READ_ONLY:
            raise AudioFileError(
                path, f"{self.format} can only be read; name an output file that ends in {video or '.m4a or .wav'}"
            )
        if self.format in MEDIA:
            trial: str | None = self._media_misfit()
        elif not soundfile.check_format(self.format, self.subtype):
            raise AudioFileError(path, f"{kind} cannot be written; name an output file that ends in .wav or .flac")
        else:
            trial = _discarding(self)
        if trial is not None:
            instead = f"name an output file that ends in {video or '.wav'} ({trial})"
            raise AudioFileError(path, f"{kind} does not take {fits}; {instead}")

    def _media_misfit(self) -> str | None:
        if self.channels > _MEDIA_CHANNELS:
            return f"at most {_MEDIA_CHANNELS} channels"
        if self.channels > _ALAC_CHANNELS and self.subtype.startswith("ALAC"):
            return f"at most {_ALAC_CHANNELS} channels"
        rates = {"OPUS": (48_000,), "AAC": _AAC_RATES}.get(self.subtype)
        if rates and self.sample_rate not in rates:
            return "rates: " + ", ".join(map(str, rates)) + " Hz"
        return None


def block_frames(channels: int, most: int = BLOCK) -> int:
    """Samples of each channel in a block, so that a file of many channels takes no more memory than one of few.

    Examples
    --------
    >>> block_frames(2), block_frames(1024)
    (65536, 1024)
    """
    return max(1, min(most, _LARGEST_BLOCK // channels))


def _nearest(format: str, subtype: str) -> str:
    offered = soundfile.available_subtypes(format)
    if subtype in offered and re.match("PCM_|FLOAT|DOUBLE|ULAW|ALAW", subtype):
        return subtype
    if subtype in _DEEP:
        wide = [s for s in ("PCM_24", "PCM_32") if s in offered]
        return wide[-1 if subtype.endswith("_32") else 0]
    return "PCM_16"


def _discarding(info: AudioInfo) -> str | None:
    """Open a file that is nowhere, to hear what libsndfile says of its format; None if it is content."""
    try:
        with open(os.devnull, "wb") as nowhere, create(nowhere.fileno(), info):
            return None
    except soundfile.LibsndfileError as error:
        return sndfile_reason(error)


def create(target: object, info: AudioInfo) -> soundfile.SoundFile:
    """A file of libsndfile's formats, to be written: its name, handle, or what can be written to."""
    return soundfile.SoundFile(
        target, "w", info.sample_rate, info.channels, info.subtype, format=info.format, closefd=False,
        **libsndfile_options(info.subtype, info.sample_rate, info.channels, info.bitrate),
    )  # fmt: skip


def sndfile_reason(error: soundfile.LibsndfileError) -> str:
    """What libsndfile says."""
    return error.error_string.removeprefix("Error : ").rstrip(".")
