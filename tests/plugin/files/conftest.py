"""Fixtures of the command's tests, here too."""

from tests.plugin.command.conftest import passing, phaseaware

__all__ = ["passing", "phaseaware"]
