"""The answer in sentences: what each source gave, whether to trust it, what the model is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from headwater.mixing.bayes.model import Elicited, MixingModel
from headwater.report.findings import opened
from headwater.report.mix.material import Material
from headwater.report.mix.verdict import MOSTLY_PRIOR, trouble_sentence
from headwater.report.mix.words import diverged, source_names, tracer_name
from headwater.report.numbers import integer, number, share, share_range

if TYPE_CHECKING:
    from headwater.posterior.diagnose import Trouble
    from headwater.report.text import Text

MOST_SOURCES = 6


def summary(material: Material, text: Text) -> list[str]:
    """One sentence a source, the largest first, and the verdict; only the verdict where it is bad."""
    if not material.fit.trusted:
        return [
            refused(material, text),
            *(opened(trouble_sentence(one, text)) for one in _troubles(material)),
        ]
    shares = material.overall
    low, high = np.quantile(shares, [0.025, 0.975], axis=0)
    mean, overlap = shares.mean(axis=0), material.learned.overlap
    order = np.argsort(-mean, kind="stable")
    said = [
        text(
            "mix.say.source_prior" if overlap[k] >= MOSTLY_PRIOR else "mix.say.source",
            source=material.names[k],
            share=share(mean[k]),
            range=share_range(low[k], high[k]),
        )
        for k in order[:MOST_SOURCES]
    ]
    if len(order) > MOST_SOURCES:
        rest = shares[:, order[MOST_SOURCES:]].sum(axis=1)
        ends = np.quantile(rest, [0.025, 0.975])
        said.append(text("mix.say.rest", n=len(order) - MOST_SOURCES, share=share(rest.mean()),
                         range=share_range(*ends)))  # fmt: skip
    return [*map(opened, said), passed(material, text)]


def passed(material: Material, text: Text) -> str:
    """That the draws can be trusted, with the numbers that say so."""
    diagnosis = material.fit.diagnosis
    return text(
        "mix.say.passed", n=len(diagnosis.quantities), rhat=number(diagnosis.worst_rhat, 3),
        ess=integer(min(diagnosis.worst_ess_bulk, diagnosis.worst_ess_tail)),
        divergent=diverged(diagnosis.divergent, text),
    )  # fmt: skip


def refused(material: Material, text: Text) -> str:
    """That there are no shares, and why."""
    return text("mix.say.interrupted" if material.fit.chains.interrupted else "mix.say.refused")


def _troubles(material: Material) -> tuple[Trouble, ...]:
    return material.fit.diagnosis.troubles[:1]


def facts(model: MixingModel, text: Text) -> list[str]:
    """How many mixtures, sources, tracers and levels."""
    tracers = text("list.comma").join(map(tracer_name, model.sources.tracers))
    found = [
        text.count("mix.fact.mixtures", len(model.mixtures.values)),
        text.count("fact.sources", len(model.sources.names)),
        text.count("mix.fact.tracers", len(model.sources.tracers), tracers=tracers),
    ]
    for factor in model.factors:
        levels = len(set(model.mixtures.factors[factor.name]))
        found.append(text.count("mix.fact.levels", levels, factor=factor.name))
    return found


def overall_meaning(model: MixingModel, text: Text) -> str:
    """What 'overall' means where there are factors; empty where there are none."""
    if not model.factors and not model.covariates:
        return ""
    first = [factor for factor in model.factors if factor.kind == "fixed"] if model.style == "mixsiar" else []
    if first:
        names = [f"{factor.name} {min(model.mixtures.factors[factor.name])}" for factor in first]
        return text("mix.say.overall_first", levels=text.listing(names))
    return text("mix.say.overall_average")


def model_words(model: MixingModel, text: Text) -> Iterator[tuple[str, str]]:
    """Every choice of the model: what, and which."""
    yield text("mix.model.style"), text(f"mix.style.{model.style}")
    error = "evaporation" if model.evaporation is not None else model.error.replace("*", "_")
    yield text("mix.model.error"), text(f"mix.error.{error}")
    yield text("mix.model.prior"), _prior(model, text)
    for factor in model.factors:
        kind = text(f"mix.kind.{factor.kind}")
        nested = text("mix.model.nested", parent=factor.parent) if factor.parent else ""
        yield text("mix.model.factor", name=factor.name), kind + nested
    if model.covariates:
        yield text("mix.model.covariates"), text("list.comma").join(model.covariates)
    if model.interactions:
        yield text("mix.model.interactions"), text("list.comma").join(map("×".join, model.interactions))
    yield text("mix.model.sources"), _sources(model, text)
    if model.sources.discrimination is not None:
        yield text("mix.model.discrimination"), text("mix.model.given")
    if model.sources.concentration is not None:
        sd = model.sources.concentration_sd is not None
        yield text("mix.model.concentration"), text("mix.model.mean_and_sd" if sd else "mix.model.given")
    if model.mixtures.covariance is not None:
        yield text("mix.model.analytical"), text("mix.model.of_each")
    names = dict(zip(model.sources.names, source_names(model, text), strict=True))
    for name, (low, high) in model.bounds.items():
        yield text("mix.model.bounds", source=names.get(name, name)), share_range(low, high)
    for zero in model.absent:
        yield (
            text("mix.model.absent", source=names.get(zero.source, zero.source)),
            f"{zero.factor} {text('list.comma').join(zero.levels)}",
        )
    if (own := model.evaporation) is not None:
        yield text("mix.model.slope"), f"{number(own.slope, 2)} ± {number(own.slope_sd, 2)}"
        yield text("mix.model.form"), text.name("mix.form", own.form)


def _prior(model: MixingModel, text: Text) -> str:
    prior = model.prior
    if isinstance(prior, Elicited):
        pairs = zip(prior.mean, prior.sd, strict=True)
        return text(
            "mix.prior_of.elicited", values=text("list.comma").join(f"{m:g} ± {s:g}" for m, s in pairs)
        )
    if prior is not None:
        return text("mix.prior_of.dirichlet", values=text("list.comma").join(f"{w:g}" for w in prior))
    pooled = model.style == "headwater" and model.factors and not model.bounds
    return text(f"mix.prior_of.{'simmr' if model.style == 'simmr' else 'pooled' if pooled else 'flat'}")


def _sources(model: MixingModel, text: Text) -> str:
    said = text("mix.model.means" if model.sources.rows is None else "mix.model.rows")
    return said + (text("mix.model.by", factor=model.sources.by) if model.sources.by else "")
