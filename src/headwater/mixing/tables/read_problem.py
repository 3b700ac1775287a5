"""Read all tables of one mixing problem, so that names agree across them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from headwater.errors import InputRefused
from headwater.mixing.bayes.model import Absent, Mixtures, Sources
from headwater.mixing.tables.cells import TextTable
from headwater.mixing.tables.names import find_name, is_hydrogen, is_oxygen, listed, match_names
from headwater.mixing.tables.read_cells import read_cells
from headwater.mixing.tables.read_mixtures import read_mixtures
from headwater.mixing.tables.read_source_values import read_concentration, read_discrimination
from headwater.mixing.tables.read_sources import read_sources
from headwater.mixing.tables.source_columns import marked


@dataclass(frozen=True)
class Tables:
    """Files of a mixing problem; only the first two are needed.

    ``*_sds`` are the second halves of simmr's pairs of tables; ``concentration`` may be the table of the
    sources.
    """

    mixtures: Path
    sources: Path
    source_sds: Path | None = None
    discrimination: Path | None = None
    discrimination_sds: Path | None = None
    concentration: Path | None = None


@dataclass(frozen=True)
class Columns:
    """Which columns of the tables are what.

    Attributes
    ----------
    tracers : None: all that the table of sources has
    factors, covariates : columns of the mixtures
    source_factor : factor whose levels have sources of their own
    source_data : means, or single waters
    replicates : column of the mixtures whose equal values are one sample
    absent : structural zeros
    need_n : sources need n ≥ 2
    water : the tracers are δ18O and δ2H, and are put into this order
    """

    tracers: tuple[str, ...] | None = None
    factors: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    source_factor: str | None = None
    source_data: Literal["means", "raw"] = "means"
    replicates: str | None = None
    absent: tuple[Absent, ...] = ()
    need_n: bool = True
    water: bool = False


@dataclass(frozen=True)
class Problem:
    """Data of a mixing model, and what the user should know of how they were read."""

    mixtures: Mixtures
    sources: Sources
    notes: tuple[str, ...]


def read_problem(tables: Tables, columns: Columns = Columns()) -> Problem:
    """Mixtures and sources of a mixing problem, with the same tracers and the same levels in both.

    Raises
    ------
    InputRefused
        The message names file, row and column, what is expected, and what to do.
    """
    notes: list[str] = []
    mixture_table = read_cells(tables.mixtures, notes=notes)
    source_table = read_cells(tables.sources, notes=notes)
    sources = read_sources(
        source_table,
        tracers=_water(mixture_table) if columns.water and columns.tracers is None else columns.tracers,
        among=mixture_table.headers,
        data=columns.source_data,
        sds=tables.source_sds,
        by=columns.source_factor,
        absent=columns.absent,
        need_n=columns.need_n,
        notes=notes,
    )
    factors = [*columns.factors, *([columns.source_factor] if columns.source_factor else []),
               *(one.factor for one in columns.absent)]  # fmt: skip
    mixtures = read_mixtures(
        mixture_table,
        tracers=sources.tracers,
        factors=tuple(dict.fromkeys(factors)),
        covariates=columns.covariates,
        replicates=columns.replicates,
        notes=notes,
    )
    sources = match_levels(mixtures, sources, tables.sources.name, notes)
    if tables.discrimination is not None:
        sources = read_discrimination(
            tables.discrimination, sources=sources, sds=tables.discrimination_sds, notes=notes
        )
    concentrations = list(marked(source_table, "concentration").values())
    if tables.concentration is not None:
        same = tables.concentration == tables.sources
        place = source_table if same else tables.concentration
        sources = read_concentration(place, sources=sources, notes=notes)
    elif concentrations:
        notes.append(
            f"{source_table.file}: columns {listed(concentrations)} are ignored; concentrations are used "
            f"where they are asked for: --concentration {tables.sources.name}"
        )
    return Problem(mixtures, sources, tuple(dict.fromkeys(notes)))


def _water(table: TextTable) -> list[str]:
    """Columns of δ18O and δ2H, in this order.

    Raises
    ------
    InputRefused
        There is not one of each.
    """
    oxygen = [one for one in table.headers if is_oxygen(one)]
    hydrogen = [one for one in table.headers if is_hydrogen(one)]
    if len(oxygen) != 1 or len(hydrogen) != 1:
        raise InputRefused(
            f"{table.file}: evaporation needs one column of δ18O and one of δ2H; found are {listed(oxygen)} "
            f"and {listed(hydrogen)} among {listed(table.headers)}. Name them d18O and d2H, or name the two, "
            "oxygen first, with --tracers."
        )
    return [*oxygen, *hydrogen]


def match_levels(mixtures: Mixtures, sources: Sources, place: str, notes: list[str]) -> Sources:
    """The sources at the levels that the mixtures have, spelled as there.

    Raises
    ------
    InputRefused
        Mixtures have a level that has no sources; both sides are listed.
    """
    if sources.by is None:
        return sources
    wanted = tuple(dict.fromkeys(mixtures.factors[sources.by]))
    lacking = [level for level in wanted if find_name(level, sources.levels) is None]
    if lacking:
        raise InputRefused(
            f"{place}: mixtures have the {sources.by} {listed(lacking)}, which has no sources. Mixtures have "
            f"{listed(wanted)}, sources have {listed(sources.levels)}; every level of the mixtures needs its "
            "sources. Add rows of sources, leave these mixtures out, or spell levels alike."
        )
    matched = match_names(wanted, sources.levels, what=f"level of {sources.by}", place=place,
                          expected="the levels", notes=notes)  # fmt: skip
    unused = [level for level in sources.levels if level not in matched.values()]
    if unused:
        notes.append(f"{place}: {sources.by} {listed(unused)} has sources but no mixtures; they are not used")
    take = [sources.levels.index(matched[level]) for level in wanted]
    return replace(
        sources,
        levels=wanted,
        mean=sources.mean[take],
        covariance=sources.covariance[take],
        n=sources.n[take],
        rows=None if sources.rows is None else tuple(sources.rows[r] for r in take),
        present=None if sources.present is None else sources.present[take],
    )
