"""p values adjusted for many tests; missing ones stay missing and do not count."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.errors import SettingsRefused

Array = NDArray[np.float64]
FdrRule = Literal["bh", "by", "wilks"]


def benjamini_hochberg(p: ArrayLike) -> Array:
    """p values adjusted to control the false discovery rate (Benjamini & Hochberg 1995).

    min over k >= rank of p_(k) m / k, for m values that are not missing. Independent tests, and tests that
    depend positively on each other, such as neighbouring pixels.
    """
    p = np.asarray(p, float)
    adjusted = np.full(p.shape, np.nan)
    present = np.isfinite(p)
    found = p[present]
    order = np.argsort(found)
    steps = found[order] * (found.size / np.arange(1, found.size + 1))
    found[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    adjusted[present] = found
    return adjusted


def benjamini_yekutieli(p: ArrayLike) -> Array:
    """p values adjusted to control the false discovery rate under any dependence.

    Benjamini & Hochberg's, times Σ 1/i for i = 1 … m (Benjamini & Yekutieli 2001, Ann. Stat. 29, 1165,
    theorem 1.3).
    """
    p = np.asarray(p, float)
    m = np.count_nonzero(np.isfinite(p))
    return np.minimum(benjamini_hochberg(p) * np.sum(1.0 / np.arange(1, m + 1)), 1.0)


def false_discoveries(
    p: ArrayLike, *, rule: FdrRule = "bh", alpha: float = 0.05
) -> tuple[Array, NDArray[np.bool_]]:
    """Adjusted p values, and which of them are significant.

    Parameters
    ----------
    p : p values of one map, any shape; NaN are left out
    rule :
        ``bh`` and ``by``: significant where the adjusted p value is at most ``alpha``, so that at most that
        part of the significant ones is false on average.
        ``wilks``: bh at twice ``alpha``. Where neighbours are alike (correlation falls to 1/e within some
        1500 km), bh at 2 alpha finds anything in a map without signal in about ``alpha`` of all maps
        (Wilks 2016, Bull. Am. Meteorol. Soc. 97, 2263, fig. 4).

    Raises
    ------
    SettingsRefused
        Unknown rule, or ``alpha`` outside (0, 1), (0, 0.5) with ``wilks``.
    """
    if rule not in get_args(FdrRule):
        raise SettingsRefused(f"fdr {rule!r}: allowed are {', '.join(get_args(FdrRule))}.")
    level = 2 * alpha if rule == "wilks" else alpha
    if not 0 < level < 1:
        raise SettingsRefused(
            f"alpha {alpha}: needs a number between 0 and 1 (0.5 with wilks, which doubles it), such as 0.05."
        )
    adjusted = benjamini_yekutieli(p) if rule == "by" else benjamini_hochberg(p)
    with np.errstate(invalid="ignore"):
        return adjusted, adjusted <= level


def holm(p: ArrayLike) -> Array:
    """p values adjusted to control the family-wise error rate (Holm 1979, Scand. J. Stat. 6, 65)."""
    p = np.asarray(p, float)
    adjusted = np.full(p.shape, np.nan)
    present = np.flatnonzero(np.isfinite(p))
    order = present[np.argsort(p[present], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted
