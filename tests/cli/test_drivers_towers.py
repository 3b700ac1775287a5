"""``headwater drivers`` on what flux towers and MODIS measured, beside pandas and scipy; our numbers only.

FLUXNET2015 (Pastorello et al. 2020) gives monthly soil water, temperatures, rain and latent heat; MOD13A1
the vegetation index of the first tower. Files are as a user would make them: one pixel, units as published.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from headwater.cli import Exit, main

PLACES = {"AT-Neu": (47.1167, 11.3175), "IT-MBo": (46.0147, 11.0458), "CN-HaM": (37.37, 101.18)}
COLUMNS = {
    "soil_moisture": ("SWC_F_MDS_1", "%", "volume_fraction_of_condensed_water_in_soil"),
    "air_temperature": ("TA_F", "degC", "air_temperature"),
    "ground_temperature": ("TS_F_MDS_1", "degC", "soil_temperature"),
    "precipitation": ("P_F", "mm day-1", "lwe_precipitation_rate"),
    "evapotranspiration": ("ET", "mm day-1", "lwe_water_evaporation_rate"),
}
DRIVERS = tuple(name for name in COLUMNS if name != "soil_moisture")
LATENT_HEAT = 2.45e6
Measured = Callable[[str], pd.DataFrame]


@pytest.fixture(scope="module")
def measured(shared: Path) -> Measured:
    """Site → its monthly columns, −9999 taken for missing."""

    def read(site: str) -> pd.DataFrame:
        [path] = (shared / "data" / "vegetation" / "fluxnet2015_monthly").glob(f"FLX_{site}_*.csv")
        table = pd.read_csv(path, na_values=[-9999])
        table.index = pd.to_datetime(table["TIMESTAMP"].astype(str), format="%Y%m")
        table["ET"] = table["LE_F_MDS"] * 86400 / LATENT_HEAT
        return table[[column for column, _, _ in COLUMNS.values()]].set_axis(list(COLUMNS), axis=1)

    return read


@pytest.fixture(scope="module")
def ndvi(shared: Path) -> pd.Series:
    """NDVI of AT-Neu by start of its 16 days, without snow and cloud (SummaryQA above 1)."""
    rdata = pytest.importorskip("rdata", reason="reads the R file of MOD13A1; in the extra 'test'")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of types that it does not know, in columns not used here
        path = shared / "data" / "vegetation" / "modis_mod13a1_flux_sites" / "MOD13A1.rda"
        table = rdata.read_rda(path)["MOD13A1"]["dt"]
    table = table[table["site"] == "AT-Neu"].astype({"NDVI": float, "SummaryQA": float})
    days = pd.to_datetime(table["date"].to_numpy(float), unit="D")
    return pd.Series((table["NDVI"] / 1e4).where(table["SummaryQA"] <= 1).to_numpy(), days)


def pixel(
    place: tuple[float, float], time: pd.DatetimeIndex, values: np.ndarray, attributes: dict
) -> xr.DataArray:
    axes = {
        "time": time.to_numpy(),
        "latitude": ("latitude", [place[0]], {"units": "degrees_north"}),
        "longitude": ("longitude", [place[1]], {"units": "degrees_east"}),
    }
    return xr.DataArray(values[:, None, None], axes, ("time", "latitude", "longitude"), attrs=attributes)


def write_tower(folder: Path, site: str, table: pd.DataFrame) -> Path:
    """Path of a CF netCDF file of one pixel."""
    fields = {
        name: pixel(
            PLACES[site], table.index, table[name].to_numpy(), {"units": unit, "standard_name": standard}
        )
        for name, (_, unit, standard) in COLUMNS.items()
    }
    path = folder / f"{site}.nc"
    xr.Dataset(fields, attrs={"Conventions": "CF-1.11"}).to_netcdf(path, engine="h5netcdf")
    return path


def drivers(file: Path, out: Path, *more: str) -> xr.Dataset:
    """The correlations that the command writes."""
    names = ",".join(DRIVERS)
    command = ["drivers", "--soil", f"{file}:soil_moisture", "--with", f"{file}:{names}", "--no-report", "-q"]
    assert main([*command, "-o", str(out), *more]) == Exit.OK
    with xr.open_dataset(out / "correlation.nc", engine="h5netcdf") as written:
        return written.load().squeeze(drop=True)


@pytest.mark.parametrize("site", ["AT-Neu", "IT-MBo"])
def test_each_month_is_the_correlation_of_scipy(measured: Measured, tmp_path: Path, site: str) -> None:
    table = measured(site)
    found = drivers(write_tower(tmp_path, site, table), tmp_path / "out", "--least", "8", "--n-eff", "off")
    for name in DRIVERS:
        for month in range(1, 13):
            both = table.loc[table.index.month == month, ["soil_moisture", name]].dropna()
            expected = stats.pearsonr(both["soil_moisture"], both[name])
            here = found.sel(driver=name, month=month)
            assert int(here["n"]) == len(both)
            np.testing.assert_allclose(here["r"], expected.statistic, atol=2e-5, err_msg=f"{name} {month}")
            np.testing.assert_allclose(here["p"], expected.pvalue, rtol=2e-3, err_msg=f"{name} {month}")


@pytest.mark.parametrize("site", list(PLACES))
def test_without_the_mean_year_it_is_the_correlation_of_anomalies(
    measured: Measured, tmp_path: Path, site: str
) -> None:
    table = measured(site)
    found = drivers(write_tower(tmp_path, site, table), tmp_path / "out", "--by", "none", "--deseasonalise")
    for name in DRIVERS:
        both = table[["soil_moisture", name]].dropna()
        anomalies = both - both.groupby(both.index.month).transform("mean")
        expected = anomalies.corr().iloc[0, 1]
        np.testing.assert_allclose(found.sel(driver=name)["r"].item(), expected, atol=2e-5, err_msg=name)


def test_wet_months_follow_rain_and_warm_augusts_dry_the_meadow(measured: Measured, tmp_path: Path) -> None:
    """What is known of a mountain meadow on a gravel plain: rain wets it, a warm August dries it."""
    file = write_tower(tmp_path, "AT-Neu", measured("AT-Neu"))
    august = drivers(file, tmp_path / "august", "--months", "8")
    assert float(august["r"].sel(driver="ground_temperature")) < -0.8
    assert bool(august["significant"].sel(driver="ground_temperature"))
    year = drivers(file, tmp_path / "year", "--by", "none", "--deseasonalise")
    assert float(year["r"].sel(driver="precipitation")) > 0.2
    assert bool(year["significant"].sel(driver="precipitation"))


def test_vegetation_index_of_16_days_is_brought_to_months_before(
    measured: Measured, ndvi: pd.Series, tmp_path: Path
) -> None:
    table = measured("AT-Neu")
    path = write_tower(tmp_path, "AT-Neu", table)
    index = pixel(
        PLACES["AT-Neu"],
        ndvi.index,
        ndvi.to_numpy(),
        {"units": "1", "standard_name": "normalized_difference_vegetation_index"},
    )
    index.to_dataset(name="ndvi").to_netcdf(tmp_path / "ndvi.nc", engine="h5netcdf")
    found = drivers(
        path, tmp_path / "out", "--with", f"{tmp_path}/ndvi.nc:ndvi", "--least", "8", "--months", "5,6,7,8,9"
    )
    daily = ndvi.reindex(pd.date_range(ndvi.index[0], ndvi.index[-1] + pd.Timedelta(days=15)), method="ffill")
    count = daily.resample("MS").count()
    monthly = daily.resample("MS").mean()[count >= 0.5 * count.index.days_in_month]
    for month in (5, 6, 7, 8, 9):
        both = table[["soil_moisture"]].assign(ndvi=monthly.reindex(table.index)).dropna()
        both = both[both.index.month == month]
        here = found.sel(driver="ndvi", month=month)
        assert int(here["n"]) == len(both)
        np.testing.assert_allclose(here["r"], both.corr().iloc[0, 1], atol=5e-4, err_msg=str(month))
