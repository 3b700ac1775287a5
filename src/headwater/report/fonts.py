"""The fonts of every figure: DejaVu Sans of matplotlib, and Noto Sans SC for Chinese, shipped here."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files

FAMILIES = ("DejaVu Sans", "Noto Sans SC")
"""Looked through glyph by glyph: Greek letters, ‰, superscripts in the first, Chinese in the second."""


@cache
def register_fonts() -> tuple[str, ...]:
    """Families to use, after Noto Sans SC was made known to matplotlib (once a process)."""
    from matplotlib import font_manager

    with as_file(files("headwater.report").joinpath("fonts", "NotoSansSC-Regular.ttf")) as path:
        font_manager.fontManager.addfont(path)
    return FAMILIES
