"""Equations as MathML, made at build: every browser shows it, and no page asks another host for a script."""

from __future__ import annotations

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

SAME_IN_OTHER_WORDS = {r"\dots": r"\ldots"}


def inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Writes an equation within a line."""
    _write(translator, node, as_block=False)


def block(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Writes an equation on lines of its own."""
    _write(translator, node, as_block=True)


def _write(translator: HTML5Translator, node: nodes.Element, *, as_block: bool) -> None:
    text = node.astext()
    for known, understood in SAME_IN_OTHER_WORDS.items():
        text = text.replace(known, understood)
    try:
        translator.body.append(latex2mathml.tex2mathml(text, as_block=as_block))
    except MathError as error:
        logging.getLogger(__name__).warning("equation %r: %s", text, error, location=node)
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Registers the renderer ``mathml``."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
