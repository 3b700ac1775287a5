"""The report as one HTML file that works offline, prints on A4 and follows light and dark."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import headwater
from headwater.report import findings, show_mixing, show_samples
from headwater.report.inline import FONT_FAMILY, glyph_font
from headwater.report.notices import notice_groups
from headwater.report.numbers import integer
from headwater.report.results_json import checks
from headwater.report.story import Drawing, sections

if TYPE_CHECKING:
    from jinja2 import Environment

    from headwater.report.text import Text
    from headwater.study.result import StudyResult

PACKAGES = ("numpy", "scipy", "pandas", "matplotlib")
METHODS = ("lines", "source_water", "windows", "shares", "uncertainty", "geometry", "emma", "distances")
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
    groups = notice_groups(result, text)
    parts = sections(result, text, drawings)
    glance = show_mixing.region_shares(result, text)
    tables = [*([glance] if glance else []), *(table for part in parts for table in part.tables)]
    page = _environment().get_template("report.html.j2").render(
        t=text,
        result=result,
        css=_css(),
        version=headwater.__version__,
        summary=findings.summary(result, text),
        caution=findings.caution(result, text),
        glance=glance,
        facts=_facts(result, text),
        mixture=text.name("kind", result.mixture),
        notices=groups,
        sections=parts,
        figure_numbers=_numbers([drawing.name for part in parts for drawing in part.figures]),
        table_numbers=_numbers([table.name for table in tables]),
        methods=METHODS,
        references=REFERENCES,
        provenance=[
            table
            for table in (
                show_samples.file_list(result, text),
                show_samples.setting_list(result, text),
                show_samples.column_mapping(result, text),
            )
            if table
        ],
        checks=checks(result),
        run=_run(run or {}),
    )  # fmt: skip
    # The font comes last: which glyphs it needs is known only now.
    return page.replace("/*glyphs*/", glyph_font(page), 1)


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries behind the numbers."""
    found = {"headwater": headwater.__version__, "Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # pragma: no cover - only in a stripped installation
            continue
    return found


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("headwater.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _css() -> str:
    css = files("headwater.report").joinpath("templates", "report.css").read_text(encoding="utf-8")
    return css.replace("$FONT", FONT_FAMILY)


def _facts(result: StudyResult, text: Text) -> list[str]:
    mixed = int((result.waters["role"].astype(str) == "mixture").sum())
    return [
        f"{integer(mixed)} {text.name('kind', result.mixture)}",
        text.count("fact.sources", len(result.sources)),
        text.count("fact.periods", len(result.periods)),
    ]


def _numbers(names: list[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names, start=1)}


def _run(run: Mapping[str, Any]) -> dict[str, str]:
    """Flat facts of the run that the page shows; versions always."""
    shown = {str(k): str(v) for k, v in run.items() if isinstance(v, str | int | float) and k != "command"}
    given = run.get("versions")
    known = given if isinstance(given, Mapping) else versions()
    return {"command": str(run.get("command", "")), **shown} | {
        "versions": ", ".join(f"{name} {number}" for name, number in known.items())
    }
