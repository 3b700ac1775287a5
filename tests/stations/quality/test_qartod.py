"""QARTOD's tests: beside ioos_qc, by hand, and their words."""

from __future__ import annotations

import os

import numpy as np
import pytest

from headwater.errors import InputRefused, SettingsRefused
from headwater.stations.quality.bits import Flag
from headwater.stations.quality.qartod import (
    Outcome,
    attenuated_signal,
    climatology,
    flat_line,
    from_ismn,
    gross_range,
    neighbour,
    rate_of_change,
    result_quality,
    run_qartod,
    spike,
    thresholds,
    worst,
)
from headwater.stations.quality.qartod.climatology import Month
from tests.stations.quality.ioos_oracle import HOURS, INTERPRETER, frozen, run_ioos_qc, series
from tests.stations.quality.make_series import simulate

PASS, OPEN, SUSPECT, FAIL, MISSING = Outcome
TIME = np.datetime64("2020-01-20T00", "h") + np.arange(HOURS)
NAN = np.nan


def ours(theta: np.ndarray) -> dict[str, np.ndarray]:
    """By the thresholds of ``run_ioos_qc.py``."""
    months = {1: Month((10, 30), (2, 45)), 3: Month((5, 20))}
    made = {
        "gross_range": gross_range(theta, (0, 60), (5, 40)),
        "spike": spike(theta, 1, 4),
        "rate_of_change": rate_of_change(theta, 1, 4),
        "flat_line": flat_line(theta, 6, 18, 0.1),
        "attenuated_signal": attenuated_signal(theta, 24, 0.2, 0.05, least_values=12),
        "climatology": climatology(theta, TIME, months),
    }
    return made | {"worst": worst([made["gross_range"], made["spike"], made["climatology"]])}


def compare(theirs: dict[str, np.ndarray]) -> None:
    """Equal, but where ``departs`` says why not."""
    counts = dict.fromkeys(theirs, 0)
    for case, one in enumerate(series()):
        for name, got in ours(one.theta).items():
            want = theirs[name][case]
            wrong = (got != want) & ~departs(name, one.theta, got, want)
            assert not wrong.any(), (case, name, np.flatnonzero(wrong)[:5])
            counts[name] += int(np.isin(got, (SUSPECT, FAIL)).sum())
    assert min(counts.values()) > 200, counts


def departs(name: str, theta: np.ndarray, got: np.ndarray, want: np.ndarray) -> np.ndarray:
    """Where ioos_qc passes a value that is missing or could not be tested, and where it bridges a gap."""
    missing = np.isnan(theta)
    if name in ("climatology", "worst"):
        return missing & (got == MISSING) & (want == PASS)
    if name == "rate_of_change":
        return np.isnan(np.diff(theta, prepend=NAN)) & (got == OPEN) & (want == PASS)
    if name == "flat_line":
        gap = np.array([t < 6 or missing[max(t - 18, 0) : t].any() for t in range(len(theta))])
        return gap & (np.isin(got, (OPEN, PASS)) | (got < want))
    return np.zeros(len(theta), bool)


def test_outcomes_are_those_of_ioos_qc_as_frozen() -> None:
    compare(frozen())


@pytest.mark.skipif(INTERPRETER not in os.environ, reason=f"{INTERPRETER} names no interpreter with ioos_qc")
def test_outcomes_are_those_of_ioos_qc_itself() -> None:
    compare(run_ioos_qc())


