"""Training of the two masks: the only place that knows torch.

How data flows: ``corpus`` (recordings as memory maps) → ``mixing`` (noisy/target pairs; ``noises`` and ``augment``)
→ ``network`` → ``losses`` → ``loop`` (checkpoints) → ``export`` (ONNX) → :mod:`phaseaware.engine.evaluation` and
``ablate`` (figures).
Entry point: ``python -m phaseaware.engine.training``.
"""
