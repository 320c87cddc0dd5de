"""Sound of M4A, MP4, MOV, MKV, WebM, WMA, AMR, AC-3 and others, read through PyAV (FFmpeg).

Samples are placed by their times: delay of the encoder and edit lists are cut away, and where sound is missing there is
silence, so that it stays in step with the pictures. How many there are is counted by decoding, never taken from a bit
rate.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .containers import MediaError, Tally, is_cover, open_media, survive
from .packets import beginning, edited_seconds, sound_packets
from .pieces import PiecedFile

if TYPE_CHECKING:
    import av

__all__ = ["LARGEST_PACKET", "MediaSource", "Track"]

LARGEST_PACKET = 4096
"""Samples; what fills up the last packet is fewer."""
Samples = NDArray[np.float32]
_GAP = 0.04
"""Seconds. Times of Matroska and ASF are whole milliseconds; what jumps further is a gap."""
_LONGEST_GAP = 3600.0
_TICK = 0.002
_MOST_PLANES = 8  # PyAV 18 reads behind the last of eight
_SCALES = {"u8": 2.0**-7, "s16": 2.0**-15, "s32": 2.0**-31}
_LOSSLESS = {"wavpack", "tta", "ape", "mlp", "truehd", "tak", "wmalossless", "shorten"}
_SAMPLES = {"u8": "PCM_U8", "s16": "PCM_16", "s32": "PCM_24", "flt": "FLOAT"}
_PCM = {"pcm_u8": "PCM_U8", "pcm_s8": "PCM_S8", "pcm_s16": "PCM_16", "pcm_s24": "PCM_24", "pcm_s32": "PCM_32",
        "pcm_s64": "PCM_32", "pcm_f32": "FLOAT", "pcm_f64": "DOUBLE", "pcm_mula": "ULAW",
        "pcm_alaw": "ALAW"}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Track:
    """A sound track.

    Attributes
    ----------
    sample_rate, channels : of the sound.
    codec : FFmpeg's name; subtype : ours.
    profile : of the codec, by FFmpeg's name.
    layout : FFmpeg's name of the loudspeakers.
    start : time of the first sample, s (a fraction).
    tracks : number of sound tracks.
    id, others : what the container numbers this one by, and those that are not.
    pictures : whether there is a moving picture.
    promised : samples by the container's index; None: it does not tell.
    """

    sample_rate: int
    channels: int
    codec: str
    subtype: str
    profile: str
    layout: str
    start: Fraction
    tracks: int
    id: int
    others: frozenset[int]
    pictures: bool
    promised: int | None


class MediaSource:
    """The first sound track, decoded block by block.

    Parameters
    ----------
    handle : of the file.
    kind : as :func:`sniff.kind_of` tells.
    identity : what the file is known by, so that it is counted once.

    Raises
    ------
    MediaError : PyAV is missing, there is no sound, or the file is damaged.
    """

    def __init__(self, handle: int, kind: str, identity: tuple[int, ...]) -> None:
        self._handle, self.kind, self.identity = handle, kind, identity
        self.track = self._look()
        self.tally = _counted(self)

    @property
    def frames(self) -> int:
        """Samples that are sound: without what fills up the last packet, where the container tells."""
        promised, counted = self.track.promised, self.tally.frames
        if promised is None:
            return counted
        # Edit lists of MP4 count in ticks, mostly milliseconds; the packets count in samples.
        by_packets = round((self.tally.end - self.track.start) * self.track.sample_rate)
        if abs(by_packets - promised) <= _TICK * self.track.sample_rate:
            promised = by_packets
        # What times or a wrong index would cut beyond that is sound.
        return promised if counted - LARGEST_PACKET <= promised <= counted else counted

    def open(self) -> av.container.InputContainer:
        """The container once more, with all of its tracks; of long ones in MP4 the beginning."""
        return open_media(beginning(PiecedFile(self._handle)), self.kind)

    def _look(self) -> Track:
        with self.open() as container:
            import av  # it is there

            sounds = container.streams.audio
            if not sounds:
                raise MediaError("holds no sound, only pictures" if container.streams.video else "holds no sound")
            stream = sounds[0]
            if stream.codec_context is None:
                raise MediaError("its sound is of a kind that is not known")
            unit = stream.time_base
            start = stream.start_time * Fraction(unit) if stream.start_time is not None and unit else Fraction(0)
            codec = stream.codec_context.name
            seconds = self._told_seconds(stream)
            others = frozenset(other.id for other in container.streams) - {stream.id}
            pictures = any(not is_cover(video) for video in container.streams.video)
            profile = stream.codec_context.profile or ""
            # What the container says of rate and channels is often wrong: what is decoded counts.
            first = packet = None
            for packet in survive(container.demux(stream), Tally()):
                with suppress(av.error.FFmpegError, ValueError):
                    first = next(iter(packet.decode()), None)
                if first is not None:
                    break
            if first is None or not first.sample_rate:
                raise MediaError(f"its sound ({codec}) cannot be decoded")
            return Track(
                sample_rate=first.sample_rate, channels=first.layout.nb_channels, codec=codec,
                subtype=_subtype(stream, self.kind, bytes(packet or b"")), profile=profile, layout=first.layout.name,
                start=start, tracks=len(sounds), id=stream.id, others=others, pictures=pictures,
                promised=round(seconds * first.sample_rate) if seconds else None,
            )  # fmt: skip

    def _told_seconds(self, stream: Any) -> Fraction | None:
        """How long the sound is by the container; None: it does not tell exactly."""
        if self.kind not in ("MP4", "MOV", "3GP"):
            return None
        if edited := edited_seconds(PiecedFile(self._handle), stream.id):
            return edited
        return stream.duration * Fraction(stream.time_base) if stream.duration and stream.time_base else None

    def blocks(self, tally: Tally | None = None) -> Iterator[Samples]:
        """Decoded pieces of shape (channels, n), as the container's times place them, without the cut at the end.

        Raises
        ------
        MediaError : rate or channels change.
        """
        import av

        tally = Tally() if tally is None else tally
        rate, shift = self.track.sample_rate, None
        file = PiecedFile(self._handle)
        with closing(sound_packets(file, self.kind, self.track.id, self.track.others, tally)) as packets:
            for packet, decoder in packets:
                if packet.size and not packet.is_discard:
                    tally.sizes.add(packet.size)
                try:
                    decoded = decoder.decode(packet)
                except (av.error.FFmpegError, ValueError):
                    tally.damaged += 1
                    continue
                if packet.pts is not None and packet.duration and not packet.is_discard:
                    tally.end = max(tally.end, (packet.pts + packet.duration) * packet.time_base)
                for frame in decoded:
                    self._check(frame, tally.frames)
                    if frame.time is not None:
                        at = round(frame.time * rate)
                        shift = at - tally.frames if shift is None else shift
                        gap = at - shift - tally.frames
                        if gap > _LONGEST_GAP * rate or gap < -_GAP * rate:
                            shift += gap  # the clock was set anew: nothing is missing
                            tally.back += max(0, -gap)
                        elif gap > _GAP * rate:
                            tally.frames += gap
                            tally.silent += gap
                            yield from _zeros(self.track.channels, gap)
                    block = _as_float(frame)
                    tally.frames += block.shape[1]
                    yield block

    def _check(self, frame: av.AudioFrame, position: int) -> None:
        rate, channels = frame.sample_rate, frame.layout.nb_channels
        if (rate, channels) != (self.track.sample_rate, self.track.channels):
            at = position / self.track.sample_rate
            raise MediaError(f"its sound changes after {at:.2f} s to {channels} channel(s) at {rate} Hz")


@lru_cache(maxsize=256)
def _place(key: tuple[object, ...]) -> list[Tally]:
    """Where the count of a file is kept."""
    return []


def _counted(source: MediaSource) -> Tally:
    place = _place((source.kind, *source.identity))
    if not place:
        tally = Tally()
        for _ in source.blocks(tally):
            pass
        place.append(tally)
    return place[0]


def _zeros(channels: int, count: int) -> Iterator[Samples]:
    for start in range(0, count, 1 << 16):
        yield np.zeros((channels, min(1 << 16, count - start)), np.float32)


def _as_float(frame: av.AudioFrame) -> Samples:
    import av

    name = frame.format.name.removesuffix("p")
    if name == "s64":  # PyAV has no array of it
        (frame,) = av.AudioResampler(format="dbl", layout=frame.layout, rate=frame.sample_rate).resample(frame)
        name = "dbl"
    if frame.format.is_planar and frame.layout.nb_channels >= _MOST_PLANES:
        (frame,) = av.AudioResampler(format=name, layout=frame.layout, rate=frame.sample_rate).resample(frame)
    x = frame.to_ndarray()
    if not frame.format.is_planar:
        x = x.reshape(-1, frame.layout.nb_channels).T
    if name in _SCALES:
        x = (x.astype(np.float64) - 128 * (name == "u8")) * _SCALES[name]
    return x.astype(np.float32)


def _subtype(stream: Any, kind: str, packet: bytes) -> str:
    """As libsndfile calls it where it writes such files; ``packet``: the first."""
    name = stream.codec_context.name
    for prefix, subtype in _PCM.items():
        if name.startswith(prefix):
            return subtype
    form = stream.codec_context.format  # None where the header is damaged
    pcm = _SAMPLES.get(form.name.removesuffix("p") if form is not None else "", "PCM_24")
    if pcm == "PCM_24" and _is_wide(name, stream.codec_context.extradata or b"", packet):
        pcm = "PCM_32"
    if name in _LOSSLESS or (name, kind) == ("flac", "FLAC"):
        return pcm
    if name in ("alac", "flac"):
        return pcm.replace("PCM", name.upper())
    return {"aac": "AAC", "opus": "OPUS", "libopus": "OPUS"}.get(name, name.upper())


def _is_wide(codec: str, header: bytes, packet: bytes) -> bool:
    """Whether integers have more than 24 bits, which FFmpeg's formats of samples do not tell."""
    if codec == "flac":  # STREAMINFO (RFC 9639, section 8.2)
        return int.from_bytes(header[12:14], "big") >> 4 & 31 >= 24
    if codec == "alac":
        return header[17:18] > b"\x18"
    return codec == "wavpack" and len(packet) > 24 and packet[24] & 3 == 3  # bytes of a sample, less one
