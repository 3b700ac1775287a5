"""Shares by the Bayesian engine: one model a period, levels pooled, evaporation inside, two forms of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from headwater.errors import HeadwaterError
from headwater.mixing.bayes.model import DEFAULT_FORM
from headwater.mixing.uncertainty import QUANTILES
from headwater.study.contributions import COLUMNS, flags_of
from headwater.study.lines import slope_prior
from headwater.study.model import period_model
from headwater.study.notices import Notices
from headwater.study.settings import StudySettings
from headwater.study.sources import PeriodSource, possible_in
from headwater.study.strata import ALL, Cell, Strata, cells

if TYPE_CHECKING:
    from headwater.mixing.bayes.fit import Fit
    from headwater.mixing.bayes.model import MixingModel
    from headwater.posterior.diagnose import Trouble

SPARSE = 4
"""One draw in so many is enough for means and sds that go into a warning."""
FAR = 2.0
"""Prior sds between the prior and the posterior of the slope that call for a warning."""
LONGEST = 4
"""Times the draws asked for that a fit may be extended to."""
ENGINE_COLUMNS = (
    "period", "form", "used", "trusted", "n", "parameters", "rhat", "ess_bulk", "ess_tail", "divergent",
    "slope", "slope_sd", "slope_prior", "slope_prior_sd", "evaporation", "evaporation_sd", "start",
    "process_scale", "design_effect", "cpu_seconds",
)  # fmt: skip
Progress = Callable[[str, int, int], None]


def engine_installed() -> bool:
    """Whether the extra ``bayes`` is there."""
    from importlib.util import find_spec

    return find_spec("numba") is not None


@dataclass(frozen=True)
class PeriodFit:
    """One fit of one period.

    Attributes
    ----------
    form : of the distribution of evaporation; empty without evaporation
    walk : cells of the period that get shares
    shares : shape (D, cells, K), each the mean over the samples of its cell, as wide as sites that are alike
        make them
    effects : shape (cells,), factor on the variance that this took
    slope : mean and sd of the prior of the evaporation slope; None without evaporation
    """

    period: str
    form: str
    model: MixingModel
    fit: Fit
    walk: tuple[Cell, ...]
    shares: np.ndarray
    effects: np.ndarray
    slope: tuple[float, float] | None


def posterior_contributions(
    strata: Strata,
    mixture: np.ndarray,
    by_period: dict[str, tuple[PeriodSource, ...]],
    settings: StudySettings,
    notices: Notices,
    progress: Progress,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Tables ``contributions``, ``other_form`` and ``engine`` of ``StudyTables``.

    A period whose draws cannot be trusted is refused; the others stay.
    """
    rows: list[dict[str, Any]] = []
    beside: list[dict[str, Any]] = []
    runs: list[dict[str, Any]] = []
    periods = [cell for cell in cells(strata, mixture, margins=()) if _can_mix(cell, by_period, settings)]
    forms = _forms(settings)
    for number, whole in enumerate(periods):
        sources = by_period[whole.period]
        fits: list[PeriodFit] = []
        for step, form in enumerate(forms):
            what = f"{whole.period} {form}".replace("_", " ").rstrip()
            told = _Told(progress, what, number * len(forms) + step, len(periods) * len(forms))
            one = _fit_period(whole, sources, form, strata, settings, notices, told, beside=step > 0)
            if one is None:
                break
            fits.append(one)
            runs.append(_run_row(one, used=step == 0))
        if fits and _judge(fits, settings, notices):
            rows += _rows(fits[0], sources, strata, settings)
            beside += [
                row for one in fits[1:] if one.fit.trusted for row in _rows(one, sources, strata, settings)
            ]
    return (
        pd.DataFrame(rows, columns=list(COLUMNS)),
        pd.DataFrame(beside, columns=list(COLUMNS)),
        pd.DataFrame(runs, columns=list(ENGINE_COLUMNS)),
    )


