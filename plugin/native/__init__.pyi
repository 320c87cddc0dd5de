from .bundles import bundle_path as bundle_path
from .bundles import install as install
from .bundles import vst3_path as vst3_path
