"""The network: one causal trunk, two heads.

Layout: time first, ``[T, N, …]`` (T frames, N examples), because the recurrences run over T and every other layer
treats T·N as its batch. Exported with N = 1, so no transposition of time remains in the graph.

    level of the last seconds ── divides all features
    phase-converted, compressed bins below the seam ── 3 strided convolutions ──┐
    compressed magnitude above the seam ── auditory bands ── 1 convolution ─────┤
                                                     F tokens of C channels ◄───┘
    blocks: some frames of look-ahead; recurrence over time, shared by all tokens; dense exchange between the tokens of
        one frame
    tokens below the seam ── 3 transposed convolutions with skips, as late as the blocks ── 2 convolutions at full
        resolution, between them a small recurrence a bin; they also see each bin's ratio to its neighbours in time
        ── per bin: gate and filter coefficients (phase-aware); gate (real)
    tokens above the seam ── linear ── per auditory band: gain, the same for both masks

The masks differ in the last layer below the seam and its nonlinearity only.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import masks
from ..stft import BINS, FRAME_LENGTH, HOP, SAMPLE_RATE
from .config import Network
from .recurrence import Recurrence

__all__ = ["MaskNet", "State"]

State = dict[str, Tensor]
"""What a stream carries from call to call, by name; all zeros at its start."""

_TIME_KERNEL = 3  # frames seen by the first convolution: the current and two before
_STRIDE = 8  # bins per token below the seam: three convolutions of stride 2
_BANDS_PER_TOKEN = 4
_ABSOLUTE = 3  # Re, Im, magnitude
_RELATIVE = 4  # Re, Im of the phase against the previous frame, and against the bin below
# Adam moves every output by about the learning rate a step. The ratios are heavy-tailed: coefficients that jitter as
# much as a gate does cost 0.15 dB at the training's learning rate, and nothing after annealing.
_COEFFICIENT_SCALE = 0.1
# Mean over the bins of |X|^0.6 of speech and noise at -27 dBFS, to which the features are scaled, and what is added to
# it, so that silence stays silent: that of white noise at -110 dBFS.
_NORMAL_LEVEL, _LEAST_LEVEL = 0.15, 3e-3
# Products of complex numbers, whose parts are an axis of their own, as products and sums of tensors in another order
# and with other signs: a run of one frame costs by the number of its operators rather than by their size.
_ORDERS = {
    "conjugate": ([0, 1, 1, 0], [1.0, 1.0, 1.0, -1.0]),  # (a, b) to (a, b), (b, -a): Re and Im of (a + jb)(c - jd)
    "product": ([0, 1, 1, 0], [1.0, -1.0, 1.0, 1.0]),  # (a, b) to (a, -b), (b, a): Re and Im of (a + jb)(c + jd)
}


def _activation(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, 0.1)


def _delayed(x: Tensor, waiting: Tensor) -> tuple[Tensor, Tensor]:
    """[T, …] and the frames that wait [D, …] to the frames D earlier [T, …] and those that wait now."""
    both = torch.cat([waiting.to(x.dtype), x], 0)
    return both[: x.shape[0]], both[x.shape[0] :]


class _Block(nn.Module):
    """Look-ahead, recurrence along time (weights shared by all tokens), then exchange along frequency."""

    def __init__(self, tokens: int, channels: int, mixing_channels: int, ahead: int) -> None:
        super().__init__()
        self.ahead = ahead
        if ahead:
            self.future = nn.Linear(ahead * channels, channels, bias=False)
            nn.init.zeros_(self.future.weight)
        self.recurrence = Recurrence(channels, channels)
        self.projection = nn.Linear(channels, channels)
        self.norm_time = nn.LayerNorm([tokens, channels])
        self.narrow = nn.Linear(channels, mixing_channels)
        self.exchange = nn.Linear(tokens * mixing_channels, tokens * mixing_channels)
        self.widen = nn.Linear(mixing_channels, channels)
        self.norm_frequency = nn.LayerNorm([tokens, channels])

    def forward(self, x: Tensor, h: Tensor, waiting: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
        """[T, N, tokens, C], state [1, N·tokens, C] and frames that wait [ahead, N, tokens, C], to the same."""
        T, N, tokens, channels = x.shape
        if waiting is not None:
            frames = torch.cat([waiting.to(x.dtype), x], 0)
            later = torch.cat([frames[i : i + T] for i in range(1, self.ahead + 1)], 3)
            x, waiting = frames[:T] + self.future(later), frames[T:]
        x = x.reshape(T * N, tokens, channels)
        y, h = self.recurrence(x, h)
        x = x + self.norm_time(self.projection(y))
        m = _activation(self.narrow(x.reshape(-1, channels))).reshape(-1, self.exchange.in_features)
        m = _activation(self.exchange(m)).reshape(-1, tokens, self.widen.in_features)
        x = x + self.norm_frequency(self.widen(m))
        return x.reshape(T, N, tokens, channels), h, waiting


class _Encoded(NamedTuple):
    """What the decoder takes from the encoder, [T·N, channels, bins] each."""

    e0: Tensor
    e1: Tensor
    e2: Tensor
    magnitudes: Tensor


class MaskNet(nn.Module):
    """Noisy spectrum to masks.

    ``mask[t]`` belongs to frame ``t - lookahead``: the first ``lookahead`` masks precede the stream.
    """

    def __init__(self, config: Network) -> None:
        super().__init__()
        self.config = config
        C, (c0, c1), fine = config.channels, config.encoder_channels, config.fine_channels
        self.low_bins = round(config.seam_hz * FRAME_LENGTH / SAMPLE_RATE / _STRIDE) * _STRIDE
        self.low_tokens = self.low_bins // _STRIDE
        self.high_tokens = config.high_bands // _BANDS_PER_TOKEN
        self.tokens = self.low_tokens + self.high_tokens
        self.taps = [n for n in config.taps if n <= config.lookahead]
        self.past = max([-n for n in self.taps], default=0)
        self.ahead = config.ahead_of_blocks
        self._constants()

        self.features = _ABSOLUTE + _RELATIVE * config.relative_phase
        self.encode0 = nn.Conv1d(self.features * _TIME_KERNEL, c0, 5, 2, 2)
        self.encode1 = nn.Conv1d(c0, c1, 3, 2, 1)
        self.encode2 = nn.Conv1d(c1, C, 3, 2, 1)
        self.encode_high = nn.Conv1d(1, C, _BANDS_PER_TOKEN, _BANDS_PER_TOKEN)
        self.position = nn.Parameter(torch.zeros(self.tokens, C))
        self.blocks = nn.ModuleList(_Block(self.tokens, C, config.mixing_channels, ahead) for ahead in self.ahead)
        self.merge2 = nn.Conv1d(2 * C, C, 1)
        self.decode2 = nn.ConvTranspose1d(C, c1, 4, 2, 1)
        self.merge1 = nn.Conv1d(2 * c1, c1, 1)
        self.decode1 = nn.ConvTranspose1d(c1, c0, 4, 2, 1)
        self.merge0 = nn.Conv1d(2 * c0, c0, 1)
        self.decode0 = nn.ConvTranspose1d(c0, fine, 4, 2, 1)
        self.fine0 = nn.Conv1d(fine + _TIME_KERNEL + 2 * len(self.taps), fine, 3, 1, 1)
        self.bins = round(config.bin_hz * FRAME_LENGTH / SAMPLE_RATE) if config.bin_units else 0
        if self.bins:
            self.bin_recurrence = Recurrence(fine, config.bin_units)
            self.bin_projection = nn.Linear(config.bin_units, fine, bias=False)
            nn.init.zeros_(self.bin_projection.weight)
        self.fine1 = nn.Conv1d(fine, fine, 3, 1, 1)
        self.low_heads = nn.ModuleDict()
        for head in config.heads:
            outputs = 1 + 2 * (1 + len(self.taps)) if head == "phase-aware" else 1
            self.low_heads[head] = nn.Conv1d(fine, outputs, 1)
        self.high_head = nn.Linear(C, _BANDS_PER_TOKEN)

    def _constants(self) -> None:
        """Fixed tensors, which are not among the weights."""
        config = self.config

        def constant(name: str, values: Tensor) -> None:
            self.register_buffer(name, values, persistent=False)

        bands = masks.auditory_bands(self.low_bins - masks.SEAM_WIDTH, config.high_bands)
        constant("band_mean", torch.tensor(bands / bands.sum(axis=0)))
        # The seam: the low head fades out over its last SEAM_WIDTH bins while the band gains fade in.
        fade = torch.tensor(masks.seam_weights(self.low_bins))
        spread = torch.zeros(config.high_bands, BINS)
        spread[:, self.low_bins - masks.SEAM_WIDTH :] = torch.tensor(bands.T.copy())
        constant("band_spread", (1 - fade) * spread)
        constant("fade", fade[: self.low_bins])
        constant("odd_bins", torch.arange(self.low_bins) % 2 * 1.0)
        for name, (order, signs) in _ORDERS.items():
            constant(f"{name}_order", torch.tensor(order))
            constant(f"{name}_signs", torch.tensor(signs).reshape(-1, 1))
        # The running mean of the level and of one, which tells how much of it has been heard: a linear recurrence, as
        # neither is ever negative.
        kept = math.exp(-HOP / SAMPLE_RATE / config.level_seconds)
        self.level = nn.RNN(2, 2, nonlinearity="relu", bias=False).requires_grad_(False)
        for weight, value in ((self.level.weight_ih_l0, 1 - kept), (self.level.weight_hh_l0, kept)):
            weight.data = value * torch.eye(2)

    def zero_state(self, examples: int = 1) -> State:
        """The state at the start of ``examples`` streams. Their axis is the second, but for ``parity``."""
        new, N, C = self.position.new_zeros, examples, self.config.channels
        delay, (c0, c1) = sum(self.ahead), self.config.encoder_channels
        state = {
            "parity": new(1),  # number of frames seen, modulo two, for the phase conversion
            "level": new(1, N, 2),
            "features": new(_TIME_KERNEL - 1, N, self.features, self.low_bins),  # the latest frames
            "recurrent": new(self.config.blocks, N * self.tokens, C),
        }
        if self.taps:
            state["neighbours"] = new(self.past + self.config.lookahead, N, 2, self.low_bins)
        if self.bins:
            state["bins"] = new(1, N * self.bins, self.config.bin_units)
        if delay:
            channels = ((c0, 2), (c1, 4), (C, 8), (_TIME_KERNEL, 1))
            for name, (count, stride) in zip(_Encoded._fields, channels, strict=True):
                state[f"late_{name}"] = new(delay, N, count, self.low_bins // stride)
            state["ahead"] = new(delay, N, self.tokens, C)
        return state

    def forward(self, X: Tensor, state: State) -> tuple[dict[str, Tensor], State]:
        """Noisy spectrum [T, N, 513, 2] to {head: mask [T, N, 513, 2]} and the state after it."""
        T, N, L = X.shape[0], X.shape[1], self.low_bins
        after: State = {}
        X = X.transpose(2, 3)
        power = X.square().sum(2, keepdim=True) + 1e-12
        magnitude = power**0.15  # |X|^0.3
        scale, after["level"] = self._scale(magnitude, state["level"])
        low = X[..., :L]
        parity = state["parity"]
        if self.config.phase_conversion:
            odd = torch.fmod(torch.arange(1, T + 1, device=X.device) + parity, 2.0)
            parity = odd[-1:]
            low = low * (1 - 2 * odd.reshape(-1, 1, 1, 1) * self.odd_bins)  # (-1)^(k (n+1)): stft.convert_phase
        after["parity"] = parity
        magnitude = magnitude * scale
        frames = torch.cat([low * (power[..., :L] ** -0.35 * scale), magnitude[..., :L]], 2)  # |X|^0.3 / |X|
        if self.config.relative_phase:
            frames = torch.cat([frames, self._relative_phase(frames, state["features"][-1:, :, :_ABSOLUTE])], 2)
        frames = torch.cat([state["features"], frames], 0)
        after["features"] = frames[-(_TIME_KERNEL - 1) :]
        stacked = torch.cat([frames[:-2], frames[1:-1], frames[2:]], 2).reshape(T * N, -1, L)

        e0 = _activation(self.encode0(stacked))
        e1 = _activation(self.encode1(e0))
        e2 = _activation(self.encode2(e1))
        bands = magnitude[..., L - masks.SEAM_WIDTH :] @ self.band_mean
        high = self.encode_high(bands.reshape(T * N, 1, self.config.high_bands))
        tokens = torch.cat([e2, high], 2).transpose(1, 2) + self.position
        tokens = self._trunk(tokens.reshape(T, N, self.tokens, -1), state, after)
        encoded = _Encoded(e0, e1, e2, stacked[:, _ABSOLUTE - 1 :: self.features])
        d, tokens_high = tokens.split([self.low_tokens, self.high_tokens], 1)
        ratios = None
        if self.taps:
            around = torch.cat([state["neighbours"], low], 0)
            after["neighbours"] = around[T:]
            ratios = self._ratios(around)
        d = self._decode(d, self._late(encoded, N, state, after), ratios, state, after)
        gains = torch.sigmoid(self.high_head(tokens_high).flatten(1)) @ self.band_spread
        out = {head: self._mask(head, d, gains, ratios).reshape(T, N, BINS, 2) for head in self.config.heads}
        return out, after

    def _scale(self, magnitude: Tensor, heard: Tensor) -> tuple[Tensor, Tensor]:
        """Factor for the compressed features [T, N, 1, 1] and the state of the level after it."""
        with torch.no_grad(), torch.autocast(magnitude.device.type, enabled=False):
            level = magnitude.square().mean(3)
            both, heard = self.level(torch.cat([level, torch.ones_like(level)], 2), heard)
            level, much = both.split(1, 2)
            return (_NORMAL_LEVEL / (level / much + _LEAST_LEVEL)).sqrt().unsqueeze(3), heard

    def _trunk(self, x: Tensor, state: State, after: State) -> Tensor:
        """Tokens [T, N, tokens, C] to tokens [T·N, tokens, C], the frames of look-ahead late."""
        recurrent, waiting, first = [], [], 0
        for i, block in enumerate(self.blocks):
            waits = state["ahead"][first : first + block.ahead] if block.ahead else None
            x, h, waits = block(x, state["recurrent"][i : i + 1], waits)
            recurrent.append(h)
            if waits is not None:
                waiting.append(waits)
            first += block.ahead
        after["recurrent"] = torch.cat(recurrent)
        if waiting:
            after["ahead"] = torch.cat(waiting)
        return x.flatten(0, 1)

    def _late(self, encoded: _Encoded, examples: int, state: State, after: State) -> _Encoded:
        """The encoder's frames as late as the trunk's."""
        if not sum(self.ahead):
            return encoded
        late = []
        for name, x in zip(_Encoded._fields, encoded, strict=True):
            x, after[f"late_{name}"] = _delayed(x.reshape(-1, examples, *x.shape[1:]), state[f"late_{name}"])
            late.append(x.flatten(0, 1))
        return _Encoded(*late)

    def _decode(self, d: Tensor, encoded: _Encoded, ratios: Tensor | None, state: State, after: State) -> Tensor:
        """Tokens below the seam [T·N, tokens, C] to [T·N, fine channels, bins]."""
        d = self.decode2(_activation(self.merge2(torch.cat([d.transpose(1, 2), encoded.e2], 1))))
        d = self.decode1(_activation(self.merge1(torch.cat([d, encoded.e1], 1))))
        d = self.decode0(_activation(self.merge0(torch.cat([d, encoded.e0], 1))))
        local = [d, encoded.magnitudes.to(d.dtype)]
        if ratios is not None:
            bounded = ratios * (1 + ratios.square().sum(1, keepdim=True)).rsqrt()
            local.append(bounded.flatten(1, 2).to(d.dtype))
        d = _activation(self.fine0(torch.cat(local, 1)))
        if self.bins:
            kept, rest = d[..., : self.bins], d[..., self.bins :]
            y, after["bins"] = self.bin_recurrence(kept.transpose(1, 2), state["bins"])
            d = torch.cat([kept + self.bin_projection(y).transpose(1, 2), rest], 2)
        return _activation(self.fine1(d))

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
        """Each bin's neighbours in time divided by the bin, [past + lookahead + T, N, 2, bins] to [T·N, 2, taps, bins].

        Speech is more predictable than its phase in one frame: a harmonic goes on from frame to frame. The clean bin is
        therefore sought as a combination of the noisy bin and its neighbours in time, S = Σ C_i X_i,
        whose coefficients vary slowly, as in multi-frame filtering (J. Benesty and Y. Huang, "A single-channel noise
        reduction MVDR filter", ICASSP 2011; W. Mack and E. Habets, "Deep filtering", IEEE SPL 27, 2020). Divided by X
        this is a mask again, M = Σ C_i X_i / X, and unbounded: it is large where speech and noise cancel in X.
        """
        T = around.shape[0] - self.past - self.config.lookahead
        around = around.unsqueeze(3)
        centre = around[self.past : self.past + T]
        others = torch.cat([around[self.past + n : self.past + n + T] for n in self.taps], 3)
        power = centre.square().sum(2, keepdim=True)
        # A hundredth of the neighbours' power bounds the ratios near 5; larger masks gain little (ceilings.py).
        floor = 1e-2 / len(self.taps) * others.square().sum((2, 3), keepdim=True) + 1e-12
        c, d = (centre / (power + floor)).split(1, 2)
        turned = others.index_select(2, self.conjugate_order[2:])
        signs = self.conjugate_signs[2:].reshape(2, 1, 1)
        return (others * c + turned * (d * signs)).flatten(0, 1)

    def _mask(self, head: str, d: Tensor, gains: Tensor, ratios: Tensor | None) -> Tensor:
        low = self.low_heads[head](d)
        if head == "phase-aware":
            # A gate times unbounded linear coefficients: nought and one, which most bins need, are as easy to reach
            # as for the sigmoid of the real mask, and nothing limits magnitude or angle.
            count = 2 * len(self.taps)
            gate, combined, coefficients = low.split([1, 2, count], 1)
            if ratios is not None:
                factors = ratios.index_select(1, self.product_order) * self.product_signs.reshape(4, 1, 1)
                factors = factors.reshape(-1, 2, count, self.low_bins)
                combined = combined + (coefficients.unsqueeze(1) * factors).sum(2)
            one = torch.tensor([1.0, 0.0], device=low.device).reshape(2, 1)
            low = torch.sigmoid(gate) * (one + _COEFFICIENT_SCALE * combined)
            if self.config.clamp is not None:
                low = low * (self.config.clamp / low.norm(dim=1, keepdim=True).clamp(min=self.config.clamp))
        else:
            low = torch.sigmoid(low)
        low = functional.pad(low * self.fade, (0, BINS - self.low_bins, 0, 2 - low.shape[1]))
        rest = functional.pad(gains.unsqueeze(1), (0, 0, 0, 1))
        return (low + rest).transpose(1, 2).contiguous()
