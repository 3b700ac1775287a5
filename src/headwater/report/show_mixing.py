"""Tables of the report about mixing: end members, shares, truth, geometry, overlap, EMMA."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from headwater.report.display import Cell, Cells, DisplayTable, Head, display_table, estimate, period_name
from headwater.report.figures.words import kind_label, level_label, period_label, stratum_label
from headwater.report.numbers import (
    MISSING,
    integer,
    missing,
    number,
    p_value,
    points,
    share,
    share_range,
    share_with_sd,
)

if TYPE_CHECKING:
    from headwater.report.text import Text
    from headwater.study.result import StudyResult

KEYS = ["period", "stratum", "level"]


def end_members(result: StudyResult, text: Text) -> DisplayTable | None:
    """What stands for each source in each period, and why one is absent."""
    rows: list[Cells] = [
        [period_name(result, str(row.period), text), kind_label(str(row.source), text), integer(row.n),
         estimate(row.d18O_mean, row.d18O_sd, 1), estimate(row.d2H_mean, row.d2H_sd, 0),
         estimate(row.d_excess_mean, row.d_excess_sd, 1),
         Cell(text.name("window", str(row.window)), _note(str(row.note or ""), text))]
        for row in result.tables.end_members.itertuples()
    ]  # fmt: skip
    heads = [
        Head(text("column.period"), text=True), Head(text("column.source"), text=True), Head("n"),
        Head("δ¹⁸O", "‰"), Head("δ²H", "‰"), Head("d-excess", "‰"), Head(text("column.window"), text=True),
    ]  # fmt: skip
    return display_table(
        "end-members", text("table.end_members"), heads, rows, file="tables/end_members.csv", first=18,
        group_by=1,
    )  # fmt: skip


def region_shares(result: StudyResult, text: Text) -> DisplayTable | None:
    """Shares of the whole region, a row a period and a column a source."""
    frame = result.tables.contributions
    frame = frame[frame["stratum"] == "all"]
    rows = _share_rows(result, frame, text, lambda key: [period_name(result, key[0], text)])
    missing_here = [p for p in result.periods if rows and p not in set(frame["period"].astype(str))]
    for period in missing_here:
        blank = [MISSING] * (1 + len(result.sources))
        rows.append([period_name(result, period, text), *blank, text("table_note.refused")])
    sources, remark = _source_heads(result, rows, text)
    heads = [Head(text("column.period"), text=True), Head("n"), *sources]
    caption = text("table.region_shares", mixture=kind_label(result.mixture, text)) + remark
    return display_table("region-shares", caption, heads, rows, file="tables/contributions.csv", first=18)


def stratum_shares(result: StudyResult, text: Text) -> tuple[DisplayTable, ...]:
    """Shares of every stratum, one table a period."""
    found = []
    for place, period in enumerate(result.periods):
        frame = result.tables.contributions
        frame = frame[(frame["period"] == period) & (frame["stratum"] != "all")]
        rows = _share_rows(
            result, frame, text,
            lambda key: [stratum_label(key[1], text), level_label(key[1], key[2], text)],
        )  # fmt: skip
        sources, remark = _source_heads(result, rows, text)
        heads = [Head(text("column.stratum"), text=True), Head(text("column.level"), text=True), Head("n")]
        heads += sources
        table = display_table(
            f"shares-{place + 1}",
            text("table.shares", period=period_label(result, period, text)) + remark,
            heads, rows, file="tables/contributions.csv", first=24, group_by=1,
        )  # fmt: skip
        found += [table] if table else []
    return tuple(found)


def estimate_and_truth(result: StudyResult, shares: pd.DataFrame | None = None) -> pd.DataFrame:
    """Shares joined with the known truth: ``share``, ``error``, ``inside`` the 95 % interval.

    ``shares`` are the contributions by default.
    """
    shares = result.tables.contributions if shares is None else shares
    if result.truth is None or shares.empty:
        return pd.DataFrame(columns=[*KEYS, "source", "mean", "share", "error", "inside"])
    keys = [*KEYS, "source"]
    joint = shares.astype(dict.fromkeys(keys, str)).merge(
        result.truth.astype(dict.fromkeys(keys, str)), on=keys, how="inner"
    )
    joint["error"] = joint["mean"] - joint["share"]
    joint["inside"] = (joint["q025"] <= joint["share"]) & (joint["share"] <= joint["q975"])
    return joint


def truth_by_period(result: StudyResult, text: Text) -> DisplayTable | None:
    """Error and coverage of each source in each period, over all strata."""
    joint = estimate_and_truth(result)
    rows: list[Cells] = []
    for (period, source), part in joint.groupby(["period", "source"], sort=False):
        rows.append(
            [period_name(result, str(period), text), kind_label(str(source), text), integer(len(part)),
             points(part["error"].mean()), number(100 * part["error"].abs().mean(), 1),
             f"{int(part['inside'].sum())} / {len(part)}"]
        )  # fmt: skip
    heads = [
        Head(text("column.period"), text=True), Head(text("column.source"), text=True),
        Head(text("head.cells")), Head(text("head.mean_error"), text("unit.points")),
        Head(text("head.absolute_error"), text("unit.points")), Head(text("head.covered")),
    ]  # fmt: skip
    return display_table("truth", text("table.truth"), heads, rows, first=18, group_by=1)


def truth_region(result: StudyResult, text: Text) -> DisplayTable | None:
    """Estimate beside truth for the whole region and every level, a row a source."""
    joint = estimate_and_truth(result)
    rows: list[Cells] = [
        [period_name(result, row.period, text), _level(row, text), kind_label(row.source, text),
         Cell(share_with_sd(row.mean, row.sd), share_range(row.q025, row.q975)), share(row.share),
         points(row.error), text("word.yes") if row.inside else text("word.no")]
        for row in joint.itertuples()
    ]  # fmt: skip
    heads = [
        Head(text("column.period"), text=True), Head(text("column.level"), text=True),
        Head(text("column.source"), text=True), Head(text("head.estimate")), Head(text("head.true_share")),
        Head(text("head.error"), text("unit.points")), Head(text("head.inside"), text=True),
    ]  # fmt: skip
    return display_table(
        "truth-levels", text("table.truth_levels"), heads, rows, file="tables/truth.csv", first=9, group_by=2
    )


def geometry(result: StudyResult, text: Text) -> DisplayTable | None:
    """How many samples lie inside what the sources can make up."""
    rows: list[Cells] = [
        [period_name(result, str(row.period), text), _level(row, text), integer(row.n),
         share(row.inside_probability), integer(row.outside_n)]
        for row in result.tables.geometry.itertuples()
    ]  # fmt: skip
    heads = [
        Head(text("column.period"), text=True), Head(text("column.level"), text=True), Head("n"),
        Head(text("column.inside_probability")), Head(text("column.outside_n")),
    ]  # fmt: skip
    return display_table(
        "geometry", text("table.geometry"), heads, rows, file="tables/geometry.csv", first=9, group_by=1
    )


def overlap(result: StudyResult, text: Text) -> DisplayTable | None:
    """Which sources the data can tell apart."""
    rows: list[Cells] = [
        [period_name(result, str(row.period), text), kind_label(str(row.source_a), text),
         kind_label(str(row.source_b), text), share(row.overlap), number(row.mahalanobis, 1),
         text("word.yes") if row.distinguishable else text("word.no")]
        for row in result.tables.overlap.itertuples()
    ]  # fmt: skip
    heads = [
        Head(text("column.period"), text=True), Head(text("column.source"), text=True),
        Head(text("head.and_source"), text=True), Head(text("column.overlap")),
        Head(text("column.mahalanobis")), Head(text("column.distinguishable"), text=True),
    ]  # fmt: skip
    return display_table("overlap", text("table.overlap"), heads, rows, file="tables/overlap.csv", group_by=1)


def emma(result: StudyResult, text: Text) -> DisplayTable | None:
    """Dimension of the mixture and what is left of each tracer (Hooper 2003)."""
    rows: list[Cells] = [
        [period_name(result, str(row.period), text), integer(row.dimension), share(row.explained),
         text.name("variable", str(row.tracer)), number(row.rrmse, 3), number(row.bias, 2),
         p_value(row.residual_p), integer(row.n_end_members)]
        for row in result.tables.emma.itertuples()
    ]  # fmt: skip
    heads = [
        Head(text("column.period"), text=True), Head(text("column.dimension")),
        Head(text("column.explained")), Head(text("column.tracer"), text=True), Head("RRMSE"),
        Head(text("column.bias"), "‰"), Head(text("column.residual_p")), Head(text("column.n_end_members")),
    ]  # fmt: skip
    return display_table("emma", text("table.emma"), heads, rows, file="tables/emma.csv", group_by=2)


def share_cell(row: Any) -> Cell:
    """``72 ± 4 %`` with its interval; a range alone where the data give no point."""
    bounds = share_range(row.q025, row.q975)
    if "underdetermined" in str(row.flags):
        return Cell(bounds)
    return Cell(share_with_sd(row.mean, row.sd), "" if bounds == MISSING or missing(row.sd) else bounds)


def _share_rows(result: StudyResult, frame: pd.DataFrame, text: Text, label: Any) -> list[Cells]:
    rows: list[Cells] = []
    for key, part in frame.groupby(KEYS, sort=False, observed=True):
        cells = {str(row.source): share_cell(row) for row in part.itertuples()}
        flags = {flag for value in part["flags"].dropna().astype(str) for flag in value.split(";") if flag}
        said = text.listing([text.name("flag", flag) for flag in sorted(flags)])
        rows.append(
            [*label(key), integer(part["n"].iloc[0]),
             *(cells.get(source, Cell(MISSING)) for source in result.sources), said]
        )  # fmt: skip
    return rows


def _source_heads(result: StudyResult, rows: list[Cells], text: Text) -> tuple[list[Head], str]:
    """Heads of the sources and of the remarks; a remark of every row goes into the caption instead."""
    heads = [Head(kind_label(source, text)) for source in result.sources]
    remarks = {str(row[-1]) for row in rows}
    if len(remarks) > 1:
        return [*heads, Head(text("column.flags"), text=True)], ""
    for row in rows:
        row.pop()
    remark = "".join(remarks)
    return heads, " " + text("table_note.all_rows", remark=remark) if remark else ""


def _level(row: Any, text: Text) -> str:
    if row.stratum == "all":
        return text("stratum.all")
    return level_label(str(row.stratum), str(row.level), text)


def _note(note: str, text: Text) -> str:
    """The note of an end member; what is not a word of the catalogue is the user's own and stays."""
    return "; ".join(text.name("note", part) for part in note.split("; "))
