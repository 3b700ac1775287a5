"""``headwater study``: from tables of water samples to a report."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from headwater.cli.options import (
    DeltaUnit,
    Json,
    Lang,
    Method,
    Quiet,
    Settings,
    Table,
    at_least_one,
    nested,
    numbers,
    slope_prior,
)
from headwater.cli.pipeline import Job, run_job
from headwater.cli.show import Show
from headwater.study.read_settings import read_settings


def study(
    *tables: Table,
    output: Annotated[
        Path, Parameter(name=["--output", "-o"], help="Folder of the report; an earlier report is replaced.")
    ] = Path("report"),
    settings: Settings = None,
    altitude_bands: Annotated[
        str | None, Parameter(help="Edges of the altitude bands in m, e.g. 2900,3500,4000,4500,5100.")
    ] = None,
    periods: Annotated[
        Literal["month", "season", "year", "all"] | None, Parameter(help="Length of a period (month).")
    ] = None,
    mixture: Annotated[
        str | None, Parameter(help="Kind of water whose sources are asked for (soil_water).")
    ] = None,
    strata: Annotated[
        str | None, Parameter(help="Strata with commas between them, e.g. altitude,vegetation,site.")
    ] = None,
    method: Method = None,
    evaporation: Annotated[
        Literal["erlang_spike", "erlang", "exponential", "truncated_normal", "none"] | None,
        Parameter(
            help="Distribution of evaporation inside the model; none leaves it out "
            "(erlang_spike: shape learned, part of the waters not evaporated)."
        ),
    ] = None,
    evaporation_slope: Annotated[
        str | None,
        Parameter(help="Prior of the evaporation slope: soil (5 ± 1), climate, or e.g. 5.2±0.3 (soil)."),
    ] = None,
    delta_unit: DeltaUnit = None,
    title: Annotated[str | None, Parameter(help="Heading of the report.")] = None,
    seed: Annotated[int | None, Parameter(help="Seed of the random draws; same seed, same numbers.")] = None,
    figures: Annotated[bool, Parameter(help="Draw the figures.", negative="--no-figures")] = True,
    lang: Lang = "en",
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Isotopes, water lines and the shares of every source, as a report.

    Everything has a default: the mixture is soil water, sources are the kinds that were sampled, strata are
    the columns that are there, a period is a calendar month. Options win over the settings file. Shares come
    from a Bayesian mixing model that holds evaporation, with plain algebra beside it; a period whose draws
    cannot be trusted is refused, and the exit code is then 5.

    Examples

    * `headwater study samples.xlsx -o report`
    * `headwater study soil.csv rain.csv --altitude-bands 2900,3500,4000,4500,5100 --lang zh`
    * `headwater study soil.csv rain.csv --method exact`
    * `headwater study streams.csv sources.csv --settings streams.toml --mixture river`
    """
    bands = numbers(altitude_bands, option="--altitude-bands")
    options = nested(
        strata__altitude_bands=bands,
        strata__columns=strata.replace("，", ",").split(",") if strata else None,
        periods__by=periods,
        mixture__kind=mixture,
        mixing__method=method,
        mixing__evaporation=evaporation,
        mixing__evaporation_slope=slope_prior(evaporation_slope),
        read__delta_unit=delta_unit,
        title=title,
        seed=seed,
    )
    layers = [(settings.name, read_settings(settings))] if settings else []
    job = Job(
        tables=at_least_one(tables),
        layers=[*layers, ("command line", options)],
        output=output,
        settings_file=settings,
        lang=lang,
        figures=figures,
        command=shlex.join(["headwater", *sys.argv[1:]]),
    )
    return run_job(job, Show(json=json, quiet=quiet))
