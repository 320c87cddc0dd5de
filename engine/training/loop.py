"""The training loop: resumable, with a moving average of the weights and a separate annealing run.

Mixtures are streams: each is seen in several steps, and the network's state goes on from one to the next, without its
gradient. So the network learns what it does after minutes, not only what it does after three seconds.
"""

from __future__ import annotations

import copy
import csv
import dataclasses
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ..stft import HOP, SAMPLE_RATE
from .config import Optimizer, TrainingConfig
from .corpus import Corpus
from .losses import enhancement_loss
from .mixing import Mixtures
from .network import MaskNet, State
from .processes import Processes
from .transform import apply_mask, spectrum, waveform
from .weights import weights_of

__all__ = ["Trainer", "load_network", "run"]

log = logging.getLogger(__name__)
_LOG_STEPS = 50


class _Streams(Dataset[Any]):
    """The mixtures that belong to one process, in order."""

    def __init__(self, mixtures: Mixtures, indices: list[int]) -> None:
        self.mixtures, self.indices = mixtures, indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, i: int) -> Any:
        return self.mixtures(self.indices[i])


def _one_thread(_: int) -> None:
    torch.set_num_threads(1)


class _Segment(NamedTuple):
    """What one step sees."""

    spectrum: Tensor
    """[T, N, 513, 2]: goes into the network."""
    late: Tensor
    """[T, N, 513, 2]: the frames that the masks belong to, the look-ahead earlier."""
    noisy: Tensor
    target: Tensor
    """[N, (T - 1)·512]: samples of these frames."""


def segments(noisy: Tensor, target: Tensor, count: int, lookahead: int) -> Iterator[_Segment]:
    """Cut streams [N, L] into ``count`` segments; of the first, what precedes the stream is silent."""
    X = spectrum(noisy)
    before = X.new_zeros(lookahead, *X.shape[1:])
    late = torch.cat([before, X])
    noisy, target = (torch.nn.functional.pad(x, (lookahead * HOP, 0)) for x in (noisy, target))
    T = X.shape[0] // count // 2 * 2  # even, as the phase conversion of all streams is in step
    for first in range(0, count * T, T):
        samples = slice(first * HOP, (first + T - 1) * HOP)
        yield _Segment(X[first : first + T], late[first : first + T], noisy[:, samples], target[:, samples])


