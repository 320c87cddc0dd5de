"""Sound files cleaned, one or thousands: names, streams, levels, and the manifest that tells what is done already."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
