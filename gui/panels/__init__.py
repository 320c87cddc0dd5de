"""What surrounds the pictures: controls, transport, status, pages for listening tests and live sound, dialogs."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
