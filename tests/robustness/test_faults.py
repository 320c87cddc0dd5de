"""A small share of the damage that ``python -m tests.robustness`` does; the harness sees what it has to see."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from phaseaware.engine import MaskModel, separate
from phaseaware.plugin import contract
from phaseaware.plugin.board import natives

from . import isolate
from .faults import TRIALS
from .isolate import Outcomes, run_trials
from .ordeal import INJECTIONS, ordeal
from .soak import decaying, soak


@pytest.mark.parametrize("what", TRIALS)
def test_damaged_files_are_refused_or_processed(what: str) -> None:
    """Other seeds than those of the command begin with."""
    outcomes = run_trials(what, range(100_000, 100_080))
    assert outcomes.faults == []
    assert outcomes.tried == 80
    assert {outcome for _, outcome in outcomes.counts} >= {"refused", "processed"}


@pytest.mark.parametrize(("what", "seed"), [("sound files", 2747), ("sound files", 3387)])
def test_what_once_was_a_fault(what: str, seed: int) -> None:
    """FLAC whose damaged header libsndfile leaves to FFmpeg, which then knows no sample format."""
    assert run_trials(what, range(seed, seed + 1)).faults == []


_OK = '{"kind": "k", "outcome": "refused", "what": "", "peak_mb": 1}'
_HANG = "import threading; threading.Event().wait()"


@pytest.mark.parametrize(
    ("code", "left", "said"),
    [
        (f"print('{_OK}', flush=True); import os; os.abort()", 2, "seed 1: exit status -6"),
        ("raise SystemExit('ended early')", 1, "seed 0: exit status 1 ended early"),
        (f"print('{_OK}', flush=True); {_HANG}", 2, "seed 1: no end after"),
        (f"print('{_OK.replace('refused', 'fault')}')", 2, "seed 0, k"),
        (f"print('{_OK.replace('1}', '1e5}')}', flush=True); {_HANG}", 1, "seed 0, k: 100000 MB"),
    ],
    ids=["crash", "failure", "hang", "fault", "memory"],
)
@pytest.mark.skipif(sys.platform == "win32", reason="exit statuses are those of POSIX")
def test_the_harness_sees_crashes_and_hangs(code: str, left: int, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that is to do three trials and does not; the rest is left to the next."""
    monkeypatch.setattr(isolate, "LONGEST_SECONDS", 4.0 if "no end" in said else 60.0)
    outcomes = Outcomes()
    assert isolate._follow([sys.executable, "-c", code], "files", 0, 3, outcomes) == left
    assert any(said in fault for fault in outcomes.faults)


@pytest.mark.parametrize(("block", "sample_rate"), [(64, 48_000), (480, 48_000), (1000, 48_000), (512, 44_100)])
def test_live_sound_is_that_of_one_shot(model_folder: Path, block: int, sample_rate: int) -> None:
    s = soak(model_folder / "history.onnx", block=block, seconds=10, sample_rate=sample_rate, period=1)
    assert s.difference == 0
    assert abs(s.level_db) < 0.2  # of one second against another, as the tenths begin where a block does


def test_sounds_that_die_away(history_model: MaskModel) -> None:
    """Denormal numbers, which slow processors down, are silence; nothing below -300 dB comes out."""
    x = decaying(4)
    smallest = np.finfo(np.float32).tiny
    assert ((x != 0) & (np.abs(x) < smallest)).any()
    y = separate(x, history_model, sample_rate=48_000)
    np.testing.assert_array_equal(y, separate(np.where(np.abs(x) < 1e-15, 0, x), history_model, sample_rate=48_000))
    assert not ((y != 0) & (np.abs(y) < smallest)).any()


def test_no_fault_outlives_its_round(model_folder: Path) -> None:
    found = ordeal(model_folder / "history.onnx", seconds=14, seed=3)
    assert found.faults == []
    assert set(found.injected) == set(INJECTIONS)
    assert found.muted_seconds > 0
    assert found.looks > 10


def test_the_ordeal_sees_what_goes_wrong(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (contract, natives):
        monkeypatch.setattr(module, "silenced", lambda y: (y, 0))
    found = ordeal(model_folder / "history.onnx", seconds=14, seed=3)
    assert any("NaN or inf" in fault for fault in found.faults)
