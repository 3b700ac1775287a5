"""``headwater drivers`` from files to files, as a user calls it."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from headwater.cli import Exit, main
from headwater.cli.drivers_open import Source, labels_of, sources
from headwater.cli.drivers_settings import DriversSettings, bytes_of, choose
from headwater.errors import SettingsRefused
from headwater.simulate import simulate_fields
from headwater.simulate.read_field_design import read_field_design

ROOT = Path(__file__).resolve().parents[2]
DESIGN = read_field_design()
DRIVERS = ("precipitation", "ndvi")


@pytest.fixture(scope="module")
def fields() -> xr.Dataset:
    """The simulated region on few pixels, those outside filled, so that nothing is missing."""
    design = replace(DESIGN, grid=replace(DESIGN.grid, step_degrees=0.4))
    return simulate_fields(4, design=design)


@pytest.fixture(scope="module")
def folder(fields: xr.Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files as users have them: latitude from the north, vegetation on pixels half as large."""
    place = tmp_path_factory.mktemp("grids")
    turned = fields[["soil_moisture", "precipitation", "air_temperature"]].isel(
        latitude=slice(None, None, -1)
    )
    turned.to_netcdf(place / "climate.nc", engine="h5netcdf")
    fields[["altitude"]].to_netcdf(place / "dem.nc", engine="h5netcdf")
    fine = {
        axis: np.repeat(fields[axis].to_numpy(), 2) + np.tile([-0.1, 0.1], fields.sizes[axis])
        for axis in ("latitude", "longitude")
    }
    ndvi = np.repeat(np.repeat(fields["ndvi"].to_numpy(), 2, axis=1), 2, axis=2)
    dims = ("time", "latitude", "longitude")
    finer = xr.DataArray(ndvi, {"time": fields["time"], **fine}, dims, "ndvi", fields["ndvi"].attrs)
    finer.to_netcdf(place / "ndvi.nc", engine="h5netcdf")
    return place


def command(folder: Path, out: Path, *more: str) -> list[str]:
    return [
        "drivers", "--soil", f"{folder}/climate.nc:soil_moisture",
        "--with", f"{folder}/climate.nc:precipitation", "--with", f"{folder}/ndvi.nc:ndvi",
        "--months", "6,8,9", "--dem", f"{folder}/dem.nc:altitude", "-o", str(out), *more,
    ]  # fmt: skip


