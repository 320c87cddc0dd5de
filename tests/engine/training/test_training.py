"""Training end to end on a tiny corpus, and what the network must keep: causality, streaming, export parity."""

import csv
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from scipy import signal

torch = pytest.importorskip("torch", reason="needs the [train] extra")

from phaseaware.engine import MaskModel, stft  # noqa: E402
from phaseaware.engine.metrics import pesq_wb  # noqa: E402
from phaseaware.engine.stft import convert_phase  # noqa: E402
from phaseaware.engine.training import __main__ as command  # noqa: E402
from phaseaware.engine.training import noises, recurrence  # noqa: E402
from phaseaware.engine.training.augment import active_rms, rms, roll_off  # noqa: E402
from phaseaware.engine.training.config import Data, Loss, Network, load_config  # noqa: E402
from phaseaware.engine.training.corpus import Corpus, bandwidth  # noqa: E402
from phaseaware.engine.training.export import export_network  # noqa: E402
from phaseaware.engine.training.filterbank import FilterbankNet  # noqa: E402
from phaseaware.engine.training.loop import Trainer, segments  # noqa: E402
from phaseaware.engine.training.losses import enhancement_loss  # noqa: E402
from phaseaware.engine.training.mixing import Mixer  # noqa: E402
from phaseaware.engine.training.network import MaskNet  # noqa: E402
from phaseaware.engine.training.perceptual import disturbance  # noqa: E402
from phaseaware.engine.training.targets import cleaned, floor_db  # noqa: E402
from phaseaware.engine.training.transform import apply_mask, framed_spectrum, spectrum, waveform  # noqa: E402
from phaseaware.engine.training.voices import moved_apart, with_new_voices  # noqa: E402
from phaseaware.engine.training.weights import weights_of  # noqa: E402

from tests import fakes  # noqa: E402
from tests.signals import voice_like  # noqa: E402

