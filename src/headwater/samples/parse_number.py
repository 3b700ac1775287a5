"""A number out of one text cell. Standard library only."""

from __future__ import annotations

import math
import re
import unicodedata

from headwater.samples.parse_names import NO_TEXT

PLAIN = r"^[+-]?([0-9]{1,30}\.?[0-9]{0,40}|\.[0-9]{1,40})([eE][+-]?[0-9]{1,2})?$"
COMMA = r"^[+-]?[0-9]{0,9},[0-9]{1,30}([eE][+-]?[0-9]{1,2})?$"
NO_NUMBER = NO_TEXT | {
    "无", "缺", "缺失", "缺测", "未测", "nd", "n.d.", "n.a.", "no data", "missing", "*", "?", "x",
    "#value!", "#div/0!", "#ref!", "#num!",
}  # fmt: skip
CENSORED = re.compile(r"^(<.*|>.*|bdl.*|b\.d\.l\.?|lod|loq|below.*|低于.*|未检出)$")
SENTINELS = frozenset({-999.0, -9999.0, -99999.0, 99999.0, 9999.0, -999.9, -9999.9, 999999.0, -999999.0})


def parse_number(text: str, decimal: str = ".", behind: re.Pattern[str] | None = None) -> tuple[float, int]:
    """Value and state of one text: 0 missing, 1 bad, 2 below detection, 4 read after a harmless change."""
    if len(text) > 200:
        return math.nan, 1
    folded = unicodedata.normalize("NFKC", text).strip().lower()
    if folded in NO_NUMBER:
        return math.nan, 0
    if CENSORED.match(folded):
        return math.nan, 2
    folded = re.sub(r"^[−–—‐‑﹣]\s*", "-", folded).strip("'\"")
    folded = behind.sub("", folded) if behind else folded
    if re.match(COMMA, folded) and (decimal == "," or not re.match(r"^[+-]?\d{1,3},\d{3}$", folded)):
        folded = folded.replace(",", ".")
    elif re.match(r"^[+-]?\d{1,3}([, ]\d{3})+(\.\d+)?$", folded):
        folded = re.sub(r"[, ]", "", folded)
    if re.match(PLAIN, folded):
        return float(folded), 4
    return math.nan, 1
