"""The call contract, for processors and boards, beside native plugins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pedalboard
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from phaseaware.plugin import PhaseAware

from .conftest import KINDS
from .helpers import RATE, noise, stream

Make = Callable[[str], Any]
TIGHT = 1e-5  # float32 rounding inside natives and the model; the signals are around 0.2

pytestmark = pytest.mark.parametrize("kind", KINDS)


def test_has_the_attributes_of_a_native_effect(make: Make, kind: str) -> None:
    ours, native = make(kind), pedalboard.Gain()
    assert (ours.is_effect, ours.is_instrument) == (native.is_effect, native.is_instrument) == (True, False)
    with pytest.raises(AttributeError):
        ours.is_effect = False


def test_call_is_process(make: Make, kind: str, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 5000)
    ours = make(kind)
    assert np.array_equal(ours(x, RATE), ours.process(input_array=x, sample_rate=RATE, buffer_size=8192, reset=True))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_layout_gives_the_same_sound(
    make: Make, kind: str, rng: np.random.Generator, dtype: type[np.floating]
) -> None:
    x = noise(rng, 3, 6000).astype(dtype)
    wide = np.zeros((3, 12000), dtype)
    wide[:, ::2] = x
    frozen = x.copy()
    frozen.flags.writeable = False
    expected = make(kind)(x, RATE)
    assert expected.shape == x.shape
    variants = {
        "strided": wide[:, ::2],
        "Fortran": np.asfortranarray(x),
        "reversed": x[:, ::-1].copy()[:, ::-1],
        "frozen": frozen,
    }
    for name, variant in variants.items():
        before = variant.copy()
        y = make(kind)(variant, RATE)
        assert y.dtype == np.float32, name
        assert y.flags.c_contiguous, name
        assert y.flags.writeable, name
        assert not np.shares_memory(y, variant), name
        assert np.array_equal(variant, before), name
        assert np.array_equal(y, expected), name
    interleaved = make(kind)(np.ascontiguousarray(x.T), RATE)
    assert interleaved.flags.c_contiguous
    assert np.array_equal(interleaved.T, expected)
    assert np.array_equal(make(kind)(x[0], RATE), make(kind)(x[:1], RATE)[0])


@pytest.mark.parametrize(
    ("dtype", "says"), [(np.int16, "32768"), (np.int32, "2147483648"), (np.uint8, "128"), (np.float16, "astype")]
)
def test_other_dtypes_are_refused_with_advice(make: Make, kind: str, dtype: type, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        make(kind)(np.zeros(100, dtype), RATE)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_integers_in_disguise_are_refused_with_advice(
    make: Make, kind: str, rng: np.random.Generator, dtype: type[np.floating]
) -> None:
    x = noise(rng, 2, 3000)
    pcm = (32767 * x).astype(np.int16)
    processor = make(kind)
    with pytest.raises(ValueError, match=r"integer-valued.*rescaled to \[-1\.0, 1\.0\].*32768"):
        processor(pcm.astype(dtype), RATE)
    for sound in (pcm.astype(dtype) / 32768, np.sign(x).astype(dtype), 2 * np.ones((2, 9), dtype), 200.5 * x):
        assert np.isfinite(processor(sound, RATE)).all()


@pytest.mark.parametrize("thing", [[0.0, 0.1], "sound", None, 1.0])
def test_only_arrays_are_taken(make: Make, kind: str, thing: object) -> None:
    with pytest.raises(TypeError, match=r"numpy\.ndarray"):
        make(kind)(thing, RATE)


@pytest.mark.parametrize("shape", [(2, 3, 100), ()])
def test_other_dimensions_are_refused(make: Make, kind: str, shape: tuple[int, ...]) -> None:
    # Natives raise RuntimeError here, so ours is one too.
    for error in (ValueError, RuntimeError):
        with pytest.raises(error, match="dimensions"):
            make(kind)(np.zeros(shape, np.float32), RATE)


def test_layout_is_remembered_until_reset(make: Make, kind: str, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 600)
    ours = make(kind)
    with pytest.raises(RuntimeError, match="square"):
        ours(x[:, :2], RATE)
    ours(x, RATE)
    along = ours(x[:, :2], RATE)
    ours.reset()
    with pytest.raises(ValueError, match="square"):
        ours(x[:, :2], RATE)
    ours(np.ascontiguousarray(x.T), RATE)
    assert np.array_equal(ours(np.ascontiguousarray(x[:, :2].T), RATE).T, along)
    # Fewer samples than channels: the known channel count decides, as in natives.
    native = pedalboard.Gain(0)
    native(x, RATE)
    assert native(x[:, :1], RATE).shape == ours(x[:, :1], RATE).shape == (2, 1)


@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 2)])
def test_empty_blocks_come_back(make: Make, kind: str, rng: np.random.Generator, shape: tuple[int, ...]) -> None:
    x = noise(rng, 2, 3000)
    ours = make(kind)
    for reset in (True, False):
        y = ours.process(np.zeros(shape), RATE, reset=reset)
        assert y.shape == shape
        assert y.dtype == np.float32
    # and leave a stream as it is
    expected = stream(make(kind), x, [1000])
    made = [ours.process(x[:, :1000], RATE, reset=False)]
    ours.process(np.zeros(shape), RATE, reset=False)
    made += [ours.process(x[:, 1000:], RATE, reset=False), ours.flush()]
    np.testing.assert_allclose(np.concatenate(made, axis=1), expected, atol=TIGHT)


@pytest.mark.parametrize("samples", [1, 100, 1535, 1536, 1537, 20_000])
def test_whole_signals_keep_their_length(make: Make, kind: str, rng: np.random.Generator, samples: int) -> None:
    x = noise(rng, 2, samples)
    ours = make(kind)
    if samples > 2:
        y = ours(x, RATE)
        assert y.shape == x.shape
        assert np.array_equal(y, ours(x, RATE))  # nothing is left of the call before
        np.testing.assert_allclose(y, stream(make(kind), x, [512]), atol=TIGHT)
    assert ours(x[0], RATE).shape == (samples,)


def test_stream_returns_what_was_fed_less_the_latency(make: Make, kind: str, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 8000)
    ours = make(kind)
    latency = ours.latency_samples
    assert latency == {"processor": 1536, "native board": 300, "mixed board": 1536, "mix": 2000}[kind]
    returned, fed = 0, 0
    for size in [100, 1, 1435, 1, 700, 4000]:
        y = ours.process(x[:, fed : fed + size], RATE, reset=False)
        fed, returned = fed + size, returned + y.shape[1]
        assert 0 <= y.shape[1] <= size
        assert returned == max(0, fed - latency)
        assert ours.latency_samples == latency
    assert ours.flush().shape == (2, min(fed, latency))
    assert ours.flush().size == 0


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(st.one_of(st.integers(1, 64), st.integers(1, 100_000)), min_size=1, max_size=6),
    buffer=st.integers(1, 20_000),
)
def test_the_cut_of_a_stream_does_not_show(make: Make, kind: str, sizes: list[int], buffer: int) -> None:
    # Small sizes would make the signal last for thousands of calls: its length follows the sizes.
    samples = min(60_000, max(2500, 40 * max(sizes)))
    x = noise(np.random.default_rng(3), 2, samples)
    if sum(sizes) * 400 < samples:
        sizes = [*sizes, samples // 100]
    y = stream(make(kind), x, sizes, buffer_size=buffer)
    assert y.shape == x.shape
    np.testing.assert_allclose(y, make(kind)(x, RATE), atol=TIGHT)


@pytest.mark.parametrize("rate", [0, -48_000, float("nan"), float("inf")])
def test_impossible_rates_are_refused(make: Make, kind: str, rate: float) -> None:
    with pytest.raises(ValueError, match="sample_rate"):
        make(kind)(np.zeros(100, np.float32), rate)


def test_impossible_arguments_are_refused(make: Make, kind: str) -> None:
    x = np.zeros(100, np.float32)
    for size in (0, -1):
        with pytest.raises(ValueError, match="buffer_size"):
            make(kind)(x, RATE, buffer_size=size)
    with pytest.raises(TypeError):
        make(kind)(x, RATE, buffer_size="many")
    with pytest.raises(TypeError, match="sample_rate"):
        make(kind)(x, "fast")


@pytest.mark.parametrize("change", ["rate", "channels"])
def test_another_format_starts_another_stream(make: Make, kind: str, rng: np.random.Generator, change: str) -> None:
    x = noise(rng, 2, 9000)
    other, rate = (x[:1], RATE) if change == "channels" else (x, 44_100)
    ours = make(kind)
    ours.process(x[:, :4000], RATE, reset=False)
    np.testing.assert_allclose(
        stream(ours, other, [1024], rate=rate), stream(make(kind), other, [1024], rate=rate), atol=TIGHT
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_bad_samples_do_not_outlive_their_block(make: Make, kind: str, rng: np.random.Generator, bad: float) -> None:
    x = noise(rng, 2, 12_000)
    damaged, silent = x.copy(), x.copy()
    damaged[:, 3000:3100], silent[:, 3000:3100] = bad, 0
    y = stream(make(kind), damaged, [512])
    assert np.isfinite(y).all()
    assert np.array_equal(y, stream(make(kind), silent, [512]))
    assert np.isfinite(make(kind)(np.full((2, 3000), bad, np.float32), RATE)).all()


def test_reset_forgets_the_stream_and_keeps_the_parameters(make: Make, kind: str, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 5000)
    ours = make(kind)
    if isinstance(ours, PhaseAware):
        ours.reduction_db = 7
    expected = stream(ours, x, [700])
    ours.process(noise(rng, 2, 3000), RATE, reset=False)
    assert ours.reset() is None
    assert np.array_equal(stream(ours, x, [700]), expected)
    if isinstance(ours, PhaseAware):
        assert ours.reduction_db == 7


def test_silence_stays_silence(make: Make, kind: str) -> None:
    assert not make(kind)(np.zeros((2, 5000), np.float32), RATE).any()
