"""The table of stations: both forms give the same, and every fault is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from headwater.errors import InputRefused, SettingsRefused
from headwater.stations.read_logger_file import Format, read_logger_file, recognise
from headwater.stations.read_network import read_network
from tests.stations.formats import make_messages as make

TOML = """
[[station]]
network = "source"
name = "ridge"
latitude = 33.9
longitude = 102.1
altitude_m = 3430
zone = "Asia/Shanghai"
devices = ["0004A30B001C0530", "ridge-node"]

[[station.channels]]
field = "vwc_10"
variable = "soil_moisture"
depth_m = 0.1
units = "%"

[[station.channels]]
field = "t_10"
variable = "soil_temperature"
depth_from_m = 0.05
depth_to_m = 0.15
units = "degC"
offset = -0.2

[[station]]
name = "valley"
"""
RIDGE = "ridge,source,33.9,102.1,3430,Asia/Shanghai,0004A30B001C0530 ridge-node"
CSV = f"""name,network,latitude,longitude,altitude_m,zone,devices,\
field,variable,depth_m,depth_from_m,depth_to_m,units,offset
{RIDGE},vwc_10,soil_moisture,0.1,,,%,
{RIDGE},t_10,soil_temperature,,0.05,0.15,degC,-0.2
valley,,,,,,,,,,,,,
"""


def written(folder: Path, text: str, name: str = "stations.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_both_forms_give_the_same_stations(tmp_path: Path) -> None:
    one = read_network(written(tmp_path, TOML))
    other = read_network(written(tmp_path, CSV, "stations.csv"))
    assert one.stations == other.stations
    ridge, valley = one.stations
    assert (ridge.id, valley.id) == ("source/ridge", "valley")
    assert [(one.depth_from_mm, one.depth_to_mm) for one in ridge.channels] == [(100, 100), (50, 150)]


def test_a_station_is_found_by_identity_and_device(tmp_path: Path) -> None:
    network = read_network(written(tmp_path, TOML))
    for name in ("0004a30b001c0530", "00-04-A3-0B-00-1C-05-30", "RIDGE-NODE"):
        known = network.device(name)
        assert known is not None
        assert known.station is network.station("source/ridge")
    assert network.device("") is network.device("other") is network.station("ridge") is None


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ('name = "ridge"', "", "name is empty"),
        ('name = "valley"', 'name = "ridge"\nnetwork = "source"', "comes more than once"),
        ("latitude = 33.9", "latitude = 91", "latitude 91"),
        ("latitude = 33.9", "", "latitude and longitude"),
        ("latitude = 33.9", 'latitude = "33.9"', "needed is a number"),
        ("latitude = 33.9", "latitude = nan", "number"),
        ("Asia/Shanghai", "Asia/Xining", "zone 'Asia/Xining' is not known"),
        ('"soil_moisture"', '"moisture"', "allowed are soil_moisture"),
        ('"%"', '"kPa"', "allowed are m3m-3"),
        ("depth_to_m = 0.15", "", "give both"),
        ("depth_to_m = 0.15", "depth_to_m = 0.01", "upper first"),
        ("depth_m = 0.1", "depth_m = 0.1\ndepth_to_m = 0.2", "Give the one or the others"),
        ("offset = -0.2", "factor = 0", "factor not 0"),
        ('"t_10"', '"vwc_10"', "field 'vwc_10' comes more than once"),
        ('"ridge-node"', '"0004a30b001c0530"', "device .* more than once"),
        ("offset", "ofset", "ofset not known"),
        ("[[station]]", "x = 1\n[[station]]", "allowed are tables"),
        ("altitude_m = 3430", "altitude_m = true", "number"),
        ("[[station.channels]]", "[[station.channels", "not valid TOML"),
        ('devices = ["0004A30B001C0530", "ridge-node"]', 'devices = "a"', "list of texts"),
    ],
)
def test_every_fault_is_named(tmp_path: Path, old: str, new: str, text: str) -> None:
    assert old in TOML
    with pytest.raises(SettingsRefused, match=text):
        read_network(written(tmp_path, TOML.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("name,", "nam,", "allowed are network, name"),
        ("3430", "high", "line 2: altitude_m 'high'"),
        ("valley,", "valley", "line 4: 13 cells"),
        ("ridge,source,33.9", "ridge,source,33.8", "differs from its first row in latitude"),
    ],
)
def test_every_fault_of_a_csv_file_is_named(tmp_path: Path, old: str, new: str, text: str) -> None:
    with pytest.raises(SettingsRefused, match=text):
        read_network(written(tmp_path, CSV.replace(old, new, 1), "stations.csv"))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for name in ("stations.csv", "stations.toml"):
        with pytest.raises(SettingsRefused, match="cannot be read"):
            read_network(tmp_path / name)


FILES = {
    Format.TOA5: make.toa5(["2020-06-01 00:10:00"]),
    Format.SDI12: b"2020-06-01 00:10:00 0+0.213+12.4\n",
    Format.CSV: b"time,vwc_10,t_10\n2020-06-01 00:10:00,21.3,4.5\n",
    Format.ZENTRA: make.encoded(make.zentra()),
    Format.CHIRPSTACK: make.encoded(make.chirpstack())
    + b"\n\n"
    + make.encoded(make.chirpstack(fCnt=13))
    + b"\n",
    Format.THINGS_STACK: make.encoded({"result": make.things_stack()}) + b"\nrubbish\n",
    Format.PLAIN_JSON: make.encoded(make.plain()),
}


@pytest.mark.parametrize("form", Format)
def test_each_format_is_recognised_and_read(tmp_path: Path, form: Format) -> None:
    data = FILES[form]
    assert recognise(data) is form
    path = tmp_path / "file"
    path.write_bytes(data)
    found = read_logger_file(path, make.STATION)
    assert make.adds_up(found)
    assert len(found.readings) == {Format.CHIRPSTACK: 8, Format.THINGS_STACK: 4}.get(form, 2)
    assert found.left_out == {Format.THINGS_STACK: 1, Format.ZENTRA: 1}.get(form, 0)


def test_a_logger_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="Is the path right"):
        read_logger_file(tmp_path / "none.dat", make.STATION)
