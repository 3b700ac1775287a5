"""Files of a grid: found, recognised by their first bytes, and opened with the engine that reads them."""

from __future__ import annotations

import glob
import json
from pathlib import Path
from typing import Any

import xarray as xr

from headwater.errors import InputRefused, SettingsRefused
from headwater.grids.open_mod13c1 import MAGIC as HDF4
from headwater.grids.open_mod13c1 import Mod13C1Entrypoint
from headwater.grids.open_vnp13c1 import Vnp13C1Entrypoint, is_vnp13c1

SUFFIXES = (".nc", ".nc4", ".cdf", ".hdf", ".h5", ".he5", ".zarr", ".tif", ".tiff")
HDF5 = b"\x89HDF\r\n\x1a\n"
Paths = str | Path | list[str] | list[Path] | tuple[str | Path, ...]


def list_files(path: Paths) -> list[Path]:
    """Files that a path, list, pattern or folder means, sorted by name.

    Raises
    ------
    InputRefused : nothing there, or a folder without any file of a known kind
    """
    if isinstance(path, list | tuple):
        files = [file for one in path for file in list_files(one)]
        if not files:
            raise InputRefused("an empty list of files; give at least one")
        return files
    text, one = str(path), Path(path)
    if any(mark in text for mark in "*?[") and not one.exists():
        found = sorted(Path(match) for match in glob.glob(text, recursive=True))  # noqa: PTH207
        if not found:
            raise InputRefused(f"{text}: no file fits this pattern; look at the folder and the pattern")
        return found
    if is_zarr(one) or one.is_file():
        return [one]
    if one.is_dir():
        found = sorted(file for file in one.iterdir() if file.suffix.lower() in SUFFIXES)
        if not found:
            raise InputRefused(
                f"{one}: no gridded file in this folder; known endings are {', '.join(SUFFIXES)}"
            )
        return found
    raise InputRefused(f"{one}: no such file or folder")


def is_zarr(path: Path) -> bool:
    """True for a folder that is a Zarr store."""
    return path.is_dir() and any((path / name).exists() for name in ("zarr.json", ".zgroup", ".zmetadata"))


def _is_consolidated(store: Path) -> bool:
    """Whether the metadata of a store lie in one place; asked for in vain, xarray warns."""
    if (store / ".zmetadata").exists():
        return True
    try:
        return bool(json.loads((store / "zarr.json").read_bytes()).get("consolidated_metadata"))
    except (OSError, ValueError, AttributeError):
        return False


def open_file(path: Path, engine: str | None) -> xr.Dataset:
    """The data set of one file, lazily, times as nanoseconds.

    Raises
    ------
    InputRefused : empty, cut short, or of a kind that is not read
    SettingsRefused : xarray has no such engine
    """
    if engine is None and path.suffix.lower() in (".tif", ".tiff"):
        from headwater.grids.open_geotiff import open_geotiff

        return open_geotiff(path)
    try:
        return xr.open_dataset(path, **_engine(path, engine))
    except (InputRefused, ImportError, MemoryError):
        raise
    except Exception as error:  # damaged bytes end in any error of any of four readers
        if engine is not None and "unrecognized engine" in str(error):
            raise SettingsRefused(f"engine {engine!r} is not installed: {error}") from error
        if "decode time" in str(error):
            raise InputRefused(
                f"{path}: its time cannot be read ({_first_line(error)}); units such as 'hours since "
                "1900-01-01' are "
                "needed ('months since' has no fixed length): correct the attribute"
            ) from error
        raise InputRefused(
            f"{path}: cannot be opened ({_first_line(error)}); it is damaged, cut short, or no netCDF, Zarr, "
            "MOD13C1 or VNP13C1 file: compare its size with the archive's and download it again"
        ) from error


def _engine(path: Path, engine: str | None) -> dict[str, Any]:
    decode = {"decode_times": xr.coders.CFDatetimeCoder(time_unit="ns"), "decode_timedelta": False}
    if engine is not None:
        own = {"mod13c1": Mod13C1Entrypoint, "vnp13c1": Vnp13C1Entrypoint}
        return {"engine": own[engine]} if engine in own else {"engine": engine, **decode}
    if is_zarr(path):
        return {"engine": "zarr", "consolidated": _is_consolidated(path), **decode}
    with path.open("rb") as file:
        start = file.read(8)
    if start[:4] == HDF4:
        return {"engine": Mod13C1Entrypoint}
    if start == HDF5:
        return {"engine": Vnp13C1Entrypoint} if is_vnp13c1(path) else {"engine": "h5netcdf", **decode}
    if start[:4] in (b"CDF\x01", b"CDF\x02"):
        return {"engine": "scipy", **decode}
    if start[:4] == b"CDF\x05":
        raise InputRefused(f"{path}: netCDF of 64-bit data; convert it with 'nccopy -k netCDF-4'")
    if start[:2] == b"PK":
        raise InputRefused(
            f"{path}: a zip archive, as the Climate Data Store sends for mixed requests; unpack it"
        )
    if start[:4] == b"GRIB":
        raise InputRefused(
            f"{path}: GRIB is read only with engine='cfgrib' (package cfgrib); or download netCDF, or "
            "convert it with "
            "grib_to_netcdf"
        )
    raise InputRefused(
        f"{path}: of no kind that is read (first bytes {start!r}, {path.stat().st_size:,} bytes); netCDF, "
        "Zarr, GeoTIFF, "
        "MOD13C1 (HDF4) and VNP13C1 (HDF5) are: look whether the download saved an error page"
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
