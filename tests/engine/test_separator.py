"""What holds for every processor: identity, block invariance, causality, latency, hygiene, channels."""

import io

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from phaseaware.engine import MaskModel, MaskStream, Render, Separator, separate
from phaseaware.engine.limits import LINKS
from phaseaware.engine.rates import AnyRateSeparator
from phaseaware.engine.separator import PREROLL, mid, sane
from phaseaware.engine.stft import FRAME_LENGTH, HOP, stft

from tests import fakes
from tests.signals import voice_like

DRY = Render(strength_low=0, strength_high=0)
BOTH = (Render(), Render(mask="real"))


def stream(separator, x, sizes):
    """Feed x in blocks of the given sizes (the last one repeats) and flush."""
    out, i, n = [], 0, 0
    while i < x.shape[1]:
        size = sizes[min(n, len(sizes) - 1)]
        out.append(separator.process(x[:, i : i + size]))
        i, n = i + size, n + 1
    return np.concatenate([*out, separator.flush()], axis=2)


def at_48k(x, model, renders=None, **options):
    """As a stream: from nothing."""
    return separate(x, model, renders, sample_rate=48_000, warm=False, **options)


def noise(rng, channels, samples):
    return (0.2 * rng.standard_normal((channels, samples))).astype(np.float32)


@pytest.fixture(params=[0, 1, 3])
def ones_model(request, tmp_path):
    """Masks of one, with different look-ahead."""
    path = fakes.constant_model(tmp_path / "ones.onnx", masks={"mask_phase_aware": 1}, lookahead=request.param)
    return MaskModel(path)


def test_mask_of_ones_is_identity(rng, ones_model):
    x = noise(rng, 2, 30_001)
    y = at_48k(x, ones_model)[0]
    assert y.shape == x.shape
    assert 20 * np.log10(np.linalg.norm(y - x) / np.linalg.norm(x)) < -120


def test_latency_is_frame_plus_lookahead_and_constant(rng, ones_model):
    separator = Separator(ones_model, DRY)
    assert separator.latency_samples == FRAME_LENGTH + ones_model.info.lookahead_frames * HOP
    fed = returned = 0
    for size in rng.integers(0, 900, 40):
        returned += separator.process(noise(rng, 1, int(size))).shape[2]
        fed += int(size)
        assert returned == max(0, fed - separator.latency_samples)
    assert returned + separator.flush().shape[2] == fed


@pytest.mark.parametrize("size", [1, 7, 64, 511, 512, 513, 4096])
def test_block_size_changes_no_sample(rng, history_model, size):
    x = noise(rng, 2, 5000)
    np.testing.assert_array_equal(
        stream(Separator(history_model, BOTH, channels=2), x, [size]),
        at_48k(x, history_model, BOTH),
    )


@settings(max_examples=30)
@given(sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=20), samples=st.integers(0, 8000))
def test_any_cut_changes_no_sample(history_model, sizes, samples):
    x = noise(np.random.default_rng(samples), 1, samples)
    streamed, whole = stream(Separator(history_model), x, sizes), at_48k(x, history_model)
    np.testing.assert_array_equal(streamed, whole)
    assert streamed.shape == (1, 1, samples)


def test_long_blocks_are_sliced_without_a_trace(rng, history_model):
    x = noise(rng, 1, 300_000)
    np.testing.assert_array_equal(stream(Separator(history_model), x, [10_000]), at_48k(x, history_model))


@pytest.mark.parametrize("at", [0, 511, 512, 4000])
def test_causality(rng, history_model, at):
    """Output before `at` may change only as far back as the latency; output that lies further back may not."""
    x = noise(rng, 1, 9000)
    changed = x.copy()
    changed[:, at:] = 0.3
    before, after = (
        at_48k(x, history_model)[0],
        at_48k(changed, history_model)[0],
    )
    first = np.flatnonzero(np.any(before != after, axis=0))[0]
    assert at - Separator(history_model).latency_samples < first <= at


