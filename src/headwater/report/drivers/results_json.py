"""Signs, means and counts of a run as one JSON document; its form is in ``drivers.schema.json``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

import headwater
from headwater.report.drivers.cautions import notices
from headwater.report.drivers.material import Material
from headwater.report.results_json import plain_values
from headwater.report.text import LANGUAGES, Text

FORMAT, FORMAT_VERSION = "headwater-drivers", "1.0"
"""The first number rises when a field goes or changes its meaning, the second when one is added."""
ATTRIBUTES = (
    "mode", "method", "by", "lag", "covariates", "n_eff", "fdr", "alpha", "deseasonalise",
    "detrend", "window", "least",
)  # fmt: skip


def results_document(material: Material) -> dict[str, Any]:
    """The run as plain lists, numbers and texts; None where a value is missing."""
    attrs = material.correlation.attrs
    document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "headwater": headwater.__version__,
        "title": material.title,
        "simulated": material.simulated,
        "correlation": {name: attrs.get(name) for name in ATTRIBUTES} | dict(material.counts),
        "soil": list(material.soils),
        "drivers": list(material.drivers),
        "months": list(material.months),
        "strata": list(material.stratum_names),
        "signs": [
            asdict(one) | _truth(material, one.variable, one.month, one.stratum) for one in material.signs
        ],
        "maps": _maps(material),
        "trends": _trends(material),
        "notices": _notices(material),
        "files": [asdict(one) for one in material.files],
        "settings": [asdict(one) for one in material.settings],
        "run": dict(material.run),
    }
    plain: dict[str, Any] = plain_values(document)
    return plain


def _truth(material: Material, variable: str, month: int, stratum: str) -> dict[str, Any]:
    return {"true_r": material.truth.get((variable, month, stratum))} if material.simulated else {}


def _maps(material: Material) -> list[dict[str, Any]]:
    """Counts of every map: pixels, significant ones by sign, before and after the false discovery rate."""
    if not material.is_map:
        return []
    found = []
    for soil in material.soils:
        for driver in material.drivers:
            for month in material.months:
                r = material.map_of(soil, driver, month)
                valid = np.isfinite(r)
                firm = (material.map_of(soil, driver, month, "significant") > 0.5) & valid
                alone = (material.map_of(soil, driver, month, "p") <= material.alpha) & valid
                found.append(
                    {
                        "soil": soil, "driver": driver, "month": month, "pixels": int(valid.sum()),
                        "median_r": float(np.median(r[valid])) if valid.any() else None,
                        "significant_alone": int(alone.sum()), "significant": int(firm.sum()),
                        "positive": int((firm & (r > 0)).sum()), "negative": int((firm & (r < 0)).sum()),
                    }
                )  # fmt: skip
    return found


def _trends(material: Material) -> list[dict[str, Any]]:
    """Median slope of every variable and month, and pixels with a significant trend by sign."""
    if material.trend is None:
        return []
    found = []
    for variable in material.trend["variable"].to_numpy():
        part = material.trend.sel(variable=variable)
        for month in part["month"].to_numpy() if "month" in part.dims else [0]:
            here = part.sel(month=month) if "month" in part.dims else part
            slope, firm = here["slope"].to_numpy(), here["significant"].to_numpy().astype(bool)
            valid = np.isfinite(slope)
            found.append(
                {
                    "variable": str(variable), "month": int(month), "pixels": int(valid.sum()),
                    "median_slope_per_year": float(np.median(slope[valid])) if valid.any() else None,
                    "positive": int((firm & (slope > 0)).sum()), "negative": int((firm & (slope < 0)).sum()),
                }
            )  # fmt: skip
    return found


def _notices(material: Material) -> list[dict[str, Any]]:
    """Every notice with its sentences in both languages."""
    said = {lang: notices(material, Text(lang)) for lang in LANGUAGES}
    return [
        {
            "level": group.level,
            "code": group.code,
            "sentences": {lang: [one.sentence for one in said[lang][place].said] for lang in LANGUAGES},
            "places": [list(one.places) for one in group.said],
        }
        for place, group in enumerate(said["en"])
    ]
