"""The learned filterbank that the network is compared with."""

import pytest

torch = pytest.importorskip("torch", reason="needs the [train] extra")

from phaseaware.engine.training import __main__ as command  # noqa: E402
from phaseaware.engine.training.filterbank import FilterbankNet  # noqa: E402


def test_learned_filterbank_trains_and_does_not_give_the_signal_back(corpus, tiny_config, tmp_path, pairs, capsys):
    for module in ("pesq", "pystoi", "speechmos"):
        pytest.importorskip(module)
    where = ["--corpus", str(corpus.folder), "--folder", str(tmp_path / "f"), "--hours", "0.001"]
    command.main(["filterbank", str(tiny_config), str(pairs), *where])
    row = capsys.readouterr().out.splitlines()[-1].strip("| ").split(" | ")
    assert row[0].startswith("learned")
    assert float(row[-1]) > -60  # the engine's frames: below -120


@pytest.mark.parametrize("samples", [480, 1000, 4801])
def test_learned_filterbank_is_aligned(samples):
    torch.manual_seed(15)
    network = FilterbankNet().eval()
    x = torch.zeros(1, samples)
    x[0, samples // 2] = 1
    with torch.no_grad():
        y = network(x, masked=False)
    assert y.shape == x.shape
    heard = torch.nonzero(y[0])
    assert heard.min() >= samples // 2 - 96
    assert heard.max() <= samples // 2 + 96
