"""The table of water samples after reading: canonical columns, and every problem that was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import pandas as pd


class Kind(StrEnum):
    """Kinds of water, as they are written in tables, results and settings."""

    SOIL_WATER = "soil_water"
    PRECIPITATION = "precipitation"
    GROUND_ICE = "ground_ice"
    SNOW_MELT = "snow_melt"
    RIVER = "river"
    SUPRAPERMAFROST = "suprapermafrost"
    GROUNDWATER = "groundwater"
    SPRING = "spring"
    LAKE = "lake"
    STEM = "stem"
    LEAF = "leaf"
    VAPOUR = "vapour"
    TAP = "tap"
    OTHER = "other"


TEXT_COLUMNS = ("sample_id", "site", "kind", "source_group", "replicate", "basin", "vegetation", "aspect")
DATE_COLUMNS = ("date", "date_start", "date_end")
NUMBER_COLUMNS = (
    "d18O", "d2H", "d18O_sd", "d2H_sd", "d_excess_given",
    "latitude", "longitude", "altitude_m", "depth_top_m", "depth_bottom_m", "slope_deg",
    "amount_mm", "air_temperature_C", "relative_humidity", "soil_temperature_C", "soil_moisture",
)  # fmt: skip
CANONICAL_COLUMNS = (*TEXT_COLUMNS, *DATE_COLUMNS, *NUMBER_COLUMNS)
PLACE_COLUMNS = ("file", "sheet", "row")
PROBLEM_COLUMNS = ("file", "sheet", "row", "column", "found", "expected", "action")


class Action(StrEnum):
    """What was done about a problem."""

    LEFT_OUT = "left out"
    SET_MISSING = "set missing"
    FLAGGED = "flagged"
    CONVERTED = "converted"


@dataclass(frozen=True)
class SourceFile:
    """One file that was read: its name, the SHA-256 of its bytes, and how it was decoded."""

    name: str
    sha256: str
    encoding: str
    sheets: tuple[str, ...] = ()


@dataclass(frozen=True)
class SampleTable:
    """Water samples with canonical columns, and the list of everything found wrong with them.

    Attributes
    ----------
    frame : DataFrame, one row a vial that is used
        ``CANONICAL_COLUMNS`` (absent ones are filled with missing values), then ``file, sheet, row``
        (row as a spreadsheet counts it: the first line of the file is 1), then the extra columns that
        the reader was asked to keep (text). δ in ‰ VSMOW, lengths in m, relative humidity and soil
        moisture as fractions. Text columns are ``category``; dates are ``datetime64`` without zone.
    problems : DataFrame with ``PROBLEM_COLUMNS``
        One line a problem; a row that was left out has exactly one line with action ``left out``.
    rows_read : int
        Rows below the header of every sheet, empty lines not counted.
    files : the files that were read
    unused_columns : headers that no canonical column claimed and nobody asked to keep
    mapping : canonical column → header as found
    refused : (name, reason) of each file that could not be used beside others that could
    """

    frame: pd.DataFrame
    problems: pd.DataFrame
    rows_read: int
    files: tuple[SourceFile, ...] = ()
    unused_columns: tuple[str, ...] = ()
    mapping: dict[str, str] = field(default_factory=dict)
    refused: tuple[tuple[str, str], ...] = ()

    @property
    def rows_used(self) -> int:
        """Rows that every later step sees."""
        return len(self.frame)

    @property
    def rows_left_out(self) -> int:
        """Rows read but not used; each has its line in ``problems``."""
        return int((self.problems["action"] == Action.LEFT_OUT).sum())

    def summary(self) -> dict[str, int]:
        """Counts that must add up: rows_read = rows_used + rows_left_out."""
        return {
            "rows_read": self.rows_read,
            "rows_used": self.rows_used,
            "rows_left_out": self.rows_left_out,
            "problems": len(self.problems),
        }
