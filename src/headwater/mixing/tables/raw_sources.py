"""Sources out of a table of single waters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from headwater.errors import InputRefused
from headwater.mixing.bayes.model import Sources
from headwater.mixing.tables.asked import Asked, check_complete, choose_tracers
from headwater.mixing.tables.cells import Array, TextTable, labels, numbers
from headwater.mixing.tables.names import find_column, find_name, listed
from headwater.mixing.tables.source_columns import SourceRows, marked, source_column


def raw_sources(table: TextTable, asked: Asked, notes: list[str]) -> Sources:
    """Sources out of single waters, one a row.

    Raises
    ------
    InputRefused
        No column is a tracer, a cell is no number, or a source has one water only.
    """
    by_header, among, tracers = asked.by_header, asked.among, asked.tracers
    candidates = [one for one in table.headers if one != by_header]
    if tracers is None:
        if among is None:
            raise InputRefused(f"{table.file}: name the tracers of these single waters, or their mixtures.")
        tracers = [one for one in candidates if find_name(one, among) is not None]
        tracers = [one for one in tracers if _is_numeric(table, one)]
    if not tracers:
        means = marked(table, "mean")
        hint = " It has columns MeanX: read it with --source-data means." if means else ""
        raise InputRefused(
            f"{table.file}: no column is named as one of the mixtures' ({listed(among or ())}); its columns "
            f"are {listed(table.headers)}. One column for each tracer is expected.{hint}"
        )
    chosen = choose_tracers(table, candidates, replace(asked, tracers=tracers), mark="", notes=notes)
    headers = [find_column(table, x, what="tracer", notes=notes) for x in chosen]
    names = labels(
        table,
        source_column(table, [*headers, *asked.by_headers]),
        what="name of the source",
    )
    levels = labels(table, by_header, what="level") if by_header else ("",) * len(table)
    values = np.stack([numbers(table, header, what="tracer") for header in headers], axis=1)
    return _gather(table, names, levels, values, chosen, asked)


def _is_numeric(table: TextTable, header: str) -> bool:
    return any(character.isdigit() for character in table.cells(header)[0])


def _gather(
    table: TextTable,
    names: Sequence[str],
    levels: Sequence[str],
    values: Array,
    tracers: list[str],
    asked: Asked,
) -> Sources:
    """Single waters of each source and level with their mean and covariance."""
    by = asked.by
    all_names, all_levels = tuple(dict.fromkeys(names)), tuple(dict.fromkeys(levels))
    r, k, j = len(all_levels), len(all_names), len(tracers)
    column = {name: at for at, name in enumerate(all_names)}
    row = {level: at for at, level in enumerate(all_levels)}
    cell = np.fromiter(
        (row[b] * k + column[a] for a, b in zip(names, levels, strict=True)), np.int64, len(names)
    )
    n = np.bincount(cell, minlength=r * k).reshape(r, k)
    at = np.full((r, k), -1, np.int64)
    at.ravel()[cell[::-1]] = np.arange(len(cell))[::-1]
    rows = SourceRows(table, all_names, all_levels if by is not None else (), at)
    check_complete(rows, asked)
    for a, b in np.argwhere(n == 1):
        at_level = f" at level {all_levels[a]!r}" if by is not None else ""
        raise InputRefused(
            f"{table.place(int(at[a, b]))}: the only water of source {all_names[b]!r}{at_level}, so its "
            "spread is unknown; at least 2 are needed. Pool it with another source, or leave it out."
        )
    order = np.argsort(cell, kind="stable")
    blocks = np.split(values[order], np.cumsum(n.ravel())[:-1])
    mean, covariance = np.full((r * k, j), np.nan), np.full((r * k, j, j), np.nan)
    for i, block in enumerate(blocks):
        if len(block):
            mean[i] = block.mean(axis=0)
            covariance[i] = np.atleast_2d(np.cov(block, rowvar=False))
    waters = tuple(tuple(blocks[a * k + b] for b in range(k)) for a in range(r))
    return Sources(
        names=all_names,
        tracers=tuple(tracers),
        mean=mean.reshape(r, k, j),
        covariance=covariance.reshape(r, k, j, j),
        n=n,
        by=by,
        levels=rows.levels,
        rows=waters,
        present=None if (n > 0).all() else n > 0,
    )