SMALL = Network(channels=8, blocks=2, mixing_channels=4, encoder_channels=(6, 8))
LOOKAHEADS = [0, 1, 2, 8]
METADATA = {"name": "small", "version": "0", "training_data": "none", "licence": "CC0-1.0"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Two voices (one narrow-band), one noise, one room, prepared by the command."""
    folder = tmp_path_factory.mktemp("recordings")
    rng = np.random.default_rng(5)
    for path, rate, x in [
        ("speech/anna/1.wav", 48_000, voice_like(rng, 96_000)),
        ("speech/anna/2.flac", 44_100, voice_like(rng, 60_000, sample_rate=44_100)),
        ("speech/phone/1.wav", 16_000, voice_like(rng, 40_000, sample_rate=16_000)),
        ("noise/fan/1.wav", 48_000, (0.1 * rng.standard_normal((30_000, 2))).astype(np.float32)),
        ("rir/room/1.wav", 48_000, (np.exp(-np.arange(9000) / 1500) * rng.standard_normal(9000)).astype(np.float32)),
    ]:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / path, 0.5 * x / np.abs(x).max(), rate)
    out = folder / "corpus"
    kinds = [word for kind in ("speech", "noise", "rir") for word in (f"--{kind}", str(folder / kind))]
    command.main(["prepare", *kinds, "--out", str(out)])
    return Corpus(out)


def small_network(**changes):
    torch.manual_seed(3)
    network = MaskNet(replace(SMALL, **changes)).eval()
    with torch.no_grad():  # large weights: differences must not drown in the gates
        for name, p in network.named_parameters():
            if not name.startswith("level."):
                p.copy_(1.5 * p if p.any() else 0.1 * torch.randn_like(p))
    return network


@pytest.mark.parametrize("converts", [True, False])
@pytest.mark.parametrize("first", [1, 2, 7])
def test_the_network_hears_the_phases_that_the_engine_converts(first, converts):
    """In a stream too: its features of the latest frame point where `stft.convert_phase` turns that frame."""
    rng = np.random.default_rng(8)
    X = (rng.standard_normal((10, 513)) + 1j * rng.standard_normal((10, 513))).astype(np.complex64)
    network = small_network(phase_conversion=converts)
    state = network.zero_state()
    with torch.no_grad():
        for part in (X[:first], X[first : first + 2], X[first + 2 :]):
            _, state = network(torch.view_as_real(torch.tensor(part))[:, None], state)
    re, im = state["features"][-1, 0, :2].numpy()
    expected = (convert_phase(X) if converts else X)[-1, : len(re)]
    heard = re + 1j * im
    np.testing.assert_allclose(heard / np.abs(heard), expected / np.abs(expected), atol=1e-5)


@pytest.fixture(scope="module")
def network():
    return small_network()


def test_prepared_clips(corpus):
    kinds = sorted((c.kind, c.rate, c.who) for c in corpus.clips)
    assert kinds == [
        ("noise", 48_000, "fan"),
        ("rir", 48_000, "room"),
        ("speech", 16_000, "phone"),
        ("speech", 48_000, "anna"),
        ("speech", 48_000, "anna"),
    ]
    for clip in corpus.clips:
        x = corpus.read(clip)
        assert len(x) == clip.length
        assert 0.3 < np.abs(x).max() <= 1


def test_excluded_names_do_not_enter(tmp_path):
    x = voice_like(np.random.default_rng(1), 48_000)
    soundfile.write(tmp_path / "shard.wav", np.concatenate([x, x]), 48_000)
    for name, header, rows in [
        ("index.csv", "shard,start,length,kind,who", ["shard,0,48000,speech,ann", "shard,48000,48000,speech,bob"]),
        ("dev.csv", "speaker,noise", ["bob,rain"]),
    ]:
        (tmp_path / name).write_text("\n".join([header, *rows]))
    out = tmp_path / "corpus"
    arguments = ["--shards", str(tmp_path), "--exclude-from", str(tmp_path / "dev.csv"), "--out", str(out)]
    command.main(["prepare", *arguments])
    assert [c.who for c in Corpus(out).clips] == ["ann"]


def test_bandwidth_finds_the_encoders_low_pass(rng):
    x = rng.standard_normal(48_000).astype(np.float32)
    X = np.fft.rfft(x)
    X[12_000:] = 0
    assert bandwidth(np.fft.irfft(X).astype(np.float32), 48_000) == pytest.approx(12_000, abs=500)
    assert bandwidth(x, 48_000) == pytest.approx(24_000, abs=300)


def test_roll_off_falls_by_its_slope(rng):
    x = rng.standard_normal(96_000).astype(np.float32)
    frequencies, before = signal.welch(x, 48_000, nperseg=2048)
    _, after = signal.welch(roll_off(x, 500.0, 12.0, 48_000), 48_000, nperseg=2048)
    gain = 10 * np.log10(after / before)
    np.testing.assert_allclose(gain[(frequencies > 50) & (frequencies < 450)], 0, atol=0.1)
    for octaves in (1, 2, 4):
        np.testing.assert_allclose(gain[np.searchsorted(frequencies, 500 * 2**octaves)], -12 * octaves, atol=1)


def test_examples_depend_on_seed_and_index_only(corpus):
    a, b = Mixer(corpus, Data(), 1), Mixer(corpus, Data(), 1)
    for i in (3, 0, 3):
        np.testing.assert_array_equal(a(i), b(i))
    assert not np.array_equal(a(0), a(1))
    assert not np.array_equal(a(0), Mixer(corpus, Data(), 2)(0))


def test_examples_are_sound(corpus):
    mixer = Mixer(corpus, Data(seconds=1.0, segments=1, clean_only=0.2, noise_only=0.2), 1)
    examples = [mixer(i) for i in range(60)]
    assert all(np.isfinite(noisy).all() and np.isfinite(target).all() for noisy, target in examples)
    assert any(np.array_equal(noisy, target) for noisy, target in examples)
    assert any(not target.any() and noisy.any() for noisy, target in examples)
    levels = [20 * np.log10(np.sqrt(np.mean(noisy**2))) for noisy, _ in examples if noisy.any()]
    assert min(levels) < -40
    assert max(levels) > -20


@pytest.mark.parametrize(("nearly_clean", "lowest", "highest"), [(0.0, -5, 20), (1.0, 20, 50)])
def test_mixtures_have_the_ratios_asked_for(corpus, nearly_clean, lowest, highest):
    mixer = Mixer(corpus, Data(seconds=1.0, segments=1, clean_only=0.0, noise_only=0.0, nearly_clean=nearly_clean), 1)
    ratios = []
    for i in range(12):
        noisy, target = mixer(i)
        ratios.append(20 * np.log10(active_rms(target) / rms(noisy - target)))
    assert lowest - 0.1 < min(ratios) < max(ratios) < highest + 0.1
    assert max(ratios) - min(ratios) > 10


@pytest.mark.parametrize("generator", noises.GENERATORS, ids=lambda g: g.__name__)
def test_generated_noises(rng, generator):
    for samples in (48_000, 100_001):
        x = generator(rng, samples)
        assert x.shape == (samples,)
        assert np.isfinite(x).all()
        assert x.std() > 0


@pytest.mark.parametrize("seed", range(5))
def test_rumble_is_low(seed):
    x = noises.rumble(np.random.default_rng(seed), 96_000)
    power = np.abs(np.fft.rfft(x)) ** 2
    low = np.fft.rfftfreq(len(x), 1 / 48_000) < 160
    assert power[low].sum() > 0.9 * power.sum()


def test_torch_frames_are_the_engines(rng):
    x = rng.standard_normal((2, 512 * 20)).astype(np.float32)
    X = spectrum(torch.from_numpy(x))
    np.testing.assert_allclose(torch.view_as_complex(X).permute(1, 0, 2).numpy(), stft(x), atol=2e-5)
    np.testing.assert_allclose(waveform(X).numpy(), x, atol=1e-5)


@pytest.mark.parametrize("lookahead", LOOKAHEADS)
def test_network_is_causal(lookahead):
    """Frames after the one a mask belongs to, and its look-ahead, do not touch it; those before, and the last, do."""
    network = small_network(lookahead=lookahead)
    torch.manual_seed(1)
    X = torch.randn(30, 1, 513, 2)
    changed = X.clone()
    changed[12:] += 1
    with torch.no_grad():
        a, b = (network(x, network.zero_state())[0] for x in (X, changed))
    for head in a:
        torch.testing.assert_close(a[head][:12], b[head][:12])
        assert not torch.allclose(a[head][12], b[head][12])


@pytest.mark.parametrize("lookahead", LOOKAHEADS)
def test_masks_meet_the_frame_that_they_belong_to(lookahead):
    """A frame is seen by the decoder's skip connections and the taps when its own mask is made, not before or after."""
    network = small_network(lookahead=lookahead, taps=())
    with torch.no_grad():  # without the trunk
        for name, p in network.named_parameters():
            if name.startswith("blocks"):
                p.zero_()
        X = torch.zeros(30, 1, 513, 2)
        before, _ = network(X, network.zero_state())
        X[5] = torch.randn(1, 513, 2)
        after, _ = network(X, network.zero_state())
    moved = (after["real"] - before["real"]).abs()[:, 0, : network.low_bins, 0].amax(1)
    touched = [int(t) for t in torch.nonzero(moved > 1e-4)]
    late = max(0, lookahead - 1)  # the trunk's own frame of look-ahead is among those of the first convolution
    assert touched[0] == 5 + late
    assert 5 + lookahead in touched


@pytest.mark.parametrize("lookahead", LOOKAHEADS)
def test_stream_in_pieces_is_the_stream(lookahead):
    network = small_network(lookahead=lookahead)
    torch.manual_seed(9)
    X = torch.randn(40, 2, 513, 2)
    with torch.no_grad():
        whole, last = network(X, network.zero_state(2))
        state, parts = network.zero_state(2), []
        for piece in X.split([1, 2, 17, 20]):
            masks, state = network(piece, state)
            parts.append(masks)
    for head, expected in whole.items():
        torch.testing.assert_close(torch.cat([p[head] for p in parts]), expected, atol=1e-5, rtol=1e-4)
    for name, expected in last.items():
        torch.testing.assert_close(state[name], expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("gain_db", [-40, -20, 20])
def test_level_does_not_matter(network, gain_db):
    """Quiet and loud recordings get the same masks, to what silence is told from."""
    torch.manual_seed(11)
    X = 0.3 * torch.randn(60, 1, 513, 2)
    with torch.no_grad():
        a, _ = network(X, network.zero_state())
        b, _ = network(X * 10 ** (gain_db / 20), network.zero_state())
    torch.testing.assert_close(a["real"], b["real"], atol=0.05, rtol=0)


def test_examples_of_a_batch_do_not_mix(network):
    torch.manual_seed(2)
    X = torch.randn(10, 3, 513, 2)
    with torch.no_grad():
        together, _ = network(X, network.zero_state(3))
        alone, _ = network(X[:, 1:2], network.zero_state())
    for head in together:
        torch.testing.assert_close(together[head][:, 1:2], alone[head], atol=1e-5, rtol=1e-4)


def test_masks_keep_their_kind(network):
    """Phase-aware: complex below the seam; real: in [0, 1] everywhere; above the seam both are the same gain."""
    torch.manual_seed(4)
    with torch.no_grad():
        masks, _ = network(torch.randn(50, 1, 513, 2) * 10, network.zero_state())
    assert masks["phase-aware"][:, :, : network.low_bins, 1].abs().max() > 1e-3
    assert not masks["phase-aware"][:, :, network.low_bins :, 1].any()
    real = masks["real"]
    torch.testing.assert_close(masks["phase-aware"][:, :, network.low_bins :], real[:, :, network.low_bins :])
    assert not real[..., 1].any()
    assert real[..., 0].min() >= 0
    assert real[..., 0].max() <= 1


def test_clamp_bounds_the_magnitude():
    torch.manual_seed(5)
    network = MaskNet(Network(**{**vars(SMALL), "clamp": 1.0})).eval()
    with torch.no_grad():
        network.low_heads["phase-aware"].weight.mul_(50)
        masks, _ = network(torch.randn(30, 1, 513, 2) * 10, network.zero_state())
    assert masks["phase-aware"].norm(dim=-1).max() <= 1 + 1e-5


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"phase_conversion": False},
        {"relative_phase": False},
        {"taps": ()},
        {"bin_units": 0},
        {"lookahead": 0},
        {"lookahead": 4},
        {"lookahead": 8},
        {"seam_hz": 4000.0},
        {"heads": ("real",)},
    ],
)
def test_export_equals_torch_per_frame(tmp_path, rng, change):
    torch.manual_seed(6)
    network = small_network(**change)
    export_network(network, tmp_path / "m.onnx", METADATA)
    model = MaskModel(tmp_path / "m.onnx")
    X = stft(0.1 * rng.standard_normal(30_000).astype(np.float32))
    with torch.no_grad():
        expected, _ = network(torch.view_as_real(torch.from_numpy(X))[:, None], network.zero_state())
    state, parts = model.initial_state(), []
    for cut in np.split(X, [1, 2, 5, 30]):
        masks, state = model.run(cut, state, network.config.heads)
        parts.append(masks)
    for head, mask in expected.items():
        streamed = np.concatenate([p[head] for p in parts])
        np.testing.assert_allclose(streamed, torch.view_as_complex(mask)[:, 0].numpy(), atol=1e-4)


