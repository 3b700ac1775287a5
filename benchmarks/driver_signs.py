"""Simulated regions of known correlations: how many signs are found, and how many intervals hold the truth.

HEADWATER_REGIONS=10 ./run bench driver_signs        # fewer than 60
"""

from __future__ import annotations

import os

import numpy as np

from headwater.simulate import simulate_fields
from tests.drivers.test_signs_recovered import DESIGN, held, table

REGIONS = int(os.environ.get("HEADWATER_REGIONS", "60"))
SEED = f"0–{REGIONS - 1}"


def main(regions: int = REGIONS) -> dict[str, float]:
    """Prints and returns the counts."""
    agree, wrong, inside = [], 0, []
    for seed in range(regions):
        fields = simulate_fields(seed)
        records, strata = table(fields, [6, 8, 9])
        agree.append(sum(one.agreement == "agrees" for one in records))
        wrong += sum(one.agreement == "differs" for one in records)
        inside += held(records, strata, fields["altitude"], DESIGN)
    whole = sum(found == len(records) for found in agree)
    print(
        f"{regions} regions of {len(records)} signs: all found in {whole}, {sum(agree)} in all, "
        f"{wrong} wrong; {np.mean(inside):.1%} of {len(inside)} intervals hold the truth"
    )
    return {
        "regions": regions, "whole": whole, "found": sum(agree), "wrong": wrong,
        "held": float(np.mean(inside)),
    }  # fmt: skip


if __name__ == "__main__":
    main()
