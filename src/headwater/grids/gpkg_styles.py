"""Styles for QGIS, so that strata do not open in random colours: categories, and steps of a number.

QGIS looks for a table ``layer_styles`` in a GeoPackage and takes the QML text that is marked as default.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

LOW_TO_HIGH = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))
"""From low to high, told apart without red and green (viridis)."""
MINUS_TO_PLUS = ((5, 48, 97), (67, 147, 195), (247, 247, 247), (214, 96, 77), (103, 0, 31))
"""From negative over white to positive: blue to red."""
STEPS = 8
Colour = tuple[int, int, int]


def categories(column: str, names: Sequence[str]) -> str:
    """QML that gives each name a colour, in the order given."""
    colours = [ramp(LOW_TO_HIGH, i / max(1, len(names) - 1)) for i in range(len(names))]
    listed = "".join(
        f'<category render="true" symbol="{i}" value={quoteattr(name)} label={quoteattr(name)}/>'
        for i, name in enumerate(names)
    )
    return _document(
        f'<renderer-v2 type="categorizedSymbol" attr={quoteattr(column)}>'
        f"<categories>{listed}</categories>{_symbols(colours)}</renderer-v2>"
    )


def around_zero(column: str, limit: float) -> str:
    """QML that colours a number from -``limit`` to ``limit``, white at 0."""
    edges = [limit * (2 * i / STEPS - 1) for i in range(STEPS + 1)]
    colours = [ramp(MINUS_TO_PLUS, (i + 0.5) / STEPS) for i in range(STEPS)]
    listed = "".join(
        f'<range render="true" symbol="{i}" lower="{edges[i]:.6g}" upper="{edges[i + 1]:.6g}" '
        f'label="{edges[i]:.3g} to {edges[i + 1]:.3g}"/>'
        for i in range(STEPS)
    )
    return _document(
        f'<renderer-v2 type="graduatedSymbol" attr={quoteattr(column)} graduatedMethod="GraduatedColor">'
        f"<ranges>{listed}</ranges>{_symbols(colours)}</renderer-v2>"
    )


def ramp(colours: Sequence[Colour], place: float) -> Colour:
    """Colour at a place between 0 and 1 of a row of colours."""
    whole = min(max(place, 0.0), 1.0) * (len(colours) - 1)
    low = min(int(whole), len(colours) - 2)
    red, green, blue = (
        round(a + (b - a) * (whole - low)) for a, b in zip(colours[low], colours[low + 1], strict=True)
    )
    return red, green, blue


def _symbols(colours: Sequence[Colour]) -> str:
    return f"<symbols>{''.join(_symbol(i, colour) for i, colour in enumerate(colours))}</symbols>"


def _symbol(number: int, colour: Colour) -> str:
    options = {
        "color": f"{colour[0]},{colour[1]},{colour[2]},255",
        "style": "solid",
        "outline_color": "60,60,60,255",
        "outline_style": "solid",
        "outline_width": "0.1",
    }
    listed = "".join(
        f'<Option type="QString" name="{key}" value="{value}"/>' for key, value in options.items()
    )
    return (
        f'<symbol type="fill" name="{number}" alpha="1" clip_to_extent="1">'
        '<layer class="SimpleFill" enabled="1" locked="0" pass="0">'
        f'<Option type="Map">{listed}</Option></layer>'
        "</symbol>"
    )


def _document(renderer: str) -> str:
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"
        f'<qgis version="3.28" styleCategories="Symbology">{renderer}</qgis>'
    )
