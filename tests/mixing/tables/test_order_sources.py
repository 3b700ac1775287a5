"""Sources in another order keep all that is theirs."""

import numpy as np

from headwater.mixing.bayes.model import Sources
from headwater.mixing.tables.order_sources import order_sources


def test_everything_of_a_source_moves_with_it():
    k, j = 3, 2
    values = np.arange(k * j, dtype=float).reshape(k, j)
    covariance = np.stack([np.eye(j) * (i + 1) for i in range(k)])[None]
    rows = ((np.full((2, j), 0.0), np.full((2, j), 1.0), np.full((2, j), 2.0)),)
    sources = Sources(
        ("c", "a", "b"), ("x", "y"), values[None], covariance, np.array([[7, 8, 9]]), rows=rows,
        mean_covariance=covariance / 10, concentration=values[None] + 1, concentration_sd=values[None] + 2,
        discrimination=values + 3, discrimination_sd=values + 4, present=np.array([[True, False, True]]),
    )  # fmt: skip
    found = order_sources(sources, ["a", "b", "c"])
    assert found.names == ("a", "b", "c")
    back = order_sources(found, sources.names)
    for name, value in vars(sources).items():
        assert np.array_equal(
            np.asarray(getattr(back, name), dtype=object), np.asarray(value, dtype=object)
        ), name
    assert found.n.tolist() == [[8, 9, 7]]
    assert found.discrimination[2].tolist() == [3.0, 4.0]
    assert found.rows[0][0][0, 0] == 1.0
    assert found.present.tolist() == [[False, True, True]]
