"""Latitude and longitude out of text cells: decimal degrees, degrees–minutes–seconds, hemisphere letters."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from headwater.samples.parse_number import NO_NUMBER, SENTINELS
from headwater.samples.parse_numbers import distinct

HEMISPHERES = {
    "北纬": "n", "南纬": "s", "东经": "e", "西经": "w", "north": "n", "south": "s", "east": "e", "west": "w",
    "北": "n", "南": "s", "东": "e", "西": "w",
}  # fmt: skip
MARKS = str.maketrans(
    {**dict.fromkeys("º˚度", "°"), **dict.fromkeys("’′‘´`分", "'"), **dict.fromkeys("″”“秒", '"'),
     **dict.fromkeys("−–", "-"), "，": "."}
)  # fmt: skip
NUMBER = r"(\d{1,3}(?:\.\d{0,15})?)"
MINUTES = rf"{NUMBER}\s*(?:'|m|\s)?\s*(?:{NUMBER}\s*(?:''|\"|s)?)?"
DEGREES = re.compile(rf"([nsew]?)\s*([+-]?)\s*{NUMBER}\s*(?:(°|d(?:eg)?|\s)\s*(?:{MINUTES})?)?\s*([nsew]?)")


@dataclass(frozen=True)
class Degrees:
    """Decimal degrees of a column.

    Attributes
    ----------
    values : shape (n,), missing is NaN
    text : the cells as found, trimmed
    bad : positions of cells that cannot be read or lie outside the globe
    rewritten : positions of cells that were not plain decimal degrees
    """

    values: NDArray[np.float64]
    text: pa.Array
    bad: NDArray[np.int64]
    rewritten: NDArray[np.int64]


def parse_degrees(text: pa.Array, axis: Literal["latitude", "longitude"], sign: float = 1.0) -> Degrees:
    """Decimal degrees of text cells; ``sign`` is −1 where the header says south or west."""
    texts, code = distinct(text)
    values = np.full(len(texts), np.nan)
    state = np.zeros(len(texts), np.int8)
    for i, one in enumerate(texts.to_pylist()):
        try:
            value = float(one) if one.isascii() and "_" not in one else np.nan
        except ValueError:
            value = np.nan
        if np.isnan(value):
            values[i], state[i] = _parse_one(one, axis)
        elif value not in SENTINELS:
            values[i] = value
    values *= sign
    high = axis == "longitude"
    wrapped = high & (values > 180) & (values <= 360)
    values[wrapped] -= 360
    state[wrapped] = 2
    outside = ~np.isnan(values) & ~(np.abs(values) <= (180 if high else 90))
    values[outside], state[outside] = np.nan, 1
    row_state = state[code]
    return Degrees(
        values[code],
        texts.take(pa.array(code)),
        np.flatnonzero(row_state == 1),
        np.flatnonzero(row_state == 2),
    )


def _parse_one(text: str, axis: str) -> tuple[float, int]:
    """Value and state of one text: 0 missing, 1 bad, 2 rewritten."""
    folded = unicodedata.normalize("NFKC", text[:80].translate(MARKS)).translate(MARKS).strip().lower()
    if folded in NO_NUMBER:
        return np.nan, 0
    for word, letter in HEMISPHERES.items():
        folded = folded.replace(word, letter)
    found = DEGREES.fullmatch(folded)
    letters = "ns" if axis == "latitude" else "ew"
    if not found or len(text) > 80:
        return np.nan, 1
    letter = found[1] or found[7]
    minutes, seconds = float(found[5] or 0), float(found[6] or 0)
    if (letter and letter not in letters) or (found[1] and found[7]) or minutes >= 60 or seconds >= 60:
        return np.nan, 1
    if (letter in ("s", "w") and found[2]) or (minutes and not float(found[3]).is_integer()):
        return np.nan, 1
    value = float(found[3]) + minutes / 60 + seconds / 3600
    return (-value if letter in ("s", "w") or found[2] == "-" else value), 2
