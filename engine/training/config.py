"""Training configuration: one committed TOML file per model, read into frozen dataclasses."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Data", "Loss", "Network", "Optimizer", "TrainingConfig", "load_config"]


@dataclass(frozen=True, kw_only=True)
class Network:
    """Shape of the network. ``seam_hz``, ``phase_conversion``, ``clamp`` and ``heads`` are what the ablations vary."""

    channels: int = 48
    blocks: int = 3
    mixing_channels: int = 16
    encoder_channels: tuple[int, int] = (32, 40)
    fine_channels: int = 24
    """Channels at full frequency resolution, before the heads."""
    high_bands: int = 32
    seam_hz: float = 6000.0
    lookahead: int = 1
    """Frames after a frame that its masks are computed from. One is the trunk's own; the others are split among the
    blocks, each of which sees that many frames ahead of the one that it goes on with."""
    ahead: tuple[int, ...] = ()
    """How many of them each block sees; none: about as many each."""
    phase_conversion: bool = True
    relative_phase: bool = True
    """Phases relative to the neighbours in time and frequency as further features."""
    taps: tuple[int, ...] = (-4, -3, -2, -1, 1, 2)
    """Frames relative to the masked one that the complex head combines it with, those within the look-ahead; none: the
    frame alone."""
    bin_units: int = 16
    """Units of a small recurrence for each bin below ``bin_hz``, with weights shared by all; 0: none."""
    bin_hz: float = 3000.0
    level_seconds: float = 2.0
    """Features are relative to the level of about so long, so that quiet and loud recordings look alike."""
    clamp: float | None = None
    """Largest magnitude of the complex mask; None: unbounded."""
    heads: tuple[str, ...] = ("phase-aware", "real")

    @property
    def ahead_of_blocks(self) -> list[int]:
        """Frames of look-ahead of each block."""
        later = max(0, self.lookahead - 1)
        evenly = [later * (i + 1) // self.blocks - later * i // self.blocks for i in range(self.blocks)]
        ahead = list(self.ahead) or evenly
        if len(ahead) != self.blocks or sum(ahead) != later:
            raise ValueError(f"{ahead=} is not {self.blocks} numbers whose sum is {later}, {self.lookahead=} less one")
        return ahead


@dataclass(frozen=True, kw_only=True)
class Data:
    """Distribution of the training mixtures; see ``mixing.py`` for what each probability switches."""

    seconds: float = 3.0
    """Length of what one step sees of a mixture."""
    segments: int = 3
    """Steps that one mixture is seen in, one after the other: the network's state goes on from step to step. An odd
    number: the terms of the loss that take turns would else always meet the same of them."""
    carried: float = 0.67
    """Share of the states that go on; the others begin anew, as at the start of a recording."""
    snr_db: tuple[float, float] = (-5.0, 20.0)
    level_dbfs: tuple[float, float] = (-50.0, -8.0)
    clean_only: float = 0.06
    nearly_clean: float = 0.08
    """Share of the mixtures that lie above ``snr_db``, up to 50 dB."""
    noise_only: float = 0.05
    narrow_band_speech: float = 0.4
    low_pass: float = 0.3
    speech_eq: float = 0.5
    speech_speed: float = 0.5
    speech_room: float = 0.3
    babble: float = 0.2
    generated: float = 0.3
    dull_noise: float = 0.2
    rumble: float = 0.15
    """Share of the noises with something below 80 Hz beside them, up to 15 dB above them."""
    noise_speed: float = 0.9
    """Share of the recorded noises played at another speed, lest their tones be learnt by heart."""
    noise_sources: tuple[float, ...] = (0.55, 0.3, 0.15)


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Weights of the loss terms; see ``losses.py``.

    Where speech is lost, errors of the magnitude count ``1 + undershoot`` times and those of the complex spectrum ``1 +
    undershoot_complex`` times; above ``phase_to_hz``, from where magnitudes alone count, either ``1 +
    undershoot_above`` times.
    """

    exponent: float = 0.3
    magnitude: float = 70.0
    undershoot: float = 1.0
    undershoot_complex: float = 1.0
    undershoot_above: float = 0.0
    complex: float = 30.0
    phase_to_hz: float = 24_000.0
    sdr: float = 0.2
    perceptual: float = 0.5
    intelligibility: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """Constant learning rate after a warm-up; a separate annealing run lowers it to zero."""

    batch: int = 4
    learning_rate: float = 1.5e-3
    weight_decay: float = 1e-2
    warmup_steps: int = 300
    clip_norm: float = 1.0
    ema: float = 0.999


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """Everything that determines a training run, apart from the corpus itself."""

    name: str
    seed: int = 1
    hours: float = 100.0
    """Hours of audio to be seen at a constant learning rate."""
    anneal_hours: float = 8.0
    """Hours of audio over which :func:`loop.anneal` lowers the learning rate to zero."""
    network: Network = field(default_factory=Network)
    data: Data = field(default_factory=Data)
    loss: Loss = field(default_factory=Loss)
    optimizer: Optimizer = field(default_factory=Optimizer)


def _build(cls: type, table: dict[str, Any], where: str) -> Any:
    known = {f.name: f for f in dataclasses.fields(cls)}
    if unknown := sorted(set(table) - set(known)):
        raise ValueError(f"{where}: unknown key {unknown[0]!r}; known keys: {', '.join(known)}")
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    return cls(**values)


def load_config(path: str | Path) -> TrainingConfig:
    """Read a training configuration.

    Raises
    ------
    ValueError : the file has an unknown section or key; the message names it.
    """
    path = Path(path)
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    sections = {"network": Network, "data": Data, "loss": Loss, "optimizer": Optimizer}
    built = {
        key: _build(sections[key], value, f"{path.name} [{key}]") if key in sections else value
        for key, value in table.items()
    }
    built.setdefault("name", path.stem)
    config: TrainingConfig = _build(TrainingConfig, built, path.name)
    return config
