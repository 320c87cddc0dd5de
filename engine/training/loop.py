"""The training loop: resumable, with a moving average of the weights and a separate annealing run."""

from __future__ import annotations

import copy
import csv
import dataclasses
import logging
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ..stft import SAMPLE_RATE
from .config import Optimizer, TrainingConfig
from .corpus import Corpus
from .losses import enhancement_loss
from .mixing import Mixer
from .network import MaskNet, apply_mask, spectrum, waveform

__all__ = ["Trainer", "load_network"]

log = logging.getLogger(__name__)
_LOG_STEPS = 50


class _Examples(Dataset[Any]):
    """Examples ``first`` to ``last`` of a mixer, in order."""

    def __init__(self, mixer: Mixer, first: int, last: int) -> None:
        self.mixer, self.first, self.last = mixer, first, last

    def __len__(self) -> int:
        return self.last - self.first

    def __getitem__(self, i: int) -> Any:
        if i >= len(self):
            raise IndexError(i)
        return self.mixer(self.first + i)


def _one_thread(_: int) -> None:
    torch.set_num_threads(1)


class Trainer:
    """One training run in one folder: ``checkpoint.pt``, ``log.csv`` and, after annealing, ``annealed.pt``."""

    def __init__(
        self, config: TrainingConfig, corpus: Corpus, folder: str | Path, *, device: str = "cpu", workers: int = 1
    ) -> None:
        self.config, self.folder, self.device, self.workers = config, Path(folder), torch.device(device), workers
        self.folder.mkdir(parents=True, exist_ok=True)
        self.mixer = Mixer(corpus, config.data, config.seed)
        torch.manual_seed(config.seed)
        # The finished model's limit is not trained with: a complex mask would learn to cancel what it leaves.
        unlimited = dataclasses.replace(config.network, reduction_db=math.inf)
        self.network = MaskNet(unlimited).to(self.device)
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        self.optimizers = _optimizers(self.network, config.optimizer)
        self.step = 0
        if (self.folder / "checkpoint.pt").exists():
            self._load(self.folder / "checkpoint.pt")

    @property
    def hours_per_step(self) -> float:
        """Hours of audio in one step."""
        return self.config.optimizer.batch * self.mixer.samples / SAMPLE_RATE / 3600

    @property
    def hours(self) -> float:
        """Hours of audio seen so far (not different audio: each step mixes anew)."""
        return self.step * self.hours_per_step

    def train(self, *, checkpoint_minutes: float = 5.0) -> None:
        """Train at a constant learning rate until the configured hours have been seen."""
        last = round(self.config.hours / self.hours_per_step)
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
        path.replace(self.folder / "annealed.pt")

    _annealed_from = 0

    def _run(self, last: int, rate: Callable[[int], float], name: str, checkpoint_minutes: float) -> None:
        o = self.config.optimizer
        saved = logged = time.monotonic()
        begun, first = time.monotonic(), self.step
        total = 0.0
        self.network.train()
        for noisy, target in self._batches(last):
            for group in (group for optimizer in self.optimizers for group in optimizer.param_groups):
                group["lr"] = o.learning_rate * rate(self.step)
            loss, parts = self._loss(noisy.to(self.device), target.to(self.device))
            self.network.zero_grad(set_to_none=True)
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), o.clip_norm)
            if not bool(torch.isfinite(norm)):
                log.warning("step %d: gradient is not finite, step passed over", self.step)
                self.step += 1
                continue
            for optimizer in self.optimizers:
                optimizer.step()
            self.step += 1
            keep = min(o.ema, (1 + self.step) / (10 + self.step))
            with torch.no_grad():
                torch._foreach_lerp_(list(self.average.parameters()), list(self.network.parameters()), 1 - keep)
            total += float(loss.detach())
            if self.step % _LOG_STEPS == 0 or self.step == last:
                now = time.monotonic()
                per_step = (now - begun) / (self.step - first)
                log.info(
                    "step %d/%d  %.2f h seen  loss %.3f (%s)  %.1f x real time  %.0f min left",
                    self.step, last, self.hours, total / _LOG_STEPS, parts,
                    self.hours_per_step * 3600 / per_step, (last - self.step) * per_step / 60,
                )  # fmt: skip
                self._append_log(total / _LOG_STEPS, float(norm), now - logged)
                total, logged = 0.0, now
            if time.monotonic() - saved > checkpoint_minutes * 60:
                self._save(name)
                saved = time.monotonic()
        self._save(name)

    def _batches(self, last: int) -> Iterator[tuple[Tensor, Tensor]]:
        batch = self.config.optimizer.batch
        examples = _Examples(self.mixer, self.step * batch, last * batch)
        loader = DataLoader(examples, batch_size=batch, num_workers=self.workers, worker_init_fn=_one_thread,
                            prefetch_factor=8 if self.workers else None)  # fmt: skip
        yield from loader

    def _loss(self, noisy: Tensor, target: Tensor) -> tuple[Tensor, str]:
        X = spectrum(noisy)
        L = self.config.network.lookahead
        padded = torch.cat([X, X.new_zeros(L, *X.shape[1:])])
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            found, _ = self.network(padded, self.network.zero_state(X.shape[1]))
        losses = {
            head: enhancement_loss(
                waveform(apply_mask(mask[L:].float(), X)), target, noisy, self.config.loss, step=self.step
            )
            for head, mask in found.items()
        }
        return torch.stack(list(losses.values())).sum(), " ".join(
            f"{k} {float(v.detach()):.2f}" for k, v in losses.items()
        )

    def _append_log(self, loss: float, norm: float, seconds: float) -> None:
        path = self.folder / "log.csv"
        new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as f:
            rows = csv.writer(f)
            if new:
                rows.writerow(["step", "hours", "loss", "gradient_norm", "seconds"])
            rows.writerow([self.step, f"{self.hours:.3f}", f"{loss:.4f}", f"{norm:.3f}", f"{seconds:.1f}"])

    def _save(self, name: str) -> None:
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
        if _trained(saved["config"]["network"]) != _trained(dataclasses.asdict(self.config.network)):
            raise ValueError(f"{path} was trained with other [network] settings; choose another folder")
        self.network.load_state_dict(saved["network"])
        self.average.load_state_dict(saved["average"])
        for optimizer, state in zip(self.optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        self.step, self._annealed_from = saved["step"], saved["annealed_from"]
        log.info("continuing from %s at step %d", path, self.step)


def _trained(network: dict[str, Any]) -> dict[str, Any]:
    """Settings of a network that its weights depend on."""
    return {key: value for key, value in network.items() if key != "reduction_db"}


def _optimizers(network: MaskNet, config: Optimizer) -> list[torch.optim.Optimizer]:
    """Muon for the matrices, AdamW for the rest, with the same learning rate.

    Muon (K. Jordan et al., 2024) orthogonalises each step of a matrix, here scaled to the size that AdamW's would have
    (J. Liu et al., "Muon is scalable for LLM training", 2025).
    """
    named = list(network.named_parameters())
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
