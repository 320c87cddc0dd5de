from .page import Table as Table
from .page import write_page as write_page
from .result import Comparison as Comparison
from .result import Measured as Measured
from .run import compare as compare
from .tables import tables as tables
