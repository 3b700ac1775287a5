"""The table of a campaign as users write it: headers, identifiers, dates, and some cells missing."""

from __future__ import annotations

import calendar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headwater.simulate.design import CampaignDesign, Period, SurfaceWater
from headwater.simulate.layout import BASINS, Layers, Sites, basin_of, locate
from headwater.simulate.waters import Events, Water, stored_water

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
HEADERS = (
    "Sample ID", "Site", "Type", "Replicate", "Date", "Latitude", "Longitude", "Altitude (m)", "Basin",
    "Vegetation", "Aspect", "Depth (cm)", "Soil temperature (°C)", "Soil moisture (m3/m3)",
    "Precipitation (mm)", "Air temperature (°C)", "Relative humidity (%)",
    "d18O (‰)", "d2H (‰)", "d18O SD (‰)", "d2H SD (‰)",
)  # fmt: skip
TYPES = {"river": "River water", "suprapermafrost": "Supra-permafrost water"}
PAPER_SAMPLES = 2451


def soil_rows(
    sites: Sites, layers: Layers, values: Array, design: CampaignDesign, rng: np.random.Generator
) -> pd.DataFrame:
    """Soil water: one row a layer, with soil temperature and moisture."""
    ground, site, layer = design.ground, layers.site, layers.layer
    names = [period.period for period in design.periods]
    warm = np.array([ground.temperature_C[name] for name in names])[layers.period]
    wet = np.array([ground.moisture[name] for name in names])[layers.period]
    of_class = np.array([ground.moisture_of[name] for name in design.strata.vegetation])
    temperature_C = (
        warm
        + ground.temperature_per_layer_C * layer
        + ground.temperature_per_km_C * (sites.altitude_m[site] - 4100.0) / 1000.0
        + rng.normal(0.0, 1.0, site.size)
    )
    moisture = wet * of_class[sites.vegetation[site]] + ground.moisture_per_layer * layer
    moisture = np.clip(moisture + rng.normal(0.0, 0.05, site.size), 0.03, 0.55)
    step = round(design.soil.layer_thickness_m * 100.0)
    depths = [f"{step * i}-{step * (i + 1)}" for i in range(len(design.soil.profile_layers))]
    visit = rng.integers(1, 29, (len(names), sites.altitude_m.size))[layers.period, site]
    return pd.DataFrame(
        {
            "Sample ID": _labels("SW", np.arange(site.size)),
            "Type": "Soil water",
            "Date": _dates(names, layers.period, visit),
            "Depth (cm)": np.array(depths, dtype=object)[layer],
            "Soil temperature (°C)": np.round(temperature_C, 1),
            "Soil moisture (m3/m3)": np.round(moisture, 3),
            **_site_cells(sites, site, design),
            **_delta(values),
        }
    )


def rain_rows(events: Events, design: CampaignDesign, rng: np.random.Generator) -> pd.DataFrame:
    """Precipitation: one row an event, on its own day at a station while the month has days left."""
    rain = design.precipitation
    months = [item.month for item in rain.months]
    warm = np.array([item.air_temperature_C for item in rain.months])[events.month]
    humid = np.array([item.relative_humidity for item in rain.months])[events.month]
    altitude_m = np.array([place.altitude_m for place in rain.stations])
    warm = warm - 5.5 * (altitude_m - altitude_m.mean())[events.station] / 1000.0
    return pd.DataFrame(
        {
            "Sample ID": _labels("PR", np.arange(events.month.size)),
            "Type": "Precipitation",
            "Date": _dates(months, events.month, _event_days(events, months, rng)),
            "Precipitation (mm)": np.round(np.maximum(events.amount_mm, 0.1), 1),
            "Air temperature (°C)": np.round(warm + rng.normal(0.0, 2.5, warm.size), 1),
            "Relative humidity (%)": np.round(
                np.clip(humid + rng.normal(0.0, 0.08, warm.size), 0.15, 0.99) * 100.0
            ),
            **_places(rain.stations, events.station),
            **_delta(events.values),
        }
    )


