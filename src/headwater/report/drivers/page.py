"""The page of drivers: which sentences, figures and tables stand where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import headwater
from headwater.report.display import DisplayTable
from headwater.report.drivers import (
    cautions,
    figure_heat,
    figure_lags,
    figure_maps,
    figure_series,
    figure_trend,
    sentences,
    tables,
)
from headwater.report.drivers.material import Material
from headwater.report.page import Page, versions
from headwater.report.planned import Planned
from headwater.report.story import Drawing, Section
from headwater.report.text import Text

FIGURES = (figure_heat, figure_maps, figure_series, figure_lags, figure_trend)
PARTS = ("signs", "maps", "lags", "trends")
"""Sections in reading order."""
REFERENCES = (
    "Benjamini Y., Hochberg Y., 1995. Controlling the false discovery rate. J. R. Stat. Soc. B 57, 289–300.",
    "Bretherton C. S. et al., 1999. The effective number of spatial degrees of freedom of a time-varying "
    "field. J. Climate 12, 1990–2009.",
    "Clifford P., Richardson S., Hémon D., 1989. Assessing the significance of the correlation between two "
    "spatial processes. Biometrics 45, 123–134.",
    "Hotelling H., 1953. New light on the correlation coefficient and its transforms. J. R. Stat. Soc. B 15, "
    "193–232.",
    "Li Z. et al. Soil water sources and their implications on vegetation restoration in the Three Rivers "
    "Headwater Region during different ablation periods.",
    "Wilks D. S., 2016. “The stippling shows statistically significant grid points”. Bull. Am. Meteorol. "
    "Soc. 97, 2263–2273.",
)
REFERENCES_TREND = (
    "Mann H. B., 1945. Nonparametric tests against trend. Econometrica 13, 245–259.",
    "Sen P. K., 1968. Estimates of the regression coefficient based on Kendall's tau. J. Am. Stat. Assoc. "
    "63, 1379–1389.",
)


def planned(material: Material, text: Text) -> list[Planned]:
    """Every figure of the report."""
    return [one for module in FIGURES for one in module.plan(material, text)]


def page_of(
    material: Material, drawings: Mapping[str, Drawing], parts: Mapping[str, str], text: Text
) -> Page:
    """The page. ``parts`` is the section of each drawing."""
    groups = cautions.notices(material, text)
    warned = sum(group.level == "warning" for group in groups)
    own = {str(name): str(value) for name, value in material.run.items() if name != "versions"}
    listed = [tables.settings(material, text), tables.files(material, text)]
    return Page(
        over=text("drivers.page.over"),
        title=material.title or text("drivers.page.title"),
        facts=sentences.facts(material, text),
        summary=sentences.summary(material, text),
        caution=text.count("drivers.caution", warned) if warned else "",
        glance=tables.glance(material, text),
        notices=groups,
        sections=list(_sections(material, drawings, parts, text)),
        methods=list(sentences.methods(material, text)),
        references=sorted((*REFERENCES, *(REFERENCES_TREND if material.trend is not None else ()))),
        provenance=[table for table in listed if table is not None],
        run=own | {"versions": ", ".join(f"{n} {v}" for n, v in versions("xarray", "numba").items())},
        footer=text("drivers.page.footer", version=headwater.__version__),
        simulated=material.simulated,
    )


def _sections(
    material: Material, drawings: Mapping[str, Drawing], parts: Mapping[str, str], text: Text
) -> Iterator[Section]:
    for name in PARTS:
        own = tuple(drawing for drawing in drawings.values() if parts[drawing.name] == name)
        shown: list[DisplayTable | None] = [tables.signs(material, text)] if name == "signs" else []
        kept = tuple(table for table in shown if table is not None)
        if own or kept:
            lead = "series" if name == "maps" and not material.is_map else name
            yield Section(name, text(f"drivers.section.{lead}"), (text(f"drivers.lead.{lead}"),), own, kept)
