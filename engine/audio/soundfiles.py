"""Samples by libsndfile, for one or several recordings in a file."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import pairwise

import soundfile

from .chunks import Layout, layout_of
from .flac import flac_parts
from .formats import AudioInfo, sndfile_reason
from .headers import from_header
from .lengths import length_note
from .metadata import Metadata, from_file
from .mpeg import find_parts, id3_end
from .ogg import ogg_layout
from .pieces import Piece, PiecedFile, Shown, replaced
from .sizes import block_align, container_bits, judge
from .source import AGAIN, Damage, Damaged, NotOurs, Samples, joined, plain_tags
from .speakers import mask_of_caf, usual_mask, vorbis_order

__all__ = ["SoundFiles"]

_STEREO = 2
_SEARCH = 1 << 16
_CODED = {bytes.fromhex(word) for word in ("7ffe8001", "fe7f0180", "1fffe800", "ff1f00e8", "72f81f4e")}
"""What DTS (of 16 and 14 bits, in both orders) and IEC 61937 begin with, in files that call it PCM."""
_AMBISONICS = bytes.fromhex("2107d3118644c8c1ca000000")
"""The end of what an extensible header calls B-format, of integers and of floats alike."""


class SoundFiles:
    """libsndfile's, one recording after the other."""

    has_pictures, other_tracks = False, 0

    def __init__(self, file: PiecedFile, kind: str | None) -> None:
        self.notes: list[str] = []
        self.left_out: list[str] = []
        self._files: list[soundfile.SoundFile] = []
        self._shown: list[Shown] = []
        self._lengths: list[int] = []
        self._coded_bytes = self._nominal = 0
        self._order: list[int] | None = None  # of channels, if not that of the file
        self._mask: int | None = None
        self._tagged: PiecedFile | None = None  # what the tags are read from, if not from all of it
        try:
            layout = layout_of(file)
            if layout is None and (begin := id3_end(file)) and (layout := layout_of(file.behind(begin))) is not None:
                file = file.behind(begin)
                self.notes.append(f"an ID3 tag of {begin} bytes before its beginning is left out")
            self._file = file
            self._open(file, kind, layout)
            metadata = from_file(self._tagged or file, kind, self._files[0].subtype) or from_header(file)
            if self._mask is None:
                self._mask = _flac_mask(metadata) if layout is None else _channel_mask(file, layout)
            self.info = self._describe(metadata)
        except BaseException:
            self.close()
            raise

    def _open(self, file: PiecedFile, kind: str | None, layout: Layout | None) -> None:
        if layout is not None:
            self._open_chunks(file, layout)
        elif kind == "MP3":
            self._open_mpeg(file)
        elif kind == "OGG":
            self._open_ogg(file)
        elif kind == "FLAC" and (parts := flac_parts(file)):
            if not all(part.promised for part in parts):
                raise NotOurs("its header does not tell its length", is_odd=True)
            for part in parts:
                self._add(None if len(parts) == 1 and part.there == part.promised else part.pieces)
                if part.there > part.promised:
                    self.notes.append(
                        f"its header counts {part.promised} samples, and {part.there} are there; all that is there is "
                        "taken"
                    )
            self._note_parts(len(parts))
        else:
            self._add(None)
            if note := length_note(self._files[0].format):
                self.notes.append(note)

    def _add(self, pieces: Sequence[Piece] | None, length: int | None = None) -> None:
        shown = Shown(self._file.showing(pieces))
        try:
            with shown.calling():
                opened = soundfile.SoundFile(shown)
        except soundfile.LibsndfileError as error:
            raise NotOurs(sndfile_reason(error)) from None
        except (TypeError, RuntimeError) as error:
            raise NotOurs(str(error)) from None
        self._files.append(opened)
        self._shown.append(shown)
        self._lengths.append(opened.frames if length is None else length)

    def _open_chunks(self, file: PiecedFile, layout: Layout) -> None:
        verdict = judge(file, layout)
        if verdict.is_cut:
            raise Damaged(f"ends early: {verdict.there:,} of {verdict.promised:,} bytes of sound are there; {AGAIN}")
        start = layout.data.start if layout.data is not None and layout.family in ("RIFF", "RF64", "W64") else file.size
        if file.at(start, _SEARCH).lstrip(b"\0")[:4] in _CODED:
            raise NotOurs("its samples begin like coded sound (DTS, IEC 61937)", is_odd=True)
        if (pieces := verdict.pieces) is not None:  # what is sound now is no chunk
            self._tagged = file.showing(pieces)
        if pieces is None and layout.family == "RF64":
            pieces = _without_chunks(file, layout)
        if len(layout.sounds) > 1:
            pieces = self._several(layout)
        elif layout.family == "RIFF" and layout.big and layout.sounds:  # behind cue points libsndfile swaps the bytes
            shown = layout if pieces is None else layout_of(file.showing(pieces))
            pieces = _only_sound(shown or layout)
        elif pieces is None and layout.family == "RIFF" and _is_uneven(layout):
            pieces = _only_sound(layout)
        another = layout.find(b"RIFF")
        if pieces is None and another is not None:
            pieces = ((0, another.start - 8),)
        if (odd := container_bits(file, layout)) is not None:
            bits, place, new = odd
            pieces = replaced(((0, layout.size),) if pieces is None else pieces, place, new)
            self.notes.append(f"its header tells fewer bits than its samples have bytes for; {bits} are read")
        if (fmt := layout.find(b"fmt ")) is not None and file.at(fmt.start + 28, 12) == _AMBISONICS:
            self.notes.append("its header calls its channels ambisonics (B-format), which no output does")
        self._add(pieces)
        if self._files[0].subtype.startswith("MPEG"):
            self._files.pop().close()
            self._shown.clear()
            self._lengths.clear()
            raise NotOurs("MPEG sound, whose length it estimates")
        if verdict.note:
            self.notes.append(verdict.note)
        if another is not None:
            self.left_out.append(
                "another WAV file stands behind its sound, and is left out; cut it off, and name it too"
            )

    def _several(self, layout: Layout) -> tuple[Piece, ...] | None:
        """One chunk of sound made of all that there are."""
        sounds = layout.sounds
        if layout.family != "RIFF" or layout.find(b"fmt ") is None:
            self.left_out.append(f"holds {len(sounds)} chunks of sound, of which the first is taken")
            return None
        if sounds[-1].end > layout.size:
            raise Damaged(f"ends early: {layout.size:,} of {sounds[-1].end:,} bytes are there; {AGAIN}")
        self.notes.append(f"holds {len(sounds)} chunks of sound, which are taken one behind the other")
        return _only_sound(layout)

    def _open_mpeg(self, file: PiecedFile) -> None:
        parts = find_parts(file)
        if not parts:
            raise NotOurs("no MPEG frames are found")
        for part in parts:
            if part.promised == part.frames + 1 and not part.broken:
                self.notes.append(
                    f"its header counts {part.promised} MPEG frames, one more than there are; all that is there is "
                    "taken"
                )
            elif part.promised and part.frames < part.promised:
                raise Damaged(f"ends early: {part.frames} of {part.promised} MPEG frames are there; {AGAIN}")
            self._add(part.pieces, part.samples)
            self._coded_bytes += sum(piece[1] - piece[0] for piece in part.pieces if isinstance(piece, tuple))
        self._note_parts(len(parts))
        if len(parts) > 1:  # tags at the end are those of the last
            self._tagged = file.showing(((0, parts[0].end),))
        if any(part.samples is not None for part in parts):
            self.notes.append(length_note("MP3"))
        if broken := sum(part.broken for part in parts):
            self.left_out.append(f"{broken} bytes in it are no whole MPEG frame, and are passed over")
        if mute := sum(part.mute for part in parts):
            self.left_out.append(f"{mute} MPEG frames in it cannot be decoded, and are silent")
        if before := parts[0].before:
            self.notes.append(f"{before} bytes before its sound are no MPEG frame, and are left out")
        if parts[-1].behind:
            self.notes.append(f"{parts[-1].behind} bytes behind its sound are no MPEG frame, and are left out")

    def _open_ogg(self, file: PiecedFile) -> None:
        layout = ogg_layout(file)
        if layout is None or not layout.is_plain:
            raise NotOurs("other streams lie between the sound")
        if layout.is_cut:
            raise Damaged(f"ends early, within an Ogg page; {AGAIN}")
        if layout.damaged:
            raise Damaged(f"holds damaged Ogg pages ({layout.damaged}); {AGAIN}")
        if layout.gaps:
            raise Damaged(f"lacks Ogg pages in the middle (at {layout.gaps} places); {AGAIN}")
        self._coded_bytes, self._nominal = layout.sound_bytes, layout.nominal
        if layout.broken:
            self.notes.append(f"{layout.broken} bytes between its Ogg pages are none, and are passed over")
        if layout.behind:
            self.notes.append(f"{layout.behind} bytes behind its sound are no Ogg page, and are left out")
        for link in layout.links:
            self._add(None if len(layout.links) == 1 else (link,))
        if (channels := self._files[0].channels) > _STEREO and layout.has_speakers:
            self._order, self._mask = vorbis_order(channels), usual_mask(channels)
        elif channels > _STEREO and self._files[0].subtype == "OPUS":
            self._mask = 0
        self._note_parts(len(layout.links))
        if not layout.has_end:
            self.notes.append("its last Ogg page is not marked as the end; all that is there is taken")

    def _note_parts(self, count: int) -> None:
        if count > 1:
            self.notes.append(f"consists of {count} recordings, one behind the other, and has the tags of the first")

    def _describe(self, metadata: Metadata | None) -> AudioInfo:
        first = self._files[0]
        for other in self._files[1:]:
            if (other.samplerate, other.channels) != (first.samplerate, first.channels):
                raise Damaged(
                    f"consists of recordings of {first.channels} channel(s) at {first.samplerate} Hz and "
                    f"{other.channels} at {other.samplerate} Hz; cut it in an editor"
                )
        frames = sum(self._lengths)
        mean = round(8 * self._coded_bytes * first.samplerate / frames) if frames else 0
        return AudioInfo(
            sample_rate=first.samplerate, channels=first.channels, frames=frames, format=first.format,
            subtype=first.subtype, tags=plain_tags(metadata), channel_mask=self._mask, metadata=metadata,
            bitrate=self._nominal or mean or None,
        )  # fmt: skip

    def blocks(self, samples: int, damage: Damage) -> Iterator[Samples]:
        position = 0
        held: list[Samples] = []
        for file, shown, length in zip(self._files, self._shown, self._lengths, strict=True):
            done = 0
            while done < length:
                wanted = min(samples - sum(part.shape[1] for part in held), length - done)
                try:
                    with shown.calling():
                        block = file.read(wanted, dtype="float32", always_2d=True).T
                except (soundfile.LibsndfileError, OSError) as error:
                    raise damage(position, _reason(error)) from None
                if self._order is not None:
                    block = block[self._order]
                if not block.shape[1]:
                    break
                done += block.shape[1]
                position += block.shape[1]
                held.append(block)
                if sum(part.shape[1] for part in held) == samples:
                    yield joined(held)
                    held = []
            if done < length:
                break
        if held:
            yield joined(held)

    def reaches_end(self) -> bool:
        file, length = self._files[-1], self._lengths[-1]
        try:
            with self._shown[-1].calling():
                file.seek(length - 1)
                there = len(file.read(1))
                file.seek(0)
        except (soundfile.LibsndfileError, OSError) as error:
            raise Damaged(_reason(error)) from None
        return bool(there)

    def close(self) -> None:
        for file in self._files:
            file.close()


