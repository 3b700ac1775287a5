"""Do kinds of water, periods or basins differ? Distances between clouds and contrasts of means."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headwater.isotopes.excess import d_excess
from headwater.stats.adjust import benjamini_hochberg
from headwater.stats.distance import mahalanobis_distance, permutation_p
from headwater.stats.interval import welch

Array = NDArray[np.float64]

DISTANCE_COLUMNS = ("kind_a", "kind_b", "n_a", "n_b", "energy", "mahalanobis", "p", "p_adjusted")
CONTRAST_COLUMNS = ("kind", "factor", "level_a", "level_b", "variable", "n_a", "n_b", "difference", "low",
                    "high", "p")  # fmt: skip
ISOTOPE_VARIABLES = ("d18O", "d2H", "d_excess")


def kind_distances(
    waters: pd.DataFrame,
    rng: np.random.Generator,
    *,
    permutations: int = 999,
    largest: int = 500,
    smallest: int = 3,
) -> pd.DataFrame:
    """Energy and Mahalanobis distance of every pair of kinds, with permutation p.

    In (δ18O, d-excess), each divided by its pooled sd within kinds, so that distance across the meteoric
    line counts as much as distance along it. (δ18O and δ2H give the same Mahalanobis distance.)

    Parameters
    ----------
    waters : columns kind, d18O, d2H; rows without both isotopes are not counted
    rng : draws the permutations and, of kinds with more than ``largest`` waters, the subset that the energy
        distance and its p are computed on (their cost grows with n²); counts and Mahalanobis use all
    smallest : kinds with fewer waters are left out

    Returns
    -------
    DataFrame : kind_a, kind_b, n_a, n_b, energy, mahalanobis, p, p_adjusted (Benjamini–Hochberg over the
        rows), a row a pair, in the order of the kinds' names
    """
    clouds = _clouds(waters, smallest)
    thinned = {
        kind: points if len(points) <= largest else points[np.sort(rng.permutation(len(points))[:largest])]
        for kind, points in clouds.items()
    }
    rows = []
    for one, two in combinations(clouds, 2):
        test = permutation_p(thinned[one], thinned[two], rng, permutations=permutations)
        apart = mahalanobis_distance(clouds[one], clouds[two])
        rows.append((one, two, len(clouds[one]), len(clouds[two]), test.distance, apart, test.p, np.nan))
    table = pd.DataFrame(rows, columns=list(DISTANCE_COLUMNS))
    table["p_adjusted"] = benjamini_hochberg(table["p"].to_numpy(float))
    return table


def _clouds(waters: pd.DataFrame, smallest: int) -> dict[str, Array]:
    """Scaled points of each kind that has enough of them."""
    d18O, d2H = waters["d18O"].to_numpy(float), waters["d2H"].to_numpy(float)
    points = np.column_stack([d18O, d_excess(d18O, d2H)])
    complete = np.isfinite(points).all(axis=1)
    kinds = waters["kind"].astype(object).to_numpy()
    names = sorted({str(kind) for kind in kinds[complete] if pd.notna(kind)})
    clouds = {name: points[complete & (kinds == name)] for name in names}
    clouds = {name: cloud for name, cloud in clouds.items() if len(cloud) >= smallest}
    if not clouds:
        return {}
    squares = sum(((cloud - cloud.mean(axis=0)) ** 2).sum(axis=0) for cloud in clouds.values())
    dof = sum(len(cloud) - 1 for cloud in clouds.values())
    scale = np.sqrt(squares / dof)
    return {name: cloud / np.where(scale > 0, scale, 1.0) for name, cloud in clouds.items()}


def contrasts(
    waters: pd.DataFrame,
    factor: str,
    variables: Sequence[str] = ISOTOPE_VARIABLES,
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """Difference of means between every two levels of a factor, per kind, with Welch interval and p.

    Parameters
    ----------
    waters : columns kind, the factor (period, basin, …) and the variables (absent ones are skipped;
        d_excess is computed where it is absent)

    Returns
    -------
    DataFrame : kind, factor, level_a, level_b, variable, n_a, n_b, difference (a − b), low, high, p.
        Missing limits where a level has fewer than two values; p is not adjusted for the number of rows.
    """
    rows = []
    levels = _levels(waters[factor])
    columns = {name: values for name in variables if (values := _variable(waters, name)) is not None}
    for kind, index in waters.groupby("kind", observed=True, sort=True).indices.items():
        of_kind = waters[factor].astype(object).to_numpy()[index]
        for name, values in columns.items():
            parts = {one: values[index][of_kind == one] for one in levels}
            parts = {one: part[np.isfinite(part)] for one, part in parts.items()}
            for one, two in combinations([one for one in levels if len(parts[one])], 2):
                gap = welch(parts[one], parts[two], level=level)
                rows.append(
                    (kind, factor, one, two, name, gap.n_a, gap.n_b, gap.difference, gap.low, gap.high, gap.p)
                )
    return pd.DataFrame(rows, columns=list(CONTRAST_COLUMNS))


def _levels(column: pd.Series) -> list[object]:
    """Levels in category order where there is one, else sorted."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        present = set(column.dropna().unique())
        return [one for one in column.cat.categories if one in present]
    return sorted(column.dropna().unique())


def _variable(waters: pd.DataFrame, name: str) -> Array | None:
    if name in waters:
        return waters[name].to_numpy(float)
    if name == "d_excess":
        return d_excess(waters["d18O"].to_numpy(float), waters["d2H"].to_numpy(float))
    return None
