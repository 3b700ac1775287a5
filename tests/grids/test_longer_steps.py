"""Longer steps against means by hand and against pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from headwater.errors import InputRefused, SettingsRefused
from headwater.grids import composite
from tests.grids.make_grids import grid, lazy
from tests.grids.make_reanalysis import hours, months

DAYS = hours("2001-01-01", 365, step=24)


def test_months_of_days_are_those_of_pandas() -> None:
    daily = grid(time=DAYS, shape=(2, 3))
    out = composite(daily, "month")
    truth = pd.Series(daily.values[:, 1, 2], DAYS).resample("MS").mean()
    np.testing.assert_allclose(out[:, 1, 2], truth, rtol=1e-6)
    assert (
        list(out.time.values) == list(months("2001-01", 12)) and out.time_end.values[0] == out.time.values[1]
    )
    assert out.cell_methods == "time: mean" and "mean of every month from 365 steps" in out.headwater_changes


def test_a_flux_adds_up_to_an_amount() -> None:
    hourly = grid(
        time=hours("2001-01-01", 744), shape=(2, 2), units="kg m-2 s-1", standard_name="precipitation_flux"
    )
    out = composite(hourly, "month", how="sum")
    np.testing.assert_allclose(out[0], hourly.sum("time", dtype=float) * 3600, rtol=1e-6)
    assert out.units == "kg m-2" and out.standard_name == "precipitation_amount"
    with pytest.raises(SettingsRefused, match="only a flux"):
        composite(grid(), "year", how="sum")


def test_sixteen_day_composites_count_in_a_month_by_their_days() -> None:
    start = np.datetime64("2001-01-01", "ns") + np.arange(0, 353, 16) * np.timedelta64(1, "D")
    out = composite(grid(time=start, shape=(1, 1), seed=4), "month")
    values = grid(time=start, shape=(1, 1), seed=4).values[:, 0, 0]
    # June 2001 is days 152-181: 9 days of the composite of day 145, 16 of 161, 5 of 177
    np.testing.assert_allclose(
        out[5, 0, 0], (9 * values[9] + 16 * values[10] + 5 * values[11]) / 30, rtol=1e-6
    )


def test_days_become_the_16_days_of_modis_that_start_anew_each_year() -> None:
    two = hours("2000-01-01", 731, step=24)
    out = composite(grid(time=two, shape=(1, 2)), "16 days")
    assert len(out.time) == 46 and out.time.values[22] == np.datetime64(
        "2000-12-18"
    )  # day 353 of a leap year
    assert out.time.values[23] == np.datetime64("2001-01-01")
    values = grid(time=two, shape=(1, 2)).values[:, 0]
    np.testing.assert_allclose(out[22, 0], values[352:368].mean(axis=0), rtol=1e-6)


def test_missing_days_count_and_half_a_month_is_the_least() -> None:
    daily = grid(time=DAYS, shape=(1, 2))
    daily[31:46, 0, 0], daily[59:80, 0, 0] = np.nan, np.nan  # 15 of 28 and 21 of 31 days
    out = composite(daily, "month")
    assert np.isnan(out[1:3, 0, 0]).all() and np.isfinite(out[1:3, 0, 1]).all()
    np.testing.assert_allclose(
        composite(daily, "month", least=0.3)[2, 0, 0], daily[80:90, 0, 0].mean(), rtol=1e-5
    )
    assert np.isnan(composite(daily.assign_attrs(units="kg m-2 s-1"), "month", how="sum")[1, 0, 0])


def test_ends_that_are_covered_too_little_are_left_out_and_said() -> None:
    out = composite(grid(time=hours("2001-01-20", 60, step=24), shape=(1, 1)), "month")
    assert list(out.time.values) == list(months("2001-02", 2))[:2]
    assert "1 at the ends left out" in out.headwater_changes


def test_lazy_grids_stay_lazy_and_agree() -> None:
    daily = grid(time=DAYS, shape=(4, 5))
    late = composite(lazy(daily), "month")
    assert not isinstance(late.variable._data, np.ndarray)
    whole = composite(daily, "month")
    np.testing.assert_array_equal(late[3:5, 1:3, ::2], whole[3:5, 1:3, ::2])


def test_steps_that_are_longer_or_unknown_are_refused() -> None:
    with pytest.raises(InputRefused, match="steps of up to 31 days cannot be made into steps of 16 days"):
        composite(grid(), "16 days")
    with pytest.raises(InputRefused, match="how long its 1 steps are cannot be told"):
        composite(grid(1), "month")
    with pytest.raises(SettingsRefused, match="allowed are month, 16 days, year"):
        composite(grid(), "week")
    with pytest.raises(InputRefused, match="no year of which 50 % is covered"):
        composite(grid(3), "year")