def test_silence_stays_silent(history_model):
    assert not at_48k(np.zeros((2, 6000), np.float32), history_model).any()


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf, 1e38, 1e-42])
def test_poison_counts_as_its_samples_only(rng, history_model, poison):
    """NaN and inf equal silence, huge and denormal values are bounded; all is well after the frames they are in."""
    x = noise(rng, 1, 12_000)
    bad = x.copy()
    bad[:, 4000:4010] = poison
    y, clean = at_48k(bad, history_model)[0], at_48k(x, history_model)[0]
    assert np.isfinite(y).all()
    later = 4010 + 2 * FRAME_LENGTH
    np.testing.assert_array_equal(y[:, later:], clean[:, later:])
    if not np.isfinite(poison):
        silenced = x.copy()
        silenced[:, 4000:4010] = 0
        np.testing.assert_array_equal(y, at_48k(silenced, history_model)[0])


def test_sane_by_its_values():
    x = np.array([[np.nan, np.inf, -np.inf, 1e30, -1e30, 1e-20, -1e-20, 0.5]], np.float32)
    np.testing.assert_array_equal(sane(x), np.float32([[0, 0, 0, 1e5, -1e5, 0, 0, 0.5]]))
    assert sane(np.array([[1e300]]))[0, 0] == 1e5  # beyond float32


def test_full_scale_does_not_overflow(history_model):
    square = np.sign(np.sin(np.arange(20_000) * 0.05)).astype(np.float32)[None]
    assert np.isfinite(at_48k(square, history_model, BOTH)).all()


def test_input_is_never_changed(rng, history_model):
    x = noise(rng, 1, 3000)
    x[0, 5] = np.nan
    before = x.copy()
    x.setflags(write=False)
    at_48k(x, history_model)
    np.testing.assert_array_equal(x, before)


def test_independent_channels_equal_one_by_one(rng, history_model):
    x = noise(rng, 3, 7000)
    together = at_48k(x, history_model, BOTH)
    alone = np.concatenate([at_48k(x[i : i + 1], history_model, BOTH) for i in range(3)], axis=1)
    np.testing.assert_array_equal(together, alone)


def test_linked_channels_keep_their_image(rng, history_model):
    """Channels that differ by a gain still do, and a scaled copy gets the very mask of its mid."""
    x = noise(rng, 1, 7000)
    pair = np.concatenate([x, 0.25 * x])
    left, right = at_48k(pair, history_model, link="stereo")[0]
    np.testing.assert_allclose(right, 0.25 * left, atol=1e-6)
    shared = MaskStream(history_model, masks=["real"], channels=2, link="stereo").process(pair).masks["real"]
    mid = MaskStream(history_model, masks=["real"]).process(pair.mean(axis=0, keepdims=True)).masks["real"]
    assert shared.shape[0] == 1
    np.testing.assert_allclose(shared, mid, atol=1e-6)


@pytest.mark.parametrize("gains", [(1, -1), (1, -0.97), (1, -1, 0), (0, 1, -1)])
def test_channels_that_cancel_are_heard(rng, history_model, gains):
    """One channel turned upside down leaves no mid; the mask is then that of a channel."""
    x = noise(rng, 1, 7000)
    channels = np.concatenate([np.float32(g) * x for g in gains])
    made = at_48k(channels, history_model, link="stereo")[0]
    alone = at_48k(x, history_model)[0]
    for y, g in zip(made, gains, strict=True):
        np.testing.assert_allclose(y, g * alone[0], atol=1e-6)


