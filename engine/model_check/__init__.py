"""Whether a model file keeps the contract and does no harm.

In the order of use: :mod:`wire` counts a file's fields and parses it, :mod:`operators` and :mod:`graph` say what it may
hold, :mod:`contract` what it must have, :mod:`trial` runs it in a child process, :mod:`verdict` starts that child and
remembers what it said.
"""

from .contract import CONTRACT, INPUT, RUN_LENGTHS, output_name, read_contract
from .graph import checked_graph
from .operators import OPERATORS
from .verdict import vetted
from .wire import LARGEST_FILE, RefusedError

__all__ = [
    "CONTRACT",
    "INPUT",
    "LARGEST_FILE",
    "OPERATORS",
    "RUN_LENGTHS",
    "RefusedError",
    "checked_graph",
    "output_name",
    "read_contract",
    "vetted",
]
