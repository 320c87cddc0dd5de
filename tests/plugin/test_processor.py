"""PhaseAware: its controls, both outputs from one inference, analysis, copies."""

from __future__ import annotations

import copy
import inspect
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from phaseaware.engine import MaskModel, ModelError, Render, separate
from phaseaware.engine.controls import CONTROLS
from phaseaware.engine.limits import LINKS
from phaseaware.plugin import PhaseAware

from tests import fakes
from tests.signals import voice_like

from .helpers import RATE, Samples, blocks, largest_step, noise, stream


def _sine(samples: int, *, frequency: float = 300.0) -> Samples:
    return (0.3 * np.sin(2 * np.pi * frequency / RATE * np.arange(samples))).astype(np.float32)[None]


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize(
    "controls",
    [
        {},
        {"mask": "real"},
        {"reduction_db": 6, "strength_low": 0.5},
        {"output": "removed", "mix": 0.3, "strength_high": 2},
    ],
)
def test_does_what_the_engine_does(
    controls: dict[str, Any], link: Any, history: Path, rng: np.random.Generator
) -> None:
    x = noise(rng, 2, 10_000)
    expected = separate(x, MaskModel(history), Render(**controls), link=link, sample_rate=48_000, warm=False)[0]
    np.testing.assert_allclose(PhaseAware(model=history, link=link, **controls)(x, RATE), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("mask", "ideal"),
        ("reduction_db", -1),
        ("reduction_db", 101),
        ("reduction_db", float("nan")),
        ("strength_low", 2.1),
        ("strength_high", -0.1),
        ("output", "noise"),
        ("mix", 1.5),
        ("mix", "all"),
        ("link", "mono"),
    ],
)
def test_controls_are_validated(name: str, wrong: object, history: Path) -> None:
    with pytest.raises(ValueError, match=name):
        PhaseAware(model=history, **{name: wrong})
    ours = PhaseAware(model=history)
    before = ours.settings()
    with pytest.raises(ValueError, match=name):
        setattr(ours, name, wrong)
    assert ours.settings() == before


def test_bypass_is_true_or_false(history: Path) -> None:
    with pytest.raises(TypeError, match="bypass"):
        PhaseAware(model=history, bypass=1)


@pytest.mark.parametrize("name", ["reduction", "Mix", "strength", "masks", "limit"])
def test_a_misspelt_control_is_refused(name: str, history: Path) -> None:
    ours = PhaseAware(model=history)
    with pytest.raises(AttributeError, match=f"PhaseAware has no control '{name}'"):
        setattr(ours, name, 12)
    with pytest.raises(TypeError, match=name):
        PhaseAware(model=history, **{name: 12})
    assert not hasattr(ours, name)


def test_a_subclass_may_have_attributes_of_its_own(history: Path) -> None:
    class Named(PhaseAware):
        title = ""

    named = Named(model=history)
    named.title = "first"
    assert (named.title, Named.title) == ("first", "")


def test_every_control_is_a_documented_property_and_an_argument(history: Path) -> None:
    arguments = inspect.signature(PhaseAware.__init__).parameters
    ours = PhaseAware(model=history)
    assert list(ours.settings()) == [*CONTROLS, "model"]
    for name, control in CONTROLS.items():
        assert arguments[name].default == control.default == getattr(ours, name), name
        text = str(inspect.getdoc(getattr(PhaseAware, name)))
        assert control.values in text, name
        assert control.default_text in text, name


def test_controls_are_kept_as_plain_values(history: Path) -> None:
    """So that presets and pickles hold them, whatever they were set with."""
    ours = PhaseAware(model=history, mix=np.float32(0.5), bypass=np.True_)
    ours.reduction_db = np.int64(7)
    assert (type(ours.mix), type(ours.bypass), type(ours.reduction_db)) == (float, bool, float)
    assert (ours.mix, ours.bypass, ours.reduction_db) == (0.5, True, 7)


