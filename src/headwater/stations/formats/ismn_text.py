"""Readings of one series as a file of the ISMN, header and values; ``ismn.parse`` reads back the same."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headwater.errors import InputRefused
from headwater.stations.clock import FIRST_YEAR, LAST_YEAR
from headwater.stations.formats.ismn_lines import MISSING, ismn_words, value_of
from headwater.stations.formats.ismn_names import Place, header_place
from headwater.stations.parsed import shown
from headwater.stations.read_flags import flag_words
from headwater.stations.read_variables import variables
from headwater.stations.readings import Readings, State
from headwater.stations.series import Series, Station

NO_VALUE = "-9999.0000"
NOT_SPECIFIED = "n.s."
_MINUTE = np.timedelta64(1, "m")
_NOT_IN_NAMES = re.compile(r'[\s_/\\:*?"<>|\x00-\x1f]+')


@dataclass(frozen=True)
class IsmnText:
    """A file that is ready to be written.

    Attributes
    ----------
    name : of the file
    data : its bytes
    readings : lines with values
    not_written : what the format has no place for → in how many readings: codes of flags that are not the
        ISMN's; "state" that its flags do not imply, or deny; "version"; "digits" beyond those that are kept
    """

    name: str
    data: bytes
    readings: int
    not_written: dict[str, int]


def render(rows: Readings, series: Series, station: Station) -> IsmnText:
    """The file of one series, in order of time.

    A reading that is not flagged gets U (not tested). Values have 4 decimals, or as many as they need.

    Raises
    ------
    InputRefused
        The format has no place for what is asked: a variable, depth, name, coordinate, time or provider flag.
    """
    code, units = variables()[series.variable].ismn, variables()[series.variable].ismn_units
    called = f"station {shown(series.station)}, {series.variable} at {series.depth or 'no depth'} m"
    if not code:
        known = ", ".join(one.name for one in variables().values() if one.ismn)
        raise InputRefused(
            f"{called}: the ISMN has no such variable; it has {known}. Write it as netCDF or CSV."
        )
    head = _header(series, station, called)
    mine = rows.of_series(series)
    times = _times(mine.time, called)
    numbers, digits = _numbers(mine.value, series.variable, units, called)
    flags, lost = _flags(mine)
    said = _said(mine, called)
    lines = [
        f"{time} {number:>8} {flag} {one}".rstrip()
        for time, number, flag, one in zip(times, numbers, flags, said, strict=True)
    ]
    lost |= {"version": int((mine.version != 0).sum()), "digits": digits}
    return IsmnText(
        name=file_name(series, station, code, mine.time),
        data="".join(f"{line}\r\n" for line in (head, *lines)).encode("utf-8"),
        readings=len(mine),
        not_written={what: many for what, many in lost.items() if many},
    )


def file_name(series: Series, station: Station, code: str, time: NDArray[np.datetime64]) -> str:
    """Name of a file: blanks, underscores and signs that file systems refuse become hyphens."""
    network, name, sensor = (
        _NOT_IN_NAMES.sub("-", text)
        for text in (station.network, station.name, series.sensor or NOT_SPECIFIED)
    )
    top, bottom = ((depth or 0) / 1000 for depth in (series.depth_from_mm, series.depth_to_mm))
    days = (
        [str(at)[:10].replace("-", "") for at in (time.min(), time.max())] if len(time) else ["19000101"] * 2
    )
    return "_".join((network, network, name, code, f"{top:.6f}", f"{bottom:.6f}", sensor, *days)) + ".stm"


def _header(series: Series, station: Station, called: str) -> str:
    """The header, read back to be sure."""
    top, bottom, latitude, longitude = (
        series.depth_from_mm, series.depth_to_mm, station.latitude, station.longitude,
    )  # fmt: skip
    if top is None or bottom is None or latitude is None or longitude is None:
        raise InputRefused(
            f"{called}: latitude {latitude}, longitude {longitude}, depth {series.depth or 'none'}; a file "
            "of the "
            "ISMN states all of them. Complete the table of stations (depth 0 for precipitation and snow, "
            "the "
            "height as a negative depth for air temperature)."
        )
    place = Place(
        station.network, station.network, station.name, latitude, longitude, station.altitude_m,
        top, bottom, series.sensor,
    )  # fmt: skip
    altitude = "NaN" if place.altitude_m is None else _exact(place.altitude_m, 2)
    head = (
        f"{place.cse:<10} {place.network:<15} {place.station:<15} {_exact(latitude, 5):>10} "
        f"{_exact(longitude, 5):>11} {altitude:>7} {_exact(top / 1000, 2):>7} {_exact(bottom / 1000, 2):>7} "
        f"{place.sensor}"
    ).rstrip()
    if header_place(head) != place:
        raise InputRefused(
            f"{called}: a header made of network {shown(station.network)!r}, name {shown(station.name)!r}, "
            "sensor "
            f"{shown(series.sensor)!r}, {latitude}, {longitude}, {place.altitude_m} m cannot be read back. "
            "Allowed "
            "are a network without blanks and names that do not look like coordinates; rename them."
        )
    return head


def _exact(number: float, decimals: int) -> str:
    """With so many decimals, or more where it has more."""
    text = f"{number:.{decimals}f}"
    return text if float(text) == number else np.format_float_positional(number, trim="0")


def _times(time: NDArray[np.datetime64], called: str) -> list[str]:
    minutes = time.astype("datetime64[m]")
    years = minutes.astype("datetime64[Y]").astype(np.int64) + 1970
    wrong = (minutes.astype(time.dtype) != time) | (years < FIRST_YEAR) | (years > LAST_YEAR)
    if wrong.any():
        raise InputRefused(
            f"{called}: time {time[wrong][0]} and {int(wrong.sum()) - 1} more; a file of the ISMN has "
            "whole minutes "
            f"from {FIRST_YEAR} to {LAST_YEAR}. Average to minutes or hours first, or write netCDF or CSV."
        )
    texts: list[str] = np.datetime_as_string(minutes, unit="m").tolist()
    return [text.replace("-", "/").replace("T", " ") for text in texts]


def _numbers(values: NDArray[np.float64], name: str, units: str, called: str) -> tuple[list[str], int]:
    """Printed numbers, and how many of them were rounded."""
    variable = variables()[name]
    numbers = variable.from_si(values, units)
    factor, offset = variable.conversion(units, where=called)
    other = variable.to_si(numbers, units, where=called) != values
    closer = other & (variable.to_si((values - offset) / factor, units, where=called) == values)
    numbers = np.where(closer, (values - offset) / factor, numbers)
    wrong = np.isinf(numbers) | np.isin(numbers, MISSING)
    texts = [NO_VALUE if number != number else _exact(number, 4) for number in numbers.tolist()]
    wrong |= np.array([value_of(text) is None for text in texts], bool)
    if wrong.any():
        raise InputRefused(
            f"{called}: value {values[wrong][0]} and {int(wrong.sum()) - 1} more; a file of the ISMN has "
            "finite "
            f"numbers other than {', '.join(f'{one:g}' for one in MISSING)}. Set these readings missing."
        )
    return texts, int((other & ~closer & ~np.isnan(values)).sum())


def _flags(mine: Readings) -> tuple[list[str], dict[str, int]]:
    """Printed flags, and what of flags and states is not written."""
    words, every = ismn_words(), flag_words()
    masks, back = np.unique(mine.flags, return_inverse=True)
    texts = [words.text(mask) or "U" for mask in masks.tolist()]
    lost = {
        code: int((mine.flags >> np.uint64(bit) & np.uint64(1)).sum())
        for code, bit in every.bits.items()
        if code not in words.bits
    }
    unknown = ~np.uint64(sum(1 << bit for bit in every.bits.values()))
    lost["unknown bits"] = int(((mine.flags & unknown) != 0).sum())
    frozen = (mine.flags & np.uint64(words.mask(["D01", "D03"]))) != 0
    lost["state"] = int((mine.state != np.where(frozen, State.FROZEN.value, 0)).sum())
    return [texts[at] for at in back.tolist()], lost


def _said(mine: Readings, called: str) -> list[str]:
    for number in np.unique(mine.says).tolist():
        text = mine.said[number]
        if text != text.strip() or not text.isprintable():
            raise InputRefused(
                f"{called}: provider flag {shown(text)!r}; a file of the ISMN has printable ones without "
                "blanks "
                "around them. Replace it."
            )
    return [mine.said[number] for number in mine.says.tolist()]
