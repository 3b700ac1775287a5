"""The Bayesian mixing engine: agreement with others, speed beside theirs, and what large problems cost.

Cases and their expected results are reference data beside the project; what is not there is left out.
PyMC + nutpie run beside it where they are installed (``HEADWATER_PEER_PYTHON`` names their interpreter).
CPU seconds are of the processor, all threads; ratios are taken within the run.
"""

from __future__ import annotations

import os

from benchmarks.mixing_agreement import measure_agreement
from benchmarks.mixing_scale import measure_scale
from benchmarks.mixing_speed import measure_speed, run_peers

SEED = 1
PARTS = "agreement,speed,scale"


def main() -> dict[str, float]:
    """Prints and returns all numbers; ``HEADWATER_BENCH_MIXING`` names the parts to run."""
    parts = os.environ.get("HEADWATER_BENCH_MIXING", PARTS).split(",")
    peers = run_peers() if {"agreement", "speed"} & set(parts) else {}
    values: dict[str, float] = {}
    if "agreement" in parts:
        values |= measure_agreement(peers)
    if "speed" in parts:
        values |= measure_speed(peers)
    if "scale" in parts:
        values |= measure_scale()
    return values
