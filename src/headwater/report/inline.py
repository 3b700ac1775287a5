"""What makes the page one file: figures as inline SVG, and the Chinese glyphs that it uses as a font."""

from __future__ import annotations

import base64
import re
from functools import cache
from importlib.resources import files
from io import BytesIO

FONT_FAMILY = "Headwater Sans SC"
_HAN = re.compile("[\u2e80-\u303f\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
_HAN_RANGE = "U+2E80-303F,U+3400-9FFF,U+F900-FAFF,U+FF00-FFEF"
_ID = re.compile(r'\bid="([^"]+)"')
_PLACE = re.compile(r'\b(d|x|y)="[^"]*"')
_LONG = re.compile(r"(\.\d\d)\d+")
_REFERENCE = re.compile(r'(?:xlink:)?href="#([^"]+)"|url\(#([^)]+)\)')


def inline_svg(svg: str, prefix: str, label: str) -> str:
    """The ``<svg>`` element for an HTML page, its ids made unique by ``prefix``.

    Drops the XML prolog, metadata and namespaces, which HTML does not need and which name other hosts.
    """
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r'\sxmlns(?::\w+)?="[^"]*"', "", body)
    body = re.sub(r"\n\s*", "\n", body)
    # A hundredth of a point is less than a printer shows, and makes the page a tenth smaller.
    body = _PLACE.sub(lambda found: _LONG.sub(r"\1", found[0]), body)
    body = _ID.sub(lambda found: f'id="{prefix}-{found[1]}"', body)
    body = _REFERENCE.sub(lambda found: _renamed(found, prefix), body)
    head, rest = body.split(">", 1)
    width = re.search(r'\bwidth="([\d.]+)pt"', head)
    head = re.sub(r'\s(?:width|height)="[^"]*"', "", head)
    size = f' style="--mm:{float(width[1]) / 72 * 25.4:.0f}"' if width else ""
    return f'{head} role="img" aria-label="{_attribute(label)}"{size}>{rest}'


def glyph_font(page: str) -> str:
    """CSS with a font of just the Chinese glyphs of ``page``; empty where it has none."""
    glyphs = "".join(sorted(set(_HAN.findall(page))))
    return _font_face(glyphs) if glyphs else ""


@cache
def _font_face(glyphs: str) -> str:
    from fontTools import subset

    source = files("headwater.report").joinpath("fonts", "NotoSansSC-Regular.ttf")
    options = subset.Options(flavor="woff", hinting=False, layout_features=[], notdef_outline=True)
    options.name_IDs = [0, 1, 2, 13, 14]  # the copyright and licence stay in the font
    font = subset.load_font(BytesIO(source.read_bytes()), options)
    chosen = subset.Subsetter(options)
    chosen.populate(text=glyphs)
    chosen.subset(font)
    packed = BytesIO()
    font.flavor = "woff"
    font.save(packed, reorderTables=False)
    data = base64.b64encode(packed.getvalue()).decode("ascii")
    return (
        f'@font-face{{font-family:"{FONT_FAMILY}";font-display:block;unicode-range:{_HAN_RANGE};'
        f"src:url(data:font/woff;base64,{data}) format('woff')}}"
    )


def _renamed(found: re.Match[str], prefix: str) -> str:
    return f'href="#{prefix}-{found[1]}"' if found[1] else f"url(#{prefix}-{found[2]})"


def _attribute(value: str) -> str:
    for plain, escaped in (("&", "&amp;"), ('"', "&quot;"), ("<", "&lt;"), (">", "&gt;")):
        value = value.replace(plain, escaped)
    return value
