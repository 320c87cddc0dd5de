"""Pictures of videos are copied as they are, and shown as they were."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from phaseaware.engine.audio import pictures

from .helpers import RATE, copy, read

av = pytest.importorskip("av", reason="needs the [media] extra")

MUXERS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}


def video(
    path: Path, codec: str = "mpeg4", *, tag: str = "", pixels: str = "yuv420p", shape: Fraction | None = None,
    picture_says: dict[str, str] | None = None, sound_says: dict[str, str] | None = None,
    film_says: dict[str, str] | None = None, chapters: list[dict[str, Any]] | None = None, start: int = 0,
) -> None:  # fmt: skip
    """Half a second of one colour and of a tone, that begin at ``start``, s."""
    try:
        av.Codec(codec, "w")
    except ValueError:
        pytest.skip(f"this PyAV has no encoder {codec}")
    options = {"libx265": {"x265-params": "log-level=none"}, "prores_ks": {"profile": "proxy"}}.get(codec, {})
    options |= {"auto-alt-ref": "0"} if pixels == "yuva420p" else {}
    with av.open(str(path), "w", format=MUXERS[path.suffix], options={"strict": "-1"}) as out:
        pictures = out.add_stream(codec, rate=25, width=64, height=64, pix_fmt=pixels, options=options)
        if shape:
            pictures.codec_context.sample_aspect_ratio = shape
        if tag:
            pictures.codec_context.codec_tag = tag
        sound = out.add_stream("libopus" if path.suffix == ".webm" else "aac", rate=RATE, layout="mono")
        for place, texts in ((pictures, picture_says), (sound, sound_says), (out, film_says)):
            place.metadata.update(texts or {})
        out.set_chapters(chapters or [])
        for number in range(12):
            picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 9 * number, np.uint8), format="rgb24")
            picture.pts = number + round(25 * start)
            out.mux(pictures.encode(picture.reformat(format=pixels)))
        tone = 0.1 * np.sin(np.arange(RATE // 2) / 20, dtype=np.float32)[None]
        frame = av.AudioFrame.from_ndarray(tone, format="flt", layout="mono")
        frame.sample_rate, frame.pts = RATE, round(RATE * start)
        size = sound.codec_context.frame_size
        for piece in av.AudioResampler(
            format=sound.codec_context.format.name, layout="mono", rate=RATE, frame_size=size
        ).resample(frame):
            out.mux(sound.encode(piece))
        out.mux([*pictures.encode(None), *sound.encode(None)])


def box(name: bytes, content: bytes) -> bytes:
    """Of MP4."""
    return struct.pack(">I", 8 + len(content)) + name + content


def insert(data: bytes, names: list[bytes], new: bytes) -> bytes:
    """A box into the first of each of these names, one inside the other; the index must stand behind the sound."""
    start = end = 0
    for name in names:
        start = data.index(name, start) - 4
        end = start + struct.unpack_from(">I", data, start)[0]
    grown = bytearray(data)
    start = 0
    for name in names:
        start = data.index(name, start) - 4
        grown[start : start + 4] = struct.pack(">I", struct.unpack_from(">I", data, start)[0] + len(new))
    return bytes(grown[:end] + new + grown[end:])


SHOWN = {
    "Dolby Vision": (b"dvvC", box(b"dvvC", struct.pack(">BBHB", 1, 0, 8 << 9 | 4 << 3 | 5, 64) + bytes(19))),
    "in three dimensions": (b"st3d", box(b"st3d", bytes(4) + b"\1")),
    "all around": (b"equi", box(b"sv3d", box(b"svhd", bytes(4) + b"x\0")
                                + box(b"proj", box(b"prhd", bytes(16)) + box(b"equi", bytes(20))))),
}  # fmt: skip


@pytest.mark.parametrize("kind", SHOWN)
def test_how_pictures_are_to_be_shown_stays(tmp_path: Path, kind: str) -> None:
    name, new = SHOWN[kind]
    video(tmp_path / "a.mp4")
    names = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"mp4v"]
    (tmp_path / "a.mp4").write_bytes(insert((tmp_path / "a.mp4").read_bytes(), names, new))
    assert copy(tmp_path / "a.mp4", tmp_path / "b.mp4").notes == ()
    assert name in (tmp_path / "b.mp4").read_bytes()
    notes = copy(tmp_path / "a.mp4", tmp_path / "b.mov").notes
    assert any("Dolby Vision" in note for note in notes) == (kind == "Dolby Vision")


def name_of(path: Path) -> str:
    with av.open(str(path)) as container:
        return str(container.streams.video[0].codec_context.codec_tag)


@pytest.mark.parametrize(
    ("codec", "name", "source", "target", "becomes"),
    [
        ("libx265", "hvc1", ".mp4", ".mp4", "hvc1"), ("libx265", "hev1", ".mp4", ".mp4", "hev1"),
        ("libx265", "hvc1", ".mov", ".mp4", "hvc1"), ("libx265", "", ".mkv", ".mp4", "hvc1"),
        ("libx265", "", ".mkv", ".mov", "hvc1"), ("libx265", "dvh1", ".mp4", ".mp4", "dvh1"),
        ("libx265", "dvh1", ".mp4", ".mov", "hvc1"), ("libx264", "avc3", ".mp4", ".mp4", "avc3"),
        ("libx264", "avc3", ".mov", ".mov", "avc3"), ("libx264", "", ".mkv", ".mp4", "avc1"),
        ("prores_ks", "apco", ".mov", ".mov", "apco"), ("prores_ks", "", ".mkv", ".mov", "apco"),
        ("mpeg2video", "xdv3", ".mov", ".mov", "xdv3"), ("mpeg2video", "xdv3", ".mov", ".mp4", "mp4v"),
        ("mpeg4", "XVID", ".mov", ".mov", "XVID"), ("mpeg4", "mp4v", ".mov", ".mov", "mp4v"),
    ],
)  # fmt: skip
def test_pictures_are_called_as_they_were(
    tmp_path: Path, codec: str, name: str, source: str, target: str, becomes: str
) -> None:
    pixels = "yuv422p10le" if codec == "prores_ks" else "yuv420p"
    video(tmp_path / f"a{source}", codec, tag=name, pixels=pixels)
    if source != ".mkv":
        assert name_of(tmp_path / f"a{source}") == name
    assert copy(tmp_path / f"a{source}", tmp_path / f"b{target}").notes == ()
    assert name_of(tmp_path / f"b{target}") == becomes


def shape_of(path: Path) -> Fraction | None:
    with av.open(str(path)) as container:
        return container.streams.video[0].sample_aspect_ratio


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_the_container_s_shape_of_the_pixels_stays(tmp_path: Path, codec: str, suffix: str) -> None:
    video(tmp_path / f"a{suffix}", codec)
    names = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1" if codec == "libx264" else b"mp4v"]
    data = (tmp_path / f"a{suffix}").read_bytes()
    (tmp_path / f"a{suffix}").write_bytes(insert(data, names, box(b"pasp", struct.pack(">II", 16, 9))))
    assert copy(tmp_path / f"a{suffix}", tmp_path / f"b{suffix}").notes == ()
    assert shape_of(tmp_path / f"a{suffix}") == shape_of(tmp_path / f"b{suffix}") == Fraction(16, 9)
    (note,) = copy(tmp_path / f"a{suffix}", tmp_path / "b.mkv").notes
    assert "shape of its pixels, 16:9; name a file that ends in .mp4" in note


@pytest.mark.parametrize(("source", "target"), [(".mp4", ".mkv"), (".mkv", ".mkv"), (".mkv", ".mp4")])
def test_the_shape_that_the_pictures_tell_stays(tmp_path: Path, source: str, target: str) -> None:
    video(tmp_path / f"a{source}", "libx264", shape=Fraction(16, 9))
    assert copy(tmp_path / f"a{source}", tmp_path / f"b{target}").notes == ()
    assert shape_of(tmp_path / f"b{target}") == Fraction(16, 9)


@pytest.mark.parametrize("film", [{}, {"title": "Film"}])
@pytest.mark.parametrize("target", [".mkv", ".mp4", ".flac"])
def test_what_a_track_is_called_is_not_what_the_film_is_called(
    tmp_path: Path, film: dict[str, str], target: str
) -> None:
    video(tmp_path / "a.mkv", sound_says={"title": "English", "comment": "dubbed"}, film_says=film)
    copy(tmp_path / "a.mkv", tmp_path / f"b{target}")
    with av.open(str(tmp_path / f"b{target}")) as found:
        film_says = {name.lower(): text for name, text in found.metadata.items()}
        sound_says = {name.lower(): text for name, text in found.streams.audio[0].metadata.items()}
    assert film_says.get("title") == film.get("title")
    assert "comment" not in film_says
    assert sound_says.get("title", sound_says.get("name")) == (None if target == ".flac" else "English")
    assert sound_says.get("comment") == ("dubbed" if target == ".mkv" else None)


def test_of_sound_alone_the_track_s_words_are_kept(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mka"), "w", format="matroska") as out:
        sound = out.add_stream("pcm_s16le", rate=RATE, layout="mono")
        out.metadata["title"] = "Album"
        sound.metadata.update({"title": "Song", "artist": "Zoe"})
        frame = av.AudioFrame.from_ndarray(np.full((1, 4_800), 900, np.int16), format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        out.mux([*sound.encode(frame), *sound.encode(None)])
    assert read(tmp_path / "a.mka")[1].info.tags == {"title": "Album", "artist": "Zoe"}


def test_transparency_of_webm_stays(tmp_path: Path) -> None:
    """Players draw it if AlphaMode (RFC 9559, section 5.1.4.1.28.4) says so."""
    video(tmp_path / "a.webm", "libvpx-vp9", pixels="yuva420p", picture_says={"alpha_mode": "1"})
    copy(tmp_path / "a.webm", tmp_path / "b.webm")
    for name in ("a.webm", "b.webm"):
        assert b"\x53\xc0\x81\x01" in (tmp_path / name).read_bytes()


CHAPTERS: list[dict[str, Any]] = [
    {"id": number, "start": 200 * number, "end": 200 * number + 200, "time_base": Fraction(1, 1000),
     "metadata": {"title": f"Part {number}"}}
    for number in range(2)
]  # fmt: skip


def chapters_of(path: Path) -> list[tuple[float, str]]:
    with av.open(str(path)) as container:
        return [(float(c["start"] * c["time_base"]), c["metadata"]["title"]) for c in container.chapters()]


def test_the_track_of_the_chapters_is_kept_with_them(tmp_path: Path) -> None:
    video(tmp_path / "a.mp4", chapters=CHAPTERS)
    for name in ("b.mp4", "b.mkv"):
        assert copy(tmp_path / "a.mp4", tmp_path / name).notes == ()
        assert chapters_of(tmp_path / name) == [(0.0, "Part 0"), (0.2, "Part 1")]


@pytest.mark.parametrize("target", [".mkv", ".mp4", ".mp3"])
def test_chapters_move_with_the_pictures(tmp_path: Path, target: str) -> None:
    """Where a recording begins at another time than 0, what is written does not."""
    later = [chapter | {name: chapter[name] + 2_000 for name in ("start", "end")} for chapter in CHAPTERS]
    video(tmp_path / "a.mkv", chapters=later, start=2)
    copy(tmp_path / "a.mkv", tmp_path / f"b{target}")
    assert chapters_of(tmp_path / "a.mkv") == [(2.0, "Part 0"), (2.2, "Part 1")]
    assert [(pytest.approx(at, abs=0.03), title) for at, title in chapters_of(tmp_path / f"b{target}")] == [
        (0.0, "Part 0"), (0.2, "Part 1"),
    ]  # fmt: skip


@pytest.mark.parametrize("target", [".mkv", ".mp4", ".mov"])
@pytest.mark.parametrize(("source", "movflags"), [(".mkv", ""), (".mov", ""), (".mp4", ""), (".mp4", "frag_keyframe")])
def test_all_pictures_are_copied_of_more_than_one_reading(
    tmp_path: Path, source: str, movflags: str, target: str
) -> None:
    """FFmpeg reads 64 KiB at once; between two of its readings others look into the file."""
    options = {"movflags": movflags} if movflags else {}
    with av.open(str(tmp_path / f"a{source}"), "w", format=MUXERS[source], options=options) as out:
        pictures = out.add_stream("mjpeg", rate=25, width=256, height=256, pix_fmt="yuvj420p")
        sound = out.add_stream("aac", rate=RATE, layout="mono")
        for number in range(12):
            noise = np.random.default_rng(number).integers(0, 256, (256, 256, 3), np.uint8)
            picture = av.VideoFrame.from_ndarray(noise, format="rgb24").reformat(format="yuvj420p")
            picture.pts = number
            out.mux(pictures.encode(picture))
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1_024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = RATE, 1_024 * number
            out.mux(sound.encode(frame))
        out.mux([*pictures.encode(None), *sound.encode(None)])
    assert (tmp_path / f"a{source}").stat().st_size > 3 << 16
    copy(tmp_path / f"a{source}", tmp_path / f"b{target}")
    found = []
    for path in (tmp_path / f"a{source}", tmp_path / f"b{target}"):
        with av.open(str(path)) as container:
            found.append([bytes(packet) for packet in container.demux(video=0) if packet.size])
    assert len(found[0]) == 12
    assert found[0] == found[1]


def test_pictures_that_cannot_be_read_to_the_end_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, survive = tmp_path / "a.mkv", pictures.survive
    video(path)
    assert copy(path, tmp_path / "b.mkv").notes == ()

    def breaking(packets: Iterator[Any]) -> Iterator[Any]:
        yield next(packets)
        raise ValueError("damaged")

    monkeypatch.setattr(pictures, "survive", lambda packets, tally: survive(breaking(packets), tally))
    assert "cannot be read" in copy(path, tmp_path / "b.mkv").notes[-1]