def test_a_model_must_be_there_and_offer_the_mask(tmp_path: Path, history: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such model"):
        PhaseAware(model=tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(ModelError):
        PhaseAware(model=tmp_path / "text.onnx")
    only_real = fakes.constant_model(tmp_path / "real.onnx", masks={"mask_real": 0.5})
    with pytest.raises(ValueError, match="offers no mask 'phase-aware'"):
        PhaseAware(model=only_real)
    ours = PhaseAware(model=only_real, mask="real")
    with pytest.raises(ValueError, match="offers no mask"):
        ours.mask = "phase-aware"
    with pytest.raises(ValueError, match="offers no mask"):
        ours.process_both(np.zeros(100, np.float32), RATE)
    ours = PhaseAware(model=history)
    with pytest.raises(ValueError, match="offers no mask"):
        ours.model = only_real
    assert ours.model == history
    assert ours.model_info == MaskModel(history).info


def test_a_replaced_model_file_is_noticed(tmp_path: Path) -> None:
    file = fakes.constant_model(tmp_path / "model.onnx", masks={"mask_phase_aware": 1, "mask_real": 1})
    assert PhaseAware(model=file)(np.ones(4000, np.float32), RATE)[2000] == pytest.approx(1)
    fakes.constant_model(tmp_path / "new.onnx", masks={"mask_phase_aware": 0, "mask_real": 0})
    shutil.move(tmp_path / "new.onnx", file)
    assert PhaseAware(model=file)(np.ones(4000, np.float32), RATE)[2000] == pytest.approx(0)


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 48_000, 96_000])
def test_bypass_is_bit_exact_at_every_rate_and_keeps_the_latency(
    rate: int, history: Path, rng: np.random.Generator
) -> None:
    x = noise(rng, 2, rate // 2)
    ours = PhaseAware(model=history, bypass=True)
    assert np.array_equal(ours(x, rate), x)
    made = ours.process(x, rate, reset=False)
    latency = ours.latency_samples
    assert np.array_equal(made, x[:, : x.shape[1] - latency])
    ours.bypass = False
    assert ours.latency_samples == latency


def test_bypass_ends_bit_exact(history: Path, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 30_000)
    ours, wet = PhaseAware(model=history), PhaseAware(model=history)(x, RATE)
    made = [ours.process(x[:, :10_000], RATE, reset=False)]
    ours.bypass = True
    made.append(ours.process(x[:, 10_000:20_000], RATE, reset=False))
    ours.bypass = False
    made += [ours.process(x[:, 20_000:], RATE, reset=False), ours.flush()]
    y = np.concatenate(made, axis=1)
    on, off = 10_000 - 1536, 20_000 - 1536
    np.testing.assert_allclose(y[:, :on], wet[:, :on], atol=1e-6)
    assert np.array_equal(y[:, on + 480 : off], x[:, on + 480 : off])
    np.testing.assert_allclose(y[:, off + 480 :], wet[:, off + 480 :], atol=1e-6)


def test_mix_is_aligned(constant: Path, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 8000)
    for rate in (RATE, 44_100):
        wet, half, dry = (PhaseAware(model=constant, mix=mix)(x, rate) for mix in (1, 0.5, 0))
        np.testing.assert_allclose(half, (wet + dry) / 2, atol=1e-5)
    np.testing.assert_allclose(PhaseAware(model=constant, mix=0)(x, RATE), x, atol=1e-6)


def test_speech_and_removed_add_up(history: Path, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 8000)
    speech, removed = (PhaseAware(model=history, output=output)(x, RATE) for output in ("speech", "removed"))
    np.testing.assert_allclose(speech + removed, x, atol=1e-6)


SWEEPS: dict[str, list[Any]] = {
    "mask": ["phase-aware", "real"],
    "reduction_db": [None, 0.0, 3.0, 40.0, 100.0],
    "strength_low": [0.0, 1.0, 2.0, 0.5],
    "strength_high": [0.0, 1.0, 2.0, 0.5],
    "output": ["speech", "removed"],
    "mix": [0.0, 1.0, 0.3],
    "link": ["channels", "stereo"],
    "bypass": [False, True],
}


@pytest.mark.parametrize("name", [*SWEEPS, "model"])
def test_sweeping_a_control_makes_no_step(name: str, model_folder: Path, tmp_path: Path) -> None:
    # A sine of 300 Hz and 0.3 moves by 0.0118 per sample; a fade between two such by no more than both, and its own
    # slope: 1/480 of their largest distance, 0.6, for each of two fades that may meet (frames and bypass).
    other = fakes.constant_model(tmp_path / "other.onnx", masks={"mask_phase_aware": -0.5, "mask_real": 0.1})
    values = SWEEPS.get(name, [str(model_folder / "constant.onnx"), str(other)])
    x = np.repeat(_sine(96_000), 2, axis=0)
    ours = PhaseAware(model=model_folder / "constant.onnx")
    made = []
    for i, block in enumerate(blocks(x, [1500, 700, 2300])):
        setattr(ours, name, values[i % len(values)])
        made.append(ours.process(block, RATE, reset=False))
    y = np.concatenate([*made, ours.flush()], axis=1)
    assert y.shape == x.shape
    inner = y[:, 2000:-2000]  # the sine itself begins and ends at once
    assert largest_step(inner) < largest_step(x) * 2 + 0.6 / 480 * 2
    if name not in ("link", "strength_high"):  # those change nothing about this sound
        setattr(ours, name, values[0])
        assert np.abs(y - ours(x, RATE))[:, 2000:].max() > 1e-2  # the sweep is heard


@pytest.mark.parametrize("name", SWEEPS)
def test_sweeping_over_speech_stays_between_the_settings(name: str, history: Path, rng: np.random.Generator) -> None:
    # While two settings alternate, each sample is a mixture of what the two give alone, up to frames that overlap.
    x = np.stack([voice_like(rng, 60_000), voice_like(rng, 60_000)])
    a, b = SWEEPS[name][:2]
    alone = [PhaseAware(model=history, **{name: value})(x, RATE) for value in (a, b)]
    ours, made = PhaseAware(model=history), []
    for i, block in enumerate(blocks(x, [5000])):
        setattr(ours, name, (a, b)[i % 2])
        made.append(ours.process(block, RATE, reset=False))
    y = np.concatenate([*made, ours.flush()], axis=1)
    if name == "link":  # a new mask finds its state within its first frames
        assert largest_step(y) < 1.5 * max(map(largest_step, alone))
        return
    room = np.abs(alone[0] - alone[1]).max() * 0.5 + 1e-4
    assert (y <= np.maximum(*alone) + room).all()
    assert (y >= np.minimum(*alone) - room).all()
    assert largest_step(y) < max(map(largest_step, alone)) * 1.5 + room / 100


def test_a_model_of_another_latency_starts_a_new_stream(
    tmp_path: Path, constant: Path, rng: np.random.Generator
) -> None:
    slow = fakes.constant_model(tmp_path / "slow.onnx", lookahead=3)
    x = noise(rng, 2, 20_000)
    ours = PhaseAware(model=constant)
    ours.process(x, RATE, reset=False)
    assert ours.latency_samples == 1536
    ours.model = slow
    np.testing.assert_allclose(stream(ours, x, [4000]), PhaseAware(model=slow)(x, RATE), atol=1e-6)
    ours.process(x, RATE, reset=False)
    assert ours.latency_samples == 1536 + 1024


def test_both_outputs_from_one_inference(
    history: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = noise(rng, 2, 12_000)
    runs = []
    run = MaskModel.run
    monkeypatch.setattr(MaskModel, "run", lambda self, *args: runs.append(1) or run(self, *args))
    ours = PhaseAware(model=history, reduction_db=20)
    expected = [ours(x, RATE)]
    alone = len(runs)
    both = ours.process_both(x, RATE)
    assert len(runs) == 2 * alone
    ours.mask = "real"
    expected.append(ours(x, RATE))
    parts = [ours.process_both(block, RATE, reset=False) for block in blocks(x, [1000])] + [ours.flush_both()]
    streamed = [np.concatenate(made, axis=1) for made in zip(*parts, strict=True)]
    for i in range(2):
        assert both[i].flags.c_contiguous
        np.testing.assert_allclose(both[i], expected[i], atol=1e-6)
        np.testing.assert_allclose(streamed[i], expected[i], atol=1e-6)
    interleaved = ours.process_both(np.ascontiguousarray(x.T), RATE)
    np.testing.assert_allclose(interleaved[1].T, expected[1], atol=1e-6)
    # The other method begins a new stream.
    ours.process_both(x, RATE, reset=False)
    np.testing.assert_allclose(stream(ours, x, [900]), expected[1], atol=1e-6)


@pytest.mark.parametrize("rate", [RATE, 16_000])
def test_analyse_shows_what_is_done(rate: int, history: Path, rng: np.random.Generator) -> None:
    x = noise(rng, 2, rate // 2)
    ours = PhaseAware(model=history, link="stereo")
    found = ours.analyse(x, rate)
    frames = len(found.times)
    assert found.spectrum.shape == (2, frames, 513)
    assert set(found.masks) == {"phase-aware", "real"}
    assert all(M.shape == found.spectrum.shape for M in found.masks.values())
    assert found.frequencies[128] == 6000
    assert found.times[1] - found.times[0] == pytest.approx(512 / 48_000)
    assert found.times[-1] >= 0.5
    if rate == RATE:
        from phaseaware.engine import istft

        np.testing.assert_allclose(istft(found.spectrum, x.shape[1]), x, atol=1e-6)
        masked = istft(found.spectrum * found.masks["phase-aware"], x.shape[1])
        np.testing.assert_allclose(masked, ours(x, RATE), atol=1e-6)
    assert ours.analyse(x[0], rate).spectrum.shape == (1, frames, 513)


@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 2)])
def test_analyse_refuses_what_holds_no_samples(shape: tuple[int, ...], history: Path) -> None:
    with pytest.raises(ValueError, match="holds no samples"):
        PhaseAware(model=history).analyse(np.zeros(shape, np.float32), RATE)


