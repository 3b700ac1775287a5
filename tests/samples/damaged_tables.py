"""Hypothesis strategies for sample tables that something has happened to."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
from hypothesis import strategies as st

HEADERS = {
    "id": ("sample_id", "Sample_ID", "编号", "Vial Number", "No."),
    "site": ("site", "Site_ID", "采样点", "Station"),
    "kind": ("kind", "Type", "类型", "Soil or Stem"),
    "date": ("date", "Collection_Date", "采样日期", "SampleDate"),
    "lat": ("latitude", "Lat", "纬度(N)", "Latitude (°)"),
    "lon": ("longitude", "Long", "经度(E)", "Lon W"),
    "alt": ("altitude_m", "海拔(m)", "Elevation", "a.s.l. [km]"),
    "depth": ("depth (cm)", "土层(cm)", "Depth_meters", "depth"),
    "d18O": ("d18O", "δ18O(‰)", "δ¹⁸O", "d(18_16)Mean", "氧-18", "d18O (fraction)", "18O"),
    "d2H": ("d2H", "δD(‰)", "dD", "D", "d(D_H)Mean", "氘", "H2", "d18O"),
    "dex": ("d-excess", "dxs", "氘盈余", "d"),
    "rep": ("replicate", "重复", "Inj Nr"),
    "veg": ("vegetation", "植被类型"),
    "asp": ("aspect", "坡向"),
    "rh": ("RH (%)", "relative_humidity", "soil_moisture"),
    "note": ("notes", "备注", ""),
}
WORDS = (
    "", " ", "NaN", "NA", "N/A", "-", "/", "无", "...", "<LOD", "BDL", "99999", "-9999", "1e999",
    "−12,5", "-１２.５", "1.234,5", "30/02/2020", "2020-02-30", "2019年6月3日", "22-Jun-21",
    "43985", "0-10 cm", "40+ cm", "34°12′30″N", "北纬34度", "200", "-700", '"', '""', '"a', "a\nb",
    "\r", "\x00", "soil ", "土壤水", "阴坡", "高寒草甸", "‰", "=1+1", "//END", ",", ";", "\t",
    "nan", "inf", "1_000", "0x10", "٣", "Ⅳ", "🌧", "x" * 300, "9" * 400,
)  # fmt: skip
JUNK = st.one_of(
    st.sampled_from(WORDS), st.text(max_size=12), st.floats(allow_nan=True, allow_infinity=True).map(repr)
)


@dataclass(frozen=True)
class DamagedFile:
    """Name and bytes of a file to read."""

    name: str
    content: bytes


@st.composite
def cell_tables(draw: st.DrawFn) -> list[list[str]]:
    """Header and rows: plausible values, some cells replaced, columns shuffled, rows repeated or cut."""
    names = draw(
        st.lists(st.sampled_from(sorted(HEADERS)), min_size=1, max_size=10, unique=draw(st.booleans()))
    )
    sound = draw(st.integers(0, 4)) > 0
    if sound:
        names = list(dict.fromkeys([*names, "d18O", "d2H", "kind"]))
    names = draw(st.permutations(names))
    header = [draw(st.sampled_from(HEADERS[name])) for name in names]
    if sound:
        header = [
            {"d18O": "δ18O", "d2H": "d2H(‰)"}.get(name, one) for name, one in zip(names, header, strict=True)
        ]
    n = draw(st.integers(1 if sound else 0, 14))
    scale = draw(st.sampled_from([1.0, 1.0, 1.0, 0.001]))
    rows = []
    for i in range(n):
        d18O = draw(st.floats(-30, 5))
        d2H = 8 * d18O + draw(st.floats(-20, 20))
        plain = {
            "id": str(draw(st.integers(1, n))), "site": f"S{i % 3}", "kind": ("soil", "rain", "river")[i % 3],
            "date": f"{1 + i}/6/2020", "lat": f"{34 + i * 0.002:.4f}", "lon": "99.1", "alt": str(4000 + i),
            "depth": "0-20", "d18O": f"{d18O * scale:.4g}", "d2H": f"{d2H * scale:.4g}",
            "dex": f"{(d2H - 8 * d18O) * scale:.3g}",
            "rep": str(i % 3 + 1), "veg": "meadow", "asp": "N", "rh": "40", "note": "not sure",
        }  # fmt: skip
        rows.append([plain[name] for name in names])
    table = [header, *rows]
    for _ in range(draw(st.integers(0, 6))):
        i, j = draw(st.integers(0, len(table) - 1)), draw(st.integers(0, len(names) - 1))
        table[i] = [*table[i]]
        if j < len(table[i]):
            table[i][j] = draw(JUNK)
    for _ in range(draw(st.integers(0, 3))):
        i = draw(st.integers(0, len(table) - 1))
        change = draw(st.sampled_from(["cut", "add", "repeat", "blank", "move"]))
        if change == "cut":
            table[i] = table[i][: draw(st.integers(0, len(table[i])))]
        elif change == "add":
            table[i] = [*table[i], *draw(st.lists(JUNK, max_size=3))]
        elif change == "repeat":
            table.insert(draw(st.integers(0, len(table))), [*table[i]])
        elif change == "blank":
            table.insert(i, [""] * draw(st.integers(0, len(names))))
        else:
            table.insert(draw(st.integers(0, len(table) - 1)), table.pop(i))
    return table


def as_csv(draw: st.DrawFn, table: list[list[str]]) -> bytes:
    """Bytes of the table as text, in some separator, quoting, line end and encoding."""
    separator = draw(st.sampled_from([",", ",", ";", "\t", "|"]))
    ends = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    quoted = draw(st.booleans())
    if quoted:
        stream = io.StringIO(newline="")
        csv.writer(stream, delimiter=separator, lineterminator=ends).writerows(table)
        text = stream.getvalue()
    else:
        text = ends.join(separator.join(row) for row in table)
    if draw(st.booleans()):
        text = text.replace(".", ",")
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16", "gbk", "latin-1"]))
    return text.encode(encoding, draw(st.sampled_from(["replace", "ignore"])))


def as_workbook(draw: st.DrawFn, table: list[list[str]]) -> bytes:
    """Bytes of a workbook with the table on one of its sheets, numbers as numbers, some cells merged."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False})
    book.set_properties({"created": datetime(2020, 6, 3)})  # the same bytes in every run
    if draw(st.booleans()):
        book.add_worksheet("notes").write(0, 0, "nothing here")
    sheet = book.add_worksheet("样品")
    down, right = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    for i, row in enumerate(table):
        for j, cell in enumerate(row):
            text = "".join(sign for sign in cell if sign.isprintable())[:100]
            try:
                number = float(text) if draw(st.booleans()) else None
            except ValueError:
                number = None
            if number is not None and abs(number) < 1e300:
                sheet.write_number(i + down, j + right, number)
            else:
                sheet.write_string(i + down, j + right, text)
    if len(table) > 3 and draw(st.booleans()):
        sheet.merge_range(down + 1, right, down + 3, right, "merged")
    book.close()
    return stream.getvalue()


