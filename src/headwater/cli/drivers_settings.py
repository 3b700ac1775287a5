"""Every choice of ``headwater drivers``: one validated model, one TOML file, options over it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from headwater.errors import SettingsRefused
from headwater.read_toml import read_toml

BYTES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
LEAST_MEMORY = 64 * 2**20
EXAMPLE = "`headwater drivers --help` shows an example."
OPTIONS = {"with_": "with"}
"""Names of fields that are spelled otherwise in files and options."""


class DriversSettings(BaseModel):
    """Every choice of ``headwater drivers``; paths are relative to the settings file."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, populate_by_name=True
    )

    title: str = ""
    """Heading of the report."""
    soil: tuple[str, ...] = ()
    """Soil moisture as FILE:VARIABLE, or FILE:VARIABLE,VARIABLE for several layers."""
    with_: Annotated[tuple[str, ...], Field(alias="with")] = ()
    """Drivers as FILE:VARIABLE,VARIABLE…; a FILE may be a pattern (era5_*.nc), a folder or a Zarr store."""
    given: tuple[str, ...] = ()
    """Covariates held constant (partial correlation), as FILE:VARIABLE; at most five."""
    dem: str | None = None
    """Altitude in m as FILE:VARIABLE; strata are its bands."""
    bands: tuple[float, ...] = (0.0, 4000.0, 9000.0)
    """Edges of the altitude bands in m, rising; 0 and 9000 leave the lowest and the highest band open."""
    classes: str | None = None
    """Map of classes (vegetation, basins) as FILE:VARIABLE; strata are its classes, not bands."""
    class_names: dict[str, str] = {}
    """Code on that map = name of the class."""
    units: dict[str, str] = {}
    """Variable = unit of its numbers in the file, where the file does not say it; never guessed."""
    level: dict[str, str] = {}
    """Variable = level, where the file has several: its number, depth ("0-7 cm"), or value of a dimension."""
    quality: Literal["good", "usable", "all"] = "good"
    """Which pixels of a product with quality flags are used."""
    region: tuple[float, ...] = ()
    """West, south, east and north edge in degrees; everything by default."""
    step: Literal["month", "16 days", "year", "as is"] = "month"
    """Time step that everything is brought to first, as means."""
    align: Literal["exact", "nearest", "mean"] = "mean"
    """How drivers come onto the pixels of soil moisture, where those differ: mean is by area."""
    by: Literal["month", "none"] = "month"
    """month: every calendar month by itself, over the years; none: all steps together."""
    months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = ()
    """Calendar months to use, 1–12; all by default."""
    mode: Literal["temporal", "pattern", "moving"] = "temporal"
    """temporal: over time in every pixel; pattern: over pixels at a time; moving: over time in windows."""
    method: Literal["pearson", "spearman"] = "pearson"
    """Kind of correlation."""
    lag: int = 0
    """Steps by which the driver comes first."""
    window: int | None = None
    """Steps of a moving window."""
    n_eff: Literal["lag1", "full", "off"] = "lag1"
    """How memory lowers n: by lag-1 autocorrelations, all lags, or not at all (naive p)."""
    fdr: Literal["bh", "by", "wilks"] = "bh"
    """Correction for the number of pixels: Benjamini–Hochberg, Benjamini–Yekutieli, Wilks 2016."""
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """Level of the false discovery rate."""
    least: Annotated[int, Field(ge=3)] = 10
    """Fewest valid steps (pixels, with pattern) of a correlation."""
    deseasonalise: bool = False
    """Take the mean year out of both first; with by = "none"."""
    detrend: bool = False
    """Take a straight line in time out of both first."""
    trend: (
        Literal["original", "hamed_rao", "yue_wang", "seasonal", "prewhitened", "trend_free_prewhitened"]
        | None
    ) = None
    """Also map trends of every variable, by this test of the Mann–Kendall family."""
    lags: tuple[int, ...] = ()
    """Also scan lags from the first to the last of these two numbers, with p from surrogates."""
    surrogates: Annotated[int, Field(ge=19, le=100_000)] = 199
    """Surrogate series of the lag scan."""
    seed: Annotated[int, Field(ge=0)] = 1
    """Seed of the surrogates: the same seed gives the same numbers."""
    memory: str = "2GiB"
    """Largest memory to use; what is larger is worked on in blocks of space, resumably."""

    @property
    def box(self) -> tuple[float, float, float, float] | None:
        """West, south, east and north edge of the region; None: everything."""
        if not self.region:
            return None
        west, south, east, north = self.region
        return west, south, east, north

    @field_validator("bands")
    @classmethod
    def _rising(cls, edges: tuple[float, ...]) -> tuple[float, ...]:
        if len(edges) < 2 or any(b <= a for a, b in pairwise(edges)):
            raise ValueError(
                "needs at least two edges, each larger than the one before, such as [0, 4000, 9000]"
            )
        return edges

    @field_validator("region")
    @classmethod
    def _box(cls, edges: tuple[float, ...]) -> tuple[float, ...]:
        if edges and (len(edges) != 4 or edges[0] >= edges[2] or edges[1] >= edges[3]):
            raise ValueError("needs west, south, east and north edge, such as [89.75, 31.65, 102.38, 36.2]")
        return edges

    @field_validator("months")
    @classmethod
    def _in_order(cls, months: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(months)))

    @field_validator("lags")
    @classmethod
    def _span(cls, ends: tuple[int, ...]) -> tuple[int, ...]:
        if ends and (len(ends) != 2 or ends[0] >= ends[1]):
            raise ValueError("needs the first and the last lag, such as [-6, 6]")
        return ends

    @field_validator("memory")
    @classmethod
    def _memory(cls, text: str) -> str:
        if bytes_of(text) < LEAST_MEMORY:
            raise ValueError("needs a size of at least 64MiB, such as 512MiB or 4GiB")
        return text

    @model_validator(mode="after")
    def _together(self) -> DriversSettings:
        if (self.mode == "moving") != (self.window is not None):
            raise ValueError('window (steps) and mode = "moving" go together: give both or neither')
        if self.mode == "moving" and self.by == "month":
            raise ValueError('a moving window runs along all steps: set by = "none"')
        if self.by == "month" and self.deseasonalise:
            raise ValueError('a single month has no season: leave out deseasonalise, or set by = "none"')
        if self.by == "month" and self.step == "year":
            raise ValueError('by month needs shorter steps than years: set by = "none"')
        if self.by == "none" and self.months and (self.lag or self.lags):
            raise ValueError(
                "months cannot be picked out of all steps together at a lag: leave out months, or set "
                'by = "month"'
            )
        if "bands" in self.model_fields_set and self.dem is None:
            raise ValueError("bands are cut out of a map of altitude: give dem as FILE:VARIABLE too")
        if self.classes is not None and not self.class_names:
            raise ValueError(
                'classes need names, in a settings file: [class_names] and lines such as 3 = "meadow"'
            )
        if self.class_names and self.classes is None:
            raise ValueError("class_names belong to a map of classes: give classes as FILE:VARIABLE too")
        return self

    @property
    def memory_bytes(self) -> int:
        """The memory cap in bytes."""
        return bytes_of(self.memory)


