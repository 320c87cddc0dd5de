"""The engine in pedalboard scripts, in presets, on live sound and as a command.

Everything is loaded when first used, so that the command starts fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .board import Chain, Mix, Pedalboard
    from .contract import Processor
    from .presets import Preset, PresetError, list_presets, load_preset, save_preset
    from .processor import Analysis, PhaseAware

__all__ = [
    "Analysis",
    "Chain",
    "Mix",
    "Pedalboard",
    "PhaseAware",
    "Preset",
    "PresetError",
    "Processor",
    "list_presets",
    "load_preset",
    "save_preset",
]

_HOMES = {
    "Analysis": "processor",
    "Chain": "board",
    "Mix": "board",
    "Pedalboard": "board",
    "PhaseAware": "processor",
    "Preset": "presets",
    "PresetError": "presets",
    "Processor": "contract",
    "list_presets": "presets",
    "load_preset": "presets",
    "save_preset": "presets",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
