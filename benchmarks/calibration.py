"""Calibration of every model family on data of its own making: ranks of the truth among posterior draws.

Picture and table in ``docs/methods/calibration.md`` come from the numbers that ``./run long`` keeps.
``HEADWATER_REPLICATES`` changes how many data sets a family has. Families are shared out among the cores.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from zlib import crc32

import numpy as np

from headwater import machine_code
from headwater.mixing.bayes.calibrate import Calibration, calibrate
from headwater.mixing.bayes.fit import KERNELS
from headwater.mixing.bayes.problem import make_problem
from tests.mixing.bayes.calibrated_models import MODELS
from tests.mixing.bayes.planted_bugs import BUGS

SEED = 20
REPLICATES = int(os.environ.get("HEADWATER_REPLICATES", "400"))
SLOW = {"as MixSIAR, nested factors": 150, "as MixSIAR, fixed factor and covariate": 200}
"""Priors that let shares go to 0 and 1 need long trajectories."""


def main() -> dict[str, object]:
    """Calibration of all models, then of those with a bug."""
    from benchmarks import calibration  # by its name, which other processes know

    machine_code.load(KERNELS)
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        models = dict(zip(MODELS, pool.map(calibration.of_model, MODELS), strict=True))
        bugs = dict(zip(BUGS, pool.map(calibration.of_bug, BUGS), strict=True))
    return {"models": models, "bugs": bugs}


def of_model(name: str) -> dict[str, object]:
    """Calibration of one model."""
    began = time.process_time()
    replicates = min(REPLICATES, SLOW.get(name, REPLICATES))
    rng = np.random.default_rng([SEED, crc32(name.encode())])
    return kept(name, calibrate(make_problem(MODELS[name]()), replicates, rng), began)


def of_bug(name: str) -> dict[str, object]:
    """Calibration of one model with a bug."""
    began = time.process_time()
    return kept(name, BUGS[name].calibrate(SEED), began)


def kept(name: str, found: Calibration, began: float) -> dict[str, object]:
    """Numbers of one calibration; the ranks of each quantity as counts below each point, in one line."""
    worst, chance = found.worst
    cpu_s = time.process_time() - began
    print(
        f"{name:42s} {found.replicates:4d} × {len(found.names):2d} quantities, worst {worst}: {chance:.2g}, "
        f"{found.divergent:.2%} divergent, {cpu_s:.0f} CPU s",
        flush=True,
    )
    return {
        "replicates": found.replicates,
        "quantities": len(found.names),
        "worst": worst,
        "chance": chance,
        "divergent": found.divergent,
        "cpu_s": round(cpu_s, 1),
        "below": {
            name: " ".join(map(str, counts)) for name, counts in zip(found.names, found.counts.T, strict=True)
        },
    }
