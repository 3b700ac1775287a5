"""Sources in another order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from headwater.mixing.bayes.model import Array, Sources


def order_sources(sources: Sources, names: Sequence[str]) -> Sources:
    """The sources in the order of ``names``, which are theirs."""
    k = [sources.names.index(name) for name in names]

    def by_level(values: Array | None) -> Array | None:
        return None if values is None else values[:, k]

    def by_source(values: Array | None) -> Array | None:
        return None if values is None else values[k]

    return replace(
        sources,
        names=tuple(names),
        mean=sources.mean[:, k],
        covariance=sources.covariance[:, k],
        n=sources.n[:, k],
        rows=None if sources.rows is None else tuple(tuple(row[i] for i in k) for row in sources.rows),
        mean_covariance=by_level(sources.mean_covariance),
        concentration=by_level(sources.concentration),
        concentration_sd=by_level(sources.concentration_sd),
        discrimination=by_source(sources.discrimination),
        discrimination_sd=by_source(sources.discrimination_sd),
        present=None if sources.present is None else sources.present[:, k],
    )
