"""Shares by the mixing model inside a study: known truth, refusals, and what holds it to the algebra."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from headwater.mixing.bayes.fit import fit_problem
from headwater.report.notices import sentence
from headwater.report.text import Text
from headwater.samples import read_samples
from headwater.simulate import simulate_campaign
from headwater.study import merge_settings, run_study
from headwater.study import run as running
from headwater.study.contributions import COLUMNS
from headwater.study.lines import slope_prior
from headwater.study.model import period_model
from headwater.study.notices import Notices
from headwater.study.posterior import ENGINE_COLUMNS
from headwater.study.read_settings import read_settings
from headwater.study.strata import Cell

DEMO = ("demo", read_settings(Path(str(files("headwater.data") / "demo_study.toml"))))
SMALL = {
    "periods": {"only": ["2020-09"]},
    "strata": {"columns": ["altitude"]},
    "mixing": {"tuning": 300, "chain_draws": 400},
}
"""One period, two sources, four levels: seconds."""


def study(folder: Path, campaign, *layers, said=lambda step, done, total: None):
    path = folder / "samples.csv"
    campaign.samples.to_csv(path, index=False)
    settings, origins = merge_settings(DEMO, *layers)
    return run_study(read_samples([path]), settings, origins=origins, truth=campaign.truth, progress=said)


def codes(result) -> set[tuple[str, str, str]]:
    return {(notice.level, notice.code, notice.period) for notice in result.notices}


def compared(result, table: str = "contributions") -> pd.DataFrame:
    keys = ["period", "stratum", "level", "source"]
    return getattr(result.tables, table).merge(result.truth, on=keys).set_index(keys)


@pytest.fixture(scope="module")
def june(tmp_path_factory):
    """Function of settings → strata, rows of the mixture and sources of June, as the study prepares them."""
    path = tmp_path_factory.mktemp("june") / "samples.csv"
    simulate_campaign(3).samples.to_csv(path, index=False)
    table = read_samples([path])

    def prepared(**layer):
        settings, _ = merge_settings(DEMO, ("test", layer))
        ready = running._prepare(table, settings, Notices(), simulated=True)
        inside = (ready.strata.waters["period"] == "2020-06").to_numpy()[ready.mixture]
        return ready.strata, ready.mixture[inside], ready.by_period["2020-06"], settings

    return prepared


def test_every_stratum_is_a_factor_and_crossings_are_not(june):
    strata, rows, sources, settings = june(strata={"crossings": ["altitude×vegetation"]})
    model = period_model(strata, rows, sources, settings, slope=(5.0, 1.0))
    assert [factor.name for factor in model.factors] == ["altitude", "vegetation", "aspect", "depth", "basin"]
    assert {factor.kind for factor in model.factors} == {"random"}
    assert model.evaporation is not None and model.evaporation.effects == (
        "altitude",
        "vegetation",
        "depth",
        "basin",
    )
    assert model.mixtures.values.shape == (len(rows), 2)
    assert period_model(strata, rows, sources, settings, slope=None).evaporation is None


def test_a_source_that_cannot_reach_a_sample_is_absent_there(june):
    strata, rows, sources, settings = june()
    model = period_model(strata, rows, sources, settings, slope=(5.0, 1.0))
    (absent,) = model.absent
    assert absent.source == "snow_melt"
    labels = np.array(model.mixtures.factors[absent.factor])
    low = strata.waters["altitude_m"].to_numpy(dtype=float)[rows] < 4000
    assert low.any() and (np.isin(labels, absent.levels) == low).all()


def test_d_excess_is_turned_back_into_d2H(june):
    strata, rows, sources, settings = june()
    model = period_model(strata, rows, sources, settings, slope=(5.0, 1.0))
    other = period_model(*june(mixing={"tracers": ["d18O", "d_excess"]}), slope=(5.0, 1.0))
    assert other.sources.tracers == ("d18O", "d2H")
    assert np.allclose(other.sources.mean, model.sources.mean)
    assert np.allclose(other.sources.covariance, model.sources.covariance)
    assert np.allclose(other.sources.mean_covariance, model.sources.mean_covariance)


def test_a_sample_without_analytical_error_gets_the_usual_one(june):
    strata, rows, sources, settings = june()
    waters = strata.waters.copy()
    waters.loc[waters.index[rows[0]], ["d18O_sd", "d2H_sd"]] = np.nan
    model = period_model(replace(strata, waters=waters), rows, sources, settings, slope=None)
    assert np.allclose(model.mixtures.covariance[0], np.diag([0.2**2, 0.5**2]))


def test_the_prior_of_the_slope_is_what_the_settings_say(june):
    strata, rows, _, settings = june()
    cell = Cell("2020-06", "all", "all", rows)
    assert slope_prior(strata.waters, cell, settings) == (5.0, 1.0)
    _, _, _, given = june(mixing={"evaporation_slope": [4.2, 0.3]})
    assert slope_prior(strata.waters, cell, given) == (4.2, 0.3)
    _, _, _, weather = june(mixing={"evaporation_slope": "climate"})
    mean, sd = slope_prior(strata.waters, cell, weather)
    assert 2 < mean < 4 and sd == 0.5  # Craig and Gordon at the weather of the campaign
    dry = strata.waters.drop(columns=["relative_humidity"]).assign(relative_humidity=np.nan)
    assert slope_prior(dry, cell, weather) == (5.0, 1.0)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    steps: list[str] = []
    result = study(
        tmp_path_factory.mktemp("small"), simulate_campaign(3), ("small", SMALL),
        said=lambda step, done, total: steps.append(step),
    )  # fmt: skip
    return result, steps


def test_evaporated_water_is_told_from_ground_ice_where_algebra_cannot(small):
    result, _ = small
    shares, plain = compared(result), compared(result, "exact")
    ice = ("2020-09", "all", "all", "ground_ice")
    assert abs(shares.loc[ice, "mean"] - shares.loc[ice, "share"]) < 0.06
    assert plain.loc[ice, "mean"] - plain.loc[ice, "share"] > 0.2
    # a true 0 is never inside an interval, but always within a few sds
    assert ((shares["mean"] - shares["share"]).abs() < 3.0 * shares["sd"] + 0.01).all()


def test_the_tables_of_the_model_are_whole(small):
    result, _ = small
    tables = result.tables
    assert list(tables.contributions.columns) == list(COLUMNS) == list(tables.other_form.columns)
    assert list(tables.engine.columns) == list(ENGINE_COLUMNS)
    assert tables.engine["form"].tolist() == ["erlang_spike", "exponential"]
    assert tables.engine["used"].tolist() == [True, False] and tables.engine["trusted"].all()
    assert set(tables.contributions["method"]) == {"bayes"} != set(tables.exact["method"])
    sums = tables.contributions.groupby(["period", "stratum", "level"])["mean"].sum()
    assert np.allclose(sums, 1.0) and len(sums) == 5
    keys = ["period", "stratum", "level", "source", "n"]
    pd.testing.assert_frame_equal(tables.contributions[keys], tables.exact[keys])


def test_the_model_does_not_warn_of_what_it_holds(small):
    result, _ = small
    assert "evaporation_offset" not in {notice.code for notice in result.notices}
    slope = result.tables.engine.iloc[0]
    assert slope["slope_sd"] < 0.5 * slope["slope_prior_sd"]


def test_progress_says_period_and_form(small):
    _, steps = small
    assert any(step.startswith("2020-09 erlang spike: ") for step in steps)
    assert any(step.startswith("2020-09 exponential: ") for step in steps)


def test_without_the_engine_the_exact_method_answers_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "engine_installed", lambda: False)
    found = study(tmp_path, simulate_campaign(3), ("small", SMALL))
    assert ("warning", "bayes_not_available", "") in codes(found)
    assert ("warning", "evaporation_offset", "2020-09") in codes(found)
    assert "bayes" not in set(found.tables.contributions["method"]) and found.tables.engine.empty


@pytest.mark.slow
def test_a_whole_campaign_is_found_within_its_intervals(tmp_path):
    result = study(tmp_path, simulate_campaign(1))
    assert {(level, code) for level, code, _ in codes(result)} & {("refused", "not_converged")} == set()
    shares, plain = compared(result), compared(result, "exact")
    error = (shares["mean"] - shares["share"]).abs()
    assert error.mean() < 0.05 < 0.2 < (plain["mean"] - plain["share"]).abs().mean()
    assert ((shares["q025"] <= shares["share"]) & (shares["share"] <= shares["q975"])).mean() > 0.65
    other = compared(result, "other_form")
    assert (other["mean"] - shares["mean"]).abs().max() < 0.08


@pytest.mark.slow
def test_a_period_whose_draws_do_not_settle_is_refused_and_the_others_stay(tmp_path, monkeypatch):
    """June has sixty parameters and gets 300 draws in all; September is made easy, one level a stratum."""

    def hurried(problem, sampler, *, at_most, **more):
        if problem.dimension > 40:
            sampler, at_most = replace(sampler, chains=2, tune=100, draws=150), 1
        return fit_problem(problem, sampler, at_most=at_most, **more)

    monkeypatch.setattr("headwater.mixing.bayes.fit.fit_problem", hurried)
    campaign = simulate_campaign(3)
    samples = campaign.samples
    easy = (samples["Type"] == "Soil water") & (samples["Date"] >= "2020-09-01")
    for column in ("Altitude (m)", "Vegetation", "Aspect", "Depth (cm)", "Basin"):
        samples.loc[easy, column] = samples.loc[easy, column].iloc[0]
    layer = {"periods": {"only": ["2020-06", "2020-09"]}}
    found = study(tmp_path, campaign, ("hurried", layer))
    assert {period for _, code, period in codes(found) if code == "not_converged"} == {"2020-06"}
    runs = found.tables.engine[found.tables.engine["used"]].set_index("period")
    assert runs["trusted"].to_dict() == {"2020-06": False, "2020-09": True}
    assert np.isnan(runs.loc["2020-06", "slope"])
    assert set(found.tables.contributions["period"]) == {"2020-09"}
    assert set(found.tables.exact["period"]) == {"2020-06", "2020-09"}
    notice = next(notice for notice in found.notices if notice.code == "not_converged")
    for lang in ("en", "zh"):
        said = sentence(notice, Text(lang), found)
        assert ("1.01" in said or "400" in said) and "mixing.tuning" in said


@pytest.mark.slow
def test_d_excess_as_tracer_is_the_same_model(tmp_path):
    first = study(tmp_path, simulate_campaign(3), ("small", SMALL))
    again = SMALL | {"mixing": SMALL["mixing"] | {"tracers": ["d18O", "d_excess"]}}
    other = study(tmp_path, simulate_campaign(3), ("small", again))
    one, two = (result.tables.contributions for result in (first, other))
    assert np.allclose(one["mean"], two["mean"], atol=0.02)


@pytest.mark.slow
def test_one_tracer_is_mixed_without_evaporation_and_warned_of(tmp_path):
    one = SMALL | {"mixing": SMALL["mixing"] | {"tracers": ["d_excess"]}}
    found = study(tmp_path, simulate_campaign(3), ("small", one))
    assert found.tables.engine["form"].tolist() == [""]
    assert ("warning", "evaporation_offset", "2020-09") in codes(found)
