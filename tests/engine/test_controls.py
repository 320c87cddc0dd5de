"""Controls: what each takes and refuses follows from its declaration."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phaseaware.engine.controls import CONTROLS, Choice, Number, Render, Switch

NUMBERS = [control for control in CONTROLS.values() if isinstance(control, Number)]
CHOICES = [control for control in CONTROLS.values() if isinstance(control, Choice)]
ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers()))


@given(value=ANYTHING)
def test_what_is_taken_is_within_the_range_and_taken_again(value: Any) -> None:
    for control in CONTROLS.values():
        try:
            taken = control.checked(value)
        except (ValueError, TypeError):
            continue
        assert taken == value
        assert control.checked(taken) == taken
        if isinstance(control, Number):
            assert taken is None or control.low <= taken <= control.high
        elif isinstance(control, Choice):
            assert taken in control.choices
        else:
            assert isinstance(taken, bool)


@pytest.mark.parametrize("control", CONTROLS.values(), ids=lambda control: control.name)
def test_the_default_is_one_of_the_values_and_told(control: Any) -> None:
    assert control.checked(control.default) == control.default
    assert control.about.endswith(f"(default: {control.default_text})")
    assert control.values in control.about
    assert "\n" not in control.about


@pytest.mark.parametrize("control", NUMBERS, ids=lambda control: control.name)
def test_numbers_include_both_ends_and_nothing_beyond(control: Number[Any]) -> None:
    for end in (control.low, control.high):
        for value in (end, np.float32(end), np.int64(end), Fraction(end)):
            taken = control.checked(value)
            assert taken == end
            assert type(taken) in (int, float)
    beyond = np.nextafter(control.low, -math.inf), np.nextafter(control.high, math.inf)
    for wrong in (*beyond, math.nan, math.inf, True, "1", 1j, np.ones(2), *([] if control.none else [None])):
        with pytest.raises(ValueError, match=f"^{control.name}=.* is not a number from"):
            control.checked(wrong)
    assert 0 < control.step < control.high - control.low


@pytest.mark.parametrize("control", CHOICES, ids=lambda control: control.name)
def test_choices_are_the_words_themselves(control: Choice[Any]) -> None:
    for word in control.choices:
        assert control.checked(word) is word
        for wrong in (word.upper(), word + " ", None, [word], 0):
            with pytest.raises(ValueError, match=f"^{control.name}=.* is not one of"):
                control.checked(wrong)


def test_switches_are_no_numbers() -> None:
    (switch,) = (control for control in CONTROLS.values() if isinstance(control, Switch))
    assert switch.checked(np.True_) is True
    for wrong in (0, 1, "True", None, np.ones(1, bool)):
        with pytest.raises(TypeError, match=r"bypass=.* is not True or False"):
            switch.checked(wrong)


def test_a_render_holds_the_first_six() -> None:
    assert list(vars(Render())) == list(CONTROLS)[:6]
