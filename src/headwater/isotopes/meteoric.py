"""The local meteoric water line from precipitation samples."""

from __future__ import annotations

import pandas as pd

from headwater.errors import InputRefused
from headwater.stats.fit import fit_line
from headwater.stats.line import Line, LineMethod


def meteoric_line(precipitation: pd.DataFrame, *, method: LineMethod | str = LineMethod.OLS) -> Line:
    """Local meteoric water line δ2H = a δ18O + b of the precipitation samples.

    Parameters
    ----------
    precipitation : columns d18O, d2H [‰]; ``weighted`` needs amount_mm, ``york`` needs d18O_sd, d2H_sd
    method : ``weighted`` lets each sample count by its amount (rows without an amount are not used)

    Raises
    ------
    InputRefused : fewer than three usable samples, or a needed column is missing

    References
    ----------
    Hughes & Crawford (2012) J. Hydrol. 464–465, 344–351 (amount-weighted line).
    """
    method = LineMethod(method)
    needed = {LineMethod.WEIGHTED: ["amount_mm"], LineMethod.YORK: ["d18O_sd", "d2H_sd"]}
    for column in ("d18O", "d2H", *needed.get(method, [])):
        if column not in precipitation:
            raise InputRefused(
                f"the {method} line needs the column {column}, which the precipitation table lacks; "
                f"add it or choose another method"
            )
    return fit_line(
        precipitation["d18O"].to_numpy(float),
        precipitation["d2H"].to_numpy(float),
        method=method,
        x_sd=precipitation["d18O_sd"].to_numpy(float) if method is LineMethod.YORK else None,
        y_sd=precipitation["d2H_sd"].to_numpy(float) if method is LineMethod.YORK else None,
        weights=precipitation["amount_mm"].to_numpy(float) if method is LineMethod.WEIGHTED else None,
    )
