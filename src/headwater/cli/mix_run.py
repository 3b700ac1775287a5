"""From the tables of a mixing problem to written shares: what ``headwater mix`` does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from headwater.cli import mix_options as options
from headwater.cli.mix_forms import AT_MOST, OtherForm, compare_forms, with_other_form
from headwater.cli.mix_write import Run, hand_over
from headwater.cli.show import Progress, Show
from headwater.errors import InputRefused, SettingsRefused
from headwater.mixing.bayes.check import Finding, check_model
from headwater.mixing.bayes.model import Error, Evaporation, Factor, MixingModel, Style
from headwater.mixing.tables.order_sources import order_sources
from headwater.mixing.tables.read_cells import split_sheet
from headwater.mixing.tables.read_problem import Columns, Problem, Tables, match_levels, read_problem
from headwater.mixing.tables.write_results import prepare_folder

if TYPE_CHECKING:
    from headwater.mixing.bayes.batch import GroupFit

MOST_KEPT = 100
"""Groups up to which draws are kept and a report is written."""
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
    for line in (*(f"note: {note}" for note in problem.notes), *_warnings(findings)):
        show.message(line)
    keep = len(models) <= MOST_KEPT
    if not keep:
        show.message(
            f"note: {len(models)} groups, more than {MOST_KEPT}: no draws are kept and no report is written"
        )
    with show.progress() as progress:
        fits = _fit(models, job.sampling, show, progress, keep=keep)
        others = _fit_other_form(models, fits, job.sampling, show, progress)
        run = Run(
            folder=job.output,
            group=job.group,
            command=job.command,
            files=_read_files(job.tables),
            notes=problem.notes,
            findings=findings,
            lang=job.lang,
            report=job.report and keep,
        )
        return hand_over(run, fits, others, show, progress)


def _warnings(findings: Mapping[str, Sequence[Finding]]) -> Iterator[str]:
    """One line for each sort of finding, with the groups that it is about."""
    about: dict[str, list[tuple[str, Finding]]] = {}
    for name, found in findings.items():
        for finding in found:
            about.setdefault(finding.code if name else finding.text, []).append((name, finding))
    for found_by in about.values():
        name, finding = found_by[0]
        of = f"{name} and {len(found_by) - 1} more: " if len(found_by) > 1 else f"{name}: " if name else ""
        yield f"warning: {of}{finding.text}"


def models_of(job: Job, problem: Problem) -> dict[str, MixingModel]:
    """The model of each group, or one under an empty name.

    Raises
    ------
    SettingsRefused, InputRefused
        A name in the options is not in the tables.
    """
    sources = problem.sources
    if job.style == "mixsiar":  # as that program does: it fixes whose weight of --prior is whose
        sources = order_sources(sources, sorted(sources.names))
    names = sources.names
    whole = MixingModel(
        mixtures=problem.mixtures,
        sources=sources,
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
    from headwater.mixing.bayes.batch import split

    place = job.tables.sources.name
    return {
        name: replace(model, sources=match_levels(model.mixtures, model.sources, place, []))
        for name, model in split(whole, job.group).items()
    }


def _checked(model: MixingModel, name: str) -> tuple[Finding, ...]:
    try:
        return check_model(model)
    except InputRefused as error:
        raise InputRefused(f"{name}: {error}" if name else str(error)) from None


def _fit(
    models: Mapping[str, MixingModel],
    sampling: Sampling,
    show: Show,
    progress: Progress,
    *,
    keep: bool,
    at_most: int = 4,
) -> Mapping[str, GroupFit]:
    """The fit of every model; under an empty name, of the only one."""
    from headwater.machine_code import is_warm
    from headwater.mixing.bayes.batch import GroupFit, fit_each
    from headwater.mixing.bayes.fit import KERNELS, default_settings, fit_problem
    from headwater.mixing.bayes.problem import make_problem
    from headwater.mixing.bayes.summary import parameter_rows, share_rows, summary_of

    ready = make_problem(next(iter(models.values())))
    settings = replace(default_settings(ready), chains=sampling.chains, seed=sampling.seed)
    settings = replace(settings, draws=sampling.draws or settings.draws, tune=sampling.tune or settings.tune)
    if not is_warm(KERNELS):
        show.message(FIRST_RUN)
    if "" not in models:
        return fit_each(models, settings, progress=progress, keep_draws=keep)
    fit = fit_problem(ready, settings, progress=progress, at_most=at_most)
    rows = share_rows(fit), parameter_rows(fit), summary_of(fit)
    return {"": GroupFit(*rows, trusted=fit.trusted, interrupted=fit.chains.interrupted, fit=fit)}


def _fit_other_form(
    models: Mapping[str, MixingModel],
    fits: Mapping[str, GroupFit],
    sampling: Sampling,
    show: Show,
    progress: Progress,
) -> dict[str, OtherForm]:
    """Shares under another form of evaporation, of every fit that can be trusted and was not interrupted."""
    wanted = {
        name: model for name, model in with_other_form(models).items() if name in fits and fits[name].trusted
    }
    if not wanted or any(fit.interrupted for fit in fits.values()):
        return {}
    found = _fit(wanted, sampling, show, progress, keep=False, at_most=AT_MOST)
    return {
        name: compare_forms(model.evaporation.form, fits[name], found.get(name))
        for name, model in wanted.items()
        if model.evaporation is not None
    }


def _read_files(tables: Tables) -> tuple[Path, ...]:
    """Files of the tables, sheets apart."""
    given = (getattr(tables, field.name) for field in fields(tables))
    return tuple(dict.fromkeys(split_sheet(path)[0] for path in given if path is not None))
