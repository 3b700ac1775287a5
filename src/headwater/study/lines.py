"""Water lines of a study: the local meteoric line, evaporation lines, and the water where they cross."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from headwater.errors import InputRefused
from headwater.isotopes import (
    GLOBAL_METEORIC_LINE,
    EvaporationPrior,
    EvaporationSlope,
    Verdict,
    crossing,
    equilibrium_vapour,
    evaporated_fraction,
    evaporation_slope,
    meteoric_line,
    source_on_meteoric_line,
)
from headwater.samples.table import Kind
from headwater.stats import Line, LineMethod, fit_line
from headwater.study.notices import Notices
from headwater.study.settings import StudySettings
from headwater.study.strata import ALL, Cell, Strata, cells

SLOPE_WITHOUT_CLIMATE = (5.0, 1.0)
"""Prior of the evaporation slope where no climate is known: soils 2.5–6 (Sprenger et al. 2016), ± 1."""
CRAIG_GORDON_SD = 0.5
"""sd of a slope that is computed from the climate."""
PUBLISHED_LINE_SCATTER = 1.0
"""Scatter [‰ of δ2H] of mean waters about a line that has none of its own."""
CROSSING_NOTICE = {
    "near parallel": "ill_defined_crossing",
    "too wide": "wide_crossing",
    "not evaporation": "no_evaporation_line",
}
LEAST_FOR_LINE = 3
FITTED = (LineMethod.OLS, LineMethod.RMA, LineMethod.YORK, LineMethod.THEIL_SEN)
EVAPORATION = EvaporationPrior.exponential(2.0)
"""Prior of the evaporation of a stratum's mean water [‰ of δ18O]: little is likelier than much."""

LINE_COLUMNS = (
    "kind", "period", "stratum", "level", "n", "slope", "slope_se", "intercept", "intercept_se", "r2",
    "method", "residual_sd",
)  # fmt: skip
SOURCE_WATER_COLUMNS = (
    "period", "stratum", "level", "n", "slope", "slope_se", "craig_gordon_slope", "d18O", "d18O_low",
    "d18O_high", "d2H", "d2H_low", "d2H_high", "verdict", "posterior_d18O", "posterior_d18O_low",
    "posterior_d18O_high", "posterior_d2H", "evaporation", "fraction_evaporated_steady",
    "fraction_evaporated_nonsteady",
)  # fmt: skip

Lines = dict[tuple[str, str, str], Line]


@dataclass(frozen=True)
class Meteoric:
    """The meteoric line that a study measures against, and where it comes from."""

    line: Line
    origin: str
    local: bool


def local_line(waters: pd.DataFrame, settings: StudySettings, notices: Notices) -> Meteoric:
    """The line of the settings, else of the precipitation samples, else the global one."""
    given = settings.lines
    if given.local_slope is not None and given.local_intercept is not None:
        nothing = float("nan")
        line = Line(
            given.local_slope, given.local_intercept, 0.0, 0.0, 0.0, nothing, 0, nothing, nothing, nothing,
            LineMethod.PUBLISHED,
        )  # fmt: skip
        return Meteoric(line, "settings", True)
    rain = waters[waters["kind"] == Kind.PRECIPITATION]
    try:
        return Meteoric(meteoric_line(rain, method=given.meteoric), "precipitation", True)
    except InputRefused:
        notices.warn("meteoric_line_global", n=len(rain))
        return Meteoric(GLOBAL_METEORIC_LINE, "global", False)


def evaporation_lines(
    strata: Strata, mixture: np.ndarray, settings: StudySettings, notices: Notices
) -> Lines:
    """The line of the mixture's samples in every cell that has enough of them."""
    found: Lines = {}
    for cell in cells(strata, mixture):
        line = _fit(strata.waters, cell.rows, LineMethod(settings.lines.evaporation))
        if line is not None:
            found[cell.period, cell.stratum, cell.level] = line
        elif cell.stratum == ALL:
            notices.refuse(
                "line_refused",
                at=(cell.period, "", ""),
                what=str(settings.mixture.kind),
                n=len(cell.rows),
            )
    return found


