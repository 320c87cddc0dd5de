"""Whatever is handed to the public classes: the right output, or a clear error; never anything in between."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from phaseaware.engine import AnyRateSeparator, MaskModel, Render, Separator, separate
from phaseaware.engine.limits import HIGHEST_RATE, LOWEST_RATE
from phaseaware.engine.separator import PREROLL
from phaseaware.plugin import Pedalboard, PhaseAware

many = settings.get_current_profile_name() == "many"
quick = settings(
    max_examples=settings().max_examples if many else 60, derandomize=not many,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip

RENDERS = st.builds(
    Render,
    mask=st.sampled_from(["phase-aware", "real"]),
    output=st.sampled_from(["speech", "removed"]),
    reduction_db=st.none() | st.floats(0, 100),
    strength_low=st.floats(0, 2),
    strength_high=st.floats(0, 2),
    mix=st.floats(0, 1),
)
LINKS = st.sampled_from(["auto", "channels", "stereo"])
DTYPES = st.sampled_from([np.float32, np.float64])


@st.composite
def signals(draw: st.DrawFn, most: int = 6000) -> NDArray[Any]:
    """(channels, samples) of any float type, level, memory layout; with NaN, inf, denormals and absurd values in it."""
    channels, samples = draw(st.integers(1, 4)), draw(st.integers(0, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dtype = draw(DTYPES)
    x = (10.0 ** draw(st.floats(-12, 1)) * rng.standard_normal((channels, samples))).astype(dtype)
    odd = [np.nan, np.inf, -np.inf, 1e-42, -1e-42, 3e38, -3e38, *([1e300] if dtype == np.float64 else [])]
    for value in draw(st.lists(st.sampled_from(odd), max_size=4)):
        if samples:
            x[int(rng.integers(channels)), int(rng.integers(samples))] = value
    layout = draw(st.sampled_from(["C", "Fortran", "reversed", "strided", "read-only"]))
    if layout == "Fortran":
        x = np.asfortranarray(x)
    elif layout == "reversed":
        x = x[:, ::-1].copy()[:, ::-1]
    elif layout == "strided":
        x = np.repeat(x, 2, axis=1)[:, ::2]
    elif layout == "read-only":
        x.flags.writeable = False
    return x


@st.composite
def cuts(draw: st.DrawFn, samples: int) -> list[int]:
    """Lengths of blocks that make up a signal; some are empty."""
    inner = draw(st.lists(st.integers(0, samples), max_size=6))
    return np.diff([0, *sorted(inner), samples]).tolist()


def in_blocks(
    separator: Separator | AnyRateSeparator, x: NDArray[Any], lengths: list[int], *, warm: bool = False
) -> NDArray[np.float32]:
    """Feed block by block; checks how much comes out each time."""
    made, fed = [], 0
    for length in lengths:
        made.append(separator.process(x[:, fed : fed + length]))
        fed += length
        due = 0 if warm and fed <= PREROLL else max(0, fed - separator.latency_samples)
        assert sum(y.shape[2] for y in made) == due
    made.append(separator.flush())
    return np.concatenate(made, axis=2)


@quick
@given(data=st.data(), x=signals(), renders=st.lists(RENDERS, min_size=1, max_size=3), link=LINKS, warm=st.booleans())
def test_separator(
    history_model: MaskModel, data: st.DataObject, x: NDArray[Any], renders: list[Render], link: Any, warm: bool
) -> None:
    before = x.copy()
    separator = Separator(history_model, renders, channels=len(x), link=link, warm=warm)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole = separate(x, history_model, renders, link=link, warm=warm, sample_rate=48_000)
        cut = in_blocks(separator, x, data.draw(cuts(x.shape[1])), warm=warm)
        again = in_blocks(separator, x, [x.shape[1]], warm=warm)
    assert whole.shape == (len(renders), *x.shape)
    assert whole.dtype == np.float32
    assert np.isfinite(whole).all()
    np.testing.assert_array_equal(cut, whole)
    np.testing.assert_array_equal(again, whole)
    np.testing.assert_array_equal(x, before)


@quick
@given(
    data=st.data(), x=signals(3000), render=RENDERS,
    rate=st.one_of(st.sampled_from([8_000, 11_025, 44_100, 192_000]), st.floats(LOWEST_RATE, HIGHEST_RATE)),
)  # fmt: skip
def test_any_rate(history_model: MaskModel, data: st.DataObject, x: NDArray[Any], render: Render, rate: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        separators = [AnyRateSeparator(history_model, render, sample_rate=rate, channels=len(x)) for _ in range(2)]
        whole = in_blocks(separators[0], x, [x.shape[1]])
        cut = in_blocks(separators[1], x, data.draw(cuts(x.shape[1])))
    assert whole.shape == (1, *x.shape)
    assert np.isfinite(whole).all()
    np.testing.assert_array_equal(cut, whole)


@quick
@given(
    shape=hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=40),
    dtype=st.sampled_from(["f2", "f4", "f8", "i1", "i2", "i4", "u1", "u2", "c8", "c16", "?", "O", "U3", "M8[s]"]),
    rate=st.sampled_from([48_000, 44_100.0, 7_999, 192_001, 0, -1, float("nan"), float("inf"), "48000", None, 1e300]),
    size=st.sampled_from([1, 512, 8192, 0, -1, 2.5, None, 2**70]),
    reset=st.booleans(),
)
def test_arguments_of_a_processor(
    history_model: MaskModel, shape: tuple[int, ...], dtype: str, rate: Any, size: Any, reset: bool
) -> None:
    """Any array, rate and buffer size: the output has the input's shape, or there is a TypeError or a ValueError."""
    x = np.zeros(shape, dtype)
    for processor in (PhaseAware(model=history_model.path), Pedalboard([PhaseAware(model=history_model.path)])):
        try:
            y = processor.process(x, rate, size, reset)
        except (TypeError, ValueError):
            continue
        assert dtype in ("f4", "f8") or not x.size
        assert y.dtype == np.float32 or not x.size
        assert y.ndim == x.ndim
        if reset:
            assert y.shape == x.shape


