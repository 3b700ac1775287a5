"""What MixSIAR and simmr write is read, whatever the order of rows and columns and the spelling of names."""

from __future__ import annotations

import io
import random

import numpy as np
import pandas as pd
import pytest

from headwater.mixing.bayes.model import Absent
from headwater.mixing.tables import (
    Columns,
    Tables,
    read_cells,
    read_concentration,
    read_discrimination,
    read_mixtures,
    read_problem,
    read_sources,
)
from tests.mixing.tables.conftest import BY_REGION, DISCRIMINATION, MIXTURES, RAW, SOURCES


def test_means_sd_and_n_become_the_sources(read):
    problem = read()
    sources = problem.sources
    assert (sources.names, sources.tracers) == (("Deer", "Salmon"), ("d13C", "d15N"))
    np.testing.assert_allclose(sources.mean, [[[-27, 3], [-18, 12]]])
    np.testing.assert_allclose(sources.covariance[0, 0], [[1.21, 0], [0, 1.69]])
    assert sources.n.tolist() == [[24, 6]]
    assert problem.mixtures.values.shape == (8, 2)
    assert problem.notes == ("mixtures.csv: not used: 'Region', 'Pack', 'Length'",)


def test_factors_covariates_and_sources_by_level(read):
    problem = read(sources=BY_REGION, source_factor="Region", factors=("Pack",), covariates=("Length",))
    assert problem.sources.levels == ("1", "2")
    np.testing.assert_allclose(problem.sources.mean[1], [[-26, 3.1], [-17.5, 12.5]])
    assert problem.mixtures.factors["Region"] == ("1",) * 4 + ("2",) * 4
    assert problem.mixtures.factors["Pack"] == ("1", "1", "2", "2", "3", "3", "4", "4")
    np.testing.assert_allclose(problem.mixtures.covariates["Length"], 3.5 + np.arange(8))


def test_single_waters_give_the_mean_and_covariance_of_numpy(read):
    sources = read(sources=RAW, source_data="raw").sources
    frame = pd.read_csv(io.StringIO(RAW))
    for k, name in enumerate(sources.names):
        rows = frame.loc[frame["Source"] == name, ["d13C", "d15N"]]
        np.testing.assert_allclose(sources.mean[0, k], rows.mean())
        np.testing.assert_allclose(sources.covariance[0, k], rows.cov())
        np.testing.assert_array_equal(sources.rows[0][k], rows)
    assert sources.n.tolist() == [[5, 5]]


def test_order_of_rows_and_columns_never_matters(write):
    rng = random.Random(3)
    expected = None
    for _ in range(6):
        texts = []
        for text in (BY_REGION, DISCRIMINATION):
            frame = pd.read_csv(io.StringIO(text)).sample(frac=1, random_state=rng.randrange(1000))
            texts.append(frame[rng.sample(list(frame), len(list(frame)))].to_csv(index=False))
        tables = Tables(
            write("m.csv", MIXTURES), write("s.csv", texts[0]), discrimination=write("d.csv", texts[1])
        )
        s = read_problem(tables, Columns(source_factor="Region", tracers=("d13C", "d15N"))).sources
        order = [s.names.index(name) for name in ("Deer", "Salmon")]
        level = [s.levels.index(one) for one in "12"]
        by_level, shared = (s.mean, s.n), (s.discrimination, s.discrimination_sd)
        parts = [one[level][:, order] for one in by_level] + [one[order] for one in shared]
        found = np.concatenate([part.ravel() for part in parts])
        expected = found if expected is None else expected
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_line_ends_marks_and_separators(write, end, encoding, separator):
    def text(table: str) -> bytes:
        return table.rstrip("\n").replace(",", separator).replace("\n", end).encode(encoding)

    problem = read_problem(Tables(write("m.csv", text(MIXTURES)), write("s.csv", text(SOURCES))))
    np.testing.assert_allclose(problem.sources.mean, [[[-27, 3], [-18, 12]]])
    assert len(problem.mixtures.values) == 8


