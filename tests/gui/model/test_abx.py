"""The listening test's logic and statistics."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phaseaware.gui.model.abx import AbxTest, Result
from scipy.stats import binom, chisquare


def run(seed: int, knows: bool, trials: int = 16) -> AbxTest:
    test = AbxTest(trials, rng=random.Random(seed))
    guess = random.Random(-seed - 1)
    while not test.finished:
        test.answer(test.x if knows else guess.choice("AB"))
    return test


def test_a_listener_who_knows_gets_one_in_two_to_the_sixteen() -> None:
    assert run(1, knows=True).result().p == pytest.approx(2**-16)


def test_a_listener_who_guesses_gets_p_spread_evenly() -> None:
    results = [run(seed, knows=False).result() for seed in range(4000)]
    # As even as a discrete p can be: right answers are binomial, and p is below alpha at most alpha of the time.
    counts = np.bincount([r.correct for r in results], minlength=17)
    expected = binom.pmf(np.arange(17), 16, 0.5) * len(results)
    common = expected > 5
    observed = np.append(counts[common], counts[~common].sum())
    assert chisquare(observed, np.append(expected[common], expected[~common].sum())).pvalue > 0.001
    p = np.array([r.p for r in results])
    for alpha in (0.05, 0.2, 0.5):
        assert np.mean(p <= alpha) <= alpha + 3 * np.sqrt(alpha * (1 - alpha) / len(p))
    assert 0.4 < np.mean(p <= 0.599) < 0.65


def test_x_is_a_as_often_as_b() -> None:
    xs = [test.x for test in (AbxTest(1, rng=random.Random(seed)) for seed in range(2000))]
    assert 900 < xs.count("A") < 1100


def test_nothing_is_told_before_the_end_and_nothing_taken_after() -> None:
    test = AbxTest(2)
    test.answer("A")
    with pytest.raises(ValueError, match="trial 2 of 2"):
        test.result()
    with pytest.raises(ValueError, match="trial 2 of 2"):
        test.log({})
    test.answer("B")
    with pytest.raises(ValueError, match="finished"):
        test.answer("A")
    with pytest.raises(ValueError, match="finished"):
        _ = test.x


def test_bad_answers_and_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="trials=0"):
        AbxTest(0)
    with pytest.raises(ValueError, match="'C'"):
        AbxTest(1).answer("C")  # type: ignore[arg-type]


def test_the_log_can_be_checked_by_hand() -> None:
    test = run(3, knows=False)
    log = test.log({"file": "x.wav"})
    rows = re.findall(r"^(\d+)\t([AB])\t([AB])\t(yes|no)\t\S+$", log, re.MULTILINE)
    assert [int(number) for number, *_ in rows] == list(range(1, 17))
    assert all((x == a) == (right == "yes") for _, x, a, right in rows)
    right = sum(x == a for _, x, a, _ in rows)
    assert f"right: {right} of 16" in log
    assert f"p: {binom.sf(right - 1, 16, 0.5):.6g}" in log
    assert "file: x.wav" in log


@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_p_is_the_binomial_tail(counts: tuple[int, int]) -> None:
    correct, trials = counts
    assert Result(correct, trials).p == pytest.approx(binom.sf(correct - 1, trials, 0.5))
