"""Ground ice in evaporated soil water: evaporation inside the mixing model, plain mixing, and trace-back.

Simulated campaigns of known truth, through the reader and the study's own strata, sources and model. Every
period is fitted under the form of the distribution of E that a study uses, and under the other one that it
shows beside it. Errors are counted per campaign, because the strata of a
period share their sources; coverage is over bands of altitude whose true share is above 0.

    HEADWATER_CAMPAIGNS=10 ./run bench evaporated_campaigns        # fewer than 50 seeds a scenario
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from headwater.mixing.bayes.fit import Fit
    from headwater.mixing.bayes.model import MixingModel
    from headwater.simulate import Campaign
    from headwater.study.settings import StudySettings
    from headwater.study.sources import PeriodSource
    from headwater.study.strata import Strata

SEEDS = int(os.environ.get("HEADWATER_CAMPAIGNS", "50"))
SEED = f"0–{SEEDS - 1}"
ICE = "ground_ice"
TRACERS = ("d18O", "d2H")
SCENARIOS: Mapping[str, dict[str, Any]] = {
    "evaporated": {"distribution": "exponential"},
    "dry": {"distribution": "none"},
    "gamma3": {"distribution": "gamma3"},
    "half_zero": {"distribution": "half_zero"},
    "parallel": {"distribution": "exponential", "parallel_sources": True},
    "wrong_slope": {"distribution": "exponential"},
}
SLOPE, WRONG_SLOPE = (5.2, 0.5), (4.5, 0.3)
"""Priors of the slope; the truth is 5.2, with a scatter of 0.2 from sample to sample."""
WAYS = ("model", "other_form")
"""The form of the distribution of E that a study uses, and that beside it (``other_form``)."""
CHAINS, TUNE, DRAWS = 1, 300, 400
QUANTILES = (0.025, 0.05, 0.95, 0.975)


@dataclass(frozen=True)
class PeriodData:
    """One period of one campaign, ready to be fitted."""

    period: str
    strata: Strata
    rows: np.ndarray
    sources: tuple[PeriodSource, ...]
    truth: pd.DataFrame


def campaign_rows(scenario: str, seed: int) -> list[dict[str, Any]]:
    """Estimates beside the truth of one campaign: a row a period, way of mixing, stratum and level."""
    from headwater.simulate import simulate_campaign
    from headwater.simulate.evaporation import EvaporationDesign

    campaign = simulate_campaign(seed, evaporation=EvaporationDesign(**SCENARIOS[scenario]))
    settings = _settings()
    rows: list[dict[str, Any]] = []
    for data in _periods(campaign, settings):
        found = [*_by_algebra(campaign, data, settings), *_by_model(scenario, seed, data, settings)]
        rows += [{"scenario": scenario, "seed": seed, "period": data.period} | row for row in found]
    return rows


def _settings() -> StudySettings:
    from headwater.study import merge_settings
    from headwater.study.read_settings import read_settings

    path = Path(str(files("headwater.data") / "demo_study.toml"))
    settings, _ = merge_settings(("demo_study.toml", read_settings(path)))
    return settings.model_copy(update={"mixing": settings.mixing.model_copy(update={"tracers": TRACERS})})


def _periods(campaign: Campaign, settings: StudySettings) -> Iterator[PeriodData]:
    from headwater.samples import pool_parallels, read_samples
    from headwater.study.sources import name_sources, period_sources
    from headwater.study.strata import stratify

    with tempfile.TemporaryDirectory() as place:
        table = Path(place) / "campaign.csv"
        campaign.samples.to_csv(table, index=False, encoding="utf-8-sig")
        waters = pool_parallels(read_samples([table]), parallels=settings.read.parallels)
    strata = stratify(
        waters, settings.periods, settings.strata, of=settings.mixture.kind, source_column="kind"
    )
    names = name_sources(strata.waters, settings)
    frame = strata.waters
    complete = frame[[*TRACERS, "altitude_m"]].notna().all(axis=1) & (frame["kind"] == settings.mixture.kind)
    for period in strata.periods:
        rows = np.flatnonzero((complete & (frame["period"] == period)).to_numpy())
        sources = period_sources(strata, names, period, settings)
        truth = campaign.truth[(campaign.truth["period"] == period) & (campaign.truth["source"] == ICE)]
        yield PeriodData(period, strata, rows, sources, truth)


def _by_algebra(campaign: Campaign, data: PeriodData, settings: StudySettings) -> Iterator[dict[str, Any]]:
    """Plain mixing, and trace-back to the true meteoric line along the true slope before it."""
    from headwater.mixing import bootstrap_shares, composition, solve_shares, stack

    members = stack([one.composition for one in data.sources if one.composition is not None])
    at = members.names.index(ICE)
    frame = data.strata.waters
    x = frame[list(TRACERS)].to_numpy(dtype=float)[data.rows]
    site = frame["site"].cat.codes.to_numpy()[data.rows]
    rain, slope = campaign.design.precipitation, campaign.design.evaporation.slope
    start = (x[:, 1] - slope * x[:, 0] - rain.line_intercept) / (rain.line_slope - slope)
    noise = np.random.default_rng(campaign.seed).normal(0.0, 0.5, len(start))  # else the tracers are one
    traced = np.column_stack([start, rain.line_slope * start + rain.line_intercept + noise])
    for name, values in (("plain", x), ("trace_back", traced)):
        mixed = composition(values, name="soil water", tracers=TRACERS, clusters=site)
        shares = solve_shares(mixed, members)
        drawn = bootstrap_shares(mixed, members, shares=shares, rng=np.random.default_rng(campaign.seed))
        ends = np.quantile(drawn.draws[:, at], QUANTILES)
        yield _row(data, name, "all", "all", drawn.mean[at], drawn.sd[at], ends)


def _by_model(
    scenario: str, seed: int, data: PeriodData, settings: StudySettings
) -> Iterator[dict[str, Any]]:
    from headwater.mixing.bayes.clustered import widen_shares
    from headwater.mixing.bayes.evaporation_report import other_form, report_evaporation
    from headwater.study.model import period_model
    from headwater.study.strata import cells

    slope = WRONG_SLOPE if scenario == "wrong_slope" else SLOPE
    declared = period_model(data.strata, data.rows, data.sources, settings, slope=slope)
    assert declared.evaporation is not None
    place = np.full(len(data.strata.waters), -1)
    place[data.rows] = np.arange(len(data.rows))
    walk = [c for c in cells(data.strata, data.rows, margins=("altitude",)) if c.period == data.period]
    groups = {f"{cell.stratum} {cell.level}": place[cell.rows] for cell in walk}
    at = declared.sources.names.index(ICE)
    rows: list[dict[str, Any]] = []
    own = declared.evaporation
    for way, evaporation in zip(WAYS, (own, other_form(own)), strict=True):
        before = time.process_time()
        fit = _fit(replace(declared, evaporation=evaporation), seed)
        spent = time.process_time() - before
        site = data.strata.waters["site"].iloc[data.rows]
        wide, effects = widen_shares(fit, fit.shares_of(list(groups.values())), site)
        drawn = wide[:, :, at]
        report = report_evaporation(fit, groups)
        extra = {"cpu_s": spent, "divergent": fit.chains.diverged.mean()}
        extra |= {"pull": report.pull.max(), "angle": report.angle[0, at].min()}
        for g, cell in enumerate(walk):
            ends = np.quantile(drawn[:, g], QUANTILES)
            row = _row(data, way, cell.stratum, cell.level, drawn[:, g].mean(), drawn[:, g].std(), ends)
            rested = {"across_sd": report.across_sd[g, at], "own_sd": report.sd[g, at]}
            rows.append(row | extra | rested | {"effect": effects[g]})
    yield from rows


def _fit(model: MixingModel, seed: int) -> Fit:
    """Chains of a fixed, short length: good for bias and coverage, not for tails."""
    from headwater import machine_code
    from headwater.mixing.bayes.fit import KERNELS, Fit, flat
    from headwater.mixing.bayes.problem import make_problem
    from headwater.posterior.chains import sample
    from headwater.posterior.records import SamplerSettings, Target

    problem = make_problem(model)
    density = machine_code.load(KERNELS)[-1].log_density
    target = Target(density, problem.floats, problem.ints, problem.dimension, problem.start)
    settings = SamplerSettings(CHAINS, TUNE, DRAWS, seed=seed + 1, accept=0.9, metric="dense", cores=1)
    chains = sample(target, settings)
    return Fit(problem, settings, chains, problem.quantities(flat(chains)), None, (), 0.0, 0.0)  # type: ignore[arg-type]


def _row(
    data: PeriodData, way: str, stratum: str, level: str, mean: float, sd: float, ends: np.ndarray
) -> dict[str, Any]:
    truth = data.truth[(data.truth["stratum"] == stratum) & (data.truth["level"] == level)]["share"]
    share = float(truth.iloc[0]) if len(truth) else 0.0
    row = {"way": way, "stratum": stratum, "level": level, "share": share, "mean": mean, "sd": sd}
    return row | dict(zip(("q025", "q05", "q95", "q975"), ends, strict=True))


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """By scenario, way of mixing and period: errors of the whole period, coverage of its altitude bands."""
    rows = rows.assign(
        error=rows["mean"] - rows["share"],
        c90=(rows["q05"] <= rows["share"]) & (rows["share"] <= rows["q95"]),
        c95=(rows["q025"] <= rows["share"]) & (rows["share"] <= rows["q975"]),
    )
    found = []
    for (scenario, way, period), part in rows.groupby(["scenario", "way", "period"], sort=False):
        whole = part[part["stratum"] == "all"]
        bands = part[(part["stratum"] == "altitude") & (part["share"] > 0.0)]
        bands = bands if len(bands) else whole
        found.append(
            {
                "scenario": scenario, "way": way, "period": period, "campaigns": len(whole),
                "mean_error": whole["error"].mean(),
                "se": whole["error"].std(ddof=1) / np.sqrt(len(whole)) if len(whole) > 1 else np.nan,
                "mean_absolute_error": whole["error"].abs().mean(), "sd": whole["sd"].mean(),
                "c90": bands["c90"].mean(), "c95": bands["c95"].mean(),
                "design_effect": whole["effect"].mean(), "cpu_s": whole["cpu_s"].mean(),
            }
        )  # fmt: skip
    return pd.DataFrame(found)


def flags(rows: pd.DataFrame) -> pd.DataFrame:
    """By scenario and period: share of campaigns that each flag warns of, all and those off by > 0.05."""
    from headwater.mixing.bayes import evaporation_report as limits

    whole, keys = rows[rows["stratum"] == "all"], ["scenario", "seed", "period"]
    means = whole[whole["way"].isin(WAYS)].pivot(index=keys, columns="way", values="mean")
    used = whole[whole["way"] == WAYS[0]].set_index(keys).loc[means.index]
    table = pd.DataFrame(
        {
            "forms_disagree": limits.rests_on_form(means[WAYS[1]] - means[WAYS[0]], used["own_sd"]),
            "rests_on_distribution": used["own_sd"] / used["across_sd"] < limits.LEAST_RATIO,
            "sources_pulled": used["pull"] > limits.MOST_PULL,
            "nearly_parallel": used["angle"] < limits.LEAST_ANGLE,
        }
    )
    table["any"] = table.any(axis=1)
    off = (used["mean"] - used["share"]).abs() > 0.05
    groups = ["scenario", "period"]
    found = table.groupby(groups, sort=False).mean()
    found["off_by_0.05"] = off.groupby(groups, sort=False).mean()
    for name in ("forms_disagree", "rests_on_distribution", "any"):
        found[f"{name}_where_off"] = table[name][off].groupby(groups, sort=False).mean()
    return found.reset_index()


def main(seeds: int = SEEDS) -> dict[str, object]:
    """Prints and returns both tables."""
    jobs = [(scenario, seed) for seed in range(seeds) for scenario in SCENARIOS]
    start = time.perf_counter()
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        rows = pd.DataFrame(
            [row for part in pool.map(campaign_rows, *zip(*jobs, strict=True)) for row in part]
        )
    table, warned = summarise(rows), flags(rows)
    print(f"{seeds} campaigns a scenario, ground ice, {time.perf_counter() - start:.0f} s")
    print(table.round(3).to_string(index=False))
    print("\nshare of campaigns flagged, of all and of those whose error exceeds 0.05")
    print(warned.round(2).to_string(index=False))
    return {
        "seeds": seeds,
        "forms": list(WAYS),
        "errors": table.round(4).to_dict("records"),
        "flags": warned.round(3).to_dict("records"),
    }


if __name__ == "__main__":
    main()
