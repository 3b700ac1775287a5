"""What every store of readings promises. Two implementations keep it: embedded files, and a server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from headwater.stations.ingest import Account, Reason
from headwater.stations.ingest_batch import Accounts
from headwater.stations.readings import Readings
from headwater.stations.series import Series, Station


@dataclass(frozen=True)
class Judged:
    """Quality flags of readings that are in the store.

    Attributes
    ----------
    readings : whose ``flags`` are the new quality flags; only series and time say which they are
    tested : bits that the tests decide on; the other bits of quality stay as they are
    """

    readings: Readings
    tested: int


Judge = Callable[[Readings], Judged]
"""Quality flags of the readings that a batch adds or changes, computed before it is committed."""


@dataclass(frozen=True)
class Receipt:
    """A batch is on disk, whole.

    Attributes
    ----------
    account : of the batch
    stations : accounts of its stations
    rejected : how many of a station were rejected for a reason
    changed : readings that were added or changed, as they now stand
    """

    account: Account
    stations: Accounts
    rejected: Mapping[tuple[str, Reason], int]
    changed: Readings


@dataclass(frozen=True)
class DayMeans:
    """Means of UTC days; days without a value are absent.

    Attributes
    ----------
    series : that ``of`` points into
    of : shape (n,), ascending
    day : shape (n,), datetime64[D], ascending within a series
    mean : shape (n,), SI
    count : shape (n,), values that went in
    """

    series: tuple[Series, ...]
    of: NDArray[np.int32]
    day: NDArray[np.datetime64]
    mean: NDArray[np.float64]
    count: NDArray[np.int64]


@dataclass(frozen=True)
class Verified:
    """What a store says of itself after it was checked from end to end.

    Attributes
    ----------
    problems : in words; none: the store is sound
    readings : distinct series and times
    hot, sealed : rows in the database and in sealed months; a late reading of a sealed month may be in both
    """

    problems: tuple[str, ...]
    readings: int
    hot: int
    sealed: int

    @property
    def sound(self) -> bool:
        """Was nothing found?"""
        return not self.problems

    def summary(self) -> dict[str, object]:
        """The fields by name."""
        return {
            "sound": self.sound, "readings": self.readings, "hot": self.hot, "sealed": self.sealed,
            "problems": list(self.problems),
        }  # fmt: skip


@dataclass(frozen=True)
class Sealed:
    """What was sealed: months such as "2026-05", their rows, and bytes on disk."""

    months: tuple[str, ...] = ()
    rows: int = 0
    bytes: int = field(default=0)


class ReadingStore(Protocol):
    """A store of readings.

    Promises
    --------
    Acknowledged means on disk: when ``commit`` returns, the whole batch survives a killed process and a power
    cut; when it raises, nothing of the batch is in the store. The same readings in any order, any number of
    times and in any batches, with any sealing between, end in the same ``content_hash``.

    Threads : a store may be used from any thread; calls of writing methods wait for each other, reads do not
    wait for a commit and see whole batches only. Processes: one writes (``StoreBusy`` for a second), any
    number read meanwhile.

    Time : everything is UTC; instants are datetime64[us]; ranges are half-open, [start, end). Days are UTC
    days. No method reads the clock: ``now`` is handed in.

    Errors : ``StoreError`` and its kinds, never an error of the database library; a fault of the caller, such
    as writing to a store that was opened for reading, is a ``ValueError``. Unknown series and stations have
    no readings, which is no error.
    """

    def commit(self, batch: Readings, *, now: np.datetime64, judge: Judge | None = None) -> Receipt:
        """Decides on every reading, and keeps readings, newest ones, accounts, flags in one transaction."""

    def revise(self, judged: Judged) -> int:
        """Sets quality flags of readings; those that are not there are passed over. Number changed."""

    def add_stations(self, stations: Iterable[Station]) -> None:
        """Keeps stations; one that is known is replaced."""

    def stations(self) -> tuple[Station, ...]:
        """All stations that were added, by id."""

    def series(self, station: str | None = None) -> tuple[Series, ...]:
        """Series that have been fed, in order; of one station, or all."""

    def read(
        self, series: Sequence[Series] | None, start: np.datetime64, end: np.datetime64, *, sent: bool = False
    ) -> Readings:
        """Readings of [start, end), ordered by series as given and time; None: of all series.

        Their ``flags`` are those that came with them joined with those of quality; ``sent``: those alone.
        """

    def latest(self, series: Sequence[Series] | None = None) -> Readings:
        """The newest reading of each series, in the order given; a missing value counts as a reading."""

    def day_means(
        self, series: Sequence[Series] | None, start: np.datetime64, end: np.datetime64, *, without: int = 0
    ) -> DayMeans:
        """Means of the UTC days of [start, end), without readings that have one of the flags ``without``."""

    def accounts(self) -> Mapping[str, Account]:
        """Account of each station since the store was made."""

    def rejected(self) -> Mapping[tuple[str, Reason], int]:
        """Rejected readings of each station and reason."""

    def seal(self, before: np.datetime64) -> Sealed:
        """Moves months that end at or before this time to where they are read cheaply; late readings join."""

    def verify(self) -> Verified:
        """Checks everything that can be checked."""

    def content_hash(self) -> str:
        """SHA-256 of all readings; depends on neither order of arrival nor on where they lie."""

    def backup(self, path: Path) -> None:
        """Writes a consistent copy to a new folder while the store is in use."""

    def close(self) -> None:
        """Lets go of the store; twice is no error."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
