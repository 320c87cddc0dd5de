"""Live sound: devices, the stream through a board, and what two clocks differ by."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