@pytest.mark.parametrize("step", range(4))
def test_loss_orders_estimates(step):
    """Perfect < slightly noisy < noisy, and less than the speech costs as more than it does."""
    rng = np.random.default_rng(7)
    s = torch.from_numpy(voice_like(rng, 24_000)[None])
    v = 0.05 * torch.randn(1, 24_000, generator=torch.Generator().manual_seed(1))
    loss = [float(enhancement_loss(s + g * v, s, s + v, Loss(), step=step)) for g in (0.0, 0.1, 1.0)]
    assert loss == sorted(loss)
    quiet, loud, right = (float(enhancement_loss(g * s, s, s + v, Loss(), step=step)) for g in (0.7, 1.4, 1.0))
    assert right < min(quiet, loud)
    scaled = float(enhancement_loss(0.01 * (s + 0.1 * v), 0.01 * s, 0.01 * (s + v), Loss(), step=step))
    assert scaled == pytest.approx(loss[1], rel=1e-2)


def test_loss_counts_lost_speech_more_than_noise_left():
    """Of two errors with the same compressed distance."""
    rng = np.random.default_rng(4)
    s = torch.from_numpy(voice_like(rng, 24_000))[None]
    less, more = ((1 + d) ** (1 / 0.3) * s for d in (-0.1, 0.1))
    only = {"complex": 0.0, "sdr": 0.0, "perceptual": 0.0}
    evenly = [float(enhancement_loss(y, s, s, Loss(undershoot=0.0, **only))) for y in (less, more)]
    assert evenly[0] == pytest.approx(evenly[1], rel=1e-3)
    assert float(enhancement_loss(less, s, s, Loss(undershoot=2.0, **only))) == pytest.approx(3 * evenly[0], rel=1e-3)
    assert float(enhancement_loss(more, s, s, Loss(undershoot=2.0, **only))) == pytest.approx(evenly[1], rel=1e-3)


