"""What is done to each file: streams of blocks, who is to blame for what they make, and the settings that decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine import MaskModel, Render
from phaseaware.engine.audio import file_digest
from phaseaware.engine.limits import Link
from phaseaware.engine.rates import AnyRateSeparator

__all__ = ["Samples", "Stream", "Treatment", "separating"]

Samples = NDArray[np.float32]


class Stream(Protocol):
    """What turns a file's blocks of shape (channels, n) into others of the same total length."""

    def process(self, block: Samples) -> Samples:
        """The next block; fewer samples may come out."""

    def flush(self) -> Samples:
        """The rest."""


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """What is done to each file.

    Attributes
    ----------
    stream : makes the stream of a file, from sample rate and channel count.
    maker : who makes the samples, for messages.
    settings : all that decides which samples come out, of the kinds that JSON has.
    only_cleans : the output is the sound less its noise, so that the difference of their levels is what was removed.
    """

    stream: Callable[[int, int], Stream]
    maker: str
    settings: Mapping[str, Any]
    only_cleans: bool = False


class _Separation:
    def __init__(self, separator: AnyRateSeparator) -> None:
        self._separator = separator

    def process(self, block: Samples) -> Samples:
        return self._separator.process(block)[0]

    def flush(self) -> Samples:
        return self._separator.flush()[0]


def separating(model: MaskModel, render: Render, link: Link) -> Treatment:
    """One version of the output, by a model alone."""
    return Treatment(
        stream=lambda rate, channels: _Separation(
            AnyRateSeparator(model, render, sample_rate=rate, channels=channels, link=link, warm=True)
        ),
        maker=f"the model {model.path.name}",
        settings={"model": file_digest(model.path), **asdict(render), "link": link},
        only_cleans=render.output == "speech",
    )
