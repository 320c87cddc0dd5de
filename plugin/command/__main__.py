"""The command ``phaseaware``, also ``python -m phaseaware.plugin.command``."""

import sys


def run() -> int:
    """Run it as :func:`main.main` does, whose modules take a moment to load."""
    try:
        from .main import main

        return main()
    except KeyboardInterrupt:
        print("phaseaware: stopped before anything was done", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(run())