def line_table(strata: Strata, lines: Lines, mixture: np.ndarray, settings: StudySettings) -> pd.DataFrame:
    """Table ``lines``: the mixture in every cell, other waters by period, precipitation by every method."""
    waters = strata.waters
    rows = [_row(settings.mixture.kind, key, line) for key, line in lines.items()]
    for period in strata.periods:
        here = mixture[(waters["period"] == period).to_numpy()[mixture]]
        for method in FITTED:
            if method != settings.lines.evaporation:
                _append(rows, settings.mixture.kind, (period, ALL, ALL), _fit(waters, here, method))
    complete = waters[["d18O", "d2H"]].notna().all(axis=1).to_numpy()
    kinds = waters["kind"].astype(object).to_numpy()
    for kind in waters["kind"].cat.categories:
        own = np.flatnonzero(complete & (kinds == kind))
        if kind == settings.mixture.kind:
            continue
        for period in strata.periods:
            here = own[(waters["period"] == period).to_numpy()[own]]
            _append(rows, kind, (period, ALL, ALL), _fit(waters, here, LineMethod.OLS))
        methods = (*FITTED, LineMethod.WEIGHTED) if kind == Kind.PRECIPITATION else (LineMethod.OLS,)
        for method in methods:
            _append(rows, kind, (ALL, ALL, ALL), _fit(waters, own, method))
    return pd.DataFrame(rows, columns=list(LINE_COLUMNS))


def source_water_table(
    strata: Strata,
    lines: Lines,
    mixture: np.ndarray,
    meteoric: Meteoric,
    settings: StudySettings,
    notices: Notices,
) -> pd.DataFrame:
    """Table ``source_water``: the crossing of every evaporation line, and the posterior beside it."""
    rows = []
    walk = [cell for cell in cells(strata, mixture) if (cell.period, cell.stratum, cell.level) in lines]
    for cell in walk:
        at = (cell.period, cell.stratum, cell.level)
        climate = _climate(strata.waters, cell, settings)
        if climate is None:
            notices.info("craig_gordon_no_climate", at=(cell.period, "", ""))
        rows.append(_source_water(at, cell, strata.waters, lines[at], meteoric, climate, notices))
    return pd.DataFrame(rows, columns=list(SOURCE_WATER_COLUMNS))


def slope_prior(waters: pd.DataFrame, cell: Cell, settings: StudySettings) -> tuple[float, float]:
    """Mean and sd of the prior of the evaporation slope of one period.

    Of the settings; by Craig and Gordon where they say ``climate`` and there is one; else that of soils in
    general. Not the climate by itself: the slope of a soil hangs on how vapour leaves it, which no table
    holds, and the samples teach the slope to 0.1–0.3 anyway.
    """
    given = settings.mixing.evaporation_slope
    if isinstance(given, tuple):
        return given
    slope = _slope(_climate(waters, cell, settings)) if given == "climate" else None
    return (slope.initial_slope, CRAIG_GORDON_SD) if slope is not None else SLOPE_WITHOUT_CLIMATE


@dataclass(frozen=True)
class _Climate:
    temperature_C: float
    relative_humidity: float
    rain: tuple[float, float]


def _climate(waters: pd.DataFrame, cell: Cell, settings: StudySettings) -> _Climate | None:
    """Temperature of the soil, humidity of the air and mean precipitation of a cell's period."""
    rain = waters[(waters["kind"] == Kind.PRECIPITATION).to_numpy()]
    same = rain[(rain["period"] == cell.period).to_numpy()]
    same = same if len(same) else rain
    temperature, humidity = settings.climate.temperature_C, settings.climate.relative_humidity
    if temperature is None:
        soil = waters["soil_temperature_C"].to_numpy(dtype=float)[cell.rows]
        found = soil[np.isfinite(soil)]
        air = same["air_temperature_C"].dropna()
        temperature = float(found.mean()) if found.size else (float(air.mean()) if len(air) else None)
    if humidity is None:
        given = same["relative_humidity"].dropna()
        humidity = float(given.mean()) if len(given) else None
    complete = same[["d18O", "d2H"]].dropna()
    if temperature is None or humidity is None or not 0 < humidity < 1 or complete.empty:
        return None
    return _Climate(temperature, humidity, (float(complete["d18O"].mean()), float(complete["d2H"].mean())))