@pytest.mark.parametrize("step", range(4))
def test_loss_has_gradients_for_silence_and_clean(step):
    for target in (torch.zeros(2, 12_000), torch.rand(2, 12_000)):
        noisy = torch.rand(2, 12_000)
        y = (0.5 * noisy).requires_grad_()
        enhancement_loss(y, target, noisy, Loss(), step=step).backward()
        assert torch.isfinite(y.grad).all()
        assert y.grad.abs().sum() > 0


@pytest.mark.parametrize("noise", [0.02, 0.1, 0.5])
@pytest.mark.parametrize("kind", ["white", "dull", "lost"])
def test_disturbance_is_pesqs(noise, kind):
    """Within 0.15 of the score of the pesq package, for added noise and for lost bands; the level does not matter."""
    pytest.importorskip("pesq", reason="needs the [eval] extra")
    rng = np.random.default_rng(8)
    speech = voice_like(rng, 4 * 48_000)
    white = np.float32(noise * speech.std()) * rng.standard_normal(len(speech)).astype(np.float32)
    dull = signal.lfilter([0.05], [1, -0.95], white).astype(np.float32) * 3
    faded = signal.lfilter(*signal.butter(2, 4000 * (1 - noise), fs=48_000), speech).astype(np.float32)
    estimate = {"white": speech + white, "dull": speech + dull, "lost": faded}[kind]
    raw = 4.5 - float(disturbance(0.1 * torch.from_numpy(estimate)[None], torch.from_numpy(speech)[None]))
    mapped = 0.999 + 4 / (1 + np.exp(3.8224 - 1.3669 * raw))  # P.862.2
    assert mapped == pytest.approx(pesq_wb(estimate, speech, 48_000), abs=0.15)


