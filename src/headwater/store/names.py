"""Numbers of series and of texts in a store, and readings by name as rows by number."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

import numpy as np

from headwater.stations.readings import Readings, readings
from headwater.stations.series import Series
from headwater.store.rows import Ints, Rows

SERIES = (
    "SELECT id, station, variable, depth_from_mm, depth_to_mm, sensor FROM series WHERE id > ? ORDER BY id"
)
NEW_SERIES = (
    "INSERT INTO series (station, variable, depth_from_mm, depth_to_mm, sensor) "
    "VALUES (?, ?, ?, ?, ?) RETURNING id"
)
TEXTS = "SELECT id, text FROM said WHERE id > ? ORDER BY id"
NEW_TEXT = "INSERT INTO said (text) VALUES (?) RETURNING id"


class Names:
    """What one connection knows of names; others may add to them, none is ever taken away."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Starts anew, after names were added and the transaction was taken back."""
        self.series: dict[Series, int] = {}
        self.texts: dict[str, int] = {}
        self._series_by_number: dict[int, Series] = {}
        self._text_by_number: dict[int, str] = {}
        self._last_series, self._last_text = 0, -1

    def refresh(self, connection: sqlite3.Connection) -> None:
        """Learns names that were added since."""
        for number, *parts in connection.execute(SERIES, (self._last_series,)):
            self._keep_series(number, Series(*parts))
        for number, text in connection.execute(TEXTS, (self._last_text,)):
            self._keep_text(number, text)

    def numbers(self, series: Iterable[Series]) -> Ints:
        """Number of each series; 0 where it has none."""
        return np.array([self.series.get(one, 0) for one in series], np.int64)

    def add(self, connection: sqlite3.Connection, series: Iterable[Series], texts: Iterable[str]) -> None:
        """Gives numbers to those that have none."""
        for one in series:
            if one not in self.series:
                self._keep_series(connection.execute(NEW_SERIES, one).fetchone()[0], one)
        for text in texts:
            if text not in self.texts:
                self._keep_text(connection.execute(NEW_TEXT, (text,)).fetchone()[0], text)

    def rows(self, table: Readings, numbers: Ints | None = None) -> Rows:
        """Readings whose names are known as rows; ``numbers`` of its series where they are at hand."""
        numbers = self.numbers(table.series) if numbers is None else numbers
        texts = np.array([self.texts.get(text, 0) for text in table.said], np.int64)
        return Rows(
            numbers[table.of],
            table.time.astype(np.int64),
            table.value,
            table.flags.view(np.int64),
            np.zeros(len(table), np.int64),
            table.state.astype(np.int64),
            table.version,
            texts[table.says],
        )

    def readings(self, rows: Rows, series: Sequence[Series] | None = None, *, flags: Ints) -> Readings:
        """Rows as readings of these series, by default of those that occur."""
        if series is None:
            used = np.unique(rows.series)
            series, of = self.named(used), np.searchsorted(used, rows.series)
        else:
            numbers = self.numbers(series)
            order = np.argsort(numbers, kind="stable")
            of = order[np.searchsorted(numbers, rows.series, sorter=order)] if len(rows) else rows.series
        used = np.unique(rows.said)
        texts = [self._text_by_number[number] for number in used.tolist()]
        said = ("", *(text for text in texts if text))
        place = np.array([said.index(text) for text in texts], np.int32)
        return readings(
            series,
            of,
            rows.time.view("datetime64[us]"),
            rows.value,
            flags=flags.view(np.uint64),
            state=rows.state,
            version=rows.version,
            said=said,
            says=place[np.searchsorted(used, rows.said)] if len(rows) else 0,
        )

    def named(self, numbers: Ints) -> tuple[Series, ...]:
        """Series with these numbers."""
        return tuple(self._series_by_number[number] for number in numbers.tolist())

    def text(self, number: int) -> str:
        """What a provider said."""
        return self._text_by_number[number]

    def _keep_series(self, number: int, one: Series) -> None:
        self.series[one], self._series_by_number[number] = number, one
        self._last_series = max(self._last_series, number)

    def _keep_text(self, number: int, text: str) -> None:
        self.texts[text], self._text_by_number[number] = number, text
        self._last_text = max(self._last_text, number)
