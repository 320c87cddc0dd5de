"""The engine in pedalboard scripts, in presets, on live sound and as a command.

What is here is loaded when first used, so that the command starts fast, and stands in ``__init__.pyi``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
