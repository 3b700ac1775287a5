"""Columns of correlations between tracers: ``Cor_X_Y``, ``CorX_Y``, ``r_X_Y``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from headwater.mixing.tables.names import plain

MARKS = ("cor", "corr", "r", "rho")


def correlation_columns(headers: Sequence[str], tracers: Sequence[str]) -> dict[tuple[int, int], str]:
    """Pair of tracers, by position, → header of its correlation; pairs that have none are left out."""
    found = {}
    for a, b in combinations(range(len(tracers)), 2):
        x, y = plain(tracers[a]), plain(tracers[b])
        named = {mark + pair for mark in MARKS for pair in (x + y, y + x)}
        header = next((one for one in headers if plain(one) in named), None)
        if header is not None:
            found[a, b] = header
    return found
