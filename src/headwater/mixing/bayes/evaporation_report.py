"""How much of a share rests on the assumed distribution of evaporation: numbers and flags for the reader.

Across the evaporation line, v = c'x with c = (−S, 1) does not know E at all; what v alone says about the
shares is free of any assumption on E. Along the line a share and E trade places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from headwater.errors import SettingsRefused
from headwater.mixing.bayes.evaporated import Evaporated
from headwater.mixing.bayes.family import Array, Integers
from headwater.mixing.bayes.fit import Fit
from headwater.mixing.bayes.model import DEFAULT_FORM, Evaporation

Flag = Literal["rests_on_distribution", "nearly_parallel", "sources_pulled", "forms_disagree"]
LEAST_RATIO = 0.3
"""A posterior sd below this part of what the across coordinate alone leaves rests on the form of E."""
LEAST_ANGLE = 0.3
"""Sine of the angle between the difference of two sources and the evaporation line."""
MOST_PULL = 2.0
"""sd by which the mixtures have moved a source mean."""
LEAST_MOVE = 0.03
"""Difference of a share between two forms of the distribution of E that is no matter, whatever the sd."""


@dataclass(frozen=True)
class EvaporationReport:
    """What the shares of G groups of mixtures owe to the distribution of E.

    Attributes
    ----------
    groups, sources, levels : names; levels are those of the sources
    share, sd : shape (G, K), posterior mean and sd
    across_sd : shape (G, K), sd that a flat prior and the across coordinate alone would leave; NaN where a
        source takes no part
    angle : shape (R, K, K), sine of the angle between s_j − s_k and the evaporation line, in the metric of
        the mixtures' covariance; 1 on the diagonal and where a source is absent
    pull : shape (R, K), largest |posterior mean of z| of each source mean
    other : shape (G, K), share under the form beside it; None without one
    flags : for each group
    """

    groups: tuple[str, ...]
    sources: tuple[str, ...]
    levels: tuple[str, ...]
    share: Array
    sd: Array
    across_sd: Array
    angle: Array
    pull: Array
    other: Array | None
    flags: tuple[frozenset[Flag], ...]

    @property
    def ratio(self) -> Array:
        """Posterior sd / across sd, shape (G, K)."""
        return self.sd / self.across_sd

    @property
    def disagreement(self) -> Array | None:
        """Share minus that under the other form, shape (G, K)."""
        return None if self.other is None else self.share - self.other

    def summary(self) -> list[dict[str, object]]:
        """One row a group and source."""
        rows: list[dict[str, object]] = []
        for g, group in enumerate(self.groups):
            for k, source in enumerate(self.sources):
                row: dict[str, object] = {"group": group, "source": source}
                row |= {
                    "share": float(self.share[g, k]),
                    "sd": float(self.sd[g, k]),
                    "across_sd": float(self.across_sd[g, k]),
                    "ratio": float(self.ratio[g, k]),
                    "other_form": None if self.other is None else float(self.other[g, k]),
                    "flags": sorted(self.flags[g]),
                }
                rows.append(row)
        return rows


def report_evaporation(
    fit: Fit, groups: Mapping[str, Integers], *, second: Fit | None = None, every: int = 1
) -> EvaporationReport:
    """What the shares of groups of mixtures owe to the assumed distribution of E.

    With shares p, source means s_k of covariance T_k, n waters of across variance var(v) and slope S ± s_S,
    the across coordinate says p'w = v̄, w_k = c's_k, with error variance

        τ² = Σ p_k² c'T_k c + var(v)/n + (E(e) s_S)².

    ``across_sd`` is what it leaves of a flat prior of the shares, of covariance P:
    √(P_kk − (P w)_k²/(w'P w + τ²)).
    With two sources that is 1/√(12 + 1/s_a²), s_a = τ/|w₁ − w₂|.

    Parameters
    ----------
    groups : name → row numbers of its mixtures, all of one level of the sources
    second : the same data under another form of the distribution of E (``other_form``)
    every : draws are taken one in so many

    Raises
    ------
    SettingsRefused
        A fit without evaporation, or a group that is empty or spans levels of the sources.
    """
    family = fit.problem.family
    if not isinstance(family, Evaporated):
        raise SettingsRefused("a report on evaporation needs a model with evaporation; this one has none")
    blocks = _blocks_of(fit, groups)
    drawn = fit.shares_of(list(groups.values()), every)
    share, sd = drawn.mean(axis=0), drawn.std(axis=0)
    other = None if second is None else second.shares_of(list(groups.values()), every).mean(axis=0)
    own = fit.problem.split(fit.positions[::every])[1]
    means = family.source_means(np.empty(0), own, np.random.default_rng(0)).mean(axis=0)
    pull = np.abs(family.pull(own).mean(axis=0)).max(axis=-1)
    angle = np.stack([_angles(fit, family, own, means[r], r) for r in range(len(means))])
    across = np.stack(
        [
            _across_sd(fit, family, own, means[r], rows, share[g])
            for g, (rows, r) in enumerate(zip(groups.values(), blocks, strict=True))
        ]
    )
    flags = tuple(
        _flags(sd[g], across[g], angle[r], pull[r], None if other is None else share[g] - other[g])
        for g, r in enumerate(blocks)
    )
    model = fit.model
    levels = model.sources.levels or ("all",)
    return EvaporationReport(
        tuple(groups), model.sources.names, levels, share, sd, across, angle, pull, other, flags
    )


def other_form(own: Evaporation) -> Evaporation:
    """Form to fit beside one: an exponential from 0, the default beside that one.

    The exponential puts most mixtures next to their sources and so errs upwards, by a lot, where even the
    least evaporated waters have evaporated; a share on which it agrees does not rest on the form.
    """
    sharp = replace(own, form="exponential", start_scale=0.0)
    return sharp if own != sharp else replace(own, form=DEFAULT_FORM, start_scale=Evaporation.start_scale)


def rests_on_form(difference: Array, sd: Array) -> NDArray[np.bool_]:
    """Whether a share moves by more than its sd, and by more than ``LEAST_MOVE``, under another form."""
    return np.abs(difference) > np.maximum(sd, LEAST_MOVE)


def _blocks_of(fit: Fit, groups: Mapping[str, Integers]) -> list[int]:
    cells = fit.problem.design.cells
    found = []
    for name, rows in groups.items():
        blocks = np.unique(cells.block[cells.of[rows]])
        if len(blocks) != 1:
            raise SettingsRefused(
                f"group {name!r} spans {len(blocks)} levels of the sources; it needs to lie in one"
            )
        found.append(int(blocks[0]))
    return found


def _across_sd(fit: Fit, family: Evaporated, own: Array, means: Array, rows: Integers, share: Array) -> Array:
    cells, x = fit.problem.design.cells, fit.model.mixtures.values[rows]
    cell = cells.of[rows[0]]
    block, here = cells.block[cell], cells.present[cells.of[rows]].any(axis=0)
    slopes = family.slopes(own)
    slope = slopes[:, block] if slopes.shape[1] > 1 else slopes[:, 0]
    c = np.array([-slope.mean(), 1.0])
    root = family.root[block]
    error = (c[0] * root[:, 0] + c[1] * root[:, 1]) ** 2 + (c[1] * root[:, 2]) ** 2
    enrichment = float(family.mean_enrichment(own)[:, block].mean())
    spread = float((x @ c).var(ddof=1)) / len(x) if len(x) > 1 else np.inf
    tau2 = float(share**2 @ error) + spread + (enrichment * float(slope.std())) ** 2
    left = np.full(len(share), np.nan)
    k = int(here.sum())
    if k < 2:
        left[here] = 0.0
        return left
    prior = (np.eye(k) / k - 1.0 / k**2) / (k + 1.0)
    w = prior @ (means[here] @ c)
    variance = np.diag(prior) - (w**2 / (means[here] @ c @ w + tau2) if np.isfinite(tau2) else 0.0)
    left[here] = np.sqrt(np.maximum(variance, 0.0))
    return left


def _angles(fit: Fit, family: Evaporated, own: Array, means: Array, r: int) -> Array:
    """Sine of the angle of every pair of sources with the evaporation line, shape (K, K)."""
    cells, k = fit.problem.design.cells, len(means)
    x = fit.model.mixtures.values[cells.block[cells.of] == r]
    sines = np.ones((k, k))
    if len(x) < 4:
        return sines
    metric = np.linalg.pinv(np.cov(x.T))
    slopes = family.slopes(own)
    d = np.array([1.0, slopes[:, r].mean() if slopes.shape[1] > 1 else slopes.mean()])
    for j in range(k):
        for i in range(j):
            difference = means[j] - means[i]
            length = difference @ metric @ difference
            if np.isfinite(length) and length > 0.0:
                cosine2 = (difference @ metric @ d) ** 2 / (length * (d @ metric @ d))
                sines[i, j] = sines[j, i] = np.sqrt(max(1.0 - cosine2, 0.0))
    return sines


def _flags(sd: Array, across: Array, angle: Array, pull: Array, moved: Array | None) -> frozenset[Flag]:
    found: set[Flag] = set()
    if (sd / across < LEAST_RATIO).any():
        found.add("rests_on_distribution")
    if angle.min() < LEAST_ANGLE:
        found.add("nearly_parallel")
    if pull.max() > MOST_PULL:
        found.add("sources_pulled")
    if moved is not None and rests_on_form(moved, sd).any():
        found.add("forms_disagree")
    return frozenset(found)
