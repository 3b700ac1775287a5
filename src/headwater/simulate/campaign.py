"""A virtual sampling campaign with known shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headwater.simulate.design import SOURCES, CampaignDesign
from headwater.simulate.evaporation import EvaporationDesign
from headwater.simulate.layout import Layers, Sites, dig_profiles, lay_out_sites
from headwater.simulate.read_design import read_design
from headwater.simulate.shares import levels, truth_table
from headwater.simulate.soil import Mixture, soil_waters, surface_waters
from headwater.simulate.table import (
    HEADERS,
    add_analytical_error,
    ice_rows,
    make_mess,
    rain_rows,
    repeat_vials,
    snow_rows,
    soil_rows,
    surface_rows,
)
from headwater.simulate.waters import Recharge, Water, end_members, rain_events

PAPER_DESIGN: CampaignDesign = read_design()


@dataclass(frozen=True)
class Campaign:
    """A simulated campaign.

    Attributes
    ----------
    samples : DataFrame, one row a vial, with headers as users write them (``table.HEADERS``)
    truth : DataFrame ``period, stratum, level, source, share``; ``stratum`` ∈ all, altitude,
        vegetation, aspect, depth, basin. A source that takes no part in a period has no row there
    end_members : DataFrame ``period, source, d18O, d2H, d_excess``: true means, [‰]
    soil : DataFrame, one row a soil layer: ``period``, its level in every stratum, the expected share of
        every source, ``enrichment`` [‰ of δ18O], and δ before (``d18O_mixed, d2H_mixed``) and after
        evaporation (``d18O, d2H``), without analytical error
    design, evaporation, recharge, seed : what it was drawn from
    """

    samples: pd.DataFrame
    truth: pd.DataFrame
    end_members: pd.DataFrame
    soil: pd.DataFrame
    design: CampaignDesign
    evaporation: EvaporationDesign
    recharge: Recharge
    seed: int

    def summary(self) -> dict[str, int]:
        """Number of rows by kind of water, as written in the table."""
        return {str(kind): int(n) for kind, n in self.samples["Type"].value_counts(sort=False).items()}


def simulate_campaign(
    seed: int,
    *,
    design: CampaignDesign = PAPER_DESIGN,
    evaporation: bool | EvaporationDesign = True,
    parallels: bool = False,
    missing: bool = True,
    recharge: Recharge = "window",
) -> Campaign:
    """A virtual campaign of the paper's size and layout, with its truth.

    Every soil water is x = Σ p_k (μ_k + √ξ L_k z_k) + E (1, S): sources k with true mean μ_k and spread
    L_k L_k', expected share p_k by altitude, vegetation, aspect, depth and site, enrichment E and slope S.

    Parameters
    ----------
    seed : int, the same seed gives the same campaign
    design : counts, layout, waters and effects
    evaporation : True is exponential, False none; or an :class:`EvaporationDesign`
    parallels : write every vial of a soil layer, with its own analytical error, instead of one row a layer
    missing : leave some cells empty and one date impossible, as real tables do
    recharge : ``window``: soil holds the rain of the design's recharge months, the truth that the default
        window of a study looks for; ``period``: that of the period's own month, sampled or not
    """
    if isinstance(evaporation, bool):
        evaporation = EvaporationDesign("exponential" if evaporation else "none")
    rng = np.random.default_rng(seed)
    sources = {p.period: end_members(p, design, evaporation, recharge) for p in design.periods}
    sites = lay_out_sites(max(p.sites for p in design.periods), design, rng)
    layers = dig_profiles(sites.altitude_m.size, design, rng)
    site_effect = rng.normal(0.0, design.site_sd, sites.altitude_m.size)
    soil = [
        soil_waters(number, sites, layers, site_effect, waters, design, evaporation, rng)
        for number, waters in enumerate(sources.values())
    ]
    level = levels(sites, layers.site, layers.layer, design)
    samples = _samples(sites, layers, soil, sources, design, evaporation, rng)
    if parallels:
        samples = repeat_vials(samples, design.soil.vials)
    samples = add_analytical_error(samples, design, rng)
    if missing:
        samples = make_mess(samples, design, rng)
    return Campaign(
        samples=samples[[header for header in HEADERS if parallels or header != "Replicate"]],
        truth=truth_table(
            {p.period: (level[layers.period == i], soil[i].shares) for i, p in enumerate(design.periods)},
            design.periods,
        ),
        end_members=_end_member_table(sources),
        soil=_soil_table(level, layers, soil, design),
        design=design,
        evaporation=evaporation,
        recharge=recharge,
        seed=seed,
    )


def _samples(
    sites: Sites,
    layers: Layers,
    soil: list[Mixture],
    sources: dict[str, dict[str, Water]],
    design: CampaignDesign,
    evaporation: EvaporationDesign,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """All rows, δ without analytical error: soil by period, rain, then the other waters by period."""
    events = rain_events(design.precipitation, rng)
    parts = [
        soil_rows(sites, layers, np.concatenate([water.values for water in soil]), design, rng),
        rain_rows(events, design, rng),
    ]
    for period, waters in zip(design.periods, sources.values(), strict=True):
        parts.append(ice_rows(period, sites, waters["ground_ice"], design, rng))
    for kind, water in design.surface_water.items():
        mixtures = {
            p.period: surface_waters(p.counts[kind], water, p, waters, design, evaporation, rng).values
            for p, waters in zip(design.periods, sources.values(), strict=True)
        }
        parts.append(surface_rows(kind, water, mixtures, design, rng))
    parts += [snow_rows(period, design, rng) for period in design.periods]
    return pd.concat(parts, ignore_index=True)


def _end_member_table(sources: dict[str, dict[str, Water]]) -> pd.DataFrame:
    rows = [
        (period, name, *water.mean, water.mean[1] - 8.0 * water.mean[0])
        for period, waters in sources.items()
        for name, water in waters.items()
    ]
    return pd.DataFrame(rows, columns=["period", "source", "d18O", "d2H", "d_excess"])


def _soil_table(
    level: pd.DataFrame, layers: Layers, soil: list[Mixture], design: CampaignDesign
) -> pd.DataFrame:
    names = [period.period for period in design.periods]
    table = level.drop(columns="all").assign(period=np.array(names)[layers.period])
    for source in SOURCES:
        table[source] = np.concatenate(
            [_column(source, p.sources, s.shares) for p, s in zip(design.periods, soil, strict=True)]
        )
    table["enrichment"] = np.concatenate([water.enrichment for water in soil])
    table[["d18O_mixed", "d2H_mixed"]] = np.concatenate([water.mixed for water in soil])
    table[["d18O", "d2H"]] = np.concatenate([water.values for water in soil])
    return table


def _column(source: str, names: tuple[str, ...], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    return shares[:, names.index(source)] if source in names else np.zeros(len(shares))
