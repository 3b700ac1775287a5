"""End members and mixtures in; shares of every source with their uncertainty out.

Touches no file and no plot. May import ``stats``, ``samples``, ``isotopes`` and the leaves.
"""
