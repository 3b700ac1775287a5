"""Wing 1 end to end: checked samples and settings in, a whole study out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from headwater.errors import InputRefused
from headwater.isotopes import lc_excess
from headwater.samples import Kind, SampleTable, pool_parallels
from headwater.study.contributions import contributions, tracers_usable
from headwater.study.describe import (
    contrast_table,
    distance_table,
    gradient_table,
    isotope_table,
    line_distance_table,
    profile_table,
)
from headwater.study.geometry import Periods, emma_table, end_member_table, geometry_table, overlap_table
from headwater.study.layers import list_settings, show_value
from headwater.study.lines import (
    Lines,
    Meteoric,
    evaporation_lines,
    line_table,
    local_line,
    source_water_table,
)
from headwater.study.notices import Notices
from headwater.study.posterior import ENGINE_COLUMNS, engine_installed, posterior_contributions
from headwater.study.result import StudyResult, StudyTables
from headwater.study.settings import StudySettings
from headwater.study.sources import name_sources, period_sources
from headwater.study.strata import ALL, Strata, stratify

Progress = Callable[[str, int, int], None]

BIAS_PLAIN = (0.27, 0.41)
"""Error of the ground-ice share by plain mixing, period means of 20 evaporated campaigns
(benchmarks/campaign_coverage.py); another generator gave 0.21 to 0.44."""


def run_study(
    table: SampleTable,
    settings: StudySettings | None = None,
    *,
    origins: dict[str, str] | None = None,
    truth: pd.DataFrame | None = None,
    progress: Progress = lambda step, done, total: None,
) -> StudyResult:
    """A whole study of one table of samples.

    Parameters
    ----------
    table : from :func:`headwater.samples.read_samples`
    settings : every choice; the defaults if None
    origins : where each setting came from, for the report
    truth : period, stratum, level, source, share of a simulated campaign
    progress : called with (step, done, total)

    Raises
    ------
    InputRefused
        where there is no complete sample of the mixture at all.
    SettingsRefused
        where a setting names a column, source or period that the tables do not have.
    """
    settings = settings or StudySettings()
    notices = Notices()
    rng = np.random.default_rng(settings.seed)
    progress("pooling parallels", 0, 1)
    ready = _prepare(table, settings, notices, simulated=truth is not None)
    tables = _tables(ready, settings, rng, notices, progress)
    if (tables.engine["form"] == "").all():
        _evaporation_notices(tables, notices)
    strata = ready.strata
    return StudyResult(
        title=settings.title or f"Sources of {str(settings.mixture.kind).replace('_', ' ')}",
        table=table,
        waters=_with_roles(strata.waters, ready.names, settings),
        tables=tables,
        periods=tuple(ready.by_period),
        period_names={period: settings.periods.names.get(period, period) for period in strata.periods},
        strata=strata.levels,
        sources=tuple(ready.names.cat.categories),
        mixture=str(settings.mixture.kind),
        meteoric_line=ready.meteoric.line,
        meteoric_line_origin=ready.meteoric.origin,
        evaporation_lines=ready.lines,
        notices=notices.all(),
        outside_bands=strata.outside_bands,
        settings=tuple(
            (item.name, show_value(item.value), item.origin)
            for item in list_settings(settings, origins or {})
        ),
        truth=truth,
    )


@dataclass(frozen=True)
class _Ready:
    """What every table of a study is computed from.

    ``mixture`` holds the positions of its complete samples; ``mixed`` the same, or none where the tracers
    cannot be used; ``pooled`` the sources of each period, or none where they pair with the mixture.
    """

    strata: Strata
    names: pd.Series
    mixture: np.ndarray
    mixed: np.ndarray
    by_period: Periods
    pooled: Periods
    meteoric: Meteoric
    lines: Lines


def _prepare(table: SampleTable, settings: StudySettings, notices: Notices, *, simulated: bool) -> _Ready:
    strata = stratify(
        pool_parallels(table, parallels=settings.read.parallels),
        settings.periods,
        settings.strata,
        of=settings.mixture.kind,
        source_column=settings.sources.by,
    )
    meteoric = local_line(strata.waters, settings, notices)
    strata.waters["lc_excess"], _ = lc_excess(strata.waters["d18O"], strata.waters["d2H"], meteoric.line)
    mixture = _mixture(strata, settings)
    names = name_sources(strata.waters, settings)
    by_period = {
        period: period_sources(strata, names, period, settings) for period in _studied(strata, mixture)
    }
    _general_notices(strata, settings, notices, simulated=simulated)
    return _Ready(
        strata=strata,
        names=names,
        mixture=mixture,
        mixed=mixture if tracers_usable(strata, mixture, settings, notices) else mixture[:0],
        by_period=by_period,
        pooled={} if settings.sources.within else by_period,
        meteoric=meteoric,
        lines=evaporation_lines(strata, mixture, settings, notices),
    )


def _tables(
    ready: _Ready, settings: StudySettings, rng: np.random.Generator, notices: Notices, progress: Progress
) -> StudyTables:
    strata, mixture, line = ready.strata, ready.mixture, ready.meteoric.line
    shares, errors, exact, other, engine = _shares(ready, settings, rng, notices, progress)
    progress("isotopes and lines", 0, 1)
    return StudyTables(
        contributions=shares,
        lines=line_table(strata, ready.lines, mixture, settings),
        isotopes=isotope_table(strata, settings, line),
        source_water=source_water_table(strata, ready.lines, mixture, ready.meteoric, settings, notices),
        line_distance=line_distance_table(strata, settings, line),
        distances=distance_table(strata, tuple(ready.by_period), rng),
        gradients=gradient_table(strata),
        profiles=profile_table(strata, settings),
        contrasts=contrast_table(strata, settings),
        end_members=end_member_table(strata, ready.pooled, settings, notices),
        geometry=geometry_table(strata, ready.mixed, ready.pooled, settings, rng, notices),
        overlap=overlap_table(ready.pooled, notices),
        emma=emma_table(strata, ready.mixed, ready.pooled, settings, notices),
        first_order=errors,
        exact=exact,
        other_form=other,
        engine=engine,
    )


def _shares(
    ready: _Ready, settings: StudySettings, rng: np.random.Generator, notices: Notices, progress: Progress
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Tables ``contributions``, ``first_order``, ``exact``, ``other_form`` and ``engine``.

    The algebra always runs; where the engine answers, the algebra stands beside it, and of its notices only
    the refusals are handed on: its warnings are about numbers that are not the answer then.
    """
    bayes = settings.mixing.method == "bayes"
    if bayes and not engine_installed():
        notices.warn("bayes_not_available")
        bayes = False
    if bayes and settings.sources.within:
        notices.info("paired_exact")
        bayes = False
    own = Notices() if bayes else notices
    shares, errors = contributions(
        ready.strata,
        ready.names,
        ready.mixed,
        ready.by_period,
        settings,
        rng,
        own,
        lambda done, total: progress("shares", done, total),
    )
    if not bayes:
        return shares, errors, shares, shares.iloc[:0], pd.DataFrame(columns=list(ENGINE_COLUMNS))
    notices.take(own, level="refused")
    posterior, other, engine = posterior_contributions(
        ready.strata, ready.mixed, ready.by_period, settings, notices, progress
    )
    return posterior, errors, shares, other, engine


