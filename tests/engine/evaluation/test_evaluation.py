"""Figures of a model on pairs of stems, by the command."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from phaseaware.engine import MaskModel
from phaseaware.engine.evaluation import METRICS, evaluate
from phaseaware.engine.evaluation.__main__ import main

for module in ("pesq", "pystoi", "speechmos"):
    pytest.importorskip(module, reason="needs the [eval] extra")


@pytest.fixture
def model(model_folder: Path) -> str:
    return str(model_folder / "history.onnx")


def test_evaluate_groups_the_pairs(model: str, pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["evaluate", model, str(pairs)])
    table = capsys.readouterr().out
    assert "| noisy |" in table
    assert "2 pairs" in table
    assert [line.split(" | ")[:2] for line in table.splitlines() if " dB | 1 | " in line] == [
        ["| 0 dB", "1"], ["| 10 dB", "1"]
    ]  # fmt: skip


def test_silence_stays_silence(model: str, pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["properties", model, str(pairs), "--minutes", "1"])
    assert "| silence in: largest sample out | 0.0e+00 | 0.0e+00 |" in capsys.readouterr().out


def test_the_worst_change_may_be_a_rise(
    model: str, pairs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of two quiet signals one comes out 6 dB louder, the other 0.9 dB quieter."""
    quiet = iter([2.0, 0.9])

    def separated(x: NDArray[np.float32], *_: object, **__: object) -> NDArray[np.float32]:
        loud = np.abs(x).max() > 0.15
        gain = 1.0 if loud or not x.any() else next(quiet)
        return np.stack([gain * x, x])

    monkeypatch.setattr(import_module("phaseaware.engine.evaluation.properties"), "separate", separated)
    main(["properties", model, str(pairs), "--minutes", "1"])
    row = next(line for line in capsys.readouterr().out.splitlines() if "quieter" in line)
    assert row.endswith("| 2.55 (6.02) | 0.00 (0.00) |")


def test_each_freedom_of_an_ideal_mask_raises_its_ceiling(pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["ceilings", str(pairs)])
    rows = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    low_band = {row[0]: float(row[2]) for row in rows}
    bounded, unbounded = (low_band[f"complex to 6 kHz + PSM{limit}"] for limit in (", magnitude ≤ 1", ""))
    assert low_band["IRM"] < low_band["PSM (best real mask)"] < bounded < unbounded


def test_exchange_agrees_with_evaluate(model: str, pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["exchange", model, str(pairs)])
    rows = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()[4:]]
    assert [row[0] for row in rows] == ["phase-aware", "real", "speech"]
    figures = np.array([[float(x) for x in row[1:]] for row in rows])
    assert figures[2, 3] > 60  # the speech itself
    own = evaluate(MaskModel(model), pairs).scores[:, 1:, METRICS.index("SI-SDR <6k")].mean(axis=0)
    np.testing.assert_allclose([figures[0, 1], figures[1, 2]], own, atol=0.01)
