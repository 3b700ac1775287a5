"""End members and mixtures in; shares of every source with their uncertainty out.

Touches no file and no plot. May import ``stats``, ``samples``, ``isotopes`` and the leaves.
"""

from headwater.mixing.compose import composition, stack
from headwater.mixing.emma import Emma, Projection, emma, project
from headwater.mixing.endmembers import Composition, EndMembers
from headwater.mixing.feasible import Feasible, feasible_ranges, feasible_with_tolerance
from headwater.mixing.first_order import FirstOrder, first_order
from headwater.mixing.geometry import (
    SourcePair,
    indistinguishable,
    inside_probability,
    overlap_matrix,
    source_overlap,
)
from headwater.mixing.refuse import check_sources, check_tracers
from headwater.mixing.shares import Shares, solve_shares
from headwater.mixing.uncertainty import (
    ShareDraws,
    bootstrap_shares,
    draw_end_members,
    draw_mixture,
    solve_draws,
)

__all__ = [
    "Composition",
    "Emma",
    "EndMembers",
    "Feasible",
    "FirstOrder",
    "Projection",
    "ShareDraws",
    "Shares",
    "SourcePair",
    "bootstrap_shares",
    "check_sources",
    "check_tracers",
    "composition",
    "draw_end_members",
    "draw_mixture",
    "emma",
    "feasible_ranges",
    "feasible_with_tolerance",
    "first_order",
    "indistinguishable",
    "inside_probability",
    "overlap_matrix",
    "project",
    "solve_draws",
    "solve_shares",
    "source_overlap",
    "stack",
]
