"""Where the microseconds of a live hop, and of a frame of a file, go: ``python -m tests.bench.profile [MODEL]``.

CPU time of this thread, which other work on the machine hardly changes. Every part is run by itself on the same frames
many times over; what the parts do not explain is the Python around them. Operators are as onnxruntime's own profiler
tells them, which counts whole microseconds by the clock, so their column says what costs and not how much.
"""

from __future__ import annotations

import collections
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from phaseaware.engine import MaskModel, Render, Separator, shape_mask
from phaseaware.engine.audio import AudioReader, AudioWriter
from phaseaware.engine.model import MOST_FRAMES
from phaseaware.engine.runtime import onnxruntime
from phaseaware.engine.stft import HOP, Analysis, Synthesis

from tests.signals import voice_like

from .measure import one_core, write_noisy_speech

LIVE, FILE = 1, 128
"""Frames at once: of a live hop, and of a block of a file."""
FRAMES = 2048
_REST = "the rest: sanitising, look-ahead, Python"


def cpu_us(works: dict[str, Callable[[], object]], frames: int) -> dict[str, float]:
    """CPU microseconds for each of the frames that a work does at once.

    In turn, so that what disturbs one disturbs all; the tenth percentile, so that it disturbs none (other processes
    cost CPU time too, by what they leave of the caches).
    """
    spent: dict[str, list[int]] = {name: [] for name in works}
    for _ in range(max(15, FRAMES // frames)):
        for name, work in works.items():
            begun = time.thread_time_ns()
            work()
            spent[name].append(time.thread_time_ns() - begun)
    return {name: float(np.percentile(times, 10)) / 1000 / frames for name, times in spent.items()}


def parts(model: MaskModel, frames: int, folder: Path) -> dict[str, float]:
    """CPU microseconds a frame, part by part, and of the whole."""
    render = Render(mask=model.info.masks[0])
    block = voice_like(np.random.default_rng(2), frames * HOP)[None]
    separator, analysis, synthesis = Separator(model, render), Analysis(), Synthesis()
    analysis.process(block)
    X = analysis.process(block)
    masks, state = model.run(X[0], model.initial_state(), (render.mask,))
    M = masks[render.mask][None]
    works: dict[str, Callable[[], object]] = {
        "model (onnxruntime and its call)": lambda: model.run(X[0], state, (render.mask,)),
        "analysis: window, FFT": lambda: analysis.process(block),
        "mask: shaping, product": lambda: shape_mask(M, render) * X,
        "synthesis: FFT, overlap-add": lambda: synthesis.process(X),
    }
    result = cpu_us(works | {_REST: lambda: separator.process(block)}, frames)
    result[_REST] -= sum(result[name] for name in works)
    if frames > 1:
        write_noisy_speech(folder / "in.wav", 60)
        with AudioReader(folder / "in.wav") as reader, AudioWriter(folder / "out.wav", reader.info) as writer:
            blocks = reader.blocks(frames * HOP)
            files: dict[str, Callable[[], object]] = {
                "reading a 16-bit WAV": lambda: next(blocks), "writing it": lambda: writer.write(block)
            }  # fmt: skip
            result |= cpu_us(files, frames)
    result["together"] = sum(result.values())
    return result


def operators(model: MaskModel, frames: int, folder: Path) -> list[tuple[str, int, float]]:
    """Kinds of operators with their number and the sum of their median microseconds a frame, largest first."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.enable_profiling, options.profile_file_prefix = True, str(folder / "ort")
    session = onnxruntime.InferenceSession(str(model.path), options, providers=["CPUExecutionProvider"])
    X = np.random.default_rng(0).standard_normal((1, frames, 513, 2)).astype(np.float32)
    outputs = ["mask_" + model.info.masks[0].replace("-", "_"), *(f"next_{name}" for name in model.initial_state())]
    for _ in range(max(9, 1024 // frames)):
        session.run(outputs, {"spectrum": X, **model.initial_state()})
    spent = collections.defaultdict(list)
    for event in json.loads(Path(session.end_profiling()).read_text()):
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            spent[event["args"]["op_name"], event["name"]].append(event["dur"])
    kinds: dict[str, list[float]] = collections.defaultdict(list)
    for (kind, _), durations in spent.items():
        kinds[kind].append(statistics.median(durations) / frames)
    return sorted(((kind, len(us), sum(us)) for kind, us in kinds.items()), key=lambda row: -row[2])


def tables(model: MaskModel) -> list[list[str]]:
    """Markdown tables."""
    with one_core(), tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        live, file = parts(model, LIVE, folder), parts(model, FILE, folder)
        kinds = {frames: operators(model, frames, folder) for frames in (LIVE, FILE)}
        sweep = [1, 2, 4, 8, 16, 32, 64, 128, MOST_FRAMES]
        run = {T: cpu_us({"": _runner(model, T)}, T)[""] for T in sweep}
    lines = [
        f"| CPU time a frame, µs | live, {LIVE} frame at once | share | file, {FILE} frames at once | share |",
        "|---|---|---|---|---|",
    ]
    for name in file:
        cells = [
            f"{spent[name]:.1f} | {spent[name] / spent['together']:.0%}" if name in spent else " | "
            for spent in (live, file)
        ]
        lines.append(f"| {name} | {cells[0]} | {cells[1]} |")
    many = {kind: us for kind, _, us in kinds[FILE]}
    ops = [
        f"| operators of the model | number | live, µs by the clock | file, {FILE} frames at once |",
        "|---|---|---|---|",
        *(f"| {kind} | {count} | {us:.0f} | {many.get(kind, 0):.1f} |" for kind, count, us in kinds[LIVE][:12]),
        f"| all | {sum(row[1] for row in kinds[LIVE])} | {sum(row[2] for row in kinds[LIVE]):.0f} "
        f"| {sum(many.values()):.1f} |",
    ]
    sizes = [
        "| frames at once | " + " | ".join(map(str, sweep)) + " |",
        "|---|" + "---|" * len(sweep),
        "| CPU µs of the model a frame | " + " | ".join(f"{run[T]:.0f}" for T in sweep) + " |",
    ]
    return [lines, ops, sizes]


def _runner(model: MaskModel, frames: int) -> Callable[[], object]:
    X = np.random.default_rng(0).standard_normal((frames, 513, 2)).astype(np.float32).view(np.complex64)[..., 0]
    state = model.initial_state()
    return lambda: model.run(X, state, model.info.masks[:1])


def main() -> None:
    """Measure and print."""
    model = MaskModel(*sys.argv[1:2])
    for part in tables(model):
        print("\n".join(part) + "\n")


if __name__ == "__main__":
    main()
