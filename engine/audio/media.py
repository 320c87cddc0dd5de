"""Sound of M4A, MP4, MOV, MKV, WebM, WMA, AMR, AC-3 and others, read through PyAV (FFmpeg).

Samples are placed by their times: delay of the encoder and edit lists are cut away, and where sound is missing there is
silence, so that it stays in step with the pictures. How many there are is counted by decoding, never taken from a bit
rate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .pieces import PiecedFile
from .sniff import demuxer_for

if TYPE_CHECKING:
    import av

__all__ = ["MediaError", "MediaSource", "Track", "open_media"]

Samples = NDArray[np.float32]
_GAP = 0.04
"""Seconds. Times of Matroska and ASF are whole milliseconds; what jumps further is a gap."""
_LONGEST_GAP = 3600.0
_SCALES = {"u8": 2.0**-7, "s16": 2.0**-15, "s32": 2.0**-31, "s64": 2.0**-63}
_DEPTHS = {"s16": "16", "s32": "24"}
_PCM = {"pcm_u8": "PCM_U8", "pcm_s8": "PCM_S8", "pcm_s16": "PCM_16", "pcm_s24": "PCM_24", "pcm_s32": "PCM_32",
        "pcm_f32": "FLOAT", "pcm_f64": "DOUBLE", "pcm_mula": "ULAW", "pcm_alaw": "ALAW"}  # fmt: skip


class MediaError(Exception):
    """It cannot be read; the message says why. ``is_missing``: PyAV is."""

    def __init__(self, reason: str, *, is_missing: bool = False) -> None:
        super().__init__(reason)
        self.is_missing = is_missing


@dataclass(frozen=True, kw_only=True)
class Track:
    """A sound track.

    Attributes
    ----------
    sample_rate, channels : of the sound.
    codec : FFmpeg's name; subtype : ours.
    layout : FFmpeg's name of the loudspeakers.
    start : time of the first sample, s.
    tracks : number of sound tracks.
    pictures : whether there is a moving picture.
    promised : samples by the container's index; None: it does not tell.
    """

    sample_rate: int
    channels: int
    codec: str
    subtype: str
    layout: str
    start: float
    tracks: int
    pictures: bool
    promised: int | None


def _no_other_file(url: str, flags: int, options: dict[str, str]) -> Any:
    raise OSError(f"{url} is another file")


def open_media(file: PiecedFile, kind: str) -> av.container.InputContainer:
    """A container of PyAV.

    Raises
    ------
    MediaError : PyAV is missing, or the file is damaged.
    """
    try:
        import av
    except ImportError:
        reason = f"{kind} is read through PyAV, which is missing: pip install 'phaseaware[media]'"
        raise MediaError(reason, is_missing=True) from None
    file.seek(0)
    try:
        return av.open(
            file, "r", format=demuxer_for(kind), io_open=_no_other_file, metadata_errors="replace", buffer_size=1 << 16
        )
    except (av.error.FFmpegError, ValueError, OSError) as error:
        raise MediaError(f"cannot be opened as {kind}, or is damaged ({_told(error)})") from None


def _told(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


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
        self._handle, self._kind, self._identity = handle, kind, identity
        self.track = self._look()
        self.frames, self.silent, self.damaged = _counted(self)
        """Samples; of which silence where sound was missing; packets that could not be decoded."""

    @property
    def key(self) -> tuple[object, ...]:
        """Tells files apart, and versions of one file."""
        return self._kind, *self._identity

    def open(self) -> av.container.InputContainer:
        """The container once more, from its beginning."""
        return open_media(PiecedFile(self._handle), self._kind)

    def _look(self) -> Track:
        with self.open() as container:
            sounds = container.streams.audio
            if not sounds:
                raise MediaError("holds no sound, only pictures" if container.streams.video else "holds no sound")
            stream = sounds[0]
            rate, channels = stream.codec_context.sample_rate, stream.codec_context.channels
            if not rate or not channels:
                raise MediaError(f"its sound ({stream.codec_context.name}) is of a kind that is not known")
            unit = stream.time_base
            start = float(stream.start_time * unit) if stream.start_time is not None and unit else 0.0
            exact = self._kind in ("MP4", "MOV", "3GP") and stream.duration and unit
            return Track(
                sample_rate=rate, channels=channels, codec=stream.codec_context.name, subtype=_subtype(stream),
                layout=stream.codec_context.layout.name, start=start, tracks=len(sounds),
                pictures=any(not _is_cover(video) for video in container.streams.video),
                promised=round(stream.duration * unit * rate) if exact and stream.duration and unit else None,
            )  # fmt: skip

    def blocks(self) -> Iterator[Samples]:
        """Decoded pieces of shape (channels, n), as the container's times place them, without the cut at the end."""
        for kind, block in self._placed():
            if kind != "damaged":
                yield block

    def _placed(self) -> Iterator[tuple[str, Samples]]:
        """"sound" or "silence" with samples, "damaged" with none."""
        import av

        rate, channels = self.track.sample_rate, self.track.channels
        position, shift = 0, None
        with self.open() as container:
            stream = container.streams.audio[0]
            packets = container.demux(stream)
            while True:
                try:
                    packet = next(packets, None)
                    if packet is None:
                        return
                    frames = packet.decode()
                except (av.error.FFmpegError, ValueError):
                    yield "damaged", np.empty((channels, 0), np.float32)
                    continue
                for frame in frames:
                    if frame.sample_rate != rate or frame.layout.nb_channels != channels:
                        raise MediaError(
                            f"its sound changes after {position / rate:.2f} s to {frame.layout.nb_channels} channel(s) "
                            f"at {frame.sample_rate} Hz"
                        )
                    block = _as_float(frame)
                    if frame.time is not None:
                        at = round(frame.time * rate)
                        shift = at - position if shift is None else shift
                        gap = at - shift - position
                        if gap > _LONGEST_GAP * rate or gap < -_GAP * rate:
                            shift += gap  # the clock was set anew: nothing is missing
                        elif gap > _GAP * rate:
                            yield from (("silence", piece) for piece in _zeros(channels, gap))
                            position += gap
                    yield "sound", block
                    position += block.shape[1]


