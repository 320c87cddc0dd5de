"""Damage, abuse and endurance: ``python -m tests.robustness`` tries thousands of faults and writes FAULTS.md."""
