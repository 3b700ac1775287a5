"""How isotopes change with altitude, depth and soil climate, and how far each group lies off the line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from headwater.isotopes.between_kinds import ISOTOPE_VARIABLES
from headwater.isotopes.describe import number_groups
from headwater.isotopes.excess import d_excess, lc_excess
from headwater.stats.fit_groups import fit_lines
from headwater.stats.interval import group_intervals
from headwater.stats.line import Line

AGAINST = ("altitude_m", "depth_mid_m", "soil_temperature_C", "soil_moisture")


def gradients(
    waters: pd.DataFrame,
    against: Sequence[str] = AGAINST,
    variables: Sequence[str] = ISOTOPE_VARIABLES,
) -> pd.DataFrame:
    """Slope of each isotope variable against altitude, depth, soil temperature or moisture, per kind.

    Parameters
    ----------
    waters : columns kind, d18O, d2H and those of ``against``; absent ones are skipped; ``depth_mid_m`` is
        computed from depth_top_m and depth_bottom_m

    Returns
    -------
    DataFrame : kind, variable, against, n, slope [‰ per unit of ``against``], slope_se, r2, p (two-sided t).
        A row for every combination with n ≥ 3 and spread.
    """
    codes, kinds = number_groups(waters, ["kind"])
    tables = []
    for driver in against:
        x = _driver(waters, driver)
        if x is None:
            continue
        for name in variables:
            y = _isotope(waters, name)
            lines = fit_lines(x, y, codes, len(kinds))
            with np.errstate(divide="ignore", invalid="ignore"):
                t = np.abs(lines.slope / lines.slope_se)
            p = np.where(np.isfinite(lines.slope), 2 * stdtr(np.maximum(lines.n - 2, 1), -t), np.nan)
            table = pd.DataFrame({"kind": kinds["kind"], "variable": name, "against": driver, "n": lines.n})
            table = table.assign(slope=lines.slope, slope_se=lines.slope_se, r2=lines.r2, p=p)
            tables.append(table[np.isfinite(lines.slope)])
    if not tables:
        columns = ["kind", "variable", "against", "n", "slope", "slope_se", "r2", "p"]
        return pd.DataFrame(columns=columns)
    table = pd.concat(tables, ignore_index=True)
    return table.sort_values(["kind", "against"], kind="stable", ignore_index=True)


def _driver(waters: pd.DataFrame, name: str) -> np.ndarray | None:
    if name in waters:
        return waters[name].to_numpy(float)
    if name == "depth_mid_m" and {"depth_top_m", "depth_bottom_m"} <= set(waters):
        return mid_depth_m(waters)
    return None


def _isotope(waters: pd.DataFrame, name: str) -> np.ndarray:
    if name == "d_excess":
        return d_excess(waters["d18O"].to_numpy(float), waters["d2H"].to_numpy(float))
    return waters[name].to_numpy(float)


def mid_depth_m(waters: pd.DataFrame) -> np.ndarray:
    """Middle of the sampled layer [m]; the one depth that is given where the other is missing."""
    top, bottom = waters["depth_top_m"].to_numpy(float), waters["depth_bottom_m"].to_numpy(float)
    return np.where(np.isnan(top), bottom, np.where(np.isnan(bottom), top, (top + bottom) / 2))


def profiles(waters: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Mean isotopes, soil temperature and moisture of every depth class, from the top.

    Parameters
    ----------
    waters : columns depth (class), d18O, d2H, and where known depth_top_m, depth_bottom_m,
        soil_temperature_C, soil_moisture

    Returns
    -------
    DataFrame : depth, depth_mid_m, n, d18O_mean, d18O_low, d18O_high, d_excess_mean, d_excess_low,
        d_excess_high, soil_temperature_C, soil_moisture (means; missing where nothing was measured)
    """
    codes, table = number_groups(waters, ["depth"])
    d18O, d2H = waters["d18O"].to_numpy(float), waters["d2H"].to_numpy(float)
    codes = np.where(np.isfinite(d18O) & np.isfinite(d2H), codes, -1)
    groups = len(table)

    def mean(name: str) -> np.ndarray:
        values = _driver(waters, name)
        return np.full(groups, np.nan) if values is None else group_intervals(values, codes, groups).mean

    table["depth_mid_m"] = mean("depth_mid_m")
    table["n"] = np.bincount(codes[codes >= 0], minlength=groups)
    for name, values in (("d18O", d18O), ("d_excess", d_excess(d18O, d2H))):
        means = group_intervals(values, codes, groups, level=level)
        table[f"{name}_mean"], table[f"{name}_low"], table[f"{name}_high"] = means.mean, means.low, means.high
    table["soil_temperature_C"], table["soil_moisture"] = mean("soil_temperature_C"), mean("soil_moisture")
    return table.sort_values("depth_mid_m", kind="stable", ignore_index=True)


def line_distance(waters: pd.DataFrame, by: list[str], line: Line, *, level: float = 0.95) -> pd.DataFrame:
    """Mean lc-excess of every group, with the interval that includes the uncertainty of the line.

    variance of the mean = s²/n + var(line at the group's mean δ18O); the latter is common to all waters
    of the group, so it does not shrink with n. Half width: t(n − 1) for the scatter of the waters and
    t(n_line − 2) for the line, added in squares.

    Returns
    -------
    DataFrame : ``by``, n, lc_excess, low, high [‰], rank (1 = closest to the line; missing where n = 0)
    """
    codes, table = number_groups(waters, by)
    d18O, d2H = waters["d18O"].to_numpy(float), waters["d2H"].to_numpy(float)
    codes = np.where(np.isfinite(d18O) & np.isfinite(d2H), codes, -1)
    own = group_intervals(lc_excess(d18O, d2H, line)[0], codes, len(table), level=level)
    at = group_intervals(d18O, codes, len(table)).mean
    of_line = stdtrit(min(line.dof, 1e9), 0.5 + level / 2) ** 2 * line.mean_variance(at)
    half = np.sqrt(((own.high - own.low) / 2) ** 2 + of_line)
    table["n"] = own.n
    table["lc_excess"], table["low"], table["high"] = own.mean, own.mean - half, own.mean + half
    table["rank"] = table["lc_excess"].abs().rank(method="min").astype("Int64")
    return table
