"""One water in two rows: the same row again, a vial measured again, or one id for two waters."""

from __future__ import annotations

import numpy as np
import pandas as pd

from headwater.samples.findings import Finding
from headwater.samples.table import Action

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
    findings = [_finding(rows, at, again, group["row"].transform("first"), group["file"].transform("first"),
                         "one row a water; the same id, date and values stand there", Action.LEFT_OUT)]  # fmt: skip
    left, left_at = rows[~again].reset_index(drop=True), at[~again.to_numpy()]
    vial = left.groupby(["sample_id", *KEY, "replicate"], dropna=False, sort=False)
    measured = left.duplicated(["sample_id", *KEY, "replicate"])
    findings.append(_finding(left, left_at, measured, vial["row"].transform("first"), vial["file"].transform("first"),
                             "one row a water; a vial measured again is pooled with it", Action.FLAGGED))  # fmt: skip
    named = left.groupby(["sample_id", "file", "sheet"], dropna=False, sort=False)
    reused = left.duplicated(["sample_id", "file", "sheet"]) & ~left.duplicated(["sample_id", *KEY])
    findings.append(_finding(left, left_at, reused, named["row"].transform("first"), named["file"].transform("first"),
                             "an id of its own; site, kind, date or depth differ, so the two are not pooled", Action.FLAGGED))  # fmt: skip
    return findings


def _finding(
    rows: pd.DataFrame,
    at: np.ndarray,
    chosen: pd.Series,
    first_row: pd.Series,
    first_file: pd.Series,
    expected: str,
    action: Action,
) -> Finding:
    mask = chosen.to_numpy(bool)
    found = np.array(
        [f"id {name!r} also in {file}, row {row}" for name, file, row in
         zip(rows["sample_id"][mask], first_file[mask], first_row[mask], strict=True)], object)  # fmt: skip
    return Finding("sample_id", found, expected, action, at[mask])
