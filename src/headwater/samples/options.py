"""What a user may say about a table before it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from headwater.errors import SettingsRefused
from headwater.samples.table import CANONICAL_COLUMNS, Kind

CHECK_COLUMNS = ("depth", "time_zone", "remark", "injection")
IGNORE = "ignore"
FILLABLE = (
    "site", "kind", "source_group", "basin", "vegetation", "aspect", "date", "date_start", "date_end",
    "latitude", "longitude", "altitude_m", "slope_deg",
)  # fmt: skip


@dataclass(frozen=True)
class ReadOptions:
    """Options of ``read_samples``; every one has a default, and none is guessed from the size of a number.

    Attributes
    ----------
    delta_unit : unit of δ where no header gives it
    columns : header as found → canonical column (or ``depth``: point or interval, ``time_zone``,
        ``remark``, ``injection``, ``ignore``); wins over the synonyms
    kinds : kind as found → canonical kind; wins over the synonyms
    default_kind : kind of rows that name none
    keep : headers that are kept as text columns of the same name
    encoding : text encoding of CSV files, else found from the bytes
    decimal : decimal sign of CSV files, else found from the cells
    date_order : order of day, month and year where the month is a number
    depth_unit : unit of depth where no header gives it
    analytical_sd : ``d18O``, ``d2H`` → standard deviation of one analysis [‰] where no column gives it
    exclude : header → cell values whose rows are left out (``{"qc_flag": ("1",)}``)
    xy : ``"lonlat"`` where columns X and Y are longitude and latitude in degrees
    vocabulary : a user's own ``columns.toml``, put in front of ours
    fill_down : canonical columns whose blanks mean "as above"
    """

    delta_unit: Literal["permil", "fraction"] | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    default_kind: str | None = None
    keep: tuple[str, ...] = ()
    encoding: str | None = None
    decimal: Literal[".", ","] | None = None
    date_order: Literal["auto", "dmy", "mdy", "ymd"] = "auto"
    depth_unit: Literal["m", "cm"] | None = None
    analytical_sd: Mapping[str, float] = field(default_factory=dict)
    exclude: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    xy: Literal["lonlat"] | None = None
    vocabulary: Path | None = None
    fill_down: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises
        ------
        SettingsRefused
        """
        allow("delta_unit", self.delta_unit, (None, "permil", "fraction"))
        allow("decimal", self.decimal, (None, ".", ","))
        allow("date_order", self.date_order, ("auto", "dmy", "mdy", "ymd"))
        allow("depth_unit", self.depth_unit, (None, "m", "cm"))
        allow("xy", self.xy, (None, "lonlat"))
        allow("default_kind", self.default_kind, (None, *Kind))
        for header, target in self.columns.items():
            allow(f"columns: {header!r}", target, (*CANONICAL_COLUMNS, *CHECK_COLUMNS, IGNORE))
        for raw, kind in self.kinds.items():
            allow(f"kinds: {raw!r}", kind, tuple(Kind))
        for column in self.fill_down:
            allow("fill_down", column, FILLABLE)
        for header, values in self.exclude.items():
            if isinstance(values, str):
                raise SettingsRefused(
                    f"exclude: {header!r} has {values!r}; a list of cell values is expected."
                )
        for tracer, sd in self.analytical_sd.items():
            allow("analytical_sd", tracer, ("d18O", "d2H"))
            if not 0 < sd < 50:
                raise SettingsRefused(
                    f"analytical_sd of {tracer} is {sd}; a number between 0 and 50 ‰ is expected."
                )


def allow(name: str, value: str | None, allowed: tuple[str | None, ...]) -> None:
    """Raise ``SettingsRefused`` unless ``value`` is one of ``allowed``."""
    if value not in allowed:
        listed = ", ".join(str(one) for one in allowed if one is not None)
        raise SettingsRefused(f"{name} is {value!r}; allowed: {listed}.")