def signs(out: Path) -> list[dict[str, str]]:
    with (out / "signs.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of one call with options."""
    out = tmp_path_factory.mktemp("out")
    assert main(command(folder, out, "--no-report", "-q", "--fdr", "wilks")) == Exit.OK
    return out


def test_signs_of_the_simulated_region_are_found_from_files(run: Path) -> None:
    rows = signs(run)
    found = {(one["variable"], int(one["month"]), one["stratum"]): one["sign"] for one in rows}
    for name in DRIVERS:
        place = DESIGN.drivers.index(name)
        for month, side in DESIGN.coupling.months.items():
            for stratum, r in (("0-4000", side.low), ("4000-9000", side.high)):
                assert found[name, month, stratum] == ("+" if r[place] > 0 else "-"), (name, month, stratum)
    assert len(rows) == 12 and {one["agreement"] for one in rows} == {"agrees"}


def test_maps_are_written_with_cf_attributes_on_the_pixels_of_soil_moisture(
    run: Path, fields: xr.Dataset
) -> None:
    assert {path.name for path in run.iterdir()} == {
        "correlation.nc",
        "means.nc",
        "signs.csv",
        "results.json",
    }
    with xr.open_dataset(run / "correlation.nc", engine="h5netcdf") as written:
        assert written.sizes["latitude"] == fields.sizes["latitude"]
        assert list(written["month"]) == [6, 8, 9] and written.attrs["Conventions"].startswith("CF")
        june = written["r"].sel(month=6, driver="ndvi").squeeze().to_numpy()
    here = fields.sel(time=fields.time.dt.month == 6)
    a, b = (here[name].to_numpy().astype(float) for name in ("soil_moisture", "ndvi"))
    a, b = a - a.mean(0), b - b.mean(0)
    expected = (a * b).sum(0) / np.sqrt((a * a).sum(0) * (b * b).sum(0))
    np.testing.assert_allclose(june, expected, atol=1e-5)  # the finer pixels were averaged back exactly


def test_a_settings_file_gives_the_same_options_win_and_the_text_names_the_gaps(
    folder: Path, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = """soil = ["climate.nc:soil_moisture"]
with = ["climate.nc:precipitation", "ndvi.nc:ndvi"]
months = [6, 8, 9]
dem = "dem.nc:altitude"
fdr = "by"
"""
    (folder / "drivers.toml").write_text(text, encoding="utf-8")
    called = [
        "drivers",
        "-s",
        str(folder / "drivers.toml"),
        "--fdr",
        "wilks",
        "-o",
        str(tmp_path),
        "--no-report",
    ]
    assert main(called) == Exit.OK
    assert (run / "signs.csv").read_bytes() == (tmp_path / "signs.csv").read_bytes()
    document = json.loads((tmp_path / "results.json").read_text("utf-8"))
    settings = {one["name"]: one for one in document["settings"]}
    assert settings["fdr"] == {"name": "fdr", "value": "wilks", "origin": "command line"}
    assert settings["months"]["origin"] == "drivers.toml" and settings["alpha"]["origin"] == "default"
    out, err = capsys.readouterr()
    assert "below 4000" in out and re.search(r"\+0\.\d\d\* \(paper \+\)", out)
    assert "never says whether that is over pixels or over time" in out
    assert "contradicts itself" in out and "Mode: temporal" in out
    assert "brought onto the pixels of soil moisture (mean): ndvi" in err


@pytest.mark.slow
def test_a_month_without_data_is_said_and_makes_the_result_partial(
    folder: Path, fields: xr.Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    august = fields["soil_moisture"].where(fields["time"].dt.month != 8)
    august.to_netcdf(tmp_path / "holes.nc", engine="h5netcdf")
    called = command(folder, tmp_path / "out", "--no-report", "--json")
    called[2] = f"{tmp_path}/holes.nc:soil_moisture"
    assert main(called) == Exit.PARTIAL
    document = json.loads(capsys.readouterr().out)
    (notice,) = [one for one in document["notices"] if one["code"] == "empty_months"]
    assert "August" in notice["sentences"]["en"][0] and notice["level"] == "warning"
    assert {one["sign"] for one in document["signs"] if one["month"] == 8} == {""}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "dims"),
    [
        ("pattern", {"soil", "driver", "month", "stratum"}),
        ("moving", {"soil", "driver", "time", "latitude", "longitude"}),
    ],
)
def test_other_modes(folder: Path, tmp_path: Path, mode: str, dims: set[str]) -> None:
    more = ["--mode", "moving", "--window", "48", "--by", "none"] if mode == "moving" else ["--mode", mode]
    called = command(folder, tmp_path, *more, "--no-report", "-q")
    if mode == "moving":  # the whole series, not some months of it
        place = called.index("--months")
        del called[place : place + 2]
    assert main(called) == Exit.OK
    with xr.open_dataset(tmp_path / "correlation.nc", engine="h5netcdf") as written:
        assert set(written["r"].dims) == dims and np.isfinite(written["r"]).any()
    document = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert document["correlation"]["mode"] == mode


@pytest.mark.slow
def test_lags_and_trends_are_written_when_asked_for(folder: Path, tmp_path: Path) -> None:
    more = (
        "--lags",
        "-1..1",
        "--surrogates",
        "19",
        "--trend",
        "original",
        "--no-report",
        "-q",
        "--bands",
        "0,9000",
    )
    assert main(command(folder, tmp_path, *more)) == Exit.OK
    with xr.open_dataset(tmp_path / "lags.nc", engine="h5netcdf") as lags:
        assert lags["lag"].to_numpy().tolist() == [-1, 0, 1] and list(lags["month"]) == [6, 8, 9]
        best = abs(lags["mean_r"]).sel(driver="ndvi", month=6).squeeze().to_numpy()
        assert best.argmax() == 1
    with xr.open_dataset(tmp_path / "trend.nc", engine="h5netcdf") as trend:
        assert set(trend["variable"].to_numpy()) == {"soil_moisture", *DRIVERS}
    assert len(json.loads((tmp_path / "results.json").read_text("utf-8"))["trends"]) == 9


@pytest.mark.slow
def test_larger_than_the_cap_gives_the_same_numbers_block_by_block(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    at_once, in_blocks = tmp_path / "a", tmp_path / "b"
    assert main(command(folder, at_once, "--no-report", "-q", "--json")) == Exit.OK
    monkeypatch.setattr("headwater.cli.drivers_run.ROOM", 0.0)
    assert main(command(folder, in_blocks, "--no-report")) == Exit.OK
    assert "already done" not in capsys.readouterr().err
    assert main(command(folder, in_blocks, "--no-report", "--lang", "zh")) == Exit.OK
    assert "already done: inputs and settings are the same" in capsys.readouterr().err
    assert main(command(folder, in_blocks, "--no-report", "--method", "spearman")) == Exit.OK
    assert "already done" not in capsys.readouterr().err
    assert main(command(folder, in_blocks, "--no-report")) == Exit.OK
    assert (at_once / "signs.csv").read_bytes() == (in_blocks / "signs.csv").read_bytes()
    with (
        xr.open_dataset(at_once / "correlation.nc", engine="h5netcdf") as a,
        xr.open_dataset(in_blocks / "correlation.nc", engine="h5netcdf") as b,
    ):
        for name in ("r", "n", "n_eff", "p", "p_adjusted", "significant"):
            np.testing.assert_array_equal(a[name].to_numpy(), b[name].to_numpy())


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ([], Exit.USAGE, "nothing given as --soil"),
        (["--soil", "climate.nc"], Exit.USAGE, "needs a file and a variable with a colon"),
        (["--soil", "no.nc:sm", "--with", "no.nc:tp"], Exit.REFUSED, "no such file"),
        (["--memory", "2MiB"], Exit.USAGE, "at least 64MiB"),
        (["--bands", "4000,0"], Exit.USAGE, "larger than the one before"),
        (["--bands", "low,high"], Exit.USAGE, "needs numbers"),
        (["--months", "June"], Exit.USAGE, "needs numbers 1 to 12"),
        (["--months", "13"], Exit.USAGE, "less than or equal to 12"),
        (["--lags", "6"], Exit.USAGE, "FIRST..LAST"),
        (["--lags", "6..-6"], Exit.USAGE, "first and the last lag"),
        (["--units", "tp"], Exit.USAGE, "VARIABLE=UNIT"),
        (["--mode", "moving"], Exit.USAGE, "go together"),
        (["--mode", "moving", "--window", "12"], Exit.USAGE, 'by = "none"'),
        (["--region", "1,2,3"], Exit.USAGE, "west, south, east and north"),
        (["--alpha", "5"], Exit.USAGE, "less than 1"),
        (["--bands", "0,9000"], Exit.USAGE, "give dem"),
        (["--by", "none", "--months", "6", "--lags", "-1..1"], Exit.USAGE, "at a lag"),
        (["--by", "none", "--months", "6", "--lag", "1"], Exit.USAGE, "at a lag"),
        (["--classes", "a.tif:Band1"], Exit.USAGE, "[class_names]"),
        (["--geopackage"], Exit.USAGE, "give --dem or --classes"),
        (["--geotiff", "--mode", "pattern"], Exit.USAGE, "mode pattern has none"),
        (["--soil", "a.nc:sm", "--with", "b.nc:t", "--units", "tp=m"], Exit.USAGE, "units of tp: no such"),
    ],
)
def test_wrong_options_are_refused_with_what_is_allowed(
    options: list[str], code: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["drivers", *options, "-o", str(tmp_path / "out")]) == code
    assert message in capsys.readouterr().err


