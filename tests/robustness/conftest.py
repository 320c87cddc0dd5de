"""``--hypothesis-profile many`` tries more, and something else each time."""

import ctypes
import ctypes.util
import sys

import pytest
from hypothesis import settings

settings.register_profile("many", max_examples=500)


@pytest.fixture(autouse=True, scope="package")
def denormal_numbers() -> None:
    """Native plugins that other tests load leave them switched off in this thread."""
    if sys.platform == "linux":
        ctypes.CDLL(ctypes.util.find_library("m")).fesetenv(ctypes.c_void_p(-1))  # FE_DFL_ENV
