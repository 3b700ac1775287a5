"""Tables of the report of a fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from headwater.mixing.bayes.design import source_blocks
from headwater.mixing.bayes.evaporation_report import LEAST_RATIO
from headwater.report.display import Cell, Cells, DisplayTable, Head, display_table
from headwater.report.mix.figure_chains import worst
from headwater.report.mix.material import Intervals, Material
from headwater.report.mix.sentences import model_words, overall_meaning
from headwater.report.mix.verdict import trouble_sentence
from headwater.report.mix.words import (
    level_name,
    natural,
    parameter_name,
    quantity_name,
    source_name,
    tracer_name,
)
from headwater.report.numbers import (
    MISSING,
    integer,
    number,
    p_value,
    points,
    share,
    share_range,
    share_with_sd,
)

if TYPE_CHECKING:
    from headwater.report.text import Text

MOST_COLUMNS = 8
SHARES, PARAMETERS = "proportions.csv", "parameters.csv"


def overall(material: Material, text: Text) -> DisplayTable | None:
    """Overall shares beside the mean of the mixtures and the prior."""
    learned, low_high = material.learned, np.quantile(material.overall, [0.025, 0.975], axis=0)
    own, mean = [row for row in material.shares if not row["factor"]], material.of_mixtures
    rows: list[Cells] = []
    for k, row in enumerate(own):
        beside = [] if mean is None else [_mean_cell(mean, 0, k)]
        rows.append(
            [
                material.names[k],
                Cell(share_with_sd(row["mean"], row["sd"]), share_range(*low_high[:, k])), *beside,
                share_with_sd(learned.prior_mean[k], learned.prior_sd[k]), share(learned.overlap[k]),
                _count(row["ess_bulk"]), _count(row["ess_tail"]), number(row["rhat"], 3),
            ]
        )  # fmt: skip
    interval = text("mix.head.interval")
    heads = [
        Head(text("column.source"), text=True),
        Head(text("mix.overall") if mean else text("mix.head.share"), interval),
        *([Head(text("mix.head.mixtures"), interval)] if mean else []),
        Head(text("mix.head.prior"), text("mix.head.mean_sd")), Head(text("mix.head.part_prior")),
        Head(text("mix.head.ess_bulk")), Head(text("mix.head.ess_tail")), Head("R-hat"),
    ]  # fmt: skip
    caption = text("mix.table.overall") + overall_meaning(material.fit.model, text)
    return display_table("overall", caption, heads, rows, file=SHARES, first=20)


def levels(material: Material, text: Text) -> list[DisplayTable]:
    """A table a factor: a row a level, a column a source."""
    return [table for number_, _ in material.factors if (table := _levels(material, number_, text))]


def _levels(material: Material, place: int, text: Text) -> DisplayTable | None:
    term = material.fit.problem.design.terms[place]
    shares = material.level_shares(term)
    sd = material.fit.draws[f"p_{term.name}"].value.std(axis=0)
    n = np.bincount(term.codes, minlength=len(term.levels))
    shown = _largest(shares.mean.mean(axis=0))
    rows: list[Cells] = []
    for level in sorted(range(len(term.levels)), key=lambda i: natural(term.levels[i])):
        cells = [
            Cell(share_with_sd(shares.mean[level, k], sd[level, k]),
                 share_range(shares.low[level, k], shares.high[level, k]))
            if shares.high[level, k] > 0.0 else Cell(MISSING)
            for k in shown
        ]  # fmt: skip
        rows.append([level_name(term.name, term.levels[level]), integer(n[level]), *cells])
    heads = [Head(term.name, text=True), Head("n"), *(Head(material.names[k]) for k in shown)]
    caption = text("mix.table.levels", factor=term.name) + _hidden(material, len(shown), text)
    caption += text("mix.levels.absent") if (shares.high[:, shown] == 0.0).any() else ""
    return display_table(f"levels-{place + 1}", caption, heads, rows, file=SHARES, first=15)


def covariates(material: Material, text: Text) -> list[DisplayTable]:
    """A table a covariate: shares at its lowest, middle and highest value."""
    found = []
    for place, name in enumerate(material.covariates):
        measured = np.asarray(material.fit.model.mixtures.covariates[name], float)
        values = np.quantile(measured, [0, 0.25, 0.5, 0.75, 1])
        shares = material.along(name, values)
        shown = _largest(shares.mean.mean(axis=0))
        rows: list[Cells] = [
            [f"{value:.4g}", *(_mean_cell(shares, i, k) for k in shown)]
            for i, value in enumerate(values)
        ]  # fmt: skip
        heads = [Head(name), *(Head(material.names[k]) for k in shown)]
        caption = text("mix.table.covariate", covariate=name) + _hidden(material, len(shown), text)
        table = display_table(f"covariate-{place + 1}", caption, heads, rows)
        found += [table] if table else []
    return found


def groups_of_sources(material: Material, text: Text) -> DisplayTable | None:
    """Sources that the data hardly tell apart, with their sum."""
    rows: list[Cells] = []
    for group in material.groups:
        ends = np.quantile(group.posterior, [0.025, 0.975])
        rows.append(
            [
                " + ".join(source_name(name, text) for name in group.members),
                Cell(share_with_sd(group.posterior.mean(), group.posterior.std()), share_range(*ends)),
                share_with_sd(group.prior.mean(), group.prior.std()),
            ]
        )
    heads = [
        Head(text("mix.head.together"), text=True), Head(text("mix.head.share"), text("mix.head.interval")),
        Head(text("mix.head.prior"), text("mix.head.mean_sd")),
    ]  # fmt: skip
    return display_table("together", text("mix.table.together"), heads, rows)


def outside(material: Material, text: Text) -> DisplayTable | None:
    """Mixtures that hardly lie within the polygon of their sources; none where evaporation moves them out."""
    inside, model = material.geometry.inside, material.fit.model
    if model.evaporation is not None:
        return None
    chosen = [int(i) for i in np.argsort(inside, kind="stable") if inside[i] < 0.05]
    block, ids = source_blocks(model), model.mixtures.ids
    by = model.sources.by
    rows: list[Cells] = []
    for i in chosen:
        values = [number(value, 2) for value in model.mixtures.values[i]]
        level = [level_name(by, model.sources.levels[block[i]])] if by else []
        rows.append([ids[i] if ids else f"{i + 1}", *level, *values, share(inside[i])])
    heads = [
        Head(text("mix.head.mixture"), text=True), *([Head(by, text=True)] if by else []),
        *(Head(tracer_name(tracer)) for tracer in model.sources.tracers), Head(text("mix.head.inside")),
    ]  # fmt: skip
    return display_table("outside", text("mix.table.outside"), heads, rows, first=10)


def overlap(material: Material, text: Text) -> DisplayTable | None:
    """How far two sources differ, the most alike first."""
    by = material.fit.model.sources.by
    pairs = sorted(material.geometry.pairs, key=lambda one: -np.nan_to_num(one[1].overlap, nan=-1.0))
    rows: list[Cells] = [
        [*([level_name(by, level)] if by else []), source_name(pair.source_a, text),
         source_name(pair.source_b, text), share(pair.overlap), number(pair.mahalanobis, 1), p_value(pair.p)]
        for level, pair in pairs
    ]  # fmt: skip
    heads = [
        *([Head(by, text=True)] if by else []), Head(text("mix.head.one"), text=True),
        Head(text("mix.head.other"), text=True), Head(text("mix.head.overlap")),
        Head(text("mix.head.distance"), "sd"), Head("p"),
    ]  # fmt: skip
    return display_table("overlap", text("mix.table.overlap"), heads, rows, first=10)


def predictions(material: Material, text: Text) -> DisplayTable | None:
    """Statistics of the data beside those of replicated data."""
    if material.replicated is None:
        return None
    rows: list[Cells] = []
    for one in material.replicated.check.statistics:
        inside = one.statistic.startswith("inside")
        written = share if inside else lambda value: number(value, 2)
        rows.append(
            [tracer_name(one.tracer), text(f"mix.statistic.{one.statistic}"), written(one.observed),
             written(one.expected), number(one.p, 2), text("mix.flagged") if one.flagged else ""]
        )  # fmt: skip
    heads = [
        Head(text("mix.head.tracer"), text=True), Head(text("mix.head.statistic"), text=True),
        Head(text("mix.head.measured")), Head(text("mix.head.replicated")), Head("p"), Head("", text=True),
    ]  # fmt: skip
    return display_table("predictions", text("mix.table.predictions"), heads, rows, group_by=1)


def evaporation(material: Material, text: Text) -> DisplayTable | None:
    """How far the shares are known without any assumption on the distribution of evaporation."""
    report = material.evaporation
    if report is None:
        return None
    rows: list[Cells] = []
    for g, group in enumerate(report.groups):
        for k, name in enumerate(material.names):
            if np.isfinite(report.across_sd[g, k]):
                rows.append(
                    [group or text("mix.overall"), name, share_with_sd(report.share[g, k], report.sd[g, k]),
                     number(100 * report.across_sd[g, k], 0), number(report.ratio[g, k], 2)]
                )  # fmt: skip
    heads = [
        Head(text("mix.head.whose"), text=True), Head(text("column.source"), text=True),
        Head(text("mix.head.share"), text("mix.head.mean_sd")),
        Head(text("mix.head.across"), text("mix.head.points")), Head(text("mix.head.ratio")),
    ]  # fmt: skip
    return display_table(
        "across", text("mix.table.evaporation", limit=f"{LEAST_RATIO:g}"), heads, rows, first=12, group_by=1
    )


def other_form(material: Material, text: Text) -> DisplayTable | None:
    """Shares under both forms of evaporation, those that move most first."""
    rows: list[Cells] = []
    for one in sorted(material.moved, key=lambda moved: -moved.in_sd):
        row = one.row
        whose = level_name(row["factor"], row["level"]) if row["factor"] else text("mix.overall")
        rows.append(
            [whose, source_name(row["source"], text), share_with_sd(row["mean"], row["sd"]),
             share_with_sd(one.mean, one.sd), points(one.by), number(one.in_sd, 1)]
        )  # fmt: skip
    own = material.fit.model.evaporation
    form, other = own.form if own else "", material.other_form.form if material.other_form else ""
    heads = [
        Head(text("mix.head.whose"), text=True), Head(text("column.source"), text=True),
        Head(text("mix.head.share"), text("mix.head.asked")),
        Head(text("mix.head.share"), text("mix.head.other_form")),
        Head(text("mix.head.difference"), text("mix.head.points")), Head(text("mix.head.difference"), "sd"),
    ]  # fmt: skip
    caption = text(
        "mix.table.other_form", form=text.name("mix.form", form), other=text.name("mix.form", other)
    )
    return display_table("other-form", caption, heads, rows, first=10)


def parameters(material: Material, text: Text) -> DisplayTable | None:
    """Every reported number that is no share."""
    rows: list[Cells] = []
    for row in material.parameters:
        of = tuple(part for part in str(row["of"]).split(", ") if part)
        mean, sd, low, high = (_rounded(row[name], row["sd"]) for name in ("mean", "sd", "q025", "q975"))
        name = parameter_name(row["name"], of, text)
        rows.append([name, mean, sd, f"{low} … {high}", _count(row["ess_bulk"])])
    heads = [
        Head(text("mix.head.parameter"), text=True), Head(text("mix.head.mean")), Head("sd"),
        Head(text("mix.head.interval")), Head(text("mix.head.ess_bulk")),
    ]  # fmt: skip
    return display_table("parameters", text("mix.table.parameters"), heads, rows, file=PARAMETERS, first=12)


def diagnostics(material: Material, text: Text) -> DisplayTable | None:
    """R-hat and effective draws of the numbers that agree least."""
    diagnosis = material.fit.diagnosis
    measures = diagnosis.measures
    rows: list[Cells] = [
        [quantity_name(diagnosis.quantities[i], text), number(measures.rhat[i], 3),
         _count(measures.ess_bulk[i]), _count(measures.ess_tail[i]),
         f"{measures.mcse[i]:.2g}" if np.isfinite(measures.mcse[i]) else MISSING]
        for i in worst(diagnosis)[:40]
    ]  # fmt: skip
    heads = [
        Head(text("mix.head.number"), text=True), Head("R-hat"), Head(text("mix.head.ess_bulk")),
        Head(text("mix.head.ess_tail")), Head("MCSE"),
    ]  # fmt: skip
    return display_table(
        "diagnostics", text("mix.table.diagnostics"), heads, rows, first=10, total=len(diagnosis.quantities)
    )


def model(material: Material, text: Text) -> DisplayTable | None:
    """Every choice of the model."""
    rows: list[Cells] = [[what, which] for what, which in model_words(material.fit.model, text)]
    heads = [Head(text("mix.head.choice"), text=True), Head(text("mix.head.value"), text=True)]
    return display_table("model", text("mix.table.model"), heads, rows, first=30)


def files(hashes: Mapping[str, str], text: Text) -> DisplayTable | None:
    """Files that were read, with the hash of their bytes."""
    heads = [Head(text("head.file"), text=True), Head(text("head.sha256"), text=True)]
    return display_table("files", text("table.files"), heads, [[*pair] for pair in hashes.items()])


def groups(materials: Mapping[str, Material], factor: str, text: Text) -> DisplayTable | None:
    """Overall shares of groups that were fitted one by one; a group that is refused says why."""
    names = next(iter(materials.values())).names
    shown = range(min(len(names), MOST_COLUMNS))
    rows: list[Cells] = []
    for group in sorted(materials, key=natural):
        one = materials[group]
        head = [level_name(factor, group), integer(len(one.fit.model.mixtures.values))]
        rows.append([*head, *_group(one, shown, text)])
    heads = [Head(factor, text=True), Head("n"), *(Head(names[k]) for k in shown), Head("R-hat"),
             Head(text("mix.head.ess_least"))]  # fmt: skip
    caption = text("mix.table.groups", factor=factor)
    return display_table("groups", caption, heads, rows, file=SHARES, first=40)


def _group(one: Material, shown: Sequence[int], text: Text) -> Cells:
    diagnosis = one.fit.diagnosis
    ess = min(diagnosis.worst_ess_bulk, diagnosis.worst_ess_tail)
    tail: Cells = [number(diagnosis.worst_rhat, 3), _count(ess)]
    if not one.fit.trusted:
        reason = trouble_sentence(diagnosis.troubles[0], text) if diagnosis.troubles else ""
        first = Cell(text("mix.groups.refused"), reason or text("mix.say.interrupted"))
        return [first, *[MISSING] * (len(shown) - 1), *tail]
    low, high = np.quantile(one.overall, [0.025, 0.975], axis=0)
    mean, sd = one.overall.mean(axis=0), one.overall.std(axis=0)
    cells = [Cell(share_with_sd(mean[k], sd[k]), share_range(low[k], high[k])) for k in shown]
    return [*cells, *tail]


def _mean_cell(shares: Intervals, row: int, column: int) -> Cell:
    low, high = shares.low[row, column], shares.high[row, column]
    return Cell(share(shares.mean[row, column]), share_range(low, high))


def _largest(mean: Any) -> list[int]:
    """Columns to show: all in their order, or the largest where there are too many."""
    if len(mean) <= MOST_COLUMNS:
        return list(range(len(mean)))
    return [int(k) for k in np.argsort(-mean, kind="stable")[:MOST_COLUMNS]]


def _hidden(material: Material, shown: int, text: Text) -> str:
    hidden = len(material.names) - shown
    return text("mix.levels.sources_left_out", n=hidden) if hidden > 0 else ""


def _rounded(value: float, error: float) -> str:
    """Two digits of the error's size, at most four decimals."""
    if not np.isfinite(value):
        return MISSING
    decimals = 3 if not error > 0 else int(np.clip(1 - np.floor(np.log10(error)), 0, 4))
    return number(value, decimals)


def _count(value: float) -> str:
    return integer(value) if np.isfinite(value) else MISSING
