"""Which way each driver goes with soil moisture, by month and stratum, beside the paper's sign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from headwater.drivers.read_paper_signs import PaperSigns, Sign, read_paper_signs

if TYPE_CHECKING:
    import xarray as xr

    from headwater.grids import Strata

Side = Literal["low", "high", "both"]
Agreement = Literal["agrees", "differs", "undecided", "not stated"]


@dataclass(frozen=True)
class SignRecord:
    """One month × stratum × variable.

    Attributes
    ----------
    soil, variable : names of soil moisture and of the driver; what follows a colon names a layer
    month : 1–12; 0 for all months together
    sign : of the mean correlation where its interval leaves out 0, else ``0``; empty without data
    r, low, high : mean correlation and the ends of its interval
    share_positive, share_negative : part of the area that is significant after FDR, by sign
    pixels, n_spatial : pixels, and how many independent ones they are worth
    n_eff : mean effective number of time steps; NaN for patterns
    paper, note : the paper's sign and how plainly it says so; empty where it says nothing
    agreement : of both signs; ``undecided`` where the interval holds 0
    """

    soil: str
    variable: str
    month: int
    stratum: str
    sign: Sign
    r: float
    low: float
    high: float
    share_positive: float
    share_negative: float
    pixels: int
    n_spatial: float
    n_eff: float
    paper: Sign
    note: str
    agreement: Agreement


def sign_table(
    means: xr.Dataset, *, sides: Mapping[str, Side] | None = None, paper: PaperSigns | None = None
) -> tuple[SignRecord, ...]:
    """Signs of the mean correlations of ``strata_means``, each beside what the paper reports.

    Parameters
    ----------
    means : of ``strata_means``, dims among ``soil, driver, month`` and ``stratum``
    sides : stratum → low, high or both, as :func:`sides_of` finds it; without it nothing is compared
    paper : signs to compare with; those of sections 4.1 and 4.2 where None

    Returns
    -------
    Records ordered by variable, month and stratum. A stratum on both sides is compared only where the paper
    reports the same sign for both.
    """
    known = read_paper_signs() if paper is None else paper
    records = []
    variable_dims = [name for name in means["r"].dims if name not in ("month", "stratum")]
    for labels in np.ndindex(*(means.sizes[name] for name in variable_dims)):
        part = means.isel(dict(zip(variable_dims, labels, strict=True)))
        soil, variable = (_name(part, means, dim) for dim in ("soil", "driver"))
        for month in part["month"].to_numpy() if "month" in part.dims else [0]:
            here = part.sel(month=month) if "month" in part.dims else part
            for stratum in here["stratum"].to_numpy():
                cell = here.sel(stratum=stratum)
                side = (sides or {}).get(str(stratum))
                records.append(_record(cell, soil, variable, int(month), str(stratum), side, known))
    return tuple(records)


def sides_of(strata: Strata, altitude: xr.DataArray, *, boundary_m: float | None = None) -> dict[str, Side]:
    """Stratum → low where all of it lies below the boundary, high where none does, else both.

    ``altitude`` is in m on the pixels of the strata; the boundary is the paper's reading where None. Pixels
    without an altitude do not count.
    """
    boundary = read_paper_signs().boundary_m if boundary_m is None else boundary_m
    heights = altitude.transpose("latitude", "longitude").to_numpy()
    codes = strata.codes.transpose("latitude", "longitude").to_numpy()
    found: dict[str, Side] = {}
    for number, name in enumerate(strata.names):
        here = heights[(codes == number) & np.isfinite(heights)]
        if len(here):
            found[name] = "low" if here.max() < boundary else "high" if here.min() >= boundary else "both"
    return found


def _record(
    cell: xr.Dataset, soil: str, variable: str, month: int, stratum: str, side: Side | None, known: PaperSigns
) -> SignRecord:
    values = {name: float(cell[name]) for name in cell.data_vars}
    sign = _sign(values["r"], values["r_low"], values["r_high"])
    said = known.signs.get((month, variable.partition(":")[0]))
    paper: Sign = ""
    if said is not None and side is not None:
        paper = said.low if side == "low" or said.low == said.high else said.high if side == "high" else ""
    return SignRecord(
        soil, variable, month, stratum, sign, values["r"], values["r_low"], values["r_high"],
        values["share_positive"], values["share_negative"], int(values["pixels"]), values["n_spatial"],
        values["n_eff"],
        paper, said.note if said is not None and paper else "", _agreement(sign, paper),
    )  # fmt: skip


def _sign(r: float, low: float, high: float) -> Sign:
    if not np.isfinite(r):
        return ""
    if low > 0:
        return "+"
    return "-" if high < 0 else "0"


def _agreement(sign: Sign, paper: Sign) -> Agreement:
    if not paper:
        return "not stated"
    if sign in ("", "0"):
        return "undecided"
    return "agrees" if sign == paper else "differs"


def _name(part: xr.Dataset, means: xr.Dataset, dim: str) -> str:
    """Name of the variable on one side: its coordinate, else the attribute of a result without that dim."""
    attribute = {"soil": "variables_a", "driver": "variables_b"}[dim]
    return str(part[dim].item()) if dim in part.coords else str(means.attrs.get(attribute, ""))
