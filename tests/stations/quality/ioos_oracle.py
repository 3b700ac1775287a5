"""Outcomes by ioos_qc 3.0: run in an interpreter of its own, or as they were when ``main`` froze them.

``HEADWATER_IOOS_QC_PYTHON`` names an interpreter with ``pip install ioos_qc==3.0.0``;
``python -m tests.stations.quality.ioos_oracle`` freezes anew.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from tests.stations.quality.flagit_oracle import hash_of_inputs
from tests.stations.quality.make_series import Simulated, simulate

HERE = Path(__file__).resolve().parent
FROZEN = HERE / "ioos_qc_series.npz"
INTERPRETER = "HEADWATER_IOOS_QC_PYTHON"
TESTS = (
    "gross_range", "spike", "rate_of_change", "flat_line", "attenuated_signal", "climatology", "worst"
)  # fmt: skip
CASES = 48
HOURS = 1100
"""From 20 January into March."""


def series() -> list[Simulated]:
    """The series that are compared."""
    return [simulate(case, hours=HOURS) for case in range(CASES)]


def run_ioos_qc() -> dict[str, np.ndarray]:
    """Outcomes by ioos_qc, test → shape (cases, hours)."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.npz"), Path(folder, "out.npz")
        np.savez(source, **{f"{case}_theta": one.theta for case, one in enumerate(series())})
        script = str(HERE / "run_ioos_qc.py")
        subprocess.run([os.environ[INTERPRETER], script, str(source), str(target)], check=True)
        with np.load(target) as out:
            return {name: np.array([out[f"{case}_{name}"] for case in range(CASES)]) for name in TESTS}


def frozen() -> dict[str, np.ndarray]:
    """The same as it was frozen; the series must be those that ioos_qc saw."""
    with np.load(FROZEN) as kept:
        assert str(kept["inputs"]) == hash_of_inputs(series()), "freeze the outcomes of ioos_qc anew"
        return {name: kept[name] for name in TESTS}


if __name__ == "__main__":
    np.savez_compressed(FROZEN, inputs=hash_of_inputs(series()), **run_ioos_qc())
