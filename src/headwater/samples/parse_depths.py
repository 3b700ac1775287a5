"""Depths out of text cells: a point (``15``), an interval (``0-10 cm``), or open below (``40+ cm``)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from headwater.samples.parse_number import NO_NUMBER, SENTINELS
from headwater.samples.parse_numbers import distinct

N = r"(\d{1,6}(?:[.,]\d{1,10})?)"
UNIT = r"\s*(mm|cm|m|厘米|米|毫米)?\s*"
POINT = re.compile(rf"-?\s*{N}{UNIT}")
INTERVAL = re.compile(rf"{N}{UNIT}(?:-|~|to|至|到|_)\s*{N}{UNIT}")
OPEN = re.compile(rf"(?:>|≥|>=)?\s*{N}{UNIT}(?:\+|以下)?{UNIT}")
SURFACE = frozenset({"surface", "surf", "表层", "地表", "表面"})
METRES = {"mm": 0.001, "毫米": 0.001, "cm": 0.01, "厘米": 0.01, "m": 1.0, "米": 1.0}


@dataclass(frozen=True)
class Depths:
    """Upper and lower end of each depth [m], NaN where not given; a point has both ends equal.

    Attributes
    ----------
    top, bottom : shape (n,), in m where the cell or ``factor`` gives the unit
    text : the cells as found, trimmed
    bad : positions of cells that are no depth
    intervals : how many cells hold an interval
    unitless : positions of cells other than 0 whose unit neither cell nor header gives
    """

    top: NDArray[np.float64]
    bottom: NDArray[np.float64]
    text: pa.Array
    bad: NDArray[np.int64]
    intervals: int
    unitless: NDArray[np.int64]


def parse_depths(text: pa.Array, factor: float | None) -> Depths:
    """Depths of text cells; ``factor`` turns a number without a unit into metres (None: not known)."""
    texts, code = distinct(text)
    ends = np.full((len(texts), 2), np.nan)
    state = np.zeros(len(texts), np.int8)
    for i, one in enumerate(texts.to_pylist()):
        ends[i, 0], ends[i, 1], state[i] = _parse_one(one, factor)
    rows = state[code]
    return Depths(
        ends[code, 0], ends[code, 1], texts.take(pa.array(code)), np.flatnonzero(rows == 1),
        int(np.isin(rows, (2, 4)).sum()), np.flatnonzero(rows >= 3),
    )  # fmt: skip


def _parse_one(text: str, factor: float | None) -> tuple[float, float, int]:
    """Top, bottom, state of one text: 0 point or missing, 1 bad, 2 interval; 3 and 4 without a unit."""
    folded = unicodedata.normalize("NFKC", text[:80]).strip().lower()
    folded = re.sub(r"[–—−‐‑~～]+", "-", folded)
    if folded in NO_NUMBER:
        return np.nan, np.nan, 0
    if folded in SURFACE:
        return 0.0, 0.0, 0
    point, interval, opened = (pattern.fullmatch(folded) for pattern in (POINT, INTERVAL, OPEN))
    if point:
        value, scale = _number(point[1]), METRES.get(point[2] or "", factor)
        if value in SENTINELS:
            return np.nan, np.nan, 0
        if scale is None and value:
            return np.nan, np.nan, 3
        return (value * (scale or 1.0),) * 2 + (0,)
    if interval:
        low, high, unit = _number(interval[1]), _number(interval[3]), interval[4] or interval[2] or ""
        scales = METRES.get(interval[2] or unit, factor), METRES.get(unit, factor)
        if scales[0] is None or scales[1] is None:
            return np.nan, np.nan, 4
        top, bottom = low * scales[0], high * scales[1]
        return (top, bottom, 2) if top <= bottom else (np.nan, np.nan, 1)
    if opened:
        scale = METRES.get(opened[2] or opened[3] or "", factor)
        return (_number(opened[1]) * scale, np.nan, 2) if scale is not None else (np.nan, np.nan, 4)
    return np.nan, np.nan, 1


def _number(text: str) -> float:
    return float(text.replace(",", "."))
