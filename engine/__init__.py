"""Sound in, sound out: frames, masks, the model and the streaming separator; files, rates and metrics around them."""

from .masks import IdealMask, Render, ideal_mask, shape_mask
from .model import MaskModel, ModelError, ModelInfo, shipped_models
from .rates import AnyRateSeparator
from .separator import MaskStream, Separator, separate
from .stft import SAMPLE_RATE, istft, stft

__all__ = [
    "SAMPLE_RATE",
    "AnyRateSeparator",
    "IdealMask",
    "MaskModel",
    "MaskStream",
    "ModelError",
    "ModelInfo",
    "Render",
    "Separator",
    "ideal_mask",
    "istft",
    "separate",
    "shape_mask",
    "shipped_models",
    "stft",
]