class _Told:
    """Progress of one fit as a part of all, with the period and form it is about."""

    def __init__(self, progress: Progress, what: str, done: int, total: int) -> None:
        self._progress, self._what, self._done, self._total = progress, what, done, total

    def __call__(self, step: str, done: int, total: int) -> None:
        self._progress(f"{self._what}: {step}", self._done * total + done, self._total * total)


def _forms(settings: StudySettings) -> tuple[str, ...]:
    first = settings.mixing.evaporation
    if first == "none" or len(settings.mixing.tracers) < 2:
        return ("",)
    return (first, "exponential" if first != "exponential" else DEFAULT_FORM)


def _can_mix(cell: Cell, by_period: dict[str, tuple[PeriodSource, ...]], settings: StudySettings) -> bool:
    present = [source for source in by_period[cell.period] if source.composition is not None]
    return len(present) > 1 and len(cell.rows) >= settings.strata.least_samples


def _fit_period(
    whole: Cell,
    sources: tuple[PeriodSource, ...],
    form: str,
    strata: Strata,
    settings: StudySettings,
    notices: Notices,
    told: Progress,
    *,
    beside: bool,
) -> PeriodFit | None:
    from headwater.mixing.bayes.clustered import widen_shares
    from headwater.mixing.bayes.fit import default_settings, fit_problem
    from headwater.mixing.bayes.problem import make_problem

    slope = slope_prior(strata.waters, whole, settings) if form else None
    try:
        model = period_model(strata, whole.rows, sources, settings, slope=slope, form=form, sharp=beside)
        problem = make_problem(model)
        own = settings.mixing
        sampler = replace(
            default_settings(problem),
            chains=own.chains,
            tune=own.tuning,
            draws=own.chain_draws,
            seed=settings.seed,
        )
        fitted = fit_problem(problem, sampler, progress=told, at_most=LONGEST)
    except HeadwaterError as error:
        notices.refuse("mixing_refused", at=(whole.period, "", ""), reason=str(error))
        return None
    if fitted.chains.interrupted:
        raise KeyboardInterrupt
    walk = tuple(
        cell
        for cell in cells(strata, whole.rows)
        if cell.period == whole.period and len(cell.rows) >= settings.strata.least_samples
    )
    place = np.full(len(strata.waters), -1)
    place[whole.rows] = np.arange(len(whole.rows))
    shares, effects = widen_shares(
        fitted,
        fitted.shares_of([place[cell.rows] for cell in walk]),
        strata.waters["site"].iloc[whole.rows],
        seed=settings.seed,
    )
    return PeriodFit(whole.period, form, model, fitted, walk, shares, effects, slope)


def _judge(fits: list[PeriodFit], settings: StudySettings, notices: Notices) -> bool:
    """Whether the first fit can be used; says why not, and what its shares rest on."""
    first = fits[0]
    at = (first.period, "", "")
    if not first.fit.trusted:
        notices.refuse("not_converged", at=at, troubles=[_plain(one) for one in first.fit.diagnosis.troubles])
        return False
    sources, tracers = len(first.model.sources.names), len(first.model.sources.tracers)
    if sources > tracers + 1:
        notices.warn("prior_decides", at=at, sources=sources, tracers=tracers)
    elif first.form:
        notices.info("narrow_intervals", at=at)
    for other in fits[1:]:
        if not other.fit.trusted:
            notices.info("one_form", at=at, form=other.form)
    if first.form:
        _evaporation_notices(first, [other for other in fits[1:] if other.fit.trusted], notices)
    return True


