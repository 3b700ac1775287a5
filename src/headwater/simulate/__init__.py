"""A seed in, a virtual headwater region with known truth out.

May import any science folder; imported by ``cli``, tests and benchmarks only.
"""

from headwater.simulate.campaign import PAPER_DESIGN, Campaign, simulate_campaign
from headwater.simulate.evaporation import EvaporationDesign
from headwater.simulate.fields import simulate_fields, true_correlations
from headwater.simulate.large import large_table, scaled_design

__all__ = [
    "PAPER_DESIGN",
    "Campaign",
    "EvaporationDesign",
    "large_table",
    "scaled_design",
    "simulate_campaign",
    "simulate_fields",
    "true_correlations",
]
