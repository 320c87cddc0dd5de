"""``phaseaware process``: files in, the same files cleaned out."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from phaseaware.plugin.files import plan

from tests import fakes
from tests.robustness.variant_kinds import write_media

from .running import Command, get, put, tones, tree

# One file


@pytest.mark.parametrize(
    ("name", "subtype", "rate", "channels", "tolerance"),
    [
        ("x.wav", "PCM_16", 48_000, 2, 2**-14),
        ("x.wav", "FLOAT", 48_000, 8, 1e-5),
        ("x.wav", "PCM_U8", 8_000, 1, 2**-6),
        ("x.flac", "PCM_16", 44_100, 2, 1e-3),
        ("x.flac", "PCM_24", 96_000, 1, 1e-3),
        ("x.w64", "DOUBLE", 192_000, 8, 1e-3),
        ("x.aiff", "PCM_24", 22_050, 1, 1e-3),
        ("x.caf", "PCM_32", 32_000, 2, 1e-3),
        ("x.au", "PCM_16", 11_025, 1, 1e-3),
        ("x.ogg", "VORBIS", 16_000, 1, 0.05),
        ("x.opus", "OPUS", 48_000, 2, 0.05),
        ("x.mp3", "MPEG_LAYER_III", 44_100, 2, 0.05),
    ],
)
def test_keeps_rate_channels_subtype_length_and_place(
    tmp_path: Path, phaseaware: Command, passing: Path, name: str, subtype: str, rate: int, channels: int,
    tolerance: float,
) -> None:  # fmt: skip
    """A mask of ones gives back what was there, whatever the format: nothing is lost, shifted or swapped."""
    x = tones(rate // 2 + 1, channels, rate)
    source = put(tmp_path / name, x, rate, subtype, "OGG" if name.endswith(".opus") else None)
    assert phaseaware("process", source, "-o", tmp_path / "out" / name, "--model", passing).status == 0
    before, after = soundfile.info(source), soundfile.info(tmp_path / "out" / name)
    for what in ("samplerate", "channels", "frames", "format", "subtype"):
        assert getattr(before, what) == getattr(after, what)
    assert np.abs(get(tmp_path / "out" / name) - x).max() < tolerance
    assert tree(tmp_path / "out") == [name]


@pytest.mark.parametrize("samples", [1, 2, 511, 512, 513, 1536, 1537])
@pytest.mark.parametrize("channels", [1, 2])
def test_short_files(tmp_path: Path, phaseaware: Command, passing: Path, samples: int, channels: int) -> None:
    x = np.random.default_rng(samples).uniform(-0.5, 0.5, (samples, channels)).astype(np.float32)
    source = put(tmp_path / "x.wav", x)
    assert phaseaware("process", source, "-o", tmp_path / "y.wav", "--model", passing).status == 0
    y = get(tmp_path / "y.wav")
    assert y.shape == x.shape
    np.testing.assert_allclose(y, x, atol=1e-6)


def test_nan_and_inf_count_as_silence_and_are_told(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    x = tones(60_000, 1, 48_000)
    expected = x.copy()
    x[1000], x[40_000], x[59_999] = np.nan, np.inf, -np.inf
    expected[[1000, 40_000, 59_999]] = 0
    ran = phaseaware("process", put(tmp_path / "x.wav", x), "-o", tmp_path / "y.wav", "--model", passing)
    assert ran.status == 0
    assert "3 samples were NaN" in ran.out
    np.testing.assert_allclose(get(tmp_path / "y.wav"), expected, atol=1e-6)


def test_clipping_is_told(tmp_path: Path, phaseaware: Command) -> None:
    loud = fakes.constant_model(tmp_path / "loud.onnx", masks={"mask_phase_aware": 10})
    source = put(tmp_path / "x.wav", tones(48_000, 1, 48_000), subtype="PCM_16")
    ran = phaseaware("process", source, "-o", tmp_path / "y.wav", "--model", loud)
    assert ran.status == 0
    assert "clipped" in ran.out
    y = get(tmp_path / "y.wav")
    assert np.abs(y).max() > 0.99
    assert np.abs(np.diff(y[:, 0])).max() < 0.5  # a wrapped value would jump from one full scale to the other


@pytest.mark.parametrize(
    ("options", "factor"),
    [
        ([], 1.0),
        (["--mask", "real"], 0.5),
        (["--mask", "real", "--output", "removed"], 0.5),
        (["--mask", "real", "--mix", "0"], 1.0),
        (["--mask", "real", "--mix", "0.5"], 0.75),
        (["--mask", "real", "--reduction-db", "0"], 1.0),
        (["--mask", "real", "--strength-low", "2"], 0.25),
        (["--mask", "real", "--strength-high", "2"], 0.5),
        (["--output", "removed"], 0.0),
    ],
)
def test_controls(tmp_path: Path, phaseaware: Command, passing: Path, options: list[str], factor: float) -> None:
    """Each control arrives at the mask; the tone lies below the seam."""
    x = tones(48_000, 1, 48_000)
    source = put(tmp_path / "x.wav", x)
    assert phaseaware("process", source, "-o", tmp_path / "y.wav", "--model", passing, *options).status == 0
    np.testing.assert_allclose(get(tmp_path / "y.wav"), factor * x, atol=2e-5)


def test_link_gives_all_channels_the_same_mask(
    tmp_path: Path, phaseaware: Command, model_folder: Path, rng: np.random.Generator
) -> None:
    x = np.stack([0.3 * rng.standard_normal(24_000), np.zeros(24_000)], axis=1).astype(np.float32)
    x[:, 1] = 0.1 * x[:, 0]
    source, model = put(tmp_path / "x.wav", x), model_folder / "history.onnx"
    for link in ("stereo", "channels"):
        command = ["process", source, "-o", tmp_path / f"{link}.wav", "--model", model]
        assert phaseaware(*command, "--link", link).status == 0
    linked, own = get(tmp_path / "stereo.wav"), get(tmp_path / "channels.wav")
    np.testing.assert_allclose(linked[:, 1], 0.1 * linked[:, 0], atol=1e-6)
    assert np.abs(own[:, 1] - 0.1 * own[:, 0]).max() > 1e-3


def test_other_suffix_means_other_format(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    source = put(tmp_path / "x.wav", tones(10_000, 1, 48_000))
    assert phaseaware("process", source, "-o", tmp_path / "y.flac", "--model", passing).status == 0
    info = soundfile.info(tmp_path / "y.flac")
    assert (info.format, info.subtype, info.frames) == ("FLAC", "PCM_24", 10_000)


# Folders


def test_folder_keeps_its_tree_and_a_broken_file_costs_only_itself(
    tmp_path: Path, phaseaware: Command, passing: Path
) -> None:
    for name in ("a.wav", "deep/er/b.flac", "deep/c.wav", ".hidden.wav", ".trash/x.wav"):
        put(tmp_path / "in" / name, tones(5000, 1, 48_000), subtype="PCM_16")
    (tmp_path / "in" / "deep" / "broken.wav").write_bytes(b"no sound")
    (tmp_path / "in" / "empty.wav").touch()
    (tmp_path / "in" / "notes.txt").write_text("left out")
    ran = phaseaware("process", tmp_path / "in", "-o", tmp_path / "out", "--model", passing, "--jobs", 2)
    assert ran.status == 1
    assert tree(tmp_path / "out") == ["a.wav", "deep/c.wav", "deep/er/b.flac"]
    assert "3 of 5 files done" in ran.out
    assert "notes.txt" in ran.out
    assert len(ran.err.splitlines()) == 2
    assert "broken.wav: not a sound file" in ran.err
    assert "empty.wav: is empty" in ran.err


def test_several_inputs_and_an_output_within_the_input(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    put(tmp_path / "in" / "a.wav", tones(100, 1, 48_000))
    put(tmp_path / "b.wav", tones(100, 1, 48_000))
    command = ["process", tmp_path / "in", tmp_path / "b.wav", "-o", tmp_path / "in" / "clean", "--model", passing]
    assert phaseaware(*command).status == 0
    first = tree(tmp_path / "in" / "clean")
    assert phaseaware(*command, "--force").status == 0
    assert tree(tmp_path / "in" / "clean") == first == ["b.wav", "in/a.wav"]


def test_jobs_do_not_change_the_samples(
    tmp_path: Path, phaseaware: Command, model_folder: Path, rng: np.random.Generator
) -> None:
    for number in range(4):
        put(tmp_path / "in" / f"{number}.wav", 0.1 * rng.standard_normal((20_000, 1)).astype(np.float32))
    for jobs in (1, 3):
        command = ["process", tmp_path / "in", "-o", tmp_path / f"{jobs}", "--model", model_folder / "history.onnx"]
        assert phaseaware(*command, "--jobs", jobs).status == 0
    for number in range(4):
        np.testing.assert_array_equal(get(tmp_path / "1" / f"{number}.wav"), get(tmp_path / "3" / f"{number}.wav"))


# Nothing is overwritten


def test_overwrites_only_with_force(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    source, target = put(tmp_path / "x.wav", tones(100, 1, 48_000)), tmp_path / "y.wav"
    target.write_text("precious")
    phaseaware("process", source, "-o", target, "--model", passing).failed_with(1, "exists already; --force")
    assert target.read_text() == "precious"
    assert phaseaware("process", source, "-o", target, "--model", passing, "--force").status == 0
    assert soundfile.info(target).frames == 100


@pytest.mark.parametrize("alias", ["itself", "symlink", "hard link", "folder"])
def test_never_writes_onto_its_input(tmp_path: Path, phaseaware: Command, passing: Path, alias: str) -> None:
    source = put(tmp_path / "x.wav", tones(100, 1, 48_000))
    target = tmp_path / "y.wav"
    if alias == "symlink":
        target.symlink_to(source)
    elif alias == "hard link":
        target.hardlink_to(source)
    else:
        target = source if alias == "itself" else tmp_path
    before = source.read_bytes()
    phaseaware("process", source, "-o", target, "--model", passing, "--force").failed_with(2, "is an input")
    assert source.read_bytes() == before


def test_files_are_not_compared_with_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 4000 files whose outputs are there, that would take a minute and a half before the first is begun."""
    looks = 0
    stat = os.stat

    def counting(*arguments: Any, **options: Any) -> os.stat_result:
        nonlocal looks
        looks += 1
        return stat(*arguments, **options)

    monkeypatch.setattr(os, "stat", counting)
    per_file = []
    for count in (10, 40):
        for folder in ("in", "out"):
            (tmp_path / f"{folder}{count}").mkdir()
            for i in range(count):
                (tmp_path / f"{folder}{count}" / f"{i}.wav").touch()
        looks = 0
        assert len(plan([tmp_path / f"in{count}"], tmp_path / f"out{count}").jobs) == count
        per_file.append(looks / count)
    assert 0 < per_file[1] <= per_file[0]


