"""Colours, fonts, words and the outline that the figures share."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from headwater.report.figures.words import level_label, period_label
from headwater.report.fonts import register_fonts
from headwater.report.style import KIND_MARKS, PERIOD_COLOURS, figure_style, period_colours, source_marks
from headwater.report.text import Text, blanks, catalogue
from headwater.samples.table import Kind
from headwater.study.result import StudyResult

LOOK_NAMES = {
    "precipitation": "precipitation", "ground ice": "ground_ice", "snow and glacier melt": "snow_melt",
    "soil water": "soil_water", "river": "river", "supra-permafrost water": "suprapermafrost",
    "groundwater": "groundwater", "plant (stem) water": "stem",
}  # fmt: skip


def glyphs() -> set[int]:
    from matplotlib.font_manager import findfont, get_font

    return {code for family in register_fonts() for code in get_font(findfont(family)).get_charmap()}


def test_colours_are_those_of_the_house_table(shared: Path) -> None:
    table = (shared / "design" / "look.md").read_text("utf-8")
    found = {
        name.strip(): colour
        for name, colour in re.findall(r"^\| ([a-z() -]+?) \| (#[0-9A-F]{6})", table, re.MULTILINE)
    }
    for name, kind in LOOK_NAMES.items():
        assert KIND_MARKS[kind].colour == found[name]


def test_every_kind_has_a_mark_and_no_two_coloured_kinds_look_alike() -> None:
    assert set(KIND_MARKS) == {str(kind) for kind in Kind}
    looks = [(mark.colour, mark.marker) for mark in KIND_MARKS.values()]
    assert len(set(looks)) == len(looks)


def test_own_source_names_look_like_their_kind_once_and_differ_after_that() -> None:
    waters = pd.DataFrame(
        {
            "source": ["glacier", "glacier", "snowpack", "rain", "bog"],
            "kind": ["snow_melt", "snow_melt", "snow_melt", "precipitation", "other"],
        }
    )
    marks = source_marks(("glacier", "snowpack", "rain", "bog", "unseen"), waters)
    assert marks["glacier"] == KIND_MARKS["snow_melt"]
    assert marks["rain"] == KIND_MARKS["precipitation"]
    looks = {(mark.colour, mark.marker) for mark in marks.values()}
    assert len(looks) == 5


def test_three_periods_have_the_house_colours_and_many_have_different_ones() -> None:
    assert tuple(period_colours(("a", "b", "c")).values()) == PERIOD_COLOURS
    many = period_colours(tuple(f"{i}" for i in range(24)))
    assert len(set(many.values())) == 24


def test_every_letter_of_the_catalogues_can_be_drawn() -> None:
    known = glyphs()
    for lang in ("en", "zh"):
        letters = set("".join(catalogue(lang).values())) - {"\n", "\u200b"}
        assert {letter for letter in letters if ord(letter) not in known} == set()


def test_all_common_chinese_characters_can_be_drawn() -> None:
    known = glyphs()
    first = [
        bytes([a, b]).decode("gb2312")
        for a in range(0xB0, 0xD8)
        for b in range(0xA1, 0xFF)
        if (a, b) < (0xD7, 0xFA)
    ]
    assert len(first) == 3755
    assert [letter for letter in first if ord(letter) not in known] == []


def test_the_font_comes_with_its_licence() -> None:
    folder = files("headwater.report").joinpath("fonts")
    assert "SIL OPEN FONT LICENSE Version 1.1" in folder.joinpath("OFL.txt").read_text("utf-8")


def test_both_languages_have_the_same_words_with_the_same_blanks() -> None:
    english, chinese = (
        {key: value for key, value in catalogue(lang).items() if key.startswith("figure.")}
        for lang in ("en", "zh")
    )
    assert set(english) == set(chinese)
    assert {key for key in english if blanks(english[key]) != blanks(chinese[key])} == set()


@pytest.mark.parametrize(
    ("stratum", "level", "said"),
    [
        ("altitude", "3500-4000", "3500–4000 m"),
        ("depth", "0-20 cm", "0–20 cm"),
        ("vegetation", "meadow", "meadow"),
        ("vegetation", "my own class", "my own class"),
        ("aspect", "N", "north"),
        ("altitude×vegetation", "3500-4000×meadow", "3500–4000 m × meadow"),
        ("site", "P-12", "P-12"),
        ("all", "all", "all"),
    ],
)
def test_levels_are_written_for_people(stratum: str, level: str, said: str) -> None:
    assert level_label(stratum, level, Text("en")) == said


def test_a_period_is_named_with_its_date_once(make_result: Callable[..., StudyResult]) -> None:
    result = make_result()
    assert period_label(result, "2020-06", Text("en")) == "early ablation (2020-06)"
    assert period_label(result, "2020-06", Text("zh")) == "early ablation（2020-06）"
    dated = replace(result, period_names={"2020-06": "消融初期，2020 年 6 月"})
    assert period_label(dated, "2020-06", Text("zh")) == "消融初期，2020 年 6 月"
    assert period_label(make_result(periods=1), "2019-05", Text("en")) == "2019-05"


def test_the_outline_is_a_closed_simple_ring_inside_the_printed_box() -> None:
    shape = json.loads(
        files("headwater.data").joinpath("outlines", "three_rivers.geojson").read_text("utf-8")
    )
    (feature,) = shape["features"]
    assert feature["properties"]["status"] == "schematic"
    (ring,) = feature["geometry"]["coordinates"]
    points = np.array(ring)
    assert ring[0] == ring[-1]
    assert 30 <= len(ring) <= 60
    # 31.65–36.20 N, 89.75–102.38 E: the paper, section 2.1
    assert points.min(axis=0).tolist() == [89.75, 31.65]
    assert points.max(axis=0).tolist() == [102.38, 36.20]
    assert not any(
        _cross(points[i : i + 2], points[j : j + 2])
        for i in range(len(ring) - 1)
        for j in range(i + 2, len(ring) - 1)
        if (i, j) != (0, len(ring) - 2)
    )


def _cross(one: np.ndarray, two: np.ndarray) -> bool:
    def side(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
        return float(np.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])))

    return side(*one, two[0]) != side(*one, two[1]) and side(*two, one[0]) != side(*two, one[1])


def test_numbers_on_axes_have_a_true_minus_and_fonts_fall_back() -> None:
    import matplotlib

    with figure_style():
        assert matplotlib.rcParams["axes.unicode_minus"]
        assert matplotlib.rcParams["font.family"] == ["DejaVu Sans", "Noto Sans SC"]
        assert matplotlib.rcParams["svg.fonttype"] == "path"
