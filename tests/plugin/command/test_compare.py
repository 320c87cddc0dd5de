"""compare and demo: what is written, how it hangs together, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from matplotlib.figure import Figure
from numpy.typing import NDArray
from phaseaware.engine import MaskModel, Render, Separator
from phaseaware.engine.audio import formats
from phaseaware.engine.errors import ExitStatus
from phaseaware.engine.frames import Frames
from phaseaware.engine.rates import AnyRateSeparator
from phaseaware.plugin.command import main
from phaseaware.plugin.comparison import compare, figures, scores

SOUNDS = ("noisy", "phase-aware", "real", "delta", "removed")
PICTURES = ("spectrograms", "masks", "masks-below-6-khz", "difference")
IDEAL_PICTURES = ("ideal-masks", "ideal-masks-below-6-khz")
IDEAL = ("ideal-irm", "ideal-psm", "ideal-hybrid-bounded", "ideal-hybrid", "ideal-complex")


def _write(path: Path, x: NDArray[np.floating], rate: int = 48_000) -> Path:
    soundfile.write(path, x, rate, subtype="FLOAT")
    return path


def _read(folder: Path, name: str) -> NDArray[np.float32]:
    return soundfile.read(folder / f"{name}.wav", dtype="float32", always_2d=True)[0].T


def _command(*words: object) -> int:
    return main([str(word) for word in words])


@pytest.fixture(autouse=True)
def _small_pictures(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """What pictures show is another module's test; only the demo draws the real ones here."""
    if "demo" not in request.node.name:
        for name in ("spectrogram_figure", "mask_figure", "difference_figure"):
            monkeypatch.setattr(figures, name, lambda *_, **__: Figure((1, 1)))


@pytest.fixture
def model(model_folder: Path) -> Path:
    return model_folder / "history.onnx"


@pytest.mark.parametrize(
    ("rate", "channels", "link"),
    [(48_000, 1, "auto"), (44_100, 2, "auto"), (48_000, 2, "channels"), (8_000, 3, "stereo")],
)
def test_sounds_are_aligned_differences_of_each_other(
    rate: int, channels: int, link: str, model: Path, tmp_path: Path, rng: np.random.Generator
) -> None:
    x = (0.1 * rng.standard_normal((20_011, channels))).astype(np.float32)
    result = compare(_write(tmp_path / "in.wav", x, rate), tmp_path / "out", model=model, link=link)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(p.name for p in result.files)
    pictures = {f"{name}.png" for name in PICTURES}
    assert {p.name for p in result.files} == {f"{name}.wav" for name in SOUNDS} | pictures | {"index.html"}
    made = {name: _read(tmp_path / "out", name) for name in SOUNDS}
    assert all(y.shape == (channels, 20_011) for y in made.values())
    info = soundfile.info(tmp_path / "out" / "real.wav")
    assert (info.samplerate, info.subtype) == (rate, "FLOAT")
    np.testing.assert_array_equal(made["noisy"], x.T)
    np.testing.assert_array_equal(made["delta"], made["phase-aware"] - made["real"])
    np.testing.assert_array_equal(made["removed"], made["noisy"] - made["phase-aware"])

    separator = AnyRateSeparator(
        MaskModel(model), [Render(), Render(mask="real")], sample_rate=rate, channels=channels, link=link, warm=True
    )
    expected = np.concatenate([separator.process(x.T), separator.flush()], axis=2)
    np.testing.assert_allclose(np.stack([made["phase-aware"], made["real"]]), expected, atol=1e-6)


