"""Figures of merit of an estimate against the clean reference."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np
import soxr
from numpy.typing import NDArray

from .runtime import onnxruntime
from .stft import SAMPLE_RATE

__all__ = [
    "Dnsmos", "band_pass", "dnsmos", "estoi", "frame_powers", "log_spectral_distance", "pesq_wb", "si_sdr",
    "spectral_distance",
]  # fmt: skip

Samples = NDArray[np.floating]
_FRAME, _FRAME_HOP = 2048, 512
_FRAMES_AT_ONCE = 64  # they stay in the processor's cache


def _same_length(estimate: Samples, reference: Samples) -> None:
    if estimate.ndim != 1 or estimate.shape != reference.shape:
        raise ValueError(f"{estimate.shape=} and {reference.shape=} are not one dimension of equal length")


def band_pass(x: Samples, low: float, high: float, sample_rate: float = SAMPLE_RATE) -> Samples:
    """Part of a signal of shape (n,) with low <= f < high in Hz, by an ideal (zero-phase, whole-signal) filter."""
    X = np.fft.rfft(x)
    f = np.fft.rfftfreq(len(x), 1 / sample_rate)
    X[(f < low) | (f >= high)] = 0
    return np.fft.irfft(X, len(x))


def si_sdr(
    estimate: Samples, reference: Samples, *, band: tuple[float, float] | None = None, sample_rate: float = SAMPLE_RATE
) -> float:
    """Scale-invariant signal-to-distortion ratio in dB (J. Le Roux et al., "SDR – half-baked or well done?", 2019).

    Parameters
    ----------
    estimate, reference : shape (n,).
    band : compare only what lies between these frequencies in Hz.

    Returns
    -------
    dB; inf for a perfect estimate, -inf for one without anything of the reference, nan where both are silent. An
    offset does not count.

    Raises
    ------
    ValueError : not one dimension of equal length.
    """
    _same_length(estimate, reference)
    if band is not None:
        estimate, reference = (band_pass(x, *band, sample_rate) for x in (estimate, reference))
    s, y = (x.astype(np.float64) - x.mean(dtype=np.float64) for x in (reference, estimate))
    energy = s @ s
    target = (y @ s / energy if energy > 0 else 0.0) * s
    noise = y - target
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(10 * np.log10(np.divide(target @ target, noise @ noise)))


def log_spectral_distance(
    estimate: Samples, reference: Samples, *, band: tuple[float, float] = (0, 6000), sample_rate: float = SAMPLE_RATE
) -> float:
    """Log-spectral distance in dB within a band in Hz.

    Mean over frames of the root mean square, over bins, of the difference of the power spectra in dB: 2048-point Hann
    frames (1025 bins), hop 512, floor 80 dB below the reference's largest bin.

    Raises
    ------
    ValueError : not one dimension of equal length, or fewer than 2048 samples.
    """
    _same_length(estimate, reference)
    return spectral_distance(frame_powers(estimate), frame_powers(reference), band=band, sample_rate=sample_rate)


def frame_powers(x: Samples) -> NDArray[np.float64]:
    """What :func:`log_spectral_distance` compares: power spectra, shape (T, 1025). Raises ValueError."""
    if len(x) < _FRAME:
        raise ValueError(f"{len(x)} samples are fewer than one frame of {_FRAME}")
    frames = np.lib.stride_tricks.sliding_window_view(x, _FRAME)[::_FRAME_HOP]
    w = np.hanning(_FRAME + 1)[:-1]
    powers = np.empty((len(frames), _FRAME // 2 + 1))
    for start in range(0, len(frames), _FRAMES_AT_ONCE):
        part = slice(start, start + _FRAMES_AT_ONCE)
        powers[part] = np.abs(np.fft.rfft(frames[part] * w)) ** 2
    return powers


def spectral_distance(
    estimate: NDArray[np.float64],
    reference: NDArray[np.float64],
    *,
    band: tuple[float, float] = (0, 6000),
    sample_rate: float = SAMPLE_RATE,
) -> float:
    """:func:`log_spectral_distance` of sounds whose :func:`frame_powers` are known, for several bands or estimates."""
    S, Y = reference, estimate
    floor = max(float(S.max()) * 1e-8, 1e-20)
    f = np.fft.rfftfreq(_FRAME, 1 / sample_rate)
    inside = (f >= band[0]) & (f < band[1])
    S, Y = (10 * np.log10(np.maximum(P[:, inside], floor)) for P in (S, Y))
    return float(np.mean(np.sqrt(np.mean((S - Y) ** 2, axis=1))))


def pesq_wb(estimate: Samples, reference: Samples, sample_rate: int = SAMPLE_RATE) -> float:
    """Wide-band PESQ (ITU-T P.862.2), 1 to 4.6, after conversion to 16 kHz by soxr. Needs the ``[eval]`` extra.

    Shapes (n,), sample rate in Hz.

    Raises
    ------
    ImportError : ``pesq`` is not installed.
    ValueError : PESQ finds no speech in the reference.
    """
    from pesq import PesqError, pesq

    s, y = (soxr.resample(x.astype(np.float64), sample_rate, 16_000) for x in (reference, estimate))
    try:
        return float(pesq(16_000, s, y, "wb"))
    except PesqError as error:
        raise ValueError(f"PESQ cannot judge this pair: {error}") from error


def estoi(estimate: Samples, reference: Samples, sample_rate: int = SAMPLE_RATE) -> float:
    """Extended short-time objective intelligibility, 0 to 1 (J. Jensen and C. Taal, 2016). Needs the ``[eval]`` extra.

    Shapes (n,), sample rate in Hz.

    Raises
    ------
    ImportError : ``pystoi`` is not installed.
    """
    from pystoi import stoi

    return float(stoi(reference, estimate, sample_rate, extended=True))


class Dnsmos(NamedTuple):
    """Predicted mean opinions of ITU-T P.835, 1 to 5: of the speech, the background, and overall."""

    sig: float
    bak: float
    ovrl: float


# Raw outputs to opinions: polynomials that come with the model, highest power first.
_DNSMOS_CURVES = (
    (-0.08397278, 1.22083953, 0.0052439),
    (-0.13166888, 1.60915514, -0.39604546),
    (-0.06766283, 1.11546468, 0.04602535),
)
_DNSMOS_RATE, _DNSMOS_SECONDS = 16_000, 9.01


@cache
def _dnsmos_session() -> onnxruntime.InferenceSession:
    # The package's own function imports librosa for another model (P.808), so only its file is used.
    model = resources.files("speechmos").joinpath("dnsmos_models", "sig_bak_ovr.onnx").read_bytes()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def dnsmos(estimate: Samples, sample_rate: int = SAMPLE_RATE) -> Dnsmos:
    """DNSMOS P.835 (C. Reddy et al., 2022), judged without a reference. Needs the ``[eval]`` extra.

    Converted to 16 kHz by soxr; mean over segments of 9.01 s, one a second; shorter sounds are repeated. As in the
    authors' script, the level is left as it is.

    Parameters
    ----------
    estimate : shape (n,), full scale 1.

    Raises
    ------
    ImportError : ``speechmos`` is not installed.
    ValueError : there are no samples.
    """
    if estimate.ndim != 1 or not len(estimate):
        raise ValueError(f"{estimate.shape=} is not one dimension of samples")
    session = _dnsmos_session()
    y = soxr.resample(estimate.astype(np.float32), sample_rate, _DNSMOS_RATE)
    size = int(_DNSMOS_SECONDS * _DNSMOS_RATE)
    while len(y) < size:
        y = np.concatenate([y, y])
    starts = range(0, (int(len(y) // _DNSMOS_RATE - _DNSMOS_SECONDS) + 1) * _DNSMOS_RATE, _DNSMOS_RATE)
    segments = [y[start : start + size] for start in starts if start + size <= len(y)]
    raw = [session.run(None, {"input_1": segment[None]})[0][0] for segment in segments]
    return Dnsmos(*(float(np.polyval(c, x).mean()) for c, x in zip(_DNSMOS_CURVES, np.transpose(raw), strict=True)))
