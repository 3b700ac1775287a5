"""Checked samples in; d-excess, lc-excess, water lines, source water and distances out.

Touches no file and no plot. May import ``stats``, ``samples`` and the leaves.
"""

from headwater.isotopes.between_kinds import contrasts, kind_distances
from headwater.isotopes.craig_gordon import (
    EvaporatedFraction,
    EvaporationSlope,
    equilibrium_alpha,
    equilibrium_vapour,
    evaporated_fraction,
    evaporation_slope,
)
from headwater.isotopes.crossing import Crossing, Verdict, crossing
from headwater.isotopes.describe import group_means
from headwater.isotopes.excess import GLOBAL_METEORIC_LINE, d_excess, lc_excess
from headwater.isotopes.gradients import gradients, line_distance, profiles
from headwater.isotopes.meteoric import meteoric_line
from headwater.isotopes.read_water_lines import published_line, published_lines
from headwater.isotopes.source_water import EvaporationPrior, SourceWater, source_on_meteoric_line

__all__ = [
    "GLOBAL_METEORIC_LINE",
    "Crossing",
    "EvaporatedFraction",
    "EvaporationPrior",
    "EvaporationSlope",
    "SourceWater",
    "Verdict",
    "contrasts",
    "crossing",
    "d_excess",
    "equilibrium_alpha",
    "equilibrium_vapour",
    "evaporated_fraction",
    "evaporation_slope",
    "gradients",
    "group_means",
    "kind_distances",
    "lc_excess",
    "line_distance",
    "meteoric_line",
    "profiles",
    "published_line",
    "published_lines",
    "source_on_meteoric_line",
]
