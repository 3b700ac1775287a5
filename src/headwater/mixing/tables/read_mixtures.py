"""Read a table of mixtures: tracers, factors, covariates, analytical errors, replicates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headwater.errors import InputRefused
from headwater.mixing.bayes.model import Mixtures
from headwater.mixing.tables.cells import Array, TextTable, labels, numbers, parse_column
from headwater.mixing.tables.correlations import correlation_columns
from headwater.mixing.tables.names import find_column, find_name, listed, plain
from headwater.mixing.tables.read_cells import read_cells
from headwater.mixing.tables.source_columns import marked

IDS = frozenset({"id", "sample", "sampleid", "sampleno", "samplenumber", "samplename", "name"})


def read_mixtures(
    path: Path | str | TextTable,
    *,
    tracers: Sequence[str] | None = None,
    factors: Sequence[str] = (),
    covariates: Sequence[str] = (),
    replicates: str | None = None,
    notes: list[str] | None = None,
) -> Mixtures:
    """Mixtures of a table, one a row.

    Columns ``SDX`` (``X_sd``, ``X_Analytical_SD``) are analytical standard deviations of tracer X, with
    ``Cor_X_Y`` their correlation.

    Parameters
    ----------
    tracers : columns to use; None: all of numbers that are nothing else
    factors, covariates : columns to use as such; the others are not read
    replicates : column whose equal values are one sample measured several times. Their mean is taken; its
        covariance is S/n, with the analytical covariance as S where it is given, else the covariance within
        samples, pooled over all samples.
    notes : takes what a user should know of how the table was read

    Raises
    ------
    InputRefused
        The message names file, row and column, what is expected, and what to do.
    """
    notes = [] if notes is None else notes
    table = read_cells(path, notes=notes)
    factor_headers = {
        one: find_column(table, one, what="factor", notes=notes) for one in dict.fromkeys(factors)
    }
    covariate_headers = {
        one: find_column(table, one, what="covariate", notes=notes) for one in dict.fromkeys(covariates)
    }
    id_header = next((one for one in table.headers if plain(one) in IDS), None)
    if tracers is None:
        taken = {*factor_headers.values(), *covariate_headers.values(), id_header, replicates}
        tracers = number_columns(table, taken)
    headers = [find_column(table, one, what="tracer", notes=notes) for one in tracers]
    if not headers:
        raise InputRefused(f"{table.file}: no column of numbers; one for each tracer is expected.")
    if len(set(headers)) < len(headers):
        twice = next(one for one in headers if headers.count(one) > 1)
        raise InputRefused(
            f"{table.file}: tracer {twice!r} is asked for twice; it would count double. Name it once."
        )
    values = np.stack([numbers(table, one, what="tracer") for one in headers], axis=1)
    covariance, sd_headers = _analytical(table, tracers, notes)
    mixtures = Mixtures(
        tuple(tracers), values, covariance,
        {name: labels(table, one, what="level") for name, one in factor_headers.items()},
        {name: numbers(table, one, what="covariate") for name, one in covariate_headers.items()},
        labels(table, id_header, what="name") if id_header is not None
        else tuple(f"row {row}" for row in table.rows.tolist()),
    )  # fmt: skip
    used = {*headers, *factor_headers.values(), *covariate_headers.values(), *sd_headers, id_header}
    if replicates is not None:
        group = find_column(table, replicates, what="replicates", notes=notes)
        used.add(group)
        mixtures = pool(mixtures, labels(table, group, what="sample"), table, notes)
    if unused := [one for one in table.headers if one not in used and one]:
        notes.append(f"{table.file}: not used: {listed(unused)}")
    return mixtures


def number_columns(table: TextTable, taken: set[str | None]) -> list[str]:
    """Headers of columns of numbers that are neither taken nor standard deviations of another column."""
    sds = set(marked(table, "sd").values())
    free = [one for one in table.headers if one and one not in taken and one not in sds]
    return [one for one in free if (parse_column(table, one)[1] == 4).all()]


def _analytical(table: TextTable, tracers: Sequence[str], notes: list[str]) -> tuple[Array | None, list[str]]:
    """Covariance (N, J, J) out of the columns of standard deviations, None where there are none."""
    columns = marked(table, "sd")
    found = {
        tracer: columns[name] for tracer in tracers if (name := find_name(tracer, list(columns))) is not None
    }
    empty = {tracer for tracer, header in found.items() if (parse_column(table, header)[1] == 0).all()}
    if empty:
        notes.append(
            f"{table.file}: column {listed([found[one] for one in sorted(empty)])} is empty; no analytical "
            "error"
        )
    found = {tracer: header for tracer, header in found.items() if tracer not in empty}
    if not found:
        return None, list(columns.values())
    sd = np.zeros((len(table), len(tracers)))
    for i, tracer in enumerate(tracers):
        if tracer in found:
            sd[:, i] = numbers(
                table, found[tracer], sign="not negative", what="analytical standard deviation"
            )
        else:
            notes.append(f"{table.file}: no analytical standard deviation of {tracer!r}; taken as 0")
    covariance = sd[:, :, None] * sd[:, None, :] * np.eye(len(tracers))
    used = list(found.values())
    for (a, b), header in correlation_columns(table.headers, tracers).items():
        r = numbers(table, header, what="correlation")
        wrong = np.flatnonzero(np.abs(r) >= 1.0)
        if len(wrong):
            raise InputRefused(
                f"{table.place(int(wrong[0]), header)}: correlation {r[wrong[0]]:g}; a number between −1 and "
                "1 is expected. Correct it."
            )
        covariance[:, a, b] = covariance[:, b, a] = r * sd[:, a] * sd[:, b]
        used.append(header)
    return covariance, used


def pool(mixtures: Mixtures, samples: Sequence[str], table: TextTable, notes: list[str]) -> Mixtures:
    """One mixture a sample: the mean of its replicates with the covariance of that mean.

    S = Σ_g Σ_{i∈g} (x_i − x̄_g)(x_i − x̄_g)' / Σ_g (n_g − 1), pooled over samples, divided by n_g; without
    its off-diagonal elements where there are fewer than J + 1 degrees of freedom. With analytical errors,
    S is their mean over the replicates instead.

    Raises
    ------
    InputRefused
        Replicates of one sample differ in a factor or covariate, or no sample has any.
    """
    names, first, of = np.unique(
        np.asarray(samples, object).astype(str), return_index=True, return_inverse=True
    )
    order = np.argsort(first)
    rank = np.argsort(order)
    of, first, names = rank[of], first[order], names[order]
    n = np.bincount(of)
    if (n == 1).all():
        raise InputRefused(
            f"{table.file}: no sample has replicates: all {len(n)} names are different. Name another column."
        )
    for what, columns in (("factor", mixtures.factors), ("covariate", mixtures.covariates)):
        for name, column in columns.items():
            _check_alike(np.asarray(column), of, first, f"{what} {name!r}", names, table)
    j = len(mixtures.tracers)
    mean = np.stack([np.bincount(of, column) / n for column in mixtures.values.T], axis=1)
    if mixtures.covariance is not None:
        spread = np.zeros((len(n), j, j))
        np.add.at(spread, of, mixtures.covariance)
        covariance = spread / n[:, None, None] ** 2
    else:
        deviation = mixtures.values - mean[of]
        dof = len(of) - len(n)
        within = deviation.T @ deviation / dof
        covariance = (within if dof > j else np.diag(np.diag(within))) / n[:, None, None]
    notes.append(f"{table.file}: {len(of)} rows are replicates of {len(n)} samples; their means are used")
    return Mixtures(
        mixtures.tracers, mean, covariance,
        {name: tuple(column[i] for i in first) for name, column in mixtures.factors.items()},
        {name: column[first] for name, column in mixtures.covariates.items()},
        tuple(str(name) for name in names),
    )  # fmt: skip


def _check_alike(
    column: NDArray[np.generic], of: NDArray[np.int64], first: NDArray[np.int64], what: str,
    names: NDArray[np.str_], table: TextTable,
) -> None:  # fmt: skip
    wrong = np.flatnonzero(column != column[first[of]])
    if len(wrong):
        i = int(wrong[0])
        raise InputRefused(
            f"{table.place(i)}: {what} is {column[i]} here and {column[first[of[i]]]} in row "
            f"{table.rows[first[of[i]]]}, but both are sample {names[of[i]]!s}; replicates of one sample "
            "must agree. Correct it, or give the samples different names."
        )
