"""Arrays in, arrays out: lines with errors, intervals, distances, resampling.

Imports nothing of headwater but the leaves.
"""

from headwater.stats.adjust import benjamini_hochberg, benjamini_yekutieli, false_discoveries, holm
from headwater.stats.distance import energy_distance, mahalanobis_distance, permutation_p
from headwater.stats.effective_n import effective_n_lag1, effective_n_lags
from headwater.stats.fit import fit_line
from headwater.stats.fit_groups import Lines, fit_lines
from headwater.stats.interval import group_intervals, mean_interval, welch
from headwater.stats.line import Line, LineMethod
from headwater.stats.surrogates import phase_surrogates, random_phases

__all__ = [
    "Line",
    "LineMethod",
    "Lines",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "effective_n_lag1",
    "effective_n_lags",
    "energy_distance",
    "false_discoveries",
    "fit_line",
    "fit_lines",
    "group_intervals",
    "holm",
    "mahalanobis_distance",
    "mean_interval",
    "permutation_p",
    "phase_surrogates",
    "random_phases",
    "welch",
]
