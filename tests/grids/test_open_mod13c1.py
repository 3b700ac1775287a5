"""MOD13C1: the engine against the numbers that were written, and the traps of the product."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from headwater.errors import InputRefused, UnitsUnclear
from headwater.grids import open_grid
from headwater.grids.open_vegetation_index import composite_start, plain_name
from tests.grids.make_mod13c1 import LAYERS, PREFIX, stored_layers, write_mod13c1


@pytest.fixture(scope="module")
def granule(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mod13c1(tmp_path_factory.mktemp("mod"))


def test_engine_gives_all_13_layers_lazily_with_their_numbers(granule: Path) -> None:
    stored = stored_layers(60, 80, 1)
    with xr.open_dataset(granule, engine="mod13c1") as dataset:
        assert len(dataset.data_vars) == 13
        assert not isinstance(dataset.ndvi.variable._data, np.ndarray)
        truth = np.where(stored["NDVI"] == -3000, np.nan, stored["NDVI"] / 10000)
        np.testing.assert_allclose(dataset.ndvi.values[0], truth, atol=1e-7)
        for name in LAYERS:
            if LAYERS[name][3] == 1.0:
                layer = dataset[plain_name(PREFIX + name)]
                assert layer.dtype == np.dtype(LAYERS[name][0])
                np.testing.assert_array_equal(layer.values[0], stored[name])
        np.testing.assert_allclose(dataset.avg_sun_zen_angle[0], stored["Avg sun zen angle"] / 100, atol=1e-4)
        assert dataset.time.values == [np.datetime64("2001-05-25")]
        np.testing.assert_allclose(dataset.latitude[[0, -1]], [36.975, 34.025])
        np.testing.assert_allclose(dataset.longitude[[0, -1]], [90.025, 93.975])


def test_every_way_of_indexing_reads_the_same_numbers(granule: Path) -> None:
    stored = stored_layers(60, 80, 1)["VI Quality"]
    with xr.open_dataset(granule, engine="mod13c1") as dataset:
        layer = dataset.vi_quality[0]
        for key in [
            (slice(3, 50, 7), slice(70, 10, -3)), (5, slice(None)), (slice(None, None, -1), [3, 1, 60]),
            ([0, 59], [79, 0]), (slice(0, 0), slice(None)), (-1, -1),
        ]:  # fmt: skip
            rows, columns = (
                np.atleast_1d(np.arange(size)[part]) for part, size in zip(key, (60, 80), strict=True)
            )
            np.testing.assert_array_equal(np.ravel(layer[key]), np.ravel(stored[np.ix_(rows, columns)]))


def test_engine_is_found_by_name_of_the_file_and_survives_pickling(granule: Path) -> None:
    with xr.open_dataset(granule) as dataset:
        copy = pickle.loads(pickle.dumps(dataset.evi))
        np.testing.assert_array_equal(copy, dataset.evi)


@pytest.mark.parametrize("scale", [10000.0, 0.0001])
def test_scale_above_one_divides_and_any_other_multiplies(tmp_path: Path, scale: float) -> None:
    path = write_mod13c1(tmp_path, scale=scale, kept=("NDVI",))
    grid = open_grid(path, "ndvi", quality="all")
    truth = stored_layers(60, 80, 1)["NDVI"][::-1] / 10000
    truth[-1, 0] = np.nan
    np.testing.assert_allclose(grid[0], truth, atol=1e-7)


@pytest.mark.parametrize("scale", [1.0, 100.0, 0.01, 1e8])
def test_any_other_scale_is_refused_with_its_range(tmp_path: Path, scale: float) -> None:
    path = write_mod13c1(tmp_path, scale=scale, kept=("NDVI",))
    with pytest.raises(InputRefused, match=r"-0\.2 to 1"):
        open_grid(path, "ndvi")


def test_numbers_outside_the_index_are_refused_even_where_the_valid_range_fits(tmp_path: Path) -> None:
    layers = stored_layers(60, 80, 1)
    layers["NDVI"][30, 40] = 20000
    path = write_mod13c1(tmp_path, layers=layers)
    with pytest.raises(InputRefused, match=r"1 stored numbers, such as 20000, give 2 "):
        open_grid(path, "ndvi")


def test_reliability_masks_and_what_it_took_is_counted(granule: Path) -> None:
    stored = stored_layers(60, 80, 1)
    codes = stored["pixel reliability"][::-1]
    ndvi = np.where(stored["NDVI"] == -3000, np.nan, stored["NDVI"] / 10000)[::-1]
    good, usable = open_grid(granule, "ndvi"), open_grid(granule, "ndvi", quality="usable")
    np.testing.assert_allclose(good[0].values[codes == 0], ndvi[codes == 0], atol=1e-7)
    assert np.isnan(good[0].values[codes != 0]).all()
    assert int(usable.notnull().sum()) == int((codes <= 1).sum()) - 1
    assert f"{4800 - 960:,} values (80 %) set missing by their quality" in good.headwater_changes
    assert "latitude turned to ascending" in good.headwater_changes


def test_many_granules_become_one_axis_of_composites_with_the_gap_named(tmp_path: Path) -> None:
    for day in ("2001161", "2001145", "2001193", "2001353", "2002001"):
        write_mod13c1(tmp_path, day, seed=int(day), kept=("NDVI", "pixel reliability"))
    grid = open_grid(tmp_path, "ndvi", quality="all")
    assert [str(day)[:10] for day in grid.time.values] == [
        "2001-05-25", "2001-06-10", "2001-07-12", "2001-12-19", "2002-01-01",
    ]  # fmt: skip
    assert "1 missing between 2001-06-10 and 2001-07-12" in grid.headwater_changes
    assert "2001-12-19 and 2002" not in grid.headwater_changes
    truth = stored_layers(60, 80, 2001193)["NDVI"][::-1] / 10000
    np.testing.assert_allclose(grid[2, :-1], truth[:-1], atol=1e-7)
    assert grid.time_end.values[0] == grid.time.values[1]


def test_truncated_and_mistaken_files_are_refused(granule: Path, tmp_path: Path) -> None:
    content = granule.read_bytes()
    for share in (0.02, 0.5, 0.98):
        path = tmp_path / granule.name
        path.write_bytes(content[: int(share * len(content))])
        with pytest.raises(InputRefused, match="cut short"):
            open_grid(path, "ndvi")
    page = tmp_path / "MOD13C1.A2001161.061.2020071000000.hdf"
    page.write_text("<html>Access denied</html>")
    with pytest.raises(InputRefused, match="error page"):
        open_grid(page, "ndvi")
    with pytest.raises(InputRefused, match="not HDF4"):
        xr.open_dataset(page, engine="mod13c1")
    with pytest.raises(InputRefused, match="no such file"):
        xr.open_dataset(tmp_path / "none.hdf", engine="mod13c1")


def test_place_and_date_must_be_told_and_agree(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match=r"60 × 80 cells and no corners"):
        open_grid(write_mod13c1(tmp_path, metadata=False, kept=("NDVI",)), "ndvi")
    with pytest.raises(InputRefused, match="name says 2001-05-25, the metadata say 2001-06-10"):
        open_grid(write_mod13c1(tmp_path, core_date="2001-06-10", kept=("NDVI",)), "ndvi")
    with pytest.raises(InputRefused, match="day 100 of the year"):
        composite_start("MOD13C1.A2001100.061.1.hdf", "")
    with pytest.raises(InputRefused, match="no date"):
        composite_start("ndvi.hdf", "")
    assert composite_start("x.hdf", 'RANGEBEGINNINGDATE VALUE = "2000-02-18"') == np.datetime64("2000-02-18")


def test_index_without_scale_or_with_offset_is_unclear(tmp_path: Path) -> None:
    from headwater.grids.open_vegetation_index import Layer, meaning

    layer = Layer("a.hdf", PREFIX + "NDVI", (2, 2), "i2", {"_FillValue": -3000})
    with pytest.raises(UnitsUnclear, match="no scale_factor"):
        meaning(layer, index_range=(-0.2, 1))
    layer = Layer("a.hdf", PREFIX + "NDVI", (2, 2), "i2", {"scale_factor": 10000, "add_offset": 5.0})
    with pytest.raises(UnitsUnclear, match="add_offset 5"):
        meaning(layer, index_range=(-0.2, 1))


@pytest.mark.slow
def test_full_size_granule_and_a_window_of_it(tmp_path: Path) -> None:
    layers = {"NDVI": np.zeros((3600, 7200), "i2"), "pixel reliability": np.zeros((3600, 7200), "i1")}
    rows, columns = np.mgrid[0:3600, 0:7200]
    layers["NDVI"][...] = (rows * 7 + columns * 3) % 12001 - 2000
    path = write_mod13c1(
        tmp_path, shape=(3600, 7200), corners=(-180, 90, 180, -90), layers=layers, metadata=False,
        kept=("NDVI", "pixel reliability"),
    )  # fmt: skip
    grid = open_grid(path, "ndvi", region=(89.4, 31.5, 102.1, 36.2))
    window = layers["NDVI"][1076:1170, 5388:5642]
    assert grid.shape == (1, 94, 254)
    np.testing.assert_allclose(grid[0], window[::-1] / 10000, atol=1e-7)
    whole = open_grid(path, "ndvi")
    np.testing.assert_allclose(whole[0, ::50, ::50], layers["NDVI"][::-1][::50, ::50] / 10000, atol=1e-7)
