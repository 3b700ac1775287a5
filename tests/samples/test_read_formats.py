"""Files as users save them: encodings, separators, decimal signs, workbooks, Parquet, and no tables."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from headwater.errors import InputRefused, SettingsRefused
from headwater.samples import ReadOptions, SampleTable, read_samples
from tests.samples.conftest import Reader, lines

PLAIN = "id,site,kind,date,d18O,d2H\nA1,S1,river,2020-06-03,-12.5,-90\nA2,S2,rain,2020-06-04,-8,-55.5\n"


def values(table: SampleTable) -> list[tuple[float, float]]:
    return list(zip(table.frame["d18O"], table.frame["d2H"], strict=True))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(read: Reader, encoding: str, ends: str) -> None:
    text = PLAIN.replace("id,", "编号,").replace("S1", "玛多").replace("d18O", "δ18O(‰)").replace("\n", ends)
    table = read(text.encode(encoding))
    assert values(table) == [(-12.5, -90.0), (-8.0, -55.5)]
    assert table.frame["site"].tolist() == ["玛多", "S2"]
    assert table.frame["row"].tolist() == [2, 3]
    assert table.files[0].encoding == {"utf-8-sig": "utf-8-sig", "gb18030": "gb18030"}.get(encoding, encoding)


def test_western_text_is_not_taken_for_chinese(read: Reader) -> None:
    text = PLAIN.replace("S1", "Río Él 5 °C").replace("d18O", "δ18O").replace("δ", "d")
    table = read(text.encode("latin-1"))
    assert table.frame["site"][0] == "Río Él 5 °C"
    assert lines(table, "flagged")["found"].str.contains("read as cp1252").any()


def test_a_declared_encoding_is_used_or_refused(read: Reader) -> None:
    assert read(PLAIN.encode("utf-16-le"), ReadOptions(encoding="utf-16-le")).rows_used == 2
    with pytest.raises(InputRefused, match=r"bytes that are not utf-8"):
        read(PLAIN.replace("S1", "é").encode("latin-1"), ReadOptions(encoding="utf-8"))
    with pytest.raises(SettingsRefused, match=r"klingon"):
        read(PLAIN, ReadOptions(encoding="klingon"))


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_separators_and_decimal_commas(read: Reader, separator: str) -> None:
    table = read(PLAIN.replace(",", separator).replace(".", ","))
    assert values(table) == [(-12.5, -90.0), (-8.0, -55.5)]
    assert "decimal commas" in lines(table, "converted")["expected"].iloc[0]


def test_thousands_and_decimal_commas_are_told_apart(read: Reader) -> None:
    head = "id;kind;altitude_m;d18O;d2H\n"
    grouped = read(head + "A;river;4,500;-12.5;-90.1\n")
    assert grouped.frame["altitude_m"][0] == 4500
    decimal = read(head + "A;river;4500;-12,512;-90,123\n")
    assert values(decimal) == [(-12.512, -90.123)]
    both = read(head + "A;river;4.500,5;-12,5;-90,1\n")
    assert both.frame["altitude_m"][0] == 4500.5
    unsure = read(head + "A;river;4,500;-12;-90\n")
    assert "to be sure" in lines(unsure, "converted")["expected"].iloc[0]
    assert read(head + "A;river;4,500;-12;-90\n", ReadOptions(decimal=".")).frame["altitude_m"][0] == 4500


def test_a_record_with_too_many_cells_is_left_out_and_a_short_one_flagged(read: Reader) -> None:
    table = read(
        PLAIN
        + "A3,S3,river,2020-06-05,-12,5,-90\nA4,S4,river,2020-06-05,-11\n,,,,,\n\nA5,S,river,,-10,-70,,\n"
    )
    assert table.rows_read == 5
    out = lines(table, "left out")
    assert out["row"].tolist() == [4]
    assert "7 cells, header has 6" in out["found"].iloc[0]
    assert lines(table, "flagged")["row"].dropna().tolist() == [5]
    assert table.frame["row"].tolist() == [2, 3, 5, 8]


def test_rows_above_the_header_and_the_end_of_a_los_gatos_file(read: Reader) -> None:
    table = read(
        "Analyser 3, version 2\n\n" + PLAIN + "//ADVANCED SETTINGS\na=1\nb=2\n", name="h2o_20200603_001.txt"
    )
    assert table.frame["row"].tolist() == [4, 5]
    assert lines(table, "flagged")["found"].tolist() == [
        "table ends at a row that begins with //",
        "2 rows above the header",
    ]


def test_two_header_rows_name_and_unit(read: Reader) -> None:
    table = read("id,kind,depth,δ18O,δ2H,altitude\n,,cm,‰,‰,km\nA,soil,0-20,-12,-90,4.5\n")
    assert table.rows_read == 1
    row = table.frame.iloc[0]
    assert (row["depth_bottom_m"], row["altitude_m"], row["row"]) == (0.2, 4500.0, 3)


def test_cells_with_line_breaks_are_flagged_and_an_open_quote_is_refused(read: Reader) -> None:
    table = read(PLAIN + '"A3","S\n3",river,2020-06-05,-12,-90\nA4,S4,river,2020-06-05,-11,-80\n')
    assert lines(table, "flagged")["row"].tolist() == [4]
    assert table.frame["row"].tolist() == [2, 3, 4, 5]
    with pytest.raises(InputRefused, match=r"row 4: a quotation mark opens here"):
        read(PLAIN + 'A3,"S3,river,2020-06-05,-12,-90\nA4,S4,river,2020-06-05,-11,-80\n')


def workbook(fill: Callable[[xlsxwriter.Workbook], None]) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    fill(book)
    book.close()
    return stream.getvalue()


def test_a_workbook_with_merged_sites_units_below_and_notes(read: Reader) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet("说明").write(0, 0, "notes on the campaign")
        for title in ("June", "August"):
            sheet = book.add_worksheet(title)
            sheet.write_row(0, 0, ["采样点", "类型", "采样日期", "土层", "δ18O", "δD"])
            sheet.write_row(1, 0, ["", "", "", "cm", "‰", "‰"])
            for i in range(4):
                sheet.write_row(
                    i + 2, 1, ["土壤水", 43985 + i, f"{20 * i}-{20 * i + 20}", -12.5 - i, -90.0 - 8 * i]
                )
            sheet.merge_range(2, 0, 4, 0, f"{title} 1")
        book.add_worksheet("empty")

    table = read(workbook(fill), name="campaign.xlsx")
    assert table.summary()["rows_read"] == 8
    assert table.frame["site"].isna().tolist() == [False, False, False, True] * 2
    assert table.frame["site"].dropna().tolist() == ["June 1"] * 3 + ["August 1"] * 3
    assert table.frame["row"].tolist() == [3, 4, 5, 6] * 2
    filled = lines(table, "converted", "采样点")
    assert list(zip(filled["sheet"], filled["row"], strict=True)) == [
        ("June", 4),
        ("June", 5),
        ("August", 4),
        ("August", 5),
    ]
    assert table.frame["date"].dt.strftime("%Y-%m-%d").tolist()[:2] == ["2020-06-03", "2020-06-04"]
    assert lines(table, "flagged", "")["sheet"].tolist() == ["说明"]
    assert table.files[0].sheets == ("June", "August")


def test_blanks_mean_as_above_only_where_asked(read: Reader) -> None:
    text = "site,kind,d18O,d2H\nS1,river,-12,-90\n,river,-11,-80\nS2,,-10,-75\n"
    assert read(text).frame["site"].isna().tolist() == [False, True, False]
    table = read(text, ReadOptions(fill_down=("site",)))
    assert table.frame["site"].tolist() == ["S1", "S1", "S2"]
    assert lines(table, "converted", "site")["row"].tolist() == [3]


def test_workbook_dates_and_numbers_keep_their_value(read: Reader) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Date", "Type", "d18O", "dD", "Elevation"])
        sheet.write_datetime(
            1,
            0,
            pd.Timestamp("2021-06-22 13:30").to_pydatetime(),
            book.add_format({"num_format": "dd/mm/yy hh:mm"}),
        )
        sheet.write_row(1, 1, ["Rain", -12.345, -88, 4066.4])

    row = read(workbook(fill), name="a.xlsx").frame.iloc[0]
    assert row["date"] == pd.Timestamp("2021-06-22 13:30")
    assert (row["d18O"], row["d2H"], row["altitude_m"]) == (-12.345, -88.0, 4066.4)


def test_parquet_is_read_with_its_types(tmp_path: Path) -> None:
    table = pa.table(
        {
            "site": pa.array(["a", "b", None]).dictionary_encode(),
            "type": ["rain", "rain", "rain"],
            "date": pa.array([datetime(2020, 6, 3), None, datetime(2020, 6, 5)], pa.timestamp("us")),
            "d18O": [-12.5, None, -8.0],
            "d2H": pa.array([-90.0, None, -55.5], pa.float32()),
            "tags": [[1], [2], [3]],
        }
    )
    path = tmp_path / "t.parquet"
    pq.write_table(table, path)
    read = read_samples([path])
    assert read.summary()["rows_read"] == 3
    assert lines(read, "left out")["row"].tolist() == [3]
    assert values(read) == [(-12.5, -90.0), (-8.0, -55.5)]
    assert read.frame["date"].dt.strftime("%d").tolist() == ["03", "05"]
    assert lines(read, "flagged", "tags")["found"].str.contains("list").all()


def test_many_files_are_one_table_and_a_bad_one_is_named(tmp_path: Path) -> None:
    one, two, bad = tmp_path / "one.csv", tmp_path / "two.csv", tmp_path / "bad.csv"
    one.write_text(PLAIN, encoding="utf-8")
    two.write_text(PLAIN.replace("A", "B").replace(",", ";"), encoding="utf-8")
    bad.write_text("a,b\n1,2\n", encoding="utf-8")
    table = read_samples([one, bad, two])
    assert table.frame["file"].tolist() == ["one.csv"] * 2 + ["two.csv"] * 2
    assert [name for name, _ in table.refused] == ["bad.csv"]
    assert lines(table, "flagged")["file"].tolist() == ["bad.csv"]
    again = tmp_path / "again.csv"
    again.write_text(PLAIN, encoding="utf-8")
    assert "same bytes as one.csv" in read_samples([one, again]).refused[0][1]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"  \n\n", "empty"),
        ("a.csv", b"d18O,d2H\n", "no rows below"),
        ("a.csv", b"name,value\na,1\n", "no column of"),
        ("a.csv", bytes(range(256)) * 4, "not a text table"),
        ("a.xlsx", b"d18O,d2H\n-1,-2\n", "not that of a .xlsx"),
        ("a.xlsx", b"PK\x03\x04 and no more", "not a workbook"),
        ("a.xls", b"\xd0\xcf\x11\xe0 and no more", "not a workbook"),
        ("a.parquet", b"PAR1 and no more", "not a Parquet file"),
        ("a.csv", b"CharacteristicName,ResultMeasureValue\nd18O,-12\n", "Pivot the table"),
        ("a.csv", b"d18O,d18O,d2H\n-12,-11,-90\n", "both read as d18O"),
    ],
)
def test_files_that_cannot_be_used_are_refused_with_the_reason(
    read: Reader, name: str, content: bytes, reason: str
) -> None:
    with pytest.raises(InputRefused, match=reason):
        read(content, name=name)


def test_a_parquet_file_of_empty_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.parquet"
    pd.DataFrame({"d18O": [None, ""], "d2H": ["", None]}).to_parquet(path)
    with pytest.raises(InputRefused, match=r"empty\.parquet: a header but only empty rows below it"):
        read_samples(path)


def test_a_truncated_workbook_and_a_truncated_parquet_are_refused(read: Reader) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet().write_row(0, 0, ["d18O", "d2H"])

    content = workbook(fill)
    for cut in (8, 100, len(content) // 2, len(content) - 10):
        with pytest.raises(InputRefused, match=r"not a workbook"):
            read(content[:cut], name="a.xlsx")
    stream = io.BytesIO()
    pq.write_table(pa.table({"d18O": [-1.0]}), stream)
    with pytest.raises(InputRefused, match=r"not a Parquet"):
        read(stream.getvalue()[:-9], name="a.parquet")


def test_no_file_a_folder_and_no_path_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match=r"No such file"):
        read_samples([tmp_path / "none.csv"])
    with pytest.raises(InputRefused, match=r"a folder"):
        read_samples([tmp_path])
    with pytest.raises(SettingsRefused, match=r"no table"):
        read_samples([])


def test_options_that_name_no_header_are_refused(read: Reader) -> None:
    for options in (
        ReadOptions(keep=("plot",)),
        ReadOptions(exclude={"qc": ("1",)}),
        ReadOptions(columns={"x18": "d18O"}),
    ):
        with pytest.raises(SettingsRefused, match=r"no file has a column"):
            read(PLAIN, options)


def test_excluded_rows_kept_columns_and_unused_headers(read: Reader) -> None:
    text = "id,kind,d18O,d2H,qc flag,plot\nA,rain,-12,-90,0,P1\nB,rain,-11,-80,1.0,P2\nC,rain,NA,NA,1,P3\n"
    table = read(text, ReadOptions(exclude={"qc flag": ("1",)}, keep=("plot",)))
    assert lines(table, "left out")["row"].tolist() == [3, 4]
    assert table.frame["plot"].tolist() == ["P1"]
    assert table.unused_columns == ("qc flag",)
    assert table.mapping["sample_id"] == "id"