class Trainer:
    """One training run in one folder: ``checkpoint.pt``, ``log.csv`` and, after annealing, ``annealed.pt``.

    Parameters
    ----------
    start : an ONNX file that was exported from such a network; a new run begins with its weights. Layers that it lacks
        begin as in a new network.
    processes : the group of processes that train together, each with ``batch`` streams of its own.
    """

    def __init__(
        self, config: TrainingConfig, corpus: Corpus, folder: str | Path, *,
        device: str = "cpu", workers: int = 1, start: str | Path | None = None, processes: Processes | None = None,
    ) -> None:  # fmt: skip
        self.config, self.folder, self.device, self.workers = config, Path(folder), torch.device(device), workers
        self.processes = processes or Processes()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.mixtures = Mixtures(corpus, config.data, config.seed)
        torch.manual_seed(config.seed)
        self.network = MaskNet(config.network).to(self.device)
        self.step = 0
        if start is not None:
            unused = self.network.load_state_dict(weights_of(start, self.network), strict=False).missing_keys
            log.info("starting from %s; new: %s", start, ", ".join(unused) or "nothing")
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        self.optimizers = _optimizers(self.network, config.optimizer)
        if (self.folder / "checkpoint.pt").exists():
            self._load(self.folder / "checkpoint.pt")

    @property
    def hours_per_step(self) -> float:
        """Hours of audio in one step."""
        data = self.config.data
        streams = self.config.optimizer.batch * self.processes.count
        return streams * self.mixtures.samples / data.segments / SAMPLE_RATE / 3600

    def train(self, *, checkpoint_minutes: float = 5.0) -> None:
        """Train at a constant learning rate until the configured hours have been seen."""
        last = self.step + max(0, round((self.config.hours - self.hours) / self.hours_per_step))
        warmup = self.config.optimizer.warmup_steps
        self._run(last, lambda step: min(1.0, (step + 1) / warmup), "checkpoint.pt", checkpoint_minutes)

    def anneal(self, *, checkpoint_minutes: float = 5.0) -> None:
        """From the latest checkpoint lower the learning rate to zero; writes ``annealed.pt``, keeps the checkpoint.

        A run that was cut off continues where it was.
        """
        path = self.folder / "annealing.pt"
        if path.exists():
            self._load(path)
            first = self._annealed_from
        else:
            first = self._annealed_from = self.step
        last = first + round(self.config.anneal_hours / self.hours_per_step)
        self._run(last, lambda step: max(0.0, (last - step) / (last - first)), path.name, checkpoint_minutes)
        if self.processes.first:
            path.replace(self.folder / "annealed.pt")

    _annealed_from = 0
    hours = 0.0
    """Hours of audio seen so far (not different audio: each mixture is made anew)."""

    def _run(self, last: int, rate: Callable[[int], float], name: str, checkpoint_minutes: float) -> None:
        saved = logged = time.monotonic()
        begun, first = time.monotonic(), self.step
        total, counted = 0.0, 0
        self.network.train()
        state: State = {}
        for segment, new in self._steps(last):
            state = self._carried(state, segment.spectrum.shape[1], new=new)
            loss, parts, state = self._loss(segment, state)
            if self._update(loss, rate(self.step)):
                total, counted = total + float(loss.detach()), counted + 1
            self.step += 1
            self.hours += self.hours_per_step
            now = time.monotonic()
            if (self.step % _LOG_STEPS == 0 or self.step == last) and self.processes.first:
                per_step = (now - begun) / (self.step - first)
                log.info(
                    "step %d/%d  %.2f h seen  loss %.3f (%s)  %.1f x real time  %.0f min left",
                    self.step, last, self.hours, total / max(1, counted), parts,
                    self.hours_per_step * 3600 / per_step, (last - self.step) * per_step / 60,
                )  # fmt: skip
                self._append_log(total / max(1, counted), now - logged)
                total, counted, logged = 0.0, 0, now
            if now - saved > checkpoint_minutes * 60:
                self._save(name)
                saved = now
        self._save(name)

    def _update(self, loss: Tensor, rate: float) -> bool:
        """One step of the optimizers and of the average; False if the gradient is not finite."""
        o = self.config.optimizer
        for group in (group for optimizer in self.optimizers for group in optimizer.param_groups):
            group["lr"] = o.learning_rate * rate
        self.network.zero_grad(set_to_none=True)
        loss.backward()
        weights = [p for p in self.network.parameters() if p.requires_grad]
        self.processes.average([p.grad for p in weights if p.grad is not None])
        norm = torch.nn.utils.clip_grad_norm_(weights, o.clip_norm)
        if not bool(torch.isfinite(norm)):
            log.warning("step %d: gradient is not finite, step passed over", self.step)
            return False
        for optimizer in self.optimizers:
            optimizer.step()
        keep = min(o.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.network.parameters()), 1 - keep)
        return True

    def _steps(self, last: int) -> Iterator[tuple[_Segment, bool]]:
        """The segments still to be seen, and whether their streams begin with them."""
        count, batch = self.config.data.segments, self.config.optimizer.batch
        streams = range(self.step // count, -(-last // count))
        groups = self.processes.count
        indices = [
            (stream * groups + self.processes.rank) * batch + i for stream in streams for i in range(batch)
        ]  # fmt: skip
        loader = DataLoader(_Streams(self.mixtures, indices), batch_size=batch, num_workers=self.workers,
                            worker_init_fn=_one_thread, prefetch_factor=4 if self.workers else None)  # fmt: skip
        for stream, (noisy, target) in zip(streams, loader, strict=True):
            whole = segments(noisy.to(self.device), target.to(self.device), count, self.config.network.lookahead)
            for i, segment in enumerate(whole):
                if self.step == stream * count + i and self.step < last:
                    yield segment, i == 0

    def _carried(self, state: State, streams: int, *, new: bool) -> State:
        """The state of the step before, detached, zero for the streams that begin anew."""
        fresh = self.network.zero_state(streams)
        if new or not state:
            return fresh
        chance = np.random.default_rng([self.config.seed, self.step, self.processes.rank]).random(streams)
        keep = torch.tensor(chance < self.config.data.carried, dtype=torch.float32, device=self.device)
        out = {"parity": fresh["parity"]}
        for name, value in state.items():
            if name != "parity":  # rows: streams, or some tokens of each
                rows = keep.repeat_interleave(value.shape[1] // streams)
                out[name] = value.detach().float() * rows.reshape(1, -1, *[1] * (value.ndim - 2))
        return out

    def _loss(self, segment: _Segment, state: State) -> tuple[Tensor, str, State]:
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            found, state = self.network(segment.spectrum, state)
        losses = {
            head: enhancement_loss(
                waveform(apply_mask(mask.float(), segment.late)), segment.target, segment.noisy, self.config.loss,
                step=self.step,
            )
            for head, mask in found.items()
        }  # fmt: skip
        parts = " ".join(f"{k} {float(v.detach()):.2f}" for k, v in losses.items())
        return torch.stack(list(losses.values())).sum(), parts, state

    def _append_log(self, loss: float, seconds: float) -> None:
        path = self.folder / "log.csv"
        new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as f:
            rows = csv.writer(f)
            if new:
                rows.writerow(["step", "hours", "loss", "seconds"])
            rows.writerow([self.step, f"{self.hours:.3f}", f"{loss:.4f}", f"{seconds:.1f}"])

    def _save(self, name: str) -> None:
        if not self.processes.first:
            return
        path = self.folder / name
        part = path.with_suffix(".part")
        torch.save(
            {
                "config": dataclasses.asdict(self.config), "step": self.step, "annealed_from": self._annealed_from,
                "hours": self.hours, "network": self.network.state_dict(), "average": self.average.state_dict(),
                "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            },
            part,
        )  # fmt: skip
        part.replace(path)

    def _load(self, path: Path) -> None:
        saved = torch.load(path, map_location=self.device, weights_only=True)
        if saved["config"]["network"] != dataclasses.asdict(self.config.network):
            raise ValueError(f"{path} was trained with other [network] settings; choose another folder")
        self.network.load_state_dict(saved["network"])
        self.average.load_state_dict(saved["average"])
        for optimizer, state in zip(self.optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        self.step, self._annealed_from, self.hours = saved["step"], saved["annealed_from"], saved["hours"]
        log.info("continuing from %s at step %d", path, self.step)


def run(
    processes: Processes, config: TrainingConfig, corpus: Corpus, folder: Path, settings: Mapping[str, Any]
) -> None:
    """Train, or finish (``anneal``), in one process of a group; the other settings are :class:`Trainer`'s."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    settings = dict(settings)
    anneal = settings.pop("anneal")
    trainer = Trainer(config, corpus, folder, processes=processes, **settings)
    if anneal:
        trainer.anneal()
    else:
        trainer.train()


def _optimizers(network: MaskNet, config: Optimizer) -> list[torch.optim.Optimizer]:
    """Muon for the matrices, AdamW for the rest, with the same learning rate.

    Muon (K. Jordan et al., 2024) orthogonalises each step of a matrix, here scaled to the size that AdamW's would have
    (J. Liu et al., "Muon is scalable for LLM training", 2025).
    """
    named = [(name, p) for name, p in network.named_parameters() if p.requires_grad]
    matrices = [p for name, p in named if p.ndim == 2 and name != "position"]
    kernels = [p for name, p in named if p.ndim > 2 or name == "position"]
    vectors = [p for _, p in named if p.ndim <= 1]
    rate, decay = config.learning_rate, config.weight_decay
    return [
        torch.optim.AdamW(
            [{"params": kernels, "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}],
            lr=rate, betas=(0.9, 0.98),
        ),
        torch.optim.Muon(matrices, lr=rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw"),
    ]  # fmt: skip


def load_network(path: str | Path, config: TrainingConfig) -> tuple[MaskNet, float]:
    """The averaged weights of a checkpoint as a network in evaluation mode, and the hours of audio it has seen."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    network = MaskNet(config.network)
    network.load_state_dict(saved["average"])
    return network.eval(), saved["hours"]