def test_a_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("headwater.cli.drivers.NEEDED", ("xarray", "no_such_package"))
    assert main(["drivers", "--demo"]) == Exit.USAGE
    assert "needs no_such_package: pip install 'headwater[grids]'" in capsys.readouterr().err


def test_a_wrong_settings_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text, message in (
        ("soil = [", "not valid TOML"),
        ("sole = 1", "unknown setting 'sole'; allowed are"),
    ):
        (tmp_path / "s.toml").write_text(text, encoding="utf-8")
        assert main(["drivers", "-s", str(tmp_path / "s.toml"), "-o", str(tmp_path / "out")]) == Exit.USAGE
        assert message in capsys.readouterr().err
    assert main(["drivers", "-s", str(tmp_path / "none.toml"), "-o", str(tmp_path / "out")]) == Exit.USAGE


def test_grids_that_do_not_fit_are_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(folder, tmp_path, "--align", "exact", "-q")) == Exit.REFUSED
    assert "ndvi" in capsys.readouterr().err


def test_every_file_behind_a_report_is_named_and_two_files_with_the_same_variable_are_kept_apart(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "other.nc").write_bytes((folder / "climate.nc").read_bytes())
    rain = f"{tmp_path}/other.nc:precipitation"
    called = command(
        folder, tmp_path, "--with", rain, "--given", f"{folder}/climate.nc:air_temperature", "--no-report"
    )
    assert main([*called, "-q", "--trend", "original"]) == Exit.OK
    files = json.loads((tmp_path / "results.json").read_text("utf-8"))["files"]
    assert [(one["variable"], Path(one["file"]).name) for one in files] == [
        ("soil_moisture", "climate.nc"),
        ("precipitation:precipitation climate.nc", "climate.nc"),
        ("ndvi", "ndvi.nc"),
        ("precipitation:precipitation other.nc", "other.nc"),
        ("air_temperature", "climate.nc"),
        ("altitude", "dem.nc"),
    ]
    assert all(one["sha256"] for one in files) and "mean by area" in files[2]["changes"]