def ice_rows(
    period: Period, sites: Sites, water: Water, design: CampaignDesign, rng: np.random.Generator
) -> pd.DataFrame:
    """Ground ice from pits at soil sites that are high enough."""
    n = period.counts["ground_ice"]
    low, high = design.ice_altitude_m
    pits = rng.permutation(np.flatnonzero((sites.altitude_m >= low) & (sites.altitude_m <= high)))
    site = np.resize(pits, n)
    cells = _site_cells(sites, site, design)
    depth = rng.integers(50, 101, n)
    return pd.DataFrame(
        {
            "Sample ID": _labels(f"GI{period.period[5:]}", np.arange(n)),
            "Type": "Ground ice",
            "Date": _dates([period.period], np.zeros(n, dtype=np.int64), rng.integers(1, 29, n)),
            "Depth (cm)": depth.astype(str).astype(object),
            **cells,
            **_delta(water.draw(n, rng)),
        }
    )


def surface_rows(
    kind: str,
    water: SurfaceWater,
    mixtures: dict[str, Array],
    design: CampaignDesign,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """River or supra-permafrost water: every period visits the first of the same places."""
    counts = np.array([len(values) for values in mixtures.values()])
    period = np.repeat(np.arange(counts.size), counts)
    place = np.concatenate([np.arange(count) for count in counts])
    altitude_m = np.floor(rng.uniform(*water.altitude_m, counts.max()))
    longitude, latitude = locate(altitude_m, design.region, rng)
    basin = np.array(BASINS, dtype=object)[basin_of(longitude, latitude)]
    prefix = "RW" if kind == "river" else "SP"
    return pd.DataFrame(
        {
            "Sample ID": _labels(prefix, np.arange(period.size)),
            "Site": _labels(prefix + "-P", place),
            "Type": TYPES[kind],
            "Date": _dates(list(mixtures), period, rng.integers(1, 29, period.size)),
            "Latitude": latitude[place],
            "Longitude": longitude[place],
            "Altitude (m)": altitude_m[place],
            "Basin": basin[place],
            **_delta(np.concatenate(list(mixtures.values()))),
        }
    )


def snow_rows(period: Period, design: CampaignDesign, rng: np.random.Generator) -> pd.DataFrame:
    """Glacier and snow meltwater at the glacier fronts."""
    n = period.counts["snow_melt"]
    water = stored_water(design.snow_melt, design.precipitation.line_slope)
    return pd.DataFrame(
        {
            "Sample ID": _labels(f"GM{period.period[5:]}", np.arange(n)),
            "Type": "Glacier and snow meltwater",
            "Date": _dates([period.period], np.zeros(n, dtype=np.int64), rng.integers(1, 29, n)),
            **_places(design.fronts, np.arange(n) % len(design.fronts)),
            **_delta(water.draw(n, rng)),
        }
    )


def repeat_vials(samples: pd.DataFrame, vials: int) -> pd.DataFrame:
    """Every soil layer as ``vials`` rows with numbers in ``Replicate``; other waters as one row."""
    times = np.where(samples["Type"] == "Soil water", vials, 1)
    repeated = samples.loc[samples.index.repeat(times)].reset_index(drop=True)
    number = np.arange(len(repeated)) - np.repeat(np.cumsum(times) - times, times) + 1
    repeated["Replicate"] = number
    return repeated


def add_analytical_error(
    samples: pd.DataFrame, design: CampaignDesign, rng: np.random.Generator
) -> pd.DataFrame:
    """δ as the analyser gives it: error added, two decimals and one, sd in columns of its own."""
    n = len(samples)
    return samples.assign(
        **{
            "d18O (‰)": np.round(samples["d18O (‰)"] + rng.normal(0.0, design.d18O_sd, n), 2),
            "d2H (‰)": np.round(samples["d2H (‰)"] + rng.normal(0.0, design.d2H_sd, n), 1),
            "d18O SD (‰)": design.d18O_sd,
            "d2H SD (‰)": design.d2H_sd,
        }
    )


def make_mess(samples: pd.DataFrame, design: CampaignDesign, rng: np.random.Generator) -> pd.DataFrame:
    """Some cells empty at random places, and dates that do not exist among river waters."""
    samples, mess = samples.copy(), design.mess
    for column, per_campaign, rows in (
        ("d2H (‰)", mess.empty_d2H, np.arange(len(samples))),
        ("Altitude (m)", mess.empty_altitude, np.arange(len(samples))),
        (
            "Soil temperature (°C)",
            mess.empty_soil_temperature,
            np.flatnonzero(samples["Type"] == "Soil water"),
        ),
    ):
        samples.loc[rng.choice(rows, _scaled(per_campaign, design), replace=False), column] = np.nan
    june = samples["Date"].str.startswith("2020-06").to_numpy()
    rivers = np.flatnonzero((samples["Type"] == "River water").to_numpy() & june)
    wrong = rng.choice(rivers, min(_scaled(mess.impossible_dates, design), rivers.size), replace=False)
    samples.loc[wrong, "Date"] = "2020-06-31"
    return samples


def _scaled(per_campaign: int, design: CampaignDesign) -> int:
    return round(per_campaign * design.samples / PAPER_SAMPLES)


def _site_cells(sites: Sites, site: Codes, design: CampaignDesign) -> dict[str, NDArray]:
    names = _labels("S", np.arange(sites.altitude_m.size))
    return {
        "Site": names[site],
        "Latitude": sites.latitude[site],
        "Longitude": sites.longitude[site],
        "Altitude (m)": sites.altitude_m[site],
        "Basin": np.array(BASINS, dtype=object)[sites.basin[site]],
        "Vegetation": np.array(design.strata.vegetation, dtype=object)[sites.vegetation[site]],
        "Aspect": np.array(design.strata.aspect, dtype=object)[sites.aspect[site]],
    }


def _places(places: tuple, number: Codes) -> dict[str, NDArray]:
    return {
        "Site": np.array([place.name for place in places], dtype=object)[number],
        "Latitude": np.array([place.latitude for place in places])[number],
        "Longitude": np.array([place.longitude for place in places])[number],
        "Altitude (m)": np.array([place.altitude_m for place in places])[number],
        "Basin": np.array([place.basin for place in places], dtype=object)[number],
    }


def _delta(values: Array) -> dict[str, Array]:
    return {"d18O (‰)": values[:, 0], "d2H (‰)": values[:, 1]}


def _labels(prefix: str, number: Codes) -> NDArray:
    width = max(4, len(str(number.size)))
    return np.array([f"{prefix}-{i:0{width}d}" for i in (number + 1).tolist()], dtype=object)


def _dates(months: list[str], month: Codes, day: Codes) -> NDArray:
    """ISO dates as text."""
    table = np.array([[f"{name}-{d:02d}" for d in range(1, 32)] for name in months], dtype=object)
    return table[month, day - 1]


def _event_days(events: Events, months: list[str], rng: np.random.Generator) -> Codes:
    """Day of every event; no two at a station on one day while the month is long enough."""
    length = np.array([calendar.monthrange(int(name[:4]), int(name[5:]))[1] for name in months])
    stations = int(events.station.max()) + 1
    shuffled = np.argsort(
        rng.random((len(months), stations, 31)) + (np.arange(31) >= length[:, None, None]), axis=2
    )
    group = events.month * stations + events.station
    order = np.argsort(group, kind="stable")
    first = np.searchsorted(group[order], np.arange(len(months) * stations))
    rank = np.empty(group.size, dtype=np.int64)
    rank[order] = np.arange(group.size) - first[group[order]]
    return shuffled[events.month, events.station, rank % length[events.month]] + 1
