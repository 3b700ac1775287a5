"""One file, a folder and the archive of a download of the ISMN are read, with what is known of the ground."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from headwater.errors import InputRefused, UnitsUnclear
from headwater.stations import read_ismn as module
from headwater.stations.read_ismn import iterate_ismn, read_ismn
from tests.stations.formats import make_ismn as make
from tests.stations.formats.make_ismn import HEADER, NAME, file, line

DEEP = NAME.replace("0.050000_0.050000", "0.400000_0.400000")
STATIC = (
    "quantity_name;unit;depth_from[m];depth_to[m];value;description\nsaturation;m^3*m^-3;0.00;0.30;0.46;\n"
)


@pytest.fixture
def download(tmp_path: Path) -> Path:
    """Two files of a station with static variables, one that is no ISMN file, one of another station."""
    ridge, valley = tmp_path / "SOURCE" / "Ridge-01", tmp_path / "SOURCE" / "Valley"
    for folder in (ridge, valley):
        folder.mkdir(parents=True)
    (ridge / NAME).write_bytes(file([line(0, 0.1), "damaged"]))
    (ridge / DEEP).write_bytes(file([line(0, 0.3)], header=HEADER.replace("0.05    0.05", "0.40    0.40")))
    (ridge / "SOURCE_SOURCE_Ridge-01_static_variables.csv").write_text(STATIC, encoding="utf-8")
    (valley / NAME.replace("Ridge-01", "Valley")).write_bytes(b"nothing of the kind")
    (valley / "Readme.txt").write_text("text", encoding="utf-8")
    return tmp_path


def zipped(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder).as_posix())
    return target


def test_folder_and_archive_give_the_same(download: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    archive = zipped(download, tmp_path_factory.mktemp("zip") / "download.zip")
    one, two = read_ismn(download), read_ismn(archive)
    assert [file.name for file in one.files] == [
        f"SOURCE/Ridge-01/{NAME}",
        f"SOURCE/Ridge-01/{DEEP}",
        f"SOURCE/Valley/{NAME.replace('Ridge-01', 'Valley')}",
    ]
    assert one.files == two.files or make.same(one.readings, two.readings)
    assert [file.refused for file in one.files] == [file.refused for file in two.files]
    assert [file.static for file in one.files] == [file.static for file in two.files]


def test_the_account_of_a_folder(download: Path) -> None:
    told: list[tuple[int, int, str]] = []
    found = read_ismn(download, progress=lambda *one: told.append(one))
    assert found.readings.value.tolist() == [0.1, 0.3]
    assert [one.depth for one in found.readings.series] == ["0.05", "0.40"]
    assert [one.id for one in found.stations] == ["SOURCE/Ridge_01"]
    (refused,) = found.refused
    assert "an ISMN file begins with a header" in refused.refused
    assert found.summary() == (
        "3 files, 1 refused; 5 lines = 4 used + 0 blank + 1 left out; 2 readings of 1 stations"
    )
    assert [(done, many) for done, many, _ in told] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert [file.static.variables[0].number if file.static else None for file in found.files] == [
        0.46,
        0.46,
        None,
    ]


def test_one_file_brings_its_static_variables(download: Path) -> None:
    (found,) = read_ismn(download / "SOURCE" / "Ridge-01" / NAME).files
    assert found.parsed is not None and found.static is not None
    assert found.parsed.left_out == 1


def test_damaged_static_variables_cost_no_readings(download: Path) -> None:
    (download / "SOURCE" / "Ridge-01" / "SOURCE_SOURCE_Ridge-01_static_variables.csv").write_bytes(b"\x00")
    found = read_ismn(download).files[0]
    assert found.parsed is not None and found.static is None
    assert "static variables" in found.static_refused


def test_files_come_one_by_one(download: Path) -> None:
    files = iterate_ismn(download)
    assert next(files).name.endswith(NAME)
    assert len(list(files)) == 2


def test_what_cannot_be_read_is_refused(download: Path, tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="not found"):
        read_ismn(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputRefused, match="holds no file"):
        read_ismn(tmp_path / "empty")
    with pytest.raises(InputRefused, match="begins with a header"):
        read_ismn(download / "SOURCE" / "Valley" / NAME.replace("Ridge-01", "Valley"))
    renamed = tmp_path / "renamed.stm"
    renamed.write_bytes(file([line(0, 0.1)]))
    with pytest.raises(UnitsUnclear):
        read_ismn(renamed)


def test_a_damaged_archive_is_refused_or_its_file_told(download: Path, tmp_path_factory) -> None:
    archive = zipped(download, tmp_path_factory.mktemp("zip") / "download.zip")
    data = bytearray(archive.read_bytes())
    at = data.index(b"EC-5_20200101_20200201.stm") + 30
    data[at : at + 10] = bytes(10)
    archive.write_bytes(data)
    found = read_ismn(archive)
    assert len(found.refused) == 2
    assert "cannot be unpacked" in found.refused[0].refused
    archive.write_bytes(data[:-30])
    with pytest.raises(InputRefused):
        read_ismn(archive)


def test_too_large_is_refused_before_it_is_read(download: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = (download / "SOURCE" / "Ridge-01" / DEEP).stat().st_size
    monkeypatch.setattr(module, "MOST_BYTES", small)
    assert "larger than" in read_ismn(download).refused[0].refused
    monkeypatch.setattr(module, "MOST_BYTES_AT_ONCE", 2 * small)
    with pytest.raises(InputRefused, match="iterate_ismn"):
        read_ismn(download)
    assert len(list(iterate_ismn(download))) == 3


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_an_archive_with_a_name_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "download.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for text in ("first", "second"):
            archive.writestr("NET/A/NET_NET_A_sm_0.05_0.05_5TM_20200101_20200102.stm", text)
    with pytest.raises(InputRefused, match=r"5TM_20200101_20200102\.stm more than once"):
        read_ismn(path)
