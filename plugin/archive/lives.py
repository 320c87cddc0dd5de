"""What the scheduler is told: how often a file may lose its worker."""

from __future__ import annotations

from typing import Any

from distributed import Scheduler
from distributed.diagnostics.plugin import SchedulerPlugin

__all__ = ["LIVES", "Lives", "key_of", "lives_of"]

LIVES = 2
"""Workers that may end while they clean a file."""
_PREFIX = "phaseaware"


def key_of(run: str, number: int, lives: int, tried: int) -> str:
    """The name of a task."""
    return f"{_PREFIX}-{lives}-{run}-{number}-{tried}"


def lives_of(key: object) -> int | None:
    """How many workers a task may cost; None: it is none of ours.

    Examples
    --------
    >>> lives_of(key_of("1f", 7, 2, 0)), lives_of("sum-1-2")
    (2, None)
    """
    if not isinstance(key, str) or not key.startswith(_PREFIX + "-"):
        return None
    return int(key.split("-")[1])


class Lives(SchedulerPlugin):
    """Has the scheduler give up a file after :data:`LIVES` workers, whatever is allowed to the tasks of others."""

    name = "phaseaware-lives"
    idempotent = True

    async def start(self, scheduler: Scheduler) -> None:
        """Registered."""
        self._scheduler = scheduler

    def transition(self, key: Any, start: Any, finish: Any, *args: Any, **kwargs: Any) -> None:
        """A task is new: it counts as one that has lost workers already, all but as many as it may."""
        if start == "released" and finish != "forgotten" and (lives := lives_of(key)) is not None:
            task = self._scheduler.tasks[key]
            task.suspicious = max(task.suspicious, self._scheduler.allowed_failures + 1 - lives)
