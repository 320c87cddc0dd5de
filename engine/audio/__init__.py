"""Sound files: read with constant memory, written whole or not at all, with what they say beside their sound.

What is here is loaded when first used, and stands in ``__init__.pyi``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
