"""Packing of a model with evaporation for the compiled likelihood: checks, places of parameters, numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headwater.errors import SettingsRefused
from headwater.mixing.bayes.family import Array, Integers
from headwater.mixing.bayes.model import Evaporation, Form, MixingModel

PROCESS_SCALE, PROCESS_LOG_SD = 0.3, 1.0
"""Prior of ξ: log-normal with this median. A soil water averages many events, so that it spreads less than
single source waters, weighted by share²."""
START = {"mean": -0.7, "start": -0.8, "sd": 0.0}
"""Where chains start: μ = half its scale, δ = 0.37 and every sd = 0.69 of theirs."""
CODES: dict[Form, int] = {
    "exponential": 0,
    "truncated_normal": 1,
    "uniform": 2,
    "spike": 3,
    "erlang": 3,
    "erlang_spike": 3,
}
ORDERS_OF: dict[Form, tuple[int, int, int, int]] = {
    "spike": (2, 1, 0, 0),
    "erlang": (0, 1, 2, 2),
    "erlang_spike": (2, 1, 2, 2),
}
"""Orders 0 to 3: absent, against which the others are weighed, or free."""
SHAPE_SD = 1.5
"""sd of the log of every weight relative to that of the exponential."""
SPIKE_LOGIT = -2.0
"""Prior mean of that log for the spike at zero."""
ORDERS = ("0", "1", "2", "3")


@dataclass(frozen=True)
class Layout:
    """Where each parameter lies in a position; −1: absent."""

    sources: Integers
    process: int
    slopes: int
    slope: int
    mean: int
    start: int
    effects: int
    sds: int
    shape: int
    dimension: int


def check_evaporation(model: MixingModel, own: Evaporation) -> None:
    tracers = model.mixtures.tracers
    if len(tracers) != 2 or "18" not in tracers[0]:
        raise SettingsRefused(
            f"evaporation needs the two tracers δ18O and δ2H, in this order; the mixtures have "
            f"{', '.join(tracers)}: leave the others out, or change their order"
        )
    if model.style != "headwater":
        raise SettingsRefused(
            f"evaporation is no part of the model {model.style}: use --model headwater, or leave it out"
        )
    if model.error not in ("process*residual", "process"):
        raise SettingsRefused(
            f"error {model.error!r} cannot be combined with evaporation: process*residual (scale of the "
            "process learned) and process (scale 1) can"
        )
    if model.sources.concentration is not None:
        raise SettingsRefused("evaporation: water is water, leave the concentrations out")
    if own.form not in CODES:
        raise SettingsRefused(f"evaporation form {own.form!r}; allowed: {', '.join(CODES)}")
    limits = {
        "slope": (own.slope, np.isfinite(own.slope)),
        "slope_sd": (own.slope_sd, own.slope_sd >= 0.0),
        "slope_scatter": (own.slope_scatter, own.slope_scatter >= 0.0),
        "mean_scale": (own.mean_scale, own.mean_scale > 0.0),
        "start_scale": (own.start_scale, own.start_scale >= 0.0),
        "effect_scale": (own.effect_scale, own.effect_scale > 0.0),
        "largest": (own.largest, own.largest > 0.0),
    }
    for name, (value, fine) in limits.items():
        if not (fine and np.isfinite(value)):
            raise SettingsRefused(f"evaporation: {name} = {value:g}; it must be a number in its range")


def effect_codes(model: MixingModel, own: Evaporation) -> tuple[Integers, tuple[tuple[str, ...], ...]]:
    """Levels of the factors of E, (N, F), and their labels; a factor of one level is left out by its size."""
    codes, labels = [], []
    for name in own.effects:
        of = model.mixtures.factors.get(name)
        if of is None:
            raise SettingsRefused(
                f"evaporation effects: the mixtures have no factor {name!r}; "
                f"there are: {', '.join(model.mixtures.factors) or 'none'}"
            )
        names, code = np.unique(np.array(of, dtype=str), return_inverse=True)
        if len(names) < 2:
            raise SettingsRefused(f"evaporation effects: {name!r} has one level only: leave it out")
        labels.append(tuple(names.tolist()))
        codes.append(code)
    n = len(model.mixtures.values)
    return np.array(codes, dtype=np.int64).reshape(-1, n).T, tuple(labels)


def different_errors(model: MixingModel) -> tuple[Array, Integers]:
    """Different analytical covariances (U, 3) and which one each mixture has (N,)."""
    cover = model.mixtures.covariance
    n = len(model.mixtures.values)
    if cover is None:
        return np.zeros((1, 3)), np.zeros(n, dtype=np.int64)
    flat = np.column_stack([cover[:, 0, 0], cover[:, 0, 1], cover[:, 1, 1]])
    errors, of = np.unique(flat, axis=0, return_inverse=True)
    return errors, of.ravel().astype(np.int64)


def source_numbers(model: MixingModel) -> tuple[Array, Array, Array, NDArray[np.bool_]]:
    """Means (R, K, 2), Cholesky factors of their covariances (R, K, 3), covariances (R, K, 3), and which
    means are known exactly or absent (R, K)."""
    given = model.sources
    mean = np.array(given.mean, dtype=float)
    if given.discrimination is not None:
        mean = mean + given.discrimination
    single = np.array(given.covariance, dtype=float)
    cover = given.mean_covariance
    if cover is None:
        cover = single / np.maximum(given.n, 1)[..., None, None]
    present: NDArray[np.bool_] = np.ones(mean.shape[:2], dtype=bool)
    if given.present is not None:
        present = given.present
    mean, single, cover = (np.where(_wide(present, a), a, 0.0) for a in (mean, single, cover))
    root = np.zeros((*mean.shape[:2], 3))
    root[..., 0] = np.sqrt(cover[..., 0, 0])
    with np.errstate(invalid="ignore", divide="ignore"):
        root[..., 1] = np.where(root[..., 0] > 0.0, cover[..., 0, 1] / root[..., 0], 0.0)
    root[..., 2] = np.sqrt(np.maximum(cover[..., 1, 1] - root[..., 1] ** 2, 0.0))
    flat = np.stack([single[..., 0, 0], single[..., 0, 1], single[..., 1, 1]], axis=-1)
    fixed: NDArray[np.bool_] = np.logical_not((root > 0.0).any(axis=-1))
    return mean, root, flat, fixed


def _wide(present: NDArray[np.bool_], like: Array) -> NDArray[np.bool_]:
    return present.reshape(*present.shape, *([1] * (like.ndim - 2)))


def lay_out(
    own: Evaporation, model: MixingModel, fixed: NDArray[np.bool_], labels: tuple[tuple[str, ...], ...]
) -> Layout:
    rows = len(model.sources.mean)
    number = 0

    def take(count: int) -> int:
        nonlocal number
        number += count
        return number - count if count else -1

    sources = np.array([-1 if known else take(2) for known in fixed.ravel()], dtype=np.int64)
    process = take(rows if model.error == "process*residual" else 0)
    slopes = 0 if own.slope_sd == 0.0 else rows if own.slope_by_level else 1
    slope = max(take(slopes), 0)
    spread = own.form != "uniform"
    mean = take(rows if spread else 0)
    start = take(1 if own.start_scale > 0.0 else 0)
    effects = max(take(sum(len(names) - 1 for names in labels) if spread else 0), 0)
    sds = max(take(len(labels) if spread else 0), 0)
    free = 1 if own.form == "truncated_normal" else ORDERS_OF.get(own.form, ()).count(2)
    shape = take(free)
    return Layout(
        sources.reshape(fixed.shape), process, slopes, slope, mean, start, effects, sds, shape, number
    )


def scalars(own: Evaporation) -> Array:
    orders = ORDERS_OF.get(own.form, (0, 0, 0, 0))
    return np.array(
        [
            np.log(PROCESS_SCALE), PROCESS_LOG_SD, own.slope, own.slope_sd, own.slope_scatter, own.mean_scale,
            own.start_scale, own.effect_scale, own.largest, *orders, SPIKE_LOGIT, 0.0, 0.0, 0.0, SHAPE_SD,
        ]
    )  # fmt: skip


def statistics(values: Array, starts: Integers) -> Array:
    """Mean and scatter about it of every group, shape (G, 5)."""
    size = np.diff(starts).astype(float)
    mean = np.add.reduceat(values, starts[:-1], axis=0) / size[:, None]
    r = values - np.repeat(mean, np.diff(starts), axis=0)
    product = np.column_stack([r[:, 0] ** 2, r[:, 0] * r[:, 1], r[:, 1] ** 2])
    return np.column_stack([mean, np.add.reduceat(product, starts[:-1], axis=0)])


def start_of(own: Evaporation, at: Layout, labels: tuple[tuple[str, ...], ...]) -> Array:
    start = np.zeros(at.dimension)
    if at.mean >= 0:
        start[at.mean : at.mean + len(at.sources)] = START["mean"]
        start[at.sds : at.sds + len(labels)] = START["sd"]
    if at.start >= 0:
        start[at.start] = START["start"]
    if ORDERS_OF.get(own.form, (0,))[0] == 2:
        start[at.shape] = SPIKE_LOGIT
    return start
