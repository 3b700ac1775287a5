"""Quality: an hourly series in, flags of every value out; in one piece or as it comes.

Flags are those of the International Soil Moisture Network in two profiles; QARTOD's stand in ``qartod``.
Imports nothing of headwater but the records of ``stations`` and the leaves.
"""

from headwater.stations.quality.bits import Flag
from headwater.stations.quality.hourly import Hourly, Layer, hourly
from headwater.stations.quality.members import flag_readings, measured, on_hours
from headwater.stations.quality.profiles import Profile
from headwater.stations.quality.read_profiles import profile, profiles
from headwater.stations.quality.run_batch import Flags, flag_series
from headwater.stations.quality.stream import Decisions, Flagged, Input, Revised, Stream, start_stream

__all__ = [
    "Decisions",
    "Flag",
    "Flagged",
    "Flags",
    "Hourly",
    "Input",
    "Layer",
    "Profile",
    "Revised",
    "Stream",
    "flag_readings",
    "flag_series",
    "hourly",
    "measured",
    "on_hours",
    "profile",
    "profiles",
    "start_stream",
]
