"""Numbers out of text cells, one pass over the distinct texts of a column."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from headwater.samples.parse_number import PLAIN, SENTINELS, parse_number


@dataclass(frozen=True)
class Numbers:
    """Values of a column, and where a text was not a plain number.

    Attributes
    ----------
    values : shape (n,), missing is NaN
    text : the cells as found, trimmed, shape (n,)
    bad, censored, sentinel, rewritten : positions of cells that are no number; lie below a detection limit;
        hold a code for missing; were read after a harmless change (full-width digit, minus sign, ‰ behind)
    decimals : digits behind the decimal sign, the most of any cell
    """

    values: NDArray[np.float64]
    text: pa.Array
    bad: NDArray[np.int64]
    censored: NDArray[np.int64]
    sentinel: NDArray[np.int64]
    rewritten: NDArray[np.int64]
    decimals: int

    def found(self, at: NDArray[np.int64]) -> NDArray[np.object_]:
        """Texts at these positions, long ones cut."""
        return texts_at(self.text, at)


def texts_at(text: pa.Array, at: NDArray[np.int64]) -> NDArray[np.object_]:
    """Texts at these positions, long ones cut to 80 signs."""
    return np.array([str(one)[:80] for one in text.take(pa.array(at)).to_pylist()], dtype=object)


def distinct(text: pa.Array) -> tuple[pa.Array, NDArray[np.int64]]:
    """Distinct trimmed texts and, for each row, which one it is; missing reads as an empty text."""
    coded = pc.fill_null(pc.utf8_trim_whitespace(text), "").dictionary_encode()
    return coded.dictionary, coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def parse_numbers(text: pa.Array, decimal: Literal[".", ","] = ".", tail: str = "") -> Numbers:
    """Values of text cells.

    Parameters
    ----------
    text : shape (n,)
    decimal : the decimal sign
    tail : regular expression of a unit that may stand behind a number, since it is the unit of the column
    """
    behind = re.compile(rf"\s*(?:{tail})$") if tail else None
    texts, code = distinct(text)
    plain = texts
    if decimal == ",":
        plain = pc.replace_substring(
            pc.replace_substring_regex(texts, r"^([+-]?\d{1,3})\.(\d{3},)", r"\1\2"), ",", "."
        )
    is_plain = pc.match_substring_regex(plain, PLAIN)
    simple = is_plain.to_numpy(zero_copy_only=False).astype(bool)
    values = np.full(len(texts), np.nan)
    values[simple] = pc.cast(plain.filter(is_plain), pa.float64()).to_numpy(zero_copy_only=False)
    state = np.zeros(len(texts), np.int8)
    for i in np.flatnonzero(~simple):
        values[i], state[i] = parse_number(texts[int(i)].as_py(), decimal, behind)
    sentinel = np.isin(values, list(SENTINELS))
    values[sentinel] = np.nan
    state[sentinel] = 3
    bad, censored, coded, rewritten = (np.flatnonzero(state[code] == one) for one in (1, 2, 3, 4))
    decimals = _decimals(plain.filter(is_plain))
    return Numbers(values[code], texts.take(pa.array(code)), bad, censored, coded, rewritten, decimals)


def _decimals(plain: pa.Array) -> int:
    behind = pc.struct_field(pc.extract_regex(plain, r"\.(?P<d>[0-9]+)$"), "d")
    longest: Any = pc.max(pc.utf8_length(behind)).as_py()
    return int(longest or 0)


def comma_decimals(text: pa.Array) -> tuple[int, int, int]:
    """Cells that hold a decimal comma for certain, a comma that may group thousands, a decimal point."""
    trimmed = pc.utf8_trim_whitespace(text)
    comma = pc.match_substring_regex(trimmed, r"^[+\-−–]?[0-9]*,[0-9]+$")
    thousands = pc.match_substring_regex(trimmed, r"^[+\-−–]?[0-9]{1,3},[0-9]{3}$")
    point = pc.match_substring_regex(trimmed, r"^[+\-−–]?[0-9]*\.[0-9]+$")
    either, grouped, points = (int(pc.sum(one).as_py() or 0) for one in (comma, thousands, point))
    return either - grouped, grouped, points
