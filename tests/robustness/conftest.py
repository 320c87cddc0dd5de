"""``--hypothesis-profile many`` tries more, and something else each time."""

from hypothesis import settings

settings.register_profile("many", max_examples=500)
