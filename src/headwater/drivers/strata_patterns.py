"""Correlation over the pixels of each stratum, in the form that means of strata have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from headwater.drivers.correlate import correlate
from headwater.drivers.strata_means import SPEARMAN

if TYPE_CHECKING:
    import xarray as xr

    from headwater.grids import Strata


def strata_patterns(
    a: xr.Dataset, b: xr.Dataset, strata: Strata | None, *, level: float = 0.95, **options: Any
) -> tuple[xr.Dataset, xr.Dataset]:
    """Pattern correlations within each stratum, and the same as means with intervals.

    The interval is that of Fisher's z, tanh(artanh r ± q/√(n_eff − 3)), with the spatial effective number of
    pixels of ``correlate(mode="pattern")``.

    Parameters
    ----------
    a, b : soil moisture and drivers (time, latitude, longitude)
    strata : each correlated by itself; all pixels together where None
    options : of ``correlate``, without ``mode``

    Returns
    -------
    (…, stratum) with ``r, n, n_eff, p, p_adjusted, significant``; (…, stratum) with the layers of
    ``strata_means``, shares missing
    """
    import xarray as xr
    from scipy.stats import norm

    names = ("all",) if strata is None else strata.names
    parts = []
    for number, _ in enumerate(names):
        here = (lambda x: x) if strata is None else _only(strata.codes == number)
        parts.append(correlate(here(a), here(b), mode="pattern", **options))
    found = xr.concat(parts, xr.Variable("stratum", list(names)), combine_attrs="drop_conflicts")
    found = found.transpose(..., "stratum")
    z = np.arctanh(found["r"].clip(-1 + 1e-9, 1 - 1e-9))
    factor = SPEARMAN if options.get("method") == "spearman" else 1.0
    freedom = (found["n_eff"] - 3.0).where(found["n_eff"] > 3.0)
    half = norm.ppf(0.5 + level / 2) * np.sqrt(factor / freedom)
    nothing = xr.full_like(found["r"], np.nan)
    means = xr.Dataset(
        {
            "r": found["r"], "r_low": np.tanh(z - half), "r_high": np.tanh(z + half),
            "n_spatial": found["n_eff"], "n_eff": nothing, "pixels": found["n"].astype(float),
            "share_positive": nothing, "share_negative": nothing, "share_above_zero": nothing,
        }
    )  # fmt: skip
    means.attrs = dict(found.attrs) | {"level": level}
    return found, means


def _only(here: xr.DataArray) -> Any:
    return lambda grids: grids.where(here)
