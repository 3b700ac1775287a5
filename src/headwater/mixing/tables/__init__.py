"""Tables of a mixing problem, as MixSIAR and simmr lay them out, in; records of ``mixing.bayes.model`` out.

Only ``read*.py`` and ``write*.py`` touch files. May import the model, the leaves, and those pieces of
``samples`` that load no pandas.
"""

from headwater.mixing.tables.read_cells import read_cells
from headwater.mixing.tables.read_mixtures import read_mixtures
from headwater.mixing.tables.read_problem import Columns, Problem, Tables, read_problem
from headwater.mixing.tables.read_source_values import read_concentration, read_discrimination
from headwater.mixing.tables.read_sources import read_sources

__all__ = [
    "Columns",
    "Problem",
    "Tables",
    "read_cells",
    "read_concentration",
    "read_discrimination",
    "read_mixtures",
    "read_problem",
    "read_sources",
]
