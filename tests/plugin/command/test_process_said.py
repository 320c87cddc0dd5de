"""What ``phaseaware process`` says, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from phaseaware.engine.audio import AudioInfo, AudioReader, AudioWriter
from phaseaware.plugin.files import Report, batch

from tests.engine.audio.helpers import CASES
from tests.robustness.variant_kinds import write_media

from .running import PHASEAWARE, Command, get, put, tones, tree


def test_notes_are_printed_a_line_each(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    path = put(tmp_path / "a.wav", tones(4800, 1, 48_000), subtype="PCM_16")
    data = bytearray(path.read_bytes())
    data[40:44] = bytes(4)
    path.write_bytes(data)
    ran = phaseaware("process", path, "-o", tmp_path / "a.mp3", "--model", passing)
    assert ran.status == 0
    (line,) = ran.err.splitlines()
    assert line.startswith(f"phaseaware: {path}: its header leaves the length open (0)")
    ran = phaseaware("process", path, "-o", tmp_path / "b.mp3", "--model", passing, "--quiet")
    assert (ran.status, ran.out, ran.err) == (0, "", "")


def test_what_an_output_cannot_keep_is_told(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    info = AudioInfo(sample_rate=48_000, channels=1, frames=0, format="WAV", subtype="PCM_16", tags={"title": "T"})
    with AudioWriter(tmp_path / "a.wav", info) as writer:
        writer.write(tones(4800, 1, 48_000).T)
    ran = phaseaware("process", tmp_path / "a.wav", "-o", tmp_path / "a.au", "--model", passing)
    assert ran.status == 0
    assert "not kept, as AU has no place for it: tags" in ran.err


def test_sound_that_is_left_out_does_not_end_well(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    folder = tmp_path / "in"
    put(folder / "a.wav", tones(4800, 1, 48_000))
    (folder / "notes.txt").write_text("no sound")
    (folder / "utf16.txt").write_text("no sound either\n" * 40, "utf-16")
    command = ["process", folder, "-o", tmp_path / "out", "--model", passing, "--force"]
    assert phaseaware(*command).status == 0
    (folder / "tape.001").write_bytes((folder / "a.wav").read_bytes())
    phaseaware(*command).failed_with(1, "tape.001: left out, as it is WAV by its content")
    (folder / "tape.001").unlink()
    (folder / "link").symlink_to(tmp_path, target_is_directory=True)
    phaseaware(*command).failed_with(1, f"{folder / 'link'}: left out, as links to folders are not followed")


def test_further_sound_tracks_do_not_end_well_where_they_are_left_out(
    tmp_path: Path, phaseaware: Command, passing: Path
) -> None:
    av = pytest.importorskip("av")
    x = tones(24_000, 1, 48_000).T
    with av.open(str(tmp_path / "a.mkv"), "w") as out:
        streams = [out.add_stream("pcm_f32le", rate=48_000, layout="mono") for _ in range(2)]
        for stream in streams:
            frame = av.AudioFrame.from_ndarray(x, format="flt", layout="mono")
            frame.sample_rate, frame.pts = 48_000, 0
            out.mux(stream.encode(frame))
    ran = phaseaware("process", tmp_path / "a.mkv", "-o", tmp_path / "a.wav", "--model", passing)
    ran.failed_with(1, "has 2 sound tracks, of which the first is taken", "left out: 1 further sound track(s)")
    np.testing.assert_allclose(get(tmp_path / "a.wav").T, x, atol=1e-5)


@pytest.mark.parametrize("suffix", [".m4a", ".mka", ".ogg", ".wav"])
def test_pictures_in_a_file_named_as_sound_are_told(
    tmp_path: Path, phaseaware: Command, passing: Path, suffix: str
) -> None:
    pytest.importorskip("av", reason="needs the [media] extra")
    path = tmp_path / f"a{suffix}"
    muxer, codec = ("mp4", "aac") if suffix in (".m4a", ".wav") else ("matroska", "libopus")
    write_media(path, muxer, codec, tones(24_000, 1, 48_000).T, 48_000, pictures=True)
    ran = phaseaware("process", path, "--model", passing)
    assert ran.status == 0
    assert "its pictures are left out" in ran.err
    other = {"mp4": "mp4", "matroska": "mkv"}[muxer]
    assert f"--format {other} keeps them" in ran.err
    ran = phaseaware("process", path, "--model", passing, "--format", other)
    assert "left out" not in ran.err
    with AudioReader(tmp_path / f"a-clean.{other}") as reader:
        assert reader.info.container is not None
    assert "left out" not in phaseaware("process", path, "--model", passing, "--format", "flac").err  # as was asked


def test_lost_packets_do_not_end_well(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    x = tones(48_000, 1, 48_000)
    put(tmp_path / "a.mp3", x, subtype="MPEG_LAYER_III")
    data = bytearray((tmp_path / "a.mp3").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 3000] = bytes(3000)
    (tmp_path / "a.mp3").write_bytes(data)
    ran = phaseaware("process", tmp_path / "a.mp3", "--model", passing)
    assert ran.status == 1
    assert "no whole MPEG frame" in ran.err or "ends early" in ran.err


def test_errors_are_told_as_they_occur_and_before_an_interruption(
    tmp_path: Path, phaseaware: Command, passing: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    for name in "abc":
        put(tmp_path / "in" / f"{name}.wav", tones(4800, 1, 48_000))
    (tmp_path / "in" / "a.wav").write_bytes(b"no sound")
    whole, seen = batch.process_file, []

    def interrupted(job: Any, *arguments: Any, **options: Any) -> Report:
        if job.source.name == "b.wav":
            seen.append(capsys.readouterr().err)
            raise KeyboardInterrupt
        return whole(job, *arguments, **options)

    monkeypatch.setattr(batch, "process_file", interrupted)
    ran = phaseaware("process", tmp_path / "in", "-o", tmp_path / "out", "--model", passing, "--jobs", 1)
    ran.failed_with(130, "stopped")
    assert "a.wav: not a sound file" in seen[0]
    assert "0 of 3 files done, 1 failed, then stopped" in ran.out


EVIL = "n\udce9\x1b[2J\n\u202e"


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".ogg", ".opus", ".aiff", ".m4a", ".mkv", ".caf"])
def test_any_name_is_processed_and_printed_escaped(tmp_path: Path, suffix: str, passing: Path) -> None:
    info = AudioInfo(sample_rate=48_000, channels=1, frames=0, format="WAV", subtype="PCM_16", tags={"title": "T"})
    folder = tmp_path / f"d\udcff{EVIL}"
    try:
        folder.mkdir()
    except (OSError, UnicodeError):
        pytest.skip("no such name can be given here")
    if suffix in (".m4a", ".mkv"):
        pytest.importorskip("av")
    with AudioWriter(folder / f"{EVIL}{suffix}", info.for_name(f"x{suffix}")) as writer:
        writer.write(tones(4800, 1, 48_000).T)
    (folder / f"{EVIL}.aif").write_bytes(b"no sound")
    ran = subprocess.run(
        [*PHASEAWARE, "process", folder, "-o", tmp_path / "out", "--model", str(passing)], capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "cp1252"},
    )  # fmt: skip
    assert ran.returncode == 1
    assert tree(tmp_path / "out") == [f"{EVIL}{suffix}"]
    printed = ran.stdout + ran.stderr
    assert not any(byte < 0x20 and byte != 0x0A for byte in printed)
    assert b"n\\xe9\\x1b[2J\\n\\u202e" in ran.stdout
    assert len(ran.stderr.splitlines()) == 1


def test_json_is_a_line_a_file(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    x = 0.25 * np.sign(tones(48_000, 2, 48_000))
    put(tmp_path / "in" / "a.wav", x)
    put(tmp_path / "in" / "b.flac", x[:, :1], 44_100, "PCM_16").rename(tmp_path / "in" / f"{EVIL}.flac")
    (tmp_path / "in" / "c.wav").touch()
    command = ["process", tmp_path / "in", "-o", tmp_path / "out", "--model", passing, "--mask", "real", "--json"]
    ran = phaseaware(*command)
    assert ran.status == 1
    a, b, c = sorted((json.loads(line) for line in ran.out.splitlines()), key=lambda entry: entry["state"])
    a, b = sorted((a, b), key=lambda entry: entry["channels"], reverse=True)
    assert (a["seconds"], a["sample_rate"], a["channels"], a["format"], a["subtype"]) == (
        1, 48_000, 2, "WAV", "FLOAT",
    )  # fmt: skip
    assert a["level_before_dbfs"] == pytest.approx(20 * np.log10(0.25), abs=0.1)
    assert a["removed_db"] == pytest.approx(6.02, abs=0.1)
    assert a["level_after_dbfs"] == pytest.approx(a["level_before_dbfs"] - a["removed_db"], abs=0.02)
    assert (a["clipped"], a["warnings"], a["state"]) == (0, [], "done")
    assert a["speed"] > 0
    assert Path(b["output"]) == tmp_path / "out" / f"{EVIL}.flac"
    assert (c["state"], "is empty" in c["error"]) == ("failed", True)
    kept = [json.loads(line)["state"] for line in phaseaware(*command, "--resume").out.splitlines()]
    assert sorted(kept) == ["failed", "kept", "kept"]


@pytest.mark.parametrize(("options", "is_told"), [
    (["--mask", "real"], True), (["--output", "removed"], False), (["--preset", "neutral"], True),
    (["--preset", "neutral", "--output", "removed"], False), (["--preset", "noise-only"], False),
    (["--preset", "podcast-chain"], False),
])  # fmt: skip
def test_what_was_removed_is_told_of_sound_that_is_only_cleaned(
    tmp_path: Path, phaseaware: Command, passing: Path, options: list[str], is_told: bool
) -> None:
    """What was taken away, or a compressor behind it, has a level of its own."""
    source = put(tmp_path / "a.wav", tones(4_800, 1, 48_000))
    options = options if "--preset" in options else [*options, "--model", str(passing)]
    told = json.loads(phaseaware("process", source, "--json", *options).out)
    assert (told["removed_db"] is not None) == is_told


def test_a_dry_run_writes_nothing(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    put(tmp_path / "in" / "a.wav", tones(48_000, 1, 48_000))
    put(tmp_path / "in" / "b.wav", tones(48_000, 1, 48_000))
    put(tmp_path / "out" / "b.flac", tones(48_000, 1, 48_000), subtype="PCM_16")
    before = sorted(tmp_path.rglob("*"))
    command = ["process", tmp_path / "in", "-o", tmp_path / "out", "--model", passing, "--format", "flac", "--dry-run"]
    ran = phaseaware(*command)
    ran.failed_with(1, "b.flac: exists already")
    assert "a.flac (1.0 s of sound, FLAC PCM_24, 1 x 48000 Hz)" in ran.out
    assert "1 of 2 files to be done, 1 failed" in ran.out
    assert sorted(tmp_path.rglob("*")) == before


def test_nan_is_blamed_on_who_made_it(tmp_path: Path, phaseaware: Command) -> None:
    source = put(tmp_path / "a.wav", tones(24_000, 1, 48_000))
    loud = "".join('[[board]]\nplugin = "Gain"\ngain_db = 200.0\n' for _ in range(5))
    (tmp_path / "loud.toml").write_text(f'schema = 1\nname = "Loud"\n{loud}')
    ran = phaseaware("process", source, "--preset", tmp_path / "loud.toml")
    ran.failed_with(1, f"{source}: is not cleaned, as the preset '{tmp_path / 'loud.toml'}' made NaN or inf of it")
    assert tree(tmp_path) == ["a.wav", "loud.toml"]


def test_a_preset_may_begin_with_a_byte_order_mark(tmp_path: Path, phaseaware: Command) -> None:
    preset = tmp_path / "p.toml"
    preset.write_text('schema = 1\nname = "Gain"\n[[board]]\nplugin = "Gain"\ngain_db = -6.0\n', "utf-8-sig")
    source = put(tmp_path / "a.wav", tones(4800, 1, 48_000))
    assert phaseaware("process", source, "--preset", preset).status == 0
    assert phaseaware("presets", preset).out.startswith("schema = 1")
    preset.write_text("\nschema = 1\nname = 3\n", "utf-8-sig")
    phaseaware("presets", preset).failed_with(2, "p.toml:3: name is missing")


@pytest.mark.parametrize(("suffix", "word"), [(".mp3", "MP3"), (".wav", "WAV"), (".flac", "FLAC"), (".ogg", "OGG")])
def test_a_file_with_another_s_name_is_called_what_it_is(
    tmp_path: Path, phaseaware: Command, passing: Path, suffix: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes((CASES / "talk.m4a").read_bytes())
    ran = phaseaware("process", path, "--model", passing)
    ran.failed_with(0, f"is MP4 by its content, not {word} as its name says")
    assert soundfile.info(tmp_path / f"a-clean{suffix}").frames == 288_000
    monkeypatch.setitem(sys.modules, "av", None)
    phaseaware("process", path, "--model", passing, "--force").failed_with(1, "MP4 is read through PyAV")
