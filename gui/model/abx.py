"""ABX listening test: can A and B be told apart by ear alone?

In every trial X is A or B with equal probability. The number of trials is fixed before the start; the one-sided
binomial test then gives the probability of doing at least as well by guessing.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from scipy.stats import binomtest

__all__ = ["TRIALS", "AbxTest", "Answer", "Result"]

TRIALS = 16
Answer = Literal["A", "B"]


@dataclass(frozen=True)
class Result:
    """Outcome of a finished test."""

    correct: int
    trials: int

    @property
    def p(self) -> float:
        """Probability of at least as many right answers by guessing."""
        return float(binomtest(self.correct, self.trials, 0.5, alternative="greater").pvalue)


class AbxTest:
    """A test under way. What X is can be seen only in the log, and only at the end.

    Parameters
    ----------
    trials : fixed from now on.
    rng : source of X; default: the operating system's.
    """

    def __init__(self, trials: int = TRIALS, *, rng: random.Random | None = None) -> None:
        if trials < 1:
            raise ValueError(f"{trials=} is not an integer >= 1")
        rng = rng or random.SystemRandom()
        self.trials = trials
        self._xs: list[Answer] = [rng.choice(("A", "B")) for _ in range(trials)]
        self._answers: list[tuple[Answer, datetime]] = []

    @property
    def trial(self) -> int:
        """Number of the current trial, from 1; trials + 1 when finished."""
        return len(self._answers) + 1

    @property
    def finished(self) -> bool:
        """All trials are answered."""
        return len(self._answers) == self.trials

    @property
    def x(self) -> Answer:
        """What X is in the current trial: for the player only.

        Raises
        ------
        ValueError : the test is finished.
        """
        if self.finished:
            raise ValueError("the test is finished; there is no X")
        return self._xs[len(self._answers)]

    def answer(self, answer: Answer) -> None:
        """X is ``answer``, the listener says; on to the next trial.

        Raises
        ------
        ValueError : the test is finished, or the answer is neither A nor B.
        """
        if self.finished:
            raise ValueError("the test is finished; no more answers are taken")
        if answer not in ("A", "B"):
            raise ValueError(f"{answer=!r} is not 'A' or 'B'")
        self._answers.append((answer, datetime.now().astimezone()))

    def result(self) -> Result:
        """The outcome.

        Raises
        ------
        ValueError : not all trials are answered: a result before the end would invite to stop when it suits.
        """
        if not self.finished:
            raise ValueError(f"trial {self.trial} of {self.trials} is not answered yet")
        return Result(sum(x == a for x, (a, _) in zip(self._xs, self._answers, strict=True)), self.trials)

    def log(self, about: dict[str, str]) -> str:
        """The test as text: what was compared, every trial, the sum and p. For a finished test only."""
        result = self.result()
        lines = ["ABX test", *(f"{key}: {value}" for key, value in about.items()), "", "trial\tX\tanswer\tright\ttime"]
        lines += [
            f"{i}\t{x}\t{a}\t{'yes' if x == a else 'no'}\t{when.isoformat(timespec='seconds')}"
            for i, (x, (a, when)) in enumerate(zip(self._xs, self._answers, strict=True), start=1)
        ]
        lines += ["", f"right: {result.correct} of {result.trials}", f"one-sided binomial p: {result.p:.6g}"]
        return "\n".join(lines) + "\n"
