"""What a reader must know before using the numbers: refusals with remedies, cautions, findings, notes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from headwater.mixing.bayes.check import Code, Finding
from headwater.posterior.diagnose import Reason
from headwater.report.findings import opened
from headwater.report.mix.material import Material
from headwater.report.mix.words import quantity_name, source_name, tracer_name
from headwater.report.notices import NoticeGroup, Said
from headwater.report.numbers import THIN, integer, number, p_value, share

if TYPE_CHECKING:
    from headwater.posterior.diagnose import Trouble
    from headwater.report.text import Text

LEVELS = ("refused", "warning", "info")
INFO = {Code.FEW_LEVELS, Code.ONE_LEVEL}
MOSTLY_PRIOR = 0.5
MOST_NAMED = 8
_LOOKS: dict[Reason, tuple[Callable[[float], str], Callable[[float], str]]] = {
    Reason.RHAT: (lambda value: number(value, 3), lambda limit: number(limit, 2)),
    Reason.STUCK: (lambda value: number(value, 3), number),
    Reason.DIVERGENT: (
        lambda value: f"{number(100 * value, 2)}{THIN}%",
        lambda limit: f"{100 * limit:g}{THIN}%",
    ),
}
"""How value and limit of a reason are written; all others are counts."""


def notices(material: Material, text: Text, read: Sequence[str] = ()) -> list[NoticeGroup]:
    """All notices of one fit, refusals first."""
    found = [*_refusals(material, text), *_cautions(material, text), *_findings(material, text)]
    if material.fit.trusted:
        found += [*_answers(material, text), *_predictions(material, text)]
    found += [*_steps(material, text), *notes(read)]
    return sorted(found, key=lambda group: LEVELS.index(group.level))


def trouble_sentence(trouble: Trouble, text: Text) -> str:
    """What fails, by how much, where."""
    value, limit = _LOOKS.get(trouble.reason, (integer, integer))
    return text.sentences[f"mix.trouble.{trouble.reason}"].format(
        count=integer(trouble.count),
        worst=quantity_name(trouble.worst, text) if trouble.worst is not None else "",
        value=value(trouble.value),
        limit=limit(trouble.limit),
    )


def _refusals(material: Material, text: Text) -> Iterator[NoticeGroup]:
    if material.fit.chains.interrupted:
        yield _one("refused", "interrupted", text("mix.say.interrupted"))
    for trouble in material.fit.diagnosis.troubles:
        helps = [text.sentences[f"mix.remedy.{remedy}"] for remedy in trouble.remedies]
        why = text("mix.remedies", remedies=text("mix.or").join(helps))
        yield _one("refused", str(trouble.reason), trouble_sentence(trouble, text), why)


def _cautions(material: Material, text: Text) -> Iterator[NoticeGroup]:
    diagnosis = material.fit.diagnosis
    for caution in diagnosis.cautions:
        if caution == "some_divergent" and "divergent" in diagnosis.reasons:
            continue
        said = text.sentences[f"mix.caution_of.{caution}"].format(
            n=diagnosis.divergent,
            fraction=number(float(np.min(diagnosis.energy_fraction)), 2),
            share=share(diagnosis.at_deepest),
        )
        yield _one("warning", str(caution), said)


def _findings(material: Material, text: Text) -> Iterator[NoticeGroup]:
    for finding in material.findings:
        level = "info" if finding.code in INFO else "warning"
        yield _one(level, str(finding.code), _finding(finding, text))


def _finding(finding: Finding, text: Text) -> str:
    """The sentence of a finding; one that the catalogue does not know speaks for itself."""
    key = f"mix.finding.{finding.code}"
    if key not in text:
        return finding.text
    return text.sentences[key].format(**{name: _shown(value, text) for name, value in finding.values.items()})


def _answers(material: Material, text: Text) -> Iterator[NoticeGroup]:
    mostly = [
        f"{name} ({share(part)})"
        for name, part in zip(material.names, material.learned.overlap, strict=True)
        if part >= MOSTLY_PRIOR
    ]
    if mostly:
        yield _one("warning", "mostly_prior", text("mix.notice.mostly_prior", sources=_few(mostly, text)))
    model = material.fit.model
    yield from _evaporation(material, text)
    if material.other_form is not None:
        yield _other_form(material, text)
    if model.evaporation is not None and len(model.sources.names) > 2:
        yield _one("warning", "evaporated_triangle", text("mix.notice.evaporated_triangle"))


def _evaporation(material: Material, text: Text) -> Iterator[NoticeGroup]:
    """Flags of the evaporation report, each with the groups of mixtures that it holds for."""
    report = material.evaporation
    if report is None:
        return
    for flag in ("rests_on_distribution", "nearly_parallel", "sources_pulled"):
        named = [name for name, flags in zip(report.groups, report.flags, strict=True) if flag in flags]
        if named:
            where = "" if len(named) == len(report.groups) else f" ({_few(named, text)})"
            yield _one("warning", flag, text.sentences[f"mix.notice.{flag}"].format(where=where))


def _other_form(material: Material, text: Text) -> NoticeGroup:
    """How far the shares rest on the form that was assumed for the distribution of evaporation."""
    other = material.other_form.form if material.other_form is not None else ""
    form = text.name("mix.form", other)
    if not material.moved:
        return _one("warning", "other_form", text("mix.notice.form_not_compared", form=form))
    most = max(material.moved, key=lambda one: one.in_sd)
    rests = most.in_sd > 1.0
    said = text(
        "mix.notice.form_moved" if rests else "mix.notice.form_kept",
        form=form,
        source=source_name(most.row["source"], text),
        by=number(100 * abs(most.by), 1),
        sd=number(most.in_sd, 1),
    )
    return _one("warning" if rests else "info", "other_form", said)


def _predictions(material: Material, text: Text) -> Iterator[NoticeGroup]:
    if material.replicated is None:
        yield _one("info", "not_replicated", text("mix.notice.not_replicated"))
        return
    check, ids = material.replicated.check, material.fit.model.mixtures.ids
    if len(check.outside):
        names = [ids[i] if ids else f"{i + 1}" for i in check.outside]
        yield _one(
            "warning", "model_outside",
            text.count("mix.notice.model_outside", len(names), ids=_few(names, text)),
        )  # fmt: skip
    flagged = [
        f"{tracer_name(one.tracer)}: {text(f'mix.statistic.{one.statistic}')} (p {_p(one.p)})"
        for one in check.statistics
        if one.flagged
    ]
    if flagged:
        yield _one(
            "warning", "model_statistics", text("mix.notice.model_statistics", found=_few(flagged, text))
        )


def _steps(material: Material, text: Text) -> Iterator[NoticeGroup]:
    said = [
        text(f"mix.step.{step.kind}", before=integer(step.draws_before), after=integer(step.draws_after))
        for step in material.fit.steps
    ]
    if said:
        yield NoticeGroup("info", "steps", tuple(Said(sentence, ()) for sentence in said), "")


def notes(said: Sequence[str]) -> Iterator[NoticeGroup]:
    """What the reader of the tables had to say."""
    if said:
        yield NoticeGroup("info", "read", tuple(Said(opened(note), ()) for note in said), "")


def _one(level: str, code: str, sentence: str, why: str = "") -> NoticeGroup:
    return NoticeGroup(level, code, (Said(opened(sentence), ()),), why)


def _shown(value: Any, text: Text) -> str:
    if isinstance(value, list | tuple):
        return _few([_pair(item, text) for item in value], text)
    if isinstance(value, float):
        return number(value, 1)
    return str(value)


def _pair(item: Any, text: Text) -> str:
    if isinstance(item, tuple):
        a, b, overlap = item
        return f"{source_name(a, text)} – {source_name(b, text)} ({share(overlap)})"
    return source_name(str(item), text)


def _few(items: list[str], text: Text) -> str:
    if len(items) <= MOST_NAMED:
        return text.listing(items)
    return text("mix.more", items=text("list.comma").join(items[:MOST_NAMED]), n=len(items) - MOST_NAMED)


def _p(p: float) -> str:
    return p_value(p) if p < 0.5 else f"> {1 - max(1 - p, 0.001):.3f}"
