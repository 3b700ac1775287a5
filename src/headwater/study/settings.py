"""Every choice of a study, with its default and its meaning: one validated model, one TOML file.

A section of ``study.toml`` is a field of :class:`StudySettings`. The text under each field is what
``headwater settings`` and the settings page of the documentation print.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from headwater.samples.table import Kind

FitMethod = Literal["ols", "rma", "york", "theil_sen", "weighted"]
Fraction = Annotated[float, Field(gt=0, le=1)]
Positive = Annotated[float, Field(gt=0)]

SOURCE_KINDS = (
    Kind.PRECIPITATION,
    Kind.GROUND_ICE,
    Kind.SNOW_MELT,
    Kind.GROUNDWATER,
    Kind.SPRING,
    Kind.LAKE,
)
"""Kinds that can water the soil; river and supra-permafrost water, fed by it, are compared, not mixed."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ReadSettings(_Section):
    """How the tables are read."""

    delta_unit: Literal["permil", "fraction"] | None = None
    """Unit of δ where the header does not say it; never guessed."""
    columns: dict[str, str] = {}
    """Header in the table = canonical column; wins over the built-in synonyms."""
    kinds: dict[str, str] = {}
    """Word in the table = kind of water; wins over the built-in words."""
    default_kind: str | None = None
    """Kind of every row of a table without such a column."""
    keep: tuple[str, ...] = ()
    """Further columns to keep as text, to be used as strata or in rules."""
    exclude: dict[str, tuple[str, ...]] = {}
    """Column = values whose rows are left out, e.g. qc_flag = ["1"]."""
    encoding: str | None = None
    """Character encoding where the usual order (BOM, UTF-8, GB18030) is wrong."""
    decimal: Literal[".", ","] | None = None
    """Decimal sign, where it cannot be told from the table."""
    date_order: Literal["auto", "dmy", "mdy", "ymd"] = "auto"
    """Order of day, month and year in dates such as 03/04/2020."""
    depth_unit: Literal["m", "cm"] | None = None
    """Unit of depth where the header does not say it."""
    analytical_sd: dict[Literal["d18O", "d2H"], Positive] = {}
    """Analytical standard deviation in ‰ where no column holds it."""
    xy: Literal["lonlat"] | None = None
    """lonlat: columns named X and Y are longitude and latitude in degrees (survey X is a northing)."""
    fill_down: tuple[str, ...] = ()
    """Canonical columns whose blanks mean "as above", e.g. ["site", "date"]."""
    parallels: Literal["auto", "replicate", "none"] = "auto"
    """What is pooled as one water: auto also takes ids that differ in a last number, replicate does not."""
    vocabulary: str | None = None
    """A TOML file with further synonyms, in the layout of the built-in one."""


class PeriodSettings(_Section):
    """How dates become periods, and what the report calls them."""

    by: Literal["month", "season", "year", "all"] = "month"
    """Length of a period."""
    names: dict[str, str] = {}
    """Period = the name that the report shows, e.g. "2020-06" = "early ablation"."""
    only: tuple[str, ...] = ()
    """Periods to study; all of them by default."""


class StrataSettings(_Section):
    """What the shares are split by."""

    columns: tuple[str, ...] = ()
    """Strata; by default altitude, vegetation, aspect, depth and basin, where the tables have them."""
    altitude_bands: tuple[float, ...] = ()
    """Edges in m, rising; a band holds its lower edge, the last band both. Default: up to six even bands."""
    depth_layers_m: tuple[float, ...] = ()
    """Edges in m, rising; default: the layers of the tables where there are at most twelve."""
    crossings: tuple[str, ...] = ()
    """Crossed strata, e.g. "altitude×vegetation" (* serves as well)."""
    least_samples: Annotated[int, Field(ge=1)] = 3
    """Fewest samples for a line or a share."""

    @field_validator("altitude_bands", "depth_layers_m")
    @classmethod
    def _rising(cls, edges: tuple[float, ...]) -> tuple[float, ...]:
        if len(edges) == 1 or any(b <= a for a, b in pairwise(edges)):
            raise ValueError("needs at least two edges, each larger than the one before")
        return edges

    @field_validator("crossings")
    @classmethod
    def _crossed(cls, crossings: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name.replace("*", "×").replace(" ", "") for name in crossings)


class MixtureSettings(_Section):
    """The water whose sources are asked for."""

    kind: Kind = Kind.SOIL_WATER
    """Kind of the mixture."""


