"""A model made ready for the sampler, and the way back from positions to what people ask for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from headwater.mixing.bayes.design import Design, make_design
from headwater.mixing.bayes.evaporated import make_evaporated
from headwater.mixing.bayes.family import Array, Family, Integers, Named
from headwater.mixing.bayes.gaussian import make_gaussian
from headwater.mixing.bayes.model import MixingModel
from headwater.mixing.bayes.proportions import Proportions, make_proportions

PRIOR = -1
OVERALL = "p_global"


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
    make = make_gaussian if model.evaporation is None else make_evaporated
    family: Family = make(model, design.cells)
    c, k = design.cells.present.shape
    header = [family.code, shares.dimension, len(shares.floats), len(shares.ints), c, k]
    return Problem(
        model=model,
        design=design,
        shares=shares,
        family=family,
        floats=np.concatenate([shares.floats, family.floats]),
        ints=np.concatenate([np.array(header, dtype=np.int64), shares.ints, family.ints]),
        dimension=shares.dimension + family.dimension,
        start=np.concatenate([shares.start, family.start]),
    )
