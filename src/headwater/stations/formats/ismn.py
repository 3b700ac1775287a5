"""Files of the International Soil Moisture Network (ISMN): header and values, and the two CEOP forms.

* *Header and values*: one line that says where and how deep, then ``YYYY/MM/DD HH:MM value flags provider``.
* *CEOP, one variable a file*: nominal and actual time, place, value, flags, provider flag on every line.
* *CEOP reference format*: the same with soil temperature and soil moisture on one line, each with its flag,
  and all depths of a station in one file.

Times are UTC, in CEOP files the actual one, which is what header-and-values files print. Lines end with
``\\r\\n``, ``\\n\\r``, ``\\r`` or ``\\n``, mixed in one file. The variable stands in the name of
the file alone. Source: Readme.txt of a download (ismn.earth); Dorigo et al. 2013, doi:10.2136/vzj2012.0097.

Decisions: −9999, −999.99 and NaN are no value and get the flag M. A value whose flag is not known is kept,
without that flag, as a problem. D01 and D03 (soil below 0 °C in situ, in a model) set ``State.FROZEN`` beside
their flags; D02 (air) does not, since frost of the air alone freezes no soil. A sensor that is not named and
"n.s." (not specified) are kept as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from headwater.errors import InputRefused
from headwater.stations.formats.ismn_file import File, Part
from headwater.stations.formats.ismn_lines import MOST_LINE, Form, Ints, ismn_words
from headwater.stations.formats.ismn_names import parse_file_name
from headwater.stations.parsed import MOST_PROBLEMS, Parsed, Problem, shown
from headwater.stations.readings import Readings, State, readings
from headwater.stations.series import Series, Station

MOST_LINES = 5_000_000
"""Of one file; 47 years of 5-minute values."""
BLOCK_LINES = 16_384
_ENDS = re.compile(rb"\r\n?|\n\r")


def parse(data: bytes, *, name: str, variable: str = "", fast: bool = True) -> Parsed:
    """Readings of a file.

    Parameters
    ----------
    name : of the file; tells the variable
    variable : over what the name says, such as "soil_moisture"
    fast : False: every line by itself, for tests that compare

    Raises
    ------
    InputRefused
        The file begins with no header and no CEOP line, or has more than ``MOST_LINES``.
    UnitsUnclear
        Neither name nor argument tells the variable, so that units are unknown.
    """
    text = _ENDS.sub(b"\n", data.removeprefix(b"\xef\xbb\xbf"))
    if text.count(b"\n") > MOST_LINES:
        raise InputRefused(f"{name}: more than {MOST_LINES} lines. Download a shorter period.")
    padded = np.frombuffer(text + b" " * (2 * MOST_LINE), np.uint8)
    ends = np.append(np.flatnonzero(padded[: len(text)] == 10), len(text))
    starts = np.concatenate([[0], ends[:-1] + 1])
    lines = len(ends) - (not text or text.endswith(b"\n"))
    file = File(text, starts[:lines], ends[:lines], name, parse_file_name(name))
    file.recognise(variable)
    stops = range(file.first, lines, BLOCK_LINES)
    parts = [part for at in stops for part in file.block(padded, at, min(at + BLOCK_LINES, lines), fast)]
    made, places = _readings(file, parts)
    stations = _stations(file, places)
    return Parsed(
        readings=made,
        stations=stations,
        problems=tuple(sorted(file.problems, key=lambda one: one.line)[:MOST_PROBLEMS]),
        lines=lines,
        used=lines - file.blank - file.left_out,
        blank=file.blank,
        left_out=file.left_out,
    )


def _readings(file: File, parts: Sequence[Part]) -> tuple[Readings, Ints]:
    """Readings in the order of the file, and the places that they are from or that headers name."""
    headed = np.array([place for _, place in file.heads], np.int64)
    if not parts:
        return readings((), [], [], []), headed
    columns = _in_order(parts)
    place, column = columns["place"], columns["column"]
    if len(headed):
        below = np.array([line for line, _ in file.heads])
        place = headed[np.searchsorted(below, columns["line"]) - 1]
    _tell_moved(file, columns)
    value = np.empty(len(place))
    for at, variable in enumerate(file.columns):
        mine = column == at
        value[mine] = variable.to_si(columns["number"][mine], variable.ismn_units, where=file.name)
    of, series = _series(file, place, column)
    says, said = _by_first(columns["says"], list(file.words.said), always=0)
    none, frozen = (np.uint64(ismn_words().mask(codes)) for codes in (["M"], ["D01", "D03"]))
    flags = np.where(np.isnan(value), columns["flags"] | none, columns["flags"])
    made = readings(
        series, of, columns["time"].view("datetime64[us]"), value,
        flags=flags, state=np.where(flags & frozen, State.FROZEN.value, 0), said=said, says=says,
    )  # fmt: skip
    return made, np.concatenate([place, headed])


def _in_order(parts: Sequence[Part]) -> dict[str, Any]:
    names = ("line", "time", "number", "flags", "says", "moved")
    columns = {name: np.concatenate([getattr(part.rows, name) for part in parts]) for name in names}
    columns["place"] = np.concatenate([part.place for part in parts])
    columns["column"] = np.concatenate([part.column for part in parts])
    order = np.lexsort((columns["column"], columns["line"]))
    return {name: values[order] for name, values in columns.items()}


def _series(file: File, place: Ints, column: Ints) -> tuple[Ints, list[Series]]:
    """Which series each reading is of; two places that differ in coordinates alone share theirs."""
    sensor = file.named.sensor if file.named and file.form is not Form.HEADER else ""
    pairs, back = np.unique(place * len(file.columns) + column, return_inverse=True)
    known = list(file.places)
    series: dict[Series, int] = {}
    numbers = np.empty(len(pairs), np.int64)
    for at, pair in enumerate(pairs.tolist()):
        where, which = divmod(pair, len(file.columns))
        one = known[where].series(file.columns[which], sensor)
        numbers[at] = series.setdefault(one, len(series))
    return _by_first(numbers[back], list(series))


def _tell_moved(file: File, columns: dict[str, Any]) -> None:
    moved = np.unique(columns["line"][columns["moved"]])
    if len(moved):
        found = f"differs from the nominal time in {len(moved)} lines from here on"
        action = "actual time used, nominal left"
        file.problems.append(Problem(int(moved[0]) + 1, "time", found, "one time", action))


def _stations(file: File, places: Ints) -> tuple[Station, ...]:
    """Stations in the order of the file; of one that is described in two ways the first holds."""
    numbers, first = np.unique(places, return_index=True)
    known = list(file.places)
    found: dict[str, Station] = {}
    for number in numbers[np.argsort(first)].tolist():
        one = known[number].described()
        if found.setdefault(one.id, one) != one:
            where = f"{one.latitude:g}, {one.longitude:g}, {one.altitude_m} m"
            expected = f"coordinates of {shown(one.id)} as at first"
            file.tell(Problem(0, "place", where, expected, "the first ones hold"))
    return tuple(found.values())


def _by_first(index: Ints, names: list[Any], *, always: int = -1) -> tuple[Ints, list[Any]]:
    """The index and those names that it points to, in order of the first; ``always`` before all."""
    numbers, first, back = np.unique(index, return_index=True, return_inverse=True)
    order = np.argsort(np.where(numbers == always, -1, first), kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    kept = [names[number] for number in numbers[order].tolist()]
    if always >= 0 and always not in numbers:
        return place[back] + 1, [names[always], *kept]
    return place[back], kept
