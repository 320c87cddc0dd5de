"""Where samples come from: libsndfile, for one or several recordings in a file, or PyAV."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
import soundfile
from numpy.typing import NDArray

from .chunks import Layout, layout_of
from .formats import AudioFileError, AudioInfo, told
from .lengths import length_note, media_size
from .media import MediaError, MediaSource
from .metadata import Metadata, from_chunks, from_flac, from_id3, from_ogg
from .mpeg import find_parts
from .ogg import ogg_layout
from .pieces import Piece, PiecedFile
from .sizes import judge
from .sniff import kind_of
from .speakers import mask_of

__all__ = ["Damaged", "Source", "open_source"]

Samples = NDArray[np.float32]
_UNKNOWN_LENGTH = 2**63 - 1  # libsndfile's SF_COUNT_MAX
_SOUNDFILE_KINDS = {"WAV", "AIFF", "CAF", "W64", "AU", "FLAC", "OGG", "MP3"}
_TAGS = ("title", "artist", "album", "genre", "date", "tracknumber", "comment", "copyright", "license", "software")
_LARGEST_PACKET = 4096  # samples
_AGAIN = "get it again, or repair it in an editor"
_READABLE = (
    "readable are WAV, FLAC, AIFF, CAF, AU, W64, OGG, Opus, MP3, and with PyAV M4A, MP4, MKV, WebM, WMA and others"
)

Damage = Callable[[int, str], AudioFileError]
"""The error for a position in samples and what the decoder says."""


class Damaged(Exception):  # noqa: N818 (what the reader makes an error of)
    """A file that cannot be read; the message says why."""


class MediaMissing(Damaged):
    """PyAV is needed and missing."""


class Source(Protocol):
    """A file that is being decoded."""

    info: AudioInfo
    notes: list[str]
    has_pictures: bool

    def blocks(self, samples: int, damage: Damage) -> Iterator[Samples]:
        """Blocks of shape (channels, samples)."""

    def reaches_end(self) -> bool:
        """Whether the last sample can be read."""

    def close(self) -> None:
        """Close what is open."""


def open_source(handle: int, identity: tuple[int, ...]) -> Source:
    """Look into a file and choose.

    Raises
    ------
    Damaged : it cannot be read.
    """
    file = PiecedFile(handle)
    kind = kind_of(file)
    if kind is not None and kind not in _SOUNDFILE_KINDS:
        return _MediaFile(handle, kind, identity)
    try:
        return _SoundFiles(handle, file, kind)
    except _NotOurs as error:
        if kind is None:
            raise Damaged(
                f"not a sound file that can be read, or damaged ({error}); {_READABLE}"
            ) from None
        try:
            opened = _MediaFile(handle, kind, identity)
        except MediaMissing as missing:
            raise Damaged(f"libsndfile does not read it ({error}). {missing}") from None
        except Damaged:
            raise Damaged(f"not a sound file that can be read, or damaged ({error}); {_READABLE}") from None
        if kind == "FLAC":
            opened.notes.append(f"{error}; all that is there is taken")
        return opened


class _NotOurs(Exception):  # noqa: N818
    """libsndfile does not read this."""


class _SoundFiles:
    """libsndfile's, one recording after the other."""

    has_pictures = False

    def __init__(self, handle: int, file: PiecedFile, kind: str | None) -> None:
        self.notes: list[str] = []
        self._handle = handle
        self._files: list[soundfile.SoundFile] = []
        self._lengths: list[int] = []
        try:
            metadata, mask = self._open(file, kind)
            self.info = self._describe(metadata, mask)
        except BaseException:
            self.close()
            raise

    def _open(self, file: PiecedFile, kind: str | None) -> tuple[Metadata | None, int | None]:
        layout = layout_of(file)
        if layout is not None:
            return self._open_chunks(file, layout), _channel_mask(file, layout)
        if kind == "MP3":
            self._open_mpeg(file)
            return from_id3(file), None
        if kind == "OGG":
            self._open_ogg(file)
            return from_ogg(file, self._files[0].subtype), None
        self._add(None)
        if self._files[0].frames == _UNKNOWN_LENGTH:
            raise _NotOurs("its header does not tell its length")
        if kind == "FLAC":
            metadata = from_flac(file)
            return metadata, _flac_mask(metadata)
        self.notes.append(length_note(self._files[0].format))
        return None, None

    def _add(self, pieces: Sequence[Piece] | None, length: int | None = None) -> None:
        try:
            opened = soundfile.SoundFile(PiecedFile(self._handle, pieces))
        except soundfile.LibsndfileError as error:
            raise _NotOurs(told(error)) from None
        except (TypeError, RuntimeError) as error:
            raise _NotOurs(str(error)) from None
        self._files.append(opened)
        self._lengths.append(opened.frames if length is None else length)

    def _open_chunks(self, file: PiecedFile, layout: Layout) -> Metadata:
        verdict = judge(file, layout)
        if verdict.is_cut:
            raise Damaged(
                f"ends early: {verdict.there:,} of {verdict.promised:,} bytes of sound are there; {_AGAIN}"
            )
        pieces = verdict.pieces
        if pieces is None and layout.family == "RF64":
            pieces = _without_chunks(layout)
        self._add(pieces)
        if self._files[0].subtype.startswith("MPEG"):
            self._files.pop().close()
            self._lengths.clear()
            raise _NotOurs("MPEG sound, whose length it estimates")
        if verdict.note:
            self.notes.append(verdict.note)
        return from_chunks(file, layout)

    def _open_mpeg(self, file: PiecedFile) -> None:
        parts = find_parts(file)
        if not parts:
            raise _NotOurs("no MPEG frames are found")
        for part in parts:
            if part.promised and part.frames < part.promised:
                raise Damaged(f"ends early: {part.frames} of {part.promised} MPEG frames are there; {_AGAIN}")
            self._add(part.pieces, part.samples)
        if len(parts) > 1:
            self.notes.append(f"consists of {len(parts)} recordings, one behind the other")
        if any(part.samples is not None for part in parts):
            self.notes.append(length_note("MP3"))
        if broken := sum(part.broken for part in parts):
            self.notes.append(f"{broken} bytes in it are no whole MPEG frame, and are passed over")

    def _open_ogg(self, file: PiecedFile) -> None:
        layout = ogg_layout(file)
        if layout is None or not layout.is_plain:
            raise _NotOurs("other streams lie between the sound")
        if layout.is_cut:
            raise Damaged(f"ends early, within an Ogg page; {_AGAIN}")
        for link in layout.links:
            self._add(None if len(layout.links) == 1 else (link,))
        if len(layout.links) > 1:
            self.notes.append(f"consists of {len(layout.links)} recordings, one behind the other")
        if not layout.has_end:
            self.notes.append("its last Ogg page is not marked as the end; all that is there is taken")

    def _describe(self, metadata: Metadata | None, mask: int | None) -> AudioInfo:
        first = self._files[0]
        for other in self._files[1:]:
            if (other.samplerate, other.channels) != (first.samplerate, first.channels):
                raise Damaged(
                    f"consists of recordings of {first.channels} channel(s) at {first.samplerate} Hz and "
                    f"{other.channels} at {other.samplerate} Hz; cut it in an editor"
                )
        return AudioInfo(
            sample_rate=first.samplerate, channels=first.channels, frames=sum(self._lengths), format=first.format,
            subtype=first.subtype, tags=_plain(metadata), channel_mask=mask, metadata=metadata,
        )  # fmt: skip

    def blocks(self, samples: int, damage: Damage) -> Iterator[Samples]:
        position = 0
        held: list[Samples] = []
        for file, length in zip(self._files, self._lengths, strict=True):
            done = 0
            while done < length:
                wanted = min(samples - sum(part.shape[1] for part in held), length - done)
                try:
                    block = file.read(wanted, dtype="float32", always_2d=True).T
                except soundfile.LibsndfileError as error:
                    raise damage(position, told(error)) from None
                if not block.shape[1]:
                    break
                done += block.shape[1]
                position += block.shape[1]
                held.append(block)
                if sum(part.shape[1] for part in held) == samples:
                    yield _joined(held)
                    held = []
            if done < length:
                break
        if held:
            yield _joined(held)

    def reaches_end(self) -> bool:
        file, length = self._files[-1], self._lengths[-1]
        try:
            file.seek(length - 1)
            there = len(file.read(1))
            file.seek(0)
        except soundfile.LibsndfileError as error:
            raise Damaged(told(error)) from None
        return bool(there)

    def close(self) -> None:
        for file in self._files:
            file.close()


