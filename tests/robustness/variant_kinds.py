"""Sound files of all kinds, generated: container × codec × rate × channels × tags × what goes wrong with headers.

:mod:`tests.robustness.variants` tries them.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from phaseaware.engine.audio import AudioInfo, AudioWriter
from phaseaware.engine.audio.metadata import Metadata
from phaseaware.engine.audio.mpeg import find_parts
from phaseaware.engine.audio.pieces import PiecedFile

from tests.signals import voice_like

Samples = NDArray[np.float32]
TEXTS = {"title": "Küche – 台所", "artist": "A. Nyone", "album": "Zoë", "comment": "take 3", "isrc": "XX0000000001",
         "my own": "field"}  # fmt: skip
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301010018dd8db0"
    "0000000049454e44ae426082"
)
"""A picture of one pixel."""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One file.

    Attributes
    ----------
    name : with the suffix.
    samples : of each channel, in truth.
    slack : samples more that its kind fills up or delays; never fewer.
    make : writes it.
    tags : what it says, as far as its kind can.
    mask : of its channels.
    is_cut : a part of it is missing: an error or a note must say so.
    must_note : something is odd about it, and a note must say so.
    is_plain : its sound is :func:`sound`, from the first sample to the last.
    """

    name: str
    samples: int
    make: Callable[[Path], None]
    slack: int = 0
    tags: dict[str, str] = field(default_factory=dict)
    mask: int | None = None
    is_cut: bool = False
    must_note: bool = False
    is_plain: bool = True


def sound(samples: int, channels: int, rate: int) -> Samples:
    """Something like a voice, in as many channels as needed."""
    x = voice_like(np.random.default_rng(samples + channels), samples, sample_rate=rate)
    return np.stack([x * 0.9**channel for channel in range(channels)])


