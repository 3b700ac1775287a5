"""Tables of water samples in, a checked ``SampleTable`` out.

Only ``read*.py`` and ``write*.py`` touch files. May import ``stats`` and the leaves.
"""

from headwater.samples.options import ReadOptions
from headwater.samples.pool import pool_parallels
from headwater.samples.read import read_samples
from headwater.samples.table import Action, Kind, SampleTable

__all__ = ["Action", "Kind", "ReadOptions", "SampleTable", "pool_parallels", "read_samples"]
