"""From named files to maps, means, signs and a report: what ``headwater drivers`` does."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from headwater import __version__
from headwater.cli.drivers_open import Opened, chosen_steps, loaded, open_all
from headwater.cli.drivers_settings import Chosen, DriversSettings, listed
from headwater.cli.drivers_write import hand_over
from headwater.cli.show import Progress, Show
from headwater.errors import InputRefused

if TYPE_CHECKING:
    import xarray as xr

    from headwater.drivers.sign_table import SignRecord
    from headwater.grids import Strata
    from headwater.report.drivers import Material

ROOM = 0.45
"""Part of the memory cap that the numbers of the input may take when all are held at once."""
SPOKEN = ("resuming", "already done", "inputs or settings changed", "laying out anew")
"""Beginnings of steps that are told on stderr even where no bar is drawn."""
MOST_HASHED = 2**30
"""Bytes of a source that are read once more for its hash."""


@dataclass(frozen=True)
class Job:
    """One call of ``headwater drivers``, its options understood.

    Attributes
    ----------
    output : folder of the results
    known : correlation that is known in every pixel of simulated fields (driver, month, latitude, longitude)
    """

    chosen: Chosen
    output: Path
    report: bool = True
    geotiff: bool = False
    geopackage: bool = False
    lang: Literal["en", "zh"] = "en"
    command: str = ""
    known: xr.DataArray | None = field(default=None, compare=False)

    @property
    def settings(self) -> DriversSettings:
        """The choices."""
        return self.chosen.settings


@dataclass(frozen=True)
class Found:
    """What was computed: maps or series, means of strata, signs, and what else was asked for."""

    correlation: xr.Dataset
    means: xr.Dataset | None
    signs: Sequence[SignRecord]
    strata: Strata | None
    trend: xr.Dataset | None
    lags: xr.Dataset | None


def run_drivers(job: Job, show: Show) -> int:
    """Open, correlate, write, print; returns the exit code."""
    check_output(job.output)
    started, clock = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), time.perf_counter()
    with show.progress() as drawn:
        progress = _speaking(drawn, show)
        opened = open_all(job.settings, progress)
        for note in [*opened.notes, *reading_notes(opened)]:
            show.message(f"headwater: {note}")
        found = compute(opened, job, progress)
        run = {
            "command": job.command, "started": started, "seconds": f"{time.perf_counter() - clock:.1f}",
            "memory": job.settings.memory, "mode": job.settings.mode, "headwater": __version__,
        }  # fmt: skip
        material = _material(opened, found, job, run)
        return hand_over(material, job, show, progress)


def reading_notes(opened: Opened) -> list[str]:
    """What was changed while reading, once for all variables of which it holds."""
    of: dict[str, list[str]] = {}
    for one in opened.read:
        for change in filter(None, one.changes.split("; ")):
            of.setdefault(change, []).append(one.label)
    return [f"{', '.join(labels)}: {change}" for change, labels in of.items()]


def _speaking(drawn: Progress, show: Show) -> Progress:
    """Progress that also says in words what a reader must know of work that was done before."""
    said: set[str] = set()

    def progress(step: str, done: int, total: int) -> None:
        if step.startswith(SPOKEN) and step not in said:
            said.add(step)
            show.message(f"headwater: {step}")
        drawn(step, done, total)

    return progress


def compute(opened: Opened, job: Job, progress: Progress) -> Found:
    """Every number of the run."""
    settings = job.settings
    if settings.lag == 0 and not settings.lags:
        opened = chosen_steps(opened, _with_a_neighbour(settings))
    if in_memory := _in_memory(opened, settings):
        opened = loaded(opened, progress)
    progress("correlating", 0, 1)
    if in_memory or settings.mode == "pattern":
        correlation, means = _correlate(opened, settings)
    else:
        correlation, means = _in_blocks(opened, job, progress), None
    if settings.months and settings.by == "month":
        correlation = correlation.sel(month=[m for m in settings.months if m in correlation["month"]])
        means = None if means is None else means.sel(month=correlation["month"].to_numpy())
    if means is None and "latitude" in correlation.dims:
        from headwater.drivers.strata_means import strata_means

        progress("means of strata", 0, 1)
        means = strata_means(correlation, opened.strata or _whole(correlation))
    signs = _signs(opened, means) if means is not None and "time" not in means.dims else ()
    trend = _trend(opened, settings, progress) if settings.trend else None
    lags = _lags(opened, settings, progress) if settings.lags else None
    progress("correlating", 1, 1)
    return Found(correlation, means, signs, opened.strata, trend, lags)


def _with_a_neighbour(settings: DriversSettings) -> Sequence[int]:
    """The months to use; beside a single one the next, without which steps would be taken for years."""
    if settings.by == "month" and len(settings.months) == 1:
        return settings.months[0], settings.months[0] % 12 + 1
    return settings.months


def check_output(folder: Path) -> None:
    """Make the folder, before work begins.

    Raises
    ------
    InputRefused
        It cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".headwater-writes"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputRefused(
            f"{folder}: cannot be written ({error.strerror}). Choose another with -o."
        ) from None


