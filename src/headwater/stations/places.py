"""Where stations stood, and when: the same number may move over the years."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headwater.stations.cma_daily import degrees
from headwater.stations.read_cma_daily import Block

PLACE_COLUMNS = (
    "station", "latitude", "longitude", "altitude", "altitude_estimated", "first_day", "last_day", "overlaps",
)  # fmt: skip
SPANS = 32
"""Spans of a place, from files that came in any order, that are kept before they are joined."""

Place = tuple[int, int, int, int, bool]
"""Station, latitude and longitude as printed, altitude in 0.1 m, estimated or not."""


@dataclass(frozen=True)
class Stay:
    """A place and the days of its first and last reading in a row, as days since 1970-01-01."""

    place: Place
    first: int
    last: int


def stays_of(block: Block) -> Iterator[Stay]:
    """Stays in a block: a new one begins where a station's place is not that of its day before."""
    if not len(block.day):
        return
    columns: list[NDArray[Any]] = [
        block.station, block.latitude, block.longitude, block.altitude, block.estimated, block.day,
    ]  # fmt: skip
    order = np.lexsort((block.day, block.station))
    if (order[1:] < order[:-1]).any():
        columns = [column[order] for column in columns]
    new = np.zeros(len(block.day), bool)
    new[0] = True
    for column in columns[:5]:
        new[1:] |= column[1:] != column[:-1]
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(new)) - 1
    *parts, day = columns
    for row in zip(
        *(part[first].tolist() for part in parts), day[first].tolist(), day[last].tolist(), strict=True
    ):
        yield Stay((row[0], row[1], row[2], row[3], row[4]), row[5], row[6])


class Places:
    """Places of all stations, put together from stays in any order; one that comes twice changes nothing."""

    def __init__(self) -> None:
        self._spans: dict[Place, list[list[int]]] = defaultdict(list)
        self._most: dict[Place, int] = {}

    def add(self, stays: Iterable[Stay]) -> None:
        """Take in stays; those that touch become one."""
        for stay in stays:
            spans = self._spans[stay.place]
            if spans and spans[-1][0] <= stay.first <= spans[-1][1] + 1:
                spans[-1][1] = max(spans[-1][1], stay.last)
                continue
            spans.append([stay.first, stay.last])
            if len(spans) > self._most.get(stay.place, SPANS):
                spans[:] = _joined(spans)
                self._most[stay.place] = max(SPANS, 2 * len(spans))

    def table(self) -> pd.DataFrame:
        """One row a place, ``PLACE_COLUMNS``: degrees, metres, first and last day as printed.

        A station that comes back to a place it left has a row for each stay. ``overlaps`` tells where another
        place of the same station has readings in the same time: elements that disagree on where it stood.
        """
        by_station: dict[int, list[Stay]] = defaultdict(list)
        for place, spans in self._spans.items():
            by_station[place[0]] += [Stay(place, first, last) for first, last in _joined(spans)]
        rows = []
        for station in sorted(by_station):
            stays = _without_breaks(
                sorted(by_station[station], key=lambda stay: (stay.first, stay.last, stay.place))
            )
            before = None
            for stay, following in zip(stays, [*stays[1:], None], strict=True):
                overlaps = before is not None and stay.first <= before
                overlaps |= following is not None and following.first <= stay.last
                rows.append((*stay.place, stay.first, stay.last, overlaps))
                before = stay.last if before is None else max(before, stay.last)
        frame = pd.DataFrame(rows, columns=list(PLACE_COLUMNS))
        whole = {
            name: frame[name].to_numpy(np.int32) for name in ("station", "latitude", "longitude", "altitude")
        }
        frame["station"] = [f"{number:05d}" for number in whole["station"]]
        frame["latitude"], frame["longitude"] = degrees(whole["latitude"]), degrees(whole["longitude"])
        frame["altitude"] = whole["altitude"] / 10
        for name in ("first_day", "last_day"):
            frame[name] = frame[name].to_numpy(np.int64).astype("datetime64[D]").astype("datetime64[s]")
        return frame


def pack(stays: Iterable[Stay]) -> bytes:
    """Stays as text for the metadata of a file."""
    rows = [(*stay.place, stay.first, stay.last) for stay in stays]
    return b64encode(zlib.compress(np.array(rows, "<i4").tobytes()))


def unpack(text: bytes) -> Iterator[Stay]:
    """Stays from what ``pack`` gave."""
    for *place, first, last in np.frombuffer(zlib.decompress(b64decode(text)), "<i4").reshape(-1, 7).tolist():
        yield Stay((place[0], place[1], place[2], place[3], bool(place[4])), first, last)


def _joined(spans: list[list[int]]) -> list[list[int]]:
    """Spans in order, those that touch as one."""
    joined: list[list[int]] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + 1:
            joined[-1][1] = max(joined[-1][1], last)
        else:
            joined.append([first, last])
    return joined


def _without_breaks(stays: list[Stay]) -> list[Stay]:
    """Stays of one station; two at the same place with nothing else between them become one."""
    kept: list[Stay] = []
    for stay in stays:
        if kept and kept[-1].place == stay.place:
            kept[-1] = Stay(stay.place, kept[-1].first, max(kept[-1].last, stay.last))
        else:
            kept.append(stay)
    return kept
