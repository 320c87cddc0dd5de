"""Boards: native plugins of pedalboard and processors of this package, in chains and side by side."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
