"""The one way to onnxruntime: import it from here.

From version 1.29 on, importing it looks up a host of Microsoft's, sends it events, and leaves an identifier of the
device and a store of events in the user's cache folder. ``ORT_DISABLE_TELEMETRY`` prevents all three, if it is set
before the import (its ``Privacy.md``); who has set the variable to anything has decided.
"""

from __future__ import annotations

import os
from functools import cache

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime

__all__ = ["MOST_MEMORY", "onnxruntime", "quiet_run", "start_session"]

MOST_MEMORY = 4 << 30
"""Bytes that all runs of this process together may take."""


def start_session(content: bytes) -> onnxruntime.InferenceSession:
    """A session on one thread, without spinning and messages, from the content of an ONNX file.

    Raises
    ------
    Exception : onnxruntime cannot load it; its exceptions share no other base class.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Content that looks like onnxruntime's own format would otherwise be taken for it.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    options.add_session_config_entry("session.use_env_allocators", "1")
    _bound_memory()
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def quiet_run() -> onnxruntime.RunOptions:
    """Options of a run that prints nothing."""
    options = onnxruntime.RunOptions()
    options.log_severity_level = 4
    return options


@cache
def _bound_memory() -> None:
    """Give all models of this process one arena of limited size; a run that wants more fails, and nothing else does."""
    kinds = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, onnxruntime.OrtMemType.DEFAULT
    memory = onnxruntime.OrtMemoryInfo("Cpu", kinds[0], 0, kinds[1])
    onnxruntime.create_and_register_allocator(memory, onnxruntime.OrtArenaCfg({"max_mem": MOST_MEMORY}))
