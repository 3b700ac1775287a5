"""One water in two rows: the same row again, a vial measured again, or one id for two waters."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.core.groupby import DataFrameGroupBy

from headwater.samples.findings import Finding, Positions, flagged, left_out

KEY = ["site", "kind", "date", "depth_top_m", "depth_bottom_m"]


def check_duplicates(frame: pd.DataFrame) -> list[Finding]:
    """Findings about rows that share a ``sample_id``.

    * the same id, date and δ values in another file, or these and site, kind, depth and replicate in the same
      file: one water stands twice; the later row is left out.
    * the same id, site, kind, date and depth, other values: a vial measured again; flagged, pooled later.
    * the same id in one sheet, another site, kind, date or depth: an id given twice; flagged, not pooled.
    """
    code = frame["sample_id"].cat.codes.to_numpy()
    count = np.bincount(code[code >= 0], minlength=1)
    at = np.flatnonzero((code >= 0) & (count[code] > 1))
    if not at.size:
        return []
    rows = frame.iloc[at][[*KEY, "sample_id", "replicate", "d18O", "d2H", "file", "sheet", "row"]].astype(
        dict.fromkeys(("site", "kind", "sample_id", "replicate", "file", "sheet"), object)
    )
    rows = rows.reset_index(drop=True)
    same_values = ["sample_id", "date", "d18O", "d2H"]
    group = rows.groupby(same_values, dropna=False, sort=False)
    other_file = rows["file"] != group["file"].transform("first")
    again = rows.duplicated(same_values) & other_file
    again |= rows.duplicated([*same_values, *KEY, "replicate", "file"])
    twice = _finding(rows, at, again, group, "one row a water; the same id, date and values stand there")
    left, at = rows[~again].reset_index(drop=True), at[~again.to_numpy()]
    vial = left.groupby(["sample_id", *KEY, "replicate"], dropna=False, sort=False)
    measured = left.duplicated(["sample_id", *KEY, "replicate"])
    named = left.groupby(["sample_id", "file", "sheet"], dropna=False, sort=False)
    reused = left.duplicated(["sample_id", "file", "sheet"]) & ~left.duplicated(["sample_id", *KEY])
    differ = "an id of its own; site, kind, date or depth differ, so the two are not pooled"
    told = [
        _finding(left, at, measured, vial, "one row a water; a vial measured again is pooled with it"),
        _finding(left, at, reused, named, differ),
    ]
    return [left_out("sample_id", *twice), *(flagged("sample_id", *one) for one in told)]


def _finding(
    rows: pd.DataFrame, at: Positions, chosen: pd.Series, group: DataFrameGroupBy, expected: str
) -> tuple[NDArray[np.object_], str, Positions]:
    """What is found at the chosen rows (the first row of their group), what is expected, positions."""
    mask = chosen.to_numpy(bool)
    first = group[["file", "row"]].transform("first")[mask]
    found = [
        f"id {name!r} also in {file}, row {row}"
        for name, file, row in zip(rows["sample_id"][mask], first["file"], first["row"], strict=True)
    ]
    return np.array(found, object), expected, at[mask]
