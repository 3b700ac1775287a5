"""Results as netCDF-4 or Zarr 3, with CF-1.11 attributes, provenance and checksums.

No time of writing is kept: the same input, settings and versions give the same file.
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import warnings
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from headwater.errors import InputRefused, SettingsRefused

CONVENTIONS = "CF-1.11"
AXES = {
    "time": {
        "standard_name": "time",
        "axis": "T",
        "long_name": "start of the time step",
        "units_metadata": "leap_seconds: none",
    },
    "latitude": {"standard_name": "latitude", "units": "degrees_north", "axis": "Y", "long_name": "latitude"},
    "longitude": {
        "standard_name": "longitude",
        "units": "degrees_east",
        "axis": "X",
        "long_name": "longitude",
    },
    "month": {"long_name": "calendar month", "units": "1"},
    "station": {"long_name": "station", "cf_role": "timeseries_id"},
}
WGS84 = {
    "grid_mapping_name": "latitude_longitude",
    "long_name": "WGS 84",
    "semi_major_axis": 6378137.0,
    "inverse_flattening": 298.257223563,
    "longitude_of_prime_meridian": 0.0,
    "crs_wkt": (
        'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
        'UNIT["degree",0.0174532925199433]]'
    ),
}


def write_grid(
    ds: xr.Dataset | xr.DataArray,
    path: str | Path,
    *,
    title: str = "",
    command: str = "",
    inputs: Sequence[str | Path] = (),
    hash_inputs: bool = False,
) -> Path:
    """Path of the file written: netCDF-4 for ``.nc``, a Zarr 3 store for ``.zarr``; one there is replaced.

    Variables are written one at a time, so that lazy ones need the memory of the largest only. Every chunk
    carries a checksum (Fletcher-32 in netCDF, CRC-32C in Zarr) that readers verify.

    Parameters
    ----------
    command, inputs : kept as provenance, with versions; with ``hash_inputs`` the SHA-256 of every input too

    Raises
    ------
    SettingsRefused : another ending
    InputRefused : an input does not exist, or the path is a folder that is no Zarr store
    """
    target = Path(path)
    if target.suffix not in (".nc", ".zarr"):
        raise SettingsRefused(
            f"{target.name}: endings .nc (netCDF-4) and .zarr (Zarr 3) are written; choose one"
        )
    if target.is_dir() and not (target / "zarr.json").exists():
        raise InputRefused(f"{target}: a folder that is no Zarr store; choose another name")
    dataset = with_cf_attributes(ds)
    dataset.attrs |= {"title": title} if title else {}
    dataset.attrs |= provenance(command, inputs, hash_inputs=hash_inputs)
    part = target.with_name(target.name + ".part")
    _remove(part)
    try:
        (_write_netcdf if target.suffix == ".nc" else _write_zarr)(dataset, part)
        _remove(target)
        part.replace(target)
    finally:
        _remove(part)
    return target


def with_cf_attributes(ds: xr.Dataset | xr.DataArray) -> xr.Dataset:
    """The data set with what CF-1.11 asks for: axes, bounds of time, grid mapping, flags for truth values."""
    dataset = ds.to_dataset(name=ds.name or "data") if isinstance(ds, xr.DataArray) else ds.copy(deep=False)
    for name in dataset.coords:
        told = AXES.get(str(name), {})
        dataset[name].attrs = {**told, **dataset[name].attrs}
    if "time_end" in dataset.coords:
        bounds = np.stack([dataset.time.values, dataset.time_end.values], axis=1)
        dataset = dataset.drop_vars("time_end").assign(time_bnds=(("time", "bounds"), bounds))
        dataset.time.attrs["bounds"] = "time_bnds"
    mapped = [name for name, data in dataset.data_vars.items() if {"latitude", "longitude"} <= set(data.dims)]
    if mapped:
        dataset = dataset.assign(crs=((), np.int32(0), WGS84))
    for name in list(dataset.data_vars):
        data = dataset[name]
        if data.dtype == bool:
            flags = {"flag_values": np.array([0, 1], np.int8), "flag_meanings": "no yes"}
            data = data.astype(np.int8).assign_attrs(flags)
        data.attrs = {key: _plain(value) for key, value in data.attrs.items() if value is not None}
        if name in mapped:
            data.attrs["grid_mapping"] = "crs"
        if name not in ("crs", "time_bnds"):
            data.attrs.setdefault("long_name", str(name).replace("_", " "))
        dataset[name] = data
    dataset.attrs = {
        "Conventions": CONVENTIONS,
        **{key: _plain(value) for key, value in dataset.attrs.items()},
    }
    dataset.attrs["Conventions"] = CONVENTIONS
    return dataset


def provenance(command: str, inputs: Sequence[str | Path], *, hash_inputs: bool) -> dict[str, str]:
    """Attributes that say what made a file: command, versions, inputs with size and, if asked, SHA-256.

    Raises
    ------
    InputRefused : an input that does not exist
    """
    import headwater

    packages = ("numpy", "scipy", "xarray", "numba")
    told = {
        "source": f"headwater {headwater.__version__}",
        "versions": ", ".join(
            [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in packages)]
        ),
    }
    if command:
        told["history"] = command
    if inputs:
        told["inputs"] = json.dumps([_input(Path(path), hash_inputs) for path in inputs], ensure_ascii=False)
    return told


def sha256(path: Path) -> str:
    """SHA-256 of a file, or of all files of a folder in the order of their names."""
    digest = hashlib.sha256()
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    for file in files:
        if path.is_dir():
            digest.update(file.relative_to(path).as_posix().encode())
        with file.open("rb") as stream:
            while block := stream.read(2**20):
                digest.update(block)
    return digest.hexdigest()


def _input(path: Path, hashed: bool) -> dict[str, object]:
    if not path.exists():
        raise InputRefused(f"{path}: no such input; give the files that were read")
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) if path.is_dir() else None
    told: dict[str, object] = {"name": path.name, "bytes": path.stat().st_size if size is None else size}
    return told | ({"sha256": sha256(path)} if hashed else {})


def _write_netcdf(dataset: xr.Dataset, part: Path) -> None:
    packed = {"zlib": True, "complevel": 4, "shuffle": True, "fletcher32": True}
    variables = list(dataset.data_vars)
    dataset.drop_vars(variables).to_netcdf(part, engine="h5netcdf", encoding=_axes(dataset))
    for name in variables:
        data = _clean(dataset[name])
        encoding: dict[str, Any] = (
            dict(packed) if data.ndim and data.size and data.dtype.kind in "fiu" else {}
        )
        if data.dtype.kind == "f":
            encoding["_FillValue"] = data.dtype.type(np.nan)
        elif name == "time_bnds":  # plain numbers: its unit is that of time, and stands there only
            data = data.astype("datetime64[s]").astype(np.int64)
        xr.Dataset({name: data.variable}).to_netcdf(
            part, mode="a", engine="h5netcdf", encoding={name: encoding}
        )


def _write_zarr(dataset: xr.Dataset, part: Path) -> None:
    from zarr.codecs import Crc32cCodec, ZstdCodec

    encoding = _axes(dataset)
    for name, data in dataset.variables.items():
        if data.ndim and data.dtype.kind in "fiu":
            encoding.setdefault(name, {})["compressors"] = [ZstdCodec(level=3), Crc32cCodec()]
        if name in dataset.data_vars:
            dataset[name] = _clean(dataset[name])
    with warnings.catch_warnings():
        # metadata in one place is not yet in the standard, but without it xarray warns at every opening
        warnings.filterwarnings("ignore", message=".*[Cc]onsolidated metadata.*")
        dataset.to_zarr(part, mode="w", zarr_format=3, consolidated=True, encoding=encoding)


def _clean(data: xr.DataArray) -> xr.DataArray:
    """The variable without the way in which its own file stored it."""
    data = data.copy(deep=False)
    data.encoding = {}
    return data


def _axes(dataset: xr.Dataset) -> dict[Any, dict[str, Any]]:
    """How coordinates are stored: never with a fill value, times as whole seconds since 1970."""
    encoding: dict[Any, dict[str, Any]] = {}
    for name, data in dataset.coords.items():
        if np.issubdtype(data.dtype, np.datetime64):
            encoding[name] = {"units": "seconds since 1970-01-01", "calendar": "standard", "dtype": "int64"}
        elif data.dtype.kind in "fiu":
            encoding[name] = {"_FillValue": None}
    return encoding


def _plain(value: Any) -> Any:
    """An attribute that both formats can hold."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return json.dumps(dict(value), ensure_ascii=False, default=str)
    if isinstance(value, tuple | list) and not all(
        isinstance(part, int | float | np.number) for part in value
    ):
        return ", ".join(map(str, value))
    return value


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
