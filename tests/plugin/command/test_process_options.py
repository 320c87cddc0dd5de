"""What ``phaseaware process`` says and how it ends; formats, loudness, pipes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from phaseaware.engine.audio import AudioFileError, AudioInfo, AudioReader, AudioWriter
from phaseaware.engine.errors import UsageError
from phaseaware.plugin import clean
from phaseaware.plugin.files import Report, batch
from phaseaware.plugin.files.pipes import RawFormat

from tests.engine.audio.helpers import CASES
from tests.robustness.variant_kinds import write_media
from tests.signals import voice_like

from .running import Command, get, put, tones, tree

ROOT = Path(__file__).parents[3]
PHASEAWARE = [sys.executable, "-m", "phaseaware.plugin"]


def speechlike(seconds: float, rate: int = 48_000) -> np.ndarray:
    """Bursts of noise with pauses, shape (samples, 1), with peaks far above their level."""
    rng = np.random.default_rng(3)
    x = 0.05 * rng.standard_normal(round(seconds * rate))
    x *= np.sin(2 * np.pi * 1.5 * np.arange(len(x)) / rate) > -0.5
    x[:: rate // 2] = 0.5
    return x[:, None].astype(np.float32)


# What is said, and how it ends


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


# What comes out


@pytest.mark.parametrize(("format", "kbps"), [("mp3", 96), ("mp3", 64), ("opus", 48), ("ogg", 96), ("m4a", 96)])
def test_the_bit_rate_is_kept_or_asked_for(
    tmp_path: Path, phaseaware: Command, passing: Path, rng: np.random.Generator, format: str, kbps: int
) -> None:
    source = put(tmp_path / "a.wav", voice_like(rng, 8 * 48_000)[:, None].astype(np.float32))
    name = tmp_path / f"a.{format}"
    assert phaseaware("process", source, "-o", name, "--bitrate", kbps, "--model", passing).status == 0
    assert phaseaware("process", name, "--model", passing).status == 0
    for path in (name, tmp_path / f"a-clean.{format}"):
        with AudioReader(path) as reader:
            assert reader.info.bitrate is not None
            most = 1.6 if format == "m4a" else 1.2  # FFmpeg's AAC takes up to half more of tones
            assert 0.6 * kbps < reader.info.bitrate / 1000 < most * kbps
            assert reader.info.frames == 8 * 48_000


def test_bit_rates_that_are_not_to_be_had_are_told(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    source = put(tmp_path / "a.wav", tones(8000, 1, 16_000), 16_000)
    ran = phaseaware("process", source, "-o", tmp_path / "a.mp3", "--bitrate", 320, "--model", passing)
    ran.failed_with(0, "has 160 kbit/s, the most that 1 channel(s) of MPEG_LAYER_III at 16000 Hz take")
    ran = phaseaware("process", source, "-o", tmp_path / "b.wav", "--bitrate", 320, "--model", passing)
    ran.failed_with(0, "--bitrate changes nothing")


@pytest.mark.parametrize(("lufs", "peak", "subtype"), [(-16, -1, "PCM_16"), (-23, -1, "FLOAT"), (-20, -6, "PCM_24")])
def test_loudness_is_reached_below_the_true_peak(
    tmp_path: Path, phaseaware: Command, passing: Path, lufs: float, peak: float, subtype: str
) -> None:
    import pyloudnorm

    source = put(tmp_path / "a.wav", speechlike(5), subtype=subtype)
    command = ["process", source, "--lufs", lufs, "--model", passing, "--json"]
    ran = phaseaware(*command, *([] if peak == -1 else ["--true-peak", peak]))
    assert (ran.status, ran.err) == (0, "")
    y = get(tmp_path / "a-clean.wav")
    found = pyloudnorm.Meter(48_000).integrated_loudness(y.astype(np.float64))
    assert found == pytest.approx(lufs, abs=0.15)
    assert json.loads(ran.out)["loudness_lufs"] == pytest.approx(found, abs=0.1)
    assert 20 * np.log10(np.abs(y).max()) <= peak
    assert y.shape == (5 * 48_000, 1)
    assert tree(tmp_path) == ["a-clean.wav", "a.wav"]


def test_loudness_that_cannot_be_is_told(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    silent = put(tmp_path / "silent.wav", np.zeros((48_000, 1), np.float32))
    phaseaware("process", silent, "--lufs", -16, "--model", passing).failed_with(0, "too short or too quiet")
    assert not get(tmp_path / "silent-clean.wav").any()
    sharp = put(tmp_path / "sharp.wav", speechlike(2))
    ran = phaseaware("process", sharp, "--lufs=\N{MINUS SIGN}3", "--true-peak", -20, "--model", passing)
    ran.failed_with(0, "LUFS, not -3.0: its peaks leave no room for more")
    phaseaware("process", sharp, "--true-peak", -1).failed_with(2, "--lufs, which is missing")


@pytest.mark.parametrize("suffix", ["-dn", "{name}-dn"])
def test_a_suffix_may_begin_with_a_dash(tmp_path: Path, phaseaware: Command, passing: Path, suffix: str) -> None:
    source = put(tmp_path / "a.wav", tones(2400, 1, 48_000))
    command = ["process", source, "--suffix", suffix, "--format", "flac", "--model", passing]
    assert phaseaware(*command).status == 0
    assert tree(tmp_path) == ["a-dn.flac", "a.wav"]


# Pipes


def piped(data: bytes, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*PHASEAWARE, "process", *map(str, arguments)], input=data, capture_output=True)


@pytest.mark.parametrize("arguments", [["-"], ["-", "-o", "-"], ["{a}", "-o", "-"]])
def test_wav_goes_through_pipes(tmp_path: Path, passing: Path, arguments: list[str]) -> None:
    path = put(tmp_path / "a.wav", tones(30_000, 2, 48_000), subtype="PCM_16")
    ran = piped(path.read_bytes(), *(part.format(a=path) for part in arguments), "--model", passing)
    assert ran.returncode == 0
    y, rate = soundfile.read(io.BytesIO(ran.stdout), dtype="float32")
    assert rate == 48_000
    np.testing.assert_allclose(y, get(path), atol=2**-14)
    assert ran.stderr.count(b"\n") == 1
    assert b"- (0.6 s" in ran.stderr
    assert tree(tmp_path) == ["a.wav"]


def test_a_file_may_be_called_as_the_pipe_is(tmp_path: Path, passing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "a.wav", tones(30_000, 2, 48_000), subtype="PCM_16").rename(tmp_path / "-")
    monkeypatch.chdir(tmp_path)
    ran = piped(b"", "./-", "-o", "b.wav", "--model", passing)
    assert ran.returncode == 0, ran.stderr
    assert tree(tmp_path) == ["-", "b.wav"]


@pytest.mark.parametrize("kind", ["u8", "s16le", "s24le", "s32le", "f32le", "f64le"])
@pytest.mark.parametrize("channels", [1, 2])
def test_raw_samples_go_through_pipes(tmp_path: Path, passing: Path, kind: str, channels: int) -> None:
    subtype = {"u8": "PCM_U8", "s16le": "PCM_16", "s24le": "PCM_24", "s32le": "PCM_32", "f32le": "FLOAT",
               "f64le": "DOUBLE"}[kind]  # fmt: skip
    x = tones(4801, channels, 44_100)
    raw = io.BytesIO()
    soundfile.write(raw, x, 44_100, subtype, "LITTLE", "RAW")
    ran = piped(raw.getvalue(), "-", "--raw", f"{kind}:44100:{channels}", "--model", passing)
    assert ran.returncode == 0
    there = {"samplerate": 44_100, "channels": channels, "subtype": subtype, "endian": "LITTLE", "format": "RAW"}
    y = soundfile.read(io.BytesIO(ran.stdout), dtype="float32", always_2d=True, **there)[0]
    np.testing.assert_allclose(y, x, atol=0.02 if kind == "u8" else 1e-3)


def test_pipes_that_cannot_be_are_told(tmp_path: Path, passing: Path) -> None:
    for data, arguments, status, said in (
        (b"", ["-"], 1, "nothing came from the standard input"),
        (b"no sound", ["-"], 1, "phaseaware: -: not a sound file"),
        (b"", ["-", "--raw", "s16le"], 2, "is not KIND:RATE:CHANNELS"),
        (b"", ["-", "--raw", "s16le:4000:1"], 2, "the rate is not from 8000"),
        (b"", ["-", "--raw", "s16le:48000:0"], 2, "the channels are not from 1"),
        (b"", ["a.wav", "--raw", "s16le:48000:1"], 2, "name it with -"),
        (b"", ["-", "-o", str(tmp_path)], 2, "what is piped in has no name"),
    ):
        ran = piped(data, *arguments, "--model", passing)
        assert (ran.returncode, ran.stdout) == (status, b"")
        assert said in ran.stderr.decode()
        assert ran.stderr.count(b"\n") == 1
    assert tree(tmp_path) == []


def test_raw_formats_have_headers_of_their_length() -> None:
    header = RawFormat("s16le", 48_000, 2).header(5_000_000_000)
    assert int.from_bytes(header[16:24], "little") == len(header) + 5_000_000_000


# In scripts


def test_clean(tmp_path: Path, passing: Path) -> None:
    x = tones(24_000, 1, 48_000)
    source = put(tmp_path / "a.wav", x)
    report = clean(source, tmp_path / "b.flac", model=passing, mask="real", mix=0.5)
    assert (report.job.target, report.error, report.notes) == (tmp_path / "b.flac", None, [])
    np.testing.assert_allclose(get(tmp_path / "b.flac"), 0.75 * x, atol=1e-4)
    with pytest.raises(AudioFileError, match="exists already"):
        clean(str(source), str(tmp_path / "b.flac"), model=passing)
    assert clean(source, tmp_path / "b.flac", overwrite=True, preset="neutral").seconds == 0.5
    assert clean(source, model=passing).job.target == tmp_path / "a-clean.wav"


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"reduction": 12}, TypeError, "'reduction' is no control"),
        ({"reduction": 12, "preset": "neutral"}, TypeError, "'reduction' is no control"),
        ({"reduction_db": 200}, ValueError, "reduction_db=200"),
        ({"link": "both"}, ValueError, "link='both'"),
        ({"lufs": 3}, ValueError, "lufs=3 is not from -70 to 0 LUFS"),
        ({"bitrate": 128}, ValueError, "bitrate=128 is not from 6000"),
        ({"preset": "neutral", "model": "phaseaware"}, ValueError, "exclude each other"),
        ({"target": "b.xyz"}, UsageError, "no sound format"),
    ],
)  # fmt: skip
def test_clean_refuses(
    tmp_path: Path, options: dict[str, Any], error: type[Exception], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = put(tmp_path / "a.wav", tones(2400, 1, 48_000))
    with pytest.raises(error, match=said):
        clean(source, **options)
    with pytest.raises(FileNotFoundError):
        clean(tmp_path / "none.wav")
    assert tree(tmp_path) == ["a.wav"]


def test_the_version_is_that_of_the_distribution(phaseaware: Command) -> None:
    from importlib.metadata import version

    from phaseaware import engine

    assert engine.__version__ == version("phaseaware")
    assert phaseaware("--version").out == f"phaseaware {engine.__version__}\n"
    ran = subprocess.run([*PHASEAWARE, "--version"], capture_output=True, text=True)
    assert ran.stdout == f"phaseaware {engine.__version__}\n"