def _evaporation_notices(first: PeriodFit, others: list[PeriodFit], notices: Notices) -> None:
    """What the shares of the whole period owe to the assumed distribution of evaporation."""
    from headwater.mixing.bayes.evaporation_report import report_evaporation

    at = (first.period, "", "")
    everything = np.arange(len(first.model.mixtures.values))
    found = report_evaporation(
        first.fit, {ALL: everything}, second=others[0].fit if others else None, every=SPARSE
    )
    flags, names = found.flags[0], found.sources
    if "rests_on_distribution" in flags:
        notices.info("evaporation_assumed", at=at, ratio=round(float(np.nanmin(found.ratio)), 2))
    if "nearly_parallel" in flags:
        notices.warn("parallel_evaporation", at=at, sine=round(float(found.angle.min()), 2))
    if "sources_pulled" in flags:
        most = names[int(np.argmax(found.pull.max(axis=0)))]
        notices.warn("sources_pulled", at=at, source=most, pull=round(float(found.pull.max()), 1))
    if "forms_disagree" in flags and found.disagreement is not None:
        gap = np.abs(found.disagreement[0])
        notices.warn("forms_differ", at=at, source=names[int(gap.argmax())], difference=float(gap.max()))
    slope = first.fit.draws.get("evaporation_slope")
    if slope is not None and first.slope is not None:
        mean, (expected, sd) = float(slope.value.mean()), first.slope
        if abs(mean - expected) > FAR * sd:
            notices.warn("slope_conflict", at=at, slope=round(mean, 2), prior=expected, sd=sd)


def _plain(trouble: Trouble) -> dict[str, Any]:
    """A reason against draws as plain values, to be told in any language."""
    worst = trouble.worst
    return {
        "reason": str(trouble.reason), "count": trouble.count, "value": trouble.value, "limit": trouble.limit,
        "worst": {"name": worst.name, "labels": dict(worst.labels)} if worst is not None else None,
    }  # fmt: skip


def _rows(
    one: PeriodFit, sources: tuple[PeriodSource, ...], strata: Strata, settings: StudySettings
) -> Iterator[dict[str, Any]]:
    names = one.model.sources.names
    for number, cell in enumerate(one.walk):
        possible = [
            source
            for source in sources
            if source.composition is not None
            and possible_in(source, strata.waters, cell.rows, settings, strata)
        ]
        flags = flags_of(len(cell.rows), possible)
        if len(possible) == 1:
            flags.append("only_source")
        if len(possible) > len(one.model.sources.tracers) + 1:
            flags.append("underdetermined")
        for source in possible:
            draws = one.shares[:, number, names.index(source.name)]
            low, middle, high = np.quantile(draws, QUANTILES)
            yield {
                "period": cell.period, "stratum": cell.stratum, "level": cell.level,
                "source": source.name, "n": len(cell.rows), "mean": draws.mean(), "sd": draws.std(ddof=1),
                "q025": low, "q50": middle, "q975": high, "method": "bayes", "flags": ";".join(flags),
            }  # fmt: skip


def _run_row(one: PeriodFit, *, used: bool) -> dict[str, Any]:
    from headwater.mixing.bayes.summary import summary_of

    found = summary_of(one.fit)
    draws = {name: entry.value for name, entry in one.fit.draws.items()}
    nothing = np.full(2, np.nan)
    prior = one.slope or (np.nan, np.nan)

    def moments(name: str) -> tuple[float, float]:
        values = draws.get(name, nothing) if one.fit.trusted else nothing
        return (float(values.mean()), float(values.std(ddof=1))) if values.ndim == 1 else (np.nan, np.nan)

    slope, evaporation = moments("evaporation_slope"), moments("evaporation_mean")
    return {
        "period": one.period, "form": one.form, "used": used, "trusted": one.fit.trusted,
        "n": len(one.model.mixtures.values), "parameters": one.fit.problem.dimension,
        "rhat": found["rhat_max"], "ess_bulk": found["ess_bulk_min"], "ess_tail": found["ess_tail_min"],
        "divergent": found["divergent"], "slope": slope[0], "slope_sd": slope[1],
        "slope_prior": prior[0], "slope_prior_sd": prior[1],
        "evaporation": evaporation[0], "evaporation_sd": evaporation[1],
        "start": moments("evaporation_start")[0], "process_scale": moments("process_scale")[0],
        "design_effect": float(one.effects[0]) if one.fit.trusted else np.nan,
        "cpu_seconds": one.fit.sampling_seconds,
    }  # fmt: skip
