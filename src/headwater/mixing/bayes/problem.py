"""A model made ready for the sampler, and the way back from positions to what people ask for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from headwater.errors import HeadwaterError
from headwater.mixing.bayes.design import Design, make_design
from headwater.mixing.bayes.evaporated import make_evaporated
from headwater.mixing.bayes.family import Array, Cells, Family, Integers, Named
from headwater.mixing.bayes.gaussian import make_gaussian
from headwater.mixing.bayes.model import MixingModel
from headwater.mixing.bayes.proportions import Proportions, make_proportions

PRIOR = -1
OVERALL = "p_global"
EASY_MIXTURES, EASY_OF_CELL = 100, 4
"""Mixtures that the first tuning draws look at: in all, and of a cell."""


@dataclass(frozen=True)
class Problem:
    """A model with everything that its density needs.

    Attributes
    ----------
    shares, family : the two parts of a position, in this order
    floats, ints, dimension, start : for the sampler
    """

    model: MixingModel
    design: Design
    shares: Proportions
    family: Family
    floats: Array
    ints: Integers
    dimension: int
    start: Array

    def split(self, positions: Array) -> tuple[Array, Array]:
        """Positions (D, dimension) as those of the shares and those of the likelihood."""
        return positions[:, : self.shares.dimension], positions[:, self.shares.dimension :]

    def quantities(self, positions: Array) -> dict[str, Named]:
        """What is reported, of D positions: overall shares, those of every level, and parameters."""
        ours, theirs = self.split(positions)
        names = self.model.sources.names
        found = {OVERALL: Named(self.shares.overall(ours), ("source",), {"source": names})}
        for number, term in enumerate(self.design.terms):
            if term.levels:
                value = self.shares.levels(ours, number)
                coords = {term.name: term.levels, "source": names}
                found[f"p_{term.name}"] = Named(value, (term.name, "source"), coords)
        return found | self.shares.scales(ours) | dict(self.family.parameters(theirs))

    def easy(self) -> tuple[Array, Integers] | None:
        """Floats and ints with few of the mixtures, every cell still among them, for the first tuning draws.

        Many mixtures make narrow modes of the posterior in which sources have changed places, and in which
        chains from a distant start are caught: 12 of 20 with 10,000 mixtures, none after a start from 200.
        None where there are few mixtures anyway.
        """
        of, cells = self.design.cells.of, len(self.design.cells.block)
        quota = max(-(-EASY_MIXTURES // cells), EASY_OF_CELL)
        if len(of) <= 2 * quota * cells:
            return None
        rows = spread_rows(of, quota)
        model = replace(self.model, mixtures=self.model.mixtures.take(rows))
        try:
            family = make_family(model, replace(self.design.cells, of=of[rows]))
        except HeadwaterError:
            return None
        if family.dimension != self.family.dimension:
            return None
        return pack(self.shares, family, self.design)

    def prior_alone(self) -> Problem:
        """The same problem without its likelihood."""
        ints = self.ints.copy()
        ints[0] = PRIOR
        return replace(
            self,
            ints=ints,
            dimension=self.shares.dimension,
            start=self.start[: self.shares.dimension],
        )


def make_problem(model: MixingModel) -> Problem:
    """A model made ready for the sampler.

    Raises
    ------
    SettingsRefused, InputRefused
        where the parts of the model do not fit each other or the data.
    """
    design = make_design(model)
    shares = make_proportions(model, design)
    family = make_family(model, design.cells)
    floats, ints = pack(shares, family, design)
    return Problem(
        model=model,
        design=design,
        shares=shares,
        family=family,
        floats=floats,
        ints=ints,
        dimension=shares.dimension + family.dimension,
        start=np.concatenate([shares.start, family.start]),
    )


def make_family(model: MixingModel, cells: Cells) -> Family:
    """The likelihood that the model asks for."""
    make = make_gaussian if model.evaporation is None else make_evaporated
    return make(model, cells)


def pack(shares: Proportions, family: Family, design: Design) -> tuple[Array, Integers]:
    """Floats and ints of the density."""
    c, k = design.cells.present.shape
    header = np.array([family.code, shares.dimension, len(shares.floats), len(shares.ints), c, k])
    floats = np.concatenate([shares.floats, family.floats])
    return floats, np.concatenate([header.astype(np.int64), shares.ints, family.ints])


def spread_rows(of: Integers, quota: int) -> Integers:
    """Row numbers of about ``quota`` mixtures of every cell, at equal distances in their order."""
    order = np.argsort(of, kind="stable")
    counts = np.bincount(of)
    rank = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)
    stride = np.maximum(counts // quota, 1)
    return np.sort(order[rank % np.repeat(stride, counts) == 0])
