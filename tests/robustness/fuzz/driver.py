"""What the fuzz targets share: a seed corpus to begin with, a look at the lines reached, an end after some seconds."""

from __future__ import annotations

import inspect
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import numpy as np

__all__ = ["fuzz"]

Damage = Callable[[np.random.Generator, bytes], tuple[str, bytes]]


def fuzz(
    one_input: Callable[[bytes], None],
    seeds: Sequence[bytes],
    *,
    watched: Iterable[ModuleType | type],
    largest: int,
    damaged: Damage | None = None,
    damaged_share: float = 1 / 3,
) -> None:
    """Try inputs until one is a fault, or the time is over. Arguments of the program: seconds, and a folder to keep.

    Parameters
    ----------
    one_input : raises where the product is at fault.
    seeds : the corpus to begin with.
    watched : modules and classes whose lines lead the search.
    largest : input, in bytes.
    damaged : changes an input as its format understands it; gives the kind of damage, and the input.
    damaged_share : of inputs made so, from 0 to 1; the others are made as libFuzzer does.
    """
    import atheris

    for owner in watched:
        for value in vars(owner).values():
            if inspect.isfunction(value) and value.__module__.startswith("phaseaware."):
                atheris.instrument_func(value)
    with tempfile.TemporaryDirectory() as spare:
        folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(spare)
        folder.mkdir(parents=True, exist_ok=True)
        for number, content in enumerate(seeds):
            (folder / f"seed-{number}").write_bytes(content)
        options = [f"-max_total_time={int(sys.argv[1])}", "-rss_limit_mb=1500", "-timeout=25", f"-max_len={largest}"]
        options += [f"-artifact_prefix={folder}/found-"]
        changes = {} if damaged is None else {"custom_mutator": _mutator(damaged, damaged_share)}
        atheris.Setup([sys.argv[0], *options, str(folder)], one_input, **changes)
        atheris.Fuzz()


def _mutator(damaged: Damage, share: float) -> Callable[[bytes, int, int], bytes]:
    """Makes an input of another; gets the most bytes and a seed."""
    import atheris

    def mutated(content: bytes, largest: int, seed: int) -> bytes:
        rng = np.random.default_rng(seed)
        if rng.random() < share:
            with suppress(Exception):  # the changes before have left nothing that its format understands
                return damaged(rng, content)[1][:largest]
        return bytes(atheris.Mutate(content, largest))

    return mutated