def test_masks_shown_are_those_applied(history_model: MaskModel, tmp_path: Path, rng: np.random.Generator) -> None:
    """Noisy spectrum times shown mask is the output: the look-ahead is compensated in the picture too."""
    from phaseaware.engine.stft import frame_count, istft, stft
    from phaseaware.plugin.comparison.overview import MaskOverview

    x = rng.standard_normal((2, 30_000)).astype(np.float32)
    render = Render(reduction_db=20)
    overview = MaskOverview(["phase-aware"], frame_count(30_000))

    def observe(frames: Frames) -> None:
        overview.add(frames.spectrum[0], {"phase-aware": frames.applied([render])[0][0]})

    separator = Separator(history_model, render, channels=2, observer=observe)
    out = np.concatenate([separator.process(x), separator.flush()], axis=2)[0, 0]
    assert overview.frames_per_column == 1
    np.testing.assert_allclose(overview.power, np.abs(stft(x[0])) ** 2, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(istft(stft(x[0]) * overview.masks["phase-aware"], 30_000), out, atol=1e-5)


def test_long_sounds_are_gathered_into_columns(rng: np.random.Generator) -> None:
    from phaseaware.engine.stft import BINS
    from phaseaware.plugin.comparison.overview import COLUMNS, MaskOverview

    frames = 2 * COLUMNS + 7
    X = (rng.standard_normal((frames, BINS)) + 1j * rng.standard_normal((frames, BINS))).astype(np.complex64)
    M = (0.5 * X).astype(np.complex64)
    whole, parts = MaskOverview(["a"], frames), MaskOverview(["a"], frames)
    whole.add(X, {"a": M})
    for start in range(0, frames, 100):
        parts.add(X[start : start + 100], {"a": M[start : start + 100]})
    assert len(whole.power) <= COLUMNS
    np.testing.assert_array_equal(whole.power, parts.power)
    np.testing.assert_array_equal(whole.masks["a"], parts.masks["a"])
    # Each cell shows the mask of its loudest frame; here that is half the spectrum.
    np.testing.assert_allclose(np.abs(whole.masks["a"]) ** 2, whole.power / 4, rtol=1e-5)
    assert whole.above_one("a") == pytest.approx(np.mean(np.abs(M[:, :128]) > 1.0001))


@pytest.mark.parametrize("given", ["speech", "noise", "both"])
def test_stems_add_ideal_masks_and_figures(given: str, model: Path, tmp_path: Path, rng: np.random.Generator) -> None:
    s = np.cumsum(rng.standard_normal(48_000)) * 1e-3
    s *= 0.5 + 0.5 * np.sin(np.arange(48_000) / 3000)
    v = 0.05 * rng.standard_normal(48_000)
    files = {"speech": _write(tmp_path / "s.wav", s), "noise": _write(tmp_path / "v.wav", v)}
    stems = files if given == "both" else {given: files[given]}
    result = compare(_write(tmp_path / "in.wav", s + v), tmp_path / "out", model=model, **stems)
    assert {p.stem for p in result.files} == {*SOUNDS, *IDEAL, *PICTURES, *IDEAL_PICTURES, "index"}
    assert all(p.is_file() for p in result.files)
    np.testing.assert_allclose(_read(tmp_path / "out", "ideal-complex")[0], s, atol=1e-5)
    noisy, psm, bounded, hybrid = (
        result.scores[title]["SI-SDR"]
        for title in ("noisy", "ideal real mask (PSM)", "ideal hybrid, |M| ≤ 1", "ideal hybrid")
    )
    assert noisy < psm < bounded < hybrid
    assert result.scores["noisy"]["SI-SDR < 6 kHz"] < result.scores["ideal hybrid"]["SI-SDR < 6 kHz"]
    shares = {version.title: version.above_one for version in result.versions}
    assert shares["ideal real mask (PSM)"] == 0 < shares["ideal hybrid"]
    assert shares["noisy"] is None


@pytest.mark.parametrize(("rate", "samples"), [(48_000, 1), (44_100, 5000), (16_000, 700)])
def test_ideal_sounds_keep_length_and_place(
    rate: int, samples: int, model: Path, tmp_path: Path, rng: np.random.Generator
) -> None:
    t = np.arange(samples) / rate
    s = 0.3 * np.sin(2 * np.pi * 500 * t + 1)
    noisy = _write(tmp_path / "in.wav", s + 0.01 * rng.standard_normal(samples), rate)
    compare(noisy, tmp_path / "out", speech=_write(tmp_path / "s.wav", s, rate), model=model)
    made = _read(tmp_path / "out", "ideal-complex")[0]
    assert made.shape == (samples,)
    middle = slice(samples // 4, 3 * samples // 4 + 1)
    np.testing.assert_allclose(made[middle], s[middle], atol=2e-3)


def test_what_is_measured_and_heard_does_not_end_with_the_first_block(
    model: Path, tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = 0.1 * rng.standard_normal(30_000)
    noisy, speech = _write(tmp_path / "in.wav", x), _write(tmp_path / "s.wav", np.r_[x[:20_000], x[20_000:] / 2])
    whole = compare(noisy, tmp_path / "a", speech=speech, model=model)
    monkeypatch.setattr(formats, "_LARGEST_BLOCK", 1000)
    parts = compare(noisy, tmp_path / "b", speech=speech, model=model)
    assert parts.scores["noisy"] == pytest.approx(whole.scores["noisy"], nan_ok=True)
    for result in (whole, parts):
        text = result.page.read_text(encoding="utf-8").split('id="data">')[1].split("</script>")[0]
        assert json.loads(text)["samples"] == 30_000


def test_nothing_is_overwritten_without_force(
    model: Path, tmp_path: Path, rng: np.random.Generator, capsys: pytest.CaptureFixture[str]
) -> None:
    source = _write(tmp_path / "in.wav", 0.1 * rng.standard_normal(3000))
    out = tmp_path / "out"
    out.mkdir()
    (out / "real.wav").write_text("mine")
    assert _command("compare", source, "-o", out, "--model", model) == 1
    assert [(p.name, p.read_text()) for p in out.iterdir()] == [("real.wav", "mine")]
    assert "--force" in capsys.readouterr().err
    assert _command("compare", source, "-o", out, "--model", model, "--force") == 0
    assert _read(out, "real").shape == (1, 3000)
    # An input is never replaced, not even by force.
    before = (out / "noisy.wav").read_bytes()
    assert _command("compare", out / "noisy.wav", "-o", out, "--model", model, "--force") == 2
    assert (out / "noisy.wav").read_bytes() == before


@pytest.mark.parametrize(
    ("case", "status", "message"),
    [
        ("missing", 2, "no such file"), ("text", 1, "not a sound file"), ("short stem", 1, "samples"),
        ("rate", 1, "Hz"), ("channels", 1, "channels"), ("strangers", 1, "is not"), ("out is a file", 2, "is a file"),
        ("model", 2, "not an ONNX model"), ("one mask", 2, "offers no mask 'real'"),
    ],
)  # fmt: skip
def test_errors_are_one_line_and_leave_nothing(
    case: str, status: int, message: str, model: Path, tmp_path: Path, rng: np.random.Generator,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    from tests import fakes

    x = 0.1 * rng.standard_normal(3000)
    source, out = _write(tmp_path / "in.wav", x), tmp_path / "out"
    text = tmp_path / "text.wav"
    text.write_text("hello")
    words: dict[str, list[object]] = {
        "missing": [tmp_path / "none.wav"],
        "text": [text],
        "short stem": [source, "--speech", _write(tmp_path / "s.wav", x[1:])],
        "rate": [source, "--noise", _write(tmp_path / "r.wav", x, 44_100)],
        "channels": [source, "--speech", _write(tmp_path / "c.wav", np.stack([x, x], axis=1))],
        "strangers": [source, "--speech", source, "--noise", source],
        "out is a file": [source, "-o", text],
        "model": [source, "--model", text],
        "one mask": [source, "--model", fakes.constant_model(tmp_path / "a.onnx", masks={"mask_phase_aware": 1})],
    }
    assert _command("compare", "-o", out, "--model", model, *words[case]) == status
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not out.exists()


def test_a_failure_in_the_middle_leaves_no_files(
    model: Path, tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(AnyRateSeparator, "flush", interrupt)
    with pytest.raises(KeyboardInterrupt):
        compare(_write(tmp_path / "in.wav", 0.1 * rng.standard_normal(90_000)), tmp_path / "out", model=model)
    assert list((tmp_path / "out").iterdir()) == []


def test_what_cannot_be_judged_is_no_figure(model: Path, tmp_path: Path) -> None:
    x = np.full(700, 0.1)
    x[:300] = 0.2
    source = _write(tmp_path / "in.wav", x)
    result = compare(source, tmp_path / "out", speech=_write(tmp_path / "s.wav", x), model=model)
    assert np.isnan(result.scores["noisy"]["LSD < 6 kHz"])
    assert np.isnan(result.scores["noisy"].get("ESTOI", np.nan))
    x = np.resize(x, 3000)  # too short for pystoi, which says so by a warning and 1e-5
    result = compare(_write(source, x), tmp_path / "out", speech=_write(tmp_path / "s.wav", x), model=model, force=True)
    assert np.isfinite(result.scores["noisy"]["LSD < 6 kHz"])
    assert np.isnan(result.scores["noisy"].get("ESTOI", np.nan))


def test_nan_counts_as_silence_and_is_told(model: Path, tmp_path: Path) -> None:
    x = np.full(2000, 0.1, np.float32)
    x[500:502] = np.nan, np.inf
    result = compare(_write(tmp_path / "in.wav", x), tmp_path / "out", model=model)
    assert np.isfinite(_read(tmp_path / "out", "removed")).all()
    assert any("2 samples" in remark for remark in result.remarks)


def test_sound_that_is_left_out_is_told_and_costs_the_status(
    model: Path, tmp_path: Path, rng: np.random.Generator, capsys: pytest.CaptureFixture[str]
) -> None:
    noisy, speech = (_write(tmp_path / name, 0.1 * rng.standard_normal(4800)) for name in ("noisy.wav", "speech.wav"))
    speech.write_bytes(speech.read_bytes() * 2)
    status = _command("compare", noisy, "-o", tmp_path / "out", "--model", model, "--speech", speech)
    assert status == ExitStatus.FAILED
    assert "speech.wav: another WAV file stands behind its sound" in " ".join(capsys.readouterr().out.split())
    assert (tmp_path / "out" / "index.html").exists()


def test_without_the_evaluation_extra_a_line_says_how_to_get_it(
    model: Path, tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "find_spec", lambda name: None)
    x = 0.1 * rng.standard_normal(5000)
    noisy, speech = _write(tmp_path / "in.wav", x), _write(tmp_path / "s.wav", x / 2)
    result = compare(noisy, tmp_path / "out", speech=speech, model=model)
    assert not {"PESQ-WB", "ESTOI"} & set(result.scores["noisy"])
    assert any("phaseaware[eval]" in remark for remark in result.remarks)


def test_controls_act_on_both_masks_and_progress_is_told(model: Path, tmp_path: Path, rng: np.random.Generator) -> None:
    x = (0.1 * rng.standard_normal(4000)).astype(np.float32)
    told: list[tuple[str, float]] = []
    source = _write(tmp_path / "in.wav", x)
    compare(source, tmp_path / "out", model=model, render=Render(mix=0), progress=lambda *step: told.append(step))
    assert list(dict.fromkeys(step for step, _ in told)) == ["sounds", "pictures", "page"]
    assert sum(share for _, share in told) == pytest.approx(1)
    told.clear()
    speech = _write(tmp_path / "s.wav", x / 2)
    compare(source, tmp_path / "b", speech=speech, model=model, progress=lambda *step: told.append(step))
    assert list(dict.fromkeys(step for step, _ in told)) == ["sounds", "pictures", "figures", "page"]
    assert sum(share for _, share in told) == pytest.approx(1)
    assert all(share > 0 for _, share in told)
    for name in ("phase-aware", "real"):
        np.testing.assert_allclose(_read(tmp_path / "out", name)[0], x, atol=1e-6)


def test_demo_prints_figures_and_where_to_look(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _command("demo", "-o", tmp_path / "demo", "--model", model) == 0
    printed = capsys.readouterr().out
    assert str(tmp_path / "demo") in printed
    for path in (tmp_path / "demo").iterdir():
        assert path.suffix in (".wav", ".png", ".html")
    assert all(word in printed for word in ("SI-SDR", "ideal hybrid", "1. noisy.wav", "masks.png", "blue", "orange"))
    assert {p.stem for p in (tmp_path / "demo").glob("*.wav")} == {*SOUNDS, *IDEAL}
