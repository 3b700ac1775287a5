"""Targets with known truth, ready for the sampler."""

from __future__ import annotations

import numpy as np

from headwater import machine_code
from headwater.posterior.chains import SAMPLER
from headwater.posterior.records import Chains, Target

machine_code.load(SAMPLER)
KERNELS = machine_code.load(("tests.posterior.kernel_targets",))[0]


def target(name: str, floats, dimension: int, start=None) -> Target:
    """The density of this name in ``kernel_targets``."""
    return Target(
        density=getattr(KERNELS, name),
        floats=np.asarray(floats, dtype=np.float64).ravel(),
        ints=np.zeros(1, dtype=np.int64),
        dimension=dimension,
        start=np.zeros(dimension) if start is None else np.asarray(start, dtype=np.float64),
    )


def normal_target(covariance, mean=None) -> Target:
    """A normal posterior."""
    d = len(covariance)
    mean = np.zeros(d) if mean is None else np.asarray(mean)
    return target("normal", np.concatenate([mean, np.linalg.inv(covariance).ravel()]), d)


def turned_covariance(dimension: int, condition: float, seed: int) -> np.ndarray:
    """A covariance with this condition number, its axes turned at random."""
    axes, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(dimension, dimension)))
    return (axes * np.logspace(0, np.log10(condition), dimension)) @ axes.T


def errors(values, truth) -> np.ndarray:
    """(mean − truth)/MCSE of quantities, from draws of shape (chains, draws, Q)."""
    from headwater.posterior.convergence import convergence

    found = convergence(values)
    return (found.mean - truth) / found.mcse


def flat(chains: Chains) -> np.ndarray:
    """Draws of all chains, one after the other."""
    return chains.positions.reshape(-1, chains.positions.shape[-1])
