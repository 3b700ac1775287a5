"""What the report of one fit is made from: computed once, from the draws, for every sentence and figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import comb
from typing import Any

import numpy as np

from headwater.errors import InputRefused, NotTrustworthy
from headwater.mixing.bayes.check import Finding, check_model
from headwater.mixing.bayes.design import Term, source_blocks
from headwater.mixing.bayes.evaporated import Evaporated
from headwater.mixing.bayes.evaporation_report import EvaporationReport, report_evaporation
from headwater.mixing.bayes.family import Array, Integers
from headwater.mixing.bayes.fit import Fit
from headwater.mixing.bayes.identify import Geometry, combined, look_at_sources
from headwater.mixing.bayes.problem import OVERALL
from headwater.mixing.bayes.summary import parameter_rows, share_rows
from headwater.posterior.compare import Predicted, loo
from headwater.posterior.predictive import PredictiveCheck, check_predictions
from headwater.posterior.shrinkage import Shrinkage, shrinkage
from headwater.report.mix.words import level_name
from headwater.report.style import Mark

PRIOR_DRAWS = 4000
REPLICATES = 400
MOST_REPLICATED = 4_000_000
"""Numbers replicated at most; fewer than ``LEAST_REPLICATES`` data sets are not worth a check."""
LEAST_REPLICATES = 50
MOST_LEFT_OUT = 2000
"""Mixtures up to which each is left out in turn."""
MOST_PLACED = 20_000_000
"""Draws times mixtures that are placed within or outside their polygon."""
QUANTILES = (0.025, 0.25, 0.75, 0.975)
TRADED = -0.7
"""Correlation of two shares from which on their sum is shown beside them."""


@dataclass(frozen=True)
class Intervals:
    """Mean, central 50 % and 95 % interval of numbers, arrays of the same shape."""

    mean: Array
    low: Array
    lower: Array
    upper: Array
    high: Array

    def of(self, *chosen: Any) -> Intervals:
        """The chosen part of every array."""
        return Intervals(self.mean[chosen], self.low[chosen], self.lower[chosen], self.upper[chosen],
                         self.high[chosen])  # fmt: skip


@dataclass(frozen=True)
class Replicated:
    """Data drawn from the fitted model, shape (S, N, J), and how they compare with those measured."""

    values: Array
    check: PredictiveCheck


@dataclass(frozen=True)
class Group:
    """Sources that the data hardly tell apart, taken together."""

    members: tuple[str, ...]
    prior: Array
    posterior: Array


@dataclass(frozen=True)
class OtherForm:
    """Shares under another form of the distribution of evaporation.

    Attributes
    ----------
    form : its name, as of ``model.Form``
    rows : factor, level, source, mean, sd under it; empty where its draws cannot be trusted
    """

    form: str
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Moved:
    """A share under both forms of evaporation; ``row`` is that of the form asked for."""

    row: Mapping[str, Any]
    mean: float
    sd: float

    @property
    def by(self) -> float:
        """How far the share moves."""
        return float(self.mean - self.row["mean"])

    @property
    def in_sd(self) -> float:
        """The same, in its sd."""
        return abs(self.by) / self.row["sd"] if self.row["sd"] > 0.0 else 0.0


@dataclass(frozen=True)
class Material:
    """One fit, with what is computed from it when it is asked for.

    Attributes
    ----------
    names : the reader's words for the sources
    marks : how each source looks
    other_form : None where evaporation was fitted in one form only
    """

    fit: Fit
    names: tuple[str, ...]
    marks: tuple[Mark, ...]
    other_form: OtherForm | None = None

    @cached_property
    def overall(self) -> Array:
        """Overall shares, shape (D, K)."""
        return self.fit.draws[OVERALL].value

    @cached_property
    def of_mixtures(self) -> Intervals | None:
        """Mean shares of the mixtures that were sampled, (1, K); None where all mixtures have the same."""
        cells = len(self.fit.problem.design.matrix)
        if cells == 1:
            return None
        every = max(1, len(self.overall) * cells // 4_000_000)
        return intervals(self.fit.shares_of([np.arange(len(self.fit.model.mixtures.values))], every))

    @cached_property
    def prior(self) -> Array:
        """Overall shares under the prior alone, shape (P, K)."""
        shares = self.fit.problem.shares
        return shares.overall(shares.draw_prior(PRIOR_DRAWS, self._rng(1)))

    @cached_property
    def learned(self) -> Shrinkage:
        """How far the overall shares have moved from their prior."""
        return shrinkage(self.prior, self.overall)

    @cached_property
    def shares(self) -> list[dict[str, Any]]:
        """Rows of ``proportions.csv``."""
        return share_rows(self.fit)

    @cached_property
    def parameters(self) -> list[dict[str, Any]]:
        """Rows of ``parameters.csv``."""
        return parameter_rows(self.fit)

    @cached_property
    def geometry(self) -> Geometry:
        """What the tracers can tell of the sources."""
        model = self.fit.model
        simplexes = comb(len(model.sources.names), len(model.sources.tracers) + 1)
        draws = min(200, 40_000 // max(simplexes, 1), MOST_PLACED // len(model.mixtures.values))
        return look_at_sources(model, rng=self._rng(2), draws=max(draws, 20))

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What a reader should know of model and data."""
        try:
            return check_model(self.fit.model)
        except InputRefused:  # a model that was fitted all the same: there is nothing to add
            return ()

    @cached_property
    def factors(self) -> tuple[tuple[int, Term], ...]:
        """Number and term of every factor."""
        terms = enumerate(self.fit.problem.design.terms)
        return tuple((number, term) for number, term in terms if term.levels)

    @cached_property
    def covariates(self) -> tuple[str, ...]:
        """Covariates of the model."""
        return tuple(name for name in self.fit.model.covariates)

    @cached_property
    def correlation(self) -> Array:
        """Correlation of the overall shares, shape (K, K); NaN where a share does not vary."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.corrcoef(self.overall.T))

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Sources that are alike or whose shares trade against each other, with their sum."""
        names = self.fit.model.sources.names
        found = []
        for members in self._alike():
            if 1 < len(members) < len(names):
                join = {"+": members}
                before, after = (combined(x, names, join)[0][:, 0] for x in (self.prior, self.overall))
                found.append(Group(members, before, after))
        return tuple(found)

    @cached_property
    def replicated(self) -> Replicated | None:
        """Replicated data with their check; None where there are too many mixtures for it."""
        data = self.fit.model.mixtures
        draws = min(REPLICATES, MOST_REPLICATED // max(data.values.size, 1))
        if draws < LEAST_REPLICATES:
            return None
        shares, positions, rng = *self._thinned(draws), self._rng(3)
        family = self.fit.problem.family
        means = family.source_means(shares, positions, rng)
        values = family.predict(shares, positions, means, rng)
        if not np.isfinite(values).all():
            return None
        return Replicated(values, check_predictions(data.values, values, data.tracers))

    @cached_property
    def left_out(self) -> Predicted | None:
        """How well each mixture is predicted by the others; None where there are too many mixtures."""
        if len(self.fit.model.mixtures.values) > MOST_LEFT_OUT:
            return None
        shares, positions, rng = *self._thinned(1000), self._rng(4)
        family = self.fit.problem.family
        means = family.source_means(shares, positions, rng)
        try:
            return loo(family.log_likelihood(shares, positions, means)[None])
        except NotTrustworthy:
            return None

    @cached_property
    def moved(self) -> tuple[Moved, ...]:
        """Every share under both forms of evaporation."""
        if self.other_form is None:
            return ()
        keys = ("factor", "level", "source")
        other = {tuple(row[key] for key in keys): row for row in self.other_form.rows}
        pairs = [(row, other.get(tuple(row[key] for key in keys))) for row in self.shares]
        return tuple(
            Moved(row, float(two["mean"]), float(two["sd"])) for row, two in pairs if two is not None
        )

    @cached_property
    def evaporation(self) -> EvaporationReport | None:
        """What the shares owe to the assumed distribution of evaporation; None without evaporation.

        Groups are the levels of the first factor, at each level of the sources.
        """
        if self.fit.model.evaporation is None:
            return None
        every = max(1, len(self.fit.positions) // 1000)
        return report_evaporation(self.fit, self._groups(), every=every)

    @cached_property
    def enrichment(self) -> Array | None:
        """Enrichment of each mixture by evaporation, mean over the draws [‰ of δ18O], (N,); None without."""
        family, data = self.fit.problem.family, self.fit.model.mixtures
        if not isinstance(family, Evaporated):
            return None
        draws = max(20, min(200, MOST_REPLICATED // len(data.values)))
        shares, positions = self._thinned(draws)
        means = family.source_means(shares, positions, self._rng(5))
        return np.asarray(family.enrichment(shares, positions, means)[0].mean(axis=0))

    def level_shares(self, term: Term) -> Intervals:
        """Shares of the levels of a factor, (L, K)."""
        return intervals(self.fit.draws[f"p_{term.name}"].value)

    def along(self, covariate: str, values: Array) -> Intervals:
        """Shares along a covariate, all else at its average, (V, K)."""
        ours = self.fit.problem.split(self._positions(1000))[0]
        return intervals(self.fit.problem.shares.along(ours, covariate, values))

    def _groups(self) -> dict[str, Integers]:
        """Rows of the mixtures of each level of the first factor and of the sources."""
        block, by = source_blocks(self.fit.model), self.fit.model.sources.by
        levels = self.fit.model.sources.levels
        codes, term = np.zeros_like(block), self.factors[0][1] if self.factors else None
        if term is not None:
            codes = term.codes
        found = {}
        for r, code in np.unique(np.column_stack([block, codes]), axis=0):
            parts = [level_name(term.name, term.levels[code])] if term is not None else []
            if by is not None and (term is None or by != term.name):
                parts.append(level_name(by, levels[r]))
            found[" × ".join(parts)] = np.flatnonzero((block == r) & (codes == code))
        return found

    def _thinned(self, draws: int) -> tuple[Array, Array]:
        """Shares of the cells, and positions of the likelihood, of at most so many draws."""
        ours, theirs = self.fit.problem.split(self._positions(draws))
        return self.fit.problem.shares.cells(ours), theirs

    def _positions(self, draws: int) -> Array:
        positions = self.fit.positions
        return positions[:: -(-len(positions) // draws)]

    def _alike(self) -> Sequence[tuple[str, ...]]:
        """Sets of sources joined by pairs that overlap or trade."""
        names = self.fit.model.sources.names
        pairs = [(names.index(a), names.index(b)) for a, b in self.geometry.merges]
        with np.errstate(invalid="ignore"):
            pairs += [(int(a), int(b)) for a, b in np.argwhere(np.triu(self.correlation < TRADED, 1))]
        of = np.arange(len(names))
        for a, b in pairs:
            of[of == of[b]] = of[a]
        return [tuple(names[i] for i in np.flatnonzero(of == label)) for label in dict.fromkeys(of.tolist())]

    def _rng(self, purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.fit.settings.seed, purpose])


def intervals(draws: Array) -> Intervals:
    """Means and central intervals over the first axis."""
    low, lower, upper, high = np.quantile(draws, QUANTILES, axis=0)
    return Intervals(draws.mean(axis=0), low, lower, upper, high)


def counts(codes: Integers, levels: int) -> Integers:
    """Mixtures of each level."""
    return np.bincount(codes, minlength=levels)
