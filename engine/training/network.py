"""The network: one causal trunk, two heads.

Layout: time first, ``[T, N, …]`` (T frames, N examples), because the recurrences run over T and every other layer
treats T·N as its batch. Exported with N = 1, so no transposition of time remains in the graph.

    phase-converted, compressed bins below the seam ── 3 strided convolutions ──┐
    compressed magnitude above the seam ── auditory bands ── 1 convolution ─────┤
                                                     F tokens of C channels ◄───┘
    blocks: recurrence over time, shared by all tokens; then a dense exchange between the tokens of one frame
    tokens below the seam ── 3 transposed convolutions with skips ── 2 convolutions at full resolution, which also see
        each bin's ratio to its neighbours ── per bin: gate and filter coefficients (phase-aware); gate (real)
    tokens above the seam ── linear ── per auditory band: gain (phase-aware: softplus); gain (real: sigmoid)

The heads differ in their last layer and its nonlinearity only.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import masks
from ..stft import BINS, FRAME_LENGTH, HOP, SAMPLE_RATE
from .config import Network

__all__ = ["MaskNet", "State", "spectrum", "waveform"]

_TIME_KERNEL = 3  # frames seen by the first convolution: the current and two before
_STRIDE = 8  # bins per token below the seam: three convolutions of stride 2
_BANDS_PER_TOKEN = 4
_ABSOLUTE = 3  # Re, Im, magnitude
_RELATIVE = 4  # Re, Im of the phase against the previous frame, and against the bin below
# Frames and bins relative to the masked one that the complex head combines it with, as far as the look-ahead allows.
_NEIGHBOURS = [(-3, 0), (-2, 0)] + [(n, k) for n in (-1, 0, 1) for k in (-1, 0, 1) if (n, k) != (0, 0)]
_PAST = 3  # frames before the masked one among them
# Adam moves every output by about the learning rate a step. The ratios are heavy-tailed, so coefficients that jitter as
# much as a gate does cost more than they gain (0.15 dB at the training's learning rate, nothing after annealing).
_COEFFICIENT_SCALE = 0.1
# Products of complex numbers, whose parts are an axis of their own, as products and sums of tensors in another order
# and with other signs: a run of one frame costs by the number of its operators rather than by their size.
_ORDERS = {
    "conjugate": ([0, 1, 1, 0], [1.0, 1.0, 1.0, -1.0]),  # (a, b) to (a, b), (b, -a): Re and Im of (a + jb)(c - jd)
    "product": ([0, 1, 1, 0], [1.0, -1.0, 1.0, 1.0]),  # (a, b) to (a, -b), (b, a): Re and Im of (a + jb)(c + jd)
}


def sqrt_hann(device: torch.device) -> Tensor:
    """The engine's analysis and synthesis window."""
    return torch.sin(torch.pi * torch.arange(FRAME_LENGTH, device=device) / FRAME_LENGTH)


def spectrum(x: Tensor) -> Tensor:
    """Samples [N, L] to spectrum [T, N, 513, 2] with the engine's frame positions; L a multiple of 512."""
    padded = functional.pad(x, (HOP, HOP))
    X = torch.stft(padded, FRAME_LENGTH, HOP, window=sqrt_hann(x.device), center=False, return_complex=True)
    return torch.view_as_real(X.permute(2, 0, 1).contiguous())


def waveform(X: Tensor) -> Tensor:
    """Inverse of :func:`spectrum`: [T, N, 513, 2] to [N, (T-1)·512]."""
    frames = torch.fft.irfft(torch.view_as_complex(X.contiguous()), FRAME_LENGTH) * sqrt_hann(X.device)
    out = frames[1:, :, :HOP] + frames[:-1, :, HOP:]
    return out.transpose(0, 1).reshape(X.shape[1], -1)


class State(NamedTuple):
    """What a stream carries from call to call; all zeros at its start."""

    parity: Tensor
    """[1]: number of frames seen, modulo two (for the phase conversion)."""
    features: Tensor
    """[2, N, features, low bins]: the two latest feature frames."""
    neighbours: Tensor
    """[3 + lookahead, N, 2, low bins]: the latest phase-converted frames below the seam."""
    recurrent: Tensor
    """[blocks, N·F, C]."""


def _activation(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, 0.1)