def test_decimal_commas_of_a_table_with_semicolons(write):
    def text(table: str) -> str:
        return table.replace(",", ";").replace(".", ",")

    problem = read_problem(Tables(write("m.csv", text(MIXTURES)), write("s.csv", text(SOURCES))))
    assert problem.mixtures.values[1, 0] == -20.31
    assert problem.sources.covariance[0, 0, 0, 0] == pytest.approx(1.21)


def test_headers_with_blanks_case_and_the_renaming_of_r(read):
    mixtures = MIXTURES.replace("d13C", " D13C ").replace("Region", "Sub:Region").replace("Pack", "Pack size")
    problem = read(mixtures, factors=("Sub.Region", "pack.size"))
    assert problem.sources.tracers == ("D13C", "d15N")
    assert set(problem.mixtures.factors) == {"Sub.Region", "pack.size"}
    assert any("'Sub:Region' is taken for 'Sub.Region'" in note for note in problem.notes)
    assert any("tracer 'd13C' is 'D13C' in the mixtures" in note for note in problem.notes)


def test_levels_that_a_spreadsheet_wrote_as_numbers(read):
    problem = read(MIXTURES, BY_REGION.replace(",1,-", ",1.0,-"), source_factor="Region")
    assert problem.sources.levels == ("1", "2")


def test_sources_of_unused_levels_are_left_out_with_a_note(read):
    more = BY_REGION + "Deer,3,-25,1,3,1,9\nSalmon,3,-17,1,12,1,9\n"
    problem = read(MIXTURES, more, source_factor="Region")
    assert problem.sources.levels == ("1", "2") and problem.sources.mean.shape == (2, 2, 2)
    assert any("'3' has sources but no mixtures" in note for note in problem.notes)


def test_a_source_may_be_absent_at_a_level_where_it_is_declared(read):
    lacking = BY_REGION.replace("Salmon,2,-17.5,1.2,12.5,1.1,7\n", "")
    problem = read(MIXTURES, lacking, source_factor="Region", absent=(Absent("Salmon", "Region", ("2",)),))
    assert problem.sources.present.tolist() == [[True, True], [True, False]]
    assert problem.sources.n.tolist() == [[24, 6], [20, 0]]


def test_correlations_between_tracers_become_covariances(read):
    table = (
        SOURCES.replace(",n\n", ",n,Cor_d15N_d13C\n")
        .replace(",24\n", ",24,0.5\n")
        .replace(",6\n", ",6,-0.25\n")
    )
    covariance = read(sources=table).sources.covariance[0]
    assert covariance[0, 0, 1] == covariance[0, 1, 0] == pytest.approx(0.5 * 1.1 * 1.3)
    assert covariance[1, 0, 1] == pytest.approx(-0.25 * 1.3 * 1.2)


def test_analytical_sd_of_each_mixture(read):
    header = "d13C,d15N,SD_d13C,d15N_Analytical_SD,r_d13C_d15N\n"
    mixtures = header + "-20,8,0.1,0.2,0.5\n-21,9,0.2,0.3,0\n-22,7,0.1,0.1,0\n"
    covariance = read(mixtures).mixtures.covariance
    np.testing.assert_allclose(covariance[0], [[0.01, 0.01], [0.01, 0.04]])
    np.testing.assert_allclose(covariance[1], [[0.04, 0], [0, 0.09]])


def test_replicates_are_pooled_to_means_with_the_covariance_of_the_mean(write):
    rng = np.random.default_rng(5)
    true = rng.normal(0, 5, (400, 2))
    error = np.array([[0.3, 0.1], [0.1, 0.2]])
    rows = np.repeat(true, 3, axis=0) + rng.multivariate_normal([0, 0], error, 1200)
    lines = [f"s{i // 3},{x:.6f},{y:.6f},{'AB'[i // 3 % 2]}" for i, (x, y) in enumerate(rows)]
    table = write("m.csv", "\n".join(["Sample_ID,a,b,group", *rng.permutation(lines)]))
    notes: list[str] = []
    pooled = read_mixtures(table, tracers=("a", "b"), factors=("group",), replicates="Sample_ID", notes=notes)
    assert len(pooled.values) == 400 and "1200 rows are replicates of 400 samples" in notes[0]
    order = [int(name[1:]) for name in pooled.ids]
    np.testing.assert_allclose(pooled.values, rows.reshape(400, 3, 2).mean(axis=1)[order], atol=1e-6)
    assert [pooled.factors["group"][i] for i in range(400)] == ["AB"[k % 2] for k in order]
    np.testing.assert_allclose(pooled.covariance[0], error / 3, atol=0.012)


