"""The engine's frames in PyTorch, and their gradients."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the [train] extra")

from phaseaware.engine import stft  # noqa: E402
from phaseaware.engine.training.transform import apply_mask, framed_spectrum, spectrum, waveform  # noqa: E402


def test_torch_frames_are_the_engines(rng):
    x = rng.standard_normal((2, 512 * 20)).astype(np.float32)
    X = spectrum(torch.from_numpy(x))
    np.testing.assert_allclose(torch.view_as_complex(X).permute(1, 0, 2).numpy(), stft(x), atol=2e-5)
    np.testing.assert_allclose(waveform(X).numpy(), x, atol=1e-5)


def test_apply_mask_is_complex_multiplication():
    torch.manual_seed(8)
    M, X = torch.randn(4, 5, 2), torch.randn(4, 5, 2)
    expected = torch.view_as_complex(M) * torch.view_as_complex(X)
    torch.testing.assert_close(torch.view_as_complex(apply_mask(M, X)), expected)


def test_framed_spectrum_has_the_gradient_of_pytorchs():
    torch.manual_seed(14)
    x = torch.randn(2, 1000, dtype=torch.double, requires_grad=True)
    window = torch.hann_window(64, dtype=torch.double)
    ours = framed_spectrum(x, window)
    theirs = torch.stft(x, 64, 32, window=window, center=False, return_complex=True).transpose(1, 2)
    torch.testing.assert_close(ours, theirs)
    gradients = [torch.autograd.grad(X.abs().pow(1.5).sum() + X.real.sum(), x)[0] for X in (ours, theirs)]
    torch.testing.assert_close(*gradients)
