"""Sentences and tables of the report about the mixing model, and about plain algebra beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headwater.report.display import Cell, Cells, DisplayTable, Head, display_table, estimate, period_name
from headwater.report.engine import (
    answers,
    both_ways,
    differences,
    evaporation_inside,
    model_used,
    other_forms,
)
from headwater.report.figures.words import kind_label
from headwater.report.numbers import (
    MISSING,
    NO_SPREAD,
    integer,
    missing,
    number,
    permil,
    points,
    share,
    share_range,
)

if TYPE_CHECKING:
    from headwater.report.text import Text
    from headwater.study.result import StudyResult

MOST_NAMED = 3
WORTH_SAYING = 0.05
"""Difference of two shares below which plain algebra is not worth a sentence of the summary."""


def lead(result: StudyResult, text: Text) -> list[str]:
    """What the two ways are, and why they differ."""
    if not model_used(result):
        return []
    if not evaporation_inside(result):
        return [text("lead.engine_plain")]
    return [text("lead.engine"), *_forms(result, text)]


def _forms(result: StudyResult, text: Text) -> list[str]:
    """How far the shares move under the other distribution of evaporation."""
    joint = both_ways(result)
    joint = joint[~joint["flags"].fillna("").astype(str).str.contains("underdetermined")]
    moved = (joint["other_mean"] - joint["mean"]).abs().dropna()
    if moved.empty:
        return []
    most = joint.loc[moved.idxmax()]
    return [
        text(
            "say.forms",
            form=text.name("form", other_forms(result)),
            difference=number(100 * moved.max(), 1),
            source=kind_label(most["source"], text),
            period=period_name(result, most["period"], text),
        )
    ]


def evaporation(result: StudyResult, text: Text) -> list[str]:
    """How much the mixture evaporated along which slope, and what plain algebra would make of it."""
    runs = answers(result)
    if runs.empty:
        return []
    mixture = kind_label(result.mixture, text)
    if len(runs) == 1:
        run = runs.iloc[0]
        said = text("say.evaporation_one", mixture=mixture, value=_permil(run["evaporation"]),
                    slope=number(run["slope"], 1))  # fmt: skip
    else:
        low, high = runs.loc[runs["evaporation"].idxmin()], runs.loc[runs["evaporation"].idxmax()]
        said = text(
            "say.evaporation", mixture=mixture, low=_permil(low["evaporation"]),
            high=_permil(high["evaporation"]), least=number(runs["slope"].min(), 1),
            most=number(runs["slope"].max(), 1), low_period=period_name(result, str(low["period"]), text),
            high_period=period_name(result, str(high["period"]), text),
        )  # fmt: skip
    plain = _plain(result, text)
    return [text("list.sentences").join([said, plain]) if plain else said]


def _permil(value: float) -> str:
    return permil(value, 1)


def _plain(result: StudyResult, text: Text) -> str:
    """The source whose share algebra raises most, in up to three periods."""
    joint, change = both_ways(result), differences(result)
    change = change[change > WORTH_SAYING]
    if change.empty:
        return ""
    source = joint.loc[change.idxmax(), "source"]
    rows = joint.loc[change.index]
    rows = rows[rows["source"] == source]
    rows = rows.loc[change[rows.index].nlargest(MOST_NAMED).index].sort_index()
    items = [
        text("say.plain_item", plain=share(row.algebra_mean), share=share(row.mean),
             period=period_name(result, row.period, text))
        for row in rows.itertuples()
    ]  # fmt: skip
    return text("say.plain", source=kind_label(source, text), list=text.listing(items))


def table_both_ways(result: StudyResult, text: Text) -> DisplayTable | None:
    """Shares of whole periods by the model, by its other form and by plain algebra."""
    other = other_forms(result)
    rows: list[Cells] = []
    for row in both_ways(result).itertuples():
        cells = [_cell(row.mean, row.q025, row.q975, row.flags)]
        cells += [_cell(row.other_mean, row.other_q025, row.other_q975, row.flags)] if other else []
        cells += [_cell(row.algebra_mean, row.algebra_q025, row.algebra_q975, row.algebra_flags)]
        ranged = "underdetermined" in f"{row.flags}{row.algebra_flags}"
        change = MISSING if ranged else points(row.algebra_mean - row.mean)
        rows.append([period_name(result, row.period, text), kind_label(row.source, text), *cells, change])
    heads = [
        Head(text("column.period"), text=True), Head(text("column.source"), text=True),
        Head(text("head.model")),
        *([Head(text("head.with_form", form=text.name("form", other)))] if other else []),
        Head(text("head.algebra")), Head(text("head.algebra_minus_model"), text("unit.points")),
    ]  # fmt: skip
    return display_table(
        "both-ways", text("table.both_ways"), heads, rows, file="tables/exact.csv", first=18, group_by=1
    )


def table_fits(result: StudyResult, text: Text) -> DisplayTable | None:
    """Every fit: what it found of evaporation, and whether its draws can be trusted."""
    rows: list[Cells] = [
        [period_name(result, str(row.period), text), _form(row, text), integer(row.n), _slope(row, text),
         _raised(row, text), number(row.rhat, 3), Cell(integer(row.ess_bulk), integer(row.ess_tail)),
         integer(row.divergent), number(row.cpu_seconds, 0)]
        for row in result.tables.engine.itertuples()
    ]  # fmt: skip
    heads = [
        Head(text("column.period"), text=True), Head(text("head.form"), text=True), Head("n"),
        Head(text("head.engine_slope")), Head(text("head.raised"), "‰"), Head("R-hat"),
        Head(text("head.effective")), Head(text("head.diverged")), Head(text("head.cpu"), "s"),
    ]  # fmt: skip
    return display_table(
        "engine", text("table.engine"), heads, rows, file="tables/engine.csv", first=18, group_by=1
    )


def _cell(mean: float, low: float, high: float, flags: Any) -> Cell:
    if missing(mean):
        return Cell(MISSING)
    if "underdetermined" in str(flags):
        return Cell(share_range(low, high))
    known = missing(low) or high - low < NO_SPREAD
    return Cell(share(mean), "" if known else share_range(low, high))


def _form(row: Any, text: Text) -> str:
    return text.name("form", row.form) if row.form else text("table_note.no_evaporation")


def _slope(row: Any, text: Text) -> Cell:
    prior = "" if missing(row.slope_prior) else estimate(row.slope_prior, row.slope_prior_sd, 1)
    found = estimate(row.slope, row.slope_sd, 2) if row.trusted else text("table_note.not_trusted")
    return Cell(found, prior)


def _raised(row: Any, text: Text) -> str:
    return estimate(row.evaporation, row.evaporation_sd, 1) if row.trusted else MISSING
