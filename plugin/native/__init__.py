"""The native plugin: the same masks in any host that loads VST3, stock pedalboard among them.

The plugin itself is C++ (``src``); here is where Python finds it, and puts it where other hosts look.
"""

from .bundles import install, user_folder, vst3_path

__all__ = ["install", "user_folder", "vst3_path"]