def _without_chunks(layout: Layout) -> tuple[Piece, ...]:
    """An RF64 file without what libsndfile stumbles over: chunks of odd sizes, and the name BW64."""
    needed = [chunk for chunk in layout.chunks if chunk.id in (b"ds64", b"fmt ", b"data")]
    return (b"RF64\xff\xff\xff\xffWAVE", *((c.start - 8, min(c.end + (c.size & 1), layout.size)) for c in needed))


def _joined(parts: Sequence[Samples]) -> Samples:
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def _plain(metadata: Metadata | None) -> dict[str, str]:
    if metadata is None:
        return {}
    return {name: "; ".join(texts) for name, texts in metadata.tags.items() if name in _TAGS and any(texts)}


def _channel_mask(file: PiecedFile, layout: Layout) -> int | None:
    """Of a WAVE_FORMAT_EXTENSIBLE header."""
    fmt = layout.find(b"fmt ")
    if fmt is None or fmt.size < 40 or layout.big or file.at(fmt.start, 2) != b"\xfe\xff":
        return None
    return int(struct.unpack("<I", file.at(fmt.start + 20, 4))[0])


def _flac_mask(metadata: Metadata) -> int | None:
    for block in metadata.native or ():
        for name, text in block if block.code == 4 else ():
            if name.lower() == "waveformatextensible_channel_mask":
                try:
                    return int(text, 16)
                except ValueError:
                    return None
    return None


