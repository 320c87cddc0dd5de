"""The compiled recurrence against PyTorch's."""

import pytest

torch = pytest.importorskip("torch", reason="needs the [train] extra")

from phaseaware.engine.training import recurrence  # noqa: E402


# Where gates are saturated, the gradient is a difference of numbers near one.
@pytest.mark.parametrize(("size", "atol"), [(1, 1e-4), (1e3, 1e-2)], ids=["ordinary", "saturated"])
@pytest.mark.parametrize(("units", "rows", "frames"), [(16, 7, 1), (5, 3, 40)])
def test_compiled_recurrence_is_pytorchs(units, rows, frames, size, atol):
    if recurrence._compiled() is None:
        pytest.skip("no C++ compiler")
    torch.manual_seed(13)
    layer = recurrence.Recurrence(4, units)
    x = (size * torch.randn(frames * rows, 4)).requires_grad_()
    h = torch.randn(1, rows, units, requires_grad=True)
    found = []
    for training in (True, False):
        layer.train(training).zero_grad()
        x.grad = h.grad = None
        y, last = layer(x, h)
        (y.sin().sum() + last.cos().sum()).backward()
        found.append([y, last, x.grad, h.grad, *(p.grad for p in layer.parameters())])
    for compiled, expected in zip(*found, strict=True):
        torch.testing.assert_close(compiled, expected, atol=atol, rtol=1e-4)
