"""Checked samples in; d-excess, lc-excess, water lines, source water and distances out.

Touches no file and no plot. May import ``stats``, ``samples`` and the leaves.
"""

from headwater.isotopes.crossing import Crossing, Verdict, crossing
from headwater.isotopes.describe import group_means
from headwater.isotopes.excess import GLOBAL_METEORIC_LINE, d_excess, lc_excess
from headwater.isotopes.meteoric import meteoric_line
from headwater.isotopes.read_water_lines import published_line, published_lines

__all__ = [
    "GLOBAL_METEORIC_LINE",
    "Crossing",
    "Verdict",
    "crossing",
    "d_excess",
    "group_means",
    "lc_excess",
    "meteoric_line",
    "published_line",
    "published_lines",
]