def test_labels_tell_variables_apart_and_hold_no_folders() -> None:
    rain, warm = (xr.DataArray(0.0, name=name) for name in ("precipitation", "air_temperature"))
    read = [(Source("a/x.nc", "tp"), rain), (Source("b/x.nc", "tp"), rain), (Source("a/x.nc", "t2m"), warm)]
    assert labels_of(read) == ["precipitation:tp 1", "precipitation:tp 2", "air_temperature"]
    other = [(Source("a/x.nc", "tp"), rain), (Source("b/y.nc", "tp"), rain), (Source("c.nc", "prec"), rain)]
    assert labels_of(other) == ["precipitation:tp x.nc", "precipitation:tp y.nc", "precipitation:prec"]
    with pytest.raises(SettingsRefused, match="given twice"):
        labels_of([read[0], read[0]])


@pytest.mark.parametrize("more", [(), ("--mode", "pattern"), ("--mode", "pattern", "--lag", "1")])
def test_one_month_alone_is_that_month_of_all(folder: Path, tmp_path: Path, more: tuple[str, ...]) -> None:
    called = command(folder, tmp_path / "one", "--no-report", "-q", *more)
    called[called.index("--months") + 1] = "8"
    assert main(called) == Exit.OK
    assert main(command(folder, tmp_path / "three", "--no-report", "-q", *more)) == Exit.OK
    expected = [one for one in signs(tmp_path / "three") if one["month"] == "8"]
    assert signs(tmp_path / "one") == expected and len(expected) == 4
    assert {one["month"] for one in signs(tmp_path / "three")} == {"6", "8", "9"}


def test_a_missing_unit_names_the_option(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with xr.open_dataset(folder / "climate.nc", engine="h5netcdf") as climate:
        climate["precipitation"].attrs.pop("units")
        climate.to_netcdf(tmp_path / "bare.nc", engine="h5netcdf")
    called = command(folder, tmp_path / "out", "--no-report")
    called[called.index("--with") + 1] = f"{tmp_path}/bare.nc:precipitation"
    assert main(called) == Exit.REFUSED
    assert "--units precipitation=UNIT" in capsys.readouterr().err


def test_sources_with_colons_patterns_and_drives() -> None:
    found = sources(["era5_*.nc:swvl1, swvl2", "C:\\data\\x.nc:tp", "http.zarr:ndvi"], "soil")
    assert [(one.file, one.name) for one in found] == [
        ("era5_*.nc", "swvl1"), ("era5_*.nc", "swvl2"), ("C:\\data\\x.nc", "tp"), ("http.zarr", "ndvi")
    ]  # fmt: skip
    for wrong in ("x.nc", "C:\\data\\x.nc", "x.nc:", ":tp"):
        with pytest.raises(SettingsRefused):
            sources([wrong], "soil")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512MiB", 2**29),
        ("2 GiB", 2**31),
        ("1.5gb", 1_500_000_000),
        ("123", 123),
        ("much", 0),
        ("1.2.3MiB", 0),
    ],
)
def test_sizes_of_memory(text: str, size: int) -> None:
    assert bytes_of(text) == size


