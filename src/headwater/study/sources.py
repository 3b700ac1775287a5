"""Which sources are possible in a period and a cell, and their composition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from headwater.errors import SettingsRefused
from headwater.mixing import Composition, composition
from headwater.samples.table import Kind
from headwater.study.settings import SourceRule, SourceSettings, StudySettings
from headwater.study.strata import Strata
from headwater.study.windows import SourceWindow, Window, choose_window


@dataclass(frozen=True)
class PeriodSource:
    """One source in one period.

    Attributes
    ----------
    name : source
    window : the samples that stand for it, and where they come from
    composition : of those samples; None where the source is absent
    amount_weighted : the mean is weighted by the amount of precipitation
    ruled_out : the settings say that it is absent in this period
    """

    name: str
    window: SourceWindow
    composition: Composition | None
    amount_weighted: bool
    ruled_out: bool


def name_sources(waters: pd.DataFrame, settings: StudySettings) -> pd.Series:
    """The source that each water belongs to (``category``; missing where it is none).

    Raises
    ------
    SettingsRefused
        where ``sources.by`` or a name in ``sources.only``, ``leave_out`` or ``rules`` is not in the tables.
    """
    wanted = settings.sources
    if wanted.by not in waters.columns:
        raise SettingsRefused(
            f"sources.by: the tables have no column {wanted.by!r}; use kind, source_group, depth, "
            "or a column kept with read.keep."
        )
    possible = waters["kind"].isin(list(wanted.kinds))
    if wanted.by == "kind":
        possible &= waters["kind"] != settings.mixture.kind
        order = [str(kind) for kind in wanted.kinds]
    else:
        order = [str(name) for name in pd.Categorical(waters[wanted.by]).categories]
    named = waters[wanted.by].astype(object).where(possible & waters[wanted.by].notna(), None)
    found = set(named.dropna().unique())
    _check_names(wanted, found)
    names = [name for name in (wanted.only or order) if name in found and name not in wanted.leave_out]
    return named.where(named.isin(names), None).astype(pd.CategoricalDtype(names))


def period_sources(
    strata: Strata, names: pd.Series, period: str, settings: StudySettings, *, among: np.ndarray | None = None
) -> tuple[PeriodSource, ...]:
    """Every source as it stands in one period.

    Parameters
    ----------
    names : source of every water, from :func:`name_sources`
    among : positions to take sources from; all waters by default
    """
    wanted = settings.sources
    waters = strata.waters
    dates = waters["date"].fillna(waters["date_start"])
    codes = names.cat.codes.to_numpy()
    complete = waters[["d18O", "d2H"]].notna().all(axis=1).to_numpy()
    rows = np.flatnonzero(complete) if among is None else among[complete[among]]
    found = []
    for code, name in enumerate(names.cat.categories):
        rule = wanted.rules.get(name, SourceRule())
        own = rows[codes[rows] == code]
        if rule.periods and period not in rule.periods:
            window = SourceWindow(Window.ABSENT, own[:0], {})
            found.append(PeriodSource(name, window, None, False, True))
            continue
        if rule.window == "all":
            enough = len(own) >= wanted.least_samples
            window = SourceWindow(
                Window.ALL if enough else Window.ABSENT, own if enough else own[:0], {Window.ALL: len(own)}
            )
        else:
            window = choose_window(
                own,
                waters["period"],
                dates,
                period,
                months_before=wanted.months_before,
                least=wanted.least_samples,
            )
        found.append(_compose(name, window, waters, settings))
    return tuple(found)


def possible_in(
    source: PeriodSource, waters: pd.DataFrame, rows: np.ndarray, settings: StudySettings, strata: Strata
) -> bool:
    """Whether a source can have reached any of the mixture's samples at ``rows``."""
    return bool(possible_rows(source, waters, rows, settings, strata).any())


