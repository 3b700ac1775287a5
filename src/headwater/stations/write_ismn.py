"""Writes series as files of the ISMN, header and values, in folders NETWORK/STATION as in a download."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from headwater.errors import InputRefused
from headwater.stations.formats.ismn_text import render
from headwater.stations.parsed import shown
from headwater.stations.readings import Readings
from headwater.stations.series import Series, Station

_NOT_IN_FOLDERS = re.compile(r'[\s/\\:*?"<>|\x00-\x1f]+')


@dataclass(frozen=True)
class WrittenIsmn:
    """Files that were written.

    Attributes
    ----------
    files : in order of the series
    readings : in them
    not_written : what the format has no place for → in how many readings, as in ``IsmnText``
    """

    files: tuple[Path, ...]
    readings: int
    not_written: dict[str, int]

    def summary(self) -> str:
        """The account in words."""
        lost = ", ".join(f"{what} of {many}" for what, many in self.not_written.items()) or "nothing"
        return f"{len(self.files)} files, {self.readings} readings; without a place in the format: {lost}"


def write_ismn(rows: Readings, stations: Iterable[Station], folder: Path) -> WrittenIsmn:
    """One file for each series that has readings; nothing is written where one cannot be.

    Parameters
    ----------
    stations : of all series; their coordinates and names go into headers
    folder : made if need be; files of the same names are replaced

    Raises
    ------
    InputRefused
        A series has no station, two would share a file, or as ``render`` says.
    """
    known = {one.id: one for one in stations}
    made: dict[Path, tuple[Series, bytes]] = {}
    lost: dict[str, int] = {}
    for series in (rows.series[at] for at in sorted(set(rows.of.tolist()))):
        station = station_of(series, known)
        text = render(rows, series, station)
        path = folder / _folder(station.network) / _folder(station.name) / text.name
        if path in made:
            raise InputRefused(
                f"series {shown(made[path][0])} and {shown(series)} would both be written to {path.name}. "
                "Give their "
                "sensors different names."
            )
        made[path] = series, text.data
        lost = {what: lost.get(what, 0) + text.not_written.get(what, 0) for what in lost | text.not_written}
    for path, (_, data) in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.write_bytes(data)
        part.replace(path)
    return WrittenIsmn(tuple(made), len(rows), lost)


def station_of(series: Series, known: dict[str, Station]) -> Station:
    """The station of a series.

    Raises
    ------
    InputRefused
        It is not among those that are known.
    """
    if series.station not in known:
        listed = shown(", ".join(known)) or "none"
        raise InputRefused(
            f"station {shown(series.station)!r} is not among the stations that are given ({listed}), so its "
            "coordinates are not known. Add it."
        )
    return known[series.station]


def _folder(name: str) -> str:
    """A name that every file system takes, and that stays below its folder."""
    plain = _NOT_IN_FOLDERS.sub("-", name)
    return "-" if plain in ("", ".", "..") else plain
