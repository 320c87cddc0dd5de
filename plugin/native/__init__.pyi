from .bundles import install as install
from .bundles import vst3_folder as vst3_folder
from .bundles import vst3_path as vst3_path
