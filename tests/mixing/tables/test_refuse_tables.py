"""What a user of a mixing program meets when a table is wrong: file, row, column, expected, what to do."""

from __future__ import annotations

import re

import pytest

from headwater.errors import InputRefused
from headwater.mixing.bayes.model import Absent
from headwater.mixing.tables import (
    Columns,
    Tables,
    read_concentration,
    read_discrimination,
    read_problem,
    read_sources,
)
from tests.mixing.tables.conftest import BY_REGION, DISCRIMINATION, MIXTURES, RAW, SOURCES

LEVELS = {"source_factor": "Region"}
WRONG = {
    "missing_n": (
        MIXTURES,
        SOURCES.replace(",n\n", "\n").replace(",24\n", "\n").replace(",6\n", "\n"),
        {},
        ["sources.csv", "'n'", "number of waters", "--model simmr"],
    ),
    "empty_n": (MIXTURES, SOURCES.replace(",6\n", ",\n"), {}, ["sources.csv, row 3, column 'n'", "empty"]),
    "n_is_1": (
        MIXTURES,
        SOURCES.replace(",6\n", ",1\n"),
        {},
        ["sources.csv, row 3, column 'n'", "n is 1", "at least 2", "Pool"],
    ),
    "n_not_whole": (
        MIXTURES,
        SOURCES.replace(",6\n", ",6.5\n"),
        {},
        ["row 3, column 'n'", "6.5", "whole number"],
    ),
    "n_zero": (MIXTURES, SOURCES.replace(",6\n", ",0\n"), {}, ["row 3, column 'n'", "> 0"]),
    "negative_sd": (
        MIXTURES,
        SOURCES.replace("1.3,12", "-1.3,12"),
        {},
        ["sources.csv, row 3, column 'SDd13C'", "-1.3", "≥ 0"],
    ),
    "no_sd": (
        MIXTURES,
        SOURCES.replace("SDd15N", "spread"),
        {},
        ["'SDd15N'", "sd of tracer 'd15N'", "Add the column"],
    ),
    "no_means": (MIXTURES, SOURCES.replace("Mean", ""), {}, ["MeanX", "--source-data raw", "--source-sds"]),
    "mean_twice": (MIXTURES, SOURCES.replace("Meand15N", "meand13C"), {}, ["d13C", "count double"]),
    "tracer_twice_in_mixtures": (
        MIXTURES.replace("d15N", "d13C"),
        SOURCES,
        {"tracers": ("d13C",)},
        ["mixtures.csv", "'d13C' is there 2 times"],
    ),
    "tracer_asked_for_twice": (MIXTURES, SOURCES, {"tracers": ("d13C", "d13c")}, ["twice", "count double"]),
    "text_for_number": (
        MIXTURES.replace("-20.31", "low"),
        SOURCES,
        {},
        ["mixtures.csv, row 3, column 'd13C'", "'low' is no number"],
    ),
    "nan": (
        MIXTURES.replace("-20.31", "NaN"),
        SOURCES,
        {},
        ["mixtures.csv, row 3, column 'd13C'", "'NaN'", "missing"],
    ),
    "empty_cell": (
        MIXTURES.replace("-20.31", ""),
        SOURCES,
        {},
        ["row 3, column 'd13C'", "empty", "leave the row out"],
    ),
    "inf": (MIXTURES.replace("-20.31", "inf"), SOURCES, {}, ["row 3, column 'd13C'", "'inf' is no number"]),
    "absurd": (
        MIXTURES.replace("-20.31", "1e40"),
        SOURCES,
        {},
        ["mixtures.csv, row 3, column 'd13C'", "1e40", "±1e+09"],
    ),
    "code_for_missing": (
        MIXTURES.replace("-20.31", "-9999"),
        SOURCES,
        {},
        ["row 3", "'-9999' is a code for a missing"],
    ),
    "two_decimal_signs": (
        MIXTURES.replace("-20.31", '"-20,31"'),
        SOURCES,
        {},
        ["row 3", "'-20,31' is no number"],
    ),
    "tracer_not_in_mixtures": (
        MIXTURES.replace("d15N", "d15M"),
        SOURCES,
        {},
        ["'d15N'", "mixtures have no such column", "'d15M'", "--tracers"],
    ),
    "unknown_factor": (
        MIXTURES,
        SOURCES,
        {"factors": ("Regoin",)},
        ["mixtures.csv", "'Regoin'", "Is 'Region' meant?"],
    ),
    "unknown_covariate": (MIXTURES, SOURCES, {"covariates": ("Mass",)}, ["'Mass'", "covariate", "'Length'"]),
    "factor_cell_empty": (
        MIXTURES.replace(",1,2,", ",,2,"),
        SOURCES,
        {"factors": ("Region",)},
        ["mixtures.csv, row 4, column 'Region'", "no level"],
    ),
    "level_without_sources": (
        MIXTURES,
        BY_REGION.replace(",2,-", ",North,-"),
        LEVELS,
        ["'2'", "mixtures have", "'1', 'North'", "spell levels alike"],
    ),
    "source_lacks_a_level": (
        MIXTURES,
        BY_REGION.replace("Salmon,2,-17.5,1.2,12.5,1.1,7\n", ""),
        LEVELS,
        ["'Salmon' has no row at level '2'", "--absent Salmon@Region=2"],
    ),
    "source_factor_not_in_sources": (
        MIXTURES,
        SOURCES,
        LEVELS,
        ["sources.csv", "'Region'", "factor of the sources"],
    ),
    "source_twice": (
        MIXTURES,
        BY_REGION,
        {},
        ["'Deer' is there twice", "rows 2, 3", "--source-factor Region"],
    ),
    "source_and_level_twice": (
        MIXTURES,
        BY_REGION.replace("Deer,2,", "Deer,1,"),
        LEVELS,
        ["twice at level '1'"],
    ),
    "nameless_source": (
        MIXTURES,
        SOURCES.replace("Deer", ""),
        {},
        ["sources.csv, row 2, column 'Source'", "no name"],
    ),
    "raw_read_as_means": (MIXTURES, RAW, {}, ["MeanX", "--source-data raw"]),
    "means_read_as_raw": (MIXTURES, SOURCES, {"source_data": "raw"}, ["--source-data means"]),
    "one_raw_water": (
        MIXTURES,
        RAW + "Elk,-25,4\n",
        {"source_data": "raw"},
        ["sources.csv, row 12", "only water of source 'Elk'", "at least 2"],
    ),
    "raw_text": (
        MIXTURES,
        RAW.replace("-26.4", "?!"),
        {"source_data": "raw"},
        ["row 3, column 'd13C'", "'?!' is no"],
    ),
    "correlation_of_1": (
        MIXTURES,
        SOURCES.replace(",n\n", ",n,Cor_d13C_d15N\n").replace(",24\n", ",24,1\n").replace(",6\n", ",6,0\n"),
        {},
        ["row 2, column 'Cor_d13C_d15N'", "between −1 and 1"],
    ),
    "more_cells_than_headers": (
        MIXTURES.replace("8.00,1,1,3.5", "8.00,1,1,3,5"),
        SOURCES,
        {},
        ["mixtures.csv, row 2", "6 cells, the header has 5", "Quote"],
    ),
    "no_rows": ("d13C,d15N\n", SOURCES, {}, ["mixtures.csv", "no rows below"]),
    "empty_file": ("", SOURCES, {}, ["mixtures.csv", "empty"]),
    "binary": ("\x00\x01\x02" * 50, SOURCES, {}, ["mixtures.csv", "control characters"]),
    "unclosed_quote": ('d13C,d15N\n-20,"8\n-21,9\n', SOURCES, {}, ["mixtures.csv, row 2", "never closes"]),
    "no_water": (MIXTURES, SOURCES, {"water": True}, ["evaporation needs", "d18O and d2H"]),
    "no_replicates": (MIXTURES, SOURCES, {"replicates": "Length"}, ["no sample has replicates"]),
    "replicates_of_two_packs": (
        MIXTURES,
        SOURCES,
        {"replicates": "Region", "factors": ("Pack",)},
        ["mixtures.csv, row 4", "factor 'Pack' is 2 here and 1 in row 2", "sample 1"],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_table_is_refused_with_the_place_and_the_remedy(read, case):
    mixtures, sources, columns, words = WRONG[case]
    with pytest.raises(InputRefused) as refused:
        read(mixtures, sources, **columns)
    message = str(refused.value)
    assert [word for word in words if word not in message] == [], message
    assert re.search(r"[.?]$", message) or "--absent" in message


def test_all_rows_with_missing_values_are_named_at_once(read):
    lines = MIXTURES.splitlines()
    damaged = "\n".join([lines[0], *("NA," + line.partition(",")[2] for line in lines[1:])])
    with pytest.raises(InputRefused, match=r"row 2, column 'd13C'.*all: rows 2, 3, 4, 5, 6 and 3 more"):
        read(damaged)


def test_an_absent_file_and_a_sheet_that_is_not_there(tmp_path, write):
    with pytest.raises(InputRefused, match=r"nowhere\.csv: there is no such file"):
        read_problem(Tables(tmp_path / "nowhere.csv", tmp_path / "s.csv"))
    with pytest.raises(InputRefused, match="is no workbook, so it has no sheet 'Sources'"):
        read_sources(f"{write('s.csv', SOURCES)}#Sources")


DISCRIMINATIONS = {
    "missing_source": (
        DISCRIMINATION.replace("Deer", "Dear"),
        ["d.csv", "no source 'Deer'", "Is 'Dear' meant?"],
    ),
    "duplicate": (DISCRIMINATION + "Deer,1,0,1,0\n", ["'Deer' is there twice", "rows 3, 4"]),
    "missing_tracer": (DISCRIMINATION.replace("Meand15N", "Meand34S"), ["'Meand15N'", "d.csv"]),
    "negative_sd": (DISCRIMINATION.replace("0.4", "-0.4"), ["d.csv, row 3, column 'SDd15N'", "≥ 0"]),
    "text": (DISCRIMINATION.replace("2.6", "two"), ["d.csv, row 2, column 'Meand15N'", "'two'"]),
}


@pytest.mark.parametrize("case", DISCRIMINATIONS)
def test_a_wrong_discrimination_is_refused(write, case):
    text, words = DISCRIMINATIONS[case]
    sources = read_sources(write("s.csv", SOURCES))
    with pytest.raises(InputRefused) as refused:
        read_discrimination(write("d.csv", text), sources=sources)
    assert [word for word in words if word not in str(refused.value)] == [], str(refused.value)


def test_a_source_that_only_the_discrimination_has_is_named(write):
    notes: list[str] = []
    sources = read_sources(write("s.csv", SOURCES))
    more = write("d.csv", DISCRIMINATION + "Moose,1,0,1,0\n")
    assert read_discrimination(more, sources=sources, notes=notes).discrimination.shape == (2, 2)
    assert notes == ["d.csv: source 'Moose' is not among the others; its rows are not used"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SOURCES, ["ConcX"]),
        ("Source,Concd13C,Concd15N\nDeer,0.4,-0.1\nSalmon,0.3,0.1\n", ["row 2, column 'Concd15N'", "≥ 0"]),
        ("Source,Concd13C,Concd15N\nDeer,0.4,0\nSalmon,0.3,0\n", ["'d15N' is 0 in every source"]),
        ("Source,Concd13C,Concd15N\nDeer,0.4,0.1\n", ["no source 'Salmon'"]),
    ],
)  # fmt: skip
def test_a_wrong_concentration_is_refused(write, text, words):
    sources = read_sources(write("s.csv", SOURCES))
    with pytest.raises(InputRefused) as refused:
        read_concentration(write("c.csv", text), sources=sources)
    assert [word for word in words if word not in str(refused.value)] == [], str(refused.value)


def test_concentrations_of_a_level_must_be_there_for_each_source_that_is(write):
    lacking = BY_REGION.replace("Salmon,2,-17.5,1.2,12.5,1.1,7\n", "")
    absent = (Absent("Salmon", "Region", ("2",)),)
    sources = read_sources(write("s.csv", lacking), by="Region", absent=absent)
    table = "Source,Region,d13C,d15N\nDeer,1,0.4,0.1\nDeer,2,0.4,0.1\nSalmon,1,0.5,0.2\n"
    assert read_concentration(write("c.csv", table), sources=sources).concentration.shape == (2, 2, 2)
    with pytest.raises(InputRefused, match="'Deer' has no row at level '2' of Region"):
        read_concentration(
            write("c.csv", table.replace("Deer,2,0.4,0.1\n", "Salmon,2,1,1\n")), sources=sources
        )


def test_n_of_1_is_read_where_means_are_exact(write):
    table = write("s.csv", SOURCES.replace(",6\n", ",1\n"))
    tables = Tables(write("m.csv", MIXTURES), table)
    assert read_problem(tables, Columns(need_n=False)).sources.n.tolist() == [[24, 1]]
