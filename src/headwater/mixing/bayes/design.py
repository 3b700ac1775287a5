"""From factors, covariates and interactions to a design: which mixtures share their expected shares, and
which coefficients make them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headwater.errors import SettingsRefused
from headwater.mixing.bayes.family import Array, Cells, Integers
from headwater.mixing.bayes.model import Factor, MixingModel

FIXED_SCALE = 1.0
RANDOM_SCALE = 1.5
TAKEN = frozenset(
    (
        "chain",
        "draw",
        "source",
        "source_level",
        "tracer",
        "tracer_other",
        "mixture",
        "axis",
        "order",
        "global",
    )
)
"""Names that results give a meaning of their own."""
COVARIATE_SCALE = {"headwater": 1.0, "mixsiar": float(np.sqrt(1000.0)), "simmr": 1.0}


@dataclass(frozen=True)
class Scale:
    """How large the coefficients of one term are: ``fixed`` at ``size``, ``uniform`` on (0, 20), or
    ``half_normal`` with scale ``size``."""

    kind: str
    size: float


@dataclass(frozen=True)
class Term:
    """One factor, covariate or interaction.

    Attributes
    ----------
    name : of the factor or covariate; parts of an interaction are joined by ×
    levels : labels, empty for a covariate; of a nested factor with its parent's
    parents : shape (L,), number of the parent's level, −1 where there is none
    codes : shape (N,), level of every mixture
    columns : shape (L, q), the coefficients behind each level; for a covariate (N, 1), its values
    scale : of its q coefficients
    """

    name: str
    levels: tuple[str, ...]
    parents: Integers
    codes: Integers
    columns: Array
    scale: Scale
    parent: str | None = None

    @property
    def continuous(self) -> bool:
        """Whether every mixture has a value of its own."""
        return not self.levels


@dataclass(frozen=True)
class Design:
    """Cells and the coefficients of their shares.

    Attributes
    ----------
    cells : of the mixtures
    terms : in the order of their coefficients
    matrix : shape (C, Q)
    example : shape (C,), a mixture of each cell
    term_of : shape (Q,), the term behind each coefficient
    centre, spread : covariate → mean and sd that it was standardised with
    """

    cells: Cells
    terms: tuple[Term, ...]
    matrix: Array
    example: Integers
    term_of: Integers
    centre: Mapping[str, float]
    spread: Mapping[str, float]

    def level_effects(self) -> tuple[Array, Integers]:
        """What makes the effects of all levels of all terms: rows of coefficients (L, Q), and which of them
        each cell adds up, (C, terms). A continuous term has a level for every cell."""
        rows, levels, above = [], [], 0
        for number, term in enumerate(self.terms):
            own = term.columns[self.example] if term.continuous else term.columns
            code = np.arange(len(self.matrix)) if term.continuous else term.codes[self.example]
            wide = np.zeros((len(own), self.matrix.shape[1]))
            wide[:, self.term_of == number] = own
            rows.append(wide)
            levels.append(above + code)
            above += len(own)
        if not rows:
            return np.zeros((0, 0)), np.zeros((len(self.matrix), 0), dtype=np.int64)
        return np.concatenate(rows), np.stack(levels, axis=1)

    def first_column(self, number: int) -> int:
        """Number of the first coefficient of a term."""
        return int(np.searchsorted(self.term_of, number))


def make_design(model: MixingModel) -> Design:
    """The design of a model.

    Style ``mixsiar``: fixed factors against their first level in alphabetical order, random levels free.
    Otherwise levels are contrasts that sum to zero (within the parent where nested), so that the overall
    shares are those of the average level, and no level is special.

    Raises
    ------
    SettingsRefused
        A factor, parent or covariate that the mixtures do not have.
    """
    n = len(model.mixtures.values)
    _check_names(model)
    terms: list[Term] = []
    for factor in _parents_first(model.factors):
        terms.append(_factor_term(factor, model, terms))
    centre, spread = {}, {}
    for name in model.covariates:
        x = _covariate(model, name)
        centre[name], spread[name] = float(x.mean()), float(x.std(ddof=1)) if n > 1 else 1.0
        if not spread[name] > 0.0:
            raise SettingsRefused(
                f"covariate {name!r} has one value only: it can explain nothing; leave it out"
            )
        z = (x - centre[name]) / spread[name]
        scale = Scale("fixed", COVARIATE_SCALE[model.style])
        terms.append(Term(name, (), np.empty(0, np.int64), np.arange(n), z[:, None], scale))
    for parts in model.interactions:
        terms.append(_interaction(parts, terms, n))
    rows = [term.columns[term.codes] for term in terms]
    matrix = np.concatenate(rows, axis=1) if rows else np.zeros((n, 0))
    term_of = np.repeat(np.arange(len(terms)), [row.shape[1] for row in rows]).astype(np.int64)
    block, present = source_blocks(model), presence(model)
    cells, first = _gather(matrix, block, present)
    return Design(cells, tuple(terms), np.ascontiguousarray(matrix[first]), first, term_of, centre, spread)


def source_blocks(model: MixingModel) -> Integers:
    """Level of the sources that each mixture takes, shape (N,)."""
    n = len(model.mixtures.values)
    if model.sources.by is None:
        return np.zeros(n, dtype=np.int64)
    labels = model.mixtures.factors.get(model.sources.by)
    if labels is None:
        raise SettingsRefused(
            f"sources differ by {model.sources.by!r}, which the mixtures do not have; "
            f"their factors: {', '.join(model.mixtures.factors) or 'none'}"
        )
    number = {label: i for i, label in enumerate(model.sources.levels)}
    unknown = sorted({label for label in labels if label not in number})
    if unknown:
        raise SettingsRefused(
            f"no sources for {model.sources.by} {', '.join(unknown)}; there are sources for "
            f"{', '.join(model.sources.levels)}: add theirs or leave these mixtures out"
        )
    return np.array([number[label] for label in labels], dtype=np.int64)


def presence(model: MixingModel) -> NDArray[np.bool_]:
    """Which source can have a part in which mixture, shape (N, K)."""
    n, k = len(model.mixtures.values), len(model.sources.names)
    present = np.ones((n, k), dtype=bool)
    if model.sources.present is not None:
        present &= model.sources.present[source_blocks(model)]
    for zero in model.absent:
        if zero.source not in model.sources.names:
            raise SettingsRefused(
                f"absent: there is no source {zero.source!r}; sources: {', '.join(model.sources.names)}"
            )
        labels = np.array(_labels(model, zero.factor, what="absent"))
        present[np.isin(labels, zero.levels), model.sources.names.index(zero.source)] = False
    nowhere = ~present.any(axis=1)
    if nowhere.any():
        raise SettingsRefused(
            f"{int(nowhere.sum())} mixtures have no source at all; look at the sources declared absent"
        )
    return present


def contrasts(size: int) -> Array:
    """Columns (L, L − 1) that sum to zero, orthogonal, so that every level has variance 1."""
    if size < 2:
        return np.zeros((size, 0))
    c = np.zeros((size, size - 1))
    for s in range(1, size):
        c[:s, s - 1] = 1.0 / np.sqrt(s * (s + 1.0))
        c[s, s - 1] = -np.sqrt(s / (s + 1.0))
    return c * np.sqrt(size / (size - 1.0))


def _check_names(model: MixingModel) -> None:
    names = [*(factor.name for factor in model.factors), *model.covariates]
    for name in names:
        if name in TAKEN:
            raise SettingsRefused(
                f"{name!r} cannot be the name of a factor or covariate: results use it; rename the column"
            )
        if names.count(name) > 1:
            raise SettingsRefused(f"{name!r} is named twice among factors and covariates: name it once")


def _factor_term(factor: Factor, model: MixingModel, before: list[Term]) -> Term:
    labels = list(_labels(model, factor.name, what="factor"))
    parent = next((term for term in before if term.name == factor.parent), None)
    if factor.parent is not None and parent is None:
        raise SettingsRefused(
            f"factor {factor.name!r} is nested in {factor.parent!r}, which is no factor of the model; "
            f"add it: --factor {factor.parent}:random"
        )
    if parent is None:
        levels = tuple(sorted(set(labels)))
        number = {label: i for i, label in enumerate(levels)}
        codes = np.array([number[label] for label in labels], dtype=np.int64)
        parents = np.full(len(levels), -1, dtype=np.int64)
    else:
        levels, codes, parents = _nested(labels, parent)
    free = model.style == "mixsiar"
    if free:
        columns = np.eye(len(levels))
        if factor.kind == "fixed":
            columns = columns[:, 1:]
    else:
        columns = _contrasts_within(parents)
    scale = _scale(factor.kind, free)
    return Term(factor.name, levels, parents, codes, columns, scale, factor.parent)


def _nested(labels: list[str], parent: Term) -> tuple[tuple[str, ...], Integers, Integers]:
    pairs = sorted(set(zip(parent.codes.tolist(), labels, strict=True)))
    names = [label for _, label in pairs]
    unique = len(set(names)) == len(names)
    levels = tuple(label if unique else f"{parent.levels[code]}/{label}" for code, label in pairs)
    number = {pair: i for i, pair in enumerate(pairs)}
    own = zip(parent.codes.tolist(), labels, strict=True)
    codes = np.array([number[pair] for pair in own], dtype=np.int64)
    return levels, codes, np.array([code for code, _ in pairs], dtype=np.int64)


def _contrasts_within(parents: Integers) -> Array:
    blocks = []
    for code in np.unique(parents):
        rows = np.flatnonzero(parents == code)
        inner = contrasts(len(rows))
        block = np.zeros((len(parents), inner.shape[1]))
        block[rows] = inner
        blocks.append(block)
    return np.concatenate(blocks, axis=1)


def _scale(kind: str, free: bool) -> Scale:
    if kind == "fixed":
        return Scale("fixed", FIXED_SCALE)
    return Scale("uniform", 20.0) if free else Scale("half_normal", RANDOM_SCALE)


def _interaction(parts: tuple[str, ...], terms: list[Term], n: int) -> Term:
    chosen = []
    for part in parts:
        found = next((term for term in terms if term.name == part), None)
        if found is None:
            raise SettingsRefused(
                f"interaction {'×'.join(parts)}: {part!r} is neither a factor nor a covariate of the model"
            )
        chosen.append(found)
    matrix = np.ones((n, 1))
    for term in chosen:
        rows = term.columns[term.codes]
        matrix = (matrix[:, :, None] * rows[:, None, :]).reshape(n, -1)
    random = any(term.scale.kind != "fixed" for term in chosen)
    size = COVARIATE_SCALE["headwater"] if not random else RANDOM_SCALE / 3.0
    scale = Scale("half_normal" if random else "fixed", size)
    return Term("×".join(parts), (), np.empty(0, np.int64), np.arange(n), matrix, scale)


def _gather(matrix: Array, block: Integers, present: NDArray[np.bool_]) -> tuple[Cells, Integers]:
    key = np.concatenate([matrix, block[:, None].astype(float), present.astype(float)], axis=1)
    _, first, of = np.unique(key, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    first = first[order].astype(np.int64)
    return Cells(rank[of.ravel()].astype(np.int64), block[first], present[first]), first


def _labels(model: MixingModel, name: str, *, what: str) -> tuple[str, ...]:
    labels = model.mixtures.factors.get(name)
    if labels is None:
        raise SettingsRefused(
            f"{what}: the mixtures have no factor {name!r}; "
            f"there are: {', '.join(model.mixtures.factors) or 'none'}"
        )
    return labels


def _covariate(model: MixingModel, name: str) -> Array:
    x = model.mixtures.covariates.get(name)
    if x is None:
        raise SettingsRefused(
            f"covariate: the mixtures have no column {name!r} of numbers; "
            f"there are: {', '.join(model.mixtures.covariates) or 'none'}"
        )
    return np.asarray(x, dtype=float)


def _parents_first(factors: tuple[Factor, ...]) -> list[Factor]:
    done: list[Factor] = []
    left = list(factors)
    while left:
        ready = [f for f in left if f.parent is None or any(f.parent == d.name for d in done)]
        if not ready:
            return done + left
        done += ready
        left = [f for f in left if f not in ready]
    return done
