"""Frames with their masks, and the sound of each version that can be made of them.

The masks are those that :class:`separator.MaskStream` finds, or ideal ones (:func:`masks.ideal_mask`).
:class:`MaskSynthesis` is the one place where a mask is multiplied with a spectrum; the sums that follow
(A - B, removed) are :meth:`versions.Version.of`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .controls import Render
from .masks import shape_mask
from .stft import HOP, Synthesis

__all__ = ["Frames", "MaskSynthesis"]

Samples = NDArray[np.float32]
Spectrum = NDArray[np.complex64]


@dataclass(frozen=True)
class Frames:
    """Frames of the noisy signal and their masks.

    Attributes
    ----------
    spectrum : complex64, shape (channels, T, 513).
    masks : complex64 of shape (channels, T, 513) each, by name; (1, T, 513) where the channels share one.
    """

    spectrum: Spectrum
    masks: Mapping[str, Spectrum]

    def __len__(self) -> int:
        return self.spectrum.shape[1]

    def applied(self, renders: Iterable[Render]) -> list[Spectrum]:
        """The mask of each render as its settings leave it, in their order; may be the mask itself."""
        return [shape_mask(self.masks[render.mask], render) for render in renders]

    def from_frame(self, first: int) -> Frames:
        """Without those before ``first``."""
        return Frames(self.spectrum[:, first:], {name: M[:, first:] for name, M in self.masks.items()})


class MaskSynthesis:
    """A stream of masks times spectrum, back to samples: several versions side by side.

    As with :class:`stft.Synthesis`, the first frame returns 512 samples that lie before the stream.

    Parameters
    ----------
    versions : how many masks are applied to each frame.
    channels : number of channels.

    Examples
    --------
    >>> import numpy as np
    >>> from phaseaware.engine import Render, stft
    >>> noisy = np.ones((1, 1024), np.float32)
    >>> frames = Frames(stft(noisy), {"real": np.full((1, 3, 513), 0.5, np.complex64)})
    >>> half, dry = MaskSynthesis(2).process(
    ...     frames.spectrum, frames.applied([Render(mask="real"), Render(mask="real", mix=0)])
    ... )[:, 0, 512:]
    >>> print(f"{half.mean():.4f} {dry.mean():.4f}")
    0.5000 1.0000
    """

    def __init__(self, versions: int, channels: int = 1) -> None:
        self._syntheses = [Synthesis(channels) for _ in range(versions)]

    def process(self, spectrum: Spectrum, masks: Sequence[Spectrum]) -> Samples:
        """The next T frames of shape (channels, T, 513), each mask of that shape or (1, T, 513).

        Returns
        -------
        float32, shape (versions, channels, T·512).
        """
        channels, frames, _ = spectrum.shape
        made = np.empty((len(self._syntheses), channels, frames * HOP), np.float32)
        for version, M, synthesis in zip(made, masks, self._syntheses, strict=True):
            version[:] = synthesis.process(M * spectrum)
        return made