def test_each_test_by_hand() -> None:
    assert gross_range([-1, 0, 4, 5, 60, 61, NAN], (0, 60), (5, 55)).tolist() == [4, 3, 3, 1, 3, 4, 9]
    assert gross_range([-1, 60], (0, 60)).tolist() == [4, 1]
    assert spike([10, 12, 10, 20, 10, NAN, 10], 1, 5).tolist() == [2, 3, 4, 4, 2, 9, 2]
    assert rate_of_change([10, 11, 13, 30, NAN, 30], 1.5, 10, step_hours=1).tolist() == [2, 1, 3, 4, 9, 2]
    assert rate_of_change([10, 11], 1.5, 10, step_hours=0.5).tolist() == [2, 3]
    assert flat_line([5, 5, 5, 5, 5, 6, NAN, 6], 2, 3, 0.01).tolist() == [2, 2, 3, 4, 4, 1, 9, 2]
    assert attenuated_signal([5, 5, 5, 9], 3, 1, 0.5, least_values=2, measure="range").tolist() == [
        2,
        4,
        4,
        1,
    ]
    assert neighbour([10, 10, 10, NAN], [[11, 20, 10, 1], [12, 30, NAN, 1]], 5, 20).tolist() == [1, 3, 2, 9]
    months = {1: Month((10, 20), (0, 30))}
    when = np.array(["2020-01-01", "2021-01-31", "2020-02-01", "2022-01-05"], "datetime64[h]")
    assert climatology([15, 25, 15, 35], when, months).tolist() == [1, 3, 2, 4]


def test_the_worst_outcome_holds_and_a_pass_outweighs_what_was_not_tested() -> None:
    assert worst([[1, 1, 2, 9, 2], [2, 3, 2, 9, 9], [1, 4, 2, 9, 9]]).tolist() == [1, 4, 2, 9, 2]
    with pytest.raises(InputRefused, match="no outcomes"):
        worst([])


def test_flags_of_the_ismn_as_outcomes_keep_frost_apart() -> None:
    masks = [
        Flag.G,
        Flag.C01 | Flag.D06,
        Flag.D06,
        Flag.D01 | Flag.D03,
        Flag.D03 | Flag.D04,
        Flag.M,
        0,
        Flag.DRIFT,
    ]
    assert from_ismn(masks).tolist() == [1, 4, 3, 1, 3, 9, 2, 3]
    assert from_ismn(masks, frost_is_suspect=True).tolist() == [1, 4, 3, 3, 3, 9, 2, 3]


def test_result_quality_says_code_word_and_flags() -> None:
    assert [Outcome(code).word for code in (1, 2, 3, 4, 9)] == [
        "pass", "not evaluated", "suspect", "fail", "missing",
    ]  # fmt: skip
    said = result_quality(4, ismn="C03,D06")
    assert said[0]["DQ_Result"] == {"code": 4, "meaning": "fail"}
    assert said[1] == {"nameOfMeasure": "ISMN quality flag", "DQ_Result": {"code": "C03,D06"}}
    assert len(result_quality(1)) == 1


def test_all_tests_of_a_series_with_the_shipped_thresholds() -> None:
    one = simulate(1, hours=400).hourly()
    around = np.vstack([one.soil_moisture] * 3)
    made = run_qartod(one, thresholds(), months={1: Month((0, 60))}, neighbours=around)
    alone = {"gross_range", "spike", "rate_of_change", "flat_line", "attenuated_signal"}
    assert set(made.tests) == alone | {"climatology", "neighbour"}
    assert set(run_qartod(one, thresholds()).tests) == alone
    assert np.array_equal(made.overall == MISSING, np.isnan(one.soil_moisture))
    assert made.overall.tolist() == worst(made.tests.values()).tolist()
    assert "suspect" in made.summary()


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: gross_range([1], (5, 1)), "is empty"),
        (lambda: gross_range([1], (0, 1), (0, 2)), "reaches beyond"),
        (lambda: flat_line([1], 3, 2, 0.1), "1 ≤ suspect ≤ fail"),
        (lambda: flat_line([1], 1, 2, 0.0), "tolerance above 0"),
        (lambda: attenuated_signal([1], 3, 0.1, 0.2, least_values=2), "fail ≤ suspect"),
        (lambda: climatology([1], TIME[:1], {13: Month((0, 1))}), "Month 13"),
    ],
)
def test_thresholds_that_cannot_be_meant_are_refused(made: object, said: str) -> None:
    with pytest.raises(SettingsRefused, match=said):
        made()  # type: ignore[operator]


def test_neighbours_of_another_length_are_refused() -> None:
    with pytest.raises(InputRefused, match=r"needed is \(k, n\)"):
        neighbour([1.0, 2.0], [[1.0]], 1, 2)
