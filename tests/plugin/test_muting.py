"""A model or an effect that makes NaN or inf: silence, a word, and sound again afterwards."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pedalboard
import pytest
import soundfile
from onnx import helper
from pedalboard_native._internal import AddLatency
from phaseaware.plugin import Chain, Mix, Pedalboard, PhaseAware, Processor, live
from phaseaware.plugin.command import live as live_command
from phaseaware.plugin.command import main
from phaseaware.plugin.live import LiveSession
from phaseaware.plugin.presets import save_preset

from tests import fakes
from tests.plugin.helpers import RATE, noise

QUIET, LOUD = 1e-3, 30.0
HARMFUL = Path(__file__).parents[1] / "robustness" / "harmful"


@pytest.fixture
def astray(tmp_path: Path) -> Path:
    """Masks of one; for a loud frame NaN, which its state then keeps for good."""
    path = fakes.history_model(tmp_path / "astray.onnx")
    model = onnx.load(path)
    graph = model.graph
    # next_state = spectrum + state * 0, so that NaN in the state stays; mask = 1 + 0 * state + 0 * sqrt(limit - |X|²)
    limit = helper.make_tensor("limit", onnx.TensorProto.FLOAT, [1], [50.0])
    nought = helper.make_tensor("nought", onnx.TensorProto.FLOAT, [1], [0.0])
    nodes = [
        helper.make_node("Mul", ["spectrum", "spectrum"], ["squares"]),
        helper.make_node("Sub", ["limit", "squares"], ["left"]),
        helper.make_node("Sqrt", ["left"], ["root"]),
        helper.make_node("Mul", ["root", "nought"], ["strange"]),
        helper.make_node("Concat", ["state_previous", "strange"], ["all"], axis=1),
        helper.make_node("ReduceMean", ["all"], ["now"], axes=[1], keepdims=1),
        helper.make_node("Identity", ["now"], ["next_state_previous"]),
        helper.make_node("Add", ["strange", "now"], ["sum"]),
        helper.make_node("Add", ["sum", "one_real"], ["mask_phase_aware"]),
        helper.make_node("Add", ["sum", "one_real"], ["mask_real"]),
    ]
    one = helper.make_tensor("one_real", onnx.TensorProto.FLOAT, [2], [1.0, 0.0])
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend([limit, nought, one])
    onnx.save(model, path)
    return path


class Burst(Processor):
    """Passes sound on, but inf for samples above full scale."""

    def _begin(self, sample_rate: float, channels: int) -> None:
        self.channels = channels

    def _feed(self, x: Any, buffer_size: int) -> Any:
        return np.where(np.abs(x) > 1, np.inf, x).astype(np.float32)

    def _drain(self) -> Any:
        return np.empty((self.channels, 0), np.float32)

    def _latency(self, sample_rate: float) -> int:
        return 0


BOARDS: dict[str, Callable[[Path], Processor]] = {
    "model": lambda model: PhaseAware(model=model),
    "board": lambda model: Pedalboard([PhaseAware(model=model), pedalboard.HighpassFilter(80)]),
    "mix": lambda model: Mix([None, Chain([pedalboard.Gain(0), PhaseAware(model=model)])]),
    "own": lambda model: Pedalboard([Burst(), pedalboard.HighpassFilter(80)]),
    "own alone": lambda model: Burst(),
}


@pytest.mark.filterwarnings("ignore:.*NaN or inf")  # in the blocks behind the one that is looked at, too
@pytest.mark.parametrize("kind", BOARDS)
@pytest.mark.parametrize("rate", [48_000, 44_100])
def test_it_is_muted_told_and_over(kind: str, rate: int, astray: Path, rng: np.random.Generator) -> None:
    quiet, loud = noise(rng, 2, 40_960, level=QUIET), noise(rng, 2, 2048, level=LOUD)
    for make_stream in (True, False):
        processor = BOARDS[kind](astray)
        if make_stream:
            first = processor.process(quiet, rate, reset=False)
            assert np.isfinite(first).all()
            assert processor.muted_samples == 0
            with pytest.warns(RuntimeWarning, match="NaN or inf"):
                made = [processor.process(b, rate, reset=False) for b in (loud, quiet[:, :20_480])]
            last = processor.process(quiet[:, 20_480:], rate, reset=False)
            assert np.isfinite(np.concatenate(made, axis=1)).all()
            assert np.isfinite(last).all()
            assert np.abs(last[:, -5000:]).max() > QUIET  # sound again
            total = sum(y.shape[1] for y in (first, *made, last)) + processor.flush().shape[1]
            assert total == 2 * 40_960 + 2048
        else:
            with pytest.warns(RuntimeWarning, match="NaN or inf"):
                y = processor(np.concatenate([quiet, loud, quiet], axis=1), rate)
            assert np.isfinite(y).all()
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                count = processor.muted_samples
                assert np.abs(processor(quiet, rate)).max() > QUIET
                assert processor.muted_samples == count
        assert processor.muted_samples > 0
        processor.reset()
        assert processor.muted_samples == 0


def test_native_filters_begin_anew(rng: np.random.Generator) -> None:
    x = noise(rng, 2, 20_000, level=1e-5)
    x[:, 5000] = 10.0
    for late in (0, 700):
        # Beyond float32 where it is loud, and a filter that keeps it for good.
        down = [pedalboard.Gain(-80) for _ in range(9)]  # -100 dB would be silence
        board = Pedalboard(
            [pedalboard.Gain(380), pedalboard.Gain(380), pedalboard.HighpassFilter(80), *down, AddLatency(late)]
        )
        with pytest.warns(RuntimeWarning, match="Pedalboard.*NaN or inf"):
            made = [board.process(b, RATE, reset=False) for b in np.split(x, 20, axis=1)]
        y = np.concatenate([*made, board.flush()], axis=1)
        assert y.shape == x.shape
        assert np.isfinite(y).all()
        assert not y[:, 5000:6000].all()
        assert np.abs(y[:, 8000:]).max() > 0
        assert board.muted_samples > 0


@pytest.mark.parametrize("kind", BOARDS)
def test_live_sound_is_muted_and_says_so(kind: str, astray: Path, rng: np.random.Generator) -> None:
    session = LiveSession(BOARDS[kind](astray), sample_rate=RATE)
    x = noise(rng, 1, 40 * 512, level=QUIET)
    x[:, 5000:6000] = LOUD
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # on a terminal they would be in the way of the meters
        y = np.concatenate([session.process(block) for block in np.split(x, 40, axis=1)], axis=1)
    assert np.isfinite(y).all()
    assert np.abs(y[:, -512:]).max() > QUIET / 10
    meters = session.look()
    assert 0 < meters.muted_seconds < 0.3
    assert "MUTED" in live_command._line(session, meters)
    session.version = "bypass"
    assert (
        np.abs(np.concatenate([session.process(np.full((1, 512), LOUD, np.float32)) for _ in range(9)])).max() == LOUD
    )


def test_the_command_ends_with_a_line_about_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], astray: Path
) -> None:
    meters = live.Meters(input_db=-20, output_db=-20, load=0.1, drop_outs=0, seconds=9, muted_seconds=1.25)
    monkeypatch.setattr(live, "run", lambda *_, **__: meters)
    assert main(["live", "--model", str(astray)]) == 0
    said = capsys.readouterr().err
    assert "1.2 s were muted" in said
    assert said.count("\n") == 1


def test_bypass_passes_the_input_of_a_model_that_fails(astray: Path, rng: np.random.Generator) -> None:
    x = noise(rng, 1, 8000, level=LOUD)
    with pytest.warns(RuntimeWarning):
        assert np.array_equal(PhaseAware(model=astray, bypass=True)(x, RATE), x)


def test_the_harmful_model_is_harmless(rng: np.random.Generator) -> None:
    processor, x = PhaseAware(model=HARMFUL / "both_nan_on_sound.onnx"), noise(rng, 2, 9000)
    with pytest.warns(RuntimeWarning, match="both_nan_on_sound"):
        a, b = processor.process_both(x, RATE)
    assert not a.any()
    assert not b.any()
    assert processor.muted_samples > 8000


def test_process_refuses_it(astray: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    soundfile.write(tmp_path / "in.wav", noise(np.random.default_rng(0), 48_000, level=LOUD), RATE, "FLOAT")
    save_preset(Pedalboard([PhaseAware(model=astray), pedalboard.Gain(0)]), tmp_path / "p.toml")
    for given in (["--model", str(astray)], ["--preset", str(tmp_path / "p.toml")]):
        assert main(["process", str(tmp_path / "in.wav"), "-o", str(tmp_path / "out.wav"), *given]) == 1
        printed = capsys.readouterr().err
        assert "NaN or inf" in printed
        assert printed.count("\n") == 1
        assert not (tmp_path / "out.wav").exists()
