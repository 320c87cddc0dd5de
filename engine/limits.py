"""What can be chosen, and from where to where: light to ask, as nothing else is loaded."""

from __future__ import annotations

from typing import Literal, get_args

__all__ = [
    "HIGHEST_RATE",
    "LINKS",
    "LOWEST_RATE",
    "MASK_NAMES",
    "MOST_CHANNELS",
    "OUTPUTS",
    "Link",
    "MaskName",
    "Output",
]

MaskName = Literal["phase-aware", "real"]
"""``phase-aware``: complex below 6 kHz, unbounded. ``real``: an ordinary gain from 0 to 1."""
MASK_NAMES: tuple[MaskName, ...] = get_args(MaskName)
Output = Literal["speech", "removed"]
OUTPUTS: tuple[Output, ...] = get_args(Output)
Link = Literal["auto", "channels", "stereo"]
"""``channels``: each channel has its own mask. ``stereo``: all share the mask of their mean (the mid; of one of
them where they cancel), which keeps the image where it is. ``auto``: ``stereo`` for exactly two channels, else
``channels``."""
LINKS: tuple[Link, ...] = get_args(Link)

LOWEST_RATE, HIGHEST_RATE = 8_000, 192_000
"""Sample rates in Hz."""
MOST_CHANNELS = 1024
"""As in libsndfile. Each channel has a state, so an array given as (samples, channels) would take all memory."""
