"""Where stations stood is told from stays that come in any order, any number of times."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.stations.places import Places, Stay, pack, unpack

STAYS = st.builds(
    lambda latitude, first, days: Stay((50136, 3000 + latitude, 9000, 20000, False), first, first + days),
    st.integers(0, 2),
    st.integers(-20, 40),
    st.integers(0, 8),
)


def table(stays: list[Stay]) -> pd.DataFrame:
    """Places of these stays."""
    places = Places()
    places.add(stays)
    return places.table()


@settings(max_examples=30, deadline=None)
@given(stays=st.lists(STAYS, min_size=1, max_size=8), order=st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_matters(stays: list[Stay], order: object) -> None:
    expected = table(stays)
    again = stays + stays[: len(stays) // 2]
    order.shuffle(again)  # type: ignore[attr-defined]
    pd.testing.assert_frame_equal(table(again), expected)


@settings(max_examples=30, deadline=None)
@given(stays=st.lists(STAYS, min_size=1, max_size=8))
def test_overlaps_are_those_of_all_pairs(stays: list[Stay]) -> None:
    found = table(stays)
    spans = list(zip(found["first_day"], found["last_day"], strict=True))
    for k, overlaps in enumerate(found["overlaps"]):
        others = spans[:k] + spans[k + 1 :]
        assert overlaps == any(a <= spans[k][1] and spans[k][0] <= b for a, b in others)


def test_days_without_readings_do_not_part_a_stay_but_another_place_does() -> None:
    here, there = (50136, 3000, 9000, 20000, False), (50136, 3010, 9000, 20000, False)
    found = table([Stay(here, 0, 30), Stay(here, 200, 230), Stay(there, 300, 330), Stay(here, 400, 430)])
    days = (found["first_day"] - pd.Timestamp("1970-01-01")).dt.days.tolist()
    assert days == [0, 300, 400]
    assert not found["overlaps"].any()


def test_many_stays_out_of_order_become_few() -> None:
    """Files are converted two at a time, so months come in disorder."""
    months = [Stay((50136, 3000, 9000, 20000, True), 31 * k, 31 * k + 30) for k in range(400)]
    np.random.default_rng(1).shuffle(months)  # type: ignore[arg-type]
    places = Places()
    places.add(months)
    assert len(places.table()) == 1
    assert max(len(spans) for spans in places._spans.values()) < 200


def test_stays_survive_packing() -> None:
    stays = [Stay((50136, -3000, 9000, -1500, True), -7000, 20000), Stay((59999, 1, 2, 3, False), 0, 0)]
    assert list(unpack(pack(stays))) == stays
    assert list(unpack(pack([]))) == []
