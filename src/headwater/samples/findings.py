"""What the checks find, and the one place where it is put into effect."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headwater.samples.table import PROBLEM_COLUMNS, Action

Positions = NDArray[np.int64]
Text = str | NDArray[np.object_]


@dataclass(frozen=True)
class Finding:
    """One thing that was found in a sheet or in all of them.

    Attributes
    ----------
    column : header or canonical column
    found : what stands there; one text for all rows, or one a row
    expected : what is allowed, and what to do
    action : what is done about it
    at : positions in the frame, shape (n,); None where the whole column or table is meant
    blank : canonical columns that are set missing at these rows
    """

    column: str
    found: Text
    expected: Text
    action: Action
    at: Positions | None = None
    blank: tuple[str, ...] = ()


def flagged(column: str, found: Text, expected: Text, at: Positions | None = None) -> Finding:
    """A finding that changes nothing."""
    return Finding(column, found, expected, Action.FLAGGED, at)


def converted(column: str, found: Text, expected: Text, at: Positions | None = None) -> Finding:
    """A finding about values that were read in another form than they stand there."""
    return Finding(column, found, expected, Action.CONVERTED, at)


def set_missing(
    column: str, found: Text, expected: Text, at: Positions | None = None, *, blank: tuple[str, ...] = ()
) -> Finding:
    """A finding about values that are missing from here on."""
    return Finding(column, found, expected, Action.SET_MISSING, at, blank)


def left_out(column: str, found: Text, expected: Text, at: Positions) -> Finding:
    """A finding about rows that no later step sees."""
    return Finding(column, found, expected, Action.LEFT_OUT, at)


class Ledger:
    """The list of problems of one file, filled while it is read."""

    def __init__(self) -> None:
        self._blocks: list[pd.DataFrame] = []

    def add(
        self,
        *,
        file: object,
        sheet: object,
        row: object,
        column: str,
        found: object,
        expected: object,
        action: Action,
    ) -> None:
        """Write one line for each row (``row`` an array), or one for the table (``row`` None)."""
        number = pd.array([pd.NA] if row is None else np.atleast_1d(np.asarray(row)), dtype="Int64")
        n = len(number)
        if not n:
            return
        data = {"file": file, "sheet": sheet, "column": column, "found": found, "expected": expected}
        block = pd.DataFrame(
            {name: value if isinstance(value, np.ndarray) else np.repeat(np.array([value], object), n)
             for name, value in data.items()}
        )  # fmt: skip
        block["row"] = number
        block["action"] = action.value
        self._blocks.append(block[list(PROBLEM_COLUMNS)])

    def flag(self, file: str, sheet: str, found: str, expected: str, *, column: str = "") -> None:
        """Write one line about the table as a whole, which changes nothing."""
        self.add(
            file=file,
            sheet=sheet,
            row=None,
            column=column,
            found=found,
            expected=expected,
            action=Action.FLAGGED,
        )

    def extend(self, other: Ledger) -> None:
        """Take over the lines of another ledger."""
        self._blocks += other._blocks

    def frame(self) -> pd.DataFrame:
        """All lines, ``PROBLEM_COLUMNS``; ``row`` is missing where the whole column or table is meant."""
        if self._blocks:
            return pd.concat(self._blocks, ignore_index=True)
        return pd.DataFrame(
            {name: pd.Series(dtype="Int64" if name == "row" else object) for name in PROBLEM_COLUMNS}
        )


def apply_findings(frame: pd.DataFrame, findings: Iterable[Finding], ledger: Ledger) -> pd.DataFrame:
    """Frame after the findings: values set missing, rows left out, each with its line in the ledger.

    All findings refer to the rows of ``frame`` as given. A row that several findings leave out gets one
    line, of the first.
    """
    gone = np.zeros(len(frame), bool)
    for finding in findings:
        if finding.at is None:
            write_line(frame, finding, ledger)
            continue
        at, pick = finding.at, np.ones(len(finding.at), bool)
        if finding.action is Action.LEFT_OUT:
            pick = ~gone[at]
            gone[at] = True
        texts = [
            text[pick] if isinstance(text, np.ndarray) else text for text in (finding.found, finding.expected)
        ]
        places = frame[["file", "sheet", "row"]].iloc[at[pick]]
        ledger.add(
            file=places["file"].to_numpy(object), sheet=places["sheet"].to_numpy(object),
            row=places["row"].to_numpy(), column=finding.column,
            found=texts[0], expected=texts[1], action=finding.action,
        )  # fmt: skip
        for column in finding.blank:
            frame[column] = frame[column].mask(_mask(len(frame), at))
    return frame[~gone].reset_index(drop=True) if gone.any() else frame


def write_line(frame: pd.DataFrame, finding: Finding, ledger: Ledger) -> None:
    """Write the one line of a finding about a whole column or table."""
    files, sheets = frame["file"].unique(), frame["sheet"].unique()
    ledger.add(
        file=files[0] if len(files) == 1 else "", sheet=sheets[0] if len(sheets) == 1 else "", row=None,
        column=finding.column, found=finding.found, expected=finding.expected, action=finding.action,
    )  # fmt: skip


def _mask(n: int, at: Positions) -> NDArray[np.bool_]:
    mask = np.zeros(n, bool)
    mask[at] = True
    return mask