def test_a_link_to_nothing_costs_only_itself(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    put(tmp_path / "in" / "a.wav", tones(4800, 1, 48_000))
    (tmp_path / "in" / "b.wav").symlink_to(tmp_path / "gone.wav")
    phaseaware("process", tmp_path / "in", "-o", tmp_path / "out", "--model", passing).failed_with(1, "b.wav")
    ran = phaseaware("process", tmp_path / "in", "-o", tmp_path / "out", "--model", passing, "--resume")
    ran.failed_with(1, "b.wav")
    assert "1 whole already" in ran.out


@pytest.mark.skipif(os.name != "posix", reason="lengths as POSIX has them")
def test_a_name_that_becomes_too_long_costs_only_itself(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    long, short = tmp_path / f"{'x' * 251}.wav", tmp_path / "a.wav"
    for path in (long, short):
        put(path, tones(4_000, 1, 48_000))
    for more in ((), ("--force",), ("--resume",)):
        ran = phaseaware("process", long, short, "--model", passing, "--suffix", f"-{len(more)}{''.join(more)}", *more)
        assert ran.status == 1
        assert "too long" in ran.err
        assert "1 of 2 files done, 1 failed" in ran.out


def test_sound_that_lost_nothing_and_now_does_is_told(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    """FLAC in Ogg cannot be written."""
    import av

    with av.open(str(tmp_path / "a.oga"), "w", format="ogg") as out:
        stream = out.add_stream("flac", rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4_000), np.int16), format="s16", layout="mono")
        frame.sample_rate = 48_000
        out.mux([*stream.encode(frame), *stream.encode(None)])
    for target, is_told in (("b.oga", True), ("b.flac", False)):
        ran = phaseaware("process", tmp_path / "a.oga", "-o", tmp_path / target, "--model", passing)
        assert ("loses nothing, and becomes VORBIS" in ran.err) == is_told


@pytest.mark.parametrize(
    ("suffix", "muxer", "codec", "told"),
    [
        (".mp4", "mp4", "pcm_s16be", "PCM_16, becomes ALAC_16, as MP4 is not written with PCM_16"),
        (".mka", "matroska", "ac3", "AC3, becomes AAC, as MATROSKA is not written with AC3"),
        (".mka", "matroska", "pcm_s16le", None),
    ],
)
def test_sound_that_gets_another_codec_is_told(
    tmp_path: Path, phaseaware: Command, passing: Path, suffix: str, muxer: str, codec: str, told: str | None
) -> None:
    pytest.importorskip("av")
    write_media(tmp_path / f"a{suffix}", muxer, codec, tones(4_800, 1, 48_000).T, 48_000)
    ran = phaseaware("process", tmp_path / f"a{suffix}", "--model", passing)
    assert ran.status == 0
    assert "becomes" not in ran.err if told is None else told in ran.err


def test_two_files_with_one_output_are_refused(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    a, b = (put(tmp_path / folder / "x.wav", tones(100, 1, 48_000)) for folder in "ab")
    phaseaware("process", a, b, "-o", tmp_path / "out", "--model", passing).failed_with(2, "would both become")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_read_is_told(
    tmp_path: Path, phaseaware: Command, passing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "in" / "locked" / "a.wav", tones(1000, 1, 48_000))
    put(tmp_path / "in" / "b.wav", tones(1000, 1, 48_000))
    scandir = os.scandir

    def locked(path: Any) -> Any:
        if Path(path).name == "locked":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)
    phaseaware("process", tmp_path / "in", "-o", tmp_path / "out", "--model", passing).failed_with(2, "locked")
    assert not (tmp_path / "out").exists()


def test_a_folder_is_told_by_the_end_of_its_name(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    x = put(tmp_path / "x.wav", tones(100, 1, 48_000))
    assert phaseaware("process", x, "-o", f"{tmp_path}/v1.2/", "--model", passing).status == 0
    assert tree(tmp_path) == ["v1.2/x.wav", "x.wav"]


# Presets


@pytest.fixture
def preset(tmp_path: Path) -> Path:
    """A preset beside its model: gain, then a real mask of 0.5."""
    fakes.constant_model(tmp_path / "m.onnx", masks={"mask_phase_aware": 1, "mask_real": 0.5})
    path = tmp_path / "preset.toml"
    path.write_text(
        'schema = 1\nname = "Test"\n[[board]]\nplugin = "Gain"\ngain_db = 6.0\n'
        '[[board]]\nplugin = "PhaseAware"\nmask = "real"\nmodel = "m.onnx"\n'
    )
    return path


@pytest.mark.parametrize("samples", [1, 2, 5, 40_000])
@pytest.mark.parametrize("channels", [1, 2, 4])
def test_preset(tmp_path: Path, phaseaware: Command, preset: Path, samples: int, channels: int) -> None:
    x = np.random.default_rng(1).uniform(-0.2, 0.2, (samples, channels)).astype(np.float32)
    source = put(tmp_path / "x.wav", x)
    assert phaseaware("process", source, "-o", tmp_path / "y.wav", "--preset", preset).status == 0
    np.testing.assert_allclose(get(tmp_path / "y.wav"), x * 10 ** (6 / 20) / 2, atol=1e-5)
    options = ["--preset", preset, "--mask", "phase-aware"]
    assert phaseaware("process", source, "-o", tmp_path / "z.wav", *options).status == 0
    np.testing.assert_allclose(get(tmp_path / "z.wav"), x * 10 ** (6 / 20), atol=1e-5)