def test_apply_mask_is_complex_multiplication():
    torch.manual_seed(8)
    M, X = torch.randn(4, 5, 2), torch.randn(4, 5, 2)
    expected = torch.view_as_complex(M) * torch.view_as_complex(X)
    torch.testing.assert_close(torch.view_as_complex(apply_mask(M, X)), expected)


@pytest.fixture
def tiny_config(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(
        "hours = 0.002\nanneal_hours = 0.001\n"
        "[network]\nchannels = 8\nblocks = 1\nmixing_channels = 4\nencoder_channels = [4, 8]\n"
        "[data]\nseconds = 0.3\nsegments = 2\n[optimizer]\nbatch = 2\nwarmup_steps = 2\n"
    )
    return path


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


def test_ablation_keeps_what_it_trained(corpus, tiny_config, tmp_path, pairs, capsys):
    """A second call trains nothing anew and prints the same table; a single mask has no difference to show."""
    for module in ("pesq", "pystoi", "speechmos"):
        pytest.importorskip(module)
    ablate = ["ablate", str(tiny_config), str(pairs), "--corpus", str(corpus.folder), "--folder", str(tmp_path / "a"),
              "--workers", "0", "--hours", "0.001", "--anneal-hours", "0.001"]  # fmt: skip
    with pytest.raises(SystemExit, match="unknown variant 'nonsense'; known: as-shipped, "):
        command.main([*ablate, "--only", "nonsense"])
    tables, written = [], []
    for _ in range(2):
        capsys.readouterr()
        command.main([*ablate, "--only", "as-shipped", "real-alone"])
        tables.append([line for line in capsys.readouterr().out.splitlines() if line.startswith("|")])
        written.append((tmp_path / "a/real-alone/annealed.pt").stat().st_mtime_ns)
    assert tables[0] == tables[1]
    assert written[0] == written[1]
    assert [line.split(" | ")[:2] for line in tables[0][2:]] == [
        ["| as-shipped", "phase-aware"], ["| as-shipped", "real"], ["| real-alone", "real"]
    ]  # fmt: skip
    assert ", p = " in tables[0][2]
    assert ", p = " not in "".join(tables[0][3:])


def test_same_seed_same_weights(corpus, tiny_config, tmp_path):
    weights = []
    for name in ("one", "two"):
        command.main(
            [
                "train",
                str(tiny_config),
                "--corpus",
                str(corpus.folder),
                "--folder",
                str(tmp_path / name),
                "--workers",
                "0",
            ]
        )
        weights.append(torch.load(tmp_path / name / "checkpoint.pt", weights_only=True)["network"])
    for key, value in weights[0].items():
        torch.testing.assert_close(value, weights[1][key], rtol=0, atol=0)


def test_other_network_in_the_folder_is_refused(corpus, tiny_config, tmp_path):
    arguments = [
        "train",
        str(tiny_config),
        "--corpus",
        str(corpus.folder),
        "--folder",
        str(tmp_path / "r"),
        "--workers",
        "0",
    ]
    command.main(arguments)
    tiny_config.write_text(tiny_config.read_text().replace("channels = 8", "channels = 12"))
    with pytest.raises(ValueError, match="other \\[network\\] settings"):
        command.main(arguments)


def test_config_names_unknown_keys(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text("[network]\nchanels = 3\n")
    with pytest.raises(ValueError, match=r"c\.toml \[network\]: unknown key 'chanels'"):
        load_config(path)


def test_missing_corpus_says_how_to_make_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="prepare"):
        Corpus(tmp_path)


@pytest.mark.parametrize("lookahead", LOOKAHEADS)
def test_weights_come_back_out_of_the_exported_file(tmp_path, lookahead):
    network = small_network(lookahead=lookahead)
    export_network(network, tmp_path / "m.onnx", METADATA)
    found = weights_of(tmp_path / "m.onnx", network)
    for name, expected in network.state_dict().items():
        torch.testing.assert_close(found[name], expected, atol=0, rtol=0, msg=name)


def test_a_run_begins_with_a_files_weights(corpus, tiny_config, tmp_path):
    config = load_config(tiny_config)
    torch.manual_seed(12)
    network = MaskNet(config.network)
    export_network(network, tmp_path / "m.onnx", METADATA)
    trainer = Trainer(config, corpus, tmp_path / "run", workers=0, start=tmp_path / "m.onnx")
    for name, p in trainer.network.state_dict().items():
        torch.testing.assert_close(p, network.state_dict()[name])


def test_two_processes_train_as_one_with_both_their_streams(corpus, tiny_config, tmp_path):
    """The mean of the gradients of two halves is the gradient of the whole batch."""
    run = [str(tiny_config), "--corpus", str(corpus.folder), "--workers", "0"]
    command.main(["train", *run, "--folder", str(tmp_path / "two"), "--processes", "2"])
    tiny_config.write_text(tiny_config.read_text().replace("batch = 2", "batch = 4"))
    command.main(["train", *run, "--folder", str(tmp_path / "one")])
    one, two = (torch.load(tmp_path / name / "checkpoint.pt", weights_only=True) for name in ("one", "two"))
    assert one["step"] == two["step"]
    assert one["hours"] == pytest.approx(two["hours"])


@pytest.mark.skipif(sys.platform == "win32", reason="ended by SIGTERM")
def test_no_process_trains_on_when_the_first_is_ended(corpus, tiny_config, tmp_path):
    tiny_config.write_text(tiny_config.read_text().replace("hours = ", "hours = 100.0 #", 1))
    run = [sys.executable, "-m", "phaseaware.engine.training", "train", str(tiny_config), "--workers", "0"]
    run += ["--corpus", str(corpus.folder), "--folder", str(tmp_path), "--processes", "2"]
    with subprocess.Popen(run, stderr=subprocess.PIPE, text=True) as training:
        next(line for line in training.stderr if " step " in line)
        training.terminate()
        training.communicate(timeout=60)  # ends when nobody writes any more
    assert training.returncode != 0


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


@pytest.mark.parametrize(("units", "rows", "frames"), [(16, 7, 1), (5, 3, 40)])
def test_compiled_recurrence_is_pytorchs(units, rows, frames):
    if recurrence._compiled() is None:
        pytest.skip("no C++ compiler")
    torch.manual_seed(13)
    layer = recurrence.Recurrence(4, units)
    x = torch.randn(frames * rows, 4, requires_grad=True)
    h = torch.randn(1, rows, units, requires_grad=True)
    found = []
    for training in (True, False):
        layer.train(training).zero_grad()
        x.grad = h.grad = None
        y, last = layer(x, h)
        (y.sin().sum() + last.cos().sum()).backward()
        found.append([y, last, x.grad, h.grad, *(p.grad for p in layer.parameters())])
    for compiled, expected in zip(*found, strict=True):
        torch.testing.assert_close(compiled, expected, atol=1e-4, rtol=1e-4)


def test_framed_spectrum_has_the_gradient_of_pytorchs():
    torch.manual_seed(14)
    x = torch.randn(2, 1000, dtype=torch.double, requires_grad=True)
    window = torch.hann_window(64, dtype=torch.double)
    ours = framed_spectrum(x, window)
    theirs = torch.stft(x, 64, 32, window=window, center=False, return_complex=True).transpose(1, 2)
    torch.testing.assert_close(ours, theirs)
    gradients = [torch.autograd.grad(X.abs().pow(1.5).sum() + X.real.sum(), x)[0] for X in (ours, theirs)]
    torch.testing.assert_close(*gradients)


def test_pairs_have_the_ratios_that_they_say_and_are_the_same_again(corpus, tmp_path):
    for name in ("a", "b"):
        command.main(["pairs", "--corpus", str(corpus.folder), "--out", str(tmp_path / name), "--count", "10"])
    with (tmp_path / "a/index.csv").open() as f:
        rows = list(csv.DictReader(f))
    assert {row["speaker"] for row in rows} == {"anna", "phone"}
    assert {float(row["snr_db"]) for row in rows} == {-5, 0, 5, 10, 15}
    for row in rows:
        stems = [tmp_path / folder / f"{row['name']}.{kind}.flac" for folder in "ab" for kind in ("clean", "noise")]
        assert stems[0].read_bytes() == stems[2].read_bytes()
        assert stems[1].read_bytes() == stems[3].read_bytes()
        speech, noise = (soundfile.read(stem, dtype="float32")[0] for stem in stems[:2])
        assert 20 * np.log10(active_rms(speech) / rms(noise)) == pytest.approx(float(row["snr_db"]), abs=0.1)


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


@pytest.mark.parametrize(("semitones", "formants"), [(3.0, 0.9), (-2.5, 1.1)])
def test_new_voice_has_its_pitch(semitones, formants):
    t = np.arange(96_000) / 48_000
    x = sum(np.sin(2 * np.pi * 150 * k * t) / k for k in range(1, 40)).astype(np.float32) * 0.1
    y = moved_apart(x, 48_000, semitones=semitones, formants=formants)
    assert len(y) == pytest.approx(len(x), rel=0.01)
    Y = np.abs(np.fft.rfft(y[20_000:60_000] * np.hanning(40_000)))
    near = slice(80, 200)  # 96 to 240 Hz
    assert (near.start + np.argmax(Y[near])) * 1.2 == pytest.approx(150 * 2 ** (semitones / 12), rel=0.01)


def test_new_voices_and_clean_targets(tmp_path):
    """A voice comes again under another name up to the seconds asked for; noise and clean clips stay as they are."""
    rng = np.random.default_rng(16)
    voice = voice_like(rng, 96_000)
    voice[40_000:60_000] = 0
    hiss = voice + 0.02 * voice.std() * rng.standard_normal(len(voice)).astype(np.float32)
    clips = [("speech", "ann", 48_000, voice), ("speech", "ann", 48_000, hiss), ("noise", "fan", 48_000, hiss)]
    again = list(with_new_voices(clips, seconds=1.0))
    assert [who for _, who, _, _ in again] == ["ann", "ann~", "ann", "fan"]
    assert floor_db(voice, 48_000) < -45
    assert -40 < floor_db(hiss, 48_000) < -25
    path = tmp_path / "half.onnx"
    fakes.constant_model(path, masks={"mask_phase_aware": 0.5})
    made = list(cleaned(clips, path))
    assert made[0][3] is voice
    np.testing.assert_allclose(made[1][3], 0.5 * hiss, atol=1e-4)
    assert made[2][3] is hiss


def test_simulated_rooms_begin_with_the_direct_sound():
    pytest.importorskip("pyroomacoustics")
    from phaseaware.engine.training.rooms import simulated_room

    for seed in range(3):
        response = simulated_room(np.random.default_rng(seed))
        assert np.abs(response).max() == pytest.approx(1)
        assert not np.abs(response[:30]).max() > 0.3
        assert np.argmax(np.abs(response) > 0.3) <= 60
        tail = np.cumsum(np.square(response[::-1]))[::-1]
        assert tail[len(tail) // 2] < 0.1 * tail[0]
