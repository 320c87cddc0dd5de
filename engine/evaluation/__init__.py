"""How good a model is, on pairs of speech and noise. Needs the ``[eval]`` extra, and not torch.

``python -m phaseaware.engine.evaluation`` prints the tables: figures of a model (``evaluate``), of ideal masks
(``ceilings``), of a model's magnitudes with another phase (``exchange``), and what it must not harm (``properties``).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
