"""Tables of the report about isotopes: group means, lines, source water, distances, gradients, profiles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from headwater.report.display import (
    Cell,
    Cells,
    DisplayTable,
    Head,
    display_table,
    estimate,
    period_name,
    with_interval,
)
from headwater.report.figures.words import (
    kind_label,
    kinds_present,
    level_label,
    stratum_label,
)
from headwater.report.numbers import MISSING, integer, missing, number, p_value, share

if TYPE_CHECKING:
    from headwater.report.text import Text
    from headwater.stats.line import Line
    from headwater.study.result import StudyResult

PERMIL = "‰"


def kind_means(result: StudyResult, text: Text) -> DisplayTable | None:
    """Mean isotopes of every kind of water in every period (Table 1 of the paper)."""
    frame = result.tables.isotopes
    order = {kind: place for place, kind in enumerate(kinds_present(result))}
    frame = frame[frame["stratum"] == "all"]
    frame = frame.assign(place=frame["kind"].map(order)).sort_values("place", kind="stable")
    rows: list[Cells] = [
        [kind_label(str(row.kind), text), period_name(result, str(row.period), text), *_means(row)]
        for row in frame.itertuples()
    ]
    heads = [Head(text("head.water"), text=True), Head(text("column.period"), text=True), *_mean_heads(text)]
    return display_table(
        "isotopes", text("table.isotopes"), heads, rows, file="tables/isotopes.csv", first=18, group_by=1
    )


def stratum_means(result: StudyResult, text: Text) -> DisplayTable | None:
    """Mean isotopes of the mixture in every stratum and period."""
    frame = result.tables.isotopes
    frame = frame[frame["kind"].astype(str) == result.mixture]
    rows: list[Cells] = [
        [_stratum(row, text), level_label(row.stratum, row.level, text),
         period_name(result, row.period, text), *_means(row)]
        for row in _by_level(result, frame)
    ]  # fmt: skip
    heads = [
        Head(text("column.stratum"), text=True), Head(text("column.level"), text=True),
        Head(text("column.period"), text=True), *_mean_heads(text),
    ]  # fmt: skip
    caption = text("table.isotopes_strata", mixture=kind_label(result.mixture, text))
    return display_table(
        "isotopes-strata", caption, heads, rows, file="tables/isotopes.csv", first=9, group_by=2
    )


def line_grid(result: StudyResult, text: Text) -> DisplayTable | None:
    """Evaporation lines of the mixture, a row a level and a column a period (Table 2 of the paper)."""
    lines = result.evaporation_lines
    known = [("all", "all"), *((s, level) for s, levels in result.strata.items() for level in levels)]
    rows: list[Cells] = []
    for stratum, level in known:
        cells = [_line_cell(lines.get((period, stratum, level))) for period in result.periods]
        if any(cell.small for cell in cells):
            rows.append([stratum_label(stratum, text), level_label(stratum, level, text), *cells])
    heads = [Head(text("column.stratum"), text=True), Head(text("column.level"), text=True)]
    heads += [Head(period_name(result, period, text)) for period in result.periods]
    caption = text("table.lines", mixture=kind_label(result.mixture, text))
    return display_table("lines", caption, heads, rows, file="tables/lines.csv", first=24, group_by=1)


def other_lines(result: StudyResult, text: Text) -> DisplayTable | None:
    """Lines of the other kinds of water, the meteoric line among them."""
    frame = result.tables.lines
    frame = frame[(frame["kind"].astype(str) != result.mixture) & (frame["stratum"] == "all")]
    rows: list[Cells] = [
        [kind_label(str(row.kind), text), period_name(result, str(row.period), text), integer(row.n),
         estimate(row.slope, row.slope_se), estimate(row.intercept, row.intercept_se, 1),
         number(row.r2, 2), text.name("method", str(row.method))]
        for row in frame.itertuples()
    ]  # fmt: skip
    heads = [
        Head(text("head.water"), text=True), Head(text("column.period"), text=True), Head("n"),
        Head(text("column.slope")), Head(text("column.intercept"), PERMIL), Head("R²"),
        Head(text("column.method"), text=True),
    ]  # fmt: skip
    return display_table(
        "lines-kinds", text("table.lines_kinds"), heads, rows, file="tables/lines.csv", group_by=1
    )


def source_water(result: StudyResult, text: Text) -> DisplayTable | None:
    """Crossing of meteoric and evaporation line with its verdict, and the posterior source beside it."""
    rows: list[Cells] = []
    for row in _by_level(result, result.tables.source_water, period_first=True):
        firm = row.verdict == "well-defined"
        rows.append(
            [
                period_name(result, row.period, text), _where(row, text), integer(row.n),
                Cell(estimate(row.slope, row.slope_se), number(row.craig_gordon_slope, 1)),
                with_interval(row.d18O, row.d18O_low, row.d18O_high) if firm else Cell(MISSING),
                with_interval(row.d2H, row.d2H_low, row.d2H_high, 0) if firm else Cell(MISSING),
                text.name("verdict", row.verdict),
                with_interval(row.posterior_d18O, row.posterior_d18O_low, row.posterior_d18O_high),
                number(row.evaporation, 1),
                Cell(share(row.fraction_evaporated_steady), share(row.fraction_evaporated_nonsteady)),
            ]
        )  # fmt: skip
    heads = [
        Head(text("column.period"), text=True), Head(text("column.level"), text=True), Head("n"),
        Head(text("head.slope_and_cg")), Head(text("head.crossing_d18O"), PERMIL),
        Head(text("head.crossing_d2H"), PERMIL), Head(text("column.verdict"), text=True),
        Head(text("head.posterior_d18O"), PERMIL), Head("E", PERMIL), Head(text("head.evaporated")),
    ]  # fmt: skip
    return display_table(
        "source-water", text("table.source_water"), heads, rows, file="tables/source_water.csv", group_by=1
    )


def line_distances(result: StudyResult, text: Text) -> DisplayTable | None:
    """lc-excess of every stratum with its interval and its rank."""
    rows: list[Cells] = [
        [_stratum(row, text), level_label(row.stratum, row.level, text),
         period_name(result, row.period, text), integer(row.n),
         with_interval(row.lc_excess, row.low, row.high), integer(row.rank)]
        for row in _by_level(result, result.tables.line_distance)
    ]  # fmt: skip
    heads = [
        Head(text("column.stratum"), text=True), Head(text("column.level"), text=True),
        Head(text("column.period"), text=True), Head("n"), Head("lc-excess", PERMIL),
        Head(text("column.rank")),
    ]  # fmt: skip
    return display_table(
        "line-distance", text("table.line_distance"), heads, rows, file="tables/line_distance.csv",
        first=9, group_by=2,
    )  # fmt: skip


def kind_distances(result: StudyResult, text: Text) -> DisplayTable | None:
    """Distances of the other waters from the mixture, nearest first in each period."""
    frame = result.tables.distances
    beside = (frame["kind_a"].astype(str) == result.mixture) | (frame["kind_b"].astype(str) == result.mixture)
    frame = frame[beside].sort_values(["period", "energy"], kind="stable")
    rows: list[Cells] = []
    for row in frame.itertuples():
        first = str(row.kind_a) == result.mixture
        other, n, own = (row.kind_b, row.n_b, row.n_a) if first else (row.kind_a, row.n_a, row.n_b)
        rows.append(
            [period_name(result, str(row.period), text), kind_label(str(other), text), integer(n),
             integer(own), number(row.energy, 2), number(row.mahalanobis, 2), p_value(row.p_adjusted)]
        )  # fmt: skip
    mixture = kind_label(result.mixture, text)
    heads = [
        Head(text("column.period"), text=True), Head(text("head.water"), text=True), Head("n"),
        Head(text("head.n_of", kind=mixture)), Head(text("column.energy")), Head(text("column.mahalanobis")),
        Head(text("column.p_adjusted")),
    ]  # fmt: skip
    return display_table(
        "distances", text("table.distances", mixture=mixture), heads, rows, file="tables/distances.csv",
        first=18, group_by=1,
    )  # fmt: skip


def gradients(result: StudyResult, text: Text) -> DisplayTable | None:
    """Change of isotopes with altitude, soil temperature and the rest."""
    order = {kind: place for place, kind in enumerate(kinds_present(result))}
    frame = result.tables.gradients
    frame = frame.assign(place=frame["kind"].astype(str).map(order))
    rows: list[Cells] = []
    for row in frame.sort_values(["place", "against", "variable"], kind="stable").itertuples():
        scale, unit = (100.0, "‰ / 100 m") if row.against == "altitude_m" else (1.0, "")
        rows.append(
            [kind_label(str(row.kind), text), text.name("variable", str(row.against)),
             text.name("variable", str(row.variable)), period_name(result, str(row.period), text),
             integer(row.n), Cell(estimate(scale * row.slope, scale * row.slope_se), unit),
             number(row.r2, 2), p_value(row.p)]
        )  # fmt: skip
    heads = [
        Head(text("head.water"), text=True), Head(text("column.against"), text=True),
        Head(text("column.variable"), text=True), Head(text("column.period"), text=True), Head("n"),
        Head(text("column.slope")), Head("R²"), Head("p"),
    ]  # fmt: skip
    return display_table(
        "gradients", text("table.gradients"), heads, rows, file="tables/gradients.csv", first=10, group_by=3
    )


def contrasts(result: StudyResult, text: Text) -> DisplayTable | None:
    """Differences of means between periods, basins and other levels."""
    rows: list[Cells] = []
    for row in result.tables.contrasts.itertuples():
        pair = [_contrast_level(result, row.factor, level, text) for level in (row.level_a, row.level_b)]
        rows.append(
            [kind_label(str(row.kind), text), text.name("stratum", str(row.factor)), " − ".join(pair),
             text.name("variable", str(row.variable)), f"{integer(row.n_a)}, {integer(row.n_b)}",
             with_interval(row.difference, row.low, row.high, 2), p_value(row.p)]
        )  # fmt: skip
    heads = [
        Head(text("head.water"), text=True), Head(text("column.factor"), text=True),
        Head(text("head.levels"), text=True), Head(text("column.variable"), text=True), Head("n"),
        Head(text("column.difference"), PERMIL), Head("p"),
    ]  # fmt: skip
    return display_table(
        "contrasts", text("table.contrasts"), heads, rows, file="tables/contrasts.csv", first=9, group_by=2
    )


def profiles(result: StudyResult, text: Text) -> DisplayTable | None:
    """Isotopes, temperature and moisture by soil layer."""
    rows: list[Cells] = [
        [period_name(result, str(row.period), text), level_label("depth", str(row.depth), text),
         integer(row.n), with_interval(row.d18O_mean, row.d18O_low, row.d18O_high, 2),
         with_interval(row.d_excess_mean, row.d_excess_low, row.d_excess_high, 1),
         number(row.soil_temperature_C, 1), number(row.soil_moisture, 2)]
        for row in result.tables.profiles.itertuples()
    ]  # fmt: skip
    heads = [
        Head(text("column.period"), text=True), Head(text("column.depth"), text=True), Head("n"),
        Head("δ¹⁸O", PERMIL), Head("d-excess", PERMIL), Head(text("column.soil_temperature_C"), "°C"),
        Head(text("column.soil_moisture"), "m³/m³"),
    ]  # fmt: skip
    return display_table(
        "profiles", text("table.profiles"), heads, rows, file="tables/profiles.csv", first=16, group_by=1
    )


def _mean_heads(text: Text) -> list[Head]:
    return [
        Head("n"), Head("δ¹⁸O", PERMIL), Head("δ²H", PERMIL), Head("d-excess", PERMIL),
        Head("lc-excess", PERMIL), Head(text("head.excess_slope")),
    ]  # fmt: skip


def _means(row: Any) -> list[str | Cell]:
    regression = "" if missing(row.excess_r2) else f"R² {number(row.excess_r2, 2)}"
    return [
        integer(row.n),
        with_interval(row.d18O_mean, row.d18O_low, row.d18O_high, 2),
        with_interval(row.d2H_mean, row.d2H_low, row.d2H_high, 1),
        with_interval(row.d_excess_mean, row.d_excess_low, row.d_excess_high, 1),
        with_interval(row.lc_excess_mean, row.lc_excess_low, row.lc_excess_high, 1),
        Cell(number(row.excess_slope, 2), regression),
    ]


def _line_cell(line: Line | None) -> Cell:
    if line is None:
        return Cell(MISSING)
    equation = f"{number(line.slope)}, {number(line.intercept)}"
    return Cell(equation, f"R² {number(line.r2)}, n = {integer(line.n)}")


def _levels(result: StudyResult, frame: pd.DataFrame) -> list[tuple[str, str]]:
    found = set(zip(frame["stratum"].astype(str), frame["level"].astype(str), strict=True))
    known = [("all", "all"), *((s, level) for s, levels in result.strata.items() for level in levels)]
    return [pair for pair in known if pair in found] + sorted(found - set(known))


def _by_level(result: StudyResult, frame: pd.DataFrame, *, period_first: bool = False) -> Iterator[Any]:
    """Rows in the order of strata, levels and periods, or period by period."""
    levels = {pair: place for place, pair in enumerate(_levels(result, frame))}
    periods = {period: place for place, period in enumerate(result.periods)}
    keys = zip(frame["stratum"], frame["level"], frame["period"], strict=True)
    order = [(levels[str(s), str(level)], periods.get(str(p), -1)) for s, level, p in keys]
    order = [(period, level) for level, period in order] if period_first else order
    return frame.iloc[sorted(range(len(order)), key=order.__getitem__)].itertuples()


def _stratum(row: Any, text: Text) -> str:
    return stratum_label(str(row.stratum), text)


def _where(row: Any, text: Text) -> str:
    if row.stratum == "all":
        return text("stratum.all")
    return level_label(str(row.stratum), str(row.level), text)


def _contrast_level(result: StudyResult, factor: str, level: Any, text: Text) -> str:
    if factor == "period":
        return period_name(result, str(level), text)
    return level_label(str(factor), str(level), text)
