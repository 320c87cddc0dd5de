"""The development set that `pairs` writes."""

import csv

import numpy as np
import pytest
import soundfile
from phaseaware.engine.training import __main__ as command
from phaseaware.engine.training.augment import active_rms, rms


def test_pairs_have_the_ratios_that_they_say_and_are_the_same_again(corpus, tmp_path):
    for name in ("a", "b"):
        command.main(["pairs", "--corpus", str(corpus.folder), "--out", str(tmp_path / name), "--count", "10"])
    with (tmp_path / "a/index.csv").open() as f:
        rows = list(csv.DictReader(f))
    assert {row["speaker"] for row in rows} == {"anna", "phone"}
    assert {float(row["snr_db"]) for row in rows} == {-5, 0, 5, 10, 15}
    for row in rows:
        stems = [tmp_path / folder / f"{row['name']}.{kind}.flac" for folder in "ab" for kind in ("clean", "noise")]
        assert stems[0].read_bytes() == stems[2].read_bytes()
        assert stems[1].read_bytes() == stems[3].read_bytes()
        speech, noise = (soundfile.read(stem, dtype="float32")[0] for stem in stems[:2])
        assert 20 * np.log10(active_rms(speech) / rms(noise)) == pytest.approx(float(row["snr_db"]), abs=0.1)
