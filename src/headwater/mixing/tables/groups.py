"""Independent mixing problems out of one table of mixtures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from headwater.mixing.bayes.model import Mixtures


def split_mixtures(mixtures: Mixtures, factor: str) -> dict[str, Mixtures]:
    """The mixtures of each level of a factor, levels in the order in which they first appear."""
    groups: dict[str, list[int]] = {}
    for i, level in enumerate(mixtures.factors[factor]):
        groups.setdefault(level, []).append(i)
    return {level: take(mixtures, np.array(at)) for level, at in groups.items()}


def take(mixtures: Mixtures, at: NDArray[np.int64]) -> Mixtures:
    """Some of the mixtures, by position."""
    return replace(
        mixtures,
        values=mixtures.values[at],
        covariance=None if mixtures.covariance is None else mixtures.covariance[at],
        factors={name: tuple(labels[i] for i in at) for name, labels in mixtures.factors.items()},
        covariates={name: values[at] for name, values in mixtures.covariates.items()},
        ids=tuple(mixtures.ids[i] for i in at) if mixtures.ids else (),
    )
