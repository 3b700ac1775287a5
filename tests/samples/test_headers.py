"""Which header is which column: the names of the public sources, and the order of matching."""

from __future__ import annotations

from pathlib import Path

import pytest

from headwater.errors import SettingsRefused
from headwater.samples.headers import HeaderMatch, match_headers, plain_unit, split_unit
from headwater.samples.options import ReadOptions
from headwater.samples.read_vocabulary import read_vocabulary


def match(*headers: str, options: ReadOptions = ReadOptions()) -> HeaderMatch:  # noqa: B008
    vocabulary = read_vocabulary(options.vocabulary)
    return match_headers(headers, vocabulary.columns, vocabulary.units, options)


def column_of(header: str) -> str | None:
    """Canonical column of a header that stands alone."""
    return next(iter(match(header).claims), None)


NAMES = {
    "d18O": "d18O δ18O δ¹⁸O delta18O del18O δO18 18O O18 O-18 d18O_permil d18OWater d18O_VSMOW d18oH2O "
    "d(18_16)Mean 氧-18 氧同位素 氧18",
    "d2H": "d2H dD δD δ²H deltaD 2H d2H_permil d2HWater d(D_H)Mean d2H_permil_source D_2H deuterium delta2H "
    "氘 氢同位素 氢-2",
    "d_excess_given": "d-excess dexcess dex dxs 氘盈余 氘过量 过量氘 D-excess(‰)",
    "d18O_sd": "d18O_SD d18O_Analytical_SD d18O_err d18O标准差",
    "d2H_sd": "d2H_SD d2H_Analytical_SD dD_SD d2H误差",
    "sample_id": "Sample_ID ID No. 编号 样品 样品编号 code",
    "site": "Site_ID Site_Name Station 位置 采样点 站点 site_name_original",
    "date": "Collection_Date Date 采样日期 采样时间 日期 SampleDate date_time",
    "latitude": "Latitude Lat 纬度 Lat(°N) 纬度(N)",
    "longitude": "Longitude Lon Long 经度 经度(E)",
    "altitude_m": "Altitude Elev Elevation DEM a.s.l. 海拔(m) 采样点高程(m) altitude_m 海拔/m",
    "kind": "Type Source 类型 水体类型 kind",
    "depth": "Depth_meters 深度(m) 土层(cm) depth_cm",
    "vegetation": "vegetation 植被类型",
    "slope_deg": "坡度 坡度(°) slope_deg",
    "aspect": "aspect 坡向",
    "basin": "catchment_name basin_name 流域",
    "amount_mm": "amnt Precipitation 降水量(mm)",
    "relative_humidity": "RH(%) 相对湿度(%)",
    "soil_moisture": "soil_moisture 土壤含水量(m³/m³)",
}


@pytest.mark.parametrize(
    ("column", "header"), [(column, one) for column, names in NAMES.items() for one in names.split()]
)
def test_names_of_public_tables_are_recognised(column: str, header: str) -> None:
    assert column_of(header) == column


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("Media Type", "kind"),
        ("Sample Site Name", "site"),
        ("Begin of Period", "date_start"),
        ("End of Period", "date_end"),
        ("Identifier 1", "sample_id"),
        ("Soil or Stem", "kind"),
        ("soil max depth (cm)", "depth_bottom_m"),
        ("纬度 N", "latitude"),
        ("Vial Number", "sample_id"),
        ("Air Temperature", "air_temperature_C"),
        (" d(18_16)Mean ", "d18O"),
        ("坡位", None),
        ("type_number", None),
        ("d18O.m", None),
        ("D17O", None),
        ("Depth (0-10 cm) note", None),
        ("d(17_16)Mean", None),
    ],
)
def test_longer_names_and_names_that_mean_something_else(header: str, column: str | None) -> None:
    assert column_of(header) == column


def test_one_letter_names_count_only_beside_oxygen_and_in_their_case() -> None:
    assert not match("D", "d", "H2").claims
    beside = match("d18O", "D", "d").claims
    assert (beside["d2H"].header, beside["d_excess_given"].header) == ("D", "d")
    assert match("O18", "H2").claims["d2H"].header == "H2"
    assert match("d18O", "dD", "D").claims["d2H"].header == "dD"