def _reason(error: soundfile.LibsndfileError | OSError) -> str:
    return sndfile_reason(error) if isinstance(error, soundfile.LibsndfileError) else error.strerror or str(error)


def _is_uneven(layout: Layout) -> bool:
    """Whether a chunk before the sound lacks the byte that makes its size even, which libsndfile misses."""
    head = layout.chunks[: layout.chunks.index(layout.sounds[0]) + 1] if layout.sounds else ()
    return any(chunk.size & 1 and after.start - 8 == chunk.end for chunk, after in pairwise(head))


def _only_sound(layout: Layout) -> tuple[Piece, ...] | None:
    """A WAV file without chunks but those of the sound, and of that one chunk."""
    heads = [chunk for chunk in layout.chunks if chunk.id in (b"fmt ", b"fact")]
    sounds, order = layout.sounds, ">I" if layout.big else "<I"
    size = sum(chunk.size for chunk in sounds)
    whole = sum(8 + chunk.size + (chunk.size & 1) for chunk in heads)
    return (
        (b"RIFX" if layout.big else b"RIFF") + struct.pack(order, 12 + whole + size) + b"WAVE",
        *((chunk.start - 8, chunk.end + (chunk.size & 1)) for chunk in heads),
        b"data" + struct.pack(order, size), *((chunk.start, chunk.end) for chunk in sounds),
    )  # fmt: skip