def _kept_by_kind(file: PiecedFile, kind: str, subtype: str) -> Metadata | None:
    """What files hold whose container libsndfile knows too."""
    if (layout := layout_of(file)) is not None:
        return from_chunks(file, layout)
    if kind == "FLAC":
        return from_flac(file)
    if kind == "OGG":
        return from_ogg(file, subtype)
    return from_id3(file) if kind == "MP3" else None


class _MediaFile:
    """PyAV's."""

    def __init__(self, handle: int, kind: str, identity: tuple[int, ...]) -> None:
        from .mediatags import read_metadata

        try:
            size, told_size = PiecedFile(handle).size, media_size(PiecedFile(handle), kind)
            if told_size is not None and told_size > size:
                raise Damaged(f"ends early: {size:,} of {told_size:,} bytes are there; {_AGAIN}")
            self._media = MediaSource(handle, kind, identity)
        except MediaError as error:
            kind_of_error = MediaMissing if error.is_missing else Damaged
            raise kind_of_error(str(error)) from None
        track = self._media.track
        metadata, smpb = _kept_by_kind(PiecedFile(handle), kind, track.subtype), None
        if metadata is None:
            metadata, smpb = read_metadata(self._media, PiecedFile(handle), kind)
        frames, promised = self._media.frames, track.promised
        if promised is not None and frames + _LARGEST_PACKET < promised:
            raise Damaged(f"ends early: {frames} of {promised} samples are there; {_AGAIN}")
        frames = frames if smpb is None else min(frames, smpb)
        self.has_pictures = track.pictures
        self.info = AudioInfo(
            sample_rate=track.sample_rate, channels=track.channels, frames=frames, format=kind,
            subtype=track.subtype, tags=_plain(metadata), metadata=metadata, channel_mask=mask_of(track.layout),
        )  # fmt: skip
        self.notes: list[str] = self._odd(kind, is_known=promised is not None or told_size is not None)

    def _odd(self, kind: str, *, is_known: bool) -> list[str]:
        track, notes = self._media.track, []
        if track.tracks > 1:
            notes.append(f"has {track.tracks} sound tracks, of which the first is taken")
        if self._media.tally.silent:
            seconds = self._media.tally.silent / track.sample_rate
            notes.append(f"its times leave gaps of {seconds:.2f} s in all, where there is silence")
        if self._media.tally.damaged:
            notes.append(f"{self._media.tally.damaged} packets are damaged, and are passed over")
        if not is_known and (note := length_note(kind)):
            notes.append(note)
        return notes

    def blocks(self, samples: int, damage: Damage) -> Iterator[Samples]:
        held: list[Samples] = []
        count = position = 0
        try:
            for piece in self._media.blocks():
                piece = piece[:, : self.info.frames - position]
                position += piece.shape[1]
                while piece.shape[1]:
                    part, piece = piece[:, : samples - count], piece[:, samples - count :]
                    held.append(part)
                    count += part.shape[1]
                    if count == samples:
                        yield _joined(held)
                        held, count = [], 0
        except MediaError as error:
            raise damage(position, str(error)) from None
        if held:
            yield _joined(held)

    def reaches_end(self) -> bool:
        return True  # it was decoded to be counted

    def close(self) -> None:
        """Nothing stays open."""
