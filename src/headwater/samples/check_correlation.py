"""Do δ2H and δ18O of a kind of water belong together?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from headwater.errors import InputRefused
from headwater.samples.findings import Finding, flagged

FEWEST = 10
LOWEST_R = 0.5


def correlations(frame: pd.DataFrame) -> pd.DataFrame:
    """Pearson r of δ18O and δ2H, and n, of every kind with at least 10 complete rows and any spread."""
    pairs = frame[["kind", "d18O", "d2H"]].dropna()
    grouped = pairs.groupby("kind", observed=True)
    x = pairs["d18O"] - grouped["d18O"].transform("mean")
    y = pairs["d2H"] - grouped["d2H"].transform("mean")
    sums = (
        pd.DataFrame({"kind": pairs["kind"], "xy": x * y, "xx": x * x, "yy": y * y, "n": 1})
        .groupby("kind", observed=True)
        .sum()
    )
    sums = sums[(sums["n"] >= FEWEST) & (sums["xx"] > 1e-12 * sums["n"]) & (sums["yy"] > 1e-12 * sums["n"])]
    return pd.DataFrame({"n": sums["n"], "r": sums["xy"] / np.sqrt(sums["xx"] * sums["yy"])})


def check_correlation(frame: pd.DataFrame, place: str) -> list[Finding]:
    """Kinds with r < 0.5 between the two isotopes: flagged.

    Raises
    ------
    InputRefused
        Every kind that can be judged (n ≥ 10) fails.
    """
    table = correlations(frame)
    poor = table[table["r"] < LOWEST_R]
    told = [f"{kind}: r = {row['r']:.2f}, n = {row['n']:.0f}" for kind, row in poor.iterrows()]
    expected = f"r of at least {LOWEST_R} between δ18O and δ2H of one kind of water"
    if len(poor) and len(poor) == len(table):
        raise InputRefused(
            f"{place}: δ18O and δ2H do not belong together in any kind of water ({'; '.join(told)}); "
            f"expected {expected}. Look for rows sorted apart or a wrong column behind a header."
        )
    return [flagged("d2H", text, f"{expected}; look for rows sorted apart") for text in told]
