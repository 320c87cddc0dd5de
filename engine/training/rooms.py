"""Room impulse responses of simulated rooms, beside the few that were measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyroomacoustics
import soundfile
from numpy.typing import NDArray

from .corpus import FULL_BAND

__all__ = ["simulated_room", "write_rooms"]

Samples = NDArray[np.float32]
_ONSET = FULL_BAND // 1000  # the direct sound arrives after 1 ms
_MOST_ORDER = 40


def simulated_room(rng: np.random.Generator) -> Samples:
    """The response between two points of a random shoebox room by image sources (J. Allen and D. Berkley, 1979).

    Rooms of 2.5 to 10 m, reverberation times of 0.15 to 0.9 s (absorption by Sabine's formula, falling with the
    frequency as the air's does), 0.3 m to 4 m between mouth and microphone; 48 kHz.
    """
    while True:
        size = rng.uniform([2.5, 2.5, 2.2], [10.0, 8.0, 4.0])
        try:
            absorption, order = pyroomacoustics.inverse_sabine(np.exp(rng.uniform(np.log(0.15), np.log(0.9))), size)
        except ValueError:  # so short a time is impossible in so large a room
            continue
        break
    room = pyroomacoustics.ShoeBox(
        size,
        fs=FULL_BAND,
        materials=pyroomacoustics.Material(absorption),
        max_order=min(order, _MOST_ORDER),
        air_absorption=True,
    )
    microphone = rng.uniform(0.4, size - 0.4)
    while True:
        towards = rng.standard_normal(3)
        mouth = microphone + towards / np.linalg.norm(towards) * np.exp(rng.uniform(np.log(0.3), np.log(4.0)))
        if (mouth > 0.2).all() and (mouth < size - 0.2).all():
            break
    room.add_source(mouth)
    room.add_microphone(microphone)
    room.compute_rir()
    response = np.asarray(room.rir[0][0])
    first = int(np.argmax(np.abs(response) > 0.3 * np.abs(response).max()))
    response = response[max(0, first - _ONSET) :]
    return (response / np.abs(response).max()).astype(np.float32)


def write_rooms(out: str | Path, *, count: int = 300, seed: int = 1) -> None:
    """Write ``count`` responses as FLAC; equal seeds give equal rooms."""
    folder = Path(out) / "simulated"
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        response = simulated_room(np.random.default_rng([seed, i]))
        soundfile.write(folder / f"{i:04}.flac", 0.9 * response, FULL_BAND, "PCM_24")
