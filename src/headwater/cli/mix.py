"""``headwater mix``: shares of sources with full uncertainty, from the tables of MixSIAR and simmr."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Group, Parameter

from headwater.cli import mix_options as options
from headwater.cli.mix_legacy import run_hydromix
from headwater.cli.mix_run import Job, Sampling, run_mix
from headwater.cli.options import Json, Lang, Quiet
from headwater.cli.show import Show
from headwater.mixing.bayes.model import Error, Style
from headwater.mixing.tables.read_problem import Columns, Tables

TABLES = Group.create_ordered("Tables")
SHARES = Group.create_ordered("What shares differ by")
MODEL = Group.create_ordered("Model")
DRAWS = Group.create_ordered("Draws")
RESULT = Group.create_ordered("Result")
ERRORS = {"process-residual": "process*residual"}


def mix(
    *,
    mixtures: Annotated[
        Path,
        Parameter(group=TABLES, help="Mixtures: one row each; tracers, factors and covariates as columns."),
    ],
    sources: Annotated[
        Path,
        Parameter(
            group=TABLES, help="Sources: MeanX, SDX and n for each tracer X; or as --source-data says."
        ),
    ],
    source_sds: Annotated[
        Path | None,
        Parameter(group=TABLES, help="Sds of the sources where --sources has means only (simmr)."),
    ] = None,
    discrimination: Annotated[
        Path | None, Parameter(group=TABLES, help="Discrimination or fractionation: MeanX and SDX by source.")
    ] = None,
    discrimination_sds: Annotated[
        Path | None,
        Parameter(group=TABLES, help="Its sds where --discrimination has means only (simmr)."),
    ] = None,
    concentration: Annotated[
        Path | None,
        Parameter(
            group=TABLES,
            help="Concentrations: ConcX by source; may be the table of --sources. Such columns are ignored "
            "without it.",
        ),
    ] = None,
    source_data: Annotated[
        Literal["means", "raw"],
        Parameter(group=TABLES, help="means: one row a source; raw: one row a single water of a source."),
    ] = "means",
    tracers: Annotated[
        str | None,
        Parameter(group=TABLES, help="Tracers to use, with commas between them (all that --sources has)."),
    ] = None,
    replicates: Annotated[
        str | None,
        Parameter(
            group=TABLES,
            help="Column of the mixtures whose equal values are one sample measured several times.",
        ),
    ] = None,
    factor: Annotated[
        list[str] | None,
        Parameter(
            group=SHARES,
            help="NAME:fixed or NAME:random, :PARENT behind it if nested; may be repeated. Levels of random "
            "factors are pulled together as far as the data say.",
            negative=(),
        ),
    ] = None,
    covariate: Annotated[
        list[str] | None,
        Parameter(
            group=SHARES, help="Column of numbers that shares change with; may be repeated.", negative=()
        ),
    ] = None,
    interaction: Annotated[
        list[str] | None,
        Parameter(
            group=SHARES, help="A:B, two factors or covariates of the model; may be repeated.", negative=()
        ),
    ] = None,
    source_factor: Annotated[
        str | None,
        Parameter(group=SHARES, help="Factor whose levels have sources of their own (in both tables)."),
    ] = None,
    group: Annotated[
        str | None,
        Parameter(group=SHARES, help="Column whose levels are fitted one by one, as if each were alone."),
    ] = None,
    error: Annotated[
        Literal["process", "residual", "process*residual", "process-residual", "additive"] | None,
        Parameter(
            group=MODEL,
            help="How single mixtures differ: by their sources' spread (process), freely (residual), by the "
            "spread times a factor (process*residual, also spelled process-residual; the default), or by the "
            "spread plus a variance (additive; simmr).",
        ),
    ] = None,
    model: Annotated[
        Style,
        Parameter(
            group=MODEL,
            help="Whose priors and parameters: headwater's own, or exactly those of MixSIAR or simmr.",
        ),
    ] = "headwater",
    prior: Annotated[
        str | None,
        Parameter(
            group=MODEL,
            help="Dirichlet weights of the shares, in the order of the sources (1,1,1; the alphabet "
            "with --model mixsiar) or by name "
            "(Rain=2,Ice=1); 0±1,0±1 is simmr's elicited prior.",
        ),
    ] = None,
    bounds: Annotated[
        list[str] | None,
        Parameter(
            group=MODEL,
            help="NAME=lo..hi: least and largest share of a source, e.g. from its volume; may be repeated.",
            negative=(),
        ),
    ] = None,
    absent: Annotated[
        list[str] | None,
        Parameter(
            group=MODEL,
            help="SOURCE@FACTOR=LEVEL,LEVEL: a source that takes no part there; may be repeated.",
            negative=(),
        ),
    ] = None,
    evaporation: Annotated[
        str | None,
        Parameter(
            group=MODEL,
            help="Mixtures evaporated along a line of this slope, learned from the data: slope=5.2±0.3 or "
            "slope=5.2+-0.3. Tracers are δ18O and δ2H.",
        ),
    ] = None,
    legacy: Annotated[
        Literal["hydromix"] | None,
        Parameter(
            group=MODEL,
            help="The likelihood of an older program, for comparison; its widths are wrong. Two sources as "
            "raw waters, one tracer.",
        ),
    ] = None,
    chains: Annotated[int, Parameter(group=DRAWS, help="Independent chains.")] = 4,
    draws: Annotated[
        int | None,
        Parameter(group=DRAWS, help="Draws of each chain (1000); more are made by themselves where needed."),
    ] = None,
    tune: Annotated[
        int | None, Parameter(group=DRAWS, help="Draws of each chain before those, for tuning (1000).")
    ] = None,
    seed: Annotated[
        int, Parameter(group=DRAWS, help="Seed; same seed, same numbers, on any number of cores.")
    ] = 1,
    output: Annotated[
        Path, Parameter(name=["--output", "-o"], group=RESULT, help="Folder of the results.")
    ] = Path("mixing"),
    report: Annotated[
        bool, Parameter(group=RESULT, help="Write report.html.", negative="--no-report")
    ] = True,
    lang: Annotated[Lang, Parameter(group=RESULT)] = "en",
    json: Annotated[Json, Parameter(group=RESULT)] = False,
    quiet: Annotated[Quiet, Parameter(group=RESULT)] = False,
) -> int:
    """Shares of sources with full uncertainty, for any mixing problem.

    Reads tables as MixSIAR and simmr lay them out, and writes `proportions.csv`, `parameters.csv`,
    `diagnostics.json`, `posterior.nc` and `report.html`. Shares that cannot be trusted are not written: the
    exit code is then 4, and the reason and the remedy are said. The first run makes machine code for this
    machine, once.

    Examples

    * `headwater mix --mixtures soil.csv --sources sources.csv -o out`
    * `headwater mix --mixtures wolves.csv --sources prey.csv --discrimination shift.csv --factor
      Region:random --factor Pack:random:Region --source-factor Region --model mixsiar`
    * `headwater mix --mixtures soil.csv --sources waters.csv --source-data raw --factor Site:random
      --evaporation slope=5.2+-0.3`
    * `headwater mix --mixtures m.csv --sources means.csv --source-sds sds.csv --group Period --model simmr`
    * `headwater mix --mixtures book.xlsx#Targets --sources book.xlsx#Sources --absent Snow@Month=July,August`
    """
    declared = options.factors(factor or [])
    form = options.evaporation(evaporation)
    absences = options.absences(absent or [])
    asked: Error | None = ERRORS.get(error or "", error)  # type: ignore[assignment]
    others = [source_factor, group, *(form.effects if form else ())]
    job = Job(
        tables=Tables(mixtures, sources, source_sds, discrimination, discrimination_sds, concentration),
        columns=Columns(
            tracers=None if tracers is None else tuple(part.strip() for part in tracers.split(",")),
            factors=(*(one.name for one in declared), *(one for one in others if one is not None)),
            covariates=tuple(covariate or ()),
            source_factor=source_factor,
            source_data=source_data,
            replicates=replicates,
            absent=absences,
            need_n=model != "simmr",
            water=form is not None,
        ),
        factors=declared,
        interactions=options.interactions(
            interaction or [], [*(one.name for one in declared), *(covariate or [])]
        ),
        group=group,
        error=options.error_of(asked, model, form),
        style=model,
        prior=prior,
        bounds=tuple(bounds or ()),
        evaporation=form,
        sampling=Sampling(chains, draws, tune, seed),
        output=output,
        report=report,
        lang=lang,
        command=shlex.join(["headwater", *sys.argv[1:]]),
    )
    job.check()
    show = Show(json=json, quiet=quiet)
    return run_hydromix(job, show) if legacy == "hydromix" else run_mix(job, show)
