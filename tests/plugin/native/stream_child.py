"""Plays through pedalboard's AudioStream until a line comes in; for test_hosts.

python -m tests.plugin.native.stream_child PLUGIN…
"""

from __future__ import annotations

import sys

from pedalboard import Pedalboard, load_plugin
from pedalboard.io import AudioStream


def main(paths: list[str]) -> None:
    """``running`` tells that sound goes through, ``no device`` that none was found; last, what was dropped."""
    devices = AudioStream.default_input_device_name, AudioStream.default_output_device_name
    board = Pedalboard([load_plugin(path) for path in paths])
    for plugin in board:
        plugin.mix = 0  # the model runs; what comes out is known without knowing when the stream began
    try:
        stream = AudioStream(*devices, board, sample_rate=48_000, allow_feedback=True, num_input_channels=2)
    except ValueError as error:
        print(f"no device: {error}", flush=True)
        return
    with stream:
        print("running", flush=True)
        sys.stdin.readline()
        print(stream.dropped_input_frame_count, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