@lru_cache(maxsize=256)
def _count_once(key: tuple[object, ...]) -> list[tuple[int, int, int]]:
    """A place for the count of a file."""
    return []


def _counted(source: MediaSource) -> tuple[int, int, int]:
    place = _count_once(source.key)
    if not place:
        frames = silent = damaged = 0
        for kind, block in source._placed():
            frames += block.shape[1]
            silent += block.shape[1] * (kind == "silence")
            damaged += kind == "damaged"
        place.append((frames, silent, damaged))
    return place[0]


def _zeros(channels: int, count: int) -> Iterator[Samples]:
    for start in range(0, count, 1 << 16):
        yield np.zeros((channels, min(1 << 16, count - start)), np.float32)


def _as_float(frame: av.AudioFrame) -> Samples:
    x = frame.to_ndarray()
    if not frame.format.is_planar:
        x = x.reshape(-1, frame.layout.nb_channels).T
    name = frame.format.name.removesuffix("p")
    if name in _SCALES:
        x = (x.astype(np.float64) - 128 * (name == "u8")) * _SCALES[name]
    return x.astype(np.float32)


def _is_cover(stream: Any) -> bool:
    """Whether a picture stands still: a cover."""
    return "attached_pic" in str(stream.disposition).lower()


def _subtype(stream: Any) -> str:
    name = stream.codec_context.name
    for prefix, subtype in _PCM.items():
        if name.startswith(prefix):
            return subtype
    if name in ("alac", "flac"):
        depth = _DEPTHS.get(stream.codec_context.format.name.removesuffix("p"), "24")
        return f"{name.upper()}_{depth}"
    return {"aac": "AAC", "opus": "OPUS", "libopus": "OPUS"}.get(name, name.upper())
