"""The page: one file, nothing from elsewhere, hostile names escaped, refusals as visible as results."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest

from headwater.report.html import report_html
from headwater.report.inline import glyph_font, inline_svg
from headwater.report.story import Drawing
from headwater.report.text import Text
from headwater.study.result import Notice, StudyResult

pytestmark = pytest.mark.slow
"""Whole reports and figures: one of each is in the default tier, in test_write and test_mix_report."""

MakeResult = Callable[..., StudyResult]
VOID = {"meta", "input", "br", "link", "img"}
HOSTILE = "<script>alert('x')</script>\" onload=\"x"


class Page(HTMLParser):
    """Reads a page: ids, links, text and the balance of its elements."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "xlink:href", "action", "srcset"):
                self.links.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"unbalanced </{tag}>"

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def unstyled(written: str) -> str:
    """The page without its style sheet."""
    return re.sub(r"<style>.*?</style>", "", written, flags=re.DOTALL)


def page(result: StudyResult, lang: Any = "en", drawings: dict[str, Drawing] | None = None) -> str:
    return report_html(result, Text(lang), drawings or {}, run={"command": "headwater study a.csv"})


@pytest.mark.parametrize("lang", ["en", pytest.param("zh", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "kind", [{}, {"refused": True}, {"sources": 1}, {"sources": 5}, {"periods": 6, "simulated": False}]
)
def test_page_is_whole_and_asks_for_nothing_else(
    make_result: MakeResult, lang: str, kind: dict[str, Any]
) -> None:
    written = page(make_result(**kind), lang)
    read = Page(written)
    assert read.open == []
    assert len(read.ids) == len(set(read.ids))
    for link in read.links:
        assert link.startswith("#") or re.fullmatch(r"(tables|figures)/[\w-]+\.\w+|problems\.csv", link), link
    assert all(link[1:] in read.ids for link in read.links if link.startswith("#"))
    assert not re.search(r"https?:|@import|<script|<link|<iframe|url\((?!#|data:font)", written)
    assert not re.search("//", unstyled(written))
    assert "\ufffd" not in written and "None" not in read.text and "nan" not in read.text.split()


@pytest.mark.parametrize("lang", ["en", pytest.param("zh", marks=pytest.mark.slow)])
def test_shares_are_written_for_people(make_result: MakeResult, lang: str) -> None:
    text = Page(unstyled(page(make_result(), lang))).text
    assert re.search(r"\d\s±\s\d+\s?%", text)
    assert not re.search(r"0\.\d{4}", text)
    assert not re.search(r"(?<![\w-])-\d", re.sub(r"\d{4}-\d\d|[\w.]+-\d+", "", text)), "hyphen for minus"


def test_names_from_tables_cannot_become_markup(make_result: MakeResult) -> None:
    result = make_result()
    problems = pd.concat([result.table.problems] * 2, ignore_index=True)
    problems.loc[0, ["file", "found", "column", "expected"]] = HOSTILE
    file = replace(result.table.files[0], name=HOSTILE)
    hostile = replace(
        result,
        title=HOSTILE,
        table=replace(result.table, problems=problems, files=(file,), mapping={"d18O": HOSTILE}),
        period_names=dict.fromkeys(result.periods, HOSTILE),
        settings=(("title", HOSTILE, HOSTILE),),
        notices=(Notice(HOSTILE, "warning", {HOSTILE: HOSTILE}),),
        meteoric_line_origin=HOSTILE,
    )
    read = Page(page(hostile))
    assert "script" not in read.tags and read.open == []
    assert HOSTILE in " ".join(read.words)


def test_refusals_stand_before_warnings_with_their_reason(make_result: MakeResult) -> None:
    result = make_result(refused=True)
    text = Page(page(result)).text
    section = text.split("Before you use these numbers")[-1]
    assert "is the only possible source" in section
    assert section.index("Refused") < section.index("Warning")
    assert "not computed, see below" in text.split("Before you use these numbers")[1]


def test_evaporation_is_said_in_the_summary(make_result: MakeResult) -> None:
    values = {"period": "2020-06", "lc_excess": -7.7, "low": -8.8, "high": -6.5, "bias_low": 0.21,
              "bias_high": 0.44}  # fmt: skip
    result = replace(make_result(), notices=(Notice("evaporation_offset", "warning", values, "2020-06"),))
    summary = Page(page(result)).text.split("Table 1.")[0]
    assert "upper limits" in summary and "+21 to +44" in summary


@pytest.mark.parametrize("lang", ["en", pytest.param("zh", marks=pytest.mark.slow)])
def test_simulated_is_said_on_screen_and_on_every_printed_page(make_result: MakeResult, lang: str) -> None:
    banner = Text(lang)("simulated.banner")  # type: ignore[arg-type]
    simulated, measured = page(make_result(), lang), page(make_result(simulated=False), lang)
    assert f'@top-center{{content:"{banner}"' in simulated and 'class="watermark"' in simulated
    assert banner not in measured and 'class="watermark"' not in measured


def test_print_shows_rows_that_the_screen_folds(make_result: MakeResult) -> None:
    written = page(make_result())
    assert 'class="rest"' in written
    assert re.search(r"@media print\{.*\.rest\{display:table-row!important\}", written, re.DOTALL)


def test_chinese_page_carries_the_glyphs_it_uses(make_result: MakeResult) -> None:
    from base64 import b64decode
    from io import BytesIO

    from fontTools.ttLib import TTFont

    written = page(make_result(), "zh")
    data = re.search(r"data:font/woff;base64,([A-Za-z0-9+/=]+)", written)
    assert data
    covered = TTFont(BytesIO(b64decode(data[1]))).getBestCmap()
    used = set(re.findall("[\u3400-\u9fff]", unstyled(written)))
    assert used and all(ord(glyph) in covered for glyph in used)


def test_english_page_has_no_font_unless_a_name_needs_one() -> None:
    assert glyph_font("<p>Yangtze</p>") == ""
    assert "font/woff" in glyph_font("<p>长江</p>")


def test_inline_figures_have_ids_of_their_own() -> None:
    svg = (
        '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "x" "http://www.w3.org/x">'
        '<svg width="540pt" height="90pt" viewBox="0 0 540 90" xmlns="http://www.w3.org/2000/svg">'
        '<metadata>http://purl.org</metadata><defs><path id="m1" d="M 0.123456 1"/></defs>'
        '<g clip-path="url(#p1)"><use xlink:href="#m1" x="1.98765" style="fill-opacity: 0.123456"/></g>'
        '<clipPath id="p1"/></svg>'
    )
    one = inline_svg(svg, "a", 'n < 3 "x"')
    assert 'id="a-m1"' in one and 'href="#a-m1"' in one and "url(#a-p1)" in one
    assert "http" not in one and 'x="1.98"' in one and "fill-opacity: 0.123456" in one
    assert one.startswith("<svg") and 'aria-label="n &lt; 3 &quot;x&quot;"' in one and "--mm:190" in one


def test_figures_stand_with_their_finding_and_method(make_result: MakeResult) -> None:
    drawing = Drawing("contributions", "Sources", "Ice <rises>.", "n 247.", "<svg></svg>", "figures/c.png")
    read = Page(page(make_result(), drawings={"contributions": drawing}))
    assert "Ice <rises>." in read.text and "Figure 1. Sources. n 247." in read.text
    assert "figures/c.png" in read.links


def test_page_without_figures_takes_less_than_a_second(make_result: MakeResult) -> None:
    result = make_result()
    page(result)
    start = time.process_time()
    page(result)
    assert time.process_time() - start < 1.0


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", pytest.param("zh", marks=pytest.mark.slow)])
def test_page_with_all_figures_stays_small_and_offline(make_result: MakeResult, tmp_path, lang) -> None:
    from headwater.report.write import write_report

    files = write_report(make_result(), tmp_path / "r", lang=lang)
    written = files.html.read_text(encoding="utf-8")
    read = Page(written)
    assert len(written.encode()) < 4_000_000
    assert len(read.ids) == len(set(read.ids)) and written.count("<figure") == len(files.figures) / 2
    assert not re.search(r"https?:", written)
