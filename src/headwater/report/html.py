"""The page of a study: which sentences, figures and tables of the result stand where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import headwater
from headwater.report import findings, show_mixing, show_samples
from headwater.report.engine import model_used
from headwater.report.notices import notice_groups
from headwater.report.numbers import integer
from headwater.report.page import Page, render, versions
from headwater.report.results_json import checks
from headwater.report.story import Drawing, sections

if TYPE_CHECKING:
    from headwater.report.text import Text
    from headwater.study.result import StudyResult

METHODS = ("lines", "source_water", "windows", "shares", "uncertainty", "geometry", "emma", "distances")
OF_THE_MODEL = (
    "Moore J.W., Semmens B.X. (2008) Incorporating uncertainty and prior information into stable isotope "
    "mixing models. Ecology Letters 11, 470–480.",
    "Bowen G.J., Putman A., Brooks J.R., Bowling D.R., Oerter E.J., Good S.P. (2018) Inferring the source of "
    "evaporated waters using stable H and O isotopes. Oecologia 187, 1025–1039.",
    "Hoffman M.D., Gelman A. (2014) The No-U-Turn sampler: adaptively setting path lengths in Hamiltonian "
    "Monte Carlo. Journal of Machine Learning Research 15, 1593–1623.",
    "Vehtari A., Gelman A., Simpson D., Carpenter B., Bürkner P.-C. (2021) Rank-normalization, folding, and "
    "localization: an improved R̂ for assessing convergence of MCMC. Bayesian Analysis 16, 667–718.",
)
REFERENCES = (
    "Craig H. (1961) Isotopic variations in meteoric waters. Science 133, 1702–1703.",
    "Dansgaard W. (1964) Stable isotopes in precipitation. Tellus 16, 436–468.",
    "Landwehr J.M., Coplen T.B. (2006) Line-conditioned excess: a new method for characterizing stable "
    "hydrogen and oxygen isotope ratios in hydrologic systems. IAEA-CN-118/56.",
    "York D., Evensen N.M., Martínez M.L., De Basabe Delgado J. (2004) Unified equations for the slope, "
    "intercept, and standard errors of the best straight line. American Journal of Physics 72, 367–375.",
    "Craig H., Gordon L.I. (1965) Deuterium and oxygen-18 variations in the ocean and the marine atmosphere.",
    "Genereux D. (1998) Quantifying uncertainty in tracer-based hydrograph separations. "
    "Water Resources Research 34, 915–919.",
    "Phillips D.L., Gregg J.W. (2001) Uncertainty in source partitioning using stable isotopes. "
    "Oecologia 127, 171–179.",
    "Hooper R.P. (2003) Diagnostic tools for mixing models of stream water chemistry. "
    "Water Resources Research 39, 1055.",
    "Székely G.J., Rizzo M.L. (2013) Energy statistics: a class of statistics based on distances. "
    "Journal of Statistical Planning and Inference 143, 1249–1272.",
)


def report_html(
    result: StudyResult, text: Text, drawings: Mapping[str, Drawing], *, run: Mapping[str, Any] | None = None
) -> str:
    """The page as text; every name that comes from the tables is escaped."""
    provenance = (
        show_samples.file_list(result, text),
        show_samples.setting_list(result, text),
        show_samples.column_mapping(result, text),
    )
    page = Page(
        over=text("page.head_line", mixture=text.name("kind", result.mixture)),
        title=result.title,
        facts=_facts(result, text),
        simulated=result.simulated,
        summary=findings.summary(result, text),
        caution=findings.caution(result, text),
        glance=show_mixing.region_shares(result, text),
        notices=notice_groups(result, text),
        sections=sections(result, text, drawings),
        methods=_methods(result, text),
        references=[*REFERENCES, *(OF_THE_MODEL if model_used(result) else ())],
        provenance=[table for table in provenance if table],
        checks=checks(result),
        run=_run(run or {}),
        footer=text("page.footer", version=headwater.__version__),
    )
    return render(page, text)


def _facts(result: StudyResult, text: Text) -> list[str]:
    mixed = int((result.waters["role"].astype(str) == "mixture").sum())
    return [
        f"{integer(mixed)} {text.name('kind', result.mixture)}",
        text.count("fact.sources", len(result.sources)),
        text.count("fact.periods", len(result.periods)),
    ]


def _methods(result: StudyResult, text: Text) -> list[str]:
    """A paragraph a method; where the shares come from the mixing model it stands before the algebra."""
    said = {name: text.sentences[f"method_text.{name}"] for name in METHODS}
    if model_used(result):
        algebra = [text("method_text.algebra"), said["shares"]]
        said["shares"] = text("list.sentences").join(algebra)
        before = list(said).index("shares")
        return [*list(said.values())[:before], text("method_text.engine"), *list(said.values())[before:]]
    return list(said.values())


def _run(run: Mapping[str, Any]) -> dict[str, str]:
    """Flat facts of the run that the page shows; versions always."""
    shown = {str(k): str(v) for k, v in run.items() if isinstance(v, str | int | float) and k != "command"}
    given = run.get("versions")
    known = given if isinstance(given, Mapping) else versions()
    return {"command": str(run.get("command", "")), **shown} | {
        "versions": ", ".join(f"{name} {number}" for name, number in known.items())
    }
