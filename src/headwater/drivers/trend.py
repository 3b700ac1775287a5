"""Trends of gridded or station series: Mann-Kendall tests, Sen's slope, false discoveries of the field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from headwater.drivers.trend_arrays import Method, TrendRule, blocks_of, trend_arrays
from headwater.drivers.trend_steps import Steps, find_steps
from headwater.errors import InputRefused, SettingsRefused
from headwater.stats.adjust import FdrRule, false_discoveries

if TYPE_CHECKING:
    import xarray as xr

BLOCK_BYTES = 2**28
"""Size of what is read from a lazy array at a time."""
LAGS = {"hamed_rao": "first 3", "yue_wang": "first-order process"}

MEANING = {
    "slope": "Sen slope",
    "intercept": "value of Sen's line at the first step",
    "tau": "Kendall tau-a",
    "z": "standard normal deviate of the Mann-Kendall score",
    "p": "two-sided p value of one series alone",
    "p_adjusted": "p value adjusted for the number of series",
    "significant": "true where the adjusted p value is at most the level",
    "n": "values used",
}


def trend(
    a: xr.DataArray,
    *,
    method: Method = "original",
    by: Literal["month"] | None = None,
    per: Literal["year", "step"] = "year",
    lags: int | None = None,
    fdr: FdrRule | None = "bh",
    alpha: float = 0.05,
    least: int = 10,
) -> xr.Dataset:
    """Trend of every series along ``time``: is there one, how steep, and does it survive the number of tests?

    The score is S = Σ sign(x_j - x_i) over i < j, its variance counts ties, z = (S ∓ 1)/√var (Mann 1945,
    Kendall 1975); the slope is the median of (x_j - x_i)/(t_j - t_i) (Sen 1968). Steps without a value are
    left out and keep their place in time.

    Parameters
    ----------
    a : dims ("time", …); grid or station table, in memory or lazy (read in blocks). ±inf counts as missing
    method :
        ``original``: for values that are independent in time.
        ``hamed_rao``: variance from the autocorrelations of ranks at the first 3 lags, or at ``lags``, as far
        as they differ from 0 (Hamed & Rao 1998).
        ``yue_wang``: variance from the effective number of values of a first-order process (Yue & Wang 2004);
        with ``lags``, from that many estimated autocorrelations.
        ``seasonal``: each season (month, or step of the year) only with itself (Hirsch et al. 1982).
        ``prewhitened``: tests x_t - r₁ x_{t-1} (von Storch 1995).
        ``trend_free_prewhitened``: the trend is taken out before and put back after (Yue et al. 2002).
    by : "month": one trend a calendar month, steps are years
    per : unit of time of the slope
    lags : most lags of ``hamed_rao`` or ``yue_wang``
    fdr : adjustment over all series of a map, each month for itself: Benjamini & Hochberg 1995 (bh),
        Benjamini & Yekutieli 2001 (by), bh at twice the level for fields correlated in space (Wilks 2016)
    alpha : level of ``significant``
    least : fewest values of a series; those with fewer get NaN beside their n

    Returns
    -------
    Dataset with ``slope``, ``intercept`` (of Sen's line, at the first step; with ``seasonal`` at the January
    before it), ``tau`` (tau-a), ``z``, ``p``, ``p_adjusted``, ``significant`` and ``n``, dims ([month,] …).
    Its attributes tell the method, the steps, and how many series have no answer and why.

    Raises
    ------
    InputRefused
        No dimension ``time``, times that follow no steps, no numbers, or no series long enough.
    SettingsRefused
        A method, level or number of lags that is not allowed.
    """
    _check(a, by, fdr, per)
    rest = [str(dim) for dim in a.dims if dim != "time"]
    steps = find_steps(a["time"].values)
    period = _period(steps, method)
    rule = TrendRule(method, period, lags, alpha, least)
    a = a.transpose("time", *rest)
    if by == "month":
        parts = _by_month(a, steps, rule)
    else:
        shift = steps.first_of_year if period > 1 else 0
        parts = {None: _map(a, None, steps.at + shift, rule)}
    a_year = 1.0 if by == "month" or period > 1 else steps.a_year
    return _dataset(a, rest, parts, rule, steps, fdr, _per(per, a_year, period, by))


def _check(a: xr.DataArray, by: str | None, fdr: str | None, per: str) -> None:
    if by not in (None, "month"):
        raise SettingsRefused(f"by {by!r}: allowed are None and 'month'.")
    if fdr not in (None, *get_args(FdrRule)):
        raise SettingsRefused(f"fdr {fdr!r}: allowed are 'bh', 'by', 'wilks' and None.")
    if per not in ("year", "step"):
        raise SettingsRefused(f"per {per!r}: allowed are 'year' and 'step'.")
    if not hasattr(a, "dims") or hasattr(a, "data_vars"):
        raise InputRefused(
            f"a trend needs one variable as a DataArray, not a {type(a).__name__}: choose it: grid['ndvi']."
        )
    if "time" not in a.dims:
        raise InputRefused(f"{a.name}: dims are {a.dims}; a trend needs 'time'. Open it with open_grid.")
    if a.dtype.kind not in "fiu":
        raise InputRefused(f"{a.name}: holds {a.dtype}; a trend needs numbers.")


def _period(steps: Steps, method: str) -> int:
    """Steps of the yearly cycle, for the seasonal test; 1 for the others."""
    if method != "seasonal":
        return 1
    if steps.name not in ("month", "16 days"):
        raise SettingsRefused(
            f"method seasonal with steps of {steps.name}: needs months or composites of 16 days. Use another "
            "method, or `headwater.grids.composite`."
        )
    return int(steps.a_year)


def _per(per: str, a_year: float, period: int, by: str | None) -> tuple[str, float]:
    """Unit of time of the slope, and the factor from the kernel's slope to it."""
    if per == "year":
        return "year", a_year
    if period > 1:
        return "step", 1 / period
    return "step", 1.0


