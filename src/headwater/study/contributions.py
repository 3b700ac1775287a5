"""Shares of every source in the mixture, by period and stratum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from headwater.errors import InputRefused
from headwater.mixing import (
    Composition,
    EndMembers,
    ShareDraws,
    Shares,
    bootstrap_shares,
    check_tracers,
    draw_end_members,
    first_order,
    solve_shares,
    stack,
)
from headwater.study.notices import Notices
from headwater.study.settings import StudySettings
from headwater.study.sources import (
    PeriodSource,
    mixture_composition,
    period_sources,
    possible_in,
    tracer_values,
)
from headwater.study.strata import ALL, Cell, Strata, cells
from headwater.study.windows import Window

FEW_SAMPLES = 5
LIKELY_OUTSIDE = 0.5

COLUMNS = (
    "period", "stratum", "level", "source", "n", "mean", "sd", "q025", "q50", "q975", "method", "flags",
)  # fmt: skip
FIRST_ORDER_COLUMNS = (
    "period", "stratum", "level", "source", "share", "se", "dof", "low", "high", "p_outside",
)  # fmt: skip


@dataclass
class Contributions:
    """Rows of the two tables while they are filled, and the cells that had too few samples."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    first_order: list[dict[str, Any]] = field(default_factory=list)
    too_small: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    unpaired: list[dict[str, Any]] = field(default_factory=list)


def tracers_usable(strata: Strata, mixture: np.ndarray, settings: StudySettings, notices: Notices) -> bool:
    """Whether every tracer says something that the others do not; the refusal is noted."""
    tracers = settings.mixing.tracers
    try:
        check_tracers(tracer_values(strata.waters, mixture, tracers), tracers)
    except InputRefused as error:
        notices.refuse("collinear_tracers", reason=str(error))
        return False
    return True