def test_a_row_that_simmr_calls_solo_and_a_tracer_alone(read):
    problem = read("d13C\n-21\n", "Source,Meand13C,SDd13C,n\nDeer,-27,1,9\nSalmon,-18,1,9\n")
    assert problem.mixtures.values.tolist() == [[-21.0]]


def test_simmr_pairs_of_tables_are_matched_by_name(write):
    means = write("means.csv", '"source","d13C","d15N"\n"Deer",-27,3\n"Salmon",-18,12\n')
    sds = write("sds.csv", '"source","d15N","d13C"\n"Salmon",1.2,1.3\n"Deer",1.4,1.1\n')
    corrections = write("c.csv", '"source","d13C","d15N"\n"Salmon",1,2\n"Deer",3,4\n')
    correction_sds = write("csd.csv", '"source","d13C","d15N"\n"Deer",0.3,0.4\n"Salmon",0.1,0.2\n')
    tables = Tables(write("m.csv", "d15N,d13C\n8,-20\n9,-21\n"), means, sds, corrections, correction_sds)
    sources = read_problem(tables, Columns(need_n=False)).sources
    np.testing.assert_allclose(np.sqrt(sources.covariance[0, :, [0, 1], [0, 1]].T), [[1.1, 1.4], [1.3, 1.2]])
    np.testing.assert_allclose(sources.discrimination, [[3, 4], [1, 2]])
    np.testing.assert_allclose(sources.discrimination_sd, [[0.3, 0.4], [0.1, 0.2]])
    assert sources.n.tolist() == [[0, 0]]


def test_concentrations_are_used_only_where_they_are_asked_for(write):
    table = (
        SOURCES.replace(",n\n", ",n,Concd15N,Concd13C\n")
        .replace(",24\n", ",24,0.1,0.4\n")
        .replace(",6\n", ",6,0.2,0.5\n")
    )
    mixtures, sources = write("m.csv", MIXTURES), write("s.csv", table)
    ignored = read_problem(Tables(mixtures, sources))
    assert ignored.sources.concentration is None
    assert any("'Concd15N', 'Concd13C' are ignored" in note for note in ignored.notes)
    used = read_problem(Tables(mixtures, sources, concentration=sources))
    np.testing.assert_allclose(used.sources.concentration, [[[0.4, 0.1], [0.5, 0.2]]])
    assert not any("ignored" in note for note in used.notes)


def test_concentrations_of_each_level(write):
    notes: list[str] = []
    sources = read_sources(write("s.csv", BY_REGION), by="Region", notes=notes)
    conc = "Region,Source,d15N,d13C,SDConcd13C,SDConcd15N\n" + "".join(
        f"{r},{s},{0.1 * i:.1f},{0.5 + 0.1 * i:.1f},0.01,0.02\n" for i, (r, s) in
        enumerate([("2", "Salmon"), ("1", "Salmon"), ("1", "Deer"), ("2", "Deer")], 1)
    )  # fmt: skip
    found = read_concentration(write("c.csv", conc), sources=sources, notes=notes)
    np.testing.assert_allclose(found.concentration[:, :, 0], [[0.8, 0.7], [0.9, 0.6]])
    np.testing.assert_allclose(found.concentration_sd[1, 1], [0.01, 0.02])


def test_a_table_of_sources_with_the_row_names_of_r(write):
    numbered = '"","Source","Meand13C","SDd13C","n"\n"1","Deer",-27,1,9\n"2","Salmon",-18,1,9\n'
    assert read_sources(write("a.csv", numbered)).names == ("Deer", "Salmon")
    without_corner = "Meand13C SDd13C n\n".replace(" ", ",") + "Deer,-27,1,9\nSalmon,-18,1,9\n"
    assert read_sources(write("b.csv", without_corner)).names == ("Deer", "Salmon")


