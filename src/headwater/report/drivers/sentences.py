"""Findings in sentences: which driver goes with soil moisture where, and whether the paper says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from headwater.report.drivers.material import Material
from headwater.report.drivers.words import (
    correlation_word,
    month_name,
    soil_label,
    stratum_name,
    variable_name,
)
from headwater.report.findings import opened
from headwater.report.numbers import integer, number, share
from headwater.report.text import spaced

if TYPE_CHECKING:
    from headwater.drivers.sign_table import SignRecord
    from headwater.report.text import Text

MOST_LISTED = 5
"""Months that a sentence names one by one; with more, it counts cells."""
RULES = {"n": "none", "lag 1": "lag1", "all lags": "full", "all lags in space": "space"}
"""How a result tells its effective n → its sentence."""
WAYS = (("+", "positive"), ("-", "negative"), ("0", "undecided"))


def summary(material: Material, text: Text) -> list[str]:
    """Agreement with the paper, then one sentence a driver, then how much is significant pixel by pixel."""
    said = [agreement(material, text)]
    for driver in material.drivers:
        for soil in material.soils:
            said.append(driver_finding(material, soil, driver, text))
    said.append(significance(material, text))
    return [sentence for sentence in said if sentence]


def agreement(material: Material, text: Text) -> str:
    """How many of the paper's signs are found again; empty where the paper says nothing on these cells."""
    stated = [one for one in material.signs if one.agreement != "not stated"]
    if not stated:
        return ""
    counts = {
        name: sum(one.agreement == name for one in stated) for name in ("agrees", "differs", "undecided")
    }
    key = "drivers.say.agreement_all" if counts["agrees"] == len(stated) else "drivers.say.agreement"
    return text.sentences[key].format(n=len(stated), **counts)


def significance(material: Material, text: Text) -> str:
    """Share of all correlations that are significant before and after the false discovery rate."""
    counts = material.counts
    if not counts["correlations"]:
        return text("drivers.say.nothing")
    key = "drivers.say.significant" if material.is_map else "drivers.say.significant_series"
    return text.sentences[key].format(
        n=integer(counts["correlations"]),
        share=share(counts["share"]),
        before=share(counts["before"]),
        alpha=share(material.alpha),
    )


def driver_finding(material: Material, soil: str, driver: str, text: Text) -> str:
    """The name of the driver, and where its correlation has which sign."""
    label = variable_name(driver, text)
    if len(material.soils) > 1:
        label = text("drivers.say.pair", soil=soil_label(material, soil, text), driver=label)
    along_time = "time" in material.correlation["r"].dims
    found = (_series_sentence if along_time else driver_sentence)(material, soil, driver, text)
    return opened(text("drivers.say.driver", driver=label, found=found))


def driver_sentence(material: Material, soil: str, driver: str, text: Text) -> str:
    """Where the correlation is positive, negative, or not told by the data."""
    records = [one for one in material.signs if one.soil == soil and one.variable == driver]
    parts = []
    for sign, way in WAYS:
        found = [one for one in records if one.sign == sign]
        if not found:
            continue
        if len({one.month for one in records}) > MOST_LISTED:
            cells = text("drivers.say.cells", k=len(found), n=len(records))
        else:
            cells = _cells(found, records, text)
        parts.append(text.sentences[f"drivers.say.{way}"].format(cells=cells))
    if not parts:
        return text("drivers.say.no_data")
    return text("drivers.say.semicolon").join(parts) + text("drivers.say.stop")


def _series_sentence(material: Material, soil: str, driver: str, text: Text) -> str:
    """Lowest and highest r along time, and in how much of it the interval (or the test) leaves out 0."""
    source = material.correlation if material.means is None else material.means
    part = source.sel(soil=soil, driver=driver)
    r = part["r"].to_numpy().ravel()
    known = np.isfinite(r)
    if not known.any():
        return text("drivers.say.no_data")
    tested = "significant" in part
    sure = part["significant"] > 0 if tested else (part["r_low"] > 0) | (part["r_high"] < 0)
    part_sure = float(sure.to_numpy().ravel()[known].mean())
    return text(
        "drivers.say.series", low=correlation_word(float(r[known].min())),
        high=correlation_word(float(r[known].max())), share=share(part_sure),
    )  # fmt: skip


def _cells(found: Sequence[SignRecord], records: Sequence[SignRecord], text: Text) -> str:
    """Months, with the strata in brackets where it is not all of them."""
    said = []
    for month in dict.fromkeys(one.month for one in found):
        everywhere = [one.stratum for one in records if one.month == month]
        here = [one.stratum for one in found if one.month == month]
        name = month_name(month, text)
        if len(here) < len(everywhere):
            places = text("list.comma").join(stratum_name(place, text) for place in here)
            name = text("drivers.say.at", month=name, strata=places)
        said.append(name)
    return spaced(text.listing(said))


def facts(material: Material, text: Text) -> list[str]:
    """What was correlated: drivers, months, strata, steps, pixels, the mode."""
    found = [text(f"drivers.mode.{material.mode}"), text.count("drivers.fact.drivers", len(material.drivers))]
    if material.months != (0,):
        found.append(text.count("drivers.fact.months", len(material.months)))
    if material.stratum_names:
        found.append(text.count("drivers.fact.strata", len(material.stratum_names)))
    if material.is_map:
        found.append(text("drivers.fact.pixels", n=integer(int(material.known.sum()))))
    steps = material.counts["n"]
    if steps == steps:
        key = "drivers.fact.places" if material.mode == "pattern" else "drivers.fact.steps"
        found.append(text.sentences[key].format(n=number(steps, 0)))
    return found


def methods(material: Material, text: Text) -> Iterable[str]:
    """Sentences of the methods, as far as they were used."""
    attrs = material.correlation.attrs
    yield text(f"drivers.method.{material.mode}")
    yield text(f"drivers.method.{attrs.get('method', 'pearson')}")
    if str(attrs.get("covariates", "none")) != "none":
        names = [variable_name(name.strip(), text) for name in str(attrs["covariates"]).split(";")]
        yield text("drivers.method.given", names=text.listing(names))
    lag = int(attrs.get("lag", 0))
    if lag:
        yield text("drivers.method.lag", lag=number(lag, 0, sign=True))
    yield text(f"drivers.method.n_eff_{RULES.get(str(attrs.get('n_eff')), 'lag1')}")
    over = text(f"drivers.method.over_{'pattern' if material.mode == 'pattern' else 'map'}")
    yield text(f"drivers.method.fdr_{attrs.get('fdr', 'bh')}", alpha=share(material.alpha), over=over)
    for name in ("deseasonalise", "detrend"):
        if str(attrs.get(name)) == "True":
            yield text(f"drivers.method.{name}")
    if material.means is not None:
        yield text("drivers.method.intervals" if material.mode == "pattern" else "drivers.method.means")
    if material.trend is not None:
        yield text("drivers.method.trend", method=str(material.trend.attrs.get("method", "original")))
    if material.lags is not None:
        yield text("drivers.method.lags")
    if material.simulated:
        yield text("drivers.method.simulated")
