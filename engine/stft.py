"""Frames: how samples become spectra and come back.

Mathematical conventions, used as names in the whole package:

========  =====================================================================
``N``     frame length, 1024 samples (21.3 ms at 48 kHz)
``H``     hop, 512 samples (10.7 ms)
``K``     bins per frame, N/2 + 1 = 513, spaced 46.875 Hz
``w``     periodic square-root Hann window, used for analysis and synthesis
``n, k``  frame index and bin index
``X``     spectrum, ``X[n, k] = Σ_m x[(n-1)H + m] w[m] exp(-2πjkm/N)``
========  =====================================================================

Frame ``n`` covers the samples ``[(n-1)H, (n+1)H)``, that is, a stream begins with H zeros.
As ``w²[m] + w²[m+H] = 1``, windowing twice and adding the overlapping halves gives back the samples
(weighted overlap-add; J. O. Smith, *Spectral Audio Signal Processing*, 2011, "Overlap-Add (OLA) STFT Processing").
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BINS",
    "FRAME_LENGTH",
    "HOP",
    "SAMPLE_RATE",
    "Analysis",
    "Synthesis",
    "bin_frequencies",
    "convert_phase",
    "frame_count",
    "istft",
    "stft",
    "window",
]

SAMPLE_RATE = 48_000
FRAME_LENGTH = 1024
HOP = 512
BINS = FRAME_LENGTH // 2 + 1

Samples = NDArray[np.float32]
Spectrum = NDArray[np.complex64]


def window() -> Samples:
    """Periodic square-root Hann window, float32 of shape ``(1024,)``: ``w[m] = sin(π m / N)``."""
    return np.sin(np.pi * np.arange(FRAME_LENGTH) / FRAME_LENGTH).astype(np.float32)


_WINDOW = window()


def bin_frequencies() -> NDArray[np.float64]:
    """Centre frequencies of the 513 bins in Hz."""
    return np.arange(BINS, dtype=np.float64) * (SAMPLE_RATE / FRAME_LENGTH)


def frame_count(samples: int) -> int:
    """Number of frames that cover ``samples`` samples so that each of them is reconstructed."""
    return -(-samples // HOP) + 1


def convert_phase(spectrum: Spectrum, *, first_frame: int = 0) -> Spectrum:
    """Refer each frame's phase to absolute time and to the window's centre.

    The phase of a steady tone in the raw transform turns by 2πfH from frame to frame and flips by π from bin to bin.
    Multiplying with ``exp(-2πjknH/N) exp(jπk)`` refers it to the bin's own oscillation and to the window's centre: what
    is left is the drift 2π(f - f_k)H, at most πH/N for the nearest bin and nothing at a bin centre (K. Yatabe et al.,
    "Representation of complex spectrogram via phase conversion", Acoust. Sci. & Tech. 40(3), 2019). With H = N/2
    both factors are signs, so the conversion is exact, costs nothing and is its own inverse:
    ``(-1)^(k n) (-1)^k = (-1)^(k (n+1))``.

    Parameters
    ----------
    spectrum : complex64, shape (..., T, 513)
    first_frame : index ``n`` of the first of the T frames; only its parity matters.

    Returns
    -------
    complex64, same shape; a new array.
    """
    converted = spectrum.copy()
    odd_sign_frames = slice(first_frame % 2, None, 2)  # n even: (-1)^(k (n+1)) = (-1)^k
    converted[..., odd_sign_frames, 1::2] *= -1
    return converted


class Analysis:
    """Streaming short-time Fourier transform of ``channels`` channels.

    Feed blocks of any length to :meth:`process`; each call returns the frames that have become complete.
    """

    def __init__(self, channels: int = 1) -> None:
        self.tail = np.zeros((channels, HOP), np.float32)

    def process(self, block: Samples) -> Spectrum:
        """Samples of shape (channels, n) in, complete frames of shape (channels, T, 513) out."""
        x = np.concatenate([self.tail, block], axis=1)
        frames = max(0, x.shape[1] // HOP - 1)
        self.tail = x[:, frames * HOP :]
        if frames == 0:
            return np.empty((x.shape[0], 0, BINS), np.complex64)
        # A frame is two hops. (numpy's sliding_window_view costs a live hop 10 times what this does.)
        hops = x[:, : (frames + 1) * HOP].reshape(len(x), frames + 1, HOP)
        windowed = np.empty((len(x), frames, FRAME_LENGTH), np.float32)
        np.multiply(hops[:, :-1], _WINDOW[:HOP], out=windowed[:, :, :HOP])
        np.multiply(hops[:, 1:], _WINDOW[HOP:], out=windowed[:, :, HOP:])
        # numpy transforms float32 in single precision; its annotations only know double.
        return np.fft.rfft(windowed).astype(np.complex64, copy=False)


class Synthesis:
    """Streaming inverse: windowed overlap-add of frames.

    The first frame returns H samples that lie before the start of the stream (see the module's frame positions);
    the caller drops them.
    """

    def __init__(self, channels: int = 1) -> None:
        self._overlap = np.zeros((channels, HOP), np.float32)

    def process(self, spectrum: Spectrum) -> Samples:
        """Frames of shape (channels, T, 513) in, samples of shape (channels, T·512) out."""
        channels, frames, _ = spectrum.shape
        if frames == 0:
            return np.empty((channels, 0), np.float32)
        pieces = np.fft.irfft(spectrum, FRAME_LENGTH, axis=-1).astype(np.float32, copy=False)
        pieces *= _WINDOW
        out = np.ascontiguousarray(pieces[:, :, :HOP])
        out[:, 0] += self._overlap
        out[:, 1:] += pieces[:, :-1, HOP:]
        self._overlap = pieces[:, -1, HOP:].copy()
        return out.reshape(channels, frames * HOP)


def stft(x: Samples) -> Spectrum:
    """Transform a whole signal at 48 kHz: real, shape (..., n), to complex64, shape (..., frame_count(n), 513).

    After the end come zeros.

    Examples
    --------
    >>> x = np.sin(2 * np.pi * 1500 / SAMPLE_RATE * np.arange(4800)).astype(np.float32)
    >>> X = stft(x)
    >>> X.shape, int(np.abs(X[5]).argmax() * SAMPLE_RATE / FRAME_LENGTH)
    ((11, 513), 1500)
    >>> np.allclose(istft(X, 4800), x, atol=1e-6)
    True
    """
    samples = x.shape[-1]
    flat = np.zeros((int(np.prod(x.shape[:-1], dtype=int)), frame_count(samples) * HOP), np.float32)
    flat[:, :samples] = x.reshape(len(flat), samples)
    spectrum = Analysis(len(flat)).process(flat)
    return spectrum.reshape(*x.shape[:-1], *spectrum.shape[1:])


def istft(spectrum: Spectrum, samples: int) -> Samples:
    """Inverse of :func:`stft`: complex64 of shape (..., T, 513) to float32 of shape (..., samples).

    Raises
    ------
    ValueError : the frames do not reach that far.

    Examples
    --------
    >>> istft(stft(np.ones(600, np.float32)), 2000)
    Traceback (most recent call last):
    ...
    ValueError: samples=2000 is more than 1024, as far as 3 frames reach
    """
    reach = (spectrum.shape[-2] - 1) * HOP
    if samples > reach:
        raise ValueError(f"{samples=} is more than {reach}, as far as {spectrum.shape[-2]} frames reach")
    lead = spectrum.shape[:-2]
    flat = spectrum.reshape(-1, *spectrum.shape[-2:])
    x = Synthesis(len(flat)).process(flat)[:, HOP : HOP + samples]
    return x.reshape(*lead, samples)