def _source_water(
    at: tuple[str, str, str],
    cell: Cell,
    waters: pd.DataFrame,
    line: Line,
    meteoric: Meteoric,
    climate: _Climate | None,
    notices: Notices,
) -> dict[str, Any]:
    met = crossing(meteoric.line, line)
    if met.verdict != Verdict.WELL_DEFINED and cell.stratum == ALL:
        notices.warn(CROSSING_NOTICE[met.reason], at=(cell.period, "", ""), difference=met.slope_difference)
    d18O = waters["d18O"].to_numpy(dtype=float)[cell.rows]
    d2H = waters["d2H"].to_numpy(dtype=float)[cell.rows]
    mean = (float(d18O.mean()), float(d2H.mean()))
    slope = _slope(climate)
    error = np.cov(d18O, d2H) / len(d18O)
    prior = (slope.initial_slope, CRAIG_GORDON_SD) if slope is not None else SLOPE_WITHOUT_CLIMATE
    row: dict[str, Any] = dict(zip(("period", "stratum", "level"), at, strict=True)) | {
        "n": line.n, "slope": line.slope, "slope_se": line.slope_se,
        "craig_gordon_slope": slope.slope if slope is not None else np.nan,
        "d18O": met.d18O, "d18O_low": met.d18O_low, "d18O_high": met.d18O_high,
        "d2H": met.d2H, "d2H_low": met.d2H_low, "d2H_high": met.d2H_high, "verdict": str(met.verdict),
    }  # fmt: skip
    scatter: Any = "mean" if meteoric.line.residual_sd > 0 else PUBLISHED_LINE_SCATTER
    origin = source_on_meteoric_line(
        [mean[0]],
        [mean[1]],
        error,
        meteoric.line,
        *prior,
        evaporation_prior=EVAPORATION,
        origin="flat",
        scatter=scatter,
    )
    row |= {
        "posterior_d18O": origin.d18O[0],
        "posterior_d18O_low": origin.d18O_quantiles[0, 0],
        "posterior_d18O_high": origin.d18O_quantiles[0, -1],
        "posterior_d2H": origin.d2H[0],
        "evaporation": origin.evaporation[0],
    }
    return row | _fractions(climate, (float(origin.d18O[0]), float(origin.d2H[0])), mean)


def _slope(climate: _Climate | None) -> EvaporationSlope | None:
    if climate is None:
        return None
    try:
        found = evaporation_slope(climate.temperature_C, climate.relative_humidity, climate.rain)
    except InputRefused:
        return None
    return found if np.isfinite(found.slope) else None


def _fractions(
    climate: _Climate | None, start: tuple[float, float], mean: tuple[float, float]
) -> dict[str, float]:
    names = {"fraction_evaporated_steady": True, "fraction_evaporated_nonsteady": False}
    if climate is None or not np.isfinite(start).all():
        return dict.fromkeys(names, np.nan)
    try:
        vapour = equilibrium_vapour(climate.rain, climate.temperature_C)
        return {
            name: float(
                evaporated_fraction(
                    start,
                    mean,
                    temperature_C=climate.temperature_C,
                    relative_humidity=climate.relative_humidity,
                    vapour=vapour,
                    steady=steady,
                ).from_d18O
            )
            for name, steady in names.items()
        }
    except InputRefused:
        return dict.fromkeys(names, np.nan)


def _fit(waters: pd.DataFrame, rows: np.ndarray, method: LineMethod) -> Line | None:
    if len(rows) < LEAST_FOR_LINE:
        return None

    def column(name: str) -> np.ndarray:
        return waters[name].to_numpy(dtype=float)[rows]

    more: dict[str, np.ndarray] = {}
    if method == LineMethod.YORK:
        more = {"x_sd": column("d18O_sd"), "y_sd": column("d2H_sd")}
    elif method == LineMethod.WEIGHTED:
        more = {"weights": column("amount_mm")}
        if not np.isfinite(more["weights"]).any():
            return None
    try:
        return fit_line(column("d18O"), column("d2H"), method=method, **more)
    except InputRefused:
        return None


def _append(rows: list[dict[str, Any]], kind: str, at: tuple[str, str, str], line: Line | None) -> None:
    if line is not None:
        rows.append(_row(kind, at, line))


def _row(kind: str, at: tuple[str, str, str], line: Line) -> dict[str, Any]:
    return {
        "kind": str(kind), "period": at[0], "stratum": at[1], "level": at[2], "n": line.n,
        "slope": line.slope, "slope_se": line.slope_se, "intercept": line.intercept,
        "intercept_se": line.intercept_se, "r2": line.r2, "method": str(line.method),
        "residual_sd": line.residual_sd,
    }  # fmt: skip
