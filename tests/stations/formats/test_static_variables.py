"""Files of static variables of the ISMN."""

from __future__ import annotations

import pytest

from headwater.errors import InputRefused
from headwater.stations.formats.static_variables import StaticVariable, number_at, parse

HEADER = "quantity_name;unit;depth_from[m];depth_to[m];value;description;quantity_source_name;resolution;"
ROWS = (
    'saturation;m^3*m^-3;0.00;0.30;0.46;;HWSD;30";',
    'saturation;m^3*m^-3;0.30;1.00;0.44;;HWSD;30";',
    "organic carbon;% weight;-99.90;-99.90;0.59;;insitu;;",
    "climate classification;;;;Dwc;Cold - dry winter;koeppen_geiger_2007;;",
)


def table(*rows: str, end: str = "\r\n") -> bytes:
    return "".join(row + end for row in (HEADER, *rows)).encode()


@pytest.mark.parametrize("end", ["\r\n", "\n\r", "\r", "\n"])
def test_all_rows_are_read(end: str) -> None:
    found = parse(table(*ROWS, "", end=end), name="a.csv")
    assert found.variables[0] == StaticVariable("saturation", "m^3*m^-3", 0, 300, "0.46", 0.46, "", "HWSD")
    assert found.variables[2].depth_from_mm is None
    assert found.variables[3] == StaticVariable(
        "climate classification", "", None, None, "Dwc", None, "Cold - dry winter", "koeppen_geiger_2007"
    )
    assert (found.lines, found.used, found.blank, found.left_out) == (6, 5, 1, 0)


def test_the_layer_that_holds_a_depth_is_taken() -> None:
    variables = parse(table(*ROWS), name="a.csv").variables
    assert [number_at(variables, "saturation", depth) for depth in (0, 50, 299, 300, 999)] == [
        0.46, 0.46, 0.46, 0.44, 0.44,
    ]  # fmt: skip
    assert number_at(variables, "saturation", 1000) is None
    assert number_at(variables, "saturation", -1) is None
    assert number_at(variables, "organic carbon", 0) is None


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("saturation;m^3*m^-3;0.00;0.30;0.46", ""),
        (";m^3*m^-3;0.00;0.30;0.46;;;;", "quantity_name"),
        ("saturation;x;deep;0.30;0.46;;;;", "depth_from[m]"),
        ("saturation;x;0.1;1e9;0.46;;;;", "depth_to[m]"),
    ],
)
def test_a_damaged_row_is_told(row: str, column: str) -> None:
    found = parse(table(ROWS[0], row, ROWS[1]), name="a.csv")
    assert len(found.variables) == 2
    assert [(one.line, one.column, one.action) for one in found.problems] == [(3, column, "line left out")]
    assert (found.lines, found.used, found.left_out) == (4, 3, 1)


@pytest.mark.parametrize("data", [b"", b"a;b\n", b"\xff\xfe\x00"])
def test_another_file_is_refused(data: bytes) -> None:
    with pytest.raises(InputRefused, match=r"a\.csv, line 1: found"):
        parse(data, name="a.csv")
