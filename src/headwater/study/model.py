"""From the samples of one period to a mixing model with evaporation inside."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import pandas as pd

from headwater.mixing.bayes.model import (
    DEFAULT_FORM,
    Absent,
    Evaporation,
    Factor,
    Form,
    MixingModel,
    Mixtures,
    Sources,
)
from headwater.study.settings import StudySettings
from headwater.study.sources import PeriodSource, combinations_of_delta, possible_rows, tracer_values
from headwater.study.strata import Strata

TRACERS = ("d18O", "d2H")
POSSIBLE = "sources possible"
"""Factor of the model whose levels are the sets of sources that can have reached a sample."""
UNKNOWN = "not known"
LEAST_LEVELS = 2


def period_model(
    strata: Strata,
    rows: np.ndarray,
    sources: tuple[PeriodSource, ...],
    settings: StudySettings,
    *,
    slope: tuple[float, float] | None,
    form: str = DEFAULT_FORM,
    sharp: bool = False,
) -> MixingModel:
    """The model of one period: shares pooled over the levels of every stratum, evaporation inside.

    δ18O and δ2H are the tracers whatever the settings name: d-excess is a combination of the two.

    Parameters
    ----------
    rows : positions of the complete samples of the mixture in this period
    sources : as they stand in this period; at least two with a composition
    slope : mean and sd of the prior of the evaporation slope; None: no evaporation
    form : of the distribution of evaporation
    sharp : no least evaporation: an exponential form then puts most samples next to their sources, and
        errs to the side on which the default cannot
    """
    waters = strata.waters
    tracers = TRACERS if len(settings.mixing.tracers) == 2 else settings.mixing.tracers
    present = [source for source in sources if source.composition is not None]
    factors = _factors(strata, rows)
    possible = np.column_stack([possible_rows(source, waters, rows, settings, strata) for source in present])
    absent = []
    if not possible.all():
        labels = tuple("".join("1" if one else "0" for one in row) for row in possible)
        for number, source in enumerate(present):
            without = tuple(sorted({label for label in labels if label[number] == "0"}))
            if without:
                absent.append(Absent(source.name, POSSIBLE, without))
        factors[POSSIBLE] = labels
    strata_names = tuple(name for name in factors if name != POSSIBLE)
    evaporation = None
    if slope is not None:
        effects = tuple(name for name in strata_names if name != "aspect")
        evaporation = Evaporation(*slope, form=cast(Form, form), effects=effects)
        if sharp and form == "exponential":
            evaporation = replace(evaporation, start_scale=0.0)
    return MixingModel(
        mixtures=Mixtures(
            tracers,
            tracer_values(waters, rows, tracers),
            covariance=_analytical(waters, rows, tracers),
            factors=factors,
        ),
        sources=_sources(present, tracers),
        factors=tuple(Factor(name, "random") for name in strata_names),
        absent=tuple(absent),
        evaporation=evaporation,
    )


def _factors(strata: Strata, rows: np.ndarray) -> dict[str, tuple[str, ...]]:
    found = {}
    for name in strata.levels:
        if "×" in name:
            continue
        labels = strata.waters[name].iloc[rows].astype(object)
        labels = labels.where(labels.notna(), UNKNOWN)
        if labels.nunique() >= LEAST_LEVELS:
            found[name] = tuple(labels)
    return found


def _analytical(waters: pd.DataFrame, rows: np.ndarray, tracers: tuple[str, ...]) -> np.ndarray:
    """Analytical covariance of every sample, (n, J, J); the mean error where a sample has none."""
    sd = waters[["d18O_sd", "d2H_sd"]].to_numpy(dtype=float)[rows]
    typical = np.sqrt(np.nanmean(sd**2, axis=0))
    variance = np.where(np.isnan(sd), typical, sd) ** 2
    mix = combinations_of_delta(tracers)
    return np.einsum("ja,na,ka->njk", mix, variance, mix)


def _sources(present: list[PeriodSource], tracers: tuple[str, ...]) -> Sources:
    """The compositions as sources, in the tracers of the model (d-excess turned back into δ2H)."""
    compositions = [source.composition for source in present if source.composition is not None]
    mix = combinations_of_delta(compositions[0].tracers)
    turn = combinations_of_delta(tracers) @ np.linalg.pinv(mix)
    return Sources(
        names=tuple(source.name for source in present),
        tracers=tracers,
        mean=np.stack([turn @ one.mean for one in compositions])[None],
        covariance=np.stack([turn @ one.covariance @ turn.T for one in compositions])[None],
        n=np.array([[one.n for one in compositions]]),
        mean_covariance=np.stack([turn @ one.mean_covariance @ turn.T for one in compositions])[None],
    )
