"""The native plugin: the same masks in any host that loads VST3, stock pedalboard among them.

The plugin itself is C++ (``src``); here is where Python finds it, and puts it where other hosts look.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
