"""Readings: what stations measured, as columns. Every format gives these, every store keeps these."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntFlag
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.stations.series import Series

Times = NDArray[np.datetime64]


class State(IntFlag):
    """What the ground was like at a reading; says nothing of its quality."""

    NONE = 0
    FROZEN = 1
    SNOW = 2


@dataclass(frozen=True)
class Readings:
    """Columns of n readings, in any order.

    Attributes
    ----------
    series : distinct series that ``of`` points into
    of : shape (n,), int32
    time : shape (n,), datetime64[us], UTC; the instant, or the end of the interval of a mean or sum
    value : shape (n,), float64, SI; NaN where the source says that it has none
    flags : shape (n,), uint64, bits of ``data/quality_flags.toml``; 0: not flagged
    state : shape (n,), uint8, bits of ``State``
    version : shape (n,), int64; of two readings of one series and time the higher version holds. 0 where a
        source has no notion of versions
    said : distinct flags as providers wrote them, the empty one first
    says : shape (n,), int32, index into ``said``
    """

    series: tuple[Series, ...]
    of: NDArray[np.int32]
    time: Times
    value: NDArray[np.float64]
    flags: NDArray[np.uint64]
    state: NDArray[np.uint8]
    version: NDArray[np.int64]
    said: tuple[str, ...]
    says: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.time)

    def take(self, rows: Any) -> Readings:
        """The readings at these rows (indices, a mask or a slice); ``series`` and ``said`` stay."""
        columns = ("of", "time", "value", "flags", "state", "version", "says")
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})

    def of_series(self, one: Series) -> Readings:
        """Those of one series, in order of time."""
        found = self.take(self.of == self.series.index(one)) if one in self.series else self.take(slice(0, 0))
        return found.take(np.argsort(found.time, kind="stable"))


def readings(
    series: Sequence[Series],
    of: ArrayLike,
    time: ArrayLike,
    value: ArrayLike,
    *,
    flags: ArrayLike = 0,
    state: ArrayLike = 0,
    version: ArrayLike = 0,
    said: Sequence[str] = ("",),
    says: ArrayLike = 0,
) -> Readings:
    """Readings from columns; a single number stands for a column of it.

    Raises
    ------
    ValueError
        Columns of different lengths, or an index that points nowhere: a fault of the caller.
    """
    at = np.asarray(time, dtype="datetime64[us]")
    made = Readings(
        series=tuple(series),
        of=_column(of, np.int32, at.shape),
        time=at,
        value=_column(value, np.float64, at.shape),
        flags=_column(flags, np.uint64, at.shape),
        state=_column(state, np.uint8, at.shape),
        version=_column(version, np.int64, at.shape),
        said=tuple(said),
        says=_column(says, np.int32, at.shape),
    )
    if len(made) and (made.of.max() >= len(made.series) or made.says.max() >= len(made.said)):
        raise ValueError("an index points beyond the series or the provider flags")
    if len(set(made.series)) < len(made.series) or len(set(made.said)) < len(made.said):
        raise ValueError("a series or a provider flag comes twice")
    return made


def no_readings() -> Readings:
    """An empty table."""
    return readings((), [], [], [])


def join(parts: Iterable[Readings]) -> Readings:
    """All readings of the parts, one after another; series that are equal become one."""
    kept = [part for part in parts if len(part)]
    if len(kept) < 2:
        return kept[0] if kept else no_readings()
    series = {one: at for at, one in enumerate(dict.fromkeys(s for part in kept for s in part.series))}
    said = {one: at for at, one in enumerate(dict.fromkeys(s for part in kept for s in part.said))}
    return readings(
        tuple(series),
        np.concatenate([np.array([series[s] for s in part.series], np.int32)[part.of] for part in kept]),
        np.concatenate([part.time for part in kept]),
        np.concatenate([part.value for part in kept]),
        flags=np.concatenate([part.flags for part in kept]),
        state=np.concatenate([part.state for part in kept]),
        version=np.concatenate([part.version for part in kept]),
        said=tuple(said),
        says=np.concatenate([np.array([said[s] for s in part.said], np.int32)[part.says] for part in kept]),
    )


def _column(given: ArrayLike, kind: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    column = np.asarray(given, dtype=kind)
    if column.ndim == 0:
        return np.full(shape, column, kind)
    if column.shape != shape or len(shape) != 1:
        raise ValueError(f"a column of shape {column.shape} beside times of shape {shape}")
    return column