def test_analyse_hears_absurd_levels_as_processing_does(history: Path) -> None:
    found = PhaseAware(model=history).analyse(np.full((1, 6000), 1e38, np.float32), RATE)
    assert np.isfinite(found.spectrum).all()
    assert all(np.isfinite(M).all() for M in found.masks.values())


def test_analyse_leaves_a_stream_alone(history: Path, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 6000)
    ours = PhaseAware(model=history)
    made = [ours.process(x[:, :3000], RATE, reset=False)]
    ours.analyse(x.T, RATE)
    made += [ours.process(x[:, 3000:], RATE, reset=False), ours.flush()]
    np.testing.assert_allclose(np.concatenate(made, axis=1), PhaseAware(model=history)(x, RATE), atol=1e-6)


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
def test_copies_have_the_settings_and_a_stream_of_their_own(way: Any, history: Path, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 6000)
    ours = PhaseAware(
        model=history, mask="real", reduction_db=9, strength_low=0.7, mix=0.9, link="stereo", bypass=False
    )
    ours.process(x, RATE, reset=False)
    twin = way(ours)
    assert twin.settings() == ours.settings()
    np.testing.assert_allclose(stream(twin, x, [1000]), PhaseAware(**ours.settings())(x, RATE), atol=1e-6)


def test_repr_makes_another_one_like_it(history: Path) -> None:
    text = repr(PhaseAware(model=history, reduction_db=9))
    again = eval(text[1:-1].replace("PhaseAware ", "PhaseAware(") + ")", {"PhaseAware": PhaseAware})
    assert again.settings() == PhaseAware(model=str(history), reduction_db=9).settings()


def test_is_typed_and_lazy() -> None:
    import phaseaware.plugin

    assert set(phaseaware.plugin.__all__) <= set(dir(phaseaware.plugin))
    for name in phaseaware.plugin.__all__:
        assert getattr(phaseaware.plugin, name).__name__ == name
    with pytest.raises(AttributeError, match="attribute Nothing"):
        phaseaware.plugin.Nothing  # noqa: B018