def _by_month(a: xr.DataArray, steps: Steps, rule: TrendRule) -> dict[int | None, dict[str, NDArray[Any]]]:
    """Trend over the years of each calendar month."""
    if steps.name != "month" or rule.method == "seasonal":
        raise SettingsRefused(
            f"by month with steps of {steps.name} and method {rule.method}: needs months, and each month for "
            "itself has no season. Make months by `headwater.grids.composite`, or leave out by."
        )
    number = steps.at + steps.first_of_year
    parts: dict[int | None, dict[str, NDArray[Any]]] = {}
    for month in range(12):
        chosen = np.flatnonzero(number % 12 == month)
        if len(chosen):
            years = number[chosen] // 12
            parts[month + 1] = _map(a, chosen, years - years[0], rule)
    return parts


def _map(
    a: xr.DataArray, chosen: NDArray[np.intp] | None, at: NDArray[np.int64], rule: TrendRule
) -> dict[str, NDArray[Any]]:
    """Results of all series of one map, read and worked on in blocks along the first dimension of space."""
    if chosen is not None:
        a = a.isel(time=chosen)
    space = a.shape[1:]
    if not space:
        return _counted(np.asarray(a.values).reshape(len(at), 1), at, rule, ())
    row_bytes = len(at) * a.dtype.itemsize * int(np.prod(space[1:], dtype=np.int64))
    parts = []
    for block in blocks_of(space[0], max(1, BLOCK_BYTES // max(1, row_bytes))):
        values = np.asarray(a.isel({a.dims[1]: block}).values)
        parts.append(_counted(values.reshape(len(at), -1), at, rule, values.shape[1:]))
    return {
        name: np.concatenate([part[name] for part in parts]) if name != "infinite" else
        np.sum([part[name] for part in parts])
        for name in parts[0]
    }  # fmt: skip


def _counted(
    values: NDArray[Any], at: NDArray[np.int64], rule: TrendRule, shape: tuple[int, ...]
) -> dict[str, NDArray[Any]]:
    if values.dtype.kind != "f":
        values = values.astype(np.float64)
    found: dict[str, NDArray[Any]] = {
        name: column.reshape(shape) for name, column in trend_arrays(values, at, rule).items()
    }
    found["infinite"] = np.isinf(values).sum()
    return found


def _dataset(
    a: xr.DataArray,
    rest: list[str],
    parts: dict[int | None, dict[str, NDArray[Any]]],
    rule: TrendRule,
    steps: Steps,
    fdr: FdrRule | None,
    per: tuple[str, float],
) -> xr.Dataset:
    import xarray as xr

    unit, factor = per
    for part in parts.values():
        part["slope"] = part["slope"] * factor
        part["p_adjusted"], part["significant"] = _adjusted(part["p"], fdr, rule.alpha)
    months = [month for month in parts if month is not None]
    dims = ["month", *rest] if months else rest
    stacked = {name: np.stack([part[name] for part in parts.values()]) for name in MEANING}
    if not months:
        stacked = {name: values[0] for name, values in stacked.items()}
    if not np.isfinite(stacked["slope"]).any():
        raise InputRefused(
            f"{a.name}: no series has {rule.least} values (most: {int(stacked['n'].max(initial=0))}). Give a "
            "longer series, or a smaller least."
        )
    stacked["n"] = stacked["n"].astype(np.int32)
    units = _units(str(a.attrs.get("units", "")), unit)
    result = xr.Dataset(
        {name: (dims, values, {"long_name": MEANING[name], "units": units.get(name, "1")})
         for name, values in stacked.items()},
        coords={name: coord for name, coord in a.coords.items() if "time" not in coord.dims},
    )  # fmt: skip
    if months:
        result = result.assign_coords(month=("month", months))
    for name in ("significant", "n"):
        del result[name].attrs["units"]
    return result.assign_attrs(_told(a, stacked, parts, rule, steps, fdr))


def _units(units: str, unit: str) -> dict[str, str]:
    own = "" if units in ("", "1") else f"{units} "
    return {"slope": f"{own}{unit}-1", "intercept": units or "1"}


def _told(
    a: xr.DataArray,
    stacked: dict[str, NDArray[Any]],
    parts: dict[int | None, dict[str, NDArray[Any]]],
    rule: TrendRule,
    steps: Steps,
    fdr: FdrRule | None,
) -> dict[str, Any]:
    """Attributes that say how the result came about and what is missing from it."""
    short = stacked["n"] < rule.least
    return {
        "variable": str(a.name or ""),
        "method": f"mann-kendall {rule.method}",
        "lags": LAGS[rule.method] if rule.lags is None and rule.method in LAGS else str(rule.lags or "none"),
        "steps": steps.name,
        "steps_missing_from_time": steps.length - len(steps.at),
        "fdr": fdr or "none",
        "adjusted_over": "all series of a map",
        "series": int(stacked["n"].size),
        "alpha": rule.alpha,
        "least": rule.least,
        "too_few_values": int((short & (stacked["n"] > 0)).sum()),
        "without_values": int((stacked["n"] == 0).sum()),
        "without_p": int((~short & ~np.isfinite(stacked["p"])).sum()),
        "infinite_left_out": int(sum(int(part["infinite"]) for part in parts.values())),
    }


def _adjusted(p: NDArray[Any], fdr: FdrRule | None, alpha: float) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Adjusted p values of one map, and where they are significant."""
    if fdr is not None:
        return false_discoveries(p, rule=fdr, alpha=alpha)
    with np.errstate(invalid="ignore"):
        return p, p <= alpha
