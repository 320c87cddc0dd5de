"""The pictures and other tracks of a video, copied untouched beside the sound that is made."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

from .containers import Tally, is_cover, open_media, survive
from .mediatags import is_technical
from .mp4boxes import has_dolby_vision, without_tracks
from .pieces import PiecedFile
from .reader import open_plain
from .sniff import kind_of

__all__ = ["OtherTracks"]

_NAMES = {
    "mp4": {"avc1", "avc3", "hvc1", "hev1", "dvh1"},
    "mov": {"avc1", "avc3", "hvc1", "hev1", "apco", "apcs", "apcn", "apch", "ap4h", "ap4x"},
}
"""What pictures may be called whatever they come from. MOV has more, of which some mean several codecs."""
_SEVERAL = {"dvh1", "mp4v"}
_READ = 48  # AVDISCARD_ALL: FFmpeg has read the track as chapters


class OtherTracks:
    """All tracks of a container but its first sound, packet by packet into another.

    Parameters
    ----------
    source : the video.
    out : PyAV's container that is written; the tracks are added to it.
    add_sound : adds the sound that is made, in its place among them: players choose by the order.

    Attributes
    ----------
    sound_start : time of the first sample, s, from where the first track begins.
    sound : what ``add_sound`` gave.
    notes : which tracks the other format cannot hold.
    tally : counts packets that cannot be read.

    Raises
    ------
    ValueError, av.error.FFmpegError : the other format takes none of the pictures.
    """

    def __init__(self, source: Path, out: Any, add_sound: Callable[[], Any]) -> None:
        self._out = out
        self._handle = open_plain(source)
        self._container: Any = None
        self.notes: list[str] = []
        self.tally = Tally()
        try:
            file = PiecedFile(self._handle)
            self._kind = kind_of(file) or ""
            self._container = open_media(file, self._kind)
            sound = self._container.streams.audio[0]
            unit = sound.time_base or 0
            # Broadcasts begin at any time of their clock.
            self._origin = (self._container.start_time or 0) / 1_000_000
            self.sound_start = max(0.0, float((sound.start_time or 0) * unit) - self._origin)
            self.sound: Any = None
            self._streams = dict(self._add(sound, add_sound))
            if out.format.name == "mov" and has_dolby_vision(file):  # FFmpeg writes that into MP4 only
                self.notes.append("not kept: that its pictures are Dolby Vision; name a file that ends in .mp4")
            self._reopen(file, sound.id)
            self._packets: Iterator[Any] = survive(
                self._container.demux(*[self._container.streams[i] for i in self._streams]), self.tally
            )
        except BaseException:
            self.close()
            raise
        self._next: Any = None

    def _reopen(self, file: PiecedFile, sound: int) -> None:
        """The same without the sound, of which FFmpeg would keep an index."""
        lean = without_tracks(file, {sound})
        if lean is file:
            return
        copies = {self._container.streams[index].id: copy for index, copy in self._streams.items()}
        self._container.close()
        self._container = open_media(lean, self._kind)
        self._streams = {s.index: copies[s.id] for s in self._container.streams if s.id in copies}

    def _add(self, sound: Any, add_sound: Callable[[], Any]) -> Iterator[tuple[int, Any]]:
        taken = self._out.supported_codecs
        timecodes = {stream.metadata.get("timecode") for stream in self._container.streams.video}
        for stream in self._container.streams:
            if stream.index == sound.index:
                self.sound = add_sound()
                _describe(self.sound, stream)
                continue
            if stream.type == "data" and stream.metadata.get("timecode") in timecodes - {None}:
                continue  # FFmpeg makes it of what the pictures say
            if stream.type == "data" and int(stream.discard) == _READ:
                continue
            if stream.type == "video" and is_cover(stream):
                continue  # covers go with the tags
            if stream.type == "attachment" and self._out.format.name == "matroska":
                self._out.add_attachment(stream.name or "attachment", stream.mimetype, stream.data)
                continue
            codec = getattr(stream.codec_context, "name", None)
            known = getattr(getattr(stream.codec_context, "codec", None), "canonical_name", codec)
            try:
                if not {codec, known} & set(taken):
                    raise ValueError(codec)
                copy = self._out.add_stream_from_template(stream)
            except (ValueError, TypeError, AttributeError, OSError):
                if stream.type == "video":
                    raise ValueError(
                        f"{self._out.format.name} does not take its pictures ({known}); name a file that ends in .mkv"
                    ) from None
                self.notes.append(f"not kept: track {stream.index + 1} ({stream.type}, {known or 'of unknown kind'})")
                continue
            _describe(copy, stream)
            if stream.type == "video":
                self._shape(copy, stream)
                if name := self._name(stream.codec_context):
                    copy.codec_context.codec_tag = name
            yield stream.index, copy

    def _shape(self, copy: Any, stream: Any) -> None:
        """The shape of the pixels: the container's counts, not that in the pictures, which are copied as they are."""
        shape, inside = stream.sample_aspect_ratio, stream.codec_context.sample_aspect_ratio
        if self._out.format.name in _NAMES:
            copy.codec_context.sample_aspect_ratio = shape or Fraction(0)  # 0: it is not told
        elif (shape or 1) != (inside or 1):  # FFmpeg would write it, but PyAV has no way to say it
            self.notes.append(
                f"not kept: the shape of its pixels, {shape.numerator}:{shape.denominator}; "
                "name a file that ends in .mp4 or .mov"
            )

    def _name(self, codec: Any) -> str:
        """What MP4 and MOV call the pictures, as Apple's players and editors go by it; empty: as FFmpeg chooses."""
        name, out = codec.codec_tag, self._out.format.name
        if out not in _NAMES:
            return ""
        if name in _NAMES[out] or (self._kind == "MOV" and out == "mov" and name not in _SEVERAL):
            return str(name)
        # FFmpeg's own is hev1; where the parameters stand apart from the pictures, as this byte tells, hvc1 is right.
        return "hvc1" if codec.name == "hevc" and (codec.extradata or b"")[:1] == b"\1" else ""

    def copy_until(self, seconds: float | None) -> None:
        """Copy the packets up to a time; None: all that are left.

        Raises
        ------
        av.error.FFmpegError : it cannot be written.
        """
        while True:
            packet = self._next or next(self._packets, None)
            self._next = None
            if packet is None:
                return
            time = packet.pts if packet.dts is None else packet.dts  # Matroska does not tell both
            if time is None:  # the end of a stream
                continue
            if seconds is not None and float(time * packet.time_base) - self._origin > seconds:
                self._next = packet
                return
            if self._origin:
                shift = round(self._origin / packet.time_base)
                packet.pts = None if packet.pts is None else packet.pts - shift
                packet.dts = None if packet.dts is None else packet.dts - shift
            packet.stream = self._streams[packet.stream.index]
            self._out.mux(packet)

    def close(self) -> None:
        """Close the source."""
        if self._container is not None:
            self._container.close()
            self._container = None
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None  # type: ignore[assignment]


def _describe(copy: Any, stream: Any) -> None:
    copy.metadata.update({k: v for k, v in stream.metadata.items() if k.lower() == "language" or not is_technical(k)})
    with suppress(AttributeError, TypeError, ValueError):
        copy.disposition = stream.disposition
