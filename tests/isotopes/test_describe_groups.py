"""Group means, gradients, profiles and contrasts against pandas and scipy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from headwater.isotopes import (
    GLOBAL_METEORIC_LINE,
    contrasts,
    gradients,
    group_means,
    line_distance,
    profiles,
)
from headwater.stats import fit_line


@pytest.fixture(scope="module")
def waters() -> pd.DataFrame:
    rng = np.random.default_rng(12)
    n = 600
    kind = rng.choice(["soil_water", "river", "precipitation"], n)
    altitude = rng.uniform(2900, 5100, n)
    d18O = -8 - altitude / 1000 + rng.normal(0, 2, n)
    table = pd.DataFrame(
        {
            "kind": pd.Categorical(kind),
            "period": rng.choice(["2020-06", "2020-08", "2020-09"], n),
            "d18O": d18O,
            "d2H": 7.0 * d18O - 2 + rng.normal(0, 3, n),
            "altitude_m": altitude,
            "depth_top_m": np.where(kind == "soil_water", rng.integers(0, 4, n) * 0.2, np.nan),
            "soil_temperature_C": rng.normal(6, 2, n),
            "soil_moisture": rng.uniform(0.1, 0.4, n),
        }
    )
    table["depth_bottom_m"] = table["depth_top_m"] + 0.2
    names = {0: "0-20", 20: "20-40", 40: "40-60", 60: "60-80"}
    table["depth"] = (100 * table["depth_top_m"]).round().map(names)
    table.loc[:15, "d2H"] = np.nan
    table.loc[16:20, "period"] = None
    return table


def test_group_means_are_those_of_pandas_and_scipy(waters):
    table = group_means(waters, ["kind", "period"], GLOBAL_METEORIC_LINE)
    assert len(table) == 9
    complete = waters.dropna(subset=["d18O", "d2H", "period"])
    assert table["n"].sum() == len(complete)
    for _, row in table.iterrows():
        rows = complete[(complete["kind"] == row["kind"]) & (complete["period"] == row["period"])]
        excess = rows["d2H"] - 8 * rows["d18O"]
        low, high = scipy.stats.ttest_1samp(excess, 0).confidence_interval()
        regression = scipy.stats.linregress(rows["d18O"], excess)
        np.testing.assert_allclose(
            [row["d_excess_mean"], row["d_excess_sd"], row["d_excess_low"], row["d_excess_high"]],
            [excess.mean(), excess.std(), low, high],
        )
        np.testing.assert_allclose(
            [row["excess_slope"], row["excess_intercept"], row["excess_r2"]],
            [regression.slope, regression.intercept, regression.rvalue**2],
        )


def test_a_mean_d_excess_is_that_of_the_means(waters):
    table = group_means(waters, ["kind"], GLOBAL_METEORIC_LINE)
    np.testing.assert_allclose(table["d_excess_mean"], table["d2H_mean"] - 8 * table["d18O_mean"])
    np.testing.assert_allclose(table["lc_excess_mean"], table["d_excess_mean"] - 10)


def test_columns_are_those_of_the_study_table(waters):
    values = [
        f"{v}_{e}" for v in ("d18O", "d2H", "d_excess", "lc_excess") for e in ("mean", "sd", "low", "high")
    ]
    expected = ["kind", "n", *values, "excess_slope", "excess_intercept", "excess_r2"]
    assert list(group_means(waters, ["kind"], None).columns) == expected
    assert group_means(waters, ["kind"], None)["lc_excess_mean"].isna().all()
    assert list(group_means(waters.iloc[:0], ["kind"], None).columns) == expected


def test_one_group_of_all_and_groups_too_small(waters):
    assert group_means(waters, [], None)["n"].tolist() == [len(waters) - 16]
    few = pd.DataFrame(
        {"kind": ["a", "b", "b", "c"], "d18O": [-1.0, -2.0, -3.0, np.nan], "d2H": [1.0, 2.0, 3.0, 4.0]}
    )
    table = group_means(few, ["kind"], None)
    assert table["n"].tolist() == [1, 2, 0]
    assert table["d18O_sd"].isna().tolist() == [True, False, True]
    assert table["excess_slope"].isna().all()


def test_gradients_are_scipy_linregress(waters):
    table = gradients(waters)
    row = table[
        (table["kind"] == "river") & (table["against"] == "altitude_m") & (table["variable"] == "d18O")
    ]
    river = waters[(waters["kind"] == "river")]
    expected = scipy.stats.linregress(river["altitude_m"], river["d18O"])
    np.testing.assert_allclose(
        row[["slope", "slope_se", "r2", "p"]].to_numpy(float)[0],
        [expected.slope, expected.stderr, expected.rvalue**2, expected.pvalue],
        rtol=1e-6,
    )
    assert row["n"].item() == len(river)
    depth = table[table["against"] == "depth_mid_m"]
    assert set(depth["kind"]) == {"soil_water"}  # other kinds have no depth: no row, no error
    assert list(table.columns) == ["kind", "variable", "against", "n", "slope", "slope_se", "r2", "p"]


def test_gradients_of_nothing_have_their_columns(waters):
    assert len(gradients(waters, against=["nowhere"]).columns) == 8


def test_profiles_go_down_from_the_surface(waters):
    soil = waters[waters["kind"] == "soil_water"]
    table = profiles(soil)
    assert table["depth"].tolist() == ["0-20", "20-40", "40-60", "60-80"]
    np.testing.assert_allclose(table["depth_mid_m"], [0.1, 0.3, 0.5, 0.7])
    top = soil[(soil["depth"] == "0-20")].dropna(subset=["d18O", "d2H"])
    assert table["n"][0] == len(top)
    assert table["soil_moisture"][0] == pytest.approx(top["soil_moisture"].mean())
    assert table["d_excess_mean"][0] == pytest.approx((top["d2H"] - 8 * top["d18O"]).mean())
    bare = profiles(soil.drop(columns=["soil_temperature_C"]))
    assert bare["soil_temperature_C"].isna().all()


def test_contrasts_are_scipy_welch(waters):
    table = contrasts(waters, "period")
    assert len(table) == 27  # three kinds, three pairs, three variables
    soil = waters[waters["kind"] == "soil_water"]
    a, b = (soil.loc[soil["period"] == p, "d18O"] for p in ("2020-06", "2020-09"))
    row = table.query(
        "kind == 'soil_water' and level_a == '2020-06' and level_b == '2020-09' and variable == 'd18O'"
    )
    expected = scipy.stats.ttest_ind(a, b, equal_var=False)
    low, high = expected.confidence_interval()
    np.testing.assert_allclose(
        row[["difference", "low", "high", "p"]].to_numpy(float)[0],
        [a.mean() - b.mean(), low, high, expected.pvalue],
    )
    assert (row["n_a"].item(), row["n_b"].item()) == (len(a), len(b))


def test_contrasts_follow_the_order_of_categories():
    table = pd.DataFrame({"kind": "river", "d18O": [-1.0, -2.0, -3.0, -5.0], "d2H": [1.0, 2.0, 3.0, 4.0]})
    table["basin"] = pd.Categorical(["b", "b", "a", "a"], categories=["b", "a", "unused"])
    found = contrasts(table, "basin", ["d18O"])
    assert found[["level_a", "level_b"]].to_numpy().tolist() == [["b", "a"]]
    assert found["difference"].item() == pytest.approx(2.5)


@pytest.mark.slow
def test_line_distance_ranks_by_nearness_and_covers_the_truth():
    rng = np.random.default_rng(13)
    inside = []
    for _ in range(500):
        rain = rng.normal(-14, 5, 25)
        line = fit_line(rain, 8 * rain + 10 + rng.normal(0, 6, 25))
        x = rng.normal(-10, 2, 40)
        soil = pd.DataFrame({"d18O": x, "d2H": 8 * x + 10 - 9 + rng.normal(0, 4, 40), "level": "all"})
        row = line_distance(soil, ["level"], line).iloc[0]
        inside.append(row["low"] <= -9 <= row["high"])
    assert 0.93 <= np.mean(inside) <= 0.985
    groups = pd.DataFrame(
        {"d18O": [-10.0] * 6, "d2H": [-75.0, -76, -69, -69, -95, -97], "level": list("aabbcc")}
    )
    table = line_distance(groups, ["level"], GLOBAL_METEORIC_LINE)
    assert table.set_index("level")["rank"].to_dict() == {"b": 1, "a": 2, "c": 3}
    assert list(table.columns) == ["level", "n", "lc_excess", "low", "high", "rank"]
