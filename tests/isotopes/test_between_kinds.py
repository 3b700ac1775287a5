"""Distances between kinds of water: known shifts, thinning, and rows that cannot be used."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from headwater.isotopes import kind_distances


def kinds(n: int, seed: int, shift: float = 3.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    d18O = np.concatenate([rng.normal(-12, 2, 2 * n), rng.normal(-12 + shift, 2, n)])
    excess = np.concatenate([rng.normal(8, 3, 2 * n), rng.normal(8, 3, n)])
    return pd.DataFrame(
        {
            "kind": pd.Categorical(["soil_water"] * n + ["suprapermafrost"] * n + ["snow_melt"] * n),
            "d18O": d18O,
            "d2H": 8 * d18O + excess,
        }
    )


def test_near_kinds_are_near_and_a_shifted_one_is_not():
    table = kind_distances(kinds(80, 1), np.random.default_rng(0)).set_index(["kind_a", "kind_b"])
    near, far = table.loc[("soil_water", "suprapermafrost")], table.loc[("snow_melt", "soil_water")]
    assert near["p_adjusted"] > 0.05 and far["p_adjusted"] < 0.01
    assert far["energy"] > 3 * near["energy"]
    assert far["mahalanobis"] == pytest.approx(1.5, abs=0.35)  # 3 ‰ over an sd of 2 ‰
    assert near["n_a"] == near["n_b"] == 80


def test_the_same_seed_gives_the_same_table_also_where_kinds_are_thinned():
    waters = kinds(700, 2)
    first = kind_distances(waters, np.random.default_rng(5), permutations=199, largest=300)
    second = kind_distances(waters, np.random.default_rng(5), permutations=199, largest=300)
    pd.testing.assert_frame_equal(first, second)
    assert first["n_a"].tolist() == [700, 700, 700]


def test_incomplete_rows_and_small_kinds_are_left_out():
    waters = kinds(20, 3)
    waters.loc[waters.index[:5], "d2H"] = np.nan
    waters.loc[waters.index[41:], "kind"] = None
    table = kind_distances(waters, np.random.default_rng(1), permutations=99)
    assert table[["kind_a", "kind_b", "n_a", "n_b"]].to_numpy().tolist() == [
        ["soil_water", "suprapermafrost", 15, 20]
    ]
    nothing = kind_distances(waters.iloc[:0], np.random.default_rng(1))
    assert list(nothing.columns) == [
        "kind_a",
        "kind_b",
        "n_a",
        "n_b",
        "energy",
        "mahalanobis",
        "p",
        "p_adjusted",
    ]


def test_mahalanobis_does_not_depend_on_the_pair_of_tracers():
    waters = kinds(50, 4)
    table = kind_distances(waters, np.random.default_rng(1), permutations=9)
    clouds = {kind: rows[["d18O", "d2H"]].to_numpy() for kind, rows in waters.groupby("kind", observed=True)}
    for _, row in table.iterrows():
        a, b = clouds[row["kind_a"]], clouds[row["kind_b"]]
        pooled = (np.cov(a.T) * (len(a) - 1) + np.cov(b.T) * (len(b) - 1)) / (len(a) + len(b) - 2)
        gap = a.mean(axis=0) - b.mean(axis=0)
        assert row["mahalanobis"] == pytest.approx(np.sqrt(gap @ np.linalg.inv(pooled) @ gap))
