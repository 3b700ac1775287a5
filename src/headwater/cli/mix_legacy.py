"""``headwater mix --legacy hydromix``: the likelihood of an older program, labelled as what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headwater import __version__
from headwater.cli import Exit
from headwater.cli.show import Show, columns
from headwater.errors import SettingsRefused
from headwater.mixing.tables.read_problem import read_problem
from headwater.mixing.tables.write_results import prepare_folder, write_results

if TYPE_CHECKING:
    from headwater.cli.mix_run import Job

LABEL = (
    "legacy likelihood of HydroMix: it takes all triples of waters as independent, so its intervals are far "
    "too narrow; for comparison only"
)
QUANTILES = {"q025": 0.025, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q975": 0.975}


def run_hydromix(job: Job, show: Show) -> int:
    """Read, compute, write; returns the exit code.

    Raises
    ------
    SettingsRefused
        Sources as means, more than two of them, more than one tracer, or factors.
    """
    from headwater.mixing.hydromix import hydromix

    if job.columns.source_data != "raw":
        raise SettingsRefused("--legacy hydromix needs single waters of the sources: add --source-data raw.")
    if job.factors or job.columns.covariates or job.group or job.evaporation:
        raise SettingsRefused(
            "--legacy hydromix has no factors, covariates, groups or evaporation: leave them out."
        )
    problem = read_problem(job.tables, job.columns)
    names, rows = problem.sources.names, problem.sources.rows
    if len(names) != 2 or len(problem.mixtures.tracers) != 1 or rows is None:
        raise SettingsRefused(
            f"--legacy hydromix takes two sources and one tracer; there are {len(names)} sources and the "
            f"tracers {', '.join(problem.mixtures.tracers)}. Choose one with --tracers."
        )
    prepare_folder(job.output)
    first, second = (rows[0][i][:, 0] for i in range(2))
    values = problem.mixtures.values[:, 0]
    found = []
    for name, pair in zip(names, ((first, second), (second, first)), strict=True):
        one = hydromix(*pair, values, quantiles=list(QUANTILES.values()))
        row: dict[str, Any] = {"factor": "", "level": "", "source": name}
        row |= {"mean": one.mean, "sd": one.sd, "mcse": 0.0, "method": "hydromix"}
        found.append(row | dict(zip(QUANTILES, map(float, one.quantiles), strict=True)))
    diagnostics = {
        "headwater": __version__, "command": job.command, "method": "hydromix", "legacy": LABEL,
        "notes": list(problem.notes),
    }  # fmt: skip
    files = write_results(job.output, proportions=found, parameters=[], diagnostics=diagnostics)
    show.message(f"warning: {LABEL}")
    table = [("source", "share", "sd"), *((r["source"], f"{r['mean']:.4f}", f"{r['sd']:.4f}") for r in found)]
    show.result(
        diagnostics | {"proportions": found},
        lambda: columns(table, right=(1, 2)) + f"\n\nshares: {files.proportions}",
    )
    return Exit.OK
