"""Stations: files and messages in, readings in SI units and UTC out, with every line accounted for.

``convert_cma_daily`` makes a Parquet data set of the daily files of the China Meteorological Administration,
``read_station_table`` takes one variable out of it; ``formats`` and ``read_logger_file`` read loggers,
``quality`` flags series, ``ingest`` decides on readings. Imports nothing of headwater but the leaves.
"""

from headwater.stations.read_station_table import read_station_table
from headwater.stations.write_cma_daily import Conversion, convert_cma_daily

__all__ = ["Conversion", "convert_cma_daily", "read_station_table"]
