from .area import ViewArea as ViewArea
from .colour_bar import ColourBar as ColourBar
from .panes import Pane as Pane
from .pictures import Kind as Kind
from .scales import FrequencyScale as FrequencyScale
from .theme import COLOURS as COLOURS
from .theme import LABELS as LABELS
from .theme import STYLE as STYLE
