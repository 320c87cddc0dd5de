"""A small network for tests; needs torch."""

from dataclasses import replace

import torch
from phaseaware.engine.training.config import Network
from phaseaware.engine.training.network import MaskNet

SMALL = Network(channels=8, blocks=2, mixing_channels=4, encoder_channels=(6, 8))
LOOKAHEADS = [0, 1, 2, 8]
METADATA = {"name": "small", "version": "0", "training_data": "none", "licence": "CC0-1.0"}


def small_network(**changes):
    torch.manual_seed(3)
    network = MaskNet(replace(SMALL, **changes)).eval()
    with torch.no_grad():  # large weights: differences must not drown in the gates
        for name, p in network.named_parameters():
            if not name.startswith("level."):
                p.copy_(1.5 * p if p.any() else 0.1 * torch.randn_like(p))
    return network