@given(st.floats(-1, 1), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=20)
def test_mid_is_the_mean_unless_it_is_empty(gain, seed):
    cancelled = ((1 + gain) / 2) ** 2 / (1e-3 * (1 + gain**2) / 2)
    assume(not 0.99 < cancelled < 1.01)
    rng = np.random.default_rng(seed)
    X = (rng.standard_normal((5, 513)) + 1j * rng.standard_normal((5, 513))).astype(np.complex64)
    found = mid(np.stack([X, np.float32(gain) * X]))
    np.testing.assert_allclose(found, X if cancelled < 1 else (1 + gain) / 2 * X, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("rate", [8000, 44_100, 96_000])
def test_a_whole_signal_of_any_rate(rng, history_model, rate):
    x = noise(rng, 2, rate // 4)
    made = separate(x, history_model, BOTH, sample_rate=rate, warm=False)
    assert made.shape == (2, *x.shape)
    np.testing.assert_array_equal(
        made, stream(AnyRateSeparator(history_model, BOTH, sample_rate=rate, channels=2), x, [10**6])
    )


def test_a_whole_signal_must_tell_its_rate(rng, history_model):
    """Sound of 44.1 kHz taken for 48 kHz would be separated nearly well."""
    with pytest.raises(TypeError, match="sample_rate"):
        separate(noise(rng, 1, 1000), history_model)
    with pytest.raises(ValueError, match="sample_rate=1000"):
        separate(noise(rng, 1, 1000), history_model, sample_rate=1000)


@pytest.mark.parametrize("channels", [1, 2, 3, 6])
def test_two_channels_share_a_mask_unless_told_otherwise(rng, history_model, channels):
    """A recording of two channels is nearly always left and right of one place."""
    x = noise(rng, channels, 5000)
    made = {link: at_48k(x, history_model, link=link) for link in LINKS}
    np.testing.assert_array_equal(made["auto"], made["stereo" if channels == 2 else "channels"])
    np.testing.assert_array_equal(at_48k(x, history_model), made["auto"])
    if channels > 1:
        assert np.abs(made["stereo"] - made["channels"]).max() > 1e-3


def test_masks_belong_to_their_spectra(rng, history_model):
    """Look-ahead is compensated: frame n's mask comes from frames n and n - 1 as the fake model says."""
    x = noise(rng, 1, 10 * HOP)
    frames = MaskStream(history_model, masks=["real"]).process(x)
    X = stft(x)[0]
    np.testing.assert_array_equal(frames.spectrum[0, 1:], X[: frames.spectrum.shape[1] - 1])
    assert not frames.spectrum[0, 0].any()


def test_changing_the_render_fades(history_model):
    """From dry to a strong reduction on a tone: no step beyond the tone's own slope and the fade's."""
    n, f = 24_000, 440.0
    x = (0.5 * np.sin(2 * np.pi * f * np.arange(n) / 48_000)).astype(np.float32)[None]
    separator = Separator(history_model, DRY)
    first = separator.process(x[:, : n // 2])
    separator.renders = [Render(mask="real", reduction_db=40)]
    y = np.concatenate([first, separator.process(x[:, n // 2 :]), separator.flush()], axis=2)[0, 0]
    own_slope = 0.5 * 2 * np.pi * f / 48_000
    fade_slope = 0.5 * np.pi / HOP
    assert np.abs(np.diff(y)).max() < own_slope + fade_slope
    assert np.abs(y[-4000:]).max() < 0.1 < np.abs(y[2000:8000]).max()


def test_reset_forgets_the_stream(rng, history_model):
    x = noise(rng, 1, 4000)
    separator = Separator(history_model)
    first = np.concatenate([separator.process(x), separator.flush()], axis=2)
    separator.process(noise(rng, 1, 777))
    separator.reset()
    np.testing.assert_array_equal(np.concatenate([separator.process(x), separator.flush()], axis=2), first)


def test_speech_plus_removed_is_the_input(rng, history_model):
    x = noise(rng, 1, 9000)
    kept, rest = at_48k(x, history_model, [Render(), Render(output="removed")])
    np.testing.assert_allclose(kept + rest, x, atol=1e-5)


def test_refusals(history_model, tmp_path):
    with pytest.raises(ValueError, match="channels=0"):
        Separator(history_model, channels=0)
    with pytest.raises(ValueError, match="from 1 to 1024"):
        MaskStream(history_model, masks=["real"], channels=48_000)  # would take gigabytes
    for x in (np.zeros(48_000, np.float32), np.zeros((48_000, 2), np.float32)):
        with pytest.raises(ValueError, match=r"\(channels, samples\)"):
            at_48k(x, history_model)
    with pytest.raises(ValueError, match="link="):
        Separator(history_model, link="mono")
    with pytest.raises(ValueError, match="shape"):
        Separator(history_model, channels=2).process(np.zeros((1, 10), np.float32))
    with pytest.raises(ValueError, match="empty"):
        Separator(history_model, [])
    only_real = MaskModel(fakes.constant_model(tmp_path / "real.onnx", masks={"mask_real": 0.5}))
    with pytest.raises(ValueError, match="no mask 'phase-aware'"):
        Separator(only_real)
    separator = Separator(only_real, Render(mask="real"))
    with pytest.raises(ValueError, match="no mask 'phase-aware'"):
        separator.renders = [Render()]


class TestAnyRate:
    """The same contract at every rate."""

    RATES = (8_000, 11_025, 16_000, 22_050, 44_100, 47_999, 48_000, 96_000, 192_000)

    @pytest.mark.parametrize("rate", RATES)
    def test_dry_is_identity_within_the_common_band(self, constant_model, rate):
        n = rate // 2 + 3
        x = (0.3 * np.sin(2 * np.pi * 440 * np.arange(n) / rate)).astype(np.float32)[None]
        separator = AnyRateSeparator(constant_model, DRY, sample_rate=rate)
        y = np.concatenate([separator.process(x), separator.flush()], axis=2)[0]
        assert y.shape == x.shape
        inside = slice(rate // 20, n - rate // 20)  # a tone that starts and ends at once is not band-limited there
        assert np.abs(y - x)[:, inside].max() < 1e-5

    @settings(max_examples=20)
    @given(
        rate=st.sampled_from(RATES), seed=st.integers(0, 100),
        sizes=st.lists(st.sampled_from([1, 7, 64, 300, 1000, 9000]), min_size=1, max_size=30),
    )  # fmt: skip
    def test_stream_equals_one_shot_and_latency_is_constant(self, history_model, rate, seed, sizes):
        rng = np.random.default_rng(seed)
        x = noise(rng, 2, sum(sizes))
        separator = AnyRateSeparator(history_model, BOTH, sample_rate=rate, channels=2)
        whole = np.concatenate([separator.process(x), separator.flush()], axis=2)
        out, fed, returned = [], 0, 0
        for size in sizes:
            out.append(separator.process(x[:, fed : fed + size]))
            fed, returned = fed + size, returned + out[-1].shape[2]
            assert returned == max(0, fed - separator.latency_samples)
        streamed = np.concatenate([*out, separator.flush()], axis=2)
        assert streamed.shape == (2, 2, fed)
        np.testing.assert_array_equal(streamed, whole)

    @pytest.mark.parametrize("samples", [0, 1, 2, 5, 100])
    def test_short_streams(self, constant_model, samples):
        separator = AnyRateSeparator(constant_model, sample_rate=44_100)
        y = np.concatenate([separator.process(np.ones((1, samples), np.float32)), separator.flush()], axis=2)
        assert y.shape == (1, 1, samples)
        assert np.isfinite(y).all()

    def test_nan_does_not_outlive_its_block(self, rng, constant_model):
        x = noise(rng, 1, 20_000)
        bad = x.copy()
        bad[0, 5000] = np.nan
        silenced = x.copy()
        silenced[0, 5000] = 0
        separator = AnyRateSeparator(constant_model, sample_rate=44_100)
        y, expected = (np.concatenate([separator.process(z), separator.flush()], axis=2) for z in (bad, silenced))
        np.testing.assert_array_equal(y, expected)

    @pytest.mark.parametrize("rate", [0, -1, 7999, 192_001, float("nan")])
    def test_refuses_rates(self, constant_model, rate):
        with pytest.raises(ValueError, match="sample_rate="):
            AnyRateSeparator(constant_model, sample_rate=rate)


def test_voice_level_follows_the_mask(constant_model):
    """The constant mask 0.5 + 0.25j scales and turns: below the seam of a hybrid there is nothing else it could do."""
    x = voice_like(np.random.default_rng(1), 48_000)[None]
    y = at_48k(x, constant_model)[0]
    assert np.linalg.norm(y) / np.linalg.norm(x) == pytest.approx(abs(0.5 + 0.25j), rel=0.02)


@pytest.mark.parametrize("link", LINKS)
def test_a_stream_goes_on_from_the_state_of_another(history_model, rng, link):
    """Through bytes, without pickles; at a place within a frame."""
    x = rng.standard_normal((2, 20_000)).astype(np.float32)
    whole, first, second = (
        MaskStream(history_model, masks=history_model.info.masks, channels=2, link=link) for _ in range(3)
    )
    first.process(x[:, :7000])
    written = io.BytesIO()
    np.savez(written, **first.state)
    with np.load(io.BytesIO(written.getvalue()), allow_pickle=False) as state:
        second.state = state
    whole.process(x[:, :7000])
    expected, found = whole.process(x[:, 7000:]), second.process(x[:, 7000:])
    np.testing.assert_array_equal(found.spectrum, expected.spectrum)
    for mask, M in expected.masks.items():
        np.testing.assert_array_equal(found.masks[mask], M)


@pytest.mark.parametrize("samples", [1, 700, 1025, 5000, PREROLL, PREROLL + 1, 3 * PREROLL + 77])
@pytest.mark.parametrize("sizes", [(4096,), (1, 7, 512, 60_000), (10**6,)])
def test_warm_beginning_is_mirrored_and_dropped(rng, history_model, samples, sizes):
    """However it is cut, a warm stream is a cold one that was fed its beginning backwards first."""
    x = noise(rng, 2, samples)
    before = x[:, min(PREROLL, max(0, samples - 1) // 1024 * 1024) : 0 : -1]
    cold = stream(Separator(history_model, BOTH, channels=2), np.concatenate([before, x], axis=1), (10**6,))
    for _ in range(2):  # and after a flush it begins anew
        warm = stream(Separator(history_model, BOTH, channels=2, warm=True), x, sizes)
        assert warm.shape == (2, 2, samples)
        np.testing.assert_allclose(warm, cold[:, :, before.shape[1] :], atol=1e-6)


@pytest.mark.parametrize("sample_rate", [16_000, 44_100, 96_000])
def test_warm_beginning_at_other_rates(rng, history_model, sample_rate):
    x = noise(rng, 1, 2 * sample_rate + 11)
    whole = separate(x, history_model, BOTH, sample_rate=sample_rate)
    warm = AnyRateSeparator(history_model, BOTH, sample_rate=sample_rate, warm=True)
    for _ in range(2):
        np.testing.assert_allclose(stream(warm, x, (333, 5000)), whole, atol=1e-6)
    assert not np.allclose(whole, separate(x, history_model, BOTH, sample_rate=sample_rate, warm=False), atol=1e-3)


def test_observer_sees_the_frames_of_the_recording_only(rng, history_model):
    """Neither the look-ahead's nor those of the mirrored beginning."""
    x = noise(rng, 1, 2 * PREROLL)
    for warm in (False, True):
        seen = []
        separator = Separator(
            history_model, BOTH, warm=warm, observer=lambda frames, seen=seen: seen.append(frames.spectrum)
        )
        stream(separator, x, (5000,))
        X = np.concatenate(seen, axis=1)
        np.testing.assert_allclose(X[:, 1 : x.shape[1] // HOP], stft(x)[:, 1 : x.shape[1] // HOP], atol=1e-4)


def test_many_channels_are_handled_in_pieces_of_bounded_size(rng, history_model, monkeypatch):
    largest = 0
    process = MaskStream.process

    def noted(stream, block):
        nonlocal largest
        largest = max(largest, block.size)
        return process(stream, block)

    monkeypatch.setattr(MaskStream, "process", noted)
    x = rng.standard_normal((90, 70_000)).astype(np.float32)
    Separator(history_model, channels=90, link="stereo", warm=True).process(x)
    assert largest <= 1 << 22