ANYTHING = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["phase-aware", "real", "speech", "removed", "channels", "stereo", np.float32(1), np.int8(1)])
)  # fmt: skip


@quick
@given(settings_=st.dictionaries(st.sampled_from(list(PhaseAware(model=None).settings())), ANYTHING, max_size=4))
def test_controls_of_a_processor(settings_: dict[str, Any]) -> None:
    """Values are taken as they are, or refused; also when set later, and then the old ones stay."""
    settings_.pop("model", None)
    processor = PhaseAware()
    for name, value in settings_.items():
        before = getattr(processor, name)
        refusal = ""
        try:
            setattr(processor, name, value)
        except (TypeError, ValueError) as error:
            refusal = str(error)
        assert getattr(processor, name) == (before if refusal else value)
        assert not refusal or name in refusal
    assert processor.settings() == PhaseAware(**processor.settings()).settings()


@quick
@given(
    model=st.one_of(
        st.integers(), st.floats(), st.binary(max_size=5), st.text(max_size=5), st.just("a\0b"), st.just("")
    )
)
def test_models_that_are_none(model: Any) -> None:
    with pytest.raises((TypeError, ValueError, OSError)):
        PhaseAware(model=model)
    with pytest.raises((TypeError, ValueError, OSError)):
        MaskModel(model)


@pytest.mark.parametrize("dtype", ["i2", "u1", "?", "c8", "O"])
@pytest.mark.parametrize("rate", [48_000, 44_100])
def test_the_engine_refuses_what_is_no_sound(history_model: MaskModel, dtype: str, rate: int) -> None:
    """Integers would be taken for a sound 90 dB above full scale."""
    separator = AnyRateSeparator(history_model, sample_rate=rate)
    with pytest.raises(TypeError, match="is not float32 or float64"):
        separator.process(np.zeros((1, 100), dtype))
    for shape in ((100,), (2, 100), (1, 1, 100), ()):
        with pytest.raises(ValueError, match="is not \\(channels=1, samples\\)"):
            separator.process(np.zeros(shape, np.float32))
