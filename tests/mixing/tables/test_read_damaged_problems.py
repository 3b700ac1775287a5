"""Whatever happens to the tables of a mixing problem: they are read, or refused with the reason."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.errors import HeadwaterError
from headwater.mixing.bayes.check import check_model
from headwater.mixing.bayes.model import MixingModel
from headwater.mixing.tables import Columns, Problem, Tables, read_problem
from tests.mixing.tables.conftest import BY_REGION, DISCRIMINATION, MIXTURES, RAW, SOURCES
from tests.samples.damaged_tables import JUNK, as_csv, as_parquet, as_workbook

CONCENTRATION = "Source,Concd13C,Concd15N\nDeer,0.4,0.1\nSalmon,0.5,0.12\n"
PAIR = "source,d13C,d15N\nDeer,1.1,1.3\nSalmon,1.2,1.4\n"


def rows(text: str) -> list[list[str]]:
    return [line.split(",") for line in text.splitlines()]


@st.composite
def damaged(draw: st.DrawFn, text: str) -> tuple[str, bytes]:
    """Ending and bytes of a table that something may have happened to."""
    table = rows(text)
    for _ in range(draw(st.sampled_from([0, 0, 0, 0, 1, 1, 2, 5]))):
        i = draw(st.integers(0, len(table) - 1))
        change = draw(
            st.sampled_from(
                ["cell", "cell", "cell", "cut", "add", "repeat", "blank", "move", "column", "drop"]
            )
        )
        if change == "cell" and table[i]:
            table[i][draw(st.integers(0, len(table[i]) - 1))] = draw(JUNK)
        elif change == "cut":
            table[i] = table[i][: draw(st.integers(0, len(table[i])))]
        elif change == "add":
            table[i] = [*table[i], *draw(st.lists(JUNK, max_size=2))]
        elif change == "repeat":
            table.insert(draw(st.integers(0, len(table))), [*table[i]])
        elif change == "blank":
            table.insert(i, [""] * 3)
        elif change == "move":
            table.insert(draw(st.integers(0, len(table) - 1)), table.pop(i))
        elif change == "drop" and len(table) > 1:
            table.pop(i)
        elif change == "column" and table[0]:
            j = draw(st.integers(0, len(table[0]) - 1))
            table = [row[:j] + row[j + 1 :] for row in table]
    form = draw(st.sampled_from(["csv"] * 8 + ["xlsx", "parquet"]))
    if form == "parquet" and not table[0]:
        form = "csv"
    if form == "xlsx":
        content = as_workbook(draw, table)
    elif form == "parquet":
        content = as_parquet(table)
    elif draw(st.integers(0, 3)) == 2:
        content = as_csv(draw, table)
    else:
        content = "\n".join(",".join(row) for row in table).encode("utf-8", "replace")
    if draw(st.integers(0, 9)) == 0 and content:
        at = draw(st.integers(0, len(content) - 1))
        content = content[:at] + draw(st.binary(max_size=4)) + content[at + 1 :]
    return form, content


def mostly(usual: object, *others: object) -> st.SearchStrategy:
    """The usual value in most cases."""
    return st.integers(0, 20).flatmap(lambda i: st.sampled_from(others) if i in (7, 13) else st.just(usual))


@st.composite
def columns_for(draw: st.DrawFn, sources: str) -> Columns:
    """What a user may ask of these sources, mostly what suits them."""
    return Columns(
        tracers=draw(mostly(None, ("d13C",), ("d15N", "d13C"), ("x",))),
        factors=draw(st.sampled_from([(), ("Region", "Pack"), ("Length",)])),
        covariates=draw(st.sampled_from([(), ("Length",), ("Region",)])),
        source_factor=draw(mostly("Region" if sources == BY_REGION else None, None, "Region", "Pack")),
        source_data=draw(mostly("raw" if sources == RAW else "means", "means", "raw")),
        replicates=draw(mostly(None, "Pack", "Region")),
        need_n=draw(st.booleans()),
        water=draw(mostly(False, True)),
    )


def check(problem: Problem) -> None:
    """Nothing impossible gets past the reader."""
    sources, mixtures = problem.sources, problem.mixtures
    r, k, j = sources.mean.shape
    there = np.ones((r, k), bool) if sources.present is None else sources.present
    assert np.isfinite(mixtures.values).all() and mixtures.values.shape[1] == j == len(mixtures.tracers)
    assert np.isfinite(sources.mean[there]).all() and np.isfinite(sources.covariance[there]).all()
    assert (np.linalg.eigvalsh(sources.covariance[there]) > -1e-6).all()
    for labels in mixtures.factors.values():
        assert len(labels) == len(mixtures.values) and all(labels)
    for part in (sources.discrimination, sources.discrimination_sd):
        assert part is None or (part.shape == (k, j) and np.isfinite(part).all())
    try:
        check_model(MixingModel(mixtures, sources))
    except HeadwaterError as error:
        assert len(str(error)) > 20


def read_or_refuse(files: dict[str, tuple[str, bytes]], columns: Columns) -> bool:
    """True where the tables were read; any error but our own fails the test."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, (form, content) in files.items():
            paths[name] = Path(folder) / f"{name}.{form}"
            paths[name].write_bytes(content)
        try:
            problem = read_problem(Tables(**paths), columns)
        except HeadwaterError as error:
            assert len(str(error)) > 20
            return False
        check(problem)
        return True


@st.composite
def problems(draw: st.DrawFn) -> tuple[dict[str, tuple[str, bytes]], Columns]:
    """Files of a problem, and what is asked of them."""
    sources = draw(st.sampled_from([SOURCES, SOURCES, BY_REGION, RAW]))
    files = {"mixtures": draw(damaged(MIXTURES)), "sources": draw(damaged(sources))}
    for name, text in (("discrimination", DISCRIMINATION), ("concentration", CONCENTRATION)):
        if draw(st.integers(0, 3)) == 0:
            files[name] = draw(damaged(text))
    if sources == SOURCES and draw(st.integers(0, 5)) == 0:
        files["source_sds"] = draw(damaged(PAIR))
    return files, draw(columns_for(sources))


def fuzz(examples: int) -> Callable[[], None]:
    """A test of so many damaged problems."""

    @settings(max_examples=examples, deadline=None, derandomize=examples < 1000, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(problem=problems())
    def run(problem: tuple[dict[str, tuple[str, bytes]], Columns]) -> None:
        counted[read_or_refuse(*problem)] += 1

    counted = {True: 0, False: 0}

    def run_and_count() -> None:
        run()
        assert min(counted.values()) > examples / 5, f"{counted}: nearly all are read, or nearly none"

    return run_and_count


def test_100_damaged_problems_are_read_or_refused() -> None:
    fuzz(100)()


@pytest.mark.slow
def test_200_damaged_problems_are_read_or_refused() -> None:
    fuzz(200)()


@pytest.mark.long
def test_5000_damaged_problems_are_read_or_refused() -> None:
    fuzz(5000)()


def test_an_undamaged_problem_is_read() -> None:
    texts = {
        "mixtures": MIXTURES,
        "sources": SOURCES,
        "discrimination": DISCRIMINATION,
        "concentration": CONCENTRATION,
    }
    files = {name: ("csv", text.encode()) for name, text in texts.items()}
    assert read_or_refuse(files, Columns(factors=("Region", "Pack")))
