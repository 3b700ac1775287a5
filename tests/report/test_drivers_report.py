"""The report of drivers says what the numbers say, in both languages, in one file that works offline."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from jsonschema import Draft202012Validator

from headwater.drivers.read_paper_signs import read_paper_signs
from headwater.drivers.sign_table import SignRecord, sign_table
from headwater.drivers.strata_means import strata_means
from headwater.grids import Strata
from headwater.report.drivers import FileRead, Material, SettingShown, write_drivers_report
from headwater.report.drivers.cautions import notices
from headwater.report.drivers.figure_heat import draw_heat
from headwater.report.drivers.figure_lags import draw_lags
from headwater.report.drivers.figure_maps import draw_maps
from headwater.report.drivers.figure_series import _runs, draw_series, lines_of
from headwater.report.drivers.figure_trend import draw_trend
from headwater.report.drivers.map_panel import ELSEWHERE, FADE, MOST_PIXELS, _in_blocks
from headwater.report.drivers.page import page_of
from headwater.report.drivers.results_json import results_document
from headwater.report.drivers.sentences import agreement, driver_finding, driver_sentence, methods, summary
from headwater.report.drivers.words import correlation_word, stratum_name, variable_name
from headwater.report.drivers.write import write_results
from headwater.report.page import render
from headwater.report.style import figure_style
from headwater.report.text import LANGUAGES, Language, Text, catalogue

ENGLISH = Text("en")
LATITUDE, LONGITUDE = 33 + 0.1 * np.arange(12), 95 + 0.1 * np.arange(20)
PLACE = {"latitude": LATITUDE, "longitude": LONGITUDE}
LOW = np.arange(20) < 8
ATTRIBUTES = {"mode": "temporal", "method": "pearson", "by": "month", "lag": 0, "n_eff": "lag 1", "fdr": "bh",
              "alpha": 0.05, "covariates": "none", "deseasonalise": "False", "detrend": "False"}  # fmt: skip


def correlation(r: np.ndarray, drivers: list[str], months: list[int]) -> xr.Dataset:
    """Maps of r (driver, month, latitude, longitude); |r| > 0.3 is significant."""
    dims = ("soil", "driver", "month", "latitude", "longitude")
    r = r[None]
    layers: dict[str, Any] = {
        "r": r, "n": np.where(np.isfinite(r), 20, 0), "n_eff": np.where(np.isfinite(r), 18.0, np.nan),
        "p": np.where(abs(r) > 0.3, 0.001, 0.2), "p_adjusted": np.where(abs(r) > 0.3, 0.01, 0.4),
        "significant": abs(r) > 0.3,
    }  # fmt: skip
    coords = {"soil": ["soil_moisture"], "driver": drivers, "month": months, **PLACE}
    return xr.Dataset({name: (dims, values) for name, values in layers.items()}, coords, ATTRIBUTES)


@pytest.fixture(scope="module")
def material() -> Material:
    """Rain: positive low and negative high in June, undecided in August; nothing at one edge."""
    rng = np.random.default_rng(1)
    r = np.tanh(rng.normal(0, 0.15, (1, 2, 12, 20)))
    r[0, 0] += np.where(LOW, 0.5, -0.5)
    r[..., -2:] = np.nan
    found = correlation(np.clip(r, -0.95, 0.95), ["precipitation"], [6, 8])
    codes = np.broadcast_to(np.where(LOW, 0, 1), (12, 20)).astype(np.int16)
    strata = Strata(("0-4000", "4000-9000"), xr.DataArray(codes, PLACE, ("latitude", "longitude")))
    means = strata_means(found, strata)
    signs = sign_table(means, sides={"0-4000": "low", "4000-9000": "high"})
    return Material(
        found, signs, means, strata,
        settings=(SettingShown("months", "6, 8", "command line"),),
        files=(FileRead("precipitation", "era5.nc", "tp", "", "turned; 3 infinite values", "2001 – 2020"),),
        notes=("brought onto the pixels of soil moisture (mean): precipitation",),
        run={"command": "headwater drivers --soil <a>.nc:sm", "seconds": "1.2"},
    )  # fmt: skip


def with_attributes(material: Material, **attributes: Any) -> Material:
    return replace(material, correlation=material.correlation.assign_attrs(attributes))


def cell_texts(figure: Any) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def check_page(page: str, text: Text) -> None:
    """One file that needs no other, with every blank filled, names escaped and the mode printed."""
    page_without_style = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    linked = re.findall(r'(?:href|src)="([^"]*)"', page_without_style)
    assert {link for link in linked if not link.startswith(("#", "figures/", "data:image/png"))} == {
        "signs.csv"
    }
    assert not re.search(r"\{\w+\}", page_without_style)
    assert "&lt;a&gt;.nc" in page and "<a>" not in page
    assert text("drivers.mode_printed.temporal") in html.unescape(page)
    assert text("drivers.paper_open.contradicts_itself") in html.unescape(page)
    assert page.count("<tr") > 10


def test_page_and_figures_are_written(material: Material, tmp_path: Path) -> None:
    page = write_drivers_report(material, tmp_path).read_text(encoding="utf-8")
    check_page(page, ENGLISH)
    assert page.count("<svg") == 2
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    assert names == {f"{stem}.{end}" for stem in ("heat", "maps-precipitation") for end in ("svg", "png")}
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".report-")]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_page_without_figures_is_whole(material: Material, lang: Language) -> None:
    text = Text(lang)
    check_page(render(page_of(material, {}, {}, text), text), text)


def test_sentences_name_signs_and_agreement(material: Material) -> None:
    said = driver_sentence(material, "soil_moisture", "precipitation", ENGLISH)
    assert said == (
        "positive in June (below 4000\u202fm); negative in June (above 4000\u202fm); not decided in August."
    )
    both = replace(material, signs=tuple(replace(one, sign="+") for one in material.signs))
    assert driver_sentence(both, "soil_moisture", "precipitation", Text("zh")) == "正相关：6 月和 8 月。"
    assert agreement(material, ENGLISH).startswith("Of the 4 signs")
    assert "2 are found again, 0 differ, and 2 cannot be told" in agreement(material, ENGLISH)
    assert "Precipitation: positive in June" in summary(material, ENGLISH)[1]
    other = replace(
        material, signs=tuple(replace(one, agreement="not stated", paper="") for one in material.signs)
    )
    assert agreement(other, ENGLISH) == ""


def test_many_months_are_counted_instead_of_listed(material: Material) -> None:
    first = material.signs[0]
    many = tuple(replace(first, month=month, sign="+" if month < 5 else "-") for month in range(1, 13))
    said = driver_sentence(replace(material, signs=many), first.soil, first.variable, ENGLISH)
    assert said.startswith("positive in 4 of 12 cells") and "negative in 8 of 12" in said


def test_cautions_speak_when_they_should(material: Material) -> None:
    def codes(one: Material) -> set[str]:
        return {group.code for group in notices(one, ENGLISH)}

    plain = codes(material)
    assert "lasting_differences" in codes(with_attributes(material, mode="pattern"))
    assert "season_left" in codes(with_attributes(material, by="none", deseasonalise="False"))
    assert "season_left" not in codes(with_attributes(material, by="none", deseasonalise="True"))
    assert "season_left" not in plain
    assert "paper_open" in plain and "changed" in plain and "notes" in plain
    assert not {"naive", "few_steps", "undefined", "one_lag", "empty_months", "infinite"} & plain
    (changed,) = [group for group in notices(material, ENGLISH) if group.code == "changed"]
    assert [(one.sentence, one.places) for one in changed.said] == [
        ("Done while reading: turned.", ("precipitation",)),
        ("Done while reading: 3 infinite values.", ("precipitation",)),
    ]
    assert "naive" in codes(with_attributes(material, n_eff="n"))
    assert "one_lag" in codes(with_attributes(material, lag=2))
    few = material.correlation.assign(n=material.correlation["n"] * 0 + 5)
    assert "few_steps" in codes(replace(material, correlation=few))
    found = material.correlation
    holes = found.assign(r=found["r"].where(found["month"] == 6))
    assert {"undefined", "empty_months"} <= codes(replace(material, correlation=holes))
    assert "infinite" in codes(with_attributes(material, infinite_left_out=3))
    nothing = replace(
        material, signs=tuple(replace(one, paper="", agreement="not stated") for one in material.signs)
    )
    assert "paper_open" not in codes(nothing)


def test_every_method_has_its_sentence(material: Material) -> None:
    for attributes in (
        {"method": "spearman"}, {"fdr": "by"}, {"fdr": "wilks"}, {"n_eff": "all lags"}, {"n_eff": "n"},
        {"lag": -1},
        {"covariates": "ndvi; air_temperature"}, {"deseasonalise": "True"}, {"detrend": "True"},
        {"mode": "pattern", "n_eff": "all lags in space"}, {"mode": "moving"},
    ):  # fmt: skip
        for lang in LANGUAGES:
            changed = list(methods(with_attributes(material, **attributes), Text(lang)))
            assert changed != list(methods(material, Text(lang))), attributes


def test_results_follow_the_schema_and_hold_every_sign(material: Material, tmp_path: Path) -> None:
    schema = json.loads(files("headwater.report.drivers").joinpath("drivers.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    written = json.loads(write_results(material, tmp_path).read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(written)
    assert [one["sign"] for one in written["signs"]] == [one.sign for one in material.signs]
    r = material.correlation["r"].sel(month=6).to_numpy()
    june = written["maps"][0]
    assert june["pixels"] == np.isfinite(r).sum() == 216
    assert june["positive"] + june["negative"] == june["significant"] == (abs(r) > 0.3).sum()
    truth = {(one.variable, one.month, one.stratum): 0.25 for one in material.signs}
    simulated = results_document(replace(material, truth=truth))
    Draft202012Validator(schema).validate(json.loads(json.dumps(simulated)))
    assert simulated["simulated"] and simulated["signs"][0]["true_r"] == 0.25


def test_map_shows_pale_where_not_significant_and_grey_elsewhere(material: Material) -> None:
    from matplotlib import colormaps

    with figure_style():
        figure = draw_maps(material, "soil_moisture", "precipitation", ENGLISH)
    panels = [axes for axes in figure.axes if axes.get_title(loc="left")]
    assert [axes.get_title(loc="left") for axes in panels] == [
        "a  June, below 4000\u202fm", "b  June, above 4000\u202fm", "c  August, below 4000\u202fm",
        "d  August, above 4000\u202fm",
    ]  # fmt: skip
    picture = np.asarray(panels[0].images[0].get_array())
    r = material.correlation["r"].sel(month=6).to_numpy()[0, 0][:, :18]
    full = colormaps["RdBu_r"](np.clip(r / material.limit, -1, 1) / 2 + 0.5)[..., :3]
    firm, here = abs(r) > 0.3, np.broadcast_to(LOW[:18], r.shape)
    np.testing.assert_allclose(picture[here & firm][:, :3], full[here & firm], atol=1e-6)
    pale = FADE + (1 - FADE) * full
    np.testing.assert_allclose(picture[here & ~firm][:, :3], pale[here & ~firm], atol=1e-6)
    np.testing.assert_allclose(picture[~here], np.broadcast_to(ELSEWHERE, picture[~here].shape), atol=1e-6)
    dots = [line for axes in panels for line in axes.lines]
    assert sum(len(line.get_xdata()) for line in dots) > 10  # August is nowhere significant
    remark = panels[0].get_title(loc="right")
    record = material.signs[0]
    assert remark.startswith(f"+{record.r:.2f}")


def test_large_maps_are_averaged_in_blocks() -> None:
    values = np.arange(4 * MOST_PIXELS * 6.0).reshape(6, 4 * MOST_PIXELS)
    values[0, 0] = np.nan
    here, sure = np.isfinite(values), values > np.nanmean(values)
    shown, part, firm, known = _in_blocks(values, here, sure)
    assert shown.shape == (2, MOST_PIXELS) and part.all() and known.all()
    block = values[:4, :4]
    assert shown[0, 0] == pytest.approx(np.nanmean(block))
    assert shown[1, -1] == pytest.approx(values[4:, -4:].mean())
    assert not firm[0].any() and firm[1].all()


def test_heat_table_has_every_number_and_marks_the_undecided(material: Material) -> None:
    with figure_style():
        figure = draw_heat(material, ENGLISH)
    said = cell_texts(figure)
    for one in material.signs:
        assert correlation_word(one.r) in said
    hatched = [patch for patch in figure.axes[0].patches if patch.get_hatch()]
    assert len(hatched) == sum(one.sign == "0" for one in material.signs) == 2


def test_patterns_and_windows_are_drawn_along_time(material: Material) -> None:
    time = np.datetime64("2001-01", "ns") + np.arange(6) * np.timedelta64(30, "D")
    means = (
        material.means.isel(month=0, drop=True)
        .expand_dims(time=time)
        .transpose("soil", "driver", "time", ...)
    )
    found = material.correlation.isel(month=0, drop=True).expand_dims(time=time)
    moving = with_attributes(replace(material, means=means, correlation=found, signs=()), mode="moving")
    assert not moving.is_map and len(lines_of(moving, "soil_moisture", "precipitation")) == 2
    with figure_style():
        figure = draw_series(moving, "soil_moisture", "precipitation", ENGLISH)
    assert len(figure.axes[0].collections) == 2  # a band a stratum
    said = driver_finding(moving, "soil_moisture", "precipitation", ENGLISH)
    assert re.fullmatch(
        r"Precipitation: r between −0\.\d\d and \+0\.\d\d along time, clear of 0 in 100\u202f% of it\.", said
    )
    pattern = found.isel(latitude=0, longitude=0, drop=True)
    whole = with_attributes(
        replace(material, means=None, strata=None, correlation=pattern, signs=()), mode="pattern"
    )
    with figure_style():
        figure = draw_series(whole, "soil_moisture", "precipitation", ENGLISH)
    assert [len(line.get_xdata()) for line in figure.axes[0].lines][1:] == [6, 6]


def test_no_line_crosses_a_gap() -> None:
    months = np.array(["2001-06", "2001-08", "2001-09", "2002-06", "2002-08", "2002-09"], "datetime64[M]")
    assert _runs(months.astype("datetime64[ns]")) == [slice(0, 3), slice(3, 6)]
    assert _runs(np.arange(9).astype("datetime64[D]")) == [slice(0, 9)]


def test_trends_are_drawn_per_decade_in_units_of_people() -> None:
    slope = np.full((1, 2, 12, 20), 0.05)
    dims = ("variable", "month", "latitude", "longitude")
    coords = {"variable": ["air_temperature"], "month": [6, 8], **PLACE}
    trend = xr.Dataset(
        {"slope": (dims, slope), "significant": (dims, slope > 0), "n": (dims, slope * 0 + 20)}, coords,
        {"units": {"air_temperature": "K"}, "alpha": 0.05},
    )  # fmt: skip
    with figure_style():
        figure = draw_trend(trend, "air_temperature", 0.05, ENGLISH)
    assert "trend of air temperature (K per decade)" in [axes.get_xlabel() for axes in figure.axes]
    bar = next(axes for axes in figure.axes if "per decade" in axes.get_xlabel())
    assert bar.get_xlim() == (-0.5, 0.5)  # 0.05 a year is 0.5 a decade


def test_lags_mark_the_largest_mean() -> None:
    r = np.zeros((1, 1, 5))
    r[0, 0, 3] = -0.6
    part = xr.Dataset(
        {"mean_r": (("month", "stratum", "lag"), r)},
        {"month": [6], "stratum": ["all"], "lag": np.arange(-2, 3)},
    )
    with figure_style():
        figure = draw_lags(part, ENGLISH)
    mark = figure.axes[0].lines[-1]
    assert (mark.get_xdata()[0], mark.get_ydata()[0]) == (1, -0.6)


def test_names_of_strata_and_layers() -> None:
    assert stratum_name("3500-4000", ENGLISH) == "3500–4000\u202fm"
    assert stratum_name("0-4000", ENGLISH) == "below 4000\u202fm"
    assert stratum_name("4000-9000", ENGLISH) == "above 4000\u202fm"
    assert stratum_name("meadow", ENGLISH) == "meadow" and stratum_name("all", ENGLISH) == "whole region"
    assert variable_name("ground_temperature:stl2", ENGLISH) == "ground temperature (stl2)"
    assert variable_name("wind_speed", Text("zh")) == "wind speed"


def test_every_code_of_the_paper_and_every_variable_has_words() -> None:
    import tomllib

    names = tomllib.loads(files("headwater.data").joinpath("variables.toml").read_text("utf-8"))["variable"]
    wanted = [f"drivers.variable.{name}" for name in names]
    wanted += [f"drivers.paper_note.{sign.note}" for sign in read_paper_signs().signs.values()]
    wanted += [f"drivers.agreement.{word}" for word in ("agrees", "differs", "undecided", "not stated")]
    for lang in LANGUAGES:
        assert [key for key in wanted if key not in catalogue(lang)] == []


def test_a_sign_without_data_is_a_dash(material: Material) -> None:
    nan = float("nan")
    nothing = SignRecord("soil_moisture", "ndvi", 6, "all", "", *[nan] * 5, 0, nan, nan, "", "", "not stated")
    assert (
        driver_sentence(replace(material, signs=(nothing,)), "soil_moisture", "ndvi", ENGLISH) == "no data."
    )
    with figure_style():
        assert "–" in cell_texts(draw_heat(replace(material, signs=(*material.signs, nothing)), ENGLISH))
