"""The profile ``flagit-0.3`` gives the flags of flagit 0.3, every one, for every value."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.stations.quality.bits import Flag
from headwater.stations.quality.hourly import percent
from headwater.stations.quality.read_profiles import profile
from headwater.stations.quality.run_batch import flag_series
from tests.stations.quality.flagit_oracle import (
    FROZEN_FRAME,
    INTERPRETER,
    TESTED,
    count_and_hash,
    frozen_series,
    hash_of_inputs,
    read_frame,
    run_flagit,
)
from tests.stations.quality.make_series import CASES, KINDS, Simulated, simulate

FLAGIT = profile("flagit-0.3")
live = pytest.mark.skipif(
    INTERPRETER not in os.environ, reason=f"{INTERPRETER} names no interpreter with flagit"
)


def ours(series: Simulated) -> np.ndarray:
    """Our masks, 0 where there is no value, as flagit gives no row there."""
    mask = flag_series(series.hourly(), FLAGIT, layer=series.layer()).mask
    return np.where(np.isnan(series.theta), np.uint64(0), mask)


def differences(series: Iterable[Simulated], masks: Iterable[np.ndarray]) -> list[str]:
    """In words, where a flag of ours is not flagit's."""
    found = []
    for case, (one, mask) in enumerate(zip(series, masks, strict=True)):
        unequal = ours(one) ^ mask
        found += [
            f"series {case}: {flag.name} at {np.flatnonzero(unequal & np.uint64(flag))[:5]}"
            for flag in TESTED
            if (unequal & np.uint64(flag)).any()
        ]
    return found


def test_simulated_series_have_the_frozen_flags() -> None:
    series = [simulate(case) for case in range(CASES)]
    masks, inputs = frozen_series()
    assert len(masks) >= 200
    assert hash_of_inputs(series) == inputs, "the series are not those that flagit saw: freeze its flags anew"
    assert differences(series, masks) == []


def test_every_flag_stands_at_a_hundred_values_or_more() -> None:
    masks, _ = frozen_series()
    for flag in TESTED:
        assert sum(int(((mask & np.uint64(flag)) != 0).sum()) for mask in masks) >= 100, flag.name


def test_the_frame_of_flagit_has_the_frozen_counts_and_hashes(shared: Path) -> None:
    frozen = json.loads(FROZEN_FRAME.read_text(encoding="utf-8"))
    assert count_and_hash(ours(read_frame(shared))) == frozen
    assert frozen["D10"][0] == 38 and frozen["G"][0] == 60


@live
def test_series_that_were_never_frozen_have_the_flags_of_flagit_itself() -> None:
    series = [simulate(case, hours=int(80 + case % 900)) for case in range(5000, 5000 + 12 * len(KINDS))]
    masks, _ = run_flagit(series)
    assert differences(series, masks) == []


@live
def test_the_frame_of_flagit_has_the_flags_of_flagit_itself(shared: Path) -> None:
    frame = read_frame(shared)
    assert differences([frame], run_flagit([frame])[0]) == []


@given(st.integers(-10_000_000, 110_000_000), st.integers(0, 6))
def test_a_printed_number_comes_through_si_unchanged(digits: int, decimals: int) -> None:
    printed = round(digits / 1e6, decimals)
    assert percent(np.round(0.01 * printed, 9)) == printed


def test_rows_that_are_not_calm_make_a_plateau_too() -> None:
    """Seen with flagit: a series that sways by 1 % vol near its highest value is D10 throughout."""
    swaying = Simulated(40 + np.tile([0.0, 0.5, 1.0, 0.5], 20), None, None, None, None, None, None, None)
    assert (ours(swaying) & np.uint64(Flag.D10)).all()


@pytest.mark.parametrize("hours", [0, 1, 2, 5, 12, 13, 24, 26])
def test_short_series_have_a_mask_for_every_hour(hours: int) -> None:
    cut = simulate(3, hours=60)
    short = Simulated(*(None if v is None else v[:hours] for v in list(vars(cut).values())[:6]), 42.0, 0.05)
    for name in ("flagit-0.3", "ismn"):
        assert flag_series(short.hourly(), profile(name), layer=short.layer()).mask.shape == (hours,)


def test_a_series_without_any_value_is_missing_throughout() -> None:
    none = Simulated(np.full(50, np.nan), None, None, None, None, None, 40.0, 0.05)
    for name in ("flagit-0.3", "ismn"):
        flags = flag_series(none.hourly(), profile(name), layer=none.layer())
        assert flags.count() == {"M": 50}
