"""From the tables of a mixing problem to written shares: what ``headwater mix`` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from headwater import __version__
from headwater.cli import Exit
from headwater.cli import mix_options as options
from headwater.cli.show import Progress, Show, columns
from headwater.errors import InputRefused, SettingsRefused
from headwater.mixing.bayes.check import Finding, check_model
from headwater.mixing.bayes.model import Error, Evaporation, Factor, MixingModel, Style
from headwater.mixing.tables.groups import split_mixtures
from headwater.mixing.tables.read_problem import Columns, Problem, Tables, match_levels, read_problem
from headwater.mixing.tables.write_results import Row, prepare_folder, write_results

if TYPE_CHECKING:
    from headwater.mixing.bayes.fit import Fit

MOST_ROWS = 40
DRAWS = "posterior.nc"
FIRST_RUN = "first run: making machine code for this machine, half a minute; later runs start at once"


@dataclass(frozen=True)
class Sampling:
    """How to sample; None leaves a number to the fit."""

    chains: int
    draws: int | None
    tune: int | None
    seed: int


@dataclass(frozen=True)
class Job:
    """One call of ``headwater mix``, its options understood; names are those of the options."""

    tables: Tables
    columns: Columns
    factors: tuple[Factor, ...]
    interactions: tuple[tuple[str, ...], ...]
    group: str | None
    error: Error
    style: Style
    prior: str | None
    bounds: tuple[str, ...]
    evaporation: Evaporation | None
    sampling: Sampling
    output: Path
    report: bool
    lang: Literal["en", "zh"]
    command: str

    def check(self) -> None:
        """Nothing, if the options go together.

        Raises
        ------
        SettingsRefused
        """
        tables, sampling = self.tables, self.sampling
        if self.style == "simmr" and (self.factors or self.columns.covariates):
            raise SettingsRefused(
                "--model simmr has no factors and no covariates; it fits groups one by one. Use --group "
                "NAME, or leave out --model."
            )
        if self.group is not None and self.group in [one.name for one in self.factors]:
            raise SettingsRefused(
                f"--group {self.group} fits its levels one by one, so it cannot be a --factor as well. Drop "
                "one of the two."
            )
        if tables.discrimination_sds is not None and tables.discrimination is None:
            raise SettingsRefused(
                "--discrimination-sds goes with --discrimination, which is not given. Add it."
            )
        if sampling.chains < 1 or (sampling.draws or 1) < 1 or (sampling.tune or 1) < 1 or sampling.seed < 0:
            raise SettingsRefused(
                f"--chains {sampling.chains}, --draws {sampling.draws}, --tune {sampling.tune}, --seed "
                f"{sampling.seed}: whole numbers above 0 (seed: 0 or above) are expected."
            )


def run_mix(job: Job, show: Show) -> int:
    """Read, check, fit, write; prints the shares and returns the exit code."""
    problem = read_problem(job.tables, job.columns)
    models = models_of(job, problem)
    findings = {name: _checked(model, name) for name, model in models.items()}
    prepare_folder(job.output)
    for note in problem.notes:
        show.message(f"note: {note}")
    for name, found in findings.items():
        for finding in found:
            show.message(f"warning: {f'{name}: ' if name else ''}{finding.text}")
    with show.progress() as progress:
        fits = {name: _fit(model, job.sampling, show, progress) for name, model in models.items()}
    return _hand_over(job, problem, fits, findings, show)


def models_of(job: Job, problem: Problem) -> dict[str, MixingModel]:
    """The model of each group, or one under an empty name.

    Raises
    ------
    SettingsRefused, InputRefused
        A name in the options is not in the tables.
    """
    names = problem.sources.names
    whole = MixingModel(
        mixtures=problem.mixtures,
        sources=problem.sources,
        factors=job.factors,
        covariates=job.columns.covariates,
        interactions=job.interactions,
        error=job.error,
        style=job.style,
        prior=options.prior(job.prior, names),
        bounds=options.bounds(job.bounds, names),
        absent=options.known_absences(job.columns.absent, names, problem.mixtures.factors),
        evaporation=job.evaporation,
    )
    if job.group is None:
        return {"": whole}
    models = {}
    for name, part in split_mixtures(problem.mixtures, job.group).items():
        sources = match_levels(part, problem.sources, job.tables.sources.name, [])
        models[name] = replace(whole, mixtures=part, sources=sources)
    return models


def _checked(model: MixingModel, name: str) -> tuple[Finding, ...]:
    try:
        return check_model(model)
    except InputRefused as error:
        raise InputRefused(f"{name}: {error}" if name else str(error)) from None


def _fit(model: MixingModel, sampling: Sampling, show: Show, progress: Progress) -> Fit:
    from headwater.mixing.bayes.fit import KERNELS, default_settings, fit_problem
    from headwater.mixing.bayes.problem import make_problem
    from headwater.posterior.machine_code import is_warm

    ready = make_problem(model)
    settings = replace(default_settings(ready), chains=sampling.chains, seed=sampling.seed)
    settings = replace(settings, draws=sampling.draws or settings.draws, tune=sampling.tune or settings.tune)
    if not is_warm(KERNELS):
        show.message(FIRST_RUN)
    return fit_problem(ready, settings, progress=progress)


def _hand_over(
    job: Job,
    problem: Problem,
    fits: Mapping[str, Fit],
    findings: Mapping[str, Sequence[Finding]],
    show: Show,
) -> int:
    """Write the tables, print the shares or why there are none, and say how it went."""
    from headwater.mixing.bayes.summary import parameter_rows, share_rows, summary_of

    shares = [_of(job, name, row) for name, fit in fits.items() if fit.trusted for row in share_rows(fit)]
    parameters = [_of(job, name, row) for name, fit in fits.items() for row in parameter_rows(fit)]
    verdicts = {
        name: summary_of(fit) | {"findings": [_finding(one) for one in findings[name]]}
        for name, fit in fits.items()
    }
    diagnostics: dict[str, Any] = {
        "headwater": __version__,
        "command": job.command,
        "trusted": all(fit.trusted for fit in fits.values()),
        "notes": list(problem.notes),
    }
    diagnostics |= verdicts[""] if job.group is None else {"group": job.group, "groups": verdicts}
    files = write_results(
        job.output, proportions=shares or None, parameters=parameters, diagnostics=diagnostics
    )
    for name, fit in fits.items():
        _write_draws(fit, job.output / (f"posterior_{_file_name(name)}.nc" if name else DRAWS))
    payload = diagnostics | {"proportions": shares, "parameters": parameters, "folder": str(job.output)}
    show.result(payload, lambda: _text(shares, str(files.proportions)))
    for name, fit in fits.items():
        if not fit.trusted:
            _say_refused(name, fit, show)
    return _exit(fits)


def _of(job: Job, name: str, row: Row) -> Row:
    return row if job.group is None else {"group": name} | dict(row)


def _finding(finding: Finding) -> dict[str, Any]:
    return {"code": str(finding.code), "values": finding.values, "text": finding.text}


def _write_draws(fit: Fit, path: Path) -> None:
    """Draws in the layout of ArviZ."""
    from headwater.posterior.tree import Tree, plain_name, sample_stats
    from headwater.posterior.write_tree import write_netcdf

    over = fit.chains.positions.shape[:2]
    posterior = {
        plain_name(name): (
            ("chain", "draw", *map(plain_name, entry.dims)),
            entry.value.reshape(*over, *entry.value.shape[1:]),
        )
        for name, entry in fit.draws.items()
    }
    labels = {
        plain_name(dim): names for entry in fit.draws.values() for dim, names in (entry.coords or {}).items()
    }
    data = fit.model.mixtures
    tree = Tree(
        {
            "posterior": posterior,
            "sample_stats": sample_stats(fit.chains, deepest=fit.settings.deepest),
            "observed_data": {"mixtures": (("mixture", "tracer"), data.values)},
        },
        labels=labels | {"mixture": data.ids, "tracer": data.tracers} if data.ids else labels,
        attributes={
            "created_by": f"headwater {__version__}",
            "seed": fit.settings.seed,
            "trusted": int(fit.trusted),
            "interrupted": int(fit.chains.interrupted),
        },
    )
    write_netcdf(tree, path)


def _file_name(name: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in name)[:80]


def _say_refused(name: str, fit: Fit, show: Show) -> None:
    import sys

    from headwater.errors import NotTrustworthy
    from headwater.posterior.refuse import require_trusted

    of = f"{name}: " if name else ""
    try:
        require_trusted(fit.diagnosis)
        text = "interrupted; the draws so far are kept, no shares were written"
    except NotTrustworthy as error:
        text = f"{error} No shares were written; the draws are kept."
    print(f"headwater: {of}{text}", file=sys.stderr)


def _exit(fits: Mapping[str, Fit]) -> Exit:
    if any(fit.chains.interrupted for fit in fits.values()):
        return Exit.INTERRUPTED
    trusted = [fit.trusted for fit in fits.values()]
    if all(trusted):
        return Exit.OK
    return Exit.PARTIAL if any(trusted) else Exit.NOT_TRUSTWORTHY


def _text(shares: Sequence[Row], place: str) -> str:
    if not shares:
        return ""
    names = [name for name in ("group", "factor", "level") if any(row.get(name) for row in shares)]
    head = (*names, "source", "share", "95 % interval", "effective draws")
    rows = [head]
    for row in shares[:MOST_ROWS]:
        interval = f"{100 * row['q025']:.0f}–{100 * row['q975']:.0f} %"
        share = f"{100 * row['mean']:.0f} ± {100 * row['sd']:.0f} %"
        rows.append(
            (*(str(row[name]) for name in names), row["source"], share, interval, f"{row['ess_bulk']:.0f}")
        )
    more = f"\n… and {len(shares) - MOST_ROWS} more rows" if len(shares) > MOST_ROWS else ""
    numbers = tuple(range(len(head) - 3, len(head)))
    return f"{columns(rows, right=numbers)}{more}\n\nshares: {place}"
