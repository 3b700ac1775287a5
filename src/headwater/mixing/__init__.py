"""End members and mixtures in; shares of every source with their uncertainty out.

Touches no file and no plot. May import ``stats``, ``samples``, ``isotopes`` and the leaves.
"""

from headwater.mixing.compose import composition, stack
from headwater.mixing.endmembers import Composition, EndMembers
from headwater.mixing.feasible import Feasible, feasible_ranges, feasible_with_tolerance
from headwater.mixing.first_order import FirstOrder, first_order
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
    "EndMembers",
    "Feasible",
    "FirstOrder",
    "ShareDraws",
    "Shares",
    "bootstrap_shares",
    "composition",
    "draw_end_members",
    "draw_mixture",
    "feasible_ranges",
    "feasible_with_tolerance",
    "first_order",
    "solve_draws",
    "solve_shares",
    "stack",
]
