"""95 % intervals cover the known shares of simulated campaigns without evaporation."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "campaign_coverage.py"


@pytest.mark.slow
def test_intervals_cover_the_truth_in_two_source_periods_of_50_campaigns() -> None:
    benchmark = runpy.run_path(str(BENCHMARK))
    rows = benchmark["compare"](range(50), evaporation=False)
    assert rows["error"].abs().mean() <= 0.05
    found = benchmark["summarise"](rows).set_index(["period", "source"])
    for period in ("2020-08", "2020-09"):
        assert found.loc[(period, "ground_ice"), "strata"] == 50 * 20
        assert 0.92 <= found.loc[(period, "ground_ice"), "coverage"] <= 0.98
        assert found.loc[(period, "ground_ice"), "mean_absolute_error"] <= 0.05
