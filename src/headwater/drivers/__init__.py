"""What drives soil water: correlation, lag and trend of gridded or station series.

Labelled arrays (xarray) with a time axis in, Datasets out. Imports grids, stats and leaves only.
"""

from headwater.drivers.blocks import adjust, correlate_blocks, correlate_many
from headwater.drivers.correlate import correlate
from headwater.drivers.lag_scan import lag_scan
from headwater.drivers.rule import CorrelationRule
from headwater.drivers.sign_table import sign_table
from headwater.drivers.steps import StepPairs, pair_steps
from headwater.drivers.strata_means import strata_means
from headwater.drivers.trend import trend

__all__ = [
    "CorrelationRule",
    "StepPairs",
    "adjust",
    "correlate",
    "correlate_blocks",
    "correlate_many",
    "lag_scan",
    "pair_steps",
    "sign_table",
    "strata_means",
    "trend",
]
