"""Fuzz target: the content of a model file.

``python -m tests.robustness.fuzz.models SECONDS [FOLDER]`` (Linux, the package atheris). The seed corpus is made by
code; what is found stays in FOLDER, if one is named.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from onnx import helper
from phaseaware.engine.model_check import RefusedError, checked_graph, read_contract
from phaseaware.engine.runtime import quiet_run, start_session

from tests import fakes

from ..forks import try_in_fork
from ..graphs import wild_graph
from ..hostile import HOSTILE, graph_model
from ..mutate import damaged_model
from .driver import fuzz

__all__ = ["one_input", "seeds"]

LARGEST_SEED = 100_000
WILD = 200


def seeds() -> list[bytes]:
    """Contents to begin with: plain models, models made to do harm, wild ones."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.onnx"
        plain = [fakes.history_model(path).read_bytes(), fakes.constant_model(path).read_bytes()]
    plain.append(graph_model([helper.make_node("Identity", ["spectrum"], ["mask_real"])]).SerializeToString())
    hostile = [make().SerializeToString() for make, _ in HOSTILE.values()]
    wild = [wild_graph(np.random.default_rng(1_000_000 + seed)) for seed in range(WILD)]
    return [content for content in (*plain, *hostile, *wild) if len(content) <= LARGEST_SEED]


def one_input(content: bytes) -> None:
    """Refused with one line, or written anew to the same end, tried, and loaded and run here.

    Raises
    ------
    Exception : anything else, which is a fault.
    """
    try:
        graph = checked_graph(content)
        assert checked_graph(graph) == graph
        try_in_fork(content)
    except RefusedError as error:
        said = str(error)
        assert "\n" not in said, said
        return
    session = start_session(graph)
    contract = read_contract(session)
    frames = np.random.default_rng(1).standard_normal((1, 2, 513, 2), np.float32)
    states = {name: np.zeros(shape, np.float32) for name, shape in contract.state_shapes.items()}
    session.run(None, {"spectrum": frames, **states}, quiet_run())


def main() -> None:
    """Arguments: seconds, and a folder for the corpus."""
    from phaseaware.engine.model_check import contract, graph, operators, trial, wire

    watched = [contract, graph, graph._Graph, operators, trial, wire]
    fuzz(one_input, seeds(), watched=watched, largest=LARGEST_SEED, damaged=damaged_model, damaged_share=2 / 3)


if __name__ == "__main__":
    main()
