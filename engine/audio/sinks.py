"""Where samples go: libsndfile, or PyAV for MP4, MOV, Matroska and WebM, with a video's pictures if there are any."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import soundfile
from numpy.typing import NDArray

from .boxes import NotPlain
from .containers import reason_of
from .formats import AudioInfo, create, sndfile_reason
from .mediatags import matroska_tags
from .mp4boxes import OUTSIDE
from .mp4tags import language_of, movie_tags, renew_mp4
from .pictures import OtherTracks
from .speakers import layout_for, vorbis_order
from .splice import KeptMovie, write_sound
from .spool import Spool
from .tagging import ShiftedFile, chunks_for, count_bytes, family_of, insert_chunks, losses, metadata_of, tag_file

__all__ = ["Failed", "MediaSink", "Sink", "SoundfileSink", "clips", "is_padded"]

Samples = NDArray[np.float32]
_INTEGER = re.compile(r"PCM_|ALAC|FLAC_|ULAW|ALAW|DWVW|DPCM|ADPCM|G72|GSM")
_STEREO = 2
_PADDED = re.compile(r"ADPCM|GSM|G72")
"""Subtypes that hold whole blocks only: libsndfile fills the last one with silence."""
_NAMED = {"SVX", "MPC2K", "XI"}
"""Formats into which libsndfile writes what the file is called, if it knows it: here a name for a while."""
_ONE_BYTE = {"PCM_S8", "PCM_U8", "ULAW", "ALAW"}
_MUXERS = {"MP4": "mp4", "MOV": "mov", "MATROSKA": "matroska", "WEBM": "webm"}
_ENCODERS = {
    "AAC": ("aac", "fltp"), "OPUS": ("libopus", "flt"), "ALAC_16": ("alac", "s16p"), "ALAC_24": ("alac", "s32p"),
    "FLAC_16": ("flac", "s16"), "FLAC_24": ("flac", "s32"), "PCM_16": ("pcm_s16le", "s16"),
    "PCM_24": ("pcm_s24le", "s32"), "PCM_32": ("pcm_s32le", "s32"), "FLOAT": ("pcm_f32le", "flt"),
}  # fmt: skip
_BITS = {"ALAC_16": 16, "FLAC_16": 16, "PCM_16": 16, "ALAC_24": 24, "FLAC_24": 24, "PCM_24": 24, "PCM_32": 32}
# A rate that is given is meant: without this it is passed by half.
_RATE_CONTROL = {"OPUS": {"vbr": "constrained"}}
_OPUS_FRAME = 960  # samples, at 48 kHz
_SILENCE = 1 << 16
_BITS_PER_SECOND = 128_000
"""Of each channel, as much as libsndfile's codecs get: coding speech once more should not be heard."""


