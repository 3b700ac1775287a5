"""A campaign table as Chinese Excel saves it: GB18030, Chinese headers, kinds, classes and dates."""

from __future__ import annotations

import pytest

from tests.samples.conftest import Reader, lines

HEADER = (
    "样品编号,采样点,经度,纬度,海拔(m),采样日期,类型,土层(cm),δ18O(‰),δD(‰),氘盈余,"
    "植被类型,坡向,坡度(°),土壤温度(℃),土壤含水量(%),流域,备注\n"
)
ROWS = """A1,玛多,98°7′48″E,34°33′N,4272,2020年6月3日,土壤水,0～20,-12,-90.0,6.0,高寒草甸,阴坡,12,5.5,22,黄河,
A2,玛多,98.13,34.55,4272,2020.6.3,土壤水,20-40,-11.50,-86.0,6.0,草甸,阴坡,12,4.5,20,黄河,存疑
A3,曲麻莱,95.80,34.13,4200,2020/6/4,降水,,-8.00,-50.0,14.0,高寒草原,阳坡,5,,,长江,
A4,曲麻莱,９５．８０,３４．１３,4200,2020-06-05,地下冰,80厘米以下,-14.20,-105.0,8.6,灌丛,180,5,,,长江,
A5,治多,95.61,33.85,99999,2020-02-30,冻土层上水,无,−13.10,−98.4,6.4,森林,北坡,8,,,长江,
A6,治多,95.61,33.85,4179,2020-06-06,冰雪融水,,/,无,,,,,,,长江,
A7,治多,95.61,33.85,4179,2020-06-06,雾水,,-9.5,-66,10,乔木林,东坡,,,,长江,
"""


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig"])
def test_a_chinese_table_is_read_whole(read: Reader, encoding: str) -> None:
    table = read((HEADER + ROWS).encode(encoding))
    frame = table.frame
    assert table.summary()["rows_read"] == 7
    assert lines(table, "left out")["row"].tolist() == [7]
    assert not table.unused_columns
    assert frame["kind"].tolist() == [
        "soil_water",
        "soil_water",
        "precipitation",
        "ground_ice",
        "suprapermafrost",
        "other",
    ]
    assert frame["vegetation"].tolist() == ["meadow", "meadow", "grassland", "scrub", "forest", "forest"]
    assert frame["aspect"].tolist() == ["shaded", "shaded", "sunny", "S", "N", "E"]
    assert frame["site"].tolist()[:3] == ["玛多", "玛多", "曲麻莱"]
    assert frame["basin"].tolist()[0] == "黄河"
    assert frame["depth_bottom_m"].tolist()[:2] == [0.2, 0.4]
    assert frame["depth_top_m"].tolist()[3] == 0.8
    assert frame["longitude"].to_numpy() == pytest.approx([98.13, 98.13, 95.8, 95.8, 95.61, 95.61])
    assert frame["latitude"].to_numpy() == pytest.approx([34.55, 34.55, 34.13, 34.13, 33.85, 33.85])
    assert frame["soil_moisture"].to_numpy()[:2] == pytest.approx([0.22, 0.20])
    assert frame["soil_temperature_C"].tolist()[:2] == [5.5, 4.5]
    assert frame["d18O"].tolist()[4] == -13.1
    assert frame["date"].dt.strftime("%m-%d").tolist()[:4] == ["06-03", "06-03", "06-04", "06-05"]


def test_what_was_found_in_a_chinese_table(read: Reader) -> None:
    table = read((HEADER + ROWS).encode("gb18030"))
    missing = lines(table, "set missing")
    assert set(zip(missing["column"], missing["row"], strict=True)) == {("采样日期", 6), ("海拔(m)", 6)}
    assert lines(table, "flagged", "类型")["found"].tolist() == ["'雾水' (1 rows)"]
    assert lines(table, "flagged", "备注")["row"].tolist() == [3]
    assert set(lines(table, "converted", "植被类型")["expected"]) == {
        "read as 'meadow'",
        "read as 'grassland'",
        "read as 'scrub'",
        "read as 'forest'",
    }
    assert "'180' (1 rows)" in lines(table, "converted", "坡向")["found"].tolist()
    assert not len(lines(table, "flagged", "d_excess_given"))
