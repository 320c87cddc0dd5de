from .run import Comparison as Comparison
from .run import Measured as Measured
from .run import compare as compare
from .run import duration as duration
