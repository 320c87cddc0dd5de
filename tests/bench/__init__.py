"""Benchmarks: figures, never assertions. ``make bench`` runs them and writes BENCHMARKS.md."""
