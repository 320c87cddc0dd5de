"""Training runs on a tiny corpus: segments, states, weights, checkpoints, the commands one after the other."""

import csv

import pytest

torch = pytest.importorskip("torch", reason="needs the [train] extra")

from phaseaware.engine import MaskModel  # noqa: E402
from phaseaware.engine.training import __main__ as command  # noqa: E402
from phaseaware.engine.training import loop  # noqa: E402
from phaseaware.engine.training.config import load_config  # noqa: E402
from phaseaware.engine.training.export import export_network  # noqa: E402
from phaseaware.engine.training.loop import Trainer, segments  # noqa: E402
from phaseaware.engine.training.network import MaskNet  # noqa: E402
from phaseaware.engine.training.transform import spectrum, waveform  # noqa: E402

from tests.engine.training.helpers import METADATA  # noqa: E402


def test_train_resume_anneal_export_curve(corpus, tiny_config, tmp_path, pairs, capsys):
    """The commands of the page for outsiders, one after the other."""
    run = tmp_path / "run"
    common = [str(tiny_config), "--corpus", str(corpus.folder), "--folder", str(run), "--workers", "0"]
    command.main(["train", *common])
    steps = torch.load(run / "checkpoint.pt", weights_only=True)["step"]
    hours = load_config(tiny_config).hours
    tiny_config.write_text(tiny_config.read_text().replace(f"hours = {hours}", f"hours = {1.5 * hours}"))
    command.main(["train", *common])
    resumed = torch.load(run / "checkpoint.pt", weights_only=True)
    assert resumed["step"] == pytest.approx(1.5 * steps, abs=1)
    command.main(["train", *common, "--anneal"])
    annealed = torch.load(run / "annealed.pt", weights_only=True)
    assert annealed["step"] > resumed["step"]
    assert not any(torch.isnan(p).any() for p in annealed["average"].values())
    about = ["--version", "1", "--training-data", "formulas", "--licence", "CC0-1.0"]
    command.main(["export", str(tiny_config), str(run / "annealed.pt"), str(tmp_path / "tiny.onnx"), *about])
    assert MaskModel(tmp_path / "tiny.onnx").info.name == "tiny"

    pytest.importorskip("pesq")
    pytest.importorskip("pystoi")
    pytest.importorskip("speechmos")
    capsys.readouterr()
    command.main(["curve", str(tiny_config), str(pairs), str(run / "annealed.pt"), str(run / "checkpoint.pt")])
    curve = [line.split(" | ")[:2] for line in capsys.readouterr().out.splitlines()[2:]]
    seen = [f"| {1.5 * hours:.1f}", f"| {annealed['hours']:.1f}"]
    assert curve == [[hour, mask] for hour in seen for mask in ("phase-aware", "real")]


def test_same_seed_same_weights(corpus, tiny_config, tmp_path):
    run = ["train", str(tiny_config), "--corpus", str(corpus.folder), "--workers", "0"]
    weights = []
    for name in ("one", "two"):
        command.main([*run, "--folder", str(tmp_path / name)])
        weights.append(torch.load(tmp_path / name / "checkpoint.pt", weights_only=True)["network"])
    for key, value in weights[0].items():
        torch.testing.assert_close(value, weights[1][key], rtol=0, atol=0)


def test_the_log_has_the_mean_of_the_steps_summed(corpus, tiny_config, tmp_path, monkeypatch):
    """Whatever their number: a run of few steps, and one that goes on."""
    monkeypatch.setattr(loop, "enhancement_loss", lambda estimate, *_, **__: 1 + 0 * estimate.sum())
    trainer = Trainer(load_config(tiny_config), corpus, tmp_path)
    trainer.train()
    trainer.anneal()
    with (tmp_path / "log.csv").open(newline="") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    assert trainer.step % 50
    assert losses == pytest.approx([2.0] * len(losses))  # one of each head


def test_other_network_in_the_folder_is_refused(corpus, tiny_config, tmp_path):
    run = ["train", str(tiny_config), "--corpus", str(corpus.folder), "--workers", "0", "--folder", str(tmp_path / "r")]
    command.main(run)
    tiny_config.write_text(tiny_config.read_text().replace("channels = 8", "channels = 12"))
    with pytest.raises(ValueError, match="other \\[network\\] settings"):
        command.main(run)


def test_a_run_begins_with_a_files_weights(corpus, tiny_config, tmp_path):
    config = load_config(tiny_config)
    torch.manual_seed(12)
    network = MaskNet(config.network)
    export_network(network, tmp_path / "m.onnx", METADATA)
    trainer = Trainer(config, corpus, tmp_path / "run", workers=0, start=tmp_path / "m.onnx")
    for name, p in trainer.network.state_dict().items():
        torch.testing.assert_close(p, network.state_dict()[name])


def test_segments_are_the_stream_cut_and_late():
    torch.manual_seed(4)
    noisy, target = torch.randn(2, 2, 512 * 40)
    X = spectrum(noisy)
    for lookahead in (0, 3):
        first = 0
        for segment in segments(noisy, target, 3, lookahead):
            T = segment.spectrum.shape[0]
            torch.testing.assert_close(segment.spectrum, X[first : first + T])
            begin = (first - lookahead) * 512
            torch.testing.assert_close(waveform(segment.late)[:, -512:], segment.noisy[:, -512:], atol=1e-4, rtol=0)
            expected = target[:, max(0, begin) : begin + (T - 1) * 512]
            torch.testing.assert_close(segment.target[:, -expected.shape[1] :], expected)
            assert not segment.target[:, : -expected.shape[1]].any()
            first += T
        assert first == 36  # of 41 frames, an even number three times


def test_states_go_on_or_begin_anew(corpus, tiny_config, tmp_path):
    """Row by row: a stream's states are all kept or all zero, and keep no gradient."""
    trainer = Trainer(load_config(tiny_config), corpus, tmp_path / "run", workers=0)
    streams = 6
    X = torch.randn(10, streams, 513, 2)
    _, state = trainer.network(X, trainer.network.zero_state(streams))
    seen = set()
    for trainer.step in range(20):
        carried = trainer._carried(state, streams, new=False)
        for i in range(streams):
            kept = set()
            for name, value in carried.items():
                if name != "parity":
                    assert not value.requires_grad
                    before, after = (x.reshape(x.shape[0], streams, -1)[:, i] for x in (state[name], value))
                    kept.add("kept" if torch.equal(before, after) else "new" if not after.any() else "mixed")
            assert len(kept) == 1
            seen |= kept
    assert seen == {"kept", "new"}
    fresh = trainer._carried(state, streams, new=True)
    assert not any(value.any() for value in fresh.values())