def test_every_setting_says_what_it_means_and_every_example_is_allowed() -> None:
    assert [name for name, field in DriversSettings.model_fields.items() if not field.description] == []
    examples = [*(ROOT / "docs" / "howto" / "settings").glob("drivers*.toml")]
    examples += (ROOT / "src" / "headwater" / "data").glob("demo_drivers*.toml")
    assert len(examples) > 2
    for example in examples:
        DriversSettings.model_validate(tomllib.loads(example.read_text("utf-8")))
        assert choose(example, {}).settings.soil


@pytest.mark.slow
def test_demo_recovers_every_sign_of_the_paper(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    called = ["drivers", "--demo", "-o", str(tmp_path), "--lang", "zh", "--geotiff", "--geopackage"]
    assert main(called) == Exit.OK
    rows = signs(tmp_path)
    assert len(rows) == 30 and {one["agreement"] for one in rows} == {"agrees"}
    wrong = [abs(float(one["r"]) - float(one["true_r"])) for one in rows]
    assert max(wrong) < 0.2
    names = {path.name for path in tmp_path.iterdir()}
    assert {"report.html", "figures", "geotiff", "drivers.gpkg", "input"} <= names
    settings = str(tmp_path / "input" / "drivers.toml")
    assert main(["drivers", "-s", settings, "-o", str(tmp_path / "again"), "--no-report"]) == Exit.OK
    assert [one["r"] for one in signs(tmp_path / "again")] == [one["r"] for one in rows]
    capsys.readouterr()


def test_a_map_of_altitude_without_a_unit_gets_one_from_the_option(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with xr.open_dataset(folder / "dem.nc", engine="h5netcdf") as dem:
        del dem["altitude"].attrs["units"]
        dem.to_netcdf(tmp_path / "bare.nc", engine="h5netcdf")
    called = command(folder, tmp_path / "out", "--dem", f"{tmp_path}/bare.nc:altitude", "--no-report")
    called = [*called[: called.index("--dem")], *called[called.index("-o") :]]
    assert main(called) == Exit.REFUSED
    assert "units" in capsys.readouterr().err
    assert main([*called, "--units", "altitude=m"]) == Exit.OK
    assert len(signs(tmp_path / "out")) == 12


def test_what_is_known_to_be_no_soil_moisture_is_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    called = [
        "drivers", "--soil", f"{folder}/ndvi.nc:ndvi", "--with", f"{folder}/climate.nc:precipitation",
        "-o", str(tmp_path),
    ]  # fmt: skip
    assert main(called) == Exit.USAGE
    assert "is ndvi; give soil moisture there" in capsys.readouterr().err


def test_one_of_several_levels_is_chosen_and_what_was_changed_is_said(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with xr.open_dataset(folder / "climate.nc", engine="h5netcdf") as climate:
        soil = climate["soil_moisture"]
        members = xr.concat([soil, 0.5 * soil], xr.DataArray([1, 2], dims="number", name="number"))
        members.transpose("time", "number", ...).to_netcdf(tmp_path / "members.nc", engine="h5netcdf")
    called = [
        "drivers", "--soil", f"{tmp_path}/members.nc:soil_moisture", "--no-report", "--months", "6,8,9",
        "--with", f"{folder}/climate.nc:precipitation", "-o", str(tmp_path / "out"),
    ]  # fmt: skip
    assert main(called) == Exit.REFUSED
    assert "number" in capsys.readouterr().err
    assert main([*called, "--level", "soil_moisture=2"]) == Exit.OK
    said = capsys.readouterr().err
    assert "latitude turned to ascending" in said
    assert main([*called, "--level", "swvl1=2"]) == Exit.USAGE
    assert "level of swvl1: no such variable is read" in capsys.readouterr().err
