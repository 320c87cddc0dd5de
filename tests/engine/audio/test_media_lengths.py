"""How much sound a container holds, where what it tells of that is wrong."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.robustness.variant_kinds import sound, write_media

from .helpers import CASES, RATE, copy, read

av = pytest.importorskip("av", reason="needs the [media] extra")

WHOLE = 6 * RATE


@pytest.mark.parametrize(
    ("told", "frames", "notes"),
    [(WHOLE - 448, WHOLE - 448, 0), (WHOLE + 448, WHOLE, 0), (44_100, WHOLE, 1), (9 * WHOLE, WHOLE, 1)],
)
def test_itunes_length_is_believed_if_it_cuts_less_than_a_packet(
    tmp_path: Path, told: int, frames: int, notes: int
) -> None:
    from mutagen.mp4 import MP4, MP4FreeForm

    path = tmp_path / "a.m4a"
    path.write_bytes((CASES / "talk.m4a").read_bytes())
    tagged = MP4(path)
    tagged["----:com.apple.iTunes:iTunSMPB"] = [MP4FreeForm(f" 00000000 00000400 000001C0 {told:016X}".encode())]
    tagged.save()
    x, reader = read(path)
    assert x.shape == (1, frames)
    assert [f"iTunSMPB tells {told} samples" in note for note in reader.notes] == [True] * notes
    copy(path, tmp_path / "b.m4a")
    y, again = read(tmp_path / "b.m4a")
    assert y.shape == x.shape
    assert again.notes == ()


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_sound_whose_times_run_slow_is_not_cut(tmp_path: Path, suffix: str) -> None:
    muxer = {".mp4": "mp4", ".mkv": "matroska"}[suffix]
    write_media(tmp_path / f"a{suffix}", muxer, "aac", sound(4 * RATE, 1, RATE), RATE)
    with (
        av.open(str(tmp_path / f"a{suffix}")) as source,
        av.open(str(tmp_path / f"slow{suffix}"), "w", format=muxer) as out,
    ):
        copied = out.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.pts, packet.dts = round(0.95 * packet.pts), round(0.95 * packet.dts)
                packet.duration = round(0.95 * packet.duration)
                packet.stream = copied
                out.mux(packet)
    x, reader = read(tmp_path / f"slow{suffix}")
    assert 4 * RATE <= x.shape[1] <= 4 * RATE + 2_100
    assert "its times go back by 0.16 s in all" in " ".join(reader.notes)
    copy(tmp_path / f"slow{suffix}", tmp_path / f"b{suffix}")
    y, again = read(tmp_path / f"b{suffix}")
    assert 0 <= y.shape[1] - x.shape[1] < 1_024 + (suffix == ".mkv")
    assert again.notes == ()


def test_what_an_edit_list_cuts_is_cut(tmp_path: Path) -> None:
    data = bytearray((CASES / "talk.m4a").read_bytes())
    at = data.index(b"elst") + 12
    assert struct.unpack_from(">I", data, at) == (WHOLE,)
    struct.pack_into(">I", data, at, 4 * RATE)
    (tmp_path / "a.m4a").write_bytes(data)
    x, reader = read(tmp_path / "a.m4a")
    assert x.shape == (1, 4 * RATE)
    assert reader.notes == ()
