"""QARTOD: values on an even grid of time in, one flag a value out, a file a test (IOOS QARTOD manuals).

Thresholds are the operator's to set; those of ``data/quality_profiles.toml`` are a start for soil moisture.
Imports nothing of headwater but the quality flags and the leaves.
"""

from headwater.stations.quality.qartod.attenuated_signal import attenuated_signal
from headwater.stations.quality.qartod.climatology import climatology
from headwater.stations.quality.qartod.flat_line import flat_line
from headwater.stations.quality.qartod.gross_range import gross_range
from headwater.stations.quality.qartod.neighbour import neighbour
from headwater.stations.quality.qartod.rate_of_change import rate_of_change
from headwater.stations.quality.qartod.read_thresholds import thresholds
from headwater.stations.quality.qartod.run import Qartod, Thresholds, run_qartod
from headwater.stations.quality.qartod.spike import spike
from headwater.stations.quality.qartod.words import Outcome, from_ismn, result_quality, worst

__all__ = [
    "Outcome",
    "Qartod",
    "Thresholds",
    "attenuated_signal",
    "climatology",
    "flat_line",
    "from_ismn",
    "gross_range",
    "neighbour",
    "rate_of_change",
    "result_quality",
    "run_qartod",
    "spike",
    "thresholds",
    "worst",
]
