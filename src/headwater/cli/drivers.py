"""``headwater drivers``: which climate and vegetation signals move soil moisture, on grids."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Group, Parameter

from headwater.cli.options import Json, Lang, Quiet, numbers
from headwater.cli.show import Show
from headwater.errors import SettingsRefused

NEEDED = ("xarray", "numba", "zarr", "dask", "h5netcdf", "cf_xarray", "pint")
"""Packages of the extra ``grids`` that every run uses."""
GRIDS = Group.create_ordered("Grids")
CORRELATION = Group.create_ordered("Correlation")
STRATA = Group.create_ordered("Strata")
MORE = Group.create_ordered("Beyond one correlation")
RESULT = Group.create_ordered("Result")


def drivers(
    *,
    soil: Annotated[
        list[str] | None,
        Parameter(
            group=GRIDS,
            help="Soil moisture as FILE:VARIABLE (era5.nc:swvl1); FILE can be a pattern, folder, Zarr store.",
            negative=(),
        ),
    ] = None,
    with_: Annotated[
        list[str] | None,
        Parameter(
            name="--with",
            group=GRIDS,
            help="Drivers as FILE:VARIABLE,VARIABLE; may be repeated.",
            negative=(),
        ),
    ] = None,
    settings: Annotated[
        Path | None,
        Parameter(
            name=["--settings", "-s"],
            group=GRIDS,
            help="Settings file (TOML) with the names of these options; an option wins over the file.",
        ),
    ] = None,
    units: Annotated[
        list[str] | None,
        Parameter(
            group=GRIDS,
            help="VARIABLE=UNIT where the file does not say the unit (tp=m); never guessed.",
            negative=(),
        ),
    ] = None,
    level: Annotated[
        list[str] | None,
        Parameter(
            group=GRIDS,
            help="VARIABLE=LEVEL where the file has several: a number (1 is the uppermost), a depth "
            "(0-7 cm), or a value of a further dimension.",
            negative=(),
        ),
    ] = None,
    region: Annotated[
        str | None,
        Parameter(
            group=GRIDS,
            allow_leading_hyphen=True,
            help="West,south,east,north in degrees; everything by default.",
        ),
    ] = None,
    quality: Annotated[
        Literal["good", "usable", "all"] | None,
        Parameter(group=GRIDS, help="Pixels of a product with quality flags that are used (good)."),
    ] = None,
    step: Annotated[
        Literal["month", "16-days", "year", "as-is"] | None,
        Parameter(group=GRIDS, help="Time step that all are brought to first, as means (month)."),
    ] = None,
    align: Annotated[
        Literal["exact", "nearest", "mean"] | None,
        Parameter(
            group=GRIDS, help="How drivers come onto the pixels of soil moisture where they differ (mean)."
        ),
    ] = None,
    by: Annotated[
        Literal["month", "none"] | None,
        Parameter(
            group=CORRELATION, help="Every calendar month by itself (month), or all steps together (none)."
        ),
    ] = None,
    months: Annotated[
        str | None,
        Parameter(group=CORRELATION, help="Calendar months to use, such as 6,8,9; all by default."),
    ] = None,
    mode: Annotated[
        Literal["temporal", "pattern", "moving"] | None,
        Parameter(
            group=CORRELATION,
            help="temporal (default): over time in every pixel; pattern: over pixels at a time; moving: over "
            "time in windows.",
        ),
    ] = None,
    method: Annotated[
        Literal["pearson", "spearman"] | None,
        Parameter(group=CORRELATION, help="Kind of correlation (pearson)."),
    ] = None,
    lag: Annotated[
        int | None,
        Parameter(
            group=CORRELATION, allow_leading_hyphen=True, help="Steps by which the driver comes first (0)."
        ),
    ] = None,
    window: Annotated[
        int | None, Parameter(group=CORRELATION, help="Steps of the window of --mode moving.")
    ] = None,
    given: Annotated[
        list[str] | None,
        Parameter(group=CORRELATION, help="Covariate held constant, FILE:VARIABLE; up to five.", negative=()),
    ] = None,
    n_eff: Annotated[
        Literal["lag1", "full", "off"] | None,
        Parameter(
            group=CORRELATION, help="How memory lowers n: lag1 (default), full (all lags), off (naive p)."
        ),
    ] = None,
    fdr: Annotated[
        Literal["bh", "by", "wilks"] | None,
        Parameter(group=CORRELATION, help="Correction for the number of pixels: bh (default), by, wilks."),
    ] = None,
    alpha: Annotated[
        float | None, Parameter(group=CORRELATION, help="Level of the false discovery rate (0.05).")
    ] = None,
    least: Annotated[
        int | None, Parameter(group=CORRELATION, help="Fewest steps of a correlation (10).")
    ] = None,
    deseasonalise: Annotated[
        bool | None,
        Parameter(group=CORRELATION, help="Take the mean year out first (with --by none).", negative=()),
    ] = None,
    detrend: Annotated[
        bool | None, Parameter(group=CORRELATION, help="Take a straight line in time out first.", negative=())
    ] = None,
    dem: Annotated[
        str | None, Parameter(group=STRATA, help="Altitude in m as FILE:VARIABLE; strata are its bands.")
    ] = None,
    bands: Annotated[
        str | None, Parameter(group=STRATA, help="Edges of the bands in m (0,4000,9000).")
    ] = None,
    classes: Annotated[
        str | None,
        Parameter(
            group=STRATA,
            help="Map of classes as FILE:VARIABLE instead of bands; named by class_names in the settings.",
        ),
    ] = None,
    trend: Annotated[
        Literal["original", "hamed_rao", "yue_wang", "seasonal", "prewhitened", "trend_free_prewhitened"]
        | None,
        Parameter(group=MORE, help="Also map Sen slopes, tested by this form of Mann–Kendall."),
    ] = None,
    lags: Annotated[
        str | None,
        Parameter(
            group=MORE,
            allow_leading_hyphen=True,
            help="Also scan lags, FIRST..LAST such as -6..6, with p from surrogates.",
        ),
    ] = None,
    surrogates: Annotated[int | None, Parameter(group=MORE, help="Surrogates of the lag scan (199).")] = None,
    seed: Annotated[
        int | None, Parameter(group=MORE, help="Seed of the surrogates, or of --demo (1).")
    ] = None,
    output: Annotated[
        Path, Parameter(name=["--output", "-o"], group=RESULT, help="Folder of the results.")
    ] = Path("drivers"),
    memory: Annotated[
        str | None,
        Parameter(
            group=RESULT, help="Largest memory to use (2GiB); larger jobs go in blocks and can be resumed."
        ),
    ] = None,
    title: Annotated[str | None, Parameter(group=RESULT, help="Heading of the report.")] = None,
    report: Annotated[
        bool, Parameter(group=RESULT, help="Write report.html and figures.", negative="--no-report")
    ] = True,
    geotiff: Annotated[
        bool, Parameter(group=RESULT, help="Also write every map as GeoTIFF (COG) for QGIS.", negative=())
    ] = False,
    geopackage: Annotated[
        bool,
        Parameter(
            group=RESULT, help="Also write strata with their means as GeoPackage for QGIS.", negative=()
        ),
    ] = False,
    demo: Annotated[
        bool,
        Parameter(
            group=RESULT, help="Simulate a region with known correlations and run on that.", negative=()
        ),
    ] = False,
    lang: Annotated[Lang, Parameter(group=RESULT)] = "en",
    json: Annotated[Json, Parameter(group=RESULT)] = False,
    quiet: Annotated[Quiet, Parameter(group=RESULT)] = False,
) -> int:
    """Which climate and vegetation signals move soil moisture: when, where, and how sure is that?

    Opens gridded files of any common kind (ERA5-Land, GLDAS, ESA CCI, CMFD, MODIS and VIIRS vegetation
    indices, any CF netCDF or Zarr), correlates soil moisture with each driver in every pixel, and says for
    each month and altitude band which way they go together, with an interval, beside what Li Z. et al.
    report. Writes `correlation.nc` (r, n, effective n, p, adjusted p, mask), `means.nc`, `signs.csv`,
    `results.json` and `report.html`. Units, signs and scales of the files are read, never guessed.

    Examples

    * `headwater drivers --demo -o demo-drivers`
    * `headwater drivers --soil era5.nc:swvl1 --with era5.nc:t2m,stl1,tp,e --with mod13/:ndvi --months 6,8,9
      --dem dem.nc:z -o out`
    * `headwater drivers -s drivers.toml --memory 8GiB --trend hamed_rao --geotiff`
    * `headwater drivers --soil a.nc:sm --with b.nc:tp --by none --deseasonalise --lags -6..6`
    """
    _check_installed()
    from headwater.cli.drivers_run import Job, run_drivers
    from headwater.cli.drivers_settings import choose

    options = {
        "soil": soil, "with_": with_, "given": given, "dem": dem, "classes": classes,
        "units": _pairs(units, "--units", "VARIABLE=UNIT, such as tp=m"),
        "level": _pairs(level, "--level", "VARIABLE=LEVEL, such as soil_moisture=1"),
        "region": _row(region, "--region"), "quality": quality, "step": step and step.replace("-", " "),
        "align": align, "by": by, "months": _months(months), "mode": mode, "method": method, "lag": lag,
        "window": window, "n_eff": n_eff, "fdr": fdr, "alpha": alpha, "least": least,
        "deseasonalise": deseasonalise, "detrend": detrend, "bands": _row(bands, "--bands"), "trend": trend,
        "lags": _lags(lags), "surrogates": surrogates, "seed": seed, "memory": memory, "title": title,
    }  # fmt: skip
    show = Show(json=json, quiet=quiet)
    known = None
    if demo:
        from headwater.cli.drivers_demo import prepare_demo

        settings, known = prepare_demo(output, 1 if seed is None else seed, lang, settings, show)
    chosen = choose(settings, options)
    if geopackage and chosen.settings.dem is None and chosen.settings.classes is None:
        raise SettingsRefused("--geopackage writes strata: give --dem or --classes too.")
    if geotiff and chosen.settings.mode != "temporal":
        raise SettingsRefused(
            f"--geotiff writes maps of the mode temporal, and mode {chosen.settings.mode} has none: leave "
            "one of them out."
        )
    job = Job(
        chosen, output, report, geotiff, geopackage, lang,
        shlex.join(["headwater", *sys.argv[1:]]), known,
    )  # fmt: skip
    return run_drivers(job, show)


def _check_installed() -> None:
    from importlib.util import find_spec

    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise SettingsRefused(
            f"headwater drivers needs {', '.join(missing)}: pip install 'headwater[grids]'."
        )


def _row(text: str | None, option: str) -> list[float] | None:
    return numbers(text, option=option)


def _months(text: str | None) -> list[int] | None:
    if text is None:
        return None
    parts = [part.strip() for part in text.replace("，", ",").split(",")]
    if not all(part.isdigit() for part in parts):
        raise SettingsRefused(
            f"--months {text!r}: needs numbers 1 to 12 with commas between them, such as 6,8,9."
        )
    return [int(part) for part in parts]


def _lags(text: str | None) -> list[int] | None:
    if text is None:
        return None
    ends = re.fullmatch(r"\s*(-?\d+)\s*\.\.\s*(-?\d+)\s*", text.replace("−", "-"))
    if ends is None:
        raise SettingsRefused(
            f"--lags {text!r}: needs the first and the last lag as FIRST..LAST, such as -6..6."
        )
    return [int(ends[1]), int(ends[2])]


def _pairs(texts: list[str] | None, option: str, form: str) -> dict[str, str] | None:
    if texts is None:
        return None
    found = {}
    for text in texts:
        name, equals, unit = text.partition("=")
        if not (name.strip() and equals and unit.strip()):
            raise SettingsRefused(f"{option} {text!r}: needs {form}.")
        found[name.strip()] = unit.strip()
    return found