def contributions(
    strata: Strata,
    names: pd.Series,
    mixture: np.ndarray,
    by_period: dict[str, tuple[PeriodSource, ...]],
    settings: StudySettings,
    rng: np.random.Generator,
    notices: Notices,
    progress: Callable[[int, int], None],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables ``contributions`` and ``first_order`` of ``StudyTables``.

    Parameters
    ----------
    names : source of every water
    mixture : positions of the complete samples of the mixture
    by_period : sources as they stand in every period (pooled); not used where ``sources.within`` is set
    """
    found = Contributions()
    if settings.sources.within:
        _paired(strata, names, mixture, settings, rng, notices, found)
    else:
        walk = list(cells(strata, mixture))
        draws: dict[str, tuple[EndMembers, np.ndarray]] = {}
        for done, cell in enumerate(walk):
            sources = by_period[cell.period]
            if cell.period not in draws:
                present = [source.composition for source in sources if source.composition is not None]
                if len(present) < 2:
                    _refuse(cell.period, sources, notices)
                    continue
                stacked = stack(present)
                draws[cell.period] = stacked, draw_end_members(stacked, settings.mixing.draws, rng)
            _cell(cell, sources, draws[cell.period], strata, settings, rng, notices, found)
            progress(done + 1, len(walk))
    _report_skipped(found, settings, notices)
    return _tables(found)


def _tables(found: Contributions) -> tuple[pd.DataFrame, pd.DataFrame]:
    return (
        pd.DataFrame(found.rows, columns=list(COLUMNS)),
        pd.DataFrame(found.first_order, columns=list(FIRST_ORDER_COLUMNS)),
    )


def _report_skipped(found: Contributions, settings: StudySettings, notices: Notices) -> None:
    for stratum, places in found.too_small.items():
        notices.refuse(
            "small_cells",
            what=str(settings.mixture.kind),
            needed=settings.strata.least_samples,
            count=len(places),
            column=stratum,
            places=places,
        )
    if found.unpaired:
        notices.refuse("unpaired", count=len(found.unpaired), places=found.unpaired)


def _place(level: str, period: str, n: int) -> dict[str, Any]:
    return {"level": level, "period": period, "n": n}


def _cell(
    cell: Cell,
    sources: tuple[PeriodSource, ...],
    pooled: tuple[EndMembers, np.ndarray],
    strata: Strata,
    settings: StudySettings,
    rng: np.random.Generator,
    notices: Notices,
    found: Contributions,
) -> None:
    at = (cell.period, cell.stratum, cell.level)
    n = len(cell.rows)
    if n < settings.strata.least_samples:
        if cell.stratum == ALL:
            what, needed = str(settings.mixture.kind), settings.strata.least_samples
            notices.refuse("too_few_samples", at=(cell.period, "", ""), what=what, n=n, needed=needed)
        else:
            found.too_small.setdefault(cell.stratum, []).append(_place(cell.level, cell.period, n))
        return
    possible = [
        source
        for source in sources
        if source.composition is not None and possible_in(source, strata.waters, cell.rows, settings, strata)
    ]
    flags = flags_of(n, possible)
    if len(possible) < 2:
        _single(at, n, possible, flags, notices, found)
        return
    stacked, draws = pooled
    chosen = [stacked.names.index(source.name) for source in possible]
    members = _subset(stacked, chosen)
    mixed = mixture_composition(strata.waters, cell.rows, settings, name=_title(settings, at))
    try:
        shares = solve_shares(mixed, members)
        drawn = bootstrap_shares(
            mixed,
            members,
            source_draws=draws[:, chosen],
            draws=settings.mixing.draws,
            shares=shares,
            rng=rng,
        )
    except InputRefused as error:
        notices.refuse("mixing_refused", at=at, reason=str(error))
        return
    flags += _judge(cell, shares, drawn, notices)
    for number, source in enumerate(members.names):
        found.rows.append(
            _row(at, source, n, drawn.mean[number], drawn.sd[number], drawn.quantiles[:, number])
            | {"method": str(shares.method), "flags": ";".join(flags)}
        )
    if not shares.underdetermined:
        _first_order(at, mixed, members, shares, found)


def _judge(cell: Cell, shares: Shares, drawn: ShareDraws, notices: Notices) -> list[str]:
    """Flags of a solution; for a whole period also the notices that go with them."""
    at = (cell.period, "", "")
    if shares.underdetermined:
        notices.warn("underdetermined", at=at, sources=len(shares.sources), tracers=len(shares.residual))
    elif cell.stratum == ALL:
        for number, source in enumerate(shares.sources):
            probability = float(drawn.probability_outside[number])
            if shares.unconstrained[number] < 0 and probability > LIKELY_OUTSIDE:
                notices.warn("shares_outside", at=at, source=source, probability=round(probability, 3))
    outcome = {"underdetermined": shares.underdetermined, "outside": shares.outside}
    return [flag for flag, holds in outcome.items() if holds]


def _first_order(
    at: tuple[str, str, str], mixed: Composition, members: EndMembers, shares: Shares, found: Contributions
) -> None:
    errors = first_order(mixed, members, shares=shares)
    for number, source in enumerate(errors.sources):
        found.first_order.append(
            dict(zip(("period", "stratum", "level"), at, strict=True))
            | {
                "source": source,
                "share": errors.share[number],
                "se": errors.se[number],
                "dof": errors.dof[number],
                "low": errors.low[number],
                "high": errors.high[number],
                "p_outside": errors.p_outside[number],
            }
        )


def _single(
    at: tuple[str, str, str],
    n: int,
    possible: list[PeriodSource],
    flags: list[str],
    notices: Notices,
    found: Contributions,
) -> None:
    if not possible:
        notices.refuse("no_sources", at=at)
        return
    flags.append("only_source")
    found.rows.append(
        _row(at, possible[0].name, n, 1.0, 0.0, np.ones(3)) | {"method": "exact", "flags": ";".join(flags)}
    )


def _paired(
    strata: Strata,
    names: pd.Series,
    mixture: np.ndarray,
    settings: StudySettings,
    rng: np.random.Generator,
    notices: Notices,
    found: Contributions,
) -> None:
    """Mixture and sources that agree in ``sources.within``: a stem with the soil under its own plant."""
    columns = list(settings.sources.within)
    waters = strata.waters
    stratum = "×".join(columns)
    sourced = np.flatnonzero(names.notna().to_numpy())
    own = {key: sourced[rows] for key, rows in _groups(waters, sourced, columns).items()}
    for key, rows in _groups(waters, mixture, columns).items():
        label = "×".join(str(part) for part in key)
        for cell in cells(strata, mixture[rows], margins=()):
            at = (cell.period, stratum, label)
            sources = period_sources(strata, names, cell.period, settings, among=own.get(key, sourced[:0]))
            present = [source.composition for source in sources if source.composition is not None]
            if len(present) < 2:
                found.unpaired.append(_place(label, cell.period, len(present)))
                continue
            stacked = stack(present)
            pooled = stacked, draw_end_members(stacked, settings.mixing.draws, rng)
            _cell(Cell(*at, cell.rows), sources, pooled, strata, settings, rng, notices, found)


def _groups(waters: pd.DataFrame, rows: np.ndarray, columns: list[str]) -> dict[tuple[Any, ...], np.ndarray]:
    keys = waters[columns].iloc[rows].astype(object).reset_index(drop=True)
    grouped = keys[keys.notna().all(axis=1)].groupby(columns, sort=True, observed=True).indices
    return {key if isinstance(key, tuple) else (key,): np.asarray(found) for key, found in grouped.items()}


def flags_of(n: int, possible: list[PeriodSource]) -> list[str]:
    """Flags that hold whatever the method: few samples, sources from another window."""
    flags = ["few_samples"] if n < FEW_SAMPLES else []
    if any(source.window.window in (Window.MONTHS_BEFORE, Window.OTHER_YEARS) for source in possible):
        flags.append("window")
    return flags


def _refuse(period: str, sources: tuple[PeriodSource, ...], notices: Notices) -> None:
    present = [source.name for source in sources if source.composition is not None]
    if present:
        notices.refuse("one_source", at=(period, "", ""), source=present[0])
    else:
        notices.refuse("no_sources", at=(period, "", ""))


def _row(
    at: tuple[str, str, str], source: str, n: int, mean: float, sd: float, quantiles: np.ndarray
) -> dict[str, Any]:
    low, middle, high = quantiles
    return dict(zip(("period", "stratum", "level"), at, strict=True)) | {
        "source": source, "n": n, "mean": mean, "sd": sd, "q025": low, "q50": middle, "q975": high,
    }  # fmt: skip


def _subset(stacked: EndMembers, chosen: list[int]) -> EndMembers:
    return EndMembers(
        tuple(stacked.names[number] for number in chosen),
        stacked.tracers,
        stacked.mean[chosen],
        stacked.covariance[chosen],
        stacked.mean_covariance[chosen],
        stacked.n[chosen],
        stacked.dof[chosen],
    )


def _title(settings: StudySettings, at: tuple[str, str, str]) -> str:
    return " ".join([settings.mixture.kind, *(part for part in at if part != ALL)])