def _correlate(opened: Opened, settings: DriversSettings) -> tuple[xr.Dataset, xr.Dataset | None]:
    """The correlation with all dims that a report asks for; means too, where they come with it."""
    from headwater.drivers.correlate import correlate

    a, b = (_dataset(grids) for grids in (opened.soils, opened.drivers))
    options = _options(settings) | {"given": list(opened.covariates)}
    if settings.mode == "pattern":
        from headwater.drivers.strata_patterns import strata_patterns

        found, means = strata_patterns(a, b, opened.strata, **options)
        return tuple(map(_with_month, (found, means)))
    found = correlate(a, b, mode=settings.mode, window=settings.window, **options)
    return (found if "time" in found.dims else _with_month(found)), None


def _dataset(grids: Mapping[str, xr.DataArray]) -> xr.Dataset:
    """Grids side by side under their labels."""
    import xarray as xr

    return xr.Dataset(dict(grids), attrs={}).drop_vars("time_end", errors="ignore")


def _in_blocks(opened: Opened, job: Job, progress: Progress) -> xr.Dataset:
    """The correlation of grids that do not fit into memory, with the attributes that it would have there."""
    from headwater.cli.drivers_blocks import correlate_in_blocks

    settings = job.settings
    told = {"lag1": "lag 1", "full": "all lags", "off": "n"}[settings.n_eff]
    attributes = _options(settings) | {
        "mode": settings.mode, "by": settings.by, "n_eff": told, "deseasonalise": str(settings.deseasonalise),
        "detrend": str(settings.detrend), "variables_a": ", ".join(opened.soils),
        "variables_b": ", ".join(opened.drivers),
        "covariates": "; ".join(str(grid.name) for grid in opened.covariates) or "none",
    }  # fmt: skip
    return correlate_in_blocks(opened, settings, job.output, attributes, progress)


def _options(settings: DriversSettings) -> dict[str, Any]:
    """Options of ``correlate`` that do not depend on the mode."""
    return {
        "by": None if settings.by == "none" else "month",
        "method": settings.method,
        "lag": settings.lag,
        "n_eff": False if settings.n_eff == "off" else settings.n_eff,
        "fdr": settings.fdr,
        "alpha": settings.alpha,
        "deseasonalise": settings.deseasonalise,
        "detrend": settings.detrend,
        "least": settings.least,
    }


def _with_month(found: xr.Dataset) -> xr.Dataset:
    """Month 0 for all months together, where nothing tells them apart."""
    if "month" in found.dims or "time" in found.dims:
        return found
    place = [name for name in found["r"].dims if name in ("soil", "driver")]
    return found.expand_dims(month=[0]).transpose(*place, "month", ...)


def _whole(correlation: xr.Dataset) -> Strata:
    """One stratum of all pixels."""
    import numpy as np
    import xarray as xr

    from headwater.grids import Strata

    place = {name: correlation[name] for name in ("latitude", "longitude")}
    shape = tuple(correlation.sizes[name] for name in place)
    return Strata(("all",), xr.DataArray(np.zeros(shape, np.int16), place, tuple(place)))


def _signs(opened: Opened, means: xr.Dataset) -> Sequence[SignRecord]:
    """Signs, beside the paper's where altitude tells low from high."""
    from headwater.drivers.sign_table import sides_of, sign_table

    known = opened.strata is not None and opened.altitude is not None
    return sign_table(means, sides=sides_of(opened.strata, opened.altitude) if known else None)  # type: ignore[arg-type]