def _mixture(strata: Strata, settings: StudySettings) -> np.ndarray:
    waters = strata.waters
    kind = (waters["kind"] == settings.mixture.kind).to_numpy()
    complete = waters[["d18O", "d2H"]].notna().all(axis=1).to_numpy()
    dated = waters["period"].isin(strata.periods).to_numpy()
    rows = np.flatnonzero(kind & complete & dated)
    if not rows.size:
        sampled = ", ".join(str(name) for name in waters["kind"].dropna().unique()) or "none"
        raise InputRefused(
            f"no complete sample (δ18O, δ2H and a period) of {settings.mixture.kind}; kinds in the tables: "
            f"{sampled}. Choose the water whose sources are asked for with --mixture or mixture.kind."
        )
    return rows


def _studied(strata: Strata, mixture: np.ndarray) -> tuple[str, ...]:
    sampled = set(strata.waters["period"].iloc[mixture].unique())
    return tuple(period for period in strata.periods if period in sampled)


def _with_roles(waters: pd.DataFrame, names: pd.Series, settings: StudySettings) -> pd.DataFrame:
    mixed = (waters["kind"] == settings.mixture.kind).to_numpy()
    role = np.where(mixed, "mixture", np.where(names.notna().to_numpy(), "source", "other"))
    return waters.assign(role=pd.Categorical(role), source=names)


def _general_notices(strata: Strata, settings: StudySettings, notices: Notices, *, simulated: bool) -> None:
    waters = strata.waters
    if simulated:
        notices.info("simulated")
    if strata.periods == (ALL,) and settings.periods.by != "all":
        notices.warn("no_dates")
    if strata.undated and strata.periods != (ALL,):
        notices.info("undated", n=strata.undated)
    if strata.outside_bands:
        notices.warn("outside_bands", n=strata.outside_bands)
    kind = (waters["kind"] == settings.mixture.kind).to_numpy()
    incomplete = int((kind & waters[["d18O", "d2H"]].isna().any(axis=1).to_numpy()).sum())
    if incomplete:
        notices.info("incomplete", n=incomplete, what=str(settings.mixture.kind))


def _evaporation_notices(tables: StudyTables, notices: Notices) -> None:
    """Water that lies off the meteoric line: plain mixing then reads evaporation as another source."""
    shares = tables.contributions
    for row in tables.line_distance.query("stratum == @ALL and high < 0").itertuples():
        offset = {"lc_excess": float(row.lc_excess), "low": float(row.low), "high": float(row.high)}
        at = (str(row.period), "", "")
        here = shares.loc[shares["period"] == row.period, "source"]
        if Kind.GROUND_ICE in set(here):
            low, high = BIAS_PLAIN
            notices.warn("evaporation_offset", at=at, period=at[0], bias_low=low, bias_high=high, **offset)
        else:
            notices.warn("evaporation_offset_other", at=at, **offset)
