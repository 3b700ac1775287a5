"""Study results in, matplotlib figures out: one file a figure, in the order in which a report shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING

from headwater.report.figures import (
    altitude_gradient,
    contributions,
    contributions_region,
    depth_profile,
    dual_isotope,
    estimate_truth,
    evaporation,
    kind_distance,
    line_distance,
    mixing_space,
    model_and_algebra,
    sampling_map,
    source_water,
    water_kinds,
)
from headwater.report.style import DPI, figure_style
from headwater.report.text import Language, Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from headwater.study.result import StudyResult


@dataclass(frozen=True)
class FigureSpec:
    """One figure: whether a study has anything for it, the drawing, and the sentences above and below it."""

    name: str
    wants: Callable[[StudyResult], bool]
    draw: Callable[[StudyResult, Text], Figure]
    finding: Callable[[StudyResult, Text], str]
    method: Callable[[StudyResult, Text], str]

    def title(self, text: Text) -> str:
        """Heading of the figure."""
        return text(f"figure.{self.name}.title")


def _spec(module: ModuleType) -> FigureSpec:
    name = module.__name__.rpartition(".")[2]
    return FigureSpec(name, module.wants, module.draw, module.finding, module.method)


FIGURES = MappingProxyType(
    {
        spec.name: spec
        for spec in map(
            _spec,
            (
                sampling_map,
                dual_isotope,
                water_kinds,
                mixing_space,
                contributions,
                contributions_region,
                model_and_algebra,
                evaporation,
                estimate_truth,
                source_water,
                line_distance,
                depth_profile,
                altitude_gradient,
                kind_distance,
            ),
        )
    }
)
"""Name → figure, in the order of the report."""


def draw_figure(name: str, result: StudyResult, lang: Language) -> Figure:
    """The figure of that name; one of simulated samples says so in its corner.

    Raises
    ------
    KeyError
        where no figure has that name (see ``FIGURES``).
    """
    from headwater.report.figures.panels import mark_simulated

    text = Text(lang)
    with figure_style():
        figure = FIGURES[name].draw(result, text)
        if result.simulated:
            mark_simulated(figure, text)
    return figure


def save_figure(figure: Figure, stem: Path) -> tuple[Path, Path]:
    """Paths of ``stem.svg`` and ``stem.png`` (300 dpi), written with the same bytes for the same result."""
    svg, png = stem.with_suffix(".svg"), stem.with_suffix(".png")
    with figure_style():
        figure.savefig(svg, metadata={"Date": None, "Creator": "headwater"})
        figure.savefig(png, dpi=DPI, pil_kwargs={"compress_level": 2}, metadata={"Software": "headwater"})
    return svg, png
