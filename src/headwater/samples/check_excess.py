"""Does the d-excess that a table brings agree with its own δ values?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from headwater.samples.findings import Finding, flagged

TOLERANCE = 0.5


def excess_tolerance(steps: Mapping[str, float]) -> float:
    """Difference [‰] that rounding alone allows, on top of 0.5 ‰.

    0.5 + (step of d-excess + step of δ2H + 8 × step of δ18O) / 2, a step being the last digit of a column.
    """
    return TOLERANCE + (steps.get("d_excess_given", 0) + steps.get("d2H", 0) + 8 * steps.get("d18O", 0)) / 2


def check_excess(frame: pd.DataFrame, steps: Mapping[str, float]) -> list[Finding]:
    """Rows whose stored d-excess differs from δ2H − 8 δ18O by more than the tolerance: flagged."""
    own = frame["d2H"].to_numpy() - 8 * frame["d18O"].to_numpy()
    given = frame["d_excess_given"].to_numpy()
    tolerance = excess_tolerance(steps)
    at = np.flatnonzero(np.abs(given - own) > tolerance + 1e-9)
    found = np.array([f"stored {given[i]:.2f}, δ2H − 8 δ18O = {own[i]:.2f}" for i in at], object)
    expected = f"a difference of at most {tolerance:.2f} ‰ (0.5 and rounding); the recomputed value is used"
    return [flagged("d_excess_given", found, expected, at)]
