"""One small model of every family, for calibration: few mixtures, so that priors matter and fits are fast.

Sources lie such that two tracers tell three of them apart, in units of their own; mixtures are placeholders
until a model makes its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from headwater.mixing.bayes.model import (
    Absent,
    Elicited,
    Evaporation,
    Factor,
    MixingModel,
    Mixtures,
    Sources,
)

MEANS = np.array([[-8.0, -60.0], [-14.0, -90.0], [-11.0, -100.0], [-10.0, -45.0], [-16.0, -120.0]])
SDS = np.array([[1.0, 6.0], [0.8, 9.0], [1.3, 7.0], [1.0, 8.0], [0.7, 5.0]])
COUNTS = np.array([5, 8, 6, 12, 7])
CORRELATIONS = np.array([0.7, 0.4, -0.3, 0.5, 0.0])
TRACERS = ("d18O", "d2H")
NAMES = ("ice", "rain", "snow", "fog", "melt")


def sources(k=3, *, j=2, correlated=False, levels=(), **changes):
    """K sources with J tracers, moved a little from level to level."""
    mean = np.concatenate([MEANS, MEANS[:, ::-1] * [0.1, -1.0]], axis=1)[:k, :j]
    sd = np.concatenate([SDS, SDS], axis=1)[:k, :j]
    r = max(len(levels), 1)
    shift = np.arange(r)[:, None, None] * np.array([1.0, -5.0, 2.0, 0.0])[:j]
    correlation = np.tile(np.eye(j), (k, 1, 1))
    if correlated:
        correlation[:, 0, 1] = correlation[:, 1, 0] = CORRELATIONS[:k]
    covariance = correlation * sd[:, :, None] * sd[:, None, :]
    given = Sources(
        NAMES[:k],
        (*TRACERS, "Cl", "Si")[:j],
        mean + shift,
        np.tile(covariance, (r, 1, 1, 1)),
        np.tile(COUNTS[:k], (r, 1)),
        by="season" if levels else None,
        levels=tuple(levels),
    )
    return replace(given, **changes)


def mixtures(n=8, *, j=2, each=1.0, **changes):
    """N placeholders with factors of 2, 4 and 2 levels (``plot`` nested in ``band``), and a covariate."""
    rows = np.arange(n)
    near = np.concatenate([MEANS, MEANS[:, ::-1] * [0.1, -1.0]], axis=1)[:3, :j].mean(axis=0)
    given = Mixtures(
        (*TRACERS, "Cl", "Si")[:j],
        near + np.sin(rows[:, None] * 2.3 + np.arange(j)) * [1.5, 12.0, 1.5, 1.5][:j],
        factors={
            "season": tuple("dry" if row % 2 else "wet" for row in rows),
            "band": tuple("high" if row * 2 < n else "low" for row in rows),
            "plot": tuple("abcd"[4 * row // n] for row in rows),
            "site": tuple(f"s{row % 4}" for row in rows),
        },
        covariates={"depth": 0.1 + 0.2 * (rows % 4)},
    )
    return replace(given, **changes)


def analytical(n=8):
    """Covariances of the mixtures, from small to larger than what sources and mixing bring."""
    size = np.geomspace(0.2, 20.0, n)
    one = np.array([[0.25, 0.9], [0.9, 9.0]])
    return size[:, None, None] * one


def rows_of(k=3, n=9, seed=4):
    """Raw waters of K sources, whose sample means, covariances and n replace those of ``sources``."""
    rng = np.random.default_rng(seed)
    given = sources(k, correlated=True)
    waters = tuple(
        rng.multivariate_normal(m, c, n) for m, c in zip(given.mean[0], given.covariance[0], strict=True)
    )
    return sources(
        k,
        mean=np.array([[w.mean(axis=0) for w in waters]]),
        covariance=np.array([[np.cov(w.T) for w in waters]]),
        n=np.full((1, k), n),
        rows=(waters,),
    )


def plain(k=3, **changes):
    """No factor."""
    return MixingModel(mixtures(6), sources(k), **changes)


def simmr(n=6, **changes):
    """Tracers in tens to hundreds, since the prior of σ has a mean of 50 in their units."""
    given = sources(concentration=np.array([[[1.0, 3.0], [0.3, 1.0], [3.0, 1.0]]]))
    wide = replace(given, mean=given.mean * [40.0, 5.0], covariance=given.covariance * 40.0)
    return MixingModel(
        mixtures(n, values=mixtures(n).values * [40.0, 5.0]), wide, error="additive", style="simmr", **changes
    )


def evaporated(form="exponential", n=16, *, start=0.5, effects=(), k=2, levels=(), scatter=0.0, **changes):
    """Waters that have evaporated along a slope of 5."""
    evaporation = Evaporation(
        5.0,
        0.5,
        slope_by_level=len(levels) > 1,
        form=form,
        mean_scale=1.5,
        start_scale=start,
        effects=effects,
        effect_scale=0.6,
        slope_scatter=scatter,
        largest=4.0,
    )
    return MixingModel(
        mixtures(n), sources(k, correlated=True, levels=levels), evaporation=evaporation, **changes
    )


BAND, PLOT = Factor("band", "random"), Factor("plot", "random", "band")
SITE = Factor("site", "random")
SEASONS = ("wet", "dry")

MODELS: dict[str, Callable[[], MixingModel]] = {
    "no factor": plain,
    "no factor, 300 mixtures": lambda: MixingModel(mixtures(300), sources()),
    "no factor, five sources": lambda: plain(5),
    "no factor, one tracer": lambda: MixingModel(mixtures(6, j=1), sources(2, j=1)),
    "no factor, four tracers": lambda: MixingModel(mixtures(6, j=4), sources(3, j=4)),
    "sources that covary": lambda: MixingModel(mixtures(6), sources(correlated=True)),
    "as MixSIAR": lambda: plain(style="mixsiar"),
    "as MixSIAR, raw sources": lambda: MixingModel(mixtures(6), rows_of(), style="mixsiar"),
    "as MixSIAR, residual error": lambda: plain(style="mixsiar", error="residual"),
    "as MixSIAR, nested factors": lambda: MixingModel(
        mixtures(12), sources(levels=SEASONS), factors=(BAND, PLOT), style="mixsiar"
    ),
    "as MixSIAR, fixed factor and covariate": lambda: MixingModel(
        mixtures(), sources(), factors=(Factor("band", "fixed"),), covariates=("depth",), style="mixsiar"
    ),
    "as simmr": simmr,
    "as simmr, single mixture": lambda: simmr(1),
    "process error": lambda: plain(error="process"),
    "residual error": lambda: plain(error="residual"),
    "residual error, three tracers": lambda: MixingModel(
        mixtures(6, j=3), sources(3, j=3, correlated=True), error="residual"
    ),
    "additive error": lambda: plain(error="additive"),
    "nested factors, sources by season": lambda: MixingModel(
        mixtures(12), sources(levels=SEASONS), factors=(BAND, PLOT)
    ),
    "random factor": lambda: MixingModel(mixtures(), sources(), factors=(SITE,)),
    "fixed factor": lambda: MixingModel(mixtures(), sources(), factors=(Factor("site", "fixed"),)),
    "covariate and interaction": lambda: MixingModel(
        mixtures(),
        sources(),
        factors=(BAND,),
        covariates=("depth",),
        interactions=(("band", "depth"),),
    ),
    "concentration and discrimination": lambda: MixingModel(
        mixtures(),
        sources(
            concentration=np.array([[[1.0, 3.0], [0.3, 1.0], [3.0, 1.0]]]),
            concentration_sd=np.array([[[0.1, 0.4], [0.1, 0.1], [0.5, 0.1]]]),
            discrimination=np.array([[1.0, -5.0], [0.5, 3.0], [0.0, 4.0]]),
            discrimination_sd=np.array([[0.3, 4.0], [0.5, 3.0], [0.1, 5.0]]),
        ),
    ),
    "analytical covariances": lambda: MixingModel(
        mixtures(covariance=analytical()), sources(correlated=True), error="process"
    ),
    "single mixture": lambda: MixingModel(mixtures(1), sources(correlated=True)),
    "absent sources": lambda: MixingModel(
        mixtures(12),
        sources(levels=SEASONS, present=np.array([[True, True, True], [True, True, False]])),
        factors=(BAND, SITE),
        absent=(Absent("rain", "site", ("s0",)),),
    ),
    "weights of 0.01": lambda: plain(prior=(0.01, 1.0, 0.01)),
    "bounded shares": lambda: MixingModel(
        mixtures(),
        sources(),
        prior=(2.0, 1.0, 1.0),
        bounds={"ice": (0.05, 0.5), "snow": (0.0, 0.4)},
        factors=(Factor("band", "fixed"),),
    ),
    "elicited shares": lambda: plain(prior=Elicited((0.5, 0.0, -1.0), (1.0, 0.5, 0.7))),
    "evaporation": lambda: evaporated(),
    "evaporation, truncated normal": lambda: evaporated("truncated_normal", start=0.0),
    "evaporation, spike": lambda: evaporated("spike", start=0.0),
    "evaporation, Erlang": lambda: evaporated("erlang"),
    "evaporation, Erlang and spike": lambda: evaporated("erlang_spike", start=0.0),
    "evaporation, single water": lambda: evaporated("uniform", n=1, start=0.0, error="process", k=3),
    "evaporation, scattered slopes": lambda: evaporated(scatter=0.6),
    "evaporation, effects and factors": lambda: replace(
        evaporated(
            n=24,
            k=3,
            effects=("band", "site"),
            levels=SEASONS,
            factors=(BAND, SITE),
        ),
        mixtures=mixtures(24, covariance=np.tile(np.diag([0.04, 0.25]), (24, 1, 1))),
    ),
}
