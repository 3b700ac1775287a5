"""QARTOD's flat line test: a value repeats itself within a tolerance for too long."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.errors import SettingsRefused
from headwater.stations.quality.qartod.words import Outcome, Outcomes, marked_missing


def flat_line(value: ArrayLike, suspect_steps: int, fail_steps: int, tolerance: float) -> Outcomes:
    """Outcome by how many steps back all values lie within less than ``tolerance``; shape (n,), even grid.

    A value is suspect where it and the ``suspect_steps`` before it differ by less than the tolerance, and
    fails where this holds for ``fail_steps``. A gap interrupts. Not evaluated where fewer than
    ``suspect_steps`` values stand before it without a gap.

    Raises
    ------
    SettingsRefused
        Steps below 1, ``fail_steps`` below ``suspect_steps``, or a tolerance that is not above 0.
    """
    if not 1 <= suspect_steps <= fail_steps or not tolerance > 0:
        raise SettingsRefused(
            f"Flat line with {suspect_steps} and {fail_steps} steps and tolerance {tolerance}; allowed are "
            "1 ≤ suspect ≤ fail and a tolerance above 0. Use the resolution of the sensor."
        )
    values = np.asarray(value, dtype=float)
    out = np.full(values.shape, Outcome.NOT_EVALUATED, np.uint8)
    for steps, outcome in ((suspect_steps, Outcome.SUSPECT), (fail_steps, Outcome.FAIL)):
        spread = trailing_range(values, steps + 1)
        if outcome == Outcome.SUSPECT:
            out[~np.isnan(spread)] = Outcome.PASS
        out[spread < tolerance] = outcome
    return marked_missing(out, values)


def trailing_range(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Largest minus smallest of each ``width`` values, at the last of them; NaN where one is missing."""
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    out = np.full(values.shape, np.nan)
    if len(values) >= width:
        missing = np.isnan(values)
        filled = np.where(missing, 0.0, values)
        shift = (width - 1) // 2
        spread = maximum_filter1d(filled, width, origin=shift) - minimum_filter1d(filled, width, origin=shift)
        gaps = np.concatenate([[0], np.cumsum(missing)])
        whole = gaps[width:] == gaps[:-width]
        out[width - 1 :] = np.where(whole, spread[width - 1 :], np.nan)
    return out
