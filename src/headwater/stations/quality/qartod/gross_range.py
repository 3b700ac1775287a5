"""QARTOD's gross range test: outside what a sensor can measure, and outside what its operator expects."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from headwater.errors import SettingsRefused
from headwater.stations.quality.qartod.words import Outcome, Outcomes, marked_missing

Span = tuple[float, float]


def gross_range(value: ArrayLike, fail: Span, suspect: Span | None = None) -> Outcomes:
    """Outcome of each value, shape (n,); the ends of a span are within it.

    Raises
    ------
    SettingsRefused
        A span is empty, or ``suspect`` reaches beyond ``fail``.
    """
    check_spans(fail, suspect)
    values = np.asarray(value, dtype=float)
    out = np.full(values.shape, Outcome.PASS, np.uint8)
    if suspect is not None:
        out[(values < suspect[0]) | (values > suspect[1])] = Outcome.SUSPECT
    out[(values < fail[0]) | (values > fail[1])] = Outcome.FAIL
    return marked_missing(out, values)


def check_spans(fail: Span, suspect: Span | None) -> None:
    """Refuses spans that cannot be meant."""
    for span in (fail, suspect):
        if span is not None and not span[0] <= span[1]:
            raise SettingsRefused(f"The span {span} is empty; allowed is smallest, largest. Swap them.")
    if suspect is not None and (suspect[0] < fail[0] or suspect[1] > fail[1]):
        raise SettingsRefused(
            f"The suspect span {suspect} reaches beyond the fail span {fail}; it must lie within. Narrow it."
        )