class Failed(Exception):  # noqa: N818 (what the writer makes an error of)
    """It cannot be written; the message says why. ``is_final``: whatever room the disk has."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.is_final = is_final


class Sink(Protocol):
    """A file that is being written.

    Attributes
    ----------
    notes : what cannot be kept.
    lead : samples of silence before the sound, where pictures begin earlier.
    """

    notes: list[str]
    lead: int

    def write(self, block: Samples) -> None:
        """Append (channels, n)."""

    def finish(self) -> None:
        """Close it, whole."""

    def abandon(self) -> None:
        """Close it in any case."""


def clips(info: AudioInfo) -> bool:
    """Whether the format cannot hold what is beyond full scale."""
    return bool(_INTEGER.match(info.subtype))


def is_padded(info: AudioInfo, frames: int) -> bool:
    """Whether a file of this many samples may hold a few more."""
    if info.format in _MUXERS and info.subtype == "OPUS":
        return frames < _OPUS_FRAME  # of the first packet FFmpeg cannot cut beginning and end
    # Matroska could tell how much of the last frame is sound, but FFmpeg writes that for Opus only.
    return bool(_PADDED.search(info.subtype)) or (info.format, info.subtype) == ("MATROSKA", "AAC")


def _lost(info: AudioInfo, *, is_kept: bool = False) -> list[str]:
    left_out, lost = metadata_of(info).left_out, losses(info)
    if is_kept:  # what stands in its movie
        left_out = tuple(text for text in left_out if text.startswith(OUTSIDE))
    notes = [f"not kept: {', '.join(left_out)}"] if left_out else []
    return [*notes, f"not kept, as {info.format} has no place for it: {', '.join(lost)}"] if lost else notes


class SoundfileSink:
    """libsndfile's formats."""

    def __init__(self, path: Path, info: AudioInfo) -> None:
        self._path, self._info, self.lead = path, info, 0
        self._bytes = 0  # of one-byte samples
        self.notes = _lost(info)
        self._order: Any = slice(None)
        if info.subtype in ("VORBIS", "OPUS") and (order := vorbis_order(info.channels)):
            self._order = np.argsort(order)
        self._chunks = chunks_for(info)
        is_behind = self._chunks or info.format in _NAMED
        self._shifted = ShiftedFile(path, len(self._chunks)) if is_behind else None
        try:
            # soundfile encodes names itself, and stumbles over bytes that are no UTF-8.
            self._file = create(self._shifted or (os.fsencode(path) if os.name == "posix" else str(path)), info)
        except soundfile.LibsndfileError as error:
            raise self._failed(error) from None

    def _failed(self, error: Exception) -> Failed:
        if self._shifted is not None and self._shifted.error is not None:
            return Failed(str(self._shifted.error.strerror))
        return Failed(sndfile_reason(error) if isinstance(error, soundfile.LibsndfileError) else "short write")

    def write(self, block: Samples) -> None:
        try:
            self._file.write(block[self._order].T)
        except (soundfile.LibsndfileError, AssertionError) as error:  # soundfile asserts that all was written
            raise self._failed(error) from None
        if self._shifted is not None and self._shifted.error is not None:
            raise Failed(str(self._shifted.error.strerror))
        self._bytes += block.size

    def finish(self) -> None:
        try:
            self._file.close()
        except soundfile.LibsndfileError as error:
            raise self._failed(error) from None
        if self._shifted is not None:
            self._shifted.close()
            if self._shifted.error is not None:
                raise Failed(str(self._shifted.error.strerror))
        try:
            mask = self._info.channel_mask if family_of(self._info.format) == "RIFF" else None
            if mask is None and self._info.format == "RF64" and self._info.channels > _STEREO:
                mask = 0  # its header has a mask in any case, and libsndfile would choose one
            if self._chunks or mask is not None:
                insert_chunks(self._path, self._chunks, channel_mask=mask)
            if self._info.format == "AIFF" and self._info.subtype in _ONE_BYTE and self._bytes % 2:
                count_bytes(self._path, self._bytes // self._info.channels, self._info.channels)
            tag_file(self._path, self._info)
        except Exception as error:
            # mutagen has many errors of its own; the sound is there, but not what belongs to it.
            raise Failed(f"its tags: {getattr(error, 'strerror', None) or error}") from error

    def abandon(self) -> None:
        with suppress(soundfile.LibsndfileError):
            self._file.close()
        if self._shifted is not None:
            self._shifted.close()


class MediaSink:
    """MP4, MOV, Matroska and WebM, to the sample; with the pictures of ``info.container``."""

    def __init__(self, path: Path, info: AudioInfo) -> None:
        try:
            import av
        except ImportError:
            reason = f"{info.format} is written through PyAV, which is missing: pip install 'phaseaware[media]'"
            raise Failed(reason, is_final=True) from None
        self._path, self._info = path, info
        self._movie = _kept_movie(info)
        self.notes = _lost(info, is_kept=self._movie is not None)
        # FFmpeg takes for unofficial: Dolby Vision, 360°, and cameras' own names of pictures.
        muxer, is_mp4 = _MUXERS[info.format], info.format in ("MP4", "MOV")
        options = {"movie_timescale": str(info.sample_rate), "strict": "unofficial"} if is_mp4 else {}
        if options and any("." in name for name in movie_tags(metadata_of(info).tags)):
            options["movflags"] = "use_metadata_tags"  # QuickTime's own
        if info.format == "MP4" and info.container is None:
            options["brand"] = "M4A "  # as Apple's programs know sound
        self._others: OtherTracks | None = None
        self._out: Any = None
        self._spool: Spool | None = None
        try:
            # A movie that is understood gets its sound at the end.
            is_spooled = is_mp4 and (info.container is None or self._movie is not None)
            self._spool = Spool(path.parent, muxer, options) if is_spooled else None
            self._out = self._spool.head if self._spool else av.open(str(path), "w", format=muxer, options=options)
            if info.container is not None and self._movie is None:
                self._others = OtherTracks(info.container, self._out, self._add_sound)
                self.notes += self._others.notes
            self._stream: Any = self._add_sound() if self._others is None else self._others.sound
            self._stream.time_base = Fraction(1, info.sample_rate)
            if self._movie is None:
                self._describe()
            self._out.start_encoding()
        except (av.error.FFmpegError, ValueError, OSError, TypeError) as error:
            self.abandon()
            raise Failed(reason_of(error), is_final=not isinstance(error, OSError)) from None
        self._frame = self._stream.codec_context.frame_size or 1024
        self._held = np.empty((info.channels, 0), np.float32)
        self._position = round(self._others.sound_start * info.sample_rate) if self._others else 0
        self.lead = 0
        if info.format in ("MP4", "MOV") and self._position:
            # An edit list tells either a late beginning or the encoder's delay, as FFmpeg writes it: silence it is.
            self.lead, self._position = self._position, 0
            for start in range(0, self.lead, _SILENCE):
                self.write(np.zeros((info.channels, min(_SILENCE, self.lead - start)), np.float32))

    def _add_sound(self) -> Any:
        info, (codec, sample_format) = self._info, _ENCODERS[self._info.subtype]
        stream = self._out.add_stream(
            codec, rate=info.sample_rate, layout=layout_for(info.subtype, info.channel_mask, info.channels),
            format=sample_format, bit_rate=info.bitrate or _BITS_PER_SECOND * info.channels,
            options=_RATE_CONTROL.get(info.subtype, {}) if info.bitrate else {},
        )  # fmt: skip
        if language := language_of(metadata_of(info).tags):
            stream.metadata["language"] = language
        return stream

    def _describe(self) -> None:
        metadata = metadata_of(self._info)
        self._out.metadata.update(movie_tags(metadata.tags))
        if family_of(self._info.format) == "MATROSKA":
            self._out.metadata.update(matroska_tags(metadata.tags))
        for number, picture in enumerate(metadata.pictures if self._info.format == "MATROSKA" else ()):
            kind = "png" if "png" in picture.mime else "jpg"
            self._out.add_attachment(f"cover{number or ''}.{kind}", picture.mime, picture.data)
        unit = Fraction(1, 1000)
        self._out.set_chapters(
            [
                {"id": number, "start": round(c.start * 1000), "end": round(max(c.end, c.start) * 1000),
                 "time_base": unit, "metadata": {"title": c.title}}
                for number, c in enumerate(metadata.chapters, 1)
            ]
        )  # fmt: skip

    def write(self, block: Samples) -> None:
        x = np.concatenate([self._held, block], axis=1)
        whole = x.shape[1] // self._frame * self._frame
        for start in range(0, whole, self._frame):
            self._encode(x[:, start : start + self._frame])
        self._held = x[:, whole:]

    def _encode(self, x: Samples | None) -> None:
        import av

        try:
            frame = None
            if x is not None:
                frame = self._as_frame(x)
                self._position += x.shape[1]
            (self._out.mux if self._spool is None else self._spool.add)(self._stream.encode(frame))
            if self._others is not None:
                self._others.copy_until(self._position / self._info.sample_rate)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise Failed(reason_of(error)) from None

    def _as_frame(self, x: Samples) -> Any:
        import av

        sample_format = _ENCODERS[self._info.subtype][1]
        y: Any = x
        if bits := _BITS.get(self._info.subtype):
            top = 2.0 ** (bits - 1)
            y = np.clip(np.rint(x.astype(np.float64) * top), -top, top - 1).astype(np.int64)
            y = (y << (32 - bits)).astype(np.int32) if sample_format.startswith("s32") else y.astype(np.int16)
        layout = self._stream.codec_context.layout
        # PyAV sorts it by channels where the encoder wants that; its own way for eight channels writes beside them.
        packed = np.ascontiguousarray(y.T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format=sample_format.removesuffix("p"), layout=layout.name)
        frame.sample_rate = self._info.sample_rate
        frame.time_base, frame.pts = Fraction(1, self._info.sample_rate), self._position
        return frame

    def finish(self) -> None:
        import av

        if self._held.shape[1]:
            self._encode(self._held)
        self._encode(None)
        try:
            if self._others is not None:
                self._others.copy_until(None)
                if self._others.tally.damaged:
                    self.notes.append("not kept: pictures behind the first place where the video cannot be read")
            self._out.close()
            if self._spool is not None:
                (write_sound if self._movie is None else self._movie.write)(self._spool, self._path)
        except (av.error.FFmpegError, OSError, ValueError, NotPlain) as error:
            raise Failed(reason_of(error), is_final=isinstance(error, NotPlain)) from None
        is_kept = self._movie is not None
        self.abandon()
        try:
            if is_kept:
                renew_mp4(self._path, metadata_of(self._info))
            else:
                tag_file(self._path, self._info)
        except Exception as error:
            raise Failed(f"its tags: {getattr(error, 'strerror', None) or error}") from error

    def abandon(self) -> None:
        if self._others is not None:
            self._others.close()
            self._others = None
        if self._out is not None:
            with suppress(Exception):  # what is not whole need not be closed in order
                self._out.close()
        if self._spool is not None:
            self._spool.close()
        if self._movie is not None:
            self._movie.close()
            self._movie = None  # tables of hours


def _kept_movie(info: AudioInfo) -> KeptMovie | None:
    """The video's own movie, where the new file is of its kind and it can be kept as it is."""
    if info.container is None or info.format not in ("MP4", "MOV"):
        return None
    try:
        return KeptMovie(info.container, info.format, info.sample_rate)
    except (NotPlain, OSError):
        return None  # FFmpeg knows more kinds
