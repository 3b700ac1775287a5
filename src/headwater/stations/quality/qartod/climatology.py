"""QARTOD's climatology test: outside what this month usually brings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.errors import SettingsRefused
from headwater.stations.quality.qartod.gross_range import Span, check_spans
from headwater.stations.quality.qartod.words import Outcome, Outcomes, marked_missing


@dataclass(frozen=True)
class Month:
    """What a month brings: outside ``suspect`` is suspect, outside ``fail`` (None: not tested) fails."""

    suspect: Span
    fail: Span | None = None


def climatology(value: ArrayLike, time: NDArray[np.datetime64], months: Mapping[int, Month]) -> Outcomes:
    """Outcome of each value, shape (n,); not evaluated in months (1 … 12, UTC) of which nothing is said.

    Raises
    ------
    SettingsRefused
        A month is none of 1 … 12, or its spans cannot be meant.
    """
    values = np.asarray(value, dtype=float)
    month_of = time.astype("datetime64[M]").astype(np.int64) % 12 + 1
    out = np.full(values.shape, Outcome.NOT_EVALUATED, np.uint8)
    for month, usual in months.items():
        if month not in range(1, 13):
            raise SettingsRefused(
                f"Month {month} is not known; allowed are 1 to 12. Correct the climatology."
            )
        check_spans(usual.fail or usual.suspect, usual.suspect)
        here = month_of == month
        low, high = usual.suspect
        out[here] = np.where((values < low) | (values > high), Outcome.SUSPECT, Outcome.PASS)[here]
        if usual.fail is not None:
            out[here & ((values < usual.fail[0]) | (values > usual.fail[1]))] = Outcome.FAIL
    return marked_missing(out, values)
