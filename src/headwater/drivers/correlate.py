"""Correlation of gridded or station series: maps of r, n, effective n, p, and what survives many tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from headwater.drivers.blocks import Found, correlate_many
from headwater.drivers.check_pair import as_variables, check_aligned, check_given
from headwater.drivers.label_maps import Maps, label_maps
from headwater.drivers.read_blocks import read_blocks
from headwater.drivers.rule import CorrelationRule, EffectiveN, Method
from headwater.drivers.steps import StepPairs, pair_steps
from headwater.errors import InputRefused, SettingsRefused
from headwater.stats.adjust import FdrRule

if TYPE_CHECKING:
    import xarray as xr

Mode = Literal["temporal", "pattern", "moving"]
Grids = dict[str, "xr.DataArray"]


def correlate(
    a: xr.DataArray | xr.Dataset,
    b: xr.DataArray | xr.Dataset,
    *,
    by: Literal["month"] | None = None,
    mode: Mode = "temporal",
    method: Method = "pearson",
    lag: int = 0,
    given: Sequence[xr.DataArray] = (),
    n_eff: EffectiveN = "lag1",
    fdr: FdrRule = "bh",
    alpha: float = 0.05,
    deseasonalise: bool = False,
    detrend: bool = False,
    window: int | None = None,
    least: int = 10,
) -> xr.Dataset:
    """Correlation of a with b, how many independent values it rests on, its p value, and the mask for many
    tests.

    p = 2 P(T >= |r| √(ν / (1 - r²))), ν = n_eff - 2 less one for each covariate and for ``detrend``. With
    ``n_eff=False`` that is scipy's p. Definitions and their sources: docs/methods/correlation.md.

    Parameters
    ----------
    a, b : dims (time, …), on the same grid and at the same times; in memory, or lazy (read in blocks of
        space). Of a Dataset every variable is taken, each of a with each of b
    by : "month": each calendar month of a for itself
    mode :
        ``temporal``: over time, at each pixel. Dims ([soil,] [driver,] [month,] …).
        ``pattern``: over the pixels, weighted by cos(latitude), at each time; with ``by="month"`` of the mean
        map of each month. Effective n from the spatial autocorrelation of both maps. Dims (… time or month).
        ``moving``: over time, in windows of ``window`` steps, named by the time of their middle. Dims (…
        time, …).
    method : "pearson" or "spearman"
    lag : b comes first by so many steps of the whole series, also with ``by``
    given : up to five covariates held constant (partial correlation), at the time of a
    n_eff : "lag1" (Bretherton et al. 1999, eq. 31, with gaps), "full" (eq. 30), or False for n itself; with
        ``pattern`` "lag1" and "full" are the same
    fdr, alpha : adjustment over all pixels of each map: Benjamini & Hochberg ("bh"), Benjamini & Yekutieli
        ("by"), Wilks 2016 ("wilks": bh at 2 alpha); ``pattern``: over all times or months
    deseasonalise, detrend : take the mean year, the straight line out of both, before anything else
    window : steps of a moving window
    least : fewest valid steps (pixels, with ``pattern``)

    Returns
    -------
    Dataset with ``r, n, n_eff, p, p_adjusted, significant``. Its attributes tell how it was made and how many
    series have no answer and why; ±inf counts as missing, and is counted.
    Every pixel is computed alone in a fixed order: cutting space, or more threads, changes no bit of it.

    Raises
    ------
    InputRefused
        Grids that do not lie on each other, other times or calendars, too few steps, a variable without data.
    SettingsRefused
        An option that is not allowed, or that does not go with another.
    """
    rule = CorrelationRule(method, n_eff, least, deseasonalise, detrend)
    _check_options(by, mode, lag, window, fdr, alpha, rule)
    soils, drivers = as_variables(a, "a"), as_variables(b, "b")
    first = next(iter(soils.values()))
    for what, grids in (("a", soils), ("b", drivers)):
        check_aligned(first, {f"{what} {name}": grid for name, grid in grids.items()}, what="a")
    soils, drivers = ({k: v.transpose(*first.dims) for k, v in grids.items()} for grids in (soils, drivers))
    covariates = check_given(given, first)
    options = {
        "method": method, "mode": mode, "by": by or "none", "lag": int(lag),
        "n_eff": _told(n_eff, mode), "fdr": fdr, "alpha": alpha, "least": least,
        "deseasonalise": str(deseasonalise), "detrend": str(detrend),
        "covariates": "; ".join(str(c.name or k + 1) for k, c in enumerate(covariates)) or "none",
    }  # fmt: skip
    if mode == "pattern":
        from headwater.drivers.pattern import correlate_patterns

        maps, labels = correlate_patterns(soils, drivers, covariates, by=by, lag=lag, rule=rule)
        shape: tuple[str, ...] = ()
    else:
        pairs = pair_steps(first["time"].values, lag=lag, by=by, window=window)
        _check_length(pairs, least)
        maps, labels = correlate_over_time(soils, drivers, covariates, pairs, rule), [p.label for p in pairs]
        shape = tuple(str(dim) for dim in first.dims[1:])
        if window is not None:
            options["window"] = window
    dim = None if labels == [None] else "month" if by else "time"
    result = label_maps(maps, labels, dim=dim, shape=shape, like=first, least=least, fdr=fdr, alpha=alpha)
    single = [side for side, grid in (("soil", a), ("driver", b)) if not hasattr(grid, "data_vars")]
    return result.isel(dict.fromkeys(single, 0), drop=True).assign_attrs(options)


def _check_options(
    by: str | None, mode: str, lag: int, window: int | None, fdr: str, alpha: float, rule: CorrelationRule
) -> None:
    if by not in (None, "month"):
        raise SettingsRefused(f"by {by!r}: allowed are None and 'month'.")
    if mode not in ("temporal", "pattern", "moving"):
        raise SettingsRefused(f"mode {mode!r}: allowed are 'temporal', 'pattern' and 'moving'.")
    if isinstance(lag, bool) or not isinstance(lag, int | np.integer):
        raise SettingsRefused(f"lag {lag!r}: needs a whole number of steps.")
    if (mode == "moving") != (window is not None):
        raise SettingsRefused(
            f"mode {mode} with window {window}: a moving window needs both, other modes have none."
        )
    if by and rule.deseasonalise:
        raise SettingsRefused(
            "deseasonalise with by month: a single month has no season. Leave one of them out."
        )
    if fdr not in ("bh", "by", "wilks"):
        raise SettingsRefused(f"fdr {fdr!r}: allowed are 'bh', 'by' and 'wilks'.")
    if not 0 < alpha < (0.5 if fdr == "wilks" else 1):
        raise SettingsRefused(
            f"alpha {alpha}: needs a number between 0 and 1 (0.5 with wilks), such as 0.05."
        )


def _told(n_eff: EffectiveN, mode: Mode) -> str:
    if n_eff is False:
        return "n"
    return "all lags in space" if mode == "pattern" else {"lag1": "lag 1", "full": "all lags"}[n_eff]


def _check_length(pairs: Sequence[StepPairs], least: int) -> None:
    longest = max(len(part) for part in pairs)
    if longest < least:
        where = "" if pairs[0].label is None else " in a month or window"
        raise InputRefused(
            f"{longest} steps{where}, {least} are needed. Give a longer series, or a smaller least (3 or "
            "more)."
        )


def correlate_over_time(
    soils: Grids,
    drivers: Grids,
    covariates: Sequence[xr.DataArray],
    pairs: Sequence[StepPairs],
    rule: CorrelationRule,
) -> Maps:
    """Found values (pixels,) for each pair of variables and each set of steps, read in blocks of space."""
    maps: Maps = {(x, y): [] for x in soils for y in drivers}
    parts: dict[tuple[str, str, int], list[Found]] = {}
    everything = {**{("a", k): v for k, v in soils.items()}, **{("b", k): v for k, v in drivers.items()},
                  **{("z", str(k)): v for k, v in enumerate(covariates)}}  # fmt: skip
    for blocks in read_blocks(everything):
        a, b, z = ({k: v for (role, k), v in blocks.items() if role == want} for want in "abz")
        for k, part in enumerate(pairs):
            for (x, y), found in correlate_many(a, b, part, rule, given=list(z.values())).items():
                parts.setdefault((x, y, k), []).append(found)
    for (x, y, _), blocks_found in parts.items():
        whole = {name: np.concatenate([part[name] for part in blocks_found]) for name in blocks_found[0]}
        maps[x, y].append(whole)
    return maps
