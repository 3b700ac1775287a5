"""What end-member mixing cannot use, each with its reason."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from headwater.errors import InputRefused
from headwater.mixing.endmembers import Array, EndMembers

_EXACT = 1e-6  # residual / spread below which a tracer is a linear function of others
_ROUNDED = 1.5  # residual / what rounding alone would leave
_SMALL = 0.2  # a residual above 20 % of the spread is never put down to rounding


def check_tracers(values: ArrayLike, tracers: Sequence[str]) -> None:
    """Nothing, if every tracer says something the others do not.

    Each tracer is regressed on those before it. It is refused where the residual is no larger than the
    rounding of the numbers explains, as for d-excess = δ2H − 8 δ18O beside both.

    Parameters
    ----------
    values : float, shape (n, J)
    tracers : J names

    Raises
    ------
    InputRefused
        A missing value, a name twice, a constant tracer, fewer than J + 2 waters, or a tracer that is a
        linear function of others; the message names them.
    """
    x = np.asarray(values, dtype=float)
    _check_names(tracers)
    if x.ndim != 2 or x.shape[1] != len(tracers):
        raise InputRefused(f"values of shape {x.shape}; one column for each of {tuple(tracers)} is needed")
    missing = ~np.isfinite(x).all(axis=0)
    if missing.any():
        name = tracers[int(np.flatnonzero(missing)[0])]
        raise InputRefused(f"tracer {name} has missing values: leave these waters out or drop the tracer")
    if len(x) < len(tracers) + 2:
        raise InputRefused(
            f"{len(x)} waters and {len(tracers)} tracers: at least {len(tracers) + 2} waters are needed "
            "to see which tracers vary together; add waters or drop tracers"
        )
    spread = x.std(axis=0)
    for name, sd, level in zip(tracers, spread, np.abs(x).max(axis=0), strict=True):
        if sd <= 1e-12 * level or sd == 0.0:
            raise InputRefused(f"tracer {name} is constant: it cannot tell sources apart; drop it")
    step = np.array([_step(column) for column in x.T])
    for last in range(1, len(tracers)):
        _check_dependent(x[:, : last + 1], tracers[: last + 1], spread[: last + 1], step[: last + 1])


def check_sources(sources: EndMembers) -> None:
    """Nothing, if the sources can be used as end members.

    Raises
    ------
    InputRefused
        One source; a missing value; a tracer twice or linearly dependent; a source of a single water;
        a source without any spread.
    """
    if len(sources.names) < 2:
        raise InputRefused(
            "one source: nothing to mix; at least two are needed, "
            f"only {', '.join(sources.names) or 'none'} is there: add a source or take another period"
        )
    _check_names(sources.tracers)
    for k, name in enumerate(sources.names):
        if not (np.isfinite(sources.mean[k]).all() and np.isfinite(sources.mean_covariance[k]).all()):
            raise InputRefused(f"source {name}: its mean or the error of it is missing; leave it out")
        if sources.n[k] == 1:
            raise InputRefused(
                f"source {name}: one water only, so its spread is unknown; "
                "at least two are needed: pool it with another source, widen its window or leave it out"
            )
        still = np.diag(sources.covariance[k]) <= 0.0
        if sources.n[k] > 1 and still.any():
            raise InputRefused(
                f"source {name}: all {sources.n[k]} waters have the same "
                f"{sources.tracers[int(np.flatnonzero(still)[0])]}, so its error would be 0; "
                "check for copied values or drop the tracer"
            )
    check_dependence(sources)


def check_dependence(sources: EndMembers) -> None:
    """Nothing, if no tracer is an exact linear function of others within all well-sampled sources.

    Raises
    ------
    InputRefused
        The covariance between waters is singular; the message names the tracers that hang together.
    """
    enough = sources.n > len(sources.tracers) + 1
    spread = sources.covariance[enough]
    if len(spread) == 0 or len(sources.tracers) < 2:
        return
    pooled = spread.mean(axis=0)
    sd = np.sqrt(np.diag(pooled))
    if not (sd > 0.0).all():
        return
    values, vectors = np.linalg.eigh(pooled / np.outer(sd, sd))
    if values[0] > _EXACT**2:
        return
    together = [name for name, part in zip(sources.tracers, vectors[:, 0], strict=True) if abs(part) > 1e-3]
    raise InputRefused(_dependent_message(together))


def _check_names(tracers: Sequence[str]) -> None:
    twice = sorted({name for name in tracers if list(tracers).count(name) > 1})
    if twice:
        raise InputRefused(f"tracer {twice[0]} is given twice: it would count double; name each one once")


def _check_dependent(x: Array, tracers: Sequence[str], spread: Array, step: Array) -> None:
    """Raises where the last column is a linear function of the columns before it."""
    before, last = x[:, :-1] - x[:, :-1].mean(axis=0), x[:, -1] - x[:, -1].mean()
    slope = np.linalg.lstsq(before / spread[:-1], last, rcond=1e-12)[0] / spread[:-1]
    residual = np.sqrt(((last - before @ slope) ** 2).sum() / (len(x) - len(tracers)))
    rounding = np.sqrt((slope**2 @ step[:-1] ** 2 + step[-1] ** 2) / 12.0)
    alike = residual / spread[-1]
    if alike > _EXACT and (alike > _SMALL or residual > _ROUNDED * rounding):
        return
    parts = np.abs(slope) * spread[:-1] / spread[-1]
    together = [name for name, part in zip(tracers[:-1], parts, strict=True) if part > 0.02]
    raise InputRefused(_dependent_message([*together, tracers[-1]]))


def _dependent_message(together: Sequence[str]) -> str:
    names = ", ".join(together)
    return (
        f"tracers {names} are linearly dependent: one of them follows from the others and says nothing new "
        "(d-excess is δ2H − 8 δ18O); only independent tracers can be used: drop one of these"
    )


def _step(column: Array) -> float:
    """Rounding step of a column, [its unit]: the smallest 10⁻ᵈ, d ≤ 6, that all values are multiples of."""
    for decimals in range(7):
        if np.abs(column - np.round(column, decimals)).max() <= 1e-9 * max(1.0, np.abs(column).max()):
            return float(10.0**-decimals)
    return 0.0