def as_parquet(table: list[list[str]]) -> bytes:
    """Bytes of a Parquet file with the table as text."""
    width = len(table[0])
    even = [[*row[:width], *[None] * (width - len(row))] for row in table[1:]]
    columns = [pa.array([_writable(row[i]) for row in even], pa.string()) for i in range(width)]
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, names=[_writable(name) or "" for name in table[0]]), stream)
    return stream.getvalue()


def _writable(text: str | None) -> str | None:
    return None if text is None else text.encode("utf-8", "ignore").decode("utf-8")


@st.composite
def damaged_files(draw: st.DrawFn) -> DamagedFile:
    """A file that should be a table of samples."""
    form = draw(st.sampled_from(["csv"] * 5 + ["xlsx", "xlsx", "parquet", "bytes"]))
    if form == "bytes":
        start = draw(
            st.sampled_from([b"", b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0", b"\xff\xfe", b"d18O,d2H\n"])
        )
        return DamagedFile(
            f"x.{draw(st.sampled_from(['csv', 'xlsx', 'parquet', 'txt']))}",
            start + draw(st.binary(max_size=300)),
        )
    table = draw(cell_tables())
    content = (
        as_csv(draw, table)
        if form == "csv"
        else as_workbook(draw, table)
        if form == "xlsx"
        else as_parquet(table)
    )
    if draw(st.integers(0, 6)) == 0:
        content = content[: draw(st.integers(0, len(content)))]
    if draw(st.integers(0, 6)) == 0 and content:
        at = draw(st.integers(0, len(content) - 1))
        content = content[:at] + draw(st.binary(min_size=1, max_size=4)) + content[at + 1 :]
    return DamagedFile(f"x.{form}", content)
