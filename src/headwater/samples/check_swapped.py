"""Are the columns of δ18O and δ2H exchanged?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headwater.errors import InputRefused
from headwater.samples.findings import Finding, left_out
from headwater.samples.headers import Claim

IMPOSSIBLE_EXCESS = 60.0
PLAUSIBLE_EXCESS = (-50.0, 60.0)


def looks_swapped(d18O: NDArray[np.float64], d2H: NDArray[np.float64]) -> NDArray[np.bool_]:
    """True where d-excess exceeds 60 ‰ as written and is plausible (−50 … 60 ‰) with the two exchanged."""
    exchanged = d18O - 8 * d2H
    low, high = PLAUSIBLE_EXCESS
    return (d2H - 8 * d18O > IMPOSSIBLE_EXCESS) & (exchanged > low) & (exchanged < high) & (d18O < d2H)


def check_swapped(frame: pd.DataFrame, place: str, claims: dict[str, Claim]) -> list[Finding]:
    """Rows whose two δ values are exchanged; they are left out.

    Raises
    ------
    InputRefused
        At least half of the rows with both values: then the columns themselves are exchanged.
    """
    d18O, d2H = frame["d18O"].to_numpy(), frame["d2H"].to_numpy()
    swapped = looks_swapped(d18O, d2H)
    both = int((~np.isnan(d18O) & ~np.isnan(d2H)).sum())
    at = np.flatnonzero(swapped)
    if at.size and at.size * 2 >= both:
        first = at[0]
        one, two = claims["d18O"].header, claims["d2H"].header
        raise InputRefused(
            f"{place}: δ18O and δ2H are exchanged in {at.size} of {both} rows "
            f"(row {frame['row'].iloc[first]}: {one!r} = {d18O[first]:g} ‰, {two!r} = {d2H[first]:g} ‰). "
            "δ2H is about 8 times δ18O. Correct the headers, or map "
            f'them: columns = {{"{one}" = "d2H", "{two}" = "d18O"}}.'
        )
    found = np.array([f"d18O {d18O[i]:g}, d2H {d2H[i]:g}" for i in at], object)
    return [left_out("d18O", found, "δ2H about 8 times δ18O; the two are exchanged in this row", at)]