def possible_rows(
    source: PeriodSource, waters: pd.DataFrame, rows: np.ndarray, settings: StudySettings, strata: Strata
) -> np.ndarray:
    """Which of the mixture's samples at ``rows`` a source can have reached.

    The rule of the settings decides. Snow melt without a rule is possible from the altitude band upwards
    in which its own lowest sample lies: meltwater does not flow uphill.
    """
    rule = settings.sources.rules.get(source.name, SourceRule())
    allowed = np.ones(len(rows), dtype=bool)
    altitude = waters["altitude_m"].to_numpy(dtype=float)
    low, high = rule.altitude_from_m, rule.altitude_to_m
    if low is None and source.name == Kind.SNOW_MELT and settings.sources.by == "kind":
        low = _lowest_band(altitude[source.window.rows], strata)
    with np.errstate(invalid="ignore"):
        if low is not None:
            allowed &= ~(altitude[rows] < low)
        if high is not None:
            allowed &= ~(altitude[rows] >= high)
    for column, values in rule.only.items():
        if column not in waters.columns:
            raise SettingsRefused(f"sources.rules.{source.name}.only: the tables have no column {column!r}.")
        allowed &= waters[column].iloc[rows].isin(values).to_numpy()
    return allowed


def mixture_composition(
    waters: pd.DataFrame, rows: np.ndarray, settings: StudySettings, *, name: str
) -> Composition:
    """Composition of the mixture over the complete samples at ``rows``; profiles of a site are clusters."""
    clusters = waters["site"].cat.codes.to_numpy()[rows]
    unknown = clusters < 0
    if unknown.any():
        clusters = clusters.copy()
        clusters[unknown] = -1 - np.arange(unknown.sum())
    return composition(
        tracer_values(waters, rows, settings.mixing.tracers),
        name=name,
        tracers=settings.mixing.tracers,
        clusters=clusters,
        analytical_covariance=analytical_covariance(waters, rows, settings.mixing.tracers),
    )


def tracer_values(waters: pd.DataFrame, rows: np.ndarray, tracers: tuple[str, ...]) -> np.ndarray:
    """Tracer values, shape (n, J), [‰]."""
    return np.column_stack([waters[name].to_numpy(dtype=float)[rows] for name in tracers])


def analytical_covariance(waters: pd.DataFrame, rows: np.ndarray, tracers: tuple[str, ...]) -> np.ndarray:
    """Mean analytical covariance of the tracers, shape (J, J); d-excess takes its share of both errors."""
    variance = np.diag(
        [float(np.nanmean(waters[name].to_numpy(dtype=float)[rows] ** 2)) for name in ("d18O_sd", "d2H_sd")]
    )
    mix = combinations_of_delta(tracers)
    return mix @ variance @ mix.T


def combinations_of_delta(tracers: tuple[str, ...]) -> np.ndarray:
    """Every tracer as a combination of δ18O and δ2H, shape (J, 2): d-excess is δ2H − 8 δ18O."""
    rows = {"d18O": (1.0, 0.0), "d2H": (0.0, 1.0), "d_excess": (-8.0, 1.0)}
    return np.array([rows[name] for name in tracers])


def _compose(name: str, window: SourceWindow, waters: pd.DataFrame, settings: StudySettings) -> PeriodSource:
    rows = window.rows
    if window.window == Window.ABSENT:
        return PeriodSource(name, window, None, False, False)
    amount = waters["amount_mm"].to_numpy(dtype=float)[rows]
    weighted = settings.sources.weights == "amount" and bool((amount > 0).all())
    found = composition(
        tracer_values(waters, rows, settings.mixing.tracers),
        name=name,
        tracers=settings.mixing.tracers,
        weights=amount if weighted else None,
        analytical_covariance=analytical_covariance(waters, rows, settings.mixing.tracers),
    )
    return PeriodSource(name, window, found, weighted, False)


def _lowest_band(altitude: np.ndarray, strata: Strata) -> float | None:
    known = altitude[np.isfinite(altitude)]
    if not known.size:
        return None
    starts = [float(level.split("-")[0]) for level in strata.levels.get("altitude", ())]
    below = [start for start in starts if start <= known.min()]
    return max(below) if below else float(known.min())


def _check_names(wanted: SourceSettings, found: set[str]) -> None:
    for setting, names in (
        ("only", wanted.only),
        ("leave_out", wanted.leave_out),
        ("rules", tuple(wanted.rules)),
    ):
        unknown = [name for name in names if name not in found]
        if unknown and setting != "leave_out":
            raise SettingsRefused(
                f"sources.{setting}: no sample belongs to {', '.join(unknown)}; "
                f"sources in the tables: {', '.join(sorted(found)) or 'none'}."
            )