def test_workbooks_and_parquet(tmp_path):
    sheets = {"Targets": MIXTURES, "Sources": SOURCES, "TEFs": DISCRIMINATION}
    with pd.ExcelWriter(tmp_path / "book.xlsx", engine="xlsxwriter") as book:
        for name, text in sheets.items():
            pd.read_csv(io.StringIO(text)).to_excel(book, sheet_name=name, index=False)
    pd.read_csv(io.StringIO(SOURCES)).to_parquet(tmp_path / "s.parquet")
    book = tmp_path / "book.xlsx"
    sources = read_sources(f"{book}#Sources")
    assert sources.names == ("Deer", "Salmon") and sources.n.tolist() == [[24, 6]]
    assert read_discrimination(f"{book}#TEFs", sources=sources).discrimination[0, 0] == 1.1
    assert len(read_mixtures(book, tracers=("d13C",)).values) == 8
    np.testing.assert_array_equal(read_sources(tmp_path / "s.parquet").mean, sources.mean)


def test_waters_of_an_evaporation_problem_are_oxygen_then_hydrogen(read):
    problem = read(
        "δ2H (‰),d18O,soil\n-80,-10,1\n-70,-8,2\n-60,-7,3\n",
        "Source,MeandD,SDdD,Meand2H,SDd2H,Meand18O,SDd18O,n\nrain,0,1,-60,5,-8,1,9\nice,0,1,-110,5,-15,1,9\n",
        water=True,
    )
    assert problem.sources.tracers == ("d18O", "δ2H (‰)")
    np.testing.assert_allclose(problem.mixtures.values[0], [-10, -80])
    np.testing.assert_allclose(problem.sources.mean[0, 1], [-15, -110])


def test_rows_keep_the_numbers_of_the_file(write):
    table = read_cells(write("m.csv", "\n\na,b\n1,2\n\n3,4\n"))
    assert table.rows.tolist() == [4, 6] and table.headers == ("a", "b")


CASES = {
    "mixsiar_killerwhale_uninf": (12, 5, {}, {}),
    "mixsiar_wolves": (66, 3, {}, {"factors": ("Region", "Pack"), "source_factor": "Region"}),
    "mixsiar_geese": (251, 4, {}, {"factors": ("Group",)}),
    "simmr_data_1": (10, 4, {}, {"need_n": False}),
    "simmr_data_2": (30, 4, {}, {"need_n": False}),
    "simmr_geese_data": (251, 4, {}, {"need_n": False, "factors": ("group",)}),
    "simmr_geese_data_day1_solo": (1, 4, {}, {"need_n": False}),
}


@pytest.mark.parametrize("case", CASES)
def test_public_tables_are_read_as_they_are(shared, case):
    folder = shared / "reference" / "mixing" / case
    mixtures, sources, _, columns = CASES[case]
    if case.startswith("mixsiar"):
        name = case.split("_")[1]
        tables = Tables(folder / f"{name}_consumer.csv", folder / f"{name}_sources.csv",
                        discrimination=folder / f"{name}_discrimination.csv")  # fmt: skip
    else:
        tables = Tables(folder / "mixtures.csv", folder / "source_means.csv", folder / "source_sds.csv",
                        folder / "correction_means.csv", folder / "correction_sds.csv",
                        folder / "concentration_means.csv")  # fmt: skip
    problem = read_problem(tables, Columns(**columns))
    assert len(problem.mixtures.values) == mixtures
    assert problem.sources.mean.shape[1] == sources
    assert problem.sources.discrimination.shape == (sources, len(problem.sources.tracers))
    if case == "mixsiar_wolves":
        np.testing.assert_allclose(problem.sources.mean[2, 2], [-12.48, 16.21])
        assert problem.sources.n.tolist() == [[24, 6, 7], [37, 5, 6], [9, 5, 6]]
