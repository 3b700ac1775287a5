"""Whether draws can be trusted: the verdict, with every reason against and what helps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from headwater.posterior.convergence import LEAST_DRAWS, Convergence, convergence, energy_fraction
from headwater.posterior.records import Array, Chains


class Reason(StrEnum):
    """Why draws are not to be trusted."""

    TOO_FEW_DRAWS = "too_few_draws"
    ONE_CHAIN = "one_chain"
    NOT_FINITE = "not_finite"
    STUCK = "stuck"
    RHAT = "rhat"
    ESS_BULK = "ess_bulk"
    ESS_TAIL = "ess_tail"
    DIVERGENT = "divergent"


class Caution(StrEnum):
    """What a reader should know although it does not speak against the draws."""

    LOW_ENERGY_FRACTION = "low_energy_fraction"
    LONG_TRAJECTORIES = "long_trajectories"
    SOME_DIVERGENT = "some_divergent"


class Remedy(StrEnum):
    """What to do about a reason."""

    MORE_DRAWS = "more_draws"
    MORE_CHAINS = "more_chains"
    HIGHER_ACCEPT = "higher_accept"
    DECLARE_ABSENT = "declare_absent"
    SIMPLER_MODEL = "simpler_model"
    CHECK_INPUT = "check_input"


REMEDIES: Mapping[Reason, tuple[Remedy, ...]] = {
    Reason.TOO_FEW_DRAWS: (Remedy.MORE_DRAWS,),
    Reason.ONE_CHAIN: (Remedy.MORE_CHAINS,),
    Reason.NOT_FINITE: (Remedy.CHECK_INPUT,),
    Reason.STUCK: (Remedy.CHECK_INPUT, Remedy.SIMPLER_MODEL),
    Reason.RHAT: (Remedy.MORE_DRAWS, Remedy.SIMPLER_MODEL),
    Reason.ESS_BULK: (Remedy.MORE_DRAWS, Remedy.SIMPLER_MODEL),
    Reason.ESS_TAIL: (Remedy.MORE_DRAWS, Remedy.SIMPLER_MODEL),
    Reason.DIVERGENT: (Remedy.HIGHER_ACCEPT, Remedy.SIMPLER_MODEL),
}


@dataclass(frozen=True)
class Quantity:
    """A number that is reported: its name, and whose it is (factor, level, source, …).

    ``fixed`` quantities may have any constant value; others may be constant at 0 or 1 only.
    """

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    fixed: bool = False

    def __str__(self) -> str:
        of = ", ".join(f"{key} {value}" for key, value in self.labels.items() if value)
        return f"{self.name} ({of})" if of else self.name


@dataclass(frozen=True)
class Limits:
    """What draws must keep to; R-hat and ESS as Vehtari et al. 2021, section 4, ask for.

    Attributes
    ----------
    rhat : largest R-hat
    ess : least bulk and tail ESS
    divergent : largest share of divergent draws
    energy_fraction : E-BFMI below this earns a caution (Betancourt 2016)
    deepest : share of trajectories that were cut short, above which there is a caution
    """

    rhat: float = 1.01
    ess: float = 400.0
    divergent: float = 0.001
    energy_fraction: float = 0.3
    deepest: float = 0.05


@dataclass(frozen=True)
class Trouble:
    """One reason against the draws.

    Attributes
    ----------
    count : quantities (divergent: draws) that fail
    worst : the quantity that fails most; None where the reason is not about quantities
    value, limit : of the worst; NaN where there is none
    remedies : best first
    """

    reason: Reason
    count: int
    worst: Quantity | None
    value: float
    limit: float
    remedies: tuple[Remedy, ...]


@dataclass(frozen=True)
class Diagnosis:
    """What is known about the draws of the reported quantities.

    Attributes
    ----------
    quantities : Q names, in the order of every array of ``measures``
    measures : R-hat, effective draws and errors, shape (Q,) each
    chains, draws : number of chains, and of draws of each
    divergent : draws after a divergent trajectory
    energy_fraction : shape (chains,), E-BFMI
    at_deepest : share of trajectories that reached the depth limit
    structural_zeros : no divergence at all is allowed
    troubles : reasons against; empty if the draws can be trusted
    cautions : for the reader
    """

    quantities: tuple[Quantity, ...]
    measures: Convergence
    chains: int
    draws: int
    divergent: int
    energy_fraction: Array
    at_deepest: float
    structural_zeros: bool
    troubles: tuple[Trouble, ...]
    cautions: tuple[Caution, ...]

    @property
    def trusted(self) -> bool:
        """Nothing speaks against the draws."""
        return not self.troubles

    @property
    def reasons(self) -> frozenset[Reason]:
        """The reasons of all troubles."""
        return frozenset(trouble.reason for trouble in self.troubles)

    @cached_property
    def worst_ess_bulk(self) -> float:
        """Least bulk ESS of the quantities that are not constant; NaN if one is missing or there are none."""
        return _least(self.measures.ess_bulk, self.measures.constant)

    @cached_property
    def worst_ess_tail(self) -> float:
        """Least tail ESS, likewise."""
        return _least(self.measures.ess_tail, self.measures.constant)

    @cached_property
    def worst_rhat(self) -> float:
        """Largest R-hat, likewise."""
        return -_least(-self.measures.rhat, self.measures.constant)

    def summary(self) -> dict[str, object]:
        """The verdict as plain values; numbers that are not finite are None."""
        return {
            "trusted": self.trusted,
            "chains": self.chains,
            "draws_per_chain": self.draws,
            "quantities": len(self.quantities),
            "constant": int(self.measures.constant.sum()),
            "rhat_max": _plain(self.worst_rhat),
            "ess_bulk_min": _plain(self.worst_ess_bulk),
            "ess_tail_min": _plain(self.worst_ess_tail),
            "divergent": self.divergent,
            "structural_zeros": self.structural_zeros,
            "energy_fraction": [_plain(value) for value in self.energy_fraction],
            "at_deepest": _plain(self.at_deepest),
            "troubles": [
                {
                    "reason": str(trouble.reason),
                    "count": trouble.count,
                    "worst": str(trouble.worst) if trouble.worst else None,
                    "value": _plain(trouble.value),
                    "limit": _plain(trouble.limit),
                    "remedies": [str(remedy) for remedy in trouble.remedies],
                }
                for trouble in self.troubles
            ],
            "cautions": [str(caution) for caution in self.cautions],
        }


def diagnose(
    values: Array,
    quantities: Sequence[Quantity],
    chains: Chains,
    *,
    deepest: int,
    structural_zeros: bool = False,
    limits: Limits = Limits(),
) -> Diagnosis:
    """The verdict on draws of reported quantities.

    Refused: a value that is not finite, a quantity that never moves (unless at 0 or 1, or fixed), fewer than
    two chains, R-hat > 1.01, bulk or tail ESS < 400, more than 0.1 % of draws divergent; any divergent draw
    where there are structural zeros, because all other numbers can look clean there while shares are wrong.

    Parameters
    ----------
    values : shape (chains, draws, Q), draws of the quantities
    quantities : Q of them: every one that is reported, hyperparameters included
    chains : energy, depth and divergences of the same draws
    deepest : the depth limit that was set
    structural_zeros : some share is zero by its prior
    """
    values = np.asarray(values, float)
    if values.shape[2] != len(quantities):
        raise ValueError(f"draws of {values.shape[2]} quantities, names of {len(quantities)}")
    measures = convergence(values)
    count = values.shape[0] * values.shape[1]
    divergent = int(chains.diverged.sum())
    allowed = 0.0 if structural_zeros else limits.divergent
    troubles = list(_quantity_troubles(values, quantities, measures, limits))
    if divergent > allowed * count:
        troubles.append(_divergence(divergent, count, allowed, structural_zeros))
    fraction = energy_fraction(chains.energy)
    at_deepest = float(np.mean(chains.depth >= deepest)) if count else np.nan
    return Diagnosis(
        quantities=tuple(quantities),
        measures=measures,
        chains=values.shape[0],
        draws=values.shape[1],
        divergent=divergent,
        energy_fraction=fraction,
        at_deepest=at_deepest,
        structural_zeros=structural_zeros,
        troubles=tuple(troubles),
        cautions=tuple(_cautions(fraction, at_deepest, divergent, limits)),
    )


def _quantity_troubles(
    values: Array, quantities: Sequence[Quantity], measures: Convergence, limits: Limits
) -> Iterator[Trouble]:
    """Reasons that single quantities give, each with the worst quantity."""
    chains, draws = values.shape[:2]
    if draws < LEAST_DRAWS:
        yield _trouble(Reason.TOO_FEW_DRAWS, 0, None, draws, LEAST_DRAWS)
        return
    if chains < 2:
        yield _trouble(Reason.ONE_CHAIN, 0, None, chains, 2)
    broken = np.isnan(measures.mean)
    moving = ~broken & ~measures.constant
    fixed = np.array([quantity.fixed for quantity in quantities], bool)
    stuck = measures.constant & ~fixed & ~np.isin(measures.mean, (0.0, 1.0))
    rhat, bulk, tail = measures.rhat, measures.ess_bulk, measures.ess_tail
    for reason, failed, numbers, worse, limit in (
        (Reason.NOT_FINITE, broken, measures.mean, 0, np.nan),
        (Reason.STUCK, stuck, measures.mean, 0, np.nan),
        (Reason.RHAT, moving & ~(rhat <= limits.rhat), rhat, 1, limits.rhat),
        (Reason.ESS_BULK, moving & ~(bulk >= limits.ess), bulk, -1, limits.ess),
        (Reason.ESS_TAIL, moving & ~(tail >= limits.ess), tail, -1, limits.ess),
    ):
        if failed.any():
            badness = np.nan_to_num(worse * numbers, nan=np.inf)
            worst = int(np.argmax(np.where(failed, badness, -np.inf)))
            yield _trouble(reason, int(failed.sum()), quantities[worst], float(numbers[worst]), limit)


def _trouble(reason: Reason, count: int, worst: Quantity | None, value: float, limit: float) -> Trouble:
    return Trouble(reason, count, worst, value, limit, REMEDIES[reason])


def _divergence(divergent: int, count: int, allowed: float, structural_zeros: bool) -> Trouble:
    """Too many divergent draws; with structural zeros the source should be left out where it is absent."""
    first = (Remedy.DECLARE_ABSENT,) if structural_zeros else ()
    remedies = first + REMEDIES[Reason.DIVERGENT]
    return Trouble(Reason.DIVERGENT, divergent, None, divergent / count, allowed, remedies)


def _cautions(fraction: Array, at_deepest: float, divergent: int, limits: Limits) -> Iterator[Caution]:
    if (fraction < limits.energy_fraction).any():
        yield Caution.LOW_ENERGY_FRACTION
    if at_deepest > limits.deepest:
        yield Caution.LONG_TRAJECTORIES
    if divergent:
        yield Caution.SOME_DIVERGENT


def _least(values: Array, constant: NDArray[np.bool_]) -> float:
    moving = values[~constant]
    return float(moving.min()) if len(moving) else np.nan


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