def _trend(opened: Opened, settings: DriversSettings, progress: Progress) -> xr.Dataset:
    """Trends of every variable, along a dim of their own."""
    import xarray as xr

    from headwater.drivers.trend import trend

    if settings.trend == "seasonal":
        opened = chosen_steps(opened, settings.months)
    grids = {**opened.soils, **opened.drivers}
    whole_year = settings.trend == "seasonal" or settings.by == "none"
    parts = []
    for done, (name, grid) in enumerate(grids.items()):
        progress(f"trend of {name}", done, len(grids))
        found = trend(
            grid, method=settings.trend or "original", by=None if whole_year else "month",
            fdr=settings.fdr, alpha=settings.alpha, least=settings.least,
        )  # fmt: skip
        parts.append(found.drop_vars("time_end", errors="ignore"))
    whole = xr.concat(parts, xr.Variable("variable", list(grids)), combine_attrs="drop_conflicts")
    if "month" in whole.dims and settings.months:
        whole = whole.sel(month=[month for month in settings.months if month in whole["month"]])
    whole.attrs["method"] = settings.trend
    whole.attrs["alpha"] = settings.alpha
    whole.attrs["units"] = {name: str(grid.attrs.get("units", "")) for name, grid in grids.items()}
    return whole


def _lags(opened: Opened, settings: DriversSettings, progress: Progress) -> xr.Dataset:
    """Lag scan of every pair, with the mean r of each stratum by lag."""
    from headwater.drivers import lag_scan
    from headwater.drivers.strata_means import strata_profile

    progress("scanning lags", 0, 1)
    a, b = (_dataset(grids) for grids in (opened.soils, opened.drivers))
    found = lag_scan(
        a, b, lags=range(settings.lags[0], settings.lags[1] + 1),
        by=None if settings.by == "none" else "month",
        surrogates=settings.surrogates, seed=settings.seed, deseasonalise=settings.deseasonalise,
        detrend=settings.detrend, fdr=settings.fdr, alpha=settings.alpha, least=settings.least,
    )  # fmt: skip
    if "month" not in found.dims:
        found = found.expand_dims(month=[0])
    elif settings.months:
        found = found.sel(month=[month for month in settings.months if month in found["month"]])
    found = found.transpose("soil", "driver", "month", ...)
    return found.assign(mean_r=strata_profile(found["r"], opened.strata or _whole(found)))


def _in_memory(opened: Opened, settings: DriversSettings) -> bool:
    return sum(grid.nbytes for grid in opened.all.values()) <= ROOM * settings.memory_bytes


def _material(opened: Opened, found: Found, job: Job, run: Mapping[str, Any]) -> Material:
    from headwater.report.drivers import FileRead, Material, SettingShown

    files, known = [], {}
    for one in opened.read:
        source = one.source
        if source.file not in known:
            known[source.file] = fingerprint_of(source.file)
        size, sha256 = known[source.file]
        files.append(FileRead(one.label, source.file, source.name, sha256, one.changes, one.span, size))
    return Material(
        correlation=found.correlation,
        signs=tuple(found.signs),
        means=found.means,
        strata=found.strata,
        trend=found.trend,
        lags=found.lags,
        settings=tuple(SettingShown(*one) for one in listed(job.chosen)),
        files=tuple(files),
        notes=tuple(opened.notes),
        run=run,
        title=job.settings.title,
        truth=_truth(job, found),
    )


def fingerprint_of(text: str) -> tuple[int, str]:
    """Size in bytes and SHA-256 of what a file, pattern or folder means; no hash where that is large."""
    import hashlib

    from headwater.grids.open_files import list_files
    from headwater.grids.write import sha256

    paths = list_files(text)
    inside = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])]
    size = sum(file.stat().st_size for file in inside if file.is_file())
    if size > MOST_HASHED:
        return size, ""
    sums = [sha256(path) for path in paths]
    return size, sums[0] if len(sums) == 1 else hashlib.sha256("".join(sums).encode()).hexdigest()


def _truth(job: Job, found: Found) -> dict[tuple[str, int, str], float]:
    """Mean of the known correlations of every month and stratum, by Fisher's z; empty for real data."""
    import numpy as np

    if job.known is None or found.strata is None:
        return {}
    z = np.arctanh(job.known)
    truth = {}
    for month in found.correlation["month"].to_numpy():
        for number, stratum in enumerate(found.strata.names):
            here = z.sel(month=int(month)).where(found.strata.codes.to_numpy() == number)
            means = np.tanh(
                here.weighted(np.cos(np.radians(here["latitude"]))).mean(("latitude", "longitude"))
            )
            for driver in job.known["driver"].to_numpy():
                truth[str(driver), int(month), stratum] = float(means.sel(driver=driver))
    return truth
