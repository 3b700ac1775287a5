"""Can the tracers tell the sources apart? End members, their overlap, and where the mixture lies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from headwater.errors import InputRefused
from headwater.mixing import emma, inside_probability, source_overlap, stack
from headwater.study.notices import Notices
from headwater.study.settings import SourceRule, StudySettings
from headwater.study.sources import PeriodSource, analytical_covariance, tracer_values
from headwater.study.strata import Strata, cells
from headwater.study.windows import Window

OUTSIDE = 0.05
LEAST_FOR_EMMA = 10
MOST_FOR_INSIDE = 20_000

Periods = dict[str, tuple[PeriodSource, ...]]


def end_member_table(
    strata: Strata, by_period: Periods, settings: StudySettings, notices: Notices
) -> pd.DataFrame:
    """Table ``end_members``: which source stands for what in each period, and why one is absent."""
    rows = []
    for period, sources in by_period.items():
        for source in sources:
            note = _note(source, settings)
            if source.composition is None and not source.ruled_out:
                notices.warn("source_absent", at=(period, "", ""), source=source.name, reason=note)
            elif source.window.window in (Window.MONTHS_BEFORE, Window.OTHER_YEARS):
                notices.warn(
                    "source_window",
                    at=(period, "", ""),
                    source=source.name,
                    window=str(source.window.window),
                    n=len(source.window.rows),
                )
            rows.append(
                {"period": period, "source": source.name, "n": len(source.window.rows)}
                | _isotopes(strata.waters, source)
                | {
                    "window": str(source.window.window),
                    "used": source.composition is not None,
                    "note": note,
                }
            )
    columns = ["period", "source", "n"]
    columns += [f"{name}_{what}" for name in ("d18O", "d2H", "d_excess") for what in ("mean", "sd")]
    return pd.DataFrame(rows, columns=[*columns, "window", "used", "note"])


def overlap_table(by_period: Periods, notices: Notices) -> pd.DataFrame:
    """Table ``overlap``: how far two sources share their range of tracer values."""
    rows = []
    for period, sources in by_period.items():
        present = [source.composition for source in sources if source.composition is not None]
        if len(present) < 2:
            continue
        found = source_overlap(stack(present))
        for pair in found:
            rows.append(
                {
                    "period": period,
                    "source_a": pair.source_a,
                    "source_b": pair.source_b,
                    "overlap": pair.overlap,
                    "mahalanobis": pair.mahalanobis,
                    "distinguishable": pair.distinguishable,
                }
            )
            if not pair.distinguishable:
                notices.warn("sources_overlap", at=(period, "", ""), a=pair.source_a, b=pair.source_b)
    columns = ["period", "source_a", "source_b", "overlap", "mahalanobis", "distinguishable"]
    return pd.DataFrame(rows, columns=columns)


def geometry_table(
    strata: Strata,
    mixture: np.ndarray,
    by_period: Periods,
    settings: StudySettings,
    rng: np.random.Generator,
    notices: Notices,
) -> pd.DataFrame:
    """Table ``geometry``: probability that the mixture's samples lie among the sources, by cell."""
    inside = np.full(len(strata.waters), np.nan)
    periods = strata.waters["period"].astype(object).to_numpy()
    for period, sources in by_period.items():
        rows = mixture[periods[mixture] == period]
        present = [source.composition for source in sources if source.composition is not None]
        if len(present) < 2 or not rows.size:
            continue
        if len(rows) > MOST_FOR_INSIDE:
            rows = np.sort(rng.choice(rows, MOST_FOR_INSIDE, replace=False))
        tracers = settings.mixing.tracers
        inside[rows] = inside_probability(
            tracer_values(strata.waters, rows, tracers),
            analytical_covariance(strata.waters, rows, tracers),
            stack(present),
            draws=200,
            rng=rng,
        )
        outside = int((inside[rows] < OUTSIDE).sum())
        if outside:
            notices.warn("outside_polygon", at=(period, "", ""), n=outside, of=len(rows))
    rows_out = []
    for cell in cells(strata, mixture):
        values = inside[cell.rows]
        values = values[np.isfinite(values)]
        if values.size:
            rows_out.append(
                {
                    "period": cell.period,
                    "stratum": cell.stratum,
                    "level": cell.level,
                    "n": values.size,
                    "inside_probability": float(values.mean()),
                    "outside_n": int((values < OUTSIDE).sum()),
                }
            )
    return pd.DataFrame(
        rows_out, columns=["period", "stratum", "level", "n", "inside_probability", "outside_n"]
    )


def emma_table(
    strata: Strata, mixture: np.ndarray, by_period: Periods, settings: StudySettings, notices: Notices
) -> pd.DataFrame:
    """Table ``emma``: dimension of the mixture and residuals of each tracer (Hooper 2003), by period."""
    rows: list[dict[str, Any]] = []
    periods = strata.waters["period"].astype(object).to_numpy()
    for period, sources in by_period.items():
        here = mixture[periods[mixture] == period]
        present = [source.composition for source in sources if source.composition is not None]
        if len(here) < LEAST_FOR_EMMA:
            continue
        try:
            found = emma(
                tracer_values(strata.waters, here, settings.mixing.tracers),
                tracers=settings.mixing.tracers,
                sources=stack(present) if present else None,
            )
        except InputRefused as error:
            notices.info("emma_refused", at=(period, "", ""), reason=str(error))
            continue
        for item in found.rows():
            rows.append({"period": period} | item)
    columns = [
        "period", "dimension", "explained", "tracer", "rrmse", "bias", "residual_p", "n_end_members",
        "reason",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _isotopes(waters: pd.DataFrame, source: PeriodSource) -> dict[str, float]:
    rows = source.window.rows
    values: dict[str, float] = {}
    weights = None
    if source.amount_weighted:
        weights = waters["amount_mm"].to_numpy(dtype=float)[rows]
    for name in ("d18O", "d2H", "d_excess"):
        found = waters[name].to_numpy(dtype=float)[rows]
        values[f"{name}_mean"] = float(np.average(found, weights=weights)) if found.size else np.nan
        values[f"{name}_sd"] = float(found.std(ddof=1)) if found.size > 1 else np.nan
    return values


def _note(source: PeriodSource, settings: StudySettings) -> str:
    rule = settings.sources.rules.get(source.name, SourceRule())
    if source.ruled_out:
        return rule.reason or f"only {', '.join(rule.periods)}"
    if source.composition is None:
        tried = ", ".join(f"{window}: {n}" for window, n in source.window.counts.items())
        return f"n < {settings.sources.least_samples} ({tried})"
    parts = ["amount-weighted"] if source.amount_weighted else []
    if rule.altitude_from_m is not None:
        parts.append(f"≥ {rule.altitude_from_m:g} m")
    if rule.altitude_to_m is not None:
        parts.append(f"< {rule.altitude_to_m:g} m")
    if rule.reason:
        parts.append(rule.reason)
    return "; ".join(parts)
