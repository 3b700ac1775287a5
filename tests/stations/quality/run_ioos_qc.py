"""Runs the QARTOD tests of ioos_qc 3.0, in an interpreter of its own: run_ioos_qc.py IN.npz OUT.npz.

IN holds k_theta for each case k, hourly; OUT k_TEST, outcomes by the thresholds below.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pandas as pd
from ioos_qc import qartod

HOUR = 3600
RANGES = {"fail_span": (0, 60), "suspect_span": (5, 40)}
SPIKE = {"suspect_threshold": 1, "fail_threshold": 4}
RATE = {"threshold": 1 / HOUR, "fail_threshold": 4 / HOUR}
FLAT = {"suspect_threshold": 6 * HOUR, "fail_threshold": 18 * HOUR, "tolerance": 0.1}
ATTENUATED = {"suspect_threshold": 0.2, "fail_threshold": 0.05, "test_period": 24 * HOUR, "min_obs": 12}
MONTHS = [
    {"tspan": (1, 1), "vspan": (10, 30), "fspan": (2, 45), "period": "month"},
    {"tspan": (3, 3), "vspan": (5, 20), "period": "month"},
]


def main(source: str, target: str) -> None:
    warnings.simplefilter("ignore")
    out = {}
    for key, theta in dict(np.load(source)).items():
        case = key.rpartition("_")[0]
        time = pd.date_range("2020-01-20", periods=len(theta), freq="h").to_numpy()
        depth = np.full(len(theta), np.nan)
        made = {
            "gross_range": qartod.gross_range_test(theta, **RANGES),
            "spike": qartod.spike_test(theta, **SPIKE),
            "rate_of_change": qartod.rate_of_change_test(theta, time, **RATE),
            "flat_line": qartod.flat_line_test(theta, time, **FLAT),
            "attenuated_signal": qartod.attenuated_signal_test(theta, time, **ATTENUATED),
            "climatology": qartod.climatology_test(MONTHS, theta, time, depth),
        }
        made["worst"] = qartod.qartod_compare([made["gross_range"], made["spike"], made["climatology"]])
        out |= {f"{case}_{name}": np.ma.filled(flags, 0).astype(np.uint8) for name, flags in made.items()}
    np.savez(target, **out)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
