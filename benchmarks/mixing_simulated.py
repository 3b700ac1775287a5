"""Simulated mixing problems of any size, with known shares, for measuring cost."""

from __future__ import annotations

import numpy as np

from headwater.mixing.bayes.model import Evaporation, Factor, Form, MixingModel, Mixtures, Sources

WATER = ("d18O", "d2H")
SLOPE = 5.2


def water_sources(k: int = 3, *, n: int = 20) -> Sources:
    """Waters that scatter along a meteoric line of slope 8 and across it, K of them, far enough apart."""
    centre = np.array([[-8.0, -54.0], [-14.0, -112.0], [-19.0, -136.0]])[:k]
    along = np.array([[1.0, 8.0], [8.0, 64.0]]) * 4.0
    across = np.array([[0.1, 0.3], [0.3, 6.0]])
    covariance = np.repeat((along + across)[None, None], k, axis=1)
    return Sources(
        names=("rain", "ice", "snow")[:k],
        tracers=WATER,
        mean=centre[None],
        covariance=covariance,
        n=np.full((1, k), n),
    )


def water_model(
    count: int,
    levels: int,
    *,
    k: int = 3,
    evaporation: Form | None = None,
    seed: int = 1,
) -> MixingModel:
    """``count`` soil waters at ``levels`` sites (a random factor where there are several).

    Evaporated ones have lost 0.3 ‰ and an exponential rest of mean 2 ‰; with the form ``uniform`` up to 15 ‰,
    all alike, as that form has it.
    """
    rng = np.random.default_rng(seed)
    sources = water_sources(k)
    logits = np.array([0.5, 0.2, -0.3])[:k] + 0.5 * rng.standard_normal((levels, k))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    site = np.arange(count) % levels
    root = np.linalg.cholesky(sources.covariance[0])
    own = shares[site]
    x = own @ sources.mean[0]
    noise = rng.standard_normal((count, k, 2))
    x += np.sqrt(0.4) * np.einsum("nk,kij,nkj->ni", own, root, noise)
    if evaporation is not None:
        e = rng.uniform(0.0, 15.0, count) if evaporation == "uniform" else 0.3 + rng.exponential(2.0, count)
        x += e[:, None] * np.array([1.0, SLOPE])
    factors = {"site": tuple(f"s{i:04d}" for i in site)}
    return MixingModel(
        Mixtures(WATER, x, factors=factors),
        sources,
        factors=(Factor("site", "random"),) if levels > 1 else (),
        evaporation=None if evaporation is None else Evaporation(SLOPE, 0.3, form=evaporation),
    )


def tracer_model(k: int, j: int, *, count: int = 40, seed: int = 1) -> MixingModel:
    """K sources told apart by J independent tracers (as pigments or fatty acids do)."""
    rng = np.random.default_rng(seed)
    names = tuple(f"t{i:02d}" for i in range(j))
    mean = 4.0 * rng.standard_normal((k, j))
    sd = 0.5 + rng.random((k, j))
    share = rng.dirichlet(np.full(k, 1.0))
    waters = mean + sd * rng.standard_normal((count, k, j))
    return MixingModel(
        Mixtures(names, np.einsum("k,nkj->nj", share, waters)),
        Sources(
            names=tuple(f"source {i:02d}" for i in range(k)),
            tracers=names,
            mean=mean[None],
            covariance=(sd**2)[None, :, :, None] * np.eye(j),
            n=np.full((1, k), 15),
        ),
    )
