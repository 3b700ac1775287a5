"""Checked samples in; d-excess, lc-excess, water lines, source water and distances out.

Touches no file and no plot. May import ``stats``, ``samples`` and the leaves.
"""
