"""Periods, bands and crossings: labels and edges as the results page states them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from headwater.errors import SettingsRefused
from headwater.samples.table import CANONICAL_COLUMNS, NUMBER_COLUMNS, TEXT_COLUMNS
from headwater.study.settings import PeriodSettings, StrataSettings
from headwater.study.strata import cells, period_start, stratify


def waters(**columns: list) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    frame = pd.DataFrame({name: columns.get(name, [None] * n) for name in CANONICAL_COLUMNS})
    if "kind" not in columns:
        frame["kind"] = "soil_water"
    for name in TEXT_COLUMNS:
        frame[name] = frame[name].astype("category")
    for name in ("date", "date_start", "date_end"):
        frame[name] = pd.to_datetime(frame[name])
    for name in NUMBER_COLUMNS:
        frame[name] = frame[name].astype(float)
    return frame


def put(frame: pd.DataFrame, *, periods: PeriodSettings | None = None, **strata):
    return stratify(frame, periods or PeriodSettings(), StrataSettings(**strata), of="soil_water")


def test_band_holds_its_lower_edge_and_the_last_band_both():
    frame = waters(altitude_m=[2899.9, 2900, 3499.9, 3500, 5100, 5100.1, np.nan])
    found = put(frame, altitude_bands=(2900, 3500, 5100))
    labels = list(found.waters["altitude"].astype(object).where(found.waters["altitude"].notna(), None))
    assert labels == [None, "2900-3500", "2900-3500", "3500-5100", "3500-5100", None, None]
    assert found.outside_bands == 2  # a water without an altitude is not outside


def test_default_bands_are_even_and_hold_every_sample():
    frame = waters(altitude_m=list(np.linspace(61, 788, 40)))
    found = put(frame)
    assert found.outside_bands == 0
    assert found.waters["altitude"].notna().all()
    assert 1 < len(found.levels["altitude"]) <= 6


def test_periods_are_calendar_months_in_time_order():
    frame = waters(date=["2020-09-01", "2020-06-30", "2019-12-31", None])
    found = put(frame)
    assert found.periods == ("2019-12", "2020-06", "2020-09")
    assert found.undated == 1


@pytest.mark.parametrize(
    ("date", "season"),
    [("2020-12-31", "2020-winter"), ("2021-02-28", "2020-winter"), ("2021-03-01", "2021-spring")],
)
def test_winter_belongs_to_the_year_in_which_it_began(date, season):
    found = put(waters(date=[date]), periods=PeriodSettings(by="season"))
    assert found.periods == (season,)
    assert period_start(season) <= pd.Timestamp(date) < period_start(season) + pd.DateOffset(months=3)


def test_without_dates_there_is_one_period():
    assert put(waters(site=["a", "b"])).periods == ("all",)


def test_layers_of_the_table_become_levels_from_the_top():
    frame = waters(depth_top_m=[0.2, 0.0, 0.2], depth_bottom_m=[0.4, 0.2, 0.4])
    found = put(frame)
    assert found.levels["depth"] == ("0-20 cm", "20-40 cm")
    assert list(found.waters["depth"]) == ["20-40 cm", "0-20 cm", "20-40 cm"]


def test_depth_given_as_a_point_falls_into_standard_layers():
    found = put(waters(depth_top_m=[0.05, 0.35, 7.0]))
    assert list(found.waters["depth"].astype(object))[:2] == ["0-10 cm", "20-40 cm"]
    assert pd.isna(found.waters["depth"].iloc[2])


def test_lower_end_of_a_layer_alone_belongs_to_the_layer_above_it():
    found = put(waters(depth_bottom_m=[0.1, 0.2, 0.25]), depth_layers_m=(0, 0.1, 0.2, 0.4))
    assert list(found.waters["depth"]) == ["0-10 cm", "10-20 cm", "20-40 cm"]


def test_crossing_joins_levels_and_star_serves_for_the_sign():
    frame = waters(altitude_m=[3000, 4000], vegetation=["meadow", "forest"])
    found = put(frame, altitude_bands=(2900, 3500, 5100), crossings=("altitude*vegetation",))
    assert list(found.waters["altitude×vegetation"]) == ["2900-3500×meadow", "3500-5100×forest"]


def test_crossing_of_an_absent_stratum_is_refused_with_what_there_is():
    with pytest.raises(SettingsRefused, match="there are: altitude"):
        put(waters(altitude_m=[3000, 4000]), crossings=("altitude×soil",))


def test_unknown_stratum_is_refused_with_what_there_is():
    with pytest.raises(SettingsRefused, match=r"no column 'slope'; available: .*vegetation"):
        put(waters(altitude_m=[3000]), columns=("slope",))


def test_cells_cover_every_dated_row_once_per_stratum():
    rng = np.random.default_rng(1)
    frame = waters(
        date=list(pd.to_datetime("2020-06-01") + pd.to_timedelta(rng.integers(0, 120, 300), unit="D")),
        altitude_m=list(rng.uniform(2900, 5100, 300)),
        vegetation=list(rng.choice(["meadow", "forest"], 300)),
    )
    found = put(frame, altitude_bands=(2900, 3500, 4000, 5100))
    walk = list(cells(found, np.arange(300)))
    for stratum in ("all", "altitude", "vegetation"):
        rows = np.concatenate([cell.rows for cell in walk if cell.stratum == stratum])
        assert sorted(rows) == list(range(300))
    for cell in walk:
        here = found.waters.iloc[cell.rows]
        assert set(here["period"]) == {cell.period}
        if cell.stratum != "all":
            assert set(here[cell.stratum]) == {cell.level}
