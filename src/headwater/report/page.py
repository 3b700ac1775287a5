"""One page of a report: what stands in it, and how it becomes one HTML file that works offline."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import headwater
from headwater.report.inline import FONT_FAMILY, glyph_font

if TYPE_CHECKING:
    from jinja2 import Environment

    from headwater.report.display import DisplayTable
    from headwater.report.notices import NoticeGroup
    from headwater.report.story import Section
    from headwater.report.text import Text

PACKAGES = ("numpy", "scipy", "pandas", "matplotlib")


@dataclass(frozen=True)
class Page:
    """Everything that a reader sees, in reading order.

    Attributes
    ----------
    over, title, facts : line above the title, title, and what stands below it
    simulated : says so on screen and on every printed page
    summary, caution, glance : sentences, the one that leads to the notices, the table of the answer
    methods, references : sentences and citations
    provenance : tables of files and settings
    checks : name, ``holds`` and ``found`` each
    run : command, versions, seed …
    """

    over: str
    title: str
    facts: Sequence[str]
    summary: Sequence[str]
    caution: str
    glance: DisplayTable | None
    notices: Sequence[NoticeGroup]
    sections: Sequence[Section]
    methods: Sequence[str]
    references: Sequence[str]
    provenance: Sequence[DisplayTable]
    run: Mapping[str, str]
    footer: str
    checks: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    simulated: bool = False


def render(page: Page, text: Text) -> str:
    """The page as text; every name that comes from the tables is escaped."""
    tables = [
        *([page.glance] if page.glance else []),
        *(table for part in page.sections for table in part.tables),
    ]
    figures = [drawing.name for part in page.sections for drawing in part.figures]
    written = (
        _environment()
        .get_template("report.html.j2")
        .render(
            {name: getattr(page, name) for name in Page.__dataclass_fields__},
            t=text,
            css=_css(),
            version=headwater.__version__,
            figure_numbers=_numbers(figures),
            table_numbers=_numbers([table.name for table in tables]),
        )
    )
    # The font comes last: which glyphs it needs is known only now.
    return written.replace("/*glyphs*/", glyph_font(written), 1)


def versions(*more: str) -> dict[str, str]:
    """Versions of Python and of the libraries behind the numbers."""
    found = {"headwater": headwater.__version__, "Python": platform.python_version()}
    for name in (*PACKAGES, *more):
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


def _numbers(names: list[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names, start=1)}
