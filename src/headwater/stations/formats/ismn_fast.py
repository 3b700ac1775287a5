"""Good lines of an ISMN file at once, with what ``ismn_lines`` gives one by one, bit for bit."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from headwater.stations.clock import FIRST_YEAR, LAST_YEAR
from headwater.stations.formats.channels import MOST
from headwater.stations.formats.ismn_lines import MINUTE, MISSING, MOST_LINE, Ints, Rows, Words

Bytes = NDArray[np.uint8]
Truths = NDArray[np.bool_]
_WIDE = 16
"""Bytes of a time, and the most of a value."""
_WORD = 32
"""Most bytes of flags."""
_DIGITS = np.array([0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15])
_MARKS = np.array([4, 7, 10, 13])
_TENS = 10.0 ** np.arange(_WIDE + 1)


def fast_rows(text: Bytes, start: Ints, end: Ints, first: int, place: bytes | None, words: Words) -> Rows:
    """Readings of those lines that are plainly right.

    Parameters
    ----------
    text : shape (m,), of all lines, and ``MOST_LINE`` blanks or more behind them
    start, end : shape (n,), where the lines stand in it
    first : index of the first line
    place : None: no place stands in the lines; else the bytes between second time and value that a line must
        have
    """
    lead = _WIDE if place is None else 2 * _WIDE + 1 + len(place)
    length = end - start
    good = (length > lead + 3) & (length <= MOST_LINE) & _plain(text, start, end)
    time, right = _times(text, start)
    good &= right & _is_blank(text[start + _WIDE])
    moved = np.zeros(len(start), bool)
    if place is not None:
        actual, right = _times(text, start + _WIDE + 1)
        moved = actual != time
        here = sliding_window_view(text, len(place))[start + 2 * _WIDE + 1]
        same = np.ascontiguousarray(here).view(f"S{len(place)}")[:, 0] == place
        good &= right & same & _is_blank(text[start + lead])
        time = actual
    rows = np.flatnonzero(good)
    if not len(rows):
        return _rows(first, rows, time, np.empty(0), np.empty(0), np.empty(0), moved)
    tokens = _Tokens(text, start[rows], end[rows], lead)
    number, right = _numbers(text, *tokens.bounds(0, 1))
    flags, known = _flags(text, *tokens.bounds(1, 2), words)
    says, fits = _says(text, *tokens.bounds(2, None), words)
    keep = right & known & fits & (tokens.many >= 2)
    return _rows(first, rows[keep], time, number[keep], flags[keep], says[keep], moved)


def _rows(
    first: int,
    rows: Ints,
    time: Ints,
    number: NDArray[np.float64],
    flags: NDArray[np.generic],
    says: NDArray[np.generic],
    moved: Truths,
) -> Rows:
    return Rows(first + rows, time[rows], number, flags.astype(np.uint64), says.astype(np.int64), moved[rows])


def _is_blank(signs: Bytes) -> Truths:
    return (signs == 32) | (signs == 9)


def _plain(text: Bytes, start: Ints, end: Ints) -> Truths:
    """Lines of printable ASCII signs, blanks and tabs only."""
    good = np.ones(len(start), bool)
    part = text[start[0] : end[-1]]
    odd = np.flatnonzero(((part < 32) & (part != 9) & (part != 10)) | (part > 126)) + start[0]
    good[np.searchsorted(start, odd, side="right") - 1] = False
    return good


def _times(text: Bytes, start: Ints) -> tuple[Ints, Truths]:
    """Times that begin there in µs, and where they are right."""
    signs = sliding_window_view(text, _WIDE)[start]
    digits = signs[:, _DIGITS].astype(np.int64) - 48
    good = ((digits >= 0) & (digits <= 9)).all(axis=1)
    good &= (signs[:, _MARKS] == np.frombuffer(b"// :", np.uint8)).all(axis=1)
    year = digits[:, :4] @ np.array([1000, 100, 10, 1])
    month, day, hour, minute = (digits[:, at] * 10 + digits[:, at + 1] for at in (4, 6, 8, 10))
    good &= (year >= FIRST_YEAR) & (year <= LAST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1)
    good &= (hour <= 23) & (minute <= 59)
    months = np.where(good, (year - 1970) * 12 + month - 1, 0)
    begin, following = (
        many.astype("M8[M]").astype("M8[D]").astype(np.int64) for many in (months, months + 1)
    )
    good &= begin + day <= following
    return ((begin + day - 1) * 1440 + hour * 60 + minute) * MINUTE, good


class _Tokens:
    """Where words stand behind the ``lead`` of each line."""

    def __init__(self, text: Bytes, start: Ints, end: Ints, lead: int) -> None:
        base = start[0]
        part = text[base : end[-1] + 1]
        blank = _is_blank(part) | (part == 10)
        edges = np.flatnonzero(np.diff(blank.astype(np.int8), prepend=1, append=1)) + base
        self._begin, self._stop = edges[0::2], edges[1::2]
        self._first = np.searchsorted(self._begin, start + lead)
        self._last = np.searchsorted(self._begin, end)
        self.many = self._last - self._first

    def bounds(self, at: int, stop: int | None) -> tuple[Ints, Ints]:
        """Start and end of words ``at`` to ``stop`` of each line; none where it has fewer."""
        last = self._last if stop is None else np.minimum(self._first + stop, self._last)
        has = self.many > at
        most = len(self._begin) - 1
        begin = self._begin[np.minimum(self._first + at, most)]
        return np.where(has, begin, 0), np.where(has, self._stop[np.clip(last - 1, 0, most)], 0)


def _numbers(text: Bytes, begin: Ints, stop: Ints) -> tuple[NDArray[np.float64], Truths]:
    """Plain decimal numbers, and where they are such; whole number over power of ten, both exact."""
    width = stop - begin
    within = np.arange(_WIDE) < width[:, None]
    signs = np.where(within, sliding_window_view(text, _WIDE)[begin], 0)
    digit = (signs >= 48) & (signs <= 57)
    dot = signs == 46
    sign = (signs[:, 0] == 45) | (signs[:, 0] == 43)
    many = digit.sum(axis=1)
    dots = dot.sum(axis=1)
    good = (width <= _WIDE) & (many >= 1) & (many <= 15) & (dots <= 1) & (many + dots + sign == width)
    whole = np.zeros(len(begin), np.int64)
    for at in range(_WIDE):
        whole = np.where(digit[:, at], whole * 10 + signs[:, at] - 48, whole)
    decimals = np.where(dots > 0, width - dot.argmax(axis=1) - 1, 0)
    number = whole / _TENS[np.clip(decimals, 0, _WIDE)]
    number = np.where(signs[:, 0] == 45, -number, number)
    good &= np.abs(number) <= MOST
    number[np.isin(number, MISSING)] = np.nan
    return number, good


def _distinct(text: Bytes, begin: Ints, stop: Ints) -> tuple[list[str], Ints, Truths]:
    """Distinct texts, which each line has, and where it is short enough to be one of them."""
    width = stop - begin
    fits = width <= _WORD
    wide = max(int(width[fits].max(initial=0)), 1)
    within = np.arange(wide) < np.where(fits, width, 0)[:, None]
    signs = np.where(within, sliding_window_view(text, wide)[begin], 0).astype(np.uint8)
    packed = np.ascontiguousarray(signs).view(f"S{wide}")[:, 0]
    found, index = np.unique(packed, return_inverse=True)
    return [one.decode("ascii") for one in found.tolist()], index, fits


def _flags(text: Bytes, begin: Ints, stop: Ints, words: Words) -> tuple[NDArray[np.uint64], Truths]:
    found, index, fits = _distinct(text, begin, stop)
    read = [words.flags(one) for one in found]
    known = np.array([not unknown for _, unknown in read])
    return np.array([mask for mask, _ in read], np.uint64)[index], known[index] & fits


def _says(text: Bytes, begin: Ints, stop: Ints, words: Words) -> tuple[Ints, Truths]:
    found, index, fits = _distinct(text, begin, stop)
    return np.array([words.number(one) for one in found], np.int64)[index], fits
