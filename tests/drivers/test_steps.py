"""Which steps go together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from headwater.drivers import pair_steps
from headwater.errors import InputRefused, SettingsRefused

MONTHS = pd.date_range("2000-03-01", periods=30, freq="MS").values


def test_lag_pairs_a_with_an_earlier_b():
    (pairs,) = pair_steps(MONTHS, lag=2)
    np.testing.assert_array_equal(pairs.rows_a, np.arange(2, 30))
    np.testing.assert_array_equal(pairs.rows_b, np.arange(28))
    assert pairs.linked[1:].all() and not pairs.linked[0] and len(pairs) == 28


def test_lag_over_a_gap_looks_for_the_step_not_for_the_row():
    time = np.delete(MONTHS, 10)
    (pairs,) = pair_steps(time, lag=1)
    np.testing.assert_array_equal(
        time[pairs.rows_a].astype("datetime64[M]") - time[pairs.rows_b].astype("datetime64[M]"),
        np.timedelta64(1, "M"),
    )
    assert len(pairs) == 27 and (~pairs.linked).sum() == 2


def test_the_neighbour_of_a_june_is_the_june_of_the_next_year():
    june = next(part for part in pair_steps(MONTHS, by="month") if part.label == 6)
    assert [str(t)[:7] for t in MONTHS[june.rows_a]] == ["2000-06", "2001-06", "2002-06"]
    assert june.linked.tolist() == [False, True, True]
    lagged = next(part for part in pair_steps(MONTHS, by="month", lag=4) if part.label == 6)
    assert [str(t)[:7] for t in MONTHS[lagged.rows_b]] == ["2001-02", "2002-02"]


def test_a_missing_year_breaks_the_chain():
    time = MONTHS[pd.DatetimeIndex(MONTHS) != "2001-06-01"]
    june = next(part for part in pair_steps(time, by="month") if part.label == 6)
    assert june.linked.tolist() == [False, False] and june.at.tolist() == [0, 2]


def test_neighbours_of_days_are_days_of_the_same_month():
    days = pd.date_range("2000-01-01", "2001-12-31", freq="D").values
    june = next(part for part in pair_steps(days, by="month") if part.label == 6)
    assert len(june) == 60 and (~june.linked).sum() == 2 and june.parts_of_year == 1


def test_composites_of_16_days_have_their_own_year():
    starts = np.concatenate([
        np.datetime64(f"{year}-01-01") + 16 * np.arange(23) for year in (2001, 2002)
    ]).astype("datetime64[ns]")  # fmt: skip
    (pairs,) = pair_steps(starts)
    assert pairs.linked[1:].all() and pairs.parts_of_year == 23
    assert (pairs.part_of_year[:23] == pairs.part_of_year[23:]).all()


def test_windows_cover_the_series_and_are_named_by_their_middle():
    parts = pair_steps(MONTHS, window=7)
    assert len(parts) == 24 and all(len(part) == 7 for part in parts)
    assert parts[2].label == MONTHS[2 + 3] and parts[2].at[0] == 0


@pytest.mark.parametrize(
    ("time", "options", "says"),
    [
        (MONTHS[:1], {}, "1 step"),
        (MONTHS, {"lag": 29}, "lag 29: 1 steps of 30"),
        (MONTHS[::-1], {}, "does not come after"),
        (MONTHS[[0, 0, 1]], {}, "does not come after"),
    ],
)
def test_unfit_times_are_refused(time, options, says):
    with pytest.raises(InputRefused, match=says):
        pair_steps(time, **options)


@pytest.mark.parametrize(
    ("time", "options"),
    [
        (MONTHS, {"window": 31}),
        (MONTHS, {"window": 2}),
        (MONTHS, {"window": 7, "by": "month"}),
        (MONTHS[::12], {"by": "month"}),
    ],
)
def test_unfit_settings_are_refused(time, options):
    with pytest.raises(SettingsRefused):
        pair_steps(time, **options)
