"""Sound in, sound out: frames, masks, the model and the streaming separator; files, rates and metrics around them.

What is here is loaded when first used, and stands in ``__init__.pyi``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