def _by_writer(info: AudioInfo, samples: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with AudioWriter(path, info, overwrite=True) as writer:
            writer.write(sound(samples, info.channels, info.sample_rate))

    return make


def _full(tags: dict[str, str]) -> Metadata:
    from mutagen.flac import Picture
    from phaseaware.engine.audio.metadata import Chapter

    picture = Picture()
    picture.type, picture.mime, picture.data = 3, "image/png", PNG
    chapters = (Chapter(0.0, 0.1, "one"), Chapter(0.1, 0.2, "two"))
    return Metadata(family="", tags={n: (t,) for n, t in tags.items()}, pictures=(picture,), chapters=chapters)


# What libsndfile writes

PLAIN = [
    (".wav", "WAV", ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")),
    (".wav", "WAVEX", ("PCM_16", "PCM_24", "FLOAT")), (".rf64", "RF64", ("PCM_16", "PCM_24")),
    (".w64", "W64", ("PCM_16", "FLOAT")), (".caf", "CAF", ("PCM_16", "PCM_24", "ALAC_16", "ALAC_24")),
    (".aiff", "AIFF", ("PCM_16", "PCM_24", "FLOAT", "ULAW")), (".au", "AU", ("PCM_16", "FLOAT", "ULAW")),
    (".flac", "FLAC", ("PCM_16", "PCM_24")), (".ogg", "OGG", ("VORBIS",)), (".opus", "OGG", ("OPUS",)),
    (".mp3", "MP3", ("MPEG_LAYER_III",)),
]  # fmt: skip


def plain() -> Iterator[Variant]:
    """Formats, subtypes, rates, channels, tags."""
    number = 0
    for suffix, format, subtypes in PLAIN:
        for subtype, rate, channels in itertools.product(subtypes, (8_000, 44_100, 48_000, 96_000), (1, 2, 6)):
            if suffix == ".opus" and rate not in (8_000, 48_000):
                continue
            if suffix == ".mp3" and (rate > 48_000 or channels > 2):
                continue
            number += 1
            if number % 2:  # a half of them is enough
                continue
            samples = 3_001 + 17 * number
            tags = (TEXTS, {}, {"title": TEXTS["title"]})[number // 2 % 3]
            info = AudioInfo(
                sample_rate=rate, channels=channels, frames=0, format=format, subtype=subtype,
                metadata=_full(tags) if tags else None,
                channel_mask=0x60F if channels == 6 and format == "WAVEX" else None,
            )  # fmt: skip
            yield Variant(
                name=f"{format}-{subtype}-{rate}-{channels}-{number}{suffix}", samples=samples,
                make=_by_writer(info, samples), tags={} if format in ("W64", "AU") else tags, mask=info.channel_mask,
            )  # fmt: skip


def coded() -> Iterator[Variant]:
    """Whole blocks only."""
    for subtype, rate in itertools.product(("IMA_ADPCM", "MS_ADPCM", "GSM610"), (8_000, 48_000)):
        info = AudioInfo(sample_rate=rate, channels=1, frames=0, format="WAV", subtype=subtype)
        yield Variant(
            name=f"coded-{subtype}-{rate}.wav", samples=5_001, slack=8_192, make=_by_writer(info, 5_001)
        )  # fmt: skip


# Headers that are wrong

SIZES = {"zero": 0, "ones": 0xFFFFFFFF, "half": 0x80000000, "ones less a header": 0xFFFFFFDB, "sox": 0x7FFFF000}


def _wav(samples: int, channels: int, before: bytes = b"", after: bytes = b"", subtype: str = "PCM_16") -> bytes:
    width = {"PCM_16": 2, "PCM_24": 3}[subtype]
    x = np.clip(np.rint(sound(samples, channels, 48_000) * 2**15), -(2**15), 2**15 - 1).astype("<i2").T
    data = np.ascontiguousarray(x).tobytes() if width == 2 else b"".join(b"\0" + v.tobytes() for v in x.reshape(-1))
    align = channels * width
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, 48_000, 48_000 * align, align, 8 * width)
    body = b"WAVE" + fmt + before + b"data" + struct.pack("<I", len(data)) + data + after
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunk(id: bytes, content: bytes) -> bytes:
    return id + struct.pack("<I", len(content)) + content + bytes(len(content) & 1)


def wrong_sizes() -> Iterator[Variant]:
    """Left open by recorders and pipes, and a few bytes too many."""
    for (declared, size), channels, subtype in itertools.product(SIZES.items(), (1, 2), ("PCM_16", "PCM_24")):

        def make(path: Path, size: int = size, channels: int = channels, subtype: str = subtype) -> None:
            data = bytearray(_wav(4_801, channels, _chunk(b"bext", bytes(602)), subtype=subtype))
            at = data.index(b"data") + 4
            data[at : at + 4] = data[4:8] = struct.pack("<I", size)
            path.write_bytes(data)

        yield Variant(name=f"size {declared} {channels} {subtype}.wav", samples=4_801, make=make, must_note=True)
    for more in (1, 2, 8, 36, 44):

        def make_more(path: Path, more: int = more) -> None:
            data = bytearray(_wav(4_801, 1))
            at = data.index(b"data") + 4
            data[at : at + 4] = struct.pack("<I", 9_602 + more)
            path.write_bytes(data)

        yield Variant(name=f"size {more} more.wav", samples=4_801, make=make_more, must_note=True)
    for suffix, format, at, order in ((".au", "AU", 8, ">I"), (".w64", "W64", None, "<Q"), (".caf", "CAF", None, ">q"),
                                      (".aiff", "AIFF", None, ">I"), (".rf64", "RF64", None, "<Q")):  # fmt: skip

        def make_open(path: Path, format: str = format, at: int | None = at, order: str = order) -> None:
            soundfile.write(path, sound(4_800, 1, 48_000).T, 48_000, "PCM_16", format=format)
            data = bytearray(path.read_bytes())
            if format == "AIFF":
                comm, ssnd = data.index(b"COMM"), data.index(b"SSND")
                data[4:8] = data[ssnd + 4 : ssnd + 8] = b"\xff\xff\xff\xff"
                data[comm + 10 : comm + 14] = bytes(4)
            elif format == "RF64":
                ds64 = data.index(b"ds64") + 8
                data[ds64 : ds64 + 24] = bytes(24)
            else:
                at = at if at is not None else data.index(b"data") + (16 if format == "W64" else 4)
                size = {"AU": 0xFFFFFFFF, "CAF": -1, "W64": 0}[format]
                data[at : at + struct.calcsize(order)] = struct.pack(order, size)
            path.write_bytes(data)

        yield Variant(name=f"open {format}{suffix}", samples=4_800, make=make_open, must_note=True)


def cut() -> Iterator[Variant]:
    """Half of a file."""
    for suffix, format, subtypes in PLAIN:
        info = AudioInfo(sample_rate=48_000, channels=1, frames=0, format=format, subtype=subtypes[0])
        for share in (0.3, 0.8):

            def make(path: Path, info: AudioInfo = info, share: float = share) -> None:
                _by_writer(info, 40_000)(path)
                data = path.read_bytes()
                path.write_bytes(data[: int(share * len(data))])

            yield Variant(name=f"cut {format} {share}{suffix}", samples=40_000, make=make, is_cut=True)
    smpl = struct.pack("<9I", *[0] * 7, 20, 0) + bytes(24 * 20)
    texts = _chunk(b"LIST", b"INFO" + _chunk(b"ICMT", b"x" * 3_000))
    for before in (_chunk(b"smpl", smpl), texts, _chunk(b"JUNK", b"") * 198):

        def make_behind(path: Path, before: bytes = before) -> None:
            data = _wav(40_000, 1, before)
            path.write_bytes(data[: len(data) // 2])

        yield Variant(name=f"cut behind {before[:4].decode()}.wav", samples=40_000, make=make_behind, is_cut=True)


# Chunks


def chunked() -> Iterator[Variant]:
    """Chunks before and behind the sound, with and without the byte that makes their sizes even."""
    cue = struct.pack("<I", 1) + struct.pack("<II4sIII", 1, 0, b"data", 0, 0, 2_400)
    chunks = {
        "bext": _chunk(b"bext", b"Desc".ljust(602, b"\0")), "iXML": _chunk(b"iXML", b"<BWFXML><TAKE>3</TAKE></BWFXML>"),
        "cue": _chunk(b"cue ", cue),
        "labl": _chunk(b"LIST", b"adtl" + _chunk(b"labl", struct.pack("<I", 1) + b"here\0")),
        "inst": _chunk(b"inst", bytes(7)), "info": _chunk(b"LIST", b"INFO" + _chunk(b"INAM", b"Name\0")),
        "own": _chunk(b"abcd", b"12345"), "smpl": _chunk(b"smpl", bytes(36)),
    }  # fmt: skip
    for (name, chunk), behind in itertools.product(chunks.items(), (False, True)):

        def make(path: Path, chunk: bytes = chunk, behind: bool = behind) -> None:
            path.write_bytes(_wav(4_801, 1, b"" if behind else chunk, chunk if behind else b""))

        yield Variant(name=f"chunk {name} {'behind' if behind else 'before'}.wav", samples=4_801, make=make)


# MP3 and Ogg, bare and joined


def bare() -> Iterator[Variant]:
    """Without a tag, joined, with a tag between."""
    for rate, channels in itertools.product((8_000, 16_000, 22_050, 44_100, 48_000), (1, 2)):
        info = AudioInfo(sample_rate=rate, channels=channels, frames=0, format="MP3", subtype="MPEG_LAYER_III")

        def make_bare(path: Path, info: AudioInfo = info) -> None:
            _by_writer(info, 30_000)(path)
            path.write_bytes(_without_tag(path))

        def make_joined(path: Path, info: AudioInfo = info) -> None:
            _by_writer(replace(info, tags={"title": "x"}), 30_000)(path)
            path.write_bytes(path.read_bytes() * 2)

        yield Variant(name=f"bare {rate} {channels}.mp3", samples=30_000, slack=4_000, make=make_bare, must_note=True)
        yield Variant(
            name=f"joined {rate} {channels}.mp3", samples=60_000, make=make_joined, must_note=True, is_plain=False
        )  # fmt: skip
    for suffix, subtype in ((".ogg", "VORBIS"), (".opus", "OPUS")):
        info = AudioInfo(sample_rate=48_000, channels=2, frames=0, format="OGG", subtype=subtype)

        def make_chain(path: Path, info: AudioInfo = info) -> None:
            _by_writer(info, 30_000)(path)
            path.write_bytes(path.read_bytes() * 2)

        yield Variant(name=f"joined {subtype}{suffix}", samples=60_000, make=make_chain, must_note=True, is_plain=False)


def _without_tag(path: Path) -> bytes:
    with open(path, "rb") as file:
        part = find_parts(PiecedFile(file.fileno()))[0]
        starts = [piece for piece in part.pieces if isinstance(piece, tuple)]
        return path.read_bytes()[starts[1][0] if len(starts) > 1 else starts[0][1] :]


# What PyAV writes

MEDIA = [
    (".m4a", "mp4", "aac", 0), (".mp4", "mp4", "aac", 0), (".mov", "mov", "aac", 0), (".mov", "mov", "pcm_s16le", 0),
    (".m4a", "mp4", "alac", 0), (".mkv", "matroska", "aac", 2_100), (".mka", "matroska", "flac", 0),
    (".mka", "matroska", "libopus", 0), (".webm", "webm", "libopus", 0), (".aac", "adts", "aac", 2_100),
    (".wma", "asf", "wmav2", 8_192), (".ac3", "ac3", "ac3", 2_000), (".eac3", "eac3", "eac3", 2_000),
    (".avi", "avi", "libmp3lame", 3_500), (".flv", "flv", "aac", 2_100), (".ts", "mpegts", "aac", 2_100),
    (".mpg", "mpeg", "mp2", 3_000), (".wav", "wav", "ac3", 2_000), (".mp3", "mp4", "aac", 0),
    (".amr", "amr", "libopencore_amrnb", 400), (".mp2", "mp2", "mp2", 3_000), (".wv", "wv", "wavpack", 0),
    (".tta", "tta", "tta", 0),
]  # fmt: skip


def media() -> Iterator[Variant]:
    """Containers and codecs, with a moving picture in each second of those that may hold one."""
    for (suffix, muxer, codec, slack), rate, channels in itertools.product(MEDIA, (8_000, 44_100, 48_000), (1, 2, 6)):
        if (codec, rate, channels) != ("libopencore_amrnb", 8_000, 1) and "amr" in codec:
            continue
        if rate == 8_000 and codec in ("ac3", "eac3", "mp2", "wmav2", "libmp3lame") and "amr" not in codec:
            continue
        if (codec == "libopus" and rate == 44_100) or (channels == 6 and codec in ("wmav2", "libmp3lame", "mp2")):
            continue
        pictures = suffix in (".mp4", ".mov", ".mkv", ".avi", ".ts") and channels == 2
        samples = 20_011 * 48_000 // rate if codec == "libopus" else 20_011  # Opus is of 48 kHz always
        samples = 9 * 2048 if codec == "wmav2" else samples  # FFmpeg's encoder keeps its last frame

        def make(
            path: Path, muxer: str = muxer, codec: str = codec, rate: int = rate, channels: int = channels,
            pictures: bool = pictures,
        ) -> None:  # fmt: skip
            write_media(path, muxer, codec, sound(20_011, channels, rate), rate, pictures=pictures)

        name = f"{muxer}-{codec}-{rate}-{channels}{'-video' * pictures}{suffix}"
        yield Variant(
            name=name, samples=samples, slack=slack, make=make, is_plain=not slack and samples == 20_011
        )  # fmt: skip


def write_media(
    path: Path, muxer: str, codec: str, x: Samples, rate: int, *, pictures: bool = False, title: str = "T",
    delay: float = 0.0,
) -> None:  # fmt: skip
    """A file by PyAV; ``delay``: of the sound beside the pictures, s."""
    import av

    layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(x)]
    with av.open(str(path), "w", format=muxer) as out:
        out.metadata["title"] = title
        if pictures:
            video = out.add_stream("mpeg4", rate=25)
            video.width = video.height = 32
            video.pix_fmt = "yuv420p"
        stream = out.add_stream(codec, rate=rate, layout=layout, bit_rate=96_000 if len(x) <= 2 else 640_000)
        if pictures:
            for number in range(25 * x.shape[1] // rate + 1):
                picture = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 9 * number % 256, np.uint8), format="rgb24")
                picture.pts = number
                out.mux(video.encode(picture))
            out.mux(video.encode(None))
        wanted = stream.codec_context.format.name
        resampler = av.AudioResampler(format=wanted, layout=layout, rate=rate)
        fifo = av.AudioFifo()
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(x), format="fltp", layout=layout)
        frame.sample_rate, frame.pts = rate, 0
        for piece in resampler.resample(frame):
            fifo.write(piece)
        size, position = stream.codec_context.frame_size or 1024, round(delay * rate)
        while (piece := fifo.read(size)) or (piece := fifo.read(0, partial=True)):
            piece.time_base, piece.pts = Fraction(1, rate), position
            position += piece.samples
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))


def variants() -> Iterator[Variant]:
    """All of them."""
    for kind in (plain, coded, wrong_sizes, cut, chunked, bare, media):
        yield from kind()
