"""What ``headwater drivers`` leaves behind: maps, tables, report, and a word on the signs."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater.cli import Exit
from headwater.cli.show import Progress, Show, columns
from headwater.mixing.tables.write_results import write_atomically

if TYPE_CHECKING:
    from headwater.cli.drivers_run import Job
    from headwater.report.drivers import Material

CORRELATION, TREND, LAGS, MEANS = "correlation.nc", "trend.nc", "lags.nc", "means.nc"
SIGNS, GEOTIFF, GEOPACKAGE = "signs.csv", "geotiff", "drivers.gpkg"
MOST_ROWS, MOST_MONTHS = 60, 12


def hand_over(material: Material, job: Job, show: Show, progress: Progress) -> int:
    """Write everything, print the signs; returns the exit code."""
    from headwater.report.drivers import write_drivers_report
    from headwater.report.drivers.results_json import results_document
    from headwater.report.drivers.write import write_results

    written = [*_write_grids(material, job, progress), *_write_for_gis(material, job)]
    if material.signs:
        write_atomically(job.output / SIGNS, signs_text(material))
        written.append(job.output / SIGNS)
    written.append(write_results(material, job.output))
    if job.report:
        written.append(write_drivers_report(material, job.output, lang=job.lang, progress=progress))
    files = [str(path) for path in written]
    show.result(
        results_document(material) | {"files": files} if show.json else {}, lambda: _text(material, files)
    )
    return Exit.PARTIAL if _empty_maps(material) else Exit.OK


def signs_text(material: Material) -> str:
    """The sign table as CSV: names as in ``SignRecord``, ``-`` for a negative sign, empty where missing."""
    from headwater.drivers.sign_table import SignRecord

    names = [one.name for one in fields(SignRecord)]
    extra = ["true_r"] if material.simulated else []
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*names, *extra])
    for one in material.signs:
        row = [_cell(value) for value in asdict(one).values()]
        truth = material.truth.get((one.variable, one.month, one.stratum), float("nan"))
        writer.writerow([*row, *([_cell(truth)] if extra else [])])
    return "\ufeff" + out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return "" if value != value else f"{value:.6g}"
    return value


def _write_grids(material: Material, job: Job, progress: Progress) -> list[Path]:
    """netCDF of every result, and maps for QGIS where asked for."""
    from headwater.grids import write_grid

    results = {
        CORRELATION: material.correlation,
        MEANS: material.means,
        TREND: material.trend,
        LAGS: material.lags,
    }
    named = {name: result for name, result in results.items() if result is not None}
    written = []
    for done, (name, result) in enumerate(named.items()):
        progress(f"writing {name}", done, len(named))
        result = result.assign_attrs({key: _attribute(value) for key, value in result.attrs.items()})
        title = material.title or f"headwater drivers: {name.removesuffix('.nc')}"
        written.append(write_grid(result, job.output / name, title=title, command=job.command))
    return written


def _write_for_gis(material: Material, job: Job) -> list[Path]:
    """Maps as GeoTIFF and strata as GeoPackage, where asked for."""
    from headwater.grids import write_geopackage, write_geotiff

    written: list[Path] = []
    if job.geotiff and material.is_map:
        maps = material.correlation[["r", "n_eff", "p_adjusted", "significant"]]
        written += write_geotiff(maps, job.output / GEOTIFF, provenance={"command": job.command})
        if material.trend is not None:
            slopes = material.trend[["slope", "significant"]].rename(significant="trend_significant")
            written += write_geotiff(slopes, job.output / GEOTIFF, provenance={"command": job.command})
    if job.geopackage and material.strata is not None:
        import pandas as pd

        rows = [asdict(one) for one in material.signs]
        table = pd.DataFrame(rows) if rows else None
        written.append(write_geopackage(job.output / GEOPACKAGE, strata=material.strata, statistics=table))
    return written


def _attribute(value: Any) -> Any:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {item}" for name, item in value.items())
    return str(value) if isinstance(value, bool) or value is None else value


def _empty_maps(material: Material) -> bool:
    """Some month and driver has no correlation at all."""
    import numpy as np

    r = material.correlation["r"]
    over = [name for name in r.dims if name in ("latitude", "longitude")]
    return bool((~np.isfinite(r).any(over)).any()) if over else not bool(np.isfinite(r).any())


def _text(material: Material, files: list[str]) -> str:
    from headwater.report.drivers.sentences import agreement, significance
    from headwater.report.text import Text

    text = Text("en")
    lines = [*_rows(material, text), text("drivers.star"), ""] if material.signs else []
    stated = agreement(material, text)
    if stated:
        lines.append(stated)
        lines.append(text(f"drivers.paper_open.{material.mode}"))
        if any(one.note == "contradicts_itself" for one in material.signs):
            lines.append(text("drivers.paper_open.contradicts_itself"))
    lines += [significance(material, text), text(f"drivers.mode_printed.{material.mode}"), "", *files]
    return "\n".join(lines)


def _rows(material: Material, text: Any) -> list[str]:
    """A row a driver and stratum, a column a month: mean r, starred if sure, and the sign of the paper."""
    from headwater.report.drivers.words import (
        correlation_word,
        month_short,
        sign_word,
        stratum_name,
        variable_name,
    )

    months = list(dict.fromkeys(one.month for one in material.signs))[:MOST_MONTHS]
    known = {(o.soil, o.variable, o.stratum, o.month): o for o in material.signs}
    many = len(material.soils) > 1
    head = (
        *(("soil moisture",) if many else ()),
        "driver",
        "stratum",
        *(month_short(m, text) for m in months),
    )
    rows = [head]
    for soil, variable, stratum in dict.fromkeys((o.soil, o.variable, o.stratum) for o in material.signs):
        cells = []
        for month in months:
            one = known.get((soil, variable, stratum, month))
            if one is None or one.r != one.r:
                cells.append("–")
                continue
            paper = f" (paper {sign_word(one.paper)})" if one.paper else ""
            cells.append(f"{correlation_word(one.r)}{'*' if one.sign in '+-' else ' '}{paper}")
        first = (variable_name(soil, text),) if many else ()
        rows.append((*first, variable_name(variable, text), stratum_name(stratum, text), *cells))
    shown = rows[: MOST_ROWS + 1]
    more = [f"… and {len(rows) - len(shown)} more rows in {SIGNS}"] if len(rows) > len(shown) else []
    return [columns(shown, right=tuple(range(len(head) - len(months), len(head)))), *more]
