"""Configuration of the documentation: ``./run docs``."""

from __future__ import annotations

from pathlib import Path

import headwater
from docs.generate import PAGES, PICTURES

FOLDER = Path(__file__).resolve().parent

project = "headwater"
author = "The headwater developers"
copyright = "The headwater developers, Apache-2.0"
version = release = headwater.__version__
language = "en"

extensions = ["myst_nb", "docs.mathml"]
html_math_renderer = "mathml"
exclude_patterns = ["_build", "_generated", "jupyter_execute", "**.ipynb_checkpoints"]
source_suffix = {".md": "myst-nb"}
myst_enable_extensions = ["dollarmath", "amsmath", "deflist", "colon_fence"]
myst_heading_anchors = 3
nb_execution_mode = "auto"
nb_execution_timeout = 180
nb_execution_raise_on_error = True
nb_merge_streams = True
suppress_warnings = ["mystnb.unknown_mime_type"]

html_theme = "pydata_sphinx_theme"
html_title = "headwater"
html_static_path = ["_static"]
html_css_files = ["headwater.css"]
html_show_sourcelink = False
html_theme_options = {
    "show_prev_next": False,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {page: [] for page in ("index", "tutorials/demo", "changelog")}


def write_generated_pages() -> None:
    """Writes the parts that are made from code and data files."""
    folder = FOLDER / "_generated"
    folder.mkdir(exist_ok=True)
    for name, make in PAGES.items():
        (folder / f"{name}.md").write_text(make() + "\n", encoding="utf-8")
    for draw in PICTURES:
        draw(folder)


write_generated_pages()
