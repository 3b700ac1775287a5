"""Campaigns of any size, for benchmarks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from headwater.errors import SettingsRefused
from headwater.simulate.campaign import PAPER_DESIGN, simulate_campaign
from headwater.simulate.design import CampaignDesign
from headwater.simulate.layout import split

SMALLEST = 500


def scaled_design(design: CampaignDesign, rows: int) -> CampaignDesign:
    """The design with every count and number of sites enlarged in proportion, ``rows`` samples in all.

    Raises
    ------
    SettingsRefused
        ``rows`` is too small for every kind of water to be there in every period.
    """
    if rows < SMALLEST:
        raise SettingsRefused(
            f"a campaign of {rows} rows: at least {SMALLEST} are needed, so that no kind of water is left "
            "out; ask for more"
        )
    kinds = list(design.periods[0].counts)
    old = [design.soil.samples]
    old += [month.events for month in design.precipitation.months]
    old += [period.counts[kind] for period in design.periods for kind in kinds]
    new = iter(split(rows, np.asarray(old)).tolist())
    soil = replace(design.soil, samples=next(new))
    months = tuple(replace(month, events=next(new)) for month in design.precipitation.months)
    sites = split(
        round(sum(p.sites for p in design.periods) * rows / design.samples),
        np.array([p.sites for p in design.periods]),
    )
    periods = tuple(
        replace(period, sites=int(n), counts={kind: next(new) for kind in kinds})
        for period, n in zip(design.periods, sites, strict=True)
    )
    rain = replace(design.precipitation, months=months)
    return replace(design, soil=soil, precipitation=rain, periods=periods)


def large_table(rows: int, seed: int) -> pd.DataFrame:
    """A table of ``rows`` samples with the columns, kinds and proportions of the paper's campaign."""
    return simulate_campaign(seed, design=scaled_design(PAPER_DESIGN, rows)).samples