class _Block(nn.Module):
    """Recurrence along time (weights shared by all tokens), then exchange along frequency."""

    def __init__(self, tokens: int, channels: int, mixing_channels: int) -> None:
        super().__init__()
        self.recurrence = nn.GRU(channels, channels)
        self.projection = nn.Linear(channels, channels)
        self.norm_time = nn.LayerNorm([tokens, channels])
        self.narrow = nn.Linear(channels, mixing_channels)
        self.exchange = nn.Linear(tokens * mixing_channels, tokens * mixing_channels)
        self.widen = nn.Linear(mixing_channels, channels)
        self.norm_frequency = nn.LayerNorm([tokens, channels])

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """[T·N, tokens, C] and state [1, N·tokens, C], to the same."""
        _, tokens, channels = x.shape
        # A recurrence of many small steps is faster in single precision than with a conversion in each step.
        with torch.autocast(x.device.type, enabled=False):
            y, h = self.recurrence(x.float().reshape(-1, h.shape[1], channels), h)
        x = x + self.norm_time(self.projection(y.reshape(-1, tokens, channels)))
        m = _activation(self.narrow(x.reshape(-1, channels))).reshape(-1, self.exchange.in_features)
        m = _activation(self.exchange(m)).reshape(-1, tokens, self.widen.in_features)
        return x + self.norm_frequency(self.widen(m)), h


