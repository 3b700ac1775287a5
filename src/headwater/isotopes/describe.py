"""What the isotopes of each group of waters are: means, and d-excess against δ18O."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headwater.isotopes.excess import d_excess, lc_excess
from headwater.stats.fit_groups import fit_lines
from headwater.stats.interval import group_intervals
from headwater.stats.line import Line


def number_groups(table: pd.DataFrame, by: list[str]) -> tuple[NDArray[np.int64], pd.DataFrame]:
    """Group number of every row (−1 where a key is missing), and the keys of each group in order."""
    if not by:
        return np.zeros(len(table), np.int64), pd.DataFrame(index=range(1))
    grouped = table.groupby(by, observed=True, sort=True, dropna=True)
    codes = grouped.ngroup().to_numpy()
    codes = np.where(np.isfinite(codes), codes, -1).astype(np.int64)
    first = np.full(int(codes.max(initial=-1)) + 1, -1, np.int64)
    first[codes[codes >= 0][::-1]] = np.flatnonzero(codes >= 0)[::-1]
    return codes, table[by].iloc[first].reset_index(drop=True)


def group_means(
    waters: pd.DataFrame, by: list[str], line: Line | None, *, level: float = 0.95
) -> pd.DataFrame:
    """Mean, sd and interval of the mean of δ18O, δ2H, d-excess and lc-excess of every group.

    Parameters
    ----------
    waters : columns d18O, d2H [‰] and those of ``by``; rows without both isotopes are not counted
    by : columns whose levels make the groups; empty for one group of all
    line : meteoric water line for lc-excess (None: its columns are missing)

    Returns
    -------
    DataFrame : ``by``, n, then {d18O, d2H, d_excess, lc_excess} each ``_mean, _sd, _low, _high``, then
        excess_slope, excess_intercept, excess_r2 of d-excess = slope · δ18O + intercept (least squares).
        Intervals need n ≥ 2 and the regression n ≥ 3; below that they are missing.
    """
    codes, table = number_groups(waters, by)
    d18O, d2H = waters["d18O"].to_numpy(float), waters["d2H"].to_numpy(float)
    codes = np.where(np.isfinite(d18O) & np.isfinite(d2H), codes, -1)
    excess = d_excess(d18O, d2H)
    values = {"d18O": d18O, "d2H": d2H, "d_excess": excess}
    values["lc_excess"] = np.full(len(d18O), np.nan) if line is None else lc_excess(d18O, d2H, line)[0]
    table["n"] = np.bincount(codes[codes >= 0], minlength=len(table))
    for name, column in values.items():
        means = group_intervals(column, codes, len(table), level=level)
        table[f"{name}_mean"], table[f"{name}_sd"] = means.mean, means.sd
        table[f"{name}_low"], table[f"{name}_high"] = means.low, means.high
    lines = fit_lines(d18O, excess, codes, len(table))
    table["excess_slope"], table["excess_intercept"] = lines.slope, lines.intercept
    table["excess_r2"] = lines.r2
    return table
