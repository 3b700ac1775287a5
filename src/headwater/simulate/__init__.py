"""A seed in, a virtual headwater region with known truth out.

May import any science folder; imported by ``cli``, tests and benchmarks only.
"""

from headwater.simulate.campaign import PAPER_DESIGN, Campaign, simulate_campaign
from headwater.simulate.evaporation import EvaporationDesign

__all__ = ["PAPER_DESIGN", "Campaign", "EvaporationDesign", "simulate_campaign"]
