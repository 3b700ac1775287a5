"""Small tables of mixing problems to read, whole and damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from headwater.mixing.tables import Columns, Problem, Tables, read_problem

MIXTURES = "d13C,d15N,Region,Pack,Length\n" + "".join(
    f"{-20 - i * 0.31:.2f},{8 + i * 0.17:.2f},{1 + i // 4},{1 + i // 2},{3.5 + i}\n" for i in range(8)
)
SOURCES = "Source,Meand13C,SDd13C,Meand15N,SDd15N,n\nDeer,-27,1.1,3,1.3,24\nSalmon,-18,1.3,12,1.2,6\n"
BY_REGION = (
    "Source,Region,Meand13C,SDd13C,Meand15N,SDd15N,n\n"
    "Deer,1,-27,1.1,3,1.3,24\nDeer,2,-26,1.0,3.1,1.2,20\n"
    "Salmon,1,-18,1.3,12,1.2,6\nSalmon,2,-17.5,1.2,12.5,1.1,7\n"
)
RAW = "Source,d13C,d15N\n" + "".join(
    f"{name},{x - 0.4 * i:.1f},{y + (i * i) % 3:.1f}\n"
    for name, x, y in (("Deer", -26, 3), ("Salmon", -18, 12))
    for i in range(5)
)
DISCRIMINATION = "Source,Meand13C,SDd13C,Meand15N,SDd15N\nSalmon,2.1,0.1,2.6,0.2\nDeer,1.1,0.3,1.6,0.4\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """``write(name, text)``: a file with this text, or these bytes."""

    def write_file(name: str, text: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return path

    return write_file


@pytest.fixture
def read(write: Callable[..., Path]) -> Callable[..., Problem]:
    """``read(mixtures, sources, **columns)``: the problem of two tables given as text."""

    def read_texts(mixtures: str = MIXTURES, sources: str = SOURCES, **columns: object) -> Problem:
        tables = Tables(write("mixtures.csv", mixtures), write("sources.csv", sources))
        return read_problem(tables, Columns(**columns))  # type: ignore[arg-type]

    return read_texts
