"""End members with stated means and errors, for the tests of mixing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from headwater.mixing import Composition, EndMembers, stack

Make = Callable[..., Composition]
MakeSources = Callable[..., EndMembers]


def _make(mean, *, name="mixture", sd=0.0, n=20, covariance=None, tracers=None) -> Composition:
    mean = np.atleast_1d(np.asarray(mean, dtype=float))
    j = len(mean)
    spread = np.eye(j) * np.square(sd) if covariance is None else np.asarray(covariance, dtype=float)
    names = tracers or tuple(f"t{i}" for i in range(j))
    return Composition(name, names, mean, spread, spread / n, n, n - 1.0 if spread.any() else 0.0)


@pytest.fixture(scope="session")
def make() -> Make:
    """Composition of a stated mean; ``sd`` or ``covariance`` between n waters (0: known exactly)."""
    return _make


@pytest.fixture(scope="session")
def make_sources() -> MakeSources:
    """Sources with the stated means; the rest as ``make``, one value for all or a list."""

    def build(means, *, sd=0.0, n=20, covariance=None, tracers=None) -> EndMembers:
        count = len(means)
        sds = sd if isinstance(sd, list) else [sd] * count
        ns = n if isinstance(n, list) else [n] * count
        spreads = covariance if isinstance(covariance, list) else [covariance] * count
        return stack(
            [
                _make(mean, name=f"source {k}", sd=sds[k], n=ns[k], covariance=spreads[k], tracers=tracers)
                for k, mean in enumerate(means)
            ]
        )

    return build
