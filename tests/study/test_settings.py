"""Settings: precedence, origins, and refusals that name the place."""

from __future__ import annotations

import tomllib

import pytest

from headwater.cli.settings import to_toml
from headwater.errors import SettingsRefused
from headwater.study.layers import list_settings, merge_settings, show_value
from headwater.study.read_settings import read_settings


def test_later_layers_win_and_every_value_knows_its_origin():
    file = ("study.toml", {"seed": 5, "strata": {"least_samples": 4}, "title": "a"})
    settings, origins = merge_settings(file, ("command line", {"seed": 9}))
    assert (settings.seed, settings.strata.least_samples) == (9, 4)
    found = {item.name: item.origin for item in list_settings(settings, origins)}
    assert found["seed"] == "command line"
    assert found["strata.least_samples"] == "study.toml"
    assert found["mixing.draws"] == "default"


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ({"sedd": 1}, "unknown setting 'sedd'; allowed here: title, seed"),
        ({"strata": {"bands": []}}, "unknown setting 'strata.bands'; allowed here: columns, altitude_bands"),
        ({"strata": {"altitude_bands": [4000, 3500]}}, "each larger than the one before"),
        ({"sources": {"rules": {"snow": {"perods": []}}}}, "allowed here: periods, altitude_from_m"),
        ({"mixing": {"method": "magic"}}, "mixing.method = 'magic'"),
        ({"climate": {"relative_humidity": 65}}, "less than or equal to 1"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_place(layer, message):
    with pytest.raises(SettingsRefused, match=r"here\.toml") as error:
        merge_settings(("here.toml", layer))
    assert message in str(error.value)


def test_every_setting_has_a_meaning():
    for item in list_settings(*merge_settings()):
        assert item.meaning.endswith("."), item.name


def test_printed_settings_are_a_settings_file_with_the_same_values():
    layer = {
        "title": 'Soil "water"',
        "strata": {"altitude_bands": [2900, 3500.5], "crossings": ["altitude*aspect"]},
        "sources": {"rules": {"snow_melt": {"periods": ["2020-06"], "altitude_from_m": 4000}}},
        "read": {"exclude": {"qc_flag": ["1"]}, "delta_unit": "fraction"},
    }
    settings, origins = merge_settings(("a", layer))
    again = tomllib.loads(to_toml(list_settings(settings, origins)))
    assert merge_settings(("b", again))[0] == settings


def test_values_are_shown_as_a_reader_writes_them():
    settings, _ = merge_settings(("a", {"strata": {"columns": ["altitude", "depth"]}}))
    assert show_value(settings.strata.columns) == "altitude, depth"
    assert show_value(None) == ""


def test_a_broken_file_is_refused_with_its_line(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text("[strata\naltitude_bands = 1", "utf-8")
    with pytest.raises(SettingsRefused, match="line 1"):
        read_settings(path)
    with pytest.raises(SettingsRefused, match="cannot be read"):
        read_settings(tmp_path / "absent.toml")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsRefused, match="UTF-8"):
        read_settings(path)
