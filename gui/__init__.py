"""The window. ``model`` knows no Qt, ``view`` draws, ``panels`` surround it; ``window`` puts them together."""
