"""Several processes that train one network: each on streams of its own, with the mean of their gradients."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed
import torch.multiprocessing
from torch import Tensor

__all__ = ["Processes", "together"]


@dataclass(frozen=True)
class Processes:
    """This process's place among those that train together; by default it is alone."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this one writes checkpoints and logs."""
        return self.rank == 0

    def average(self, gradients: list[Tensor]) -> None:
        """Replace the gradients by their mean over all processes."""
        if self.count == 1:
            return
        flat = torch.cat([g.flatten() for g in gradients])
        torch.distributed.all_reduce(flat)
        flat /= self.count
        for g, mean in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            g.copy_(mean.view_as(g))


def together(run: Callable[..., None], count: int, *arguments: Any) -> None:
    """Call ``run(processes, *arguments)`` in each of ``count`` processes of one group, with one thread each."""
    if count == 1:
        run(Processes(), *arguments)
        return
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    members = torch.multiprocessing.spawn(_member, (count, port, run, arguments), nprocs=count, join=False)
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        while not members.join():
            pass
    finally:
        signal.signal(signal.SIGTERM, before)
        for process in members.processes:  # else they would train on alone
            process.terminate()


def _member(rank: int, count: int, port: int, run: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    torch.set_num_threads(1)
    address = f"tcp://127.0.0.1:{port}"
    torch.distributed.init_process_group("gloo", init_method=address, rank=rank, world_size=count)
    try:
        run(Processes(rank, count), *arguments)
    finally:
        torch.distributed.destroy_process_group()