class SourceRule(_Section):
    """Where and when one source is possible; what is left empty does not bind."""

    periods: tuple[str, ...] = ()
    """Periods in which it is possible."""
    altitude_from_m: float | None = None
    """Lowest altitude that it can reach."""
    altitude_to_m: float | None = None
    """Altitude below which it can occur."""
    only: dict[str, tuple[str, ...]] = {}
    """Column = values where it can occur, e.g. vegetation = ["meadow"]."""
    window: Literal["auto", "all"] = "auto"
    """auto: the period, else the months before it, else other years; all: every sample, e.g. old ice."""
    reason: str = ""
    """Why; printed in the report."""


class SourceSettings(_Section):
    """Which waters are sources."""

    by: str = "kind"
    """Column that names the sources: kind, source_group, depth, or one kept with read.keep."""
    kinds: tuple[Kind, ...] = SOURCE_KINDS
    """Kinds of water that may be sources."""
    only: tuple[str, ...] = ()
    """Sources to use; all that were sampled by default."""
    leave_out: tuple[str, ...] = ()
    """Sources not to use."""
    within: tuple[str, ...] = ()
    """Columns in which mixture and source must agree, e.g. ["site"]; by default sources are pooled."""
    weights: Literal["amount", "none"] = "amount"
    """amount: precipitation is weighted by its amount, where every sample has one."""
    months_before: Annotated[int, Field(ge=1, le=12)] = 3
    """Length of the window before a period in which a source has too few samples of its own."""
    least_samples: Annotated[int, Field(ge=1)] = 5
    """Fewest samples that stand for a source."""
    rules: dict[str, SourceRule] = {}
    """Source = where and when it is possible; a table [sources.rules.NAME] for each."""


class MixingSettings(_Section):
    """How the shares are computed."""

    method: Literal["bayes", "exact"] = "bayes"
    """bayes: posterior with evaporation inside, levels pooled; exact: end-member algebra with bootstrap."""
    evaporation: Literal["erlang_spike", "erlang", "exponential", "truncated_normal", "none"] = "erlang_spike"
    """Form of the distribution of evaporation that the posterior integrates over; another is shown beside."""
    evaporation_slope: Literal["soil", "climate"] | tuple[float, Positive] = "soil"
    """Prior of the evaporation slope: soil is 5 ± 1, climate is by Craig and Gordon, or its mean and sd."""
    chains: Annotated[int, Field(ge=2, le=64)] = 4
    """Chains of the sampler."""
    tuning: Annotated[int, Field(ge=100, le=100_000)] = 500
    """Draws of each chain that tune the sampler and are not kept."""
    chain_draws: Annotated[int, Field(ge=100, le=1_000_000)] = 500
    """Draws of each chain; up to four times as many where they are too few."""
    tracers: tuple[Literal["d18O", "d2H", "d_excess"], ...] = ("d18O", "d2H")
    """Tracers; d-excess is a combination of the other two, so at most two of the three."""
    draws: Annotated[int, Field(ge=200, le=100_000)] = 2000
    """Bootstrap draws behind every interval."""


class LineSettings(_Section):
    """How the water lines are fitted; a local line may be given instead of fitted."""

    meteoric: FitMethod = "ols"
    """Method of the local meteoric water line."""
    evaporation: Literal["ols", "rma", "york", "theil_sen"] = "ols"
    """Method of the evaporation lines."""
    local_slope: float | None = None
    """Slope of a local meteoric water line that is known from elsewhere (with local_intercept)."""
    local_intercept: float | None = None
    """Its intercept in ‰."""


class ClimateSettings(_Section):
    """Weather for the Craig–Gordon slope, where the tables do not hold it."""

    temperature_C: float | None = None
    """Temperature of the evaporating surface."""
    relative_humidity: Fraction | None = None
    """Relative humidity at that temperature, 0–1."""


class StudySettings(_Section):
    """Every choice of a study."""

    title: str = ""
    """Heading of the report."""
    seed: Annotated[int, Field(ge=0)] = 20200601
    """Seed of every random draw: the same seed gives the same numbers."""
    read: ReadSettings = ReadSettings()
    periods: PeriodSettings = PeriodSettings()
    strata: StrataSettings = StrataSettings()
    mixture: MixtureSettings = MixtureSettings()
    sources: SourceSettings = SourceSettings()
    mixing: MixingSettings = MixingSettings()
    lines: LineSettings = LineSettings()
    climate: ClimateSettings = ClimateSettings()
