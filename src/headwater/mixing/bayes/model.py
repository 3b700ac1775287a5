"""The declared model: what was measured, which sources there are, and how shares may differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Error = Literal["process*residual", "process", "residual", "additive"]
Style = Literal["headwater", "mixsiar", "simmr"]
Form = Literal["exponential", "truncated_normal", "uniform", "spike", "erlang", "erlang_spike"]
DEFAULT_FORM: Form = "erlang_spike"


@dataclass(frozen=True)
class Mixtures:
    """N mixtures × J tracers, with what may explain their shares.

    Attributes
    ----------
    tracers : J names
    values : shape (N, J)
    covariance : shape (N, J, J), analytical, of each mixture; None: not given
    factors : name → N labels
    covariates : name → shape (N,)
    ids : N names, used in messages and tables
    """

    tracers: tuple[str, ...]
    values: Array
    covariance: Array | None = None
    factors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    covariates: Mapping[str, Array] = field(default_factory=dict)
    ids: tuple[str, ...] = ()

    def take(self, rows: NDArray[np.int64]) -> Mixtures:
        """Some of the mixtures, by row number."""
        return replace(
            self,
            values=self.values[rows],
            covariance=None if self.covariance is None else self.covariance[rows],
            factors={name: tuple(labels[i] for i in rows) for name, labels in self.factors.items()},
            covariates={name: values[rows] for name, values in self.covariates.items()},
            ids=tuple(self.ids[i] for i in rows) if self.ids else (),
        )


@dataclass(frozen=True)
class Sources:
    """K sources × J tracers, once, or once for each of R levels of ``by``.

    Attributes
    ----------
    names : K names
    tracers : J names, as in the mixtures
    mean : shape (R, K, J)
    covariance : shape (R, K, J, J), between single waters of a source; diagonal where tracers are independent
    n : shape (R, K), waters behind each mean
    by : name of the factor of the mixtures that chooses the level; None: R = 1
    levels : R labels of that factor; empty where ``by`` is None
    rows : [r][k] → shape (n, J), the single waters; None where only means are known
    mean_covariance : shape (R, K, J, J), of the means; None: covariance / n
    concentration, concentration_sd : shape (R, K, J); None: all alike
    discrimination, discrimination_sd : shape (K, J); None: 0
    present : shape (R, K), False where a source is absent at that level (its values are not used)
    """

    names: tuple[str, ...]
    tracers: tuple[str, ...]
    mean: Array
    covariance: Array
    n: NDArray[np.int64]
    by: str | None = None
    levels: tuple[str, ...] = ()
    rows: tuple[tuple[Array, ...], ...] | None = None
    mean_covariance: Array | None = None
    concentration: Array | None = None
    concentration_sd: Array | None = None
    discrimination: Array | None = None
    discrimination_sd: Array | None = None
    present: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Factor:
    """A factor of the mixtures: ``fixed`` (every level for itself), ``random`` (levels pooled by a common
    sd), either nested in a parent or not."""

    name: str
    kind: Literal["fixed", "random"]
    parent: str | None = None


@dataclass(frozen=True)
class Absent:
    """A structural zero: the source takes no part where ``factor`` has one of these levels."""

    source: str
    factor: str
    levels: tuple[str, ...]


@dataclass(frozen=True)
class Elicited:
    """Normal prior of the K logits of the shares (simmr): shares = softmax(f), f ~ N(mean, sd²)."""

    mean: tuple[float, ...]
    sd: tuple[float, ...]


@dataclass(frozen=True)
class Evaporation:
    """Mixtures that have evaporated: x = Σ p s + E (1, S), tracers (δ18O, δ2H), E ≥ 0 in ‰ of δ18O.

    Attributes
    ----------
    slope, slope_sd : prior of S; one S for all, or one for each level of the sources (``slope_by_level``)
    slope_scatter : sd of S from mixture to mixture
    form : of the distribution of E, integrated out. ``erlang`` mixes orders 1 (exponential) to 3, so that its
        shape is learned; ``spike`` and ``erlang_spike`` let part of the mixtures not evaporate at all
    mean_scale : half-normal scale of the mean of E, one for each level of the sources [‰]
    start_scale : half-normal scale of the least E, δ [‰]; 0: none
    effects : factors by whose levels the mean of E may differ
    effect_scale : half-normal scale of the sd of each of these effects, on the log
    largest : upper end of E of the form ``uniform`` [‰]
    """

    slope: float
    slope_sd: float
    slope_by_level: bool = False
    slope_scatter: float = 0.0
    form: Form = DEFAULT_FORM
    mean_scale: float = 2.0
    start_scale: float = 0.2
    effects: tuple[str, ...] = ()
    effect_scale: float = 0.3
    largest: float = 15.0


@dataclass(frozen=True)
class MixingModel:
    """A mixing model with its data.

    Attributes
    ----------
    factors, covariates, interactions : what shares differ by; an interaction names factors and covariates
    error : how single mixtures differ from their mean
    style : whose parameterisation and priors; see the methods page
    prior : Dirichlet weights (K,), or elicited; of the overall shares
    bounds : source → (lowest, highest) share, e.g. from the volume of water it can give
    absent : structural zeros
    """

    mixtures: Mixtures
    sources: Sources
    factors: tuple[Factor, ...] = ()
    covariates: tuple[str, ...] = ()
    interactions: tuple[tuple[str, ...], ...] = ()
    error: Error = "process*residual"
    style: Style = "headwater"
    prior: tuple[float, ...] | Elicited | None = None
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    absent: tuple[Absent, ...] = ()
    evaporation: Evaporation | None = None
