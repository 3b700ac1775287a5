"""QARTOD's attenuated signal test: a value moves less than it should, without being flat."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.errors import SettingsRefused
from headwater.stations.quality.qartod.words import Outcomes, graded

Measure = Literal["sd", "range"]


def attenuated_signal(
    value: ArrayLike,
    steps: int,
    suspect_below: float,
    fail_below: float,
    *,
    least_values: int,
    measure: Measure = "sd",
) -> Outcomes:
    """Outcome by standard deviation (of the population) or range of the last ``steps`` values, its own too.

    Parameters
    ----------
    value : shape (n,), on an even grid
    least_values : values of the window that must be there, else not evaluated

    Raises
    ------
    SettingsRefused
        ``fail_below`` above ``suspect_below``, or ``least_values`` not between 1 and ``steps``.
    """
    if fail_below > suspect_below or not 1 <= least_values <= steps:
        raise SettingsRefused(
            f"Attenuated signal below {suspect_below} (suspect) and {fail_below} (fail) of {least_values} in "
            f"{steps} values; allowed are fail ≤ suspect and 1 ≤ least values ≤ steps. Correct them."
        )
    values = np.asarray(value, dtype=float)
    amount = spread(values, steps, least_values, measure)
    return graded(values, -amount, -suspect_below, -fail_below)


def spread(
    values: NDArray[np.float64], steps: int, least_values: int, measure: Measure
) -> NDArray[np.float64]:
    """Standard deviation or range of each value and those before it; NaN where too few are there."""
    import pandas as pd

    windows = pd.Series(values).rolling(steps, min_periods=least_values)
    if measure == "range":
        return np.asarray(windows.max() - windows.min(), dtype=float)
    return np.asarray(windows.std(ddof=0), dtype=float)