def test_an_instrument_header_wins_over_a_name() -> None:
    found = match("d18O", "d(18_16)Mean")
    assert found.claims["d18O"].header == "d(18_16)Mean"
    assert [one.header for one in found.losers] == ["d18O"]


def test_only_a_trailing_bracket_is_a_unit() -> None:
    assert split_unit("d18O (‰, VSMOW)") == ("d18O", "‰")
    assert split_unit("δD（‰）") == ("δD", "‰")
    assert split_unit("d(18_16)Mean") == ("d(18_16)Mean", None)
    assert split_unit("海拔/m") == ("海拔", "m")
    assert plain_unit("per mil vs. VSMOW") in ("permil", "permil.")


def test_units_at_the_end_of_a_name_are_seen() -> None:
    assert match("depth_cm").claims["depth"].unit == "cm"
    assert match("Depth_meters").claims["depth"].unit == "meters"
    assert (
        match("zmax_cm", options=ReadOptions(columns={"zmax_cm": "depth_bottom_m"}))
        .claims["depth_bottom_m"]
        .unit
        == "cm"
    )


def test_x_and_y_are_refused_unless_declared() -> None:
    assert match("X", "Y").refused_xy == ("X", "Y")
    declared = match("X", "Y", options=ReadOptions(xy="lonlat")).claims
    assert (declared["longitude"].header, declared["latitude"].header) == ("X", "Y")


def test_the_mapping_of_the_user_wins_and_can_ignore() -> None:
    options = ReadOptions(
        columns={"type": "ignore", "sourcetype_detailed": "kind", "soil max depth (cm)": "depth_bottom_m"}
    )
    found = match("type", "sourcetype_detailed", "soil max depth (cm)", options=options).claims
    assert {name: claim.header for name, claim in found.items()} == {
        "kind": "sourcetype_detailed",
        "depth_bottom_m": "soil max depth (cm)",
    }
    assert found["depth_bottom_m"].unit == "cm"


def test_a_vocabulary_of_the_user_extends_ours(tmp_path: Path) -> None:
    own = tmp_path / "columns.toml"
    own.write_text(
        '[column.d18O]\nnames = ["heavy oxygen"]\n[unit.length]\nfathom = [1.8288, 0]\n', encoding="utf-8"
    )
    vocabulary = read_vocabulary(own)
    found = match_headers(
        ["Heavy Oxygen", "depth (fathom)"], vocabulary.columns, vocabulary.units, ReadOptions()
    )
    assert found.claims["d18O"].header == "Heavy Oxygen"
    assert vocabulary.units["length"][found.claims["depth"].unit or ""].factor == 1.8288


@pytest.mark.parametrize(
    "text",
    [
        "not toml [",
        '[column.d19O]\nnames = ["x"]',
        "[unit.speed]\nx = [1, 0]",
        "[unit.length]\nx = 3",
        "[kinds]\na = 1",
    ],
)
def test_a_vocabulary_that_cannot_be_meant_is_refused(tmp_path: Path, text: str) -> None:
    own = tmp_path / "columns.toml"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsRefused, match=r"columns.toml"):
        read_vocabulary(own)


@pytest.mark.parametrize(
    "wrong",
    [
        {"columns": {"a": "d19O"}},
        {"kinds": {"a": "soil"}},
        {"default_kind": "soil"},
        {"delta_unit": "%"},
        {"date_order": "md"},
        {"decimal": ";"},
        {"depth_unit": "km"},
        {"analytical_sd": {"d17O": 0.1}},
        {"analytical_sd": {"d18O": 0.0}},
        {"xy": "utm"},
        {"exclude": {"qc_flag": "1"}},
        {"fill_down": ("d18O",)},
    ],
)
def test_options_that_cannot_be_meant_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsRefused):
        ReadOptions(**wrong)  # type: ignore[arg-type]