class MaskNet(nn.Module):
    """Noisy spectrum to masks.

    ``mask[t]`` belongs to frame ``t - lookahead``: the first ``lookahead`` masks precede the stream.
    """

    def __init__(self, config: Network) -> None:
        super().__init__()
        self.config = config
        C, (c0, c1) = config.channels, config.encoder_channels
        seam_bin = config.seam_hz * FRAME_LENGTH / SAMPLE_RATE
        self.low_bins = round(seam_bin / _STRIDE) * _STRIDE
        self.low_tokens = self.low_bins // _STRIDE
        self.high_tokens = config.high_bands // _BANDS_PER_TOKEN
        self.tokens = self.low_tokens + self.high_tokens
        bands = masks.auditory_bands(self.low_bins - masks.SEAM_WIDTH, config.high_bands)
        self.register_buffer("band_mean", torch.tensor(bands / bands.sum(axis=0)), persistent=False)
        # The seam: the low head fades out over its last SEAM_WIDTH bins while the band gains, which are real, fade in.
        fade = torch.tensor(masks.seam_weights(self.low_bins))
        spread = torch.zeros(config.high_bands, 2, BINS)
        spread[:, 0, self.low_bins - masks.SEAM_WIDTH :] = torch.tensor(bands.T.copy())
        spread[:, 0] *= 1 - fade
        # M' = g + (1 - g) M for both masks, which nothing has to be computed for: 1 - g is in the weights that bands
        # and bins are spread with, and g the bias of their product.
        g = 10 ** (-config.reduction_db / 20)
        self.register_buffer("band_spread", (1 - g) * spread.flatten(1), persistent=False)
        self.register_buffer("floor", torch.tensor([g, 0.0]).repeat_interleave(BINS), persistent=False)
        self.register_buffer("fade", (1 - g) * fade[: self.low_bins], persistent=False)
        self.register_buffer("odd_bins", torch.arange(self.low_bins) % 2 * 1.0, persistent=False)
        for name, (order, signs) in _ORDERS.items():
            self.register_buffer(f"{name}_order", torch.tensor(order), persistent=False)
            self.register_buffer(f"{name}_signs", torch.tensor(signs).reshape(-1, 1), persistent=False)

        self.features = _ABSOLUTE + _RELATIVE * config.relative_phase
        self.encode0 = nn.Conv1d(self.features * _TIME_KERNEL, c0, 5, 2, 2)
        self.encode1 = nn.Conv1d(c0, c1, 3, 2, 1)
        self.encode2 = nn.Conv1d(c1, C, 3, 2, 1)
        self.encode_high = nn.Conv1d(1, C, _BANDS_PER_TOKEN, _BANDS_PER_TOKEN)
        self.position = nn.Parameter(torch.zeros(self.tokens, C))
        self.blocks = nn.ModuleList(_Block(self.tokens, C, config.mixing_channels) for _ in range(config.blocks))
        self.merge2 = nn.Conv1d(2 * C, C, 1)
        self.decode2 = nn.ConvTranspose1d(C, c1, 4, 2, 1)
        self.merge1 = nn.Conv1d(2 * c1, c1, 1)
        self.decode1 = nn.ConvTranspose1d(c1, c0, 4, 2, 1)
        self.merge0 = nn.Conv1d(2 * c0, c0, 1)
        self.decode0 = nn.ConvTranspose1d(c0, config.fine_channels, 4, 2, 1)
        self.neighbours = [(n, k) for n, k in _NEIGHBOURS if config.neighbours and n <= config.lookahead]
        count = len(self.neighbours)
        self.fine0 = nn.Conv1d(config.fine_channels + _TIME_KERNEL + 2 * count, config.fine_channels, 3, 1, 1)
        self.fine1 = nn.Conv1d(config.fine_channels, config.fine_channels, 3, 1, 1)
        self.low_heads = nn.ModuleDict()
        self.high_heads = nn.ModuleDict()
        for head in config.heads:
            outputs = 1 + 2 * (1 + count) if head == "phase-aware" else 1
            self.low_heads[head] = nn.Conv1d(config.fine_channels, outputs, 1)
            self.high_heads[head] = nn.Linear(C, _BANDS_PER_TOKEN)

    def zero_state(self, examples: int = 1) -> State:
        """The state at the start of ``examples`` streams."""
        like = self.position
        return State(
            like.new_zeros(1),
            like.new_zeros(_TIME_KERNEL - 1, examples, self.features, self.low_bins),
            like.new_zeros(_PAST + self.config.lookahead, examples, 2, self.low_bins),
            like.new_zeros(self.config.blocks, examples * self.tokens, self.config.channels),
        )

    def forward(self, X: Tensor, state: State) -> tuple[dict[str, Tensor], State]:
        """Noisy spectrum [T, N, 513, 2] to {head: mask [T, N, 513, 2]} and the state after it."""
        N, L = X.shape[1], self.low_bins
        X = X.transpose(2, 3)
        power = X.square().sum(2, keepdim=True) + 1e-12
        magnitude = power**0.15  # |X|^0.3
        low, parity = X[..., :L], state.parity
        if self.config.phase_conversion:
            odd = torch.fmod(torch.arange(1, X.shape[0] + 1, device=X.device) + parity, 2.0)
            parity = odd[-1:]
            low = low * (1 - 2 * odd.reshape(-1, 1, 1, 1) * self.odd_bins)  # (-1)^(k (n+1)): stft.convert_phase
        around = torch.cat([state.neighbours, low], 0)
        neighbours = around[-(_PAST + self.config.lookahead) :]
        frames = torch.cat([low * power[..., :L] ** -0.35, magnitude[..., :L]], 2)  # |X|^0.3 / |X|
        if self.config.relative_phase:
            frames = torch.cat([frames, self._relative_phase(frames, state.features[-1:, :, :_ABSOLUTE])], 2)
        frames = torch.cat([state.features, frames], 0)
        features = frames[-(_TIME_KERNEL - 1) :]
        stacked = torch.cat([frames[:-2], frames[1:-1], frames[2:]], 2).reshape(-1, _TIME_KERNEL * self.features, L)

        e0 = _activation(self.encode0(stacked))
        e1 = _activation(self.encode1(e0))
        e2 = _activation(self.encode2(e1))
        bands = magnitude[..., L - masks.SEAM_WIDTH :] @ self.band_mean
        high = self.encode_high(bands.reshape(-1, 1, self.config.high_bands))
        x = torch.cat([e2, high], 2).transpose(1, 2) + self.position
        recurrent = []
        for i, block in enumerate(self.blocks):
            x, h = block(x, state.recurrent[i : i + 1])
            recurrent.append(h)

        d, tokens_high = x.split([self.low_tokens, self.high_tokens], 1)
        d = self.decode2(_activation(self.merge2(torch.cat([d.transpose(1, 2), e2], 1))))
        d = self.decode1(_activation(self.merge1(torch.cat([d, e1], 1))))
        d = self.decode0(_activation(self.merge0(torch.cat([d, e0], 1))))
        local, ratios = [d, stacked[:, _ABSOLUTE - 1 :: self.features]], None
        if self.neighbours:
            ratios = self._ratios(around)
            bounded = ratios * (1 + ratios.square().sum(1, keepdim=True)).rsqrt()
            local.append(bounded.reshape(-1, 2 * len(self.neighbours), L))
        d = _activation(self.fine1(_activation(self.fine0(torch.cat(local, 1)))))
        out = {head: self._head(head, d, tokens_high, ratios).reshape(-1, N, BINS, 2) for head in self.config.heads}
        return out, State(parity, features, neighbours, torch.cat(recurrent))

    def _relative_phase(self, frames: Tensor, previous: Tensor) -> Tensor:
        """Phase against the frame before and against the bin below, [T, N, 3, bins] to [T, N, 4, bins].

        A mask does not change when the whole signal is turned or delayed; these features do not either, and products of
        neighbours are what convolutions cannot form themselves. X[n] conj(X[n-1]) is the instantaneous frequency,
        X[k] conj(X[k-1]) the group delay; both with the geometric mean of the two compressed magnitudes.
        """
        frames = torch.cat([previous, frames], 0)
        q = frames[:, :, :2] * frames[:, :, 2:].clamp(min=1e-2).rsqrt()
        now = q[1:]
        others = torch.cat([q[:-1], functional.pad(now[..., :-1], (1, 0))], 2)
        shape = (-1, now.shape[1], 2, 2, now.shape[3])
        terms = (now.index_select(2, self.conjugate_order) * self.conjugate_signs).reshape(shape)
        products = terms.unsqueeze(2) * others.reshape(shape).unsqueeze(3)
        return products.sum(4).reshape(-1, now.shape[1], _RELATIVE, now.shape[3])

    def _ratios(self, around: Tensor) -> Tensor:
        """Neighbours of each bin divided by the bin itself, [T+4, N, 2, bins] to [T·N, 2, neighbours, bins].

        Speech is more predictable than its phase in one bin: a harmonic goes on from frame to frame and fills three
        bins. The clean bin is therefore sought as a combination of the noisy bin and its neighbours, S = Σ C_i X_i,
        whose coefficients vary slowly, as in multi-frame filtering (J. Benesty and Y. Huang, "A single-channel noise
        reduction MVDR filter", ICASSP 2011; W. Mack and E. Habets, "Deep filtering", IEEE SPL 27, 2020). Divided by X
        this is a mask again, M = Σ C_i X_i / X, and unbounded: it is large where speech and noise cancel in X.
        """
        around = around.unsqueeze(3)
        padded = functional.pad(around, (1, 1))
        shifted = {-1: padded[..., :-2], 0: around, 1: padded[..., 2:]}

        def moved(n: int, k: int) -> Tensor:
            return shifted[k][_PAST + n : (n - self.config.lookahead) or None]

        centre = moved(0, 0)
        others = torch.cat([moved(n, k) for n, k in self.neighbours], 3)
        power = centre.square().sum(2, keepdim=True)
        # A hundredth of the neighbours' power bounds the ratios near 5; larger masks gain little (ceilings.py).
        floor = 1e-2 / len(self.neighbours) * others.square().sum((2, 3), keepdim=True) + 1e-12
        c, d = (centre / (power + floor)).split(1, 2)
        turned = others.index_select(2, self.conjugate_order[2:])
        signs = self.conjugate_signs[2:].reshape(2, 1, 1)
        return (others * c + turned * (d * signs)).flatten(0, 1)

    def _head(self, head: str, d: Tensor, tokens_high: Tensor, ratios: Tensor | None) -> Tensor:
        low = self.low_heads[head](d)
        high = self.high_heads[head](tokens_high).flatten(1)
        if head == "phase-aware":
            gain = functional.softplus(high)
            # A gate times unbounded linear coefficients: nought and one, which most bins need, are as easy to reach
            # as for the sigmoid of the real mask, and nothing limits magnitude or angle.
            count = 2 * len(self.neighbours)
            gate, combined, coefficients = low.split([1, 2, count], 1)
            if ratios is not None:
                factors = ratios.index_select(1, self.product_order) * self.product_signs.reshape(4, 1, 1)
                factors = factors.reshape(-1, 2, count, self.low_bins)
                combined = combined + (coefficients.unsqueeze(1) * factors).sum(2)
            one = torch.tensor([1.0, 0.0], device=low.device).reshape(2, 1)
            low = torch.sigmoid(gate) * (one + _COEFFICIENT_SCALE * combined)
            if self.config.clamp is not None:
                low = low * (self.config.clamp / low.norm(dim=1, keepdim=True).clamp(min=self.config.clamp))
                gain = gain.clamp(max=self.config.clamp)
        else:
            gain, low = torch.sigmoid(high), torch.sigmoid(low)
        low = functional.pad(low * self.fade, (0, BINS - self.low_bins, 0, 2 - low.shape[1]))
        rest = torch.addmm(self.floor, gain, self.band_spread).reshape(-1, 2, BINS)
        return (low + rest).transpose(1, 2).contiguous()


def apply_mask(mask: Tensor, X: Tensor) -> Tensor:
    """Complex product of mask and spectrum, both [..., 2]."""
    a, b = mask.unbind(-1)
    c, d = X.unbind(-1)
    return torch.stack([a * c - b * d, a * d + b * c], -1)