@dataclass(frozen=True)
class Chosen:
    """Settings with the origin of each value, and the folder that paths are relative to."""

    settings: DriversSettings
    origins: Mapping[str, str]
    folder: Path


def choose(file: Path | None, options: Mapping[str, Any]) -> Chosen:
    """Settings of a file with the options of the command over them; an option wins.

    Raises
    ------
    SettingsRefused
        for a file that is no TOML, an unknown name, or a value that is not allowed.
    """
    given = {OPTIONS.get(name, name): value for name, value in options.items() if value is not None}
    inside = {} if file is None else read_toml(file, example=EXAMPLE)
    # what a file names lies beside it, what an option names lies where the command was called
    beside = Path() if file is None else file.parent
    inside = {name: _beside(name, value, beside) for name, value in inside.items()}
    origins = dict.fromkeys(inside, "" if file is None else file.name) | dict.fromkeys(given, "command line")
    try:
        settings = DriversSettings.model_validate(inside | given)
    except ValidationError as error:
        raise SettingsRefused(_explain(error, origins)) from None
    return Chosen(settings, origins, beside)


def listed(chosen: Chosen) -> list[tuple[str, str, str]]:
    """Name, value and origin of every setting, in the order of the model."""
    found = []
    for name in DriversSettings.model_fields:
        shown = OPTIONS.get(name, name)
        found.append((shown, _shown(getattr(chosen.settings, name)), chosen.origins.get(shown, "default")))
    return found


def bytes_of(text: str) -> int:
    """Bytes of a size such as ``512MiB``, ``2 GiB`` or ``1.5GB``; 0 where it is none."""
    found = re.fullmatch(r"\s*([\d.]+)\s*([a-zA-Z]*)\s*", text)
    unit = BYTES.get(found[2].lower()) if found else None
    try:
        return int(float(found[1]) * unit) if found and unit else 0
    except ValueError:
        return 0


def _beside(name: str, value: Any, folder: Path) -> Any:
    """Paths of a settings file, made relative to where the command was called."""
    if name in ("soil", "with", "given") and isinstance(value, list):
        return [_beside("dem", one, folder) for one in value]
    if name in ("soil", "with", "given", "dem", "classes") and isinstance(value, str):
        return str(folder / value)
    return value


def _explain(error: ValidationError, origins: Mapping[str, str]) -> str:
    lines = []
    for item in error.errors():
        path = ".".join(str(part) for part in item["loc"])
        where = origins.get(str(item["loc"][0]) if item["loc"] else "", "settings")
        if item["type"] == "extra_forbidden":
            names = ", ".join(OPTIONS.get(name, name) for name in DriversSettings.model_fields)
            lines.append(f"{where}: unknown setting {path!r}; allowed are {names}.")
        else:
            message = item["msg"].removeprefix("Value error, ")
            lines.append(f"{where}: {path} = {item.get('input')!r}: {message}." if path else f"{message}.")
    return "\n".join(lines) + "\n`headwater drivers --help` says what each means."


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(_shown(item) for item in value)
    if isinstance(value, dict):
        return "; ".join(f"{name}: {item}" for name, item in value.items())
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