def _without_chunks(file: PiecedFile, layout: Layout) -> tuple[Piece, ...] | None:
    """An RF64 file without what libsndfile stumbles over: chunks of odd sizes, the name BW64, and lengths in two places
    that differ."""
    fmt, data = layout.find(b"fmt "), layout.data
    if fmt is None or data is None:
        return None
    frames = data.size // block_align(file, layout)
    return (
        b"RF64\xff\xff\xff\xffWAVE" + b"ds64" + struct.pack("<IQQQI", 28, layout.size, data.size, frames, 0),
        (fmt.start - 8, fmt.end + (fmt.size & 1)), b"data\xff\xff\xff\xff", (data.start, data.end),
    )  # fmt: skip


def _channel_mask(file: PiecedFile, layout: Layout) -> int | None:
    """Of a WAVE_FORMAT_EXTENSIBLE header, or a channel layout chunk."""
    if (chan := layout.find(b"chan")) is not None and layout.family == "CAF":
        return mask_of_caf(file.at(chan.start, 12))
    fmt = layout.find(b"fmt ")
    if fmt is None or fmt.size < 40 or layout.big or file.at(fmt.start, 2) != b"\xfe\xff":
        return None
    return int(struct.unpack("<I", file.at(fmt.start + 20, 4))[0])


def _flac_mask(metadata: Metadata | None) -> int | None:
    for block in (metadata.native or ()) if metadata is not None and metadata.family == "FLAC" else ():
        for name, text in block if block.code == 4 else ():
            if name.lower() == "waveformatextensible_channel_mask":
                try:
                    return int(text, 16)
                except ValueError:
                    return None
    return None
