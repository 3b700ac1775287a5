"""Compiled: lines of whole numbers between blanks, checked one by one, as the daily files of CMA hold them.

No general reader of tables takes lines with any number of blanks between numbers, and tells which line and
column is damaged, at the speed of reading the file.
"""

from __future__ import annotations

import numpy as np
from numba import njit

NOT_A_NUMBER, COLUMNS, STATION, LATITUDE, LONGITUDE, ALTITUDE, DATE, MONTH, QUALITY, DUPLICATE = range(1, 11)
"""What is wrong with a line."""

HEAD = 7
NEW_LINE, RETURN, BLANK, TAB, MINUS, ZERO, NINE = 10, 13, 32, 9, 45, 48, 57
MOST_DIGITS = 9


@njit("int64(int64, int64, int64)", nogil=True, cache=True, error_model="numpy")
def day_number(year, month, day):  # type: ignore[no-untyped-def]
    """Days since 1970-01-01 of a date of the Gregorian calendar."""
    shifted = year - (month <= 2)
    era = shifted // 400
    in_era = shifted - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + in_era * 365 + in_era // 4 - in_era // 100 + of_year - 719468


@njit("int64(int64, int64)", nogil=True, cache=True, error_model="numpy")
def days_in(year, month):  # type: ignore[no-untyped-def]
    """Days of a month."""
    following = day_number(year + month // 12, month % 12 + 1, 1)
    return following - day_number(year, month, 1)


@njit(
    "int64(int32[::1], int64[::1], int64, boolean[::1], int64, int64, int64, int64)",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def fault_of(line, digits, values, quality, month, lowest, highest, estimated):  # type: ignore[no-untyped-def]
    """What is wrong with the numbers of a line, as (kind · 100 + column); 0 where nothing is."""
    if digits[0] != 5 or line[0] < 0:
        return STATION * 100
    for column, largest in ((1, 9000), (2, 18000)):
        if abs(line[column]) > largest or abs(line[column]) % 100 >= 60:
            return (LATITUDE if column == 1 else LONGITUDE) * 100 + column
    altitude = line[3]
    if altitude > highest:
        altitude -= estimated
    if altitude < lowest or altitude > highest:
        return ALTITUDE * 100 + 3
    if line[4] < 1900 or line[4] > 2199:
        return DATE * 100 + 4
    if line[5] < 1 or line[5] > 12:
        return DATE * 100 + 5
    if line[6] < 1 or line[6] > days_in(line[4], line[5]):
        return DATE * 100 + 6
    if month != 0 and line[4] * 100 + line[5] != month:
        return MONTH * 100 + 5
    for column in range(HEAD + values, HEAD + 2 * values):
        if line[column] < 0 or line[column] >= quality.size or not quality[line[column]]:
            return QUALITY * 100 + column
    return 0


@njit(
    "UniTuple(int64, 4)(uint8[::1], int64, boolean[::1], int64, int64, int64, int64, int32[:, ::1],"
    " int64[::1], int64[:, ::1])",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def parse_lines(  # type: ignore[no-untyped-def]
    text, values, quality, month, lowest, highest, estimated, out, number, faults
):
    """Reads lines, each closed by a line feed; a column of ``out`` for each line that is good.

    ``out``: station, latitude, longitude, altitude, day number, values, quality codes. ``number``: which line
    of the text it was, from 0. ``faults``, a row for each refused line: line, kind, column from 0, first byte
    and end of what was found.

    Returns
    -------
    lines, of which blank, columns of ``out``, rows of ``faults``
    """
    expected = HEAD + 2 * values
    line = np.empty(expected, np.int32)
    digits = np.empty(expected, np.int64)
    starts = np.empty(expected + 1, np.int64)
    ends = np.empty(expected + 1, np.int64)
    lines, blank, rows, refused = 0, 0, 0, 0
    at, size = 0, text.size
    while at < size:
        first, columns, kind, column = at, 0, 0, 0
        while True:
            while text[at] == BLANK or text[at] == TAB or text[at] == RETURN:
                at += 1
            if text[at] == NEW_LINE:
                break
            start, sign, number_value, many = at, 1, 0, 0
            if text[at] == MINUS:
                sign = -1
                at += 1
            while text[at] >= ZERO and text[at] <= NINE:
                number_value = number_value * 10 + (text[at] - ZERO)
                many += 1
                at += 1
                if many > MOST_DIGITS:
                    break
            whole = many > 0 and many <= MOST_DIGITS
            while text[at] != BLANK and text[at] != TAB and text[at] != RETURN and text[at] != NEW_LINE:
                whole = False
                at += 1
            if columns < expected:
                line[columns], digits[columns] = sign * number_value, many
                starts[columns], ends[columns] = start, at
                if not whole and kind == 0:
                    kind, column = NOT_A_NUMBER, columns
            columns += 1
        if columns == 0:
            blank += 1
        else:
            if columns != expected:
                kind, column = COLUMNS, 0
                starts[0], ends[0] = first, at
            elif kind == 0:
                found = fault_of(line, digits, values, quality, month, lowest, highest, estimated)
                kind, column = found // 100, found % 100
            if kind != 0:
                faults[refused, 0], faults[refused, 1], faults[refused, 2] = lines, kind, column
                faults[refused, 3], faults[refused, 4] = starts[column], ends[column]
                refused += 1
            else:
                for k in range(4):
                    out[k, rows] = line[k]
                out[4, rows] = day_number(line[4], line[5], line[6])
                for k in range(2 * values):
                    out[5 + k, rows] = line[HEAD + k]
                number[rows] = lines
                rows += 1
        lines += 1
        at += 1
    return lines, blank, rows, refused
